//! What the format leaves open and is accepted.

use conman_scheduler::document::read_problem;
use conman_scheduler::problem::{CapacityRule, Pin, Problem, Weights};
use expect_test::{Expect, expect};

fn read(document: &str) -> Problem {
    read_problem(document.as_bytes()).unwrap_or_else(|flaws| panic!("{flaws}"))
}

fn check(shown: &impl std::fmt::Debug, expected: Expect) {
    expected.assert_eq(&format!("{shown:?}"));
}

#[test]
fn the_least_that_is_a_problem() {
    let problem =
        read(r#"{"format": "conman-schedule-problem/1", "days": 1, "slots_per_day": 4, "rooms": [], "sessions": []}"#);
    assert_eq!((problem.name.as_str(), problem.calendar.slot_minutes), ("", 30));
    assert_eq!((problem.capacity, problem.weights), (CapacityRule::Hard, Weights::default()));
    assert!(problem.people.is_empty() && problem.groups.is_empty());
}

#[test]
fn what_is_left_out_allows_everything_and_null_is_left_out() {
    let left_out = read(
        r#"{"sessions": [{"duration": 1, "id": "s"}], "rooms": [{"capacity": 5, "id": "r"}], "people": [{"id": "p"}], "groups": [{"id": "g", "sessions": []}],
            "slots_per_day": 4, "days": 2, "format": "conman-schedule-problem/1"}"#,
    );
    let null = read(
        r#"{"format": "conman-schedule-problem/1", "name": null, "days": 2, "slots_per_day": 4, "slot_minutes": null,
            "rooms": [{"id": "r", "capacity": 5, "features": null, "open": null}],
            "people": [{"id": "p", "available": null, "preferred": null, "max_per_day": null, "min_gap": null}],
            "sessions": [{"id": "s", "duration": 1, "setup": null, "teardown": null, "audience": null, "people": null,
                          "features": null, "rooms": null, "starts": null, "pin": null, "after": null}],
            "conflicts": null, "overlap": null, "incumbent": null, "weights": {"overlap": null},
            "groups": [{"id": "g", "sessions": [], "min_days": null, "compact": null, "same_room": null}]}"#,
    );
    assert_eq!(format!("{left_out:?}"), format!("{null:?}"));
    check(
        &left_out.sessions,
        expect![[
            r#"[Session { id: "s", duration: 1, setup: 0, teardown: 0, audience: 0, people: [], features: [], rooms: None, starts: None, pin: Pin { start: None, room: None }, after: [] }]"#
        ]],
    );
    check(
        &(left_out.rooms, left_out.people),
        expect![[
            r#"([Room { id: "r", capacity: 5, features: [], open: [0..8] }], [Person { id: "p", available: [0..8], preferred: None, max_per_day: None, min_gap: 0 }])"#
        ]],
    );
}

#[test]
fn an_empty_list_allows_nothing() {
    let problem = read(
        r#"{"format": "conman-schedule-problem/1", "days": 2, "slots_per_day": 4, "rooms": [{"id": "r", "capacity": 5, "open": []}],
            "people": [{"id": "p", "available": [], "preferred": []}], "sessions": [{"id": "s", "duration": 1, "rooms": [], "starts": [], "pin": {}}]}"#,
    );
    assert_eq!(problem.rooms[0].open, []);
    assert_eq!((problem.people[0].available.len(), problem.people[0].preferred.clone()), (0, Some(Vec::new())));
    let session = &problem.sessions[0];
    assert_eq!(
        (session.rooms.clone(), session.starts.clone(), session.pin),
        (Some(vec![]), Some(vec![]), Pin::default())
    );
}

#[test]
fn lists_are_put_in_order() {
    let problem = read(
        r#"{"format": "conman-schedule-problem/1", "days": 2, "slots_per_day": 4,
            "rooms": [{"id": "r0", "capacity": 0, "features": ["b", "a", "b"], "open": [[4, 6], [0, 2], [5, 8], [2, 3]]}, {"id": "r1", "capacity": 1000000000}],
            "people": [{"id": "p0"}, {"id": "p1"}],
            "sessions": [{"id": "s0", "duration": 1, "people": ["p1", "p0"], "features": ["c", "a"], "rooms": ["r1", "r0", "r1"], "after": ["s2", "s1", "s2"]},
                         {"id": "s1", "duration": 1}, {"id": "s2", "duration": 1}],
            "conflicts": [["s2", "s0"], ["s1", "s0"], ["s0", "s2"]],
            "overlap": [["s2", "s1", 3], ["s1", "s0", 0], ["s1", "s2", 4], ["s0", "s2", 1]]}"#,
    );
    check(&problem.features, expect![[r#"["b", "a", "c"]"#]]);
    check(&problem.rooms[0], expect![[r#"Room { id: "r0", capacity: 0, features: [0, 1], open: [0..3, 4..8] }"#]]);
    check(
        &problem.sessions[0],
        expect![[
            r#"Session { id: "s0", duration: 1, setup: 0, teardown: 0, audience: 0, people: [0, 1], features: [1, 2], rooms: Some([0, 1]), starts: None, pin: Pin { start: None, room: None }, after: [1, 2] }"#
        ]],
    );
    check(&(problem.conflicts, problem.overlap), expect!["([(0, 1), (0, 2)], [(0, 2, 1), (1, 2, 7)])"]);
}

/// Not for the reader to refuse: the solver leaves one of them unplaced and says why.
#[test]
fn what_cannot_be_placed_is_a_problem_all_the_same() {
    let problem = read(
        r#"{"format": "conman-schedule-problem/1", "days": 1, "slots_per_day": 4, "rooms": [{"id": "r", "capacity": 0}],
            "sessions": [{"id": "s0", "duration": 2, "pin": {"start": 1, "room": "r"}}, {"id": "s1", "duration": 4, "pin": {"start": 3, "room": "r"}},
                         {"id": "s2", "duration": 1, "audience": 7, "features": ["moon"], "starts": [[0, 1]], "pin": {"start": 2}}]}"#,
    );
    assert_eq!(problem.sessions[1].pin, Pin { start: Some(3), room: Some(0) });
}

#[test]
fn escaped_texts_are_the_texts_they_stand_for() {
    let problem = read(
        r#"{"format": "conman-schedule-problem\/1", "days": 1, "slots_per_day": 4, "rooms": [], "sessions": [
            {"id": "gr\u00f6\u00dfe \ud83c\udf89", "duration": 1}, {"id": "b", "duration": 1, "after": ["größe 🎉"]}]}"#,
    );
    assert_eq!(problem.sessions[1].after, [0]);
}
