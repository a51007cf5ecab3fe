//! What contradicts itself is no bad document: as much as can be is placed, and of the rest it is said what stands against it.

use std::time::Duration;

use conman_scheduler::explain::reasons;
use conman_scheduler::solve::{Effort, solve};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::independent::passes;
use crate::problems::read;

/// Two rooms, the second open on the first of two days only, and these sessions of `p` and `q`.
#[track_caller]
fn unplaced(sessions: &Value, expected: Expect) {
    let problem = read(&json!({
        "format": "conman-schedule-problem/1", "days": 2, "slots_per_day": 4,
        "rooms": [{"id": "hall", "capacity": 50, "features": ["stage"]}, {"id": "tent", "capacity": 9, "open": [[0, 4]]}],
        "people": [{"id": "p"}, {"id": "q", "available": [[4, 8]]}],
        "sessions": sessions, "conflicts": [["a", "b"]],
    }));
    let effort =
        Effort { time: Duration::from_secs(60), iterations: Some(1_000), threads: 1.try_into().unwrap(), seed: 1 };
    let found = solve(&problem, &effort, &());
    passes(&problem, &found.timetable, &found.cost);
    let mut text = String::new();
    for (session, reasons) in reasons(&problem, &found.timetable) {
        for reason in reasons {
            text += &format!("{}: {}: {}\n", problem.sessions[session as usize].id, reason.constraint, reason.detail);
        }
    }
    expected.assert_eq(&text);
}

/// Sessions of one slot that are pinned, with something else for the first and the second.
fn pinned(first: [Value; 2], second: [Value; 2]) -> Value {
    let session = |(id, [pin, more]): (&str, [Value; 2])| {
        let mut session = json!({"id": id, "duration": 1, "pin": pin});
        for (key, value) in more.as_object().unwrap() {
            session[key] = value.clone();
        }
        session
    };
    [("a", first), ("b", second)].into_iter().map(session).collect()
}

fn free() -> [Value; 2] {
    [json!({}), json!({})]
}

#[test]
fn two_pins_in_one_place() {
    let there = || [json!({"start": 5, "room": "hall"}), json!({})];
    unplaced(
        &pinned(there(), there()),
        expect![[r#"
        a: pin: it is pinned to room "hall" at slot 5, and there "b" is pinned
    "#]],
    );
}

#[test]
fn a_pin_against_the_sessions_own_rules() {
    let with = |pin: Value, more: Value| pinned([pin, more], free());
    unplaced(
        &with(json!({"room": "tent"}), json!({"rooms": ["hall"]})),
        expect![[r#"
        a: pin: it is pinned to room "tent"; it may only be in "hall": that leaves no place
        a: room_features: it is pinned to room "tent"; it may only be in "hall": that leaves no place
    "#]],
    );
    unplaced(
        &with(json!({"start": 3}), json!({"starts": [[0, 3], [4, 8]]})),
        expect![[r#"
        a: pin: it is pinned to slot 3; it may only start in [0, 3) and [4, 8): that leaves no place
        a: starts: it is pinned to slot 3; it may only start in [0, 3) and [4, 8): that leaves no place
    "#]],
    );
    unplaced(
        &with(json!({"start": 5, "room": "tent"}), json!({})),
        expect![[r#"
        a: pin: it is pinned to room "tent"; it is pinned to slot 5; the rooms it could be in are open [0, 4): that leaves no place
        a: room_open: it is pinned to room "tent"; it is pinned to slot 5; the rooms it could be in are open [0, 4): that leaves no place
    "#]],
    );
    unplaced(
        &with(json!({"start": 3}), json!({"duration": 2})),
        expect![[r#"
            a: pin: it is pinned to slot 3, and no day holds all of it there, with set-up and tear-down
        "#]],
    );
    unplaced(
        &with(json!({"start": 0}), json!({"setup": 1})),
        expect![[r#"
            a: pin: it is pinned to slot 0, and no day holds all of it there, with set-up and tear-down
        "#]],
    );
    unplaced(
        &with(json!({"room": "tent"}), json!({"features": ["stage"]})),
        expect![[r#"
        a: pin: it is pinned to room "tent"; it needs "stage": that leaves no place
        a: room_features: it is pinned to room "tent"; it needs "stage": that leaves no place
    "#]],
    );
    unplaced(
        &with(json!({"room": "tent"}), json!({"audience": 10})),
        expect![[r#"
        a: pin: it is pinned to room "tent"; it expects 10 people: that leaves no place
        a: room_capacity: it is pinned to room "tent"; it expects 10 people: that leaves no place
    "#]],
    );
    unplaced(
        &with(json!({"start": 0}), json!({"people": ["q"]})),
        expect![[r#"
        a: pin: it is pinned to slot 0; "q" is available [4, 8): that leaves no place
        a: person_available: it is pinned to slot 0; "q" is available [4, 8): that leaves no place
    "#]],
    );
}

#[test]
fn two_pins_that_contradict_each_other() {
    let both = |one: u32, other: u32, first: Value, second: Value| {
        let pin = |start: u32, room: &str| json!({"start": start, "room": room});
        pinned([pin(one, "hall"), first], [pin(other, "tent"), second])
    };
    unplaced(
        &both(2, 2, json!({}), json!({})),
        expect![[r#"
        a: pin: it is pinned to room "hall" at slot 2, and there "b" is pinned
    "#]],
    );
    unplaced(
        &both(2, 2, json!({"duration": 2, "people": ["p"]}), json!({"duration": 2, "people": ["p"]})),
        expect![[r#"
            a: pin: it is pinned to room "hall" at slot 2, and there "b" is pinned
        "#]],
    );
    unplaced(
        &both(2, 1, json!({}), json!({"after": ["a"]})),
        expect![[r#"
            a: pin: it is pinned to slot 2; what comes before and after it lets it start only in [0, 1): that leaves no place; "b" comes after "a"; "b" may start in [1, 2)
            a: after: it is pinned to slot 2; what comes before and after it lets it start only in [0, 1): that leaves no place; "b" comes after "a"; "b" may start in [1, 2)
        "#]],
    );
}

#[test]
fn nowhere_and_never() {
    unplaced(
        &pinned([json!({}), json!({"rooms": []})], free()),
        expect![[r#"
        a: room_features: it may be in no room
    "#]],
    );
    unplaced(
        &pinned([json!({}), json!({"starts": []})], free()),
        expect![[r#"
            a: starts: it may never start
        "#]],
    );
    unplaced(
        &pinned([json!({}), json!({"features": ["moon"]})], free()),
        expect![[r#"
        a: room_features: no room has "moon"
    "#]],
    );
    unplaced(
        &pinned([json!({}), json!({"audience": 51})], free()),
        expect![[r#"
        a: room_capacity: it expects 51 people, and the largest room has 50 seats
    "#]],
    );
}
