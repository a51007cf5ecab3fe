//! Documents that are large and nothing else: they are read in measure, and solved.

use std::time::{Duration, Instant};

use conman_scheduler::cost::Terms;
use conman_scheduler::document::{limits, read_problem};
use conman_scheduler::problem::Problem;
use conman_scheduler::solve::{Effort, solve};
use expect_test::expect;

use crate::independent::passes;
use crate::memory::taken;
use crate::written::{document, list};

fn read(members: &str) -> Problem {
    read_problem(document(members).as_bytes()).unwrap_or_else(|flaws| panic!("{flaws}"))
}

#[track_caller]
fn all_is_placed(problem: &Problem) {
    let effort =
        Effort { time: Duration::from_secs(60), iterations: Some(100), threads: 1.try_into().unwrap(), seed: 1 };
    let found = solve(problem, &effort, &());
    assert_eq!(found.cost.unplaced, 0);
    passes(problem, &found.timetable, &found.cost);
}

#[test]
fn ten_million_pairs() {
    // So many that there are ten million pairs of them.
    let count = 4_473;
    let ids: Vec<_> = (0..count).map(|number| format!("\"s{number}\"")).collect();
    let mut pairs = String::with_capacity(200 << 20);
    for (first, one) in ids.iter().enumerate() {
        for other in &ids[..first] {
            let number = if first % 2 == 0 { ",1]" } else { ",7]" };
            pairs.extend([if pairs.is_empty() { "[" } else { ",[" }, one, ",", other, number]);
        }
    }
    let sessions = list(count, |number| format!(r#"{{"id":{},"duration":1}}"#, ids[number]));
    let members =
        format!(r#""days": 1, "slots_per_day": 4, "rooms": [], "sessions": {sessions}, "overlap": [{pairs}]"#);
    let document = document(&members);
    drop((pairs, members));
    let (problem, taken) = taken(|| read_problem(document.as_bytes()).unwrap());
    let overlap = problem.overlap;
    assert_eq!((overlap.len(), count * (count - 1) / 2), (10_001_628, 10_001_628));
    assert_eq!((overlap[0], overlap[10_001_627]), ((0, 1, 7), (4_471, 4_472, 1)));
    assert!(overlap.iter().all(|(_, other, number)| *number == if other % 2 == 0 { 1 } else { 7 }));
    // Less than three times the pairs themselves, at twelve bytes each.
    assert!(taken.most < 340_000_000, "{taken:?}");
}

#[test]
fn more_pairs_than_can_be_read() {
    let pairs = format!("[{}[\"a\",\"b\",1]]", "[\"a\",\"b\",0],".repeat(limits::PAIRS));
    let members = r#""days": 1, "slots_per_day": 4, "rooms": [], "sessions": [{"id": "a", "duration": 1}, {"id": "b", "duration": 1}]"#;
    let flaws = read_problem(document(&format!(r#"{members}, "overlap": {pairs}"#)).as_bytes()).unwrap_err();
    expect!["/overlap/12000000: more than 12000000 pairs; make the document smaller"].assert_eq(&flaws.to_string());
}

#[test]
fn a_million_rooms() {
    let rooms = list(1_000_000, |number| format!(r#"{{"id":"r{number}","capacity":1}}"#));
    let members = format!(r#""days": 1, "slots_per_day": 4, "sessions": [], "rooms": {rooms}"#);
    let flaws = read_problem(document(&members).as_bytes()).unwrap_err();
    expect!["/rooms/10000: more than 10000 rooms; make the document smaller"].assert_eq(&flaws.to_string());
}

#[test]
fn a_hundred_thousand_people_in_a_session() {
    let people = list(100_000, |number| format!(r#"{{"id":"p{number}","min_gap":1,"max_per_day":1}}"#));
    let all = list(100_000, |number| format!("\"p{number}\""));
    let session = |id: usize| format!(r#"{{"id":"s{id}","duration":1,"people":{all}}}"#);
    let problem = read(&format!(
        r#""days": 2, "slots_per_day": 1, "rooms": [{{"id": "r0", "capacity": 0}}, {{"id": "r1", "capacity": 0}}],
           "people": {people}, "sessions": {}"#,
        list(2, session)
    ));
    assert_eq!(problem.sessions[1].people.len(), 100_000);
    all_is_placed(&problem);
}

/// Sessions in a group of all of them.
fn grouped() -> Problem {
    let count = 2_000;
    read(&format!(
        r#""days": 4, "slots_per_day": 12, "rooms": {}, "sessions": {},
           "groups": [{{"id": "g", "sessions": {}, "min_days": 5, "compact": true, "same_room": true}}]"#,
        list(60, |number| format!(r#"{{"id":"r{number}","capacity":0}}"#)),
        list(count, |number| format!(r#"{{"id":"s{number}","duration":1}}"#)),
        list(count, |number| format!("\"s{number}\"")),
    ))
}

#[test]
fn a_group_of_all_sessions() {
    all_is_placed(&grouped());
}

/// More than there is room for, so that everything is thrown out again and again.
fn overbooked() -> Problem {
    read(&format!(
        r#""days": 5, "slots_per_day": 40, "rooms": {}, "sessions": {}"#,
        list(30, |number| format!(r#"{{"id":"r{number}","capacity":0}}"#)),
        list(3_000, |number| format!(r#"{{"id":"s{number}","duration":{}}}"#, 1 + number % 7)),
    ))
}

#[test]
fn they_end_when_their_time_is_up() {
    let time = Duration::from_secs(2);
    for problem in [grouped(), overbooked()] {
        let effort = Effort { time, iterations: None, threads: 2.try_into().unwrap(), seed: 1 };
        let began = Instant::now();
        let found = solve(&problem, &effort, &());
        let took = began.elapsed();
        // The tables are made before the first look at the clock.
        assert!(took >= time && took < 2 * time, "{took:?}");
        passes(&problem, &found.timetable, &found.cost);
    }
}

/// Opening hours are worked out for each length.
#[test]
fn sessions_of_many_lengths() {
    let problem = read(&format!(
        r#""days": 1, "slots_per_day": 2400, "rooms": {}, "sessions": {}"#,
        list(2_000, |number| format!(r#"{{"id":"r{number}","capacity":0}}"#)),
        list(400, |number| format!(r#"{{"id":"s{number}","duration":{},"starts":[[0,2]]}}"#, number + 1)),
    ));
    let ((), taken) = taken(|| all_is_placed(&problem));
    assert!(taken.most < 100_000_000, "{taken:?}");
}

#[test]
fn weights_and_numbers_as_large_as_they_may_be() {
    let problem = read(&format!(
        r#""days": 2, "slots_per_day": 3, "capacity": "soft", "rooms": [{{"id": "r0", "capacity": 0}}, {{"id": "r1", "capacity": 0}}],
           "people": [{{"id": "p", "preferred": [], "max_per_day": 0, "min_gap": 1000000}}],
           "sessions": {}, "overlap": [["s0", "s1", 1000]],
           "groups": [{{"id": "g", "sessions": ["s0", "s1", "s2", "s3"], "min_days": 1000000, "compact": true, "same_room": true}}],
           "incumbent": [{{"session": "s0", "start": 0, "room": "r0"}}, {{"session": "s1", "start": 0, "room": "r0"}}],
           "weights": {{{}}}"#,
        list(4, |number| format!(r#"{{"id":"s{number}","duration":1,"audience":1000000000,"people":["p"]}}"#)),
        Terms::names().map(|weight| format!("\"{weight}\": 1000000")).join(", ")
    ));
    all_is_placed(&problem);
}
