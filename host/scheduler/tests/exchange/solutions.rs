//! Solutions: written, read back, refused.

use std::collections::BTreeMap;
use std::time::Duration;

use conman_scheduler::check::cost;
use conman_scheduler::document::{Reason, Solution, read_problem, read_solution, write_solution};
use conman_scheduler::problem::{Place, Problem};
use conman_scheduler::solve::{Effort, solve};
use conman_scheduler::timetable::Timetable;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::independent::{passes, verdict};
use crate::sample::{self, Chance};

fn problem() -> Problem {
    let document = r#"{"format": "conman-schedule-problem/1", "days": 1, "slots_per_day": 4, "rooms": [{"id": "r\"0", "capacity": 5}], "people": [],
        "sessions": [{"id": "s0", "duration": 1}, {"id": "s1", "duration": 2}, {"id": "s2", "duration": 1}], "overlap": [["s0", "s1", 3]]}"#;
    read_problem(document.as_bytes()).unwrap()
}

#[test]
fn a_line_for_each_session_in_the_order_of_the_problem() {
    let problem = problem();
    let timetable =
        Timetable { places: vec![Some(Place { start: 0, room: 0 }), Some(Place { start: 0, room: 0 }), None] };
    let reason =
        |constraint: &str, detail: &str| Reason { constraint: constraint.to_owned(), detail: detail.to_owned() };
    let reasons = BTreeMap::from([(2, vec![reason("room_busy", "r\"0 is full"), reason("pin", "pinned\nthere")])]);
    let stated = Some(cost(&problem, &timetable).into());
    let written = write_solution(&problem, &Solution { timetable, reasons, stated });
    expect![[r#"
        {
          "format": "conman-schedule-solution/1",
          "assignments": [
            {"session":"s0","start":0,"room":"r\"0"},
            {"session":"s1","start":0,"room":"r\"0"}
          ],
          "unplaced": [
            {"session":"s2","reasons":[{"constraint":"room_busy","detail":"r\"0 is full"},{"constraint":"pin","detail":"pinned\nthere"}]}
          ],
          "cost": {"unplaced": 1, "soft": 3, "terms": {"overlap": 3}}
        }
    "#]].assert_eq(std::str::from_utf8(&written).unwrap());
    let nothing = Solution { timetable: Timetable { places: vec![] }, reasons: BTreeMap::new(), stated: None };
    let empty = read_problem(
        br#"{"format": "conman-schedule-problem/1", "days": 1, "slots_per_day": 4, "rooms": [], "sessions": []}"#,
    )
    .unwrap();
    expect![[r#"
        {
          "format": "conman-schedule-solution/1",
          "assignments": [],
          "unplaced": []
        }
    "#]]
    .assert_eq(std::str::from_utf8(&write_solution(&empty, &nothing)).unwrap());
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_read(seed: u64, details in proptest::collection::vec(".{0,20}", 0..3), states: bool) {
        let problem = read_problem(sample::problem(seed).to_string().as_bytes()).unwrap();
        let timetable = sample::timetable(&problem, &mut Chance::new(seed));
        let reason = |detail: &String| Reason { constraint: "room_busy".to_owned(), detail: detail.clone() };
        let reasons = timetable.unplaced().map(|session| (session, details.iter().map(reason).collect())).collect();
        let stated = states.then(|| cost(&problem, &timetable).into());
        let solution = Solution { timetable, reasons, stated };
        let written = write_solution(&problem, &solution);
        prop_assert_eq!(read_solution(&problem, &written).unwrap(), solution);
    }
}

/// The problem that the independent program is told, and its answer, are those of the document.
#[test]
fn what_is_solved_is_what_is_asked() {
    for seed in 0..40 {
        let problem = read_problem(sample::problem(seed).to_string().as_bytes()).unwrap();
        let effort =
            Effort { time: Duration::from_secs(60), iterations: Some(300), threads: 1.try_into().unwrap(), seed };
        let found = solve(&problem, &effort, &());
        passes(&problem, &found.timetable, &found.cost);
        let solution =
            Solution { timetable: found.timetable, reasons: BTreeMap::new(), stated: Some(found.cost.into()) };
        let written: Value = serde_json::from_slice(&write_solution(&problem, &solution)).unwrap();
        let Some(found) = verdict(&sample::problem(seed), &written) else { return };
        assert_eq!((&found[0], &found[1]), (&json!([]), &written["cost"]["unplaced"]), "seed {seed}");
        assert_eq!(found[2], written["cost"]["terms"], "seed {seed}");
    }
}

#[track_caller]
fn refused(members: &str, expected: Expect) {
    let document = format!(r#"{{"format": "conman-schedule-solution/1", {members}}}"#);
    let flaws = read_solution(&problem(), document.as_bytes()).unwrap_err();
    expected.assert_eq(&flaws.to_string());
}

#[test]
fn every_session_is_in_it_once() {
    refused(
        r#""assignments": [{"session": "s0", "start": 0, "room": "r\"0"}, {"session": "s0", "start": 1, "room": "r\"0"}, {"session": "s9", "start": 1, "room": "r9"}],
           "unplaced": [{"session": "s0"}, {"session": "s1"}, {"session": "s1", "reasons": []}]"#,
        expect![[r#"
            /assignments/1: "s0" is in this list twice; name it once
            /assignments/2/session: there is no session "s9"; add it to "sessions", or take it out here
            /assignments/2/room: there is no room "r9"; add it to "rooms", or take it out here
            /unplaced/0: "s0" is in "assignments", too; take it out of one of them
            /unplaced/2: "s1" is in this list twice; name it once
            /unplaced: "s2" is neither here nor in "assignments"; add it to one of them"#]],
    );
    refused(
        "",
        expect![
            "the document: trailing comma at line 1 column 42; mend the JSON there; NaN, Infinity and comments are no JSON"
        ],
    );
}

#[test]
fn its_parts_are_what_they_should_be() {
    refused(
        r#""assignments": [3, {"session": 4, "start": -1}, {"session": "s0", "start": 4294967296, "room": null, "end": 3}],
           "unplaced": [{"session": "s1", "reasons": [{"constraint": 1}, "because"]}], "cost": {"soft": 1.5, "terms": {"overlap": "much", "other": 1}}, "cost": 1"#,
        expect![[r#"
            /cost: is in this object twice; write it once
            /assignments/0: is 3; write an object
            /assignments/1/session: is 4; write the id of a session
            /assignments/1/start: is -1; write a whole number from 0 to 1000000
            /assignments/1: has no "room"; add it
            /assignments/2/end: is an unknown key; take it out; known here: session, start, room
            /assignments/2/start: is 4294967296; write a whole number from 0 to 1000000
            /assignments/2: has no "room"; add it
            /unplaced/0/reasons/0/constraint: is 1; write a text
            /unplaced/0/reasons/0: has no "detail"; add it
            /unplaced/0/reasons/1: is the text "because"; write an object
            /unplaced: "s0" is neither here nor in "assignments"; add it to one of them
            /unplaced: "s2" is neither here nor in "assignments"; add it to one of them
            /cost/terms/other: is an unknown key; take it out; known here: overlap, overflow, missing_day, isolated, extra_room, unpreferred, over_day_limit, short_gap, moved_time, moved_room
            /cost/terms/overlap: is the text "much"; write a whole number, 0 or more
            /cost/soft: is 1.5; write a whole number, 0 or more"#]],
    );
}

#[test]
fn a_problem_is_no_solution() {
    let document = sample::problem(1).to_string();
    let flaws = read_solution(&problem(), document.as_bytes()).unwrap_err();
    expect![[r#"/format: is "conman-schedule-problem/1"; only "conman-schedule-solution/1" is read here"#]]
        .assert_eq(&flaws.to_string());
}
