//! From rows to proposals, by chance: whatever the programme, what is proposed can happen, and what is held stays as it is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use conman_independent::Aim;
use conman_scheduler::check;
use conman_scheduler::document::{Solution as Written, read_problem, read_solution, write_solution};
use conman_scheduler::solve::{Effort, Found};
use conman_sdk::Convention;
use conman_sdk::scheduler::{Problem, Solution};
use core_programming::conflicts::{self, Conflict, Facts, Placed, Requirements, RoomFacts};
use core_programming::model::{Role, Slot};
use core_programming::scheduling::Seats;
use core_programming::scheduling::explained::{self, Explained};
use core_programming::scheduling::ids::Ids;
use core_programming::scheduling::material::{Closed, Closeness, Material, Person, Room, Session, Task};
use core_programming::scheduling::problem::{self, Stated};
use core_programming::scheduling::proposal::{self, Asked, Outcome};
use jiff::civil::{date, time};
use jiff::{Timestamp, ToSpan as _};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::RngSeed;

const ROOMS: usize = 4;
const PEOPLE: usize = 5;
const SESSIONS: usize = 10;
/// So many moves are allowed where few are wanted.
const MOVES: u32 = 2;

/// Two days that begin at 06:00.
fn convention() -> Convention {
    Convention::new("con", "Europe/Berlin", date(2026, 8, 14), date(2026, 8, 15), time(6, 0, 0, 0)).unwrap()
}

/// So many minutes after the convention begins.
fn at(minutes: i64) -> Timestamp {
    "2026-08-14T06:00:00+02:00".parse::<Timestamp>().unwrap() + minutes.minutes()
}

fn name(kind: char, number: usize) -> String {
    format!("{kind}{number}")
}

fn names(kind: char, count: usize, most: usize) -> impl Strategy<Value = Vec<String>> {
    subsequence((0..count).map(|number| name(kind, number)).collect::<Vec<_>>(), 0..=most)
}

/// Some time in the convention, the nights too, of at least so many minutes; seldom a little before it or after it.
fn times(least: i64, most: i64) -> impl Strategy<Value = Slot> {
    let start = prop_oneof![8 => 3i64..46, 1 => -2i64..50].prop_map(|hours| hours * 60);
    let odd = prop_oneof![6 => Just(0), 2 => Just(30), 1 => select(vec![10, 15, 25])];
    let minutes = (least / 10..=most / 10).prop_map(|tens| tens * 10);
    (start, odd, minutes).prop_map(|(start, odd, minutes)| Slot::lasting(at(start + odd), minutes * 60).unwrap())
}

fn room() -> impl Strategy<Value = Room> {
    let windows = prop_oneof![3 => Just(Vec::new()), 2 => vec(times(240, 1200), 1..3)];
    let parts = (any::<bool>(), any::<bool>(), option::of(select(vec![10, 40, 90])), names('f', 2, 2), windows);
    parts.prop_map(|(one, other, capacity, features, windows)| {
        let (id, exclusive) = (String::new(), one || other);
        Room { name: id.clone(), id, exclusive, capacity, features, windows }
    })
}

fn person() -> impl Strategy<Value = Person> {
    let windows = || prop_oneof![2 => Just(Vec::new()), 1 => vec(times(240, 1200), 1..3)];
    let parts = (windows(), windows(), option::weighted(0.3, 1i64..4));
    parts.prop_map(|(windows, preferred, daily_limit)| Person { id: String::new(), windows, preferred, daily_limit })
}

fn session() -> impl Strategy<Value = Session> {
    let around = || prop_oneof![4 => Just(0i64), 1 => select(vec![10, 30])];
    let requirements = (
        option::weighted(0.3, select(vec!["f0", "F1"])),
        prop_oneof![4 => Just(Vec::new()), 1 => names('r', ROOMS, 2)],
        around(),
        around(),
        option::weighted(0.3, 1..SESSIONS),
    );
    let place = (
        option::weighted(0.7, times(20, 150)),
        option::weighted(0.8, 0..ROOMS),
        prop_oneof![9 => Just(false), 1 => Just(true)],
    );
    let parts = (place, requirements, names('p', PEOPLE, 2), option::of(5u32..120), option::of(2i64..12), 0u32..10);
    parts.prop_map(|((slot, room, online), wanted, people, audience, tens, lot)| {
        let (needs, rooms, setup, teardown, after) = wanted;
        let requirements = Requirements {
            needs: needs.into_iter().map(str::to_owned).collect(),
            rooms,
            setup,
            teardown,
            // How far back, until the session has a number.
            after: after.map(|back| back.to_string()).into_iter().collect(),
        };
        Session {
            id: String::new(),
            kind: "talk".to_owned(),
            track: (lot % 3 > 0).then(|| format!("track {}", lot % 3)),
            online,
            slot,
            minutes: tens.map(|tens| tens * 10),
            room: room.filter(|_| !online).map(|room| name('r', room)),
            people,
            requirements,
            audience,
            free: lot < 7,
        }
    })
}

fn programmes() -> impl Strategy<Value = Material> {
    (vec(room(), ROOMS), vec(person(), PEOPLE), vec(session(), SESSIONS)).prop_map(|(rooms, people, sessions)| {
        let mut material = Material { rooms, people, sessions, marked_both: Vec::new() };
        material.rooms.iter_mut().zip(0..).for_each(|(room, number)| room.id = name('r', number));
        material.people.iter_mut().zip(0..).for_each(|(person, number)| person.id = name('p', number));
        for (number, session) in material.sessions.iter_mut().enumerate() {
            session.id = name('s', number);
            // After earlier ones alone, so that nothing runs in a circle.
            let back = |back: &String| number.checked_sub(back.parse().unwrap());
            session.requirements.after =
                session.requirements.after.iter().filter_map(back).map(|one| name('s', one)).collect();
        }
        material.marked_both = vec![(name('s', 0), name('s', 1), 3), (name('s', 2), name('s', 4), 1)];
        material
    })
}

fn tasks() -> impl Strategy<Value = Task> {
    let of = prop_oneof![(0..ROOMS).prop_map(|at| name('r', at)), (0..PEOPLE).prop_map(|at| name('p', at))];
    let closed = vec((of, times(60, 600)).prop_map(|(id, time)| Closed { id, time }), 0..3);
    let closeness = select(vec![Closeness::Free, Closeness::Close, Closeness::Fewest]);
    let days = option::weighted(0.3, Just(vec![date(2026, 8, 15)]));
    (closed, closeness, days, any::<bool>()).prop_map(|(closed, closeness, days, must)| {
        let mut task = Task { days, closed, closeness, ..Task::default() };
        task.rules.planning.seats = if must { Seats::Must } else { Seats::Should };
        task
    })
}

/// What conflicts are looked for in.
fn placed(material: &Material, at: impl Fn(&Session) -> Option<(Slot, Option<String>)>) -> Vec<Placed> {
    let placed = |session: &Session| {
        let (slot, room) = at(session)?;
        Some(Placed {
            id: session.id.clone(),
            room,
            slot,
            kind: session.kind.clone(),
            audience: session.audience.map(i64::from),
            people: session.people.iter().map(|person| (person.clone(), Role::Participant)).collect(),
            requirements: session.requirements.clone(),
        })
    };
    material.sessions.iter().filter_map(placed).collect()
}

/// What cannot be.
fn impossible(material: &Material, task: &Task, sessions: &[Placed]) -> Vec<Conflict> {
    let facts = Facts {
        rooms: (material.rooms.iter())
            .map(|room| {
                let Room { exclusive, capacity, features, .. } = room.clone();
                (room.id.clone(), RoomFacts { exclusive, capacity, features })
            })
            .collect(),
        room_windows: (material.rooms.iter())
            .filter(|room| !room.windows.is_empty())
            .map(|room| (room.id.clone(), room.windows.clone()))
            .collect(),
        person_windows: (material.people.iter())
            .filter(|person| !person.windows.is_empty())
            .map(|person| (person.id.clone(), person.windows.clone()))
            .collect(),
        ..Facts::default()
    };
    let convention = convention();
    let found = conflicts::find(sessions, &facts, &task.rules, convention.zone(), convention.day_change);
    let seats = task.rules.planning.seats;
    found.conflicts.into_iter().filter(|conflict| conflict.kind.is_impossible(seats)).collect()
}

/// The best of a few thousand proposals, checked independently.
fn solved(problem: &Problem, moves: Option<u32>) -> (Found, Solution) {
    let problem = read(problem);
    let effort =
        Effort { time: Duration::from_secs(60), iterations: Some(3_000), threads: 1.try_into().unwrap(), seed: 1 };
    let found = conman_independent::solve(&problem, Aim { moves, ..Aim::default() }, &effort, &());
    let written = Written { timetable: found.timetable.clone(), reasons: Default::default(), stated: None };
    let solution = serde_json::from_slice(&write_solution(&problem, &written)).unwrap();
    (found, solution)
}

fn read(problem: &Problem) -> conman_scheduler::problem::Problem {
    let document = serde_json::to_vec(problem).unwrap();
    read_problem(&document).unwrap_or_else(|flaws| panic!("{flaws}\n{}", String::from_utf8_lossy(&document)))
}

/// The same timetable costs the same and breaks nothing when the scheduler is told the whole truth; what moves cost is left out of that.
fn assert_told_alike(stated: Stated, found: &Found, solution: &Solution) {
    let Stated { mut problem, truth, .. } = stated;
    let ids = Ids::replaced(&mut problem);
    let mut coded = solution.clone();
    ids.code_all(&mut coded);
    let Explained { problem, held, starts } = truth.told(problem, &ids);
    let text = serde_json::value::to_raw_value(&problem).unwrap();
    let told = read_problem(explained::unfolded(&text, &starts).unwrap().get().as_bytes()).unwrap();
    let document = serde_json::to_vec(&explained::solution(&coded, &held)).unwrap();
    let timetable = read_solution(&told, &document).unwrap().timetable;
    assert_eq!(check::broken(&told, &timetable), []);
    let (mut cost, mut was) = (check::cost(&told, &timetable), found.cost);
    for cost in [&mut cost, &mut was] {
        (cost.terms.moved_time, cost.terms.moved_room) = (0, 0);
    }
    assert_eq!(cost, was);
}

fn overlap(one: Slot, other: Slot) -> bool {
    one.start < other.end && other.start < one.end
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(2026), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_proposed_can_happen(material in programmes(), task in tasks()) {
        let convention = convention();
        let stated = problem::state(&material, &task, &convention);
        let moves = (task.closeness == Closeness::Fewest).then_some(MOVES);
        let (found, solution) = solved(&stated.problem, moves);
        let outcomes = proposal::read(&stated.asked, &stated.calendar, &solution);
        let became: HashMap<&str, (&Asked, &Outcome)> =
            stated.asked.iter().zip(&outcomes).map(|(asked, outcome)| (asked.session.as_str(), (asked, outcome))).collect();
        let is_now = |session: &Session| session.slot.map(|slot| (slot, session.room.clone()));
        let will_be = |session: &Session| match became.get(session.id.as_str()) {
            None | Some((_, Outcome::Kept)) => is_now(session),
            // What lacks a room alone stays at its time.
            Some((asked, Outcome::Unplaced)) => is_now(session).filter(|_| asked.room_only),
            Some((asked, Outcome::Moved { start, room })) => Some((Slot::lasting(*start, asked.seconds).unwrap(), room.clone())),
        };

        // What clashes already may go on to; nothing else clashes.
        let known: HashSet<String> = impossible(&material, &task, &placed(&material, is_now)).into_iter().map(|one| one.id).collect();
        let mut new = impossible(&material, &task, &placed(&material, will_be));
        new.retain(|conflict| !known.contains(&conflict.id));
        prop_assert_eq!(new, []);

        for session in &material.sessions {
            let Some((asked, outcome)) = became.get(session.id.as_str()) else { continue };
            prop_assert!(session.free, "{} does not move", session.id);
            let Some((slot, room)) = will_be(session).filter(|_| **outcome != Outcome::Unplaced) else { continue };
            for closed in &task.closed {
                let around = slot.widened(session.requirements.setup, session.requirements.teardown);
                let is_there = session.people.contains(&closed.id) && overlap(slot, closed.time)
                    || room.as_ref() == Some(&closed.id) && overlap(around, closed.time);
                prop_assert!(!is_there, "{} is there when {} is not", session.id, closed.id);
            }
            let Outcome::Moved { start, .. } = outcome else { continue };
            prop_assert!(session.slot.is_none_or(|was| was.seconds() == slot.seconds()), "{} takes as long as before", session.id);
            let stays = session.slot.is_some_and(|was| was.start == *start);
            prop_assert!(stays || !asked.room_only, "{} keeps its time", session.id);
            let day = convention.day_of(*start);
            prop_assert!(stays || task.days.as_ref().is_none_or(|days| days.contains(&day)), "{} on {day}", session.id);
        }
        let had_a_place = |outcome: &(&Asked, &Outcome)| {
            matches!(outcome.1, Outcome::Moved { .. }) && stated.problem.incumbent.iter().any(|place| place.session == outcome.0.session)
        };
        let moved = became.values().filter(|outcome| had_a_place(outcome)).count();
        prop_assert!(moves.is_none_or(|most| moved <= most as usize), "{moved} moves");
        assert_told_alike(stated, &found, &solution);
    }
}
