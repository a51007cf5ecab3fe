//! `conman schedule`: solutions are checked from the command line, without a host.

use std::path::PathBuf;

use conman_tests::{Done, conman, tempfile};
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

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("problem.json", &problem());
        folder
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, document: &Value) {
        std::fs::write(self.file(name), document.to_string()).unwrap();
    }

    fn check(&self, solution: &Value, more: &[&str]) -> Done {
        self.write("solution.json", solution);
        conman()
            .args(["schedule", "check"])
            .args([self.file("problem.json"), self.file("solution.json")])
            .args(more)
            .run()
    }
}

#[test]
fn a_good_solution_passes() {
    let folder = Folder::new();
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
    let folder = Folder::new();
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
fn a_document_that_cannot_be_used_is_told_with_each_of_its_flaws() {
    let folder = Folder::new();
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
