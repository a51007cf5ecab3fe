//! What this crate says of timetables is what an independent program says of them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use conman_scheduler::check::{Broken, broken, cost};
use conman_scheduler::document::{Solution, read_problem, write_solution};
use serde_json::{Value, json};

use crate::sample::{self, Chance};

/// Answers a line for each line `[problem, solution]`.
const SCRIPT: &str = "
import json, sys
sys.path.insert(0, sys.argv[1])
from schedule_check import check
for line in sys.stdin:
    broken, unplaced, terms = check(*json.loads(line))
    print(json.dumps([sorted(map(list, broken)), unplaced, terms]))
";

fn checker() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/tools");
    if !folder.join("schedule_check.py").is_file() {
        eprintln!("skipped: there is no ../shared/tools/schedule_check.py beside the project");
        return None;
    }
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: there is no python3");
        return None;
    }
    Some(folder)
}

#[test]
fn agrees_about_what_is_broken_and_what_it_costs() {
    let Some(folder) = checker() else { return };
    let (mut asked, mut ours) = (String::new(), Vec::new());
    for seed in 0..600 {
        let document = sample::problem(seed);
        let problem = read_problem(document.to_string().as_bytes()).unwrap();
        let timetable = sample::timetable(&problem, &mut Chance::new(seed));
        let session = |index: u32| problem.sessions[index as usize].id.as_str();
        let mut found: Vec<Value> = broken(&problem, &timetable)
            .into_iter()
            .map(|broken| {
                let mut names = vec![broken.constraint.name()];
                // The document says them in the other order.
                let broken = match broken.with {
                    Some(with) if broken.constraint.name() == "conflict" => {
                        Broken { session: with, with: Some(broken.session), ..broken }
                    }
                    _ => broken,
                };
                let (one, other) = (session(broken.session), broken.with.map(session));
                let room = broken.room.map(|room| problem.rooms[room as usize].id.as_str());
                let person = broken.person.map(|person| problem.people[person as usize].id.as_str());
                match broken.constraint.name() {
                    "room_busy" | "person_busy" => names.extend(room.or(person).into_iter().chain(other).chain([one])),
                    _ => names.extend([one].into_iter().chain(other).chain(room).chain(person)),
                }
                json!(names)
            })
            .collect();
        found.sort_by_key(Value::to_string);
        let cost = cost(&problem, &timetable);
        let terms: Value = cost
            .terms
            .in_order()
            .into_iter()
            .filter(|(_, amount)| *amount > 0)
            .map(|(n, a)| (n.to_owned(), json!(a)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        ours.push(json!([found, cost.unplaced, terms]));
        let solution = Solution { timetable, reasons: Default::default(), stated: Some(cost.into()) };
        let solution: Value = serde_json::from_slice(&write_solution(&problem, &solution)).unwrap();
        asked += &format!("{}\n", json!([document, solution]));
    }
    let mut python = Command::new("python3")
        .args(["-c", SCRIPT])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), ours.len());
    let mut seen = std::collections::BTreeSet::new();
    for (seed, (answer, ours)) in answers.lines().zip(&ours).enumerate() {
        let mut theirs: Value = serde_json::from_str(answer).unwrap();
        let broken = theirs[0].as_array_mut().unwrap();
        broken.sort_by_key(Value::to_string);
        seen.extend(broken.iter().map(|broken| broken[0].as_str().unwrap().to_owned()));
        seen.extend(theirs[2].as_object().unwrap().keys().cloned());
        assert_eq!(ours, &theirs, "seed {seed}");
    }
    // Otherwise nothing would have been compared.
    assert_eq!(seen.len(), 11 + 10, "{seen:?}");
}
