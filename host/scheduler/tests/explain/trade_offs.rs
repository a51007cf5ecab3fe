//! After a change: few moves, and what more of them buy.

use conman_scheduler::check;
use conman_scheduler::explain::{TradeOff, trade_offs};
use conman_scheduler::problem::Problem;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::diary::effort;
use crate::independent::passes;
use crate::problems::{Size, problems, read};
use crate::reschedule::{moves, stay};

fn assert_sound(problem: &Problem, all: &[TradeOff]) {
    assert_eq!(all[0].moves, 0);
    let mut plain = problem.clone();
    (plain.weights.moved_time, plain.weights.moved_room) = (0, 0);
    let stay = stay(problem);
    for one in all {
        let cost = check::cost(&plain, &one.timetable);
        passes(&plain, &one.timetable, &cost);
        assert_eq!((cost.unplaced, cost.soft()), (one.unplaced, one.soft));
        assert_eq!(moves(problem, &stay, &one.timetable), one.moves);
    }
    for pair in all.windows(2) {
        assert!(pair[0].moves < pair[1].moves);
        assert!((pair[1].unplaced, pair[1].soft) < (pair[0].unplaced, pair[0].soft));
    }
}

/// Three rooms of four sessions; the first four sessions are in the first.
fn placed() -> Value {
    let at = |number: usize| json!({"session": format!("s{number}"), "start": 2 * (number % 4), "room": format!("r{}", number / 4)});
    json!({
        "format": "conman-schedule-problem/1", "days": 1, "slots_per_day": 16, "slot_minutes": 30,
        "rooms": (0..3).map(|room| json!({"id": format!("r{room}"), "capacity": 10})).collect::<Vec<_>>(),
        "sessions": (0..12).map(|number| json!({"id": format!("s{number}"), "duration": 2})).collect::<Vec<_>>(),
        "overlap": [["s4", "s8", 5]],
        "incumbent": (0..12).map(at).collect::<Vec<_>>(),
    })
}

#[test]
fn where_nothing_has_changed_and_nothing_is_wished_for_nothing_moves() {
    let mut document = placed();
    document["overlap"] = json!([]);
    let problem = read(&document);
    let all = trade_offs(&problem, &effort(5_000, 1), &());
    assert_sound(&problem, &all);
    assert_eq!((all.len(), all[0].moves, all[0].unplaced, all[0].soft), (1, 0, 0, 0));
    assert_eq!(all[0].timetable.places, problem.incumbent);
}

#[test]
fn when_a_room_closes_only_who_was_in_it_moves_and_one_more_mends_a_wish() {
    let mut document = placed();
    document["rooms"][0]["open"] = json!([]);
    let problem = read(&document);
    let all = trade_offs(&problem, &effort(20_000, 1), &());
    assert_sound(&problem, &all);
    let told: Vec<_> = all.iter().map(|one| (one.moves, one.unplaced, one.soft)).collect();
    assert_eq!(told, [(0, 4, 5), (1, 3, 5), (2, 2, 5), (3, 1, 5), (4, 0, 5), (5, 0, 0)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_trade_off_is_what_it_says_and_worth_its_moves(
        document in problems(Size { days: 2, slots_per_day: 6, rooms: 3, people: 5, sessions: 16 })
    ) {
        let mut problem = read(&document);
        let before = conman_scheduler::solve(&problem, &effort(300, 1), &());
        problem.incumbent.clone_from(&before.timetable.places);
        // Something changes.
        problem.rooms[0].open.clear();
        assert_sound(&problem, &trade_offs(&problem, &effort(2_000, 1), &()));
    }
}
