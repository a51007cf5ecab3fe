//! What an independent program makes of solutions, where it is there: `../shared/tools/schedule_check.py` beside the project. It is
//! started once and answers line by line, so that every solution of every test can be shown to it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use conman_scheduler::check::broken;
use conman_scheduler::cost::Cost;
use conman_scheduler::document::{PROBLEM_FORMAT, Solution, write_solution};
use conman_scheduler::problem::{CapacityRule, Place, Problem, Session};
use conman_scheduler::timetable::Timetable;
use serde_json::{Map, Value, json};

/// Answers a line for each line `[problem, solution]`.
const SCRIPT: &str = "
import json, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from schedule_check import check
for line in sys.stdin:
    broken, unplaced, terms = check(*json.loads(line))
    print(json.dumps([sorted(map(list, broken)), unplaced, terms]), flush=True)
";

/// The program, asked by one test at a time.
static CHECKER: OnceLock<Option<Mutex<Checker>>> = OnceLock::new();

struct Checker {
    child: Child,
    answers: BufReader<ChildStdout>,
}

/// Shows a solution that breaks nothing to the independent program: it has to agree, and to find the same cost.
#[track_caller]
pub(crate) fn passes(problem: &Problem, timetable: &Timetable, cost: &Cost) {
    assert_eq!(broken(problem, timetable), []);
    if checker().is_none() {
        return;
    }
    let (problem, solution) = (document(problem), solution(problem, timetable));
    let found = verdict(&problem, &solution);
    let terms = cost.terms.in_order().into_iter().filter(|(_, amount)| *amount > 0);
    let terms: Map<_, _> = terms.map(|(name, amount)| (name.to_owned(), json!(amount))).collect();
    assert_eq!(found, Some(json!([[], cost.unplaced, terms])), "{problem}\n{solution}");
}

/// What it finds broken, how many sessions it finds unplaced, and the terms of the cost; `None` where it is not there.
pub(crate) fn verdict(problem: &Value, solution: &Value) -> Option<Value> {
    let mut checker = checker()?.lock().unwrap_or_else(PoisonError::into_inner);
    let mut question = json!([problem, solution]).to_string();
    question.push('\n');
    checker.child.stdin.as_mut().unwrap().write_all(question.as_bytes()).unwrap();
    let mut answer = String::new();
    checker.answers.read_line(&mut answer).unwrap();
    Some(serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer} for {question}")))
}

fn checker() -> Option<&'static Mutex<Checker>> {
    let start = || match started() {
        Ok(checker) => Some(Mutex::new(checker)),
        Err(why) => {
            // Past the test runner, which swallows what a passing test prints.
            let _ = writeln!(std::io::stderr(), "skipped: {why}, so no solution is checked independently");
            None
        }
    };
    CHECKER.get_or_init(start).as_ref()
}

fn started() -> Result<Checker, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/tools");
    if !folder.join("schedule_check.py").is_file() {
        return Err("../shared/tools/schedule_check.py is not beside the project".to_owned());
    }
    let mut python = Command::new("python3");
    let python = python.args(["-c", SCRIPT]).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = python.spawn().map_err(|error| format!("python3 cannot be started ({error})"))?;
    let answers = BufReader::new(child.stdout.take().unwrap());
    Ok(Checker { child, answers })
}

fn solution(problem: &Problem, timetable: &Timetable) -> Value {
    let solution = Solution { timetable: timetable.clone(), reasons: Default::default(), stated: None };
    serde_json::from_slice(&write_solution(problem, &solution)).unwrap()
}

/// A problem as a document with the least in it that says the same.
fn document(problem: &Problem) -> Value {
    let ids = |list: &[u32], name: fn(&Problem, u32) -> &String| {
        list.iter().map(|at| json!(name(problem, *at))).collect::<Value>()
    };
    let features = |list: &[u32]| ids(list, |problem, at| &problem.features[at as usize]);
    let people = |list: &[u32]| ids(list, |problem, at| &problem.people[at as usize].id);
    let rooms = |list: &[u32]| ids(list, |problem, at| &problem.rooms[at as usize].id);
    let sessions = |list: &[u32]| ids(list, |problem, at| &problem.sessions[at as usize].id);
    let ranges =
        |list: &[std::ops::Range<u32>]| list.iter().map(|range| json!([range.start, range.end])).collect::<Value>();
    let session = |session: &Session| {
        let mut document = json!({
            "id": session.id, "duration": session.duration, "setup": session.setup, "teardown": session.teardown,
            "audience": session.audience, "people": people(&session.people), "features": features(&session.features),
            "after": sessions(&session.after), "pin": {},
        });
        session.rooms.iter().for_each(|list| document["rooms"] = rooms(list));
        session.starts.iter().for_each(|list| document["starts"] = ranges(list));
        session.pin.start.iter().for_each(|start| document["pin"]["start"] = json!(start));
        session.pin.room.iter().for_each(|room| document["pin"]["room"] = rooms(&[*room])[0].clone());
        document
    };
    let place = |(at, place): (u32, &Option<Place>)| {
        let Place { start, room } = (*place)?;
        Some(json!({"session": sessions(&[at])[0], "start": start, "room": rooms(&[room])[0]}))
    };
    let weights = problem.weights;
    json!({
        "format": PROBLEM_FORMAT, "days": problem.calendar.days, "slots_per_day": problem.calendar.slots_per_day,
        "rooms": problem.rooms.iter().map(|room| json!({
            "id": room.id, "capacity": room.capacity, "features": features(&room.features), "open": ranges(&room.open),
        })).collect::<Value>(),
        "people": problem.people.iter().map(|person| json!({
            "id": person.id, "available": ranges(&person.available), "preferred": person.preferred.as_deref().map(ranges),
            "max_per_day": person.max_per_day, "min_gap": person.min_gap,
        })).collect::<Value>(),
        "sessions": problem.sessions.iter().map(session).collect::<Value>(),
        "conflicts": problem.conflicts.iter().map(|(one, other)| sessions(&[*one, *other])).collect::<Value>(),
        "overlap": problem.overlap.iter().map(|(one, other, number)| {
            json!([sessions(&[*one])[0], sessions(&[*other])[0], number])
        }).collect::<Value>(),
        "groups": problem.groups.iter().map(|group| json!({
            "id": group.id, "sessions": sessions(&group.sessions), "min_days": group.min_days, "compact": group.compact,
            "same_room": group.same_room,
        })).collect::<Value>(),
        "capacity": if problem.capacity == CapacityRule::Soft { "soft" } else { "hard" },
        "incumbent": (0u32..).zip(&problem.incumbent).filter_map(place).collect::<Value>(),
        "weights": {
            "overlap": weights.overlap, "overflow": weights.overflow, "missing_day": weights.missing_day,
            "isolated": weights.isolated, "extra_room": weights.extra_room, "unpreferred": weights.unpreferred,
            "over_day_limit": weights.over_day_limit, "short_gap": weights.short_gap, "moved_time": weights.moved_time,
            "moved_room": weights.moved_room,
        },
    })
}
