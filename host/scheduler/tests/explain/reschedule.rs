//! After a change, with so many moves at most: the best there is of small problems, and what is promised of all.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use conman_scheduler::check;
use conman_scheduler::explain::reschedule;
use conman_scheduler::problem::Problem;
use conman_scheduler::solve::{Effort, Found, Watch, solve};
use conman_scheduler::timetable::Timetable;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use crate::brute_force::optimum;
use crate::diary::{Diary, effort, rank};
use crate::independent::passes;
use crate::problems::{Size, problems, read};

/// The incumbent as far as it can stay: those that the problem names first, if not all can.
pub(crate) fn stay(problem: &Problem) -> Timetable {
    let mut stay = Timetable::empty(problem);
    for (session, home) in problem.incumbent.iter().enumerate() {
        stay.places[session] = *home;
        if !check::broken(problem, &stay).is_empty() {
            stay.places[session] = None;
        }
    }
    stay
}

/// Sessions of the incumbent that have another place, or that have none though they could have stayed.
pub(crate) fn moves(problem: &Problem, stay: &Timetable, timetable: &Timetable) -> usize {
    let has_moved = |session: &usize| match (problem.incumbent[*session], timetable.places[*session]) {
        (Some(was), Some(is)) => was != is,
        (Some(_), None) => stay.places[*session].is_some(),
        (None, _) => false,
    };
    (0..problem.sessions.len()).filter(has_moved).count()
}

/// None is worse than the one before, none has too many moves, and the last is what was answered.
fn assert_sound(diary: Diary, problem: &Problem, stay: &Timetable, most: usize, answer: &Found) {
    let told = diary.found.into_inner().unwrap();
    for found in &told {
        assert_eq!(check::cost(problem, &found.timetable), found.cost);
        passes(problem, &found.timetable, &found.cost);
        assert!(moves(problem, stay, &found.timetable) <= most);
    }
    for pair in told.windows(2) {
        assert!(rank(pair[1].cost) <= rank(pair[0].cost) && pair[0].elapsed <= pair[1].elapsed);
    }
    let last = told.last().unwrap();
    assert_eq!((&last.timetable, last.cost), (&answer.timetable, answer.cost));
}

fn best(problem: &Problem, most: usize, effort: &Effort) -> Found {
    let diary = Diary::default();
    let found = reschedule(problem, most, None, effort, &diary);
    assert_sound(diary, problem, &stay(problem), most, &found);
    found
}

/// Room r0 closes, where x is, who could only go to r1. At its time y is there, who could only make way into r2.
fn tie() -> Problem {
    read(&json!({
        "format": "conman-schedule-problem/1", "days": 1, "slots_per_day": 4, "slot_minutes": 30,
        "rooms": [{"id": "r0", "capacity": 10, "open": []}, {"id": "r1", "capacity": 10}, {"id": "r2", "capacity": 10}],
        "sessions": [
            {"id": "x", "duration": 2, "rooms": ["r0", "r1"]},
            {"id": "y", "duration": 2, "rooms": ["r1", "r2"], "starts": [[0, 1]]},
            {"id": "z", "duration": 2, "rooms": ["r2"], "starts": [[2, 3]]},
        ],
        "overlap": [["x", "z", 5]],
        "incumbent": [
            {"session": "x", "start": 0, "room": "r0"}, {"session": "y", "start": 0, "room": "r1"}, {"session": "z", "start": 2, "room": "r2"},
        ],
    }))
}

#[test]
fn another_time_and_room_is_one_move_and_two_other_rooms_are_two() {
    let problem = tie();
    for (most, cost) in [(0, (1, 0)), (1, (0, 5)), (2, (0, 0)), (100, (0, 0))] {
        assert_eq!(rank(best(&problem, most, &effort(2_000, 1)).cost), cost, "with {most} moves");
    }
}

#[test]
fn with_no_move_everything_stays_that_can_and_what_is_new_has_a_place() {
    let mut problem = tie();
    // New, and there are two places for it.
    problem.incumbent[2] = None;
    problem.sessions[2].rooms = None;
    let found = best(&problem, 0, &effort(2_000, 1));
    let places = &found.timetable.places;
    assert_eq!((rank(found.cost), places[0], places[1]), ((1, 0), None, problem.incumbent[1]));
    // Nobody is thrown out for it.
    problem.sessions[2].rooms = Some(vec![1]);
    problem.sessions[2].starts = problem.sessions[1].starts.clone();
    let found = best(&problem, 0, &effort(2_000, 1));
    assert_eq!((found.cost.unplaced, found.timetable.places[1]), (2, problem.incumbent[1]));
}

#[test]
fn what_was_found_before_does_not_get_worse_and_what_had_too_many_moves_is_taken_back() {
    let problem = tie();
    let two = best(&problem, 2, &effort(2_000, 1));
    for most in [2, 3] {
        assert_eq!(rank(reschedule(&problem, most, Some(&two.timetable), &effort(1, 1), &()).cost), rank(two.cost));
    }
    let one = reschedule(&problem, 1, Some(&two.timetable), &effort(1, 1), &());
    assert!(moves(&problem, &stay(&problem), &one.timetable) <= 1);
    passes(&problem, &one.timetable, &one.cost);
}

#[test]
fn moves_that_buy_nothing_are_not_made() {
    // Who is new has its place free of charge, whoever moves.
    let sessions: Vec<_> = (0..12).map(|at| json!({"id": format!("s{at}"), "duration": 1})).collect();
    let incumbent: Vec<_> = (0..11).map(|at| json!({"session": format!("s{at}"), "start": at, "room": "r0"})).collect();
    let problem = read(&json!({
        "format": "conman-schedule-problem/1", "days": 1, "slots_per_day": 30, "slot_minutes": 30,
        "rooms": [{"id": "r0", "capacity": 10}], "sessions": sessions, "incumbent": incumbent,
        "overlap": [["s0", "s1", 1]], "groups": [{"id": "g", "sessions": ["s0", "s11"], "min_days": 2}],
    }));
    // Nothing can mend the one wish that is broken.
    let from = solve(&problem, &effort(2_000, 1), &());
    let elsewhere = Timetable { places: from.timetable.places.iter().rev().copied().collect() };
    let found = reschedule(&problem, 8, Some(&elsewhere), &effort(2_000, 1), &());
    assert_eq!((found.cost.unplaced, found.cost.soft(), moves(&problem, &stay(&problem), &found.timetable)), (0, 5, 0));
}

/// A small problem after a change, and so many moves. Where sessions are is possible but for the change, or is not.
fn changed() -> impl Strategy<Value = (Value, u32, u64, usize)> {
    (problems(Size::SMALL), 0..4u32, any::<u64>(), 0..4usize)
}

proptest! {
    // The same problems every time: what finds an optimum within a number of proposals by chance may miss another's.
    #![proptest_config(ProptestConfig { cases: 150, rng_seed: RngSeed::Fixed(2026), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_timetable_with_as_few_moves_is_better((document, change, seed, most) in changed()) {
        let mut problem = read(&document);
        if change > 0 {
            problem.incumbent = solve(&problem, &effort(50, seed), &()).timetable.places;
        }
        match change {
            1 => problem.rooms[0].open.clear(),
            2 => problem.people[0].available.clear(),
            3 => problem.incumbent[0] = None,
            _ => {}
        }
        let found = best(&problem, most, &effort(20_000, 1));
        let stay = stay(&problem);
        let optimum = optimum(&problem, &|timetable| moves(&problem, &stay, timetable) <= most).unwrap();
        prop_assert_eq!(rank(found.cost), (optimum.unplaced, optimum.soft()), "{} moves, change {}, {}", most, change, document);
    }
}

/// As large as the largest conventions.
fn large() -> Problem {
    convention(3_460, 60)
}

/// So many sessions on five days in so many rooms, one of which closes.
fn convention(count: usize, halls: usize) -> Problem {
    let rooms: Vec<_> =
        (0..halls).map(|room| json!({"id": format!("r{room}"), "capacity": 20 + room % 7 * 30})).collect();
    let sessions: Vec<_> = (0..count)
        .map(|at| json!({"id": format!("s{at}"), "duration": 2, "audience": at * 37 % 150, "people": [format!("p{at}")]}))
        .collect();
    let people: Vec<_> = (0..count).map(|at| json!({"id": format!("p{at}")})).collect();
    let overlap: Vec<_> = (0..count)
        .flat_map(|a| (1..60).map(move |step| (a, (a * 31 + step * step * 97) % count)))
        .filter(|(a, b)| a != b)
        .map(|(a, b)| json!([format!("s{a}"), format!("s{b}"), 1 + (a * b) % 9]))
        .collect();
    let groups: Vec<_> = (0..40)
        .map(|group| {
            let sessions: Vec<_> = (group..count).step_by(40).map(|at| format!("s{at}")).collect();
            json!({"id": format!("g{group}"), "sessions": sessions, "compact": true, "same_room": true})
        })
        .collect();
    let incumbent: Vec<_> = (0..count)
        .map(|at| json!({"session": format!("s{at}"), "start": at / halls * 4, "room": format!("r{}", at % halls)}))
        .collect();
    let mut problem = read(&json!({
        "format": "conman-schedule-problem/1", "days": 5, "slots_per_day": 48, "slot_minutes": 30, "capacity": "soft",
        "rooms": rooms, "people": people, "sessions": sessions, "overlap": overlap, "groups": groups, "incumbent": incumbent,
    }));
    problem.rooms[7].open.clear();
    problem
}

/// Takes its time whenever it is told of something.
struct Slow;

impl Watch for Slow {
    fn better(&self, _found: &Found) {
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_same_seed_gives_the_same_timetable_however_slow_anything_is() {
    let problem = convention(600, 20);
    let quick = reschedule(&problem, 32, None, &effort(100_000, 1), &());
    let slow = reschedule(&problem, 32, None, &effort(100_000, 1), &Slow);
    assert_eq!((rank(quick.cost), quick.iterations), (rank(slow.cost), slow.iterations));
    assert!(quick.timetable == slow.timetable);
}

#[test]
fn a_large_convention_is_answered_in_time_and_at_once_when_cancelled() {
    const CLOSED: u32 = 58;
    let problem = large();
    let mut stay = Timetable { places: problem.incumbent.clone() };
    stay.places.iter_mut().skip(7).step_by(60).for_each(|place| *place = None);
    assert!(check::broken(&problem, &stay).is_empty() && stay.unplaced().count() == CLOSED as usize);
    for (most, unplaced) in [(20, CLOSED - 20), (70, 0)] {
        let time = Duration::from_secs(2);
        // What else the machine does is not the search's: one of three tries has to be as is said.
        let as_said = (0..3).any(|_| {
            let diary = Diary::default();
            let began = Instant::now();
            let found = reschedule(&problem, most, None, &Effort { iterations: None, time, ..effort(0, 1) }, &diary);
            let took = began.elapsed();
            let first = diary.found.lock().unwrap()[0].elapsed;
            assert_sound(diary, &problem, &stay, most, &found);
            first < time / 10 && took < time + time / 20 && found.cost.unplaced == unplaced
        });
        assert!(as_said, "{most} moves");
    }
    let diary = Diary::default();
    let late = std::thread::scope(|scope| {
        let searching = scope.spawn(|| {
            reschedule(&problem, 70, None, &Effort { iterations: None, ..effort(0, 1) }, &diary);
            Instant::now()
        });
        let all_placed = || diary.found.lock().unwrap().last().is_some_and(|found| found.cost.unplaced == 0);
        while !all_placed() {
            std::thread::yield_now();
        }
        let asked = Instant::now();
        diary.cancelled.store(true, Ordering::Relaxed);
        searching.join().unwrap().saturating_duration_since(asked)
    });
    assert!(late < Duration::from_secs(1), "{late:?}");
}
