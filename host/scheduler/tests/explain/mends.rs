//! Broken wishes are all told, and what is said of mending them is what the check finds.

use conman_scheduler::check;
use conman_scheduler::explain::{Mend, Move, explain};
use conman_scheduler::problem::{Place, Problem};
use conman_scheduler::solve::solve;
use conman_scheduler::timetable::Timetable;
use fastrand::Rng;
use proptest::prelude::*;
use serde_json::json;

use crate::diary::effort;
use crate::independent::passes;
use crate::problems::{Size, problems, read};
use crate::solvable::solvable;

const SMALL: Size = Size { days: 2, slots_per_day: 5, rooms: 3, people: 4, sessions: 12 };

pub(crate) fn moved(problem: &Problem, timetable: &Timetable, moves: &[Move]) -> Timetable {
    let mut timetable = timetable.clone();
    for step in moves {
        let session = problem.sessions.iter().position(|session| session.id == step.session).unwrap();
        let room = problem.rooms.iter().position(|room| room.id == step.room).unwrap() as u32;
        timetable.places[session] = Some(Place { start: step.start, room });
    }
    timetable
}

/// All timetables one move or one exchange away that break nothing.
pub(crate) fn near(problem: &Problem, timetable: &Timetable) -> Vec<Timetable> {
    let mut all = Vec::new();
    let placed: Vec<_> = (0..problem.sessions.len()).filter(|session| timetable.places[*session].is_some()).collect();
    for session in &placed {
        for start in 0..problem.calendar.horizon() {
            for room in 0..problem.rooms.len() as u32 {
                let mut other = timetable.clone();
                other.places[*session] = Some(Place { start, room });
                all.push(other);
            }
        }
        for with in placed.iter().filter(|with| *with < session) {
            let mut other = timetable.clone();
            other.places.swap(*session, *with);
            all.push(other);
        }
    }
    all.retain(|other| other != timetable && check::broken(problem, other).is_empty());
    all
}

pub(crate) fn soft(problem: &Problem, timetable: &Timetable) -> i64 {
    check::cost(problem, timetable).soft() as i64
}

fn all_is_so(problem: &Problem, timetable: &Timetable) {
    passes(problem, timetable, &check::cost(problem, timetable));
    let explanation = explain(problem, timetable);
    let before = soft(problem, timetable);
    assert_eq!(explanation.more_wishes, 0);
    assert_eq!(explanation.wishes.iter().map(|wish| wish.cost).sum::<u64>() as i64, before);
    assert!(explanation.wishes.is_sorted_by(|one, next| one.cost >= next.cost));
    assert_eq!(explanation.unplaced.len(), timetable.unplaced().count());
    assert!(explanation.unplaced.iter().all(|unplaced| !unplaced.reasons.is_empty()));
    for wish in &explanation.wishes {
        match &wish.mend {
            Mend::Found { moves, change, left: still, .. } => {
                let after = moved(problem, timetable, moves);
                passes(problem, &after, &check::cost(problem, &after));
                assert_eq!(soft(problem, &after) - before, *change, "{wish:#?}");
                assert!(*still < wish.cost, "{wish:#?}");
            }
            Mend::None => {}
            Mend::NotSought => panic!("{wish:#?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_broken_is_told_and_mended_as_is_said(document in problems(SMALL), seed: u64) {
        let problem = read(&document);
        let found = solve(&problem, &effort(200, seed), &());
        all_is_so(&problem, &found.timetable);
    }
}

#[test]
fn an_overlap_is_mended_by_moving_one_of_the_two() {
    let problem = read(&json!({
        "format": "conman-schedule-problem/1", "days": 1, "slots_per_day": 2, "slot_minutes": 30,
        "rooms": [{"id": "r0", "capacity": 1}, {"id": "r1", "capacity": 1}],
        "sessions": [{"id": "a", "duration": 1}, {"id": "b", "duration": 1}],
        "overlap": [["a", "b", 7]],
    }));
    let at = |start, room| Some(Place { start, room });
    let explanation = explain(&problem, &Timetable { places: vec![at(0, 0), at(0, 1)] });
    expect_test::expect![[r#"
        {
          "cost": {
            "unplaced": 0,
            "soft": 7,
            "terms": {
              "overlap": 7,
              "overflow": 0,
              "missing_day": 0,
              "isolated": 0,
              "extra_room": 0,
              "unpreferred": 0,
              "over_day_limit": 0,
              "short_gap": 0,
              "moved_time": 0,
              "moved_room": 0
            }
          },
          "unplaced": [],
          "more_unplaced": 0,
          "wishes": [
            {
              "constraint": "overlap",
              "sessions": [
                "a",
                "b"
              ],
              "more_sessions": 0,
              "people": [],
              "rooms": [
                "r0",
                "r1"
              ],
              "group": null,
              "cost": 7,
              "text": "\"a\" and \"b\" are at the same time",
              "mend": {
                "kind": "found",
                "moves": [
                  {
                    "session": "a",
                    "start": 1,
                    "room": "r0"
                  }
                ],
                "change": -7,
                "left": 0,
                "text": "move \"a\" to room \"r0\" at slot 1: saves 7 in all"
              }
            }
          ],
          "more_wishes": 0
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&explanation).unwrap());
}

/// Of whom there are more places to go to than are looked at, it is not said that there is none.
#[test]
fn of_a_million_places_none_is_looked_at() {
    let rooms: Vec<_> = (0..1_001).map(|n| json!({"id": format!("r{n}"), "capacity": 1})).collect();
    let problem = read(&json!({
        "format": "conman-schedule-problem/1", "days": 1, "slots_per_day": 1_000, "rooms": rooms,
        "sessions": [{"id": "a", "duration": 1}, {"id": "b", "duration": 1}], "overlap": [["a", "b", 7]],
    }));
    let at = |room| Some(Place { start: 0, room });
    let explanation = explain(&problem, &Timetable { places: vec![at(0), at(1)] });
    assert_eq!((explanation.wishes.len(), &explanation.wishes[0].mend), (1, &Mend::NotSought));
}

#[test]
fn the_reasons_of_a_solution_are_those_explained() {
    let mut random = Rng::with_seed(1);
    let mut made = solvable(&mut random);
    made.document["rooms"][0]["features"] = json!([]);
    let problem = read(&made.document);
    let found = solve(&problem, &effort(200, 1), &());
    let reasons = conman_scheduler::explain::reasons(&problem, &found.timetable);
    assert!(found.timetable.unplaced().count() > 0);
    assert_eq!(reasons.keys().copied().collect::<Vec<_>>(), found.timetable.unplaced().collect::<Vec<_>>());
    assert!(reasons.values().flatten().all(|reason| !reason.detail.is_empty()));
}
