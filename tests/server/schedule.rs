//! `conman schedule`: problems are solved, solutions checked and explained from the command line, without a host.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Command;

use conman_tests::{Done, checked_independently, conman, tempfile};
use serde_json::{Value, json};

fn problem() -> Value {
    let session = |number| json!({ "id": format!("s{number}"), "duration": 2 });
    json!({
        "format": "conman-schedule-problem/1", "days": 1, "slots_per_day": 6, "slot_minutes": 30,
        "rooms": [{ "id": "r0", "capacity": 10 }, { "id": "r1", "capacity": 20 }],
        "sessions": (0..3).map(session).collect::<Vec<_>>(),
        "overlap": [["s0", "s1", 3]],
    })
}

fn solution() -> Value {
    let place = |session, start, room| json!({ "session": session, "start": start, "room": room });
    json!({
        "format": "conman-schedule-solution/1",
        "assignments": [place("s0", 0, "r0"), place("s1", 1, "r1"), place("s2", 4, "r0")],
        "unplaced": [],
        "cost": { "unplaced": 0, "soft": 3, "terms": { "overlap": 3 } },
    })
}

/// So many sessions in two rooms, whose people prefer so few slots, that some wish is always broken: no search ends before it has to.
fn busy() -> Value {
    let session = |number| json!({ "id": format!("s{number}"), "duration": 1 + number % 3, "people": [format!("p{}", number % 7)] });
    let overlap = |number| json!([format!("s{number}"), format!("s{}", (number + 5) % 30), 1 + number % 4]);
    let person = |number| json!({ "id": format!("p{number}"), "preferred": [[0, 3]] });
    json!({
        "format": "conman-schedule-problem/1", "name": "busy", "days": 2, "slots_per_day": 20, "slot_minutes": 30,
        "rooms": [{ "id": "r0", "capacity": 10 }, { "id": "r1", "capacity": 20 }],
        "people": (0..7).map(person).collect::<Vec<_>>(),
        "sessions": (0..30).map(session).collect::<Vec<_>>(),
        "overlap": (0..30).map(overlap).collect::<Vec<_>>(),
    })
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(problem: &Value) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("problem.json", problem);
        folder
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, document: &Value) {
        std::fs::write(self.file(name), document.to_string()).unwrap();
    }

    fn names(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn solve(&self, output: &str, more: &[&str]) -> Done {
        let solve = conman().args(["schedule", "solve"]).arg(self.file("problem.json"));
        solve.arg("-o").arg(self.file(output)).args(more).run()
    }

    /// What the command says of a solution, which is what the independent checker says of it.
    fn check(&self, solution: &Value, more: &[&str]) -> Done {
        let done = self.look_at("check", solution, more);
        if done.code <= 1 {
            let problem = serde_json::from_slice(&std::fs::read(self.file("problem.json")).unwrap()).unwrap();
            if let Some(found) = checked_independently(&problem, solution) {
                assert_eq!(found.passed, done.code == 0, "{found:?} {}{}", done.stdout, done.stderr);
            }
        }
        done
    }

    fn explain(&self, solution: &Value, more: &[&str]) -> Done {
        self.look_at("explain", solution, more)
    }

    fn look_at(&self, command: &str, solution: &Value, more: &[&str]) -> Done {
        self.write("solution.json", solution);
        conman()
            .args(["schedule", command])
            .args([self.file("problem.json"), self.file("solution.json")])
            .args(more)
            .run()
    }
}

#[test]
fn a_good_solution_passes() {
    let folder = Folder::with(&problem());
    let checked = folder.check(&solution(), &[]).successful();
    assert!(checked.stdout.contains("3 sessions, 0 broken, 0 unplaced, soft cost 3"), "{}", checked.stdout);
    let checked = folder.check(&solution(), &["--json"]).successful().json();
    let cost = &solution()["cost"];
    assert_eq!((&checked["broken"], &checked["cost"], &checked["wrong_figures"]), (&json!([]), cost, &json!([])));
    let check = conman().args(["schedule", "check"]).arg(folder.file("problem.json")).arg("-");
    let _ = check.run_with_input(&solution().to_string()).successful();
    let both = conman().args(["schedule", "check", "-", "-"]).run();
    assert_eq!(both.code, 2, "{}", both.stderr);
}

#[test]
fn a_solution_that_is_wrong_fails() {
    let folder = Folder::with(&problem());
    let mut solution = solution();
    solution["cost"]["soft"] = json!(4);
    let checked = folder.check(&solution, &[]);
    assert_eq!(checked.code, 1);
    assert!(checked.stdout.contains("soft: the solution states 4, and it is 3"), "{}", checked.stdout);

    solution["cost"] = Value::Null;
    solution["assignments"][2]["start"] = json!(200);
    let checked = folder.check(&solution, &[]);
    assert_eq!(checked.code, 1);
    assert!(checked.stdout.contains("\"s2\" does not lie inside one day"), "{}", checked.stdout);
    let checked = folder.check(&solution, &["--json"]);
    assert_eq!((checked.code, &checked.json()["broken"][0]["sessions"]), (1, &json!(["s2"])));
}

#[test]
fn a_solution_is_explained() {
    let mut problem = problem();
    problem["sessions"][2]["features"] = json!(["stage"]);
    let folder = Folder::with(&problem);
    let told = folder.solve("solved.json", &["--iterations", "100"]).successful();
    assert!(told.stdout.contains("1 unplaced"), "{}", told.stdout);
    let written: Value = serde_json::from_slice(&std::fs::read(folder.file("solved.json")).unwrap()).unwrap();
    let reason = json!({ "constraint": "room_features", "detail": "no room has \"stage\"" });
    assert_eq!(written["unplaced"], json!([{ "session": "s2", "reasons": [reason] }]));

    let mut solution = solution();
    solution["assignments"].as_array_mut().unwrap().pop();
    solution["unplaced"] = json!([{ "session": "s2" }]);
    let explained = folder.explain(&solution, &[]).successful();
    for told in [
        "no room has \"stage\"",
        "\"s0\" and \"s1\" are at the same time",
        "saves 3 in all",
        "3 sessions, 1 unplaced, soft cost 3",
    ] {
        assert!(explained.stdout.contains(told), "{}", explained.stdout);
    }
    let explained = folder.explain(&solution, &["--json"]).successful().json();
    assert_eq!(explained["unplaced"][0]["reasons"][0]["constraint"], "room_features");
    assert_eq!(explained["wishes"][0]["mend"]["change"], -3);

    solution["assignments"][0]["start"] = json!(5);
    let refused = folder.explain(&solution, &[]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("\"s0\" does not lie inside one day"), "{}", refused.stderr);
}

#[test]
fn what_moves_would_buy_is_told_when_asked() {
    let mut problem = problem();
    problem["incumbent"] = solution()["assignments"].clone();
    let folder = Folder::with(&problem);
    let effort = ["--iterations", "3000", "--trade-offs"];
    let said = folder.solve("one.json", &[&effort[..], &["--json"]].concat()).successful().json();
    let all = json!([{ "moves": 0, "unplaced": 0, "soft": 3 }, { "moves": 1, "unplaced": 0, "soft": 0 }]);
    assert_eq!(said["trade_offs"], all);
    let told = folder.solve("one.json", &effort).successful();
    assert!(told.stdout.contains("Soft cost without moves"), "{}", told.stdout);
    let mixed = conman().args(["schedule", "solve", "--trade-offs"]).arg(folder.file("problem.json")).run();
    assert_eq!(mixed.code, 2, "{}", mixed.stderr);
}

#[test]
fn a_document_that_cannot_be_used_is_told_with_each_of_its_flaws() {
    let folder = Folder::with(&problem());
    let mut solution = solution();
    solution["assignments"][2]["room"] = json!("r9");
    let checked = folder.check(&solution, &[]);
    assert_eq!(checked.code, 7);
    assert!(checked.stderr.contains("/assignments/2/room: there is no room \"r9\""), "{}", checked.stderr);
    let checked = folder.check(&solution, &["--json"]);
    let error: Value = serde_json::from_str(&checked.stderr).unwrap();
    assert_eq!((checked.code, &error["error"]["code"]), (7, &json!("invalid")));
    assert_eq!(error["error"]["details"]["flaws"][0]["pointer"], "/assignments/2/room");
}

#[test]
fn what_is_solved_passes_the_check_and_is_the_same_again() {
    let folder = Folder::with(&busy());
    let effort = ["--iterations", "20000", "--seed", "7"];
    let told = folder.solve("one.json", &effort).successful();
    assert!(told.stdout.contains("0 unplaced, soft cost ") && told.stdout.contains("wrote "), "{}", told.stdout);
    let said = folder.solve("two.json", &[&effort[..], &["--json"]].concat()).successful().json();
    assert_eq!((&said["ended"], &said["sessions"]), (&json!("iterations"), &json!(30)));
    let (one, two) = (std::fs::read(folder.file("one.json")).unwrap(), std::fs::read(folder.file("two.json")).unwrap());
    assert_eq!(one, two);
    assert_eq!(folder.names(), ["one.json", "problem.json", "two.json"]);
    let solution: Value = serde_json::from_slice(&one).unwrap();
    assert_eq!(solution["cost"], said["cost"]);
    let _ = folder.check(&solution, &[]).successful();
}

#[test]
fn a_dash_is_standard_input_and_output() {
    let problem = busy().to_string();
    let solved =
        conman().args(["schedule", "solve", "-", "--iterations", "1000"]).run_with_input(&problem).successful();
    assert!(solved.stderr.contains("solved in"), "{}", solved.stderr);
    let _ = Folder::with(&busy()).check(&solved.json(), &[]).successful();
    let mixed = conman().args(["schedule", "solve", "-", "--json"]).run_with_input(&problem);
    assert_eq!((mixed.code, mixed.stdout.as_str()), (2, ""), "{}", mixed.stderr);
}

#[test]
fn of_a_problem_that_is_wrong_nothing_is_written() {
    let mut wrong = busy();
    wrong["rooms"][1]["capacity"] = json!("many");
    let folder = Folder::with(&wrong);
    let refused = folder.solve("solution.json", &[]);
    assert_eq!(refused.code, 7);
    let flaw = "/rooms/1/capacity: is the text \"many\"; write a whole number from 0 to 1000000000";
    assert!(refused.stderr.contains(flaw), "{}", refused.stderr);
    assert_eq!(folder.names(), ["problem.json"]);

    let missing = conman().args(["schedule", "solve"]).arg(folder.file("none.json")).run();
    assert_eq!(missing.code, 3, "{}", missing.stderr);
    let never = conman().args(["schedule", "solve", "x", "--seconds", "0"]).run();
    assert_eq!(never.code, 2, "{}", never.stderr);
}

/// Each is refused at once: where, what is wrong with it, what to do about it. Nothing of it is a failure of the solver.
#[test]
fn bad_problems_are_refused_with_their_place() {
    let long = "x".repeat(300);
    // What is written in a place, as it is written.
    for (pointer, written, told) in [
        ("/days", "0", "/days: is 0; write a whole number from 1 to 20160"),
        ("/days", "1000000000", "/days: is 1000000000; write a whole number from 1 to 20160"),
        ("/days", "NaN", "/days: expected value at line 1 column "),
        ("/days", "1e999", "/days: number out of range at line 1 column "),
        (
            "/rooms/1/capacity",
            "18446744073709551616",
            "/rooms/1/capacity: is 1.8446744073709552e19; write a whole number",
        ),
        ("/rooms/1/id", "\"r0\"", "/rooms/1/id: \"r0\" is also the id of /rooms/0; give one of them another"),
        ("/people/6/preferred", "[[3,3]]", "/people/6/preferred/0: [3, 3] is empty; take it out, or end it later"),
        ("/sessions/1/people", "[\"p9\"]", "/sessions/1/people/0: there is no person \"p9\"; add it to \"people\""),
        ("/sessions/3/after", "[\"s3\"]", "/sessions/3/after/0: a session cannot come after itself; take it out"),
        ("/sessions/1/duration", "21", "/sessions/1: takes 21 slots with its setup and teardown, and a day has 20"),
        ("/name", "\"\",\"\\u001b[31m\":1", "/\\u{1b}[31m: is an unknown key; take it out"),
        ("/name", &format!("\"\",\"{long}\":1"), "the document: has the unknown key \"xxx"),
    ] {
        let mut document = busy();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[key] = json!("@");
        let document = document.to_string().replacen("\"@\"", written, 1);
        let refused = conman().args(["schedule", "solve", "-"]).run_with_input(&document);
        assert_eq!((refused.code, refused.stdout.as_str()), (7, ""), "{pointer} {written}: {}", refused.stderr);
        assert!(refused.stderr.contains("standard input cannot be used:"), "{}", refused.stderr);
        assert!(refused.stderr.contains(told), "{}", refused.stderr);
    }
}

/// What contradicts itself is no error: as much as can be is placed, and why the rest is not.
#[test]
fn what_cannot_be_placed_is_told_in_the_solution() {
    let mut problem = problem();
    for session in [0, 1] {
        problem["sessions"][session]["pin"] = json!({ "start": 2, "room": "r0" });
    }
    let folder = Folder::with(&problem);
    let told = folder.solve("solved.json", &["--iterations", "100"]).successful();
    assert!(told.stdout.contains("1 unplaced, soft cost 0"), "{}", told.stdout);
    let solution: Value = serde_json::from_slice(&std::fs::read(folder.file("solved.json")).unwrap()).unwrap();
    let reason = &solution["unplaced"][0]["reasons"][0];
    assert_eq!(reason["constraint"], "pin");
    assert!(reason["detail"].as_str().unwrap().contains("it is pinned to room \"r0\" at slot 2"), "{reason}");
    let _ = folder.check(&solution, &[]).successful();
}

#[test]
fn a_search_that_its_time_cuts_short_says_so() {
    let folder = Folder::with(&busy());
    let cut = folder.solve("s.json", &["--seconds", "0.2", "--iterations", "1000000000000", "--json"]).successful();
    assert_eq!(cut.json()["ended"], "time");
    assert!(cut.stderr.contains("--seconds ended the search after"), "{}", cut.stderr);
}

/// Far more sessions than rooms hold: to find out of each of them why it has no place would take minutes.
#[test]
fn reasons_are_looked_for_no_longer_than_was_searched() {
    let folder = Folder::with(&json!({
        "format": "conman-schedule-problem/1", "name": "overbooked", "days": 1, "slots_per_day": 20, "slot_minutes": 30,
        "rooms": (0..20).map(|number| json!({ "id": format!("r{number}"), "capacity": 1 })).collect::<Vec<_>>(),
        "sessions": (0..1_000).map(|number| json!({ "id": format!("s{number}"), "duration": 1 })).collect::<Vec<_>>(),
    }));
    for (effort, ended, least) in [(["--seconds", "0.5"], "time", 0.5), (["--iterations", "1000"], "iterations", 1.0)] {
        let said = folder.solve("s.json", &[&effort[..], &["--json"]].concat()).successful().json();
        assert_eq!((&said["ended"], &said["cost"]["unplaced"]), (&json!(ended), &json!(600)));
        let [solving, explaining] = ["solving", "explaining"].map(|what| said["seconds"][what].as_f64().unwrap());
        assert!((least..solving.max(least) + 0.5).contains(&explaining), "{said}");
    }
}

#[test]
fn a_signal_ends_the_search_and_the_best_so_far_is_kept() {
    let folder = Folder::with(&busy());
    let solve = conman().args(["schedule", "solve", "--seconds", "600"]).arg(folder.file("problem.json"));
    let mut solving = solve.arg("-o").arg(folder.file("solution.json")).spawn();
    let mut told = String::new();
    BufReader::new(solving.stderr.as_mut().unwrap()).read_line(&mut told).unwrap();
    assert!(told.starts_with("read 30 sessions, 7 people and 2 rooms in"), "{told}");
    let sent = Command::new("kill").args(["-INT", &solving.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert!(solving.wait().unwrap().success());
    let solution: Value = serde_json::from_slice(&std::fs::read(folder.file("solution.json")).unwrap()).unwrap();
    let _ = folder.check(&solution, &[]).successful();
}
