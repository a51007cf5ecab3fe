//! `conman schedule bench`: solvers are measured on problems that are files, and nobody is believed.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use conman_tests::{Conman, Done, conman, tempfile};
use serde_json::{Value, json};

const PLAN: &str = r#"
title = "Measured"
[sets]
small = [{ file = "small.json", best_known = 1 }, { file = "other.json" }]
[[section]]
name = "short"
what = "Small ones, shortly"
set = "small"
peers = true
how = { seconds = 0.05, seeds = [1, 2] }
[section.figures]
cost = { gate = 1000, aim = 900 }
placed = {}
memory = {}
[[section]]
name = "closed"
what = "Small ones, a room closed"
set = "small"
how = { seconds = 0.05, seeds = [3], closing = { prepare = 0.05, moved = 7 } }
[section.figures]
moves = {}
"#;

/// Six sessions of two people in two rooms on two days, of which some pair always overlaps for a time.
fn problem() -> Value {
    let session = |number| json!({ "id": format!("s{number}"), "duration": 2, "people": [format!("p{}", number % 2)] });
    json!({
        "format": "conman-schedule-problem/1", "days": 2, "slots_per_day": 6, "slot_minutes": 30,
        "rooms": [{ "id": "r0", "capacity": 10 }, { "id": "r1", "capacity": 20 }],
        "people": [{ "id": "p0", "preferred": [[0, 2]] }, { "id": "p1" }],
        "sessions": (0..6).map(session).collect::<Vec<_>>(),
        "overlap": [["s0", "s1", 3]],
    })
}

/// One after the other in one room, at the cost of what p0 does not prefer.
fn solution() -> Value {
    let place = |number: u32| json!({ "session": format!("s{number}"), "start": 2 * number, "room": "r0" });
    json!({
        "format": "conman-schedule-solution/1",
        "assignments": (0..6).map(place).collect::<Vec<_>>(),
        "unplaced": [],
        "cost": { "unplaced": 0, "soft": 4 },
    })
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("plan.toml", PLAN);
        folder.write("small.json", &problem().to_string());
        folder.write("other.json", &problem().to_string());
        folder
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    fn plan(&self) -> Conman {
        conman().args(["schedule", "bench", "--plan"]).arg(self.file("plan.toml"))
    }

    fn bench_to_file(&self, more: &[&str]) -> Done {
        self.plan().arg("-o").arg(self.file("results.json")).args(more).run()
    }

    /// A program that is called like a solver; `$output` is the file it is to write.
    fn program(&self, name: &str, script: &str) -> String {
        let program = self.file(name);
        std::fs::write(
            &program,
            format!("#!/bin/sh\nfor output; do :; done\ncd {}\n{script}\n", self.0.path().display()),
        )
        .unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        program.display().to_string()
    }

    /// Measures a peer that does what the script says, on one problem with one seed.
    fn peer(&self, script: &str) -> Done {
        let peer = format!("peer={}", self.program("peer", script));
        let bench = conman().args(["schedule", "bench", "--seconds", "0.05", "--seeds", "1", "--peers-only", "--peer"]);
        bench.arg(peer).arg(self.file("small.json")).arg("-o").arg(self.file("results.json")).run()
    }
}

#[test]
fn somebodys_own_problem_is_measured() {
    let folder = Folder::new();
    let bench =
        || conman().args(["schedule", "bench", "--seconds", "0.05,0.1", "--seeds", "2"]).arg(folder.file("small.json"));
    let measured = bench().arg("-o").arg(folder.file("results.json")).run().successful();
    for said in ["0.05 s", "0.1 s", "soft cost", "everything placed", "results.md"] {
        assert!(measured.stdout.contains(said), "{said}: {}", measured.stdout);
    }
    let measured = bench().arg("--json").run().successful().json();
    let runs = &measured["sections"]["0.1s"]["conman"]["runs"]["small"];
    assert_eq!((runs[0]["seed"].as_u64(), runs[1]["seed"].as_u64(), runs[2].is_null()), (Some(1), Some(2), true));
    assert_eq!(runs[0]["unplaced"], 0);
    assert!(runs[0]["seconds"]["placed"].as_f64().unwrap() <= runs[0]["seconds"]["solving"].as_f64().unwrap());
    assert!(runs[0]["memory"].as_u64().unwrap() > 1_000_000);
}

#[test]
fn sections_are_measured_one_by_one_into_one_table() {
    let folder = Folder::new();
    let _ = folder.bench_to_file(&["--only", "closed"]).successful();
    let page = folder.read("results.md");
    assert!(page.contains("# Measured\n") && page.contains("Not measured: Small ones, shortly (`short`)"), "{page}");
    assert!(page.contains("from a solution found in 0.05 s, a move costs 7"), "{page}");
    let _ = folder.bench_to_file(&["--only", "short", "--jobs", "2", "--note", "commit abc"]).successful();
    let page = folder.read("results.md");
    for said in [
        "| 1,000 | 900 | aim | 0.05 s, 1 thread, seeds 1 to 2 |",
        "| best known |",
        "commit abc",
        "2 problems side by side",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(
        page.contains("| Small ones, a room closed | conman | moves |") && !page.contains("Not measured"),
        "{page}"
    );

    // What was measured otherwise than the plan now says is no figure of it any more; and nothing is measured for the table alone.
    folder.write("plan.toml", &PLAN.replace("prepare = 0.05", "prepare = 0.06"));
    let _ = folder.bench_to_file(&["--table"]).successful();
    let page = folder.read("results.md");
    assert!(page.contains("Not measured: Small ones, a room closed") && page.contains("commit abc"), "{page}");
}

#[test]
fn what_cannot_be_measured_is_said_before_anything_is() {
    let folder = Folder::new();
    let wrong = |done: Done, code: i32, said: &str| {
        assert_eq!(done.code, code, "{}", done.stderr);
        assert!(done.stderr.contains(said), "{said}: {}", done.stderr);
    };
    wrong(folder.bench_to_file(&["--only", "sort"]), 2, "the plan has no section \"sort\"; it has short, closed");
    wrong(folder.bench_to_file(&["--peer", "solver"]), 2, "write NAME=COMMAND");
    wrong(folder.bench_to_file(&["--peer", "x=a", "--peer", "x=b"]), 2, "two peers have the same name");
    wrong(folder.plan().arg("-o").arg(folder.file("results.txt")).run(), 2, "name a file that ends in .json");
    wrong(conman().args(["schedule", "bench"]).run(), 2, "<PROBLEMS>");
    folder.write("results.json", "{}");
    wrong(folder.bench_to_file(&[]), 7, "results.json is there and is not what this command writes");
    std::fs::remove_file(folder.file("results.json")).unwrap();
    folder.write("other.json", "{}");
    wrong(folder.bench_to_file(&[]), 7, "other.json cannot be used");
    std::fs::remove_file(folder.file("other.json")).unwrap();
    wrong(folder.bench_to_file(&[]), 3, "there is no file");
    folder.write("plan.toml", "title = 1");
    wrong(folder.bench_to_file(&[]), 7, "plan.toml cannot be used");
    std::fs::remove_file(folder.file("plan.toml")).unwrap();
    wrong(folder.bench_to_file(&[]), 3, "there is no file");
    assert!(!folder.file("results.json").exists());
}

#[test]
fn a_peer_is_measured_in_the_same_way() {
    let folder = Folder::new();
    folder.write("solution.json", &solution().to_string());
    let peer =
        format!("peer={}", folder.program("peer", "cp solution.json \"$output\"; echo '{\"version\": \"Peer 7\"}'"));
    let _ = folder.bench_to_file(&["--only", "short", "--peer", &peer]).successful();
    let page = folder.read("results.md");
    assert!(page.contains("| Small ones, shortly | peer | soft cost | 8 | 8 |") && page.contains("Peer 7"), "{page}");
    assert!(page.contains("| Small ones, shortly | conman | soft cost |"), "{page}");
    // Measured again alone, the other's figures stay.
    let _ = folder.bench_to_file(&["--only", "short", "--peer", &peer, "--peers-only"]).successful();
    assert!(folder.read("results.md").contains("| Small ones, shortly | conman | soft cost |"));
}

#[test]
fn a_peer_that_is_wrong_is_told_so_and_its_figures_are_not_kept() {
    let folder = Folder::new();
    let refused = |script: &str, said: &str| {
        let done = folder.peer(script);
        assert_eq!(done.code, 1, "{script}: {}", done.stderr);
        assert!(done.stderr.contains("peer on ") && done.stderr.contains("small.json with seed 1"), "{}", done.stderr);
        assert!(done.stderr.contains(said), "{script}: {}", done.stderr);
        assert!(!folder.file("results.json").exists());
    };
    refused("true", "there is no solution in the file it was to write");
    refused("echo busy >&2; echo; exit 3", "it failed: busy");
    refused("echo '[1' > \"$output\"", "its solution cannot be used");
    refused("cp small.json \"$output\"", "its solution cannot be used");
    refused("cp small.json \"$output\"; echo solved", "what it prints is neither nothing nor");
    let wrong = |change: &dyn Fn(&mut Value), said: &str| {
        let mut solution = solution();
        change(&mut solution);
        folder.write("solution.json", &solution.to_string());
        refused("cp solution.json \"$output\"", said);
    };
    wrong(&|solution| solution["assignments"][1]["start"] = json!(1), "breaks hard constraints");
    wrong(&|solution| solution["cost"]["soft"] = json!(3), "soft: the solution states 3, and it is 4");

    folder.write("solution.json", &solution().to_string());
    let done = folder.peer("cp solution.json \"$output\"").successful();
    assert!(done.stdout.contains("soft cost"), "{}", done.stdout);
    let there_is_none = format!("peer={}", folder.file("none").display());
    let bench = conman().args(["schedule", "bench", "--peers-only", "--peer", &there_is_none]);
    let done = bench.arg(folder.file("small.json")).run();
    assert!(done.code == 1 && done.stderr.contains("cannot be started"), "{}", done.stderr);
}

#[test]
fn somebody_else_may_look_at_every_solution() {
    let folder = Folder::new();
    let with = |checker: &str| {
        let bench = conman().args(["schedule", "bench", "--seconds", "0.05", "--seeds", "1", "--checker", checker]);
        bench.arg(folder.file("small.json")).run()
    };
    let reader = "test -s \"$1\" && test -s \"$2\" && grep -q assignments \"$2\"";
    let _ = with(&folder.program("content", reader)).successful();
    let done = with(&folder.program("strict", "echo not like this; exit 1"));
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("the checker finds its solution wrong: not like this"), "{}", done.stderr);
    assert_eq!(with(Path::new("/none/checker").to_str().unwrap()).code, 1);
}
