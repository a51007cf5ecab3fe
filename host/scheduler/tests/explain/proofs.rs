//! Whether a proof is one: that the sessions it names cannot all have a place, even if there were no others, is worked out from the
//! problem alone, in other ways than the explanation does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use conman_scheduler::check;
use conman_scheduler::explain::{Blocker, explain};
use conman_scheduler::problem::{Place, Problem, Room};
use conman_scheduler::solve::{Effort, solve};
use conman_scheduler::timetable::Timetable;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::independent::passes;
use crate::problems::{Size, problems, read};

/// So many ways to place sessions are tried.
const TRIED: usize = 60_000;
/// Of more sessions at different times not every order is looked at.
const ORDERED: usize = 12;

/// What becomes of a proof that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    True,
    /// Nothing was found against it.
    Open,
    False,
}

/// Looks at a proof.
pub(crate) fn judge(document: &Value, blocker: &Blocker) -> Verdict {
    let problem = read(&only(document, &blocker.sessions));
    let places: Vec<Vec<Place>> = (0..problem.sessions.len()).map(|session| alone(&problem, session)).collect();
    let no_place = places.iter().any(Vec::is_empty);
    if no_place
        || !fit_in_turn(&problem, &places)
        || !fit_in_time(&problem, &places)
        || counts(&problem, &places, blocker)
    {
        return Verdict::True;
    }
    match all_placed(&problem, &places) {
        Some(true) => Verdict::False,
        Some(false) => Verdict::True,
        None => {
            let time = Duration::from_secs(60);
            let effort = Effort { time, iterations: Some(3_000), threads: 1.try_into().unwrap(), seed: 1 };
            if solve(&problem, &effort, &()).cost.unplaced == 0 { Verdict::False } else { Verdict::Open }
        }
    }
}

/// The problem with only some of its sessions.
fn only(document: &Value, sessions: &[String]) -> Value {
    let mut document = document.clone();
    let is_named = |id: &Value| sessions.iter().any(|name| id == name);
    let keep = |list: &mut Value, keep: &dyn Fn(&Value) -> bool| {
        if let Some(list) = list.as_array_mut() {
            list.retain(|element| keep(element));
        }
    };
    keep(&mut document["sessions"], &|session| is_named(&session["id"]));
    for session in document["sessions"].as_array_mut().unwrap() {
        keep(&mut session["after"], &is_named);
    }
    keep(&mut document["conflicts"], &|pair| is_named(&pair[0]) && is_named(&pair[1]));
    for wishes in ["overlap", "groups", "incumbent"] {
        document[wishes] = json!([]);
    }
    document
}

/// Where a session can be if nobody else is anywhere.
fn alone(problem: &Problem, session: usize) -> Vec<Place> {
    let rooms = 0..problem.rooms.len() as u32;
    let all = (0..problem.calendar.horizon()).flat_map(|start| rooms.clone().map(move |room| Place { start, room }));
    let mut timetable = Timetable::empty(problem);
    all.filter(|place| {
        timetable.places[session] = Some(*place);
        check::broken(problem, &timetable).is_empty()
    })
    .collect()
}

/// Whether sessions of which no two can be at a time can be one after another in some order, as far as that is looked at.
fn fit_in_turn(problem: &Problem, places: &[Vec<Place>]) -> bool {
    let sessions = &problem.sessions;
    let excluded = |one: usize, other: usize| {
        problem.conflicts.contains(&(one.min(other) as u32, one.max(other) as u32))
            || sessions[one].people.iter().any(|person| sessions[other].people.contains(person))
    };
    if sessions.len() > ORDERED || (0..sessions.len()).any(|one| (0..one).any(|other| !excluded(one, other))) {
        return true;
    }
    // By set of sessions: the earliest slot by which all of them can be over.
    let mut over: BTreeMap<u32, u32> = BTreeMap::from([(0, 0)]);
    for _ in sessions {
        let mut longer: BTreeMap<u32, u32> = BTreeMap::new();
        for (set, end) in &over {
            for (next, places) in places.iter().enumerate().filter(|(next, _)| set >> next & 1 == 0) {
                let start = places.iter().map(|place| place.start).filter(|start| start >= end).min();
                let Some(start) = start else { continue };
                let known = longer.entry(set | 1 << next).or_insert(u32::MAX);
                *known = (*known).min(start + sessions[next].duration);
            }
        }
        over = longer;
    }
    !over.is_empty()
}

/// Whether sessions could be placed if there were a room for each, as far as that can be told by trying.
fn fit_in_time(problem: &Problem, places: &[Vec<Place>]) -> bool {
    let mut roomy = problem.clone();
    let Some(room) = problem.rooms.first() else { return true };
    let open = std::iter::once(0..problem.calendar.horizon()).collect();
    let features = (0..problem.features.len() as u32).collect();
    let room = Room { open, features, capacity: u32::MAX, ..room.clone() };
    roomy.rooms = vec![room; problem.sessions.len()];
    for session in &mut roomy.sessions {
        (session.rooms, session.pin.room) = (None, None);
    }
    let starts = |(room, places): (u32, &Vec<Place>)| {
        let starts: BTreeSet<u32> = places.iter().map(|place| place.start).collect();
        starts.into_iter().map(|start| Place { start, room }).collect()
    };
    let places: Vec<Vec<Place>> = (0u32..).zip(places).map(starts).collect();
    all_placed(&roomy, &places) != Some(false)
}

/// Whether there is less of the rooms, counted in stretches as the blocker does, than all of them need; and as much as it says.
fn counts(problem: &Problem, places: &[Vec<Place>], blocker: &Blocker) -> bool {
    let Some(count) = blocker.count.filter(|_| blocker.constraint == "room_busy") else { return false };
    let (mut demand, mut slots) = (0, BTreeSet::new());
    for (session, places) in problem.sessions.iter().zip(places) {
        let length = session.setup + session.duration + session.teardown;
        demand += length / count.slots;
        for place in places {
            let from = place.start - session.setup;
            slots.extend((from..from + length).map(|slot| (place.room, slot)));
        }
    }
    // Stretches end with the day.
    let (mut supply, mut run, mut last) = (0, 0, None);
    for (room, slot) in slots {
        let goes_on = last == Some((room, slot.wrapping_sub(1))) && slot % problem.calendar.slots_per_day != 0;
        run = if goes_on { run + 1 } else { 1 };
        supply += u32::from(run % count.slots == 0);
        last = Some((room, slot));
    }
    // What comes after something may leave less than this, and who is named for that needs nothing.
    let is_plain = problem.sessions.iter().all(|session| session.after.is_empty());
    assert!(!is_plain || (count.demand, count.supply) == (demand, supply), "{blocker:#?}");
    is_plain && demand > supply
}

/// Whether all can be placed, if that can be told by trying.
fn all_placed(problem: &Problem, places: &[Vec<Place>]) -> Option<bool> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|session| places[*session].len());
    let mut left = TRIED;
    let placed = place_next(problem, places, &order, &mut Timetable::empty(problem), &mut left);
    if placed || left > 0 { Some(placed) } else { None }
}

fn place_next(
    problem: &Problem,
    places: &[Vec<Place>],
    order: &[usize],
    timetable: &mut Timetable,
    left: &mut usize,
) -> bool {
    let Some((session, order)) = order.split_first() else { return true };
    for place in &places[*session] {
        if *left == 0 {
            break;
        }
        *left -= 1;
        timetable.places[*session] = Some(*place);
        if check::broken(problem, timetable).is_empty() && place_next(problem, places, order, timetable, left) {
            return true;
        }
    }
    timetable.places[*session] = None;
    false
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_to_be_proven_is_so(
        document in problems(Size { days: 1, slots_per_day: 5, rooms: 2, people: 3, sessions: 7 }), seed: u64
    ) {
        let problem = read(&document);
        let effort = Effort { time: Duration::from_secs(60), iterations: Some(500), threads: 1.try_into().unwrap(), seed };
        let found = solve(&problem, &effort, &());
        passes(&problem, &found.timetable, &found.cost);
        for unplaced in explain(&problem, &found.timetable).unplaced {
            for reason in unplaced.reasons.iter().filter(|reason| reason.proven) {
                prop_assert!(reason.sessions.contains(&unplaced.session));
                prop_assert_ne!(judge(&document, reason), Verdict::False, "{:#?} of {}", reason, document);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Of more sessions than can be tried out nothing is said to be proven that a longer search refutes.
    #[test]
    fn what_cannot_be_tried_out_is_not_proven(
        document in problems(Size { days: 2, slots_per_day: 8, rooms: 3, people: 8, sessions: 34 }), seed: u64
    ) {
        let problem = read(&document);
        let effort = Effort { time: Duration::from_secs(60), iterations: Some(1), threads: 1.try_into().unwrap(), seed };
        let found = solve(&problem, &effort, &());
        for unplaced in explain(&problem, &found.timetable).unplaced.iter().take(3) {
            for reason in unplaced.reasons.iter().filter(|reason| reason.proven) {
                prop_assert_ne!(judge(&document, reason), Verdict::False, "{:#?} of {}", reason, document);
            }
        }
    }
}

/// Without "opening" the three could have places: "panel" could begin at once.
#[test]
fn what_comes_before_is_named_with_what_it_delays() {
    let document = json!({
        "format": "conman-schedule-problem/1", "days": 1, "slots_per_day": 5,
        "rooms": [{"id": "hall", "capacity": 9}, {"id": "cinema", "capacity": 9, "features": ["projector"], "open": [[2, 3]]}],
        "people": [{"id": "p"}],
        "sessions": [
            {"id": "opening", "duration": 1, "setup": 1},
            {"id": "talk", "duration": 1, "setup": 1, "people": ["p"]},
            {"id": "film", "duration": 1, "features": ["projector"], "people": ["p"]},
            {"id": "panel", "duration": 2, "teardown": 1, "people": ["p"], "after": ["opening"]},
        ],
    });
    let problem = read(&document);
    let at = |start, room| Some(Place { start, room });
    let timetable = Timetable { places: vec![at(1, 0), at(4, 0), at(2, 1), None] };
    let reason = explain(&problem, &timetable).unplaced[0].reasons[0].clone();
    assert_eq!((reason.proven, judge(&document, &reason)), (true, Verdict::True));
    expect_test::expect![[r#"["film", "panel", "opening"]: "p" is in "film" and "panel": they take 3 slots, and these can use 2 slots; "panel" comes after "opening"; "opening" may start in [1, 5)"#]].assert_eq(&format!("{:?}: {}", reason.sessions, reason.detail));
}

/// "talk" has the slot that is left only because "answers" has no place: of both, "talk" would be first.
#[test]
fn who_is_where_it_could_not_be_if_all_were_placed_is_not_what_blocks() {
    let document = json!({
        "format": "conman-schedule-problem/1", "days": 1, "slots_per_day": 5,
        "rooms": [{"id": "hall", "capacity": 9}],
        "people": [{"id": "p", "available": [[3, 5]]}],
        "sessions": [
            {"id": "talk", "duration": 1, "people": ["p"]},
            {"id": "answers", "duration": 1, "people": ["p"], "after": ["talk"]},
            {"id": "break", "duration": 1},
        ],
    });
    let problem = read(&document);
    let at = |start| Some(Place { start, room: 0 });
    let timetable = Timetable { places: vec![at(4), None, at(3)] };
    let explanation = explain(&problem, &timetable);
    let reasons = &explanation.unplaced[0].reasons;
    assert!(!reasons.is_empty());
    for reason in reasons {
        assert!(!reason.proven || judge(&document, reason) == Verdict::True, "{reason:#?}");
    }
}
