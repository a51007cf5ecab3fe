//! Documents that are too large, and some that nearly are.

use conman_scheduler::document::{limits, read_problem};
use expect_test::{Expect, expect};

use crate::written::{document, list};

fn session(number: usize) -> String {
    format!(r#"{{"id":"s{number}","duration":1}}"#)
}

#[track_caller]
fn refused(members: &str, expected: Expect) {
    expected.assert_eq(&read_problem(document(members).as_bytes()).unwrap_err().to_string());
}

#[test]
fn too_many_things() {
    let rest = r#""days": 1, "slots_per_day": 4"#;
    let room = |number| format!(r#"{{"id":"r{number}","capacity":1}}"#);
    refused(
        &format!(r#"{rest}, "sessions": [], "rooms": {}"#, list(limits::ROOMS + 1, room)),
        expect!["/rooms/10000: more than 10000 rooms; make the document smaller"],
    );
    let person = |number| format!(r#"{{"id":"p{number}"}}"#);
    let people = list(limits::PEOPLE + 1, person);
    refused(
        &format!(r#"{rest}, "sessions": [], "rooms": [], "people": {people}"#),
        expect!["/people/200000: more than 200000 people; make the document smaller"],
    );
    let sessions = list(limits::SESSIONS + 1, session);
    refused(
        &format!(r#"{rest}, "sessions": {sessions}, "rooms": []"#),
        expect!["/sessions/100000: more than 100000 sessions; make the document smaller"],
    );
    let features = list(limits::FEATURES + 1, |number| format!("\"{number}\""));
    refused(
        &format!(r#"{rest}, "sessions": [], "rooms": [{{"id": "r", "capacity": 1, "features": {features}}}]"#),
        expect!["/rooms/0/features/10000: more than 10000 different features; make the document smaller"],
    );
    let nodes = list(1_000_001, |_| "0".to_owned());
    refused(
        &format!(r#"{rest}, "sessions": [], "rooms": [{nodes}]"#),
        expect!["/rooms/0: is too large; nothing of this size belongs here"],
    );
    refused(
        &format!(r#"{rest}, "sessions": [], "rooms": [], "weights": {nodes}"#),
        expect!["/weights: is too large; nothing of this size belongs here"],
    );
    let long = "x".repeat(20_000);
    refused(
        &format!(r#"{rest}, "{long}": 1, "sessions": [{{"id": "{long}", "duration": 1}}], "rooms": []"#),
        expect![[r#"
            the document: has the unknown key "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"; take it out; known here: format, name, days, slots_per_day, slot_minutes, rooms, people, sessions, conflicts, overlap, groups, capacity, incumbent, weights
            /sessions/0/id: is a text of 20000 bytes; use 10000 at most"#]],
    );
}

/// Short documents that ask for tables of many gigabytes.
#[test]
fn what_a_search_would_keep_tables_of() {
    let rooms = |count| list(count, |number| format!(r#"{{"id":"r{number}","capacity":1}}"#));
    let people = |count| list(count, |number| format!(r#"{{"id":"p{number}"}}"#));
    let groups = |count| {
        list(count, |number| format!(r#"{{"id":"g{number}","sessions":["s0"],"compact":true,"same_room":true}}"#))
    };
    let day = r#""days": 1, "slots_per_day": 4"#;
    let weeks = r#""days": 14, "slots_per_day": 1440"#;
    refused(
        &format!(r#"{weeks}, "sessions": {}, "rooms": []"#, list(20_000, session)),
        expect![
            "/sessions: 20000 sessions times 20160 slots are more than 50000000; make slots longer, or solve days or parts of the programme one by one"
        ],
    );
    refused(
        &format!(r#"{day}, "sessions": {}, "rooms": {}"#, list(20_000, session), rooms(2_000)),
        expect![
            "/sessions: 20000 sessions times 2000 rooms are more than 20000000; make slots longer, or solve days or parts of the programme one by one"
        ],
    );
    refused(
        &format!(r#"{weeks}, "sessions": [], "rooms": {}, "people": {}"#, rooms(10_000), people(10_000)),
        expect![[r#"
            /rooms: 10000 rooms times 20160 slots are more than 20000000; make slots longer, or solve days or parts of the programme one by one
            /people: 10000 people times 20160 slots are more than 50000000; make slots longer, or solve days or parts of the programme one by one"#]],
    );
    refused(
        &format!(r#"{weeks}, "sessions": [{}], "rooms": {}, "groups": {}"#, session(0), rooms(900), groups(100_000)),
        expect![[r#"
            /groups: 100000 groups times 20160 slots are more than 10000000; make slots longer, or solve days or parts of the programme one by one
            /groups: 100000 groups times 900 rooms are more than 20000000; make slots longer, or solve days or parts of the programme one by one"#]],
    );
    let lengths = list(400, |number| format!(r#"{{"id":"s{number}","duration":{}}}"#, number + 1));
    refused(
        &format!(r#"{weeks}, "sessions": {lengths}, "rooms": {}"#, rooms(500)),
        expect![
            "/sessions: 400 different lengths times 500 rooms times 20160 slots are more than 2000000000; make slots longer, so that lengths are fewer"
        ],
    );
    let conflicts = list(65_536, |number| format!(r#"["s0","s{}"]"#, number + 1));
    refused(
        &format!(r#"{day}, "sessions": {}, "rooms": [], "conflicts": {conflicts}"#, list(65_537, session)),
        expect![[r#"/conflicts: "s0" is in 65536 pairs, and 65535 is the most; say with "starts" when it can be"#]],
    );
}

#[test]
fn costs_that_would_overflow() {
    let rest = r#""days": 1, "slots_per_day": 4, "rooms": []"#;
    let sessions = list(1_100, session);
    let overlap = list(1_001, |number| format!(r#"["s0","s{}",1000000]"#, number + 1));
    refused(
        &format!(r#"{rest}, "sessions": {sessions}, "overlap": {overlap}"#),
        expect![[
            r#"/overlap: all pairs of "s0" could cost 1001000000, and 1000000000 is the most; make their numbers or the weight of "overlap" smaller"#
        ]],
    );
    refused(
        &format!(
            r#"{rest}, "sessions": {sessions}, "overlap": [["s3", "s4", 1001]], "weights": {{"overlap": 1000000}}"#
        ),
        expect![[r#"
            /overlap: all pairs of "s3" could cost 1001000000, and 1000000000 is the most; make their numbers or the weight of "overlap" smaller
            /overlap: all pairs of "s4" could cost 1001000000, and 1000000000 is the most; make their numbers or the weight of "overlap" smaller"#]],
    );
    refused(
        &format!(
            r#"{rest}, "sessions": {sessions}, "overlap": [["s3", "s4", 1000001]], "weights": {{"overlap": 1000001}}"#
        ),
        expect![[r#"
            /overlap/0/2: is 1000001; write a whole number from 0 to 1000000
            /weights/overlap: is 1000001; write a whole number from 0 to 1000000"#]],
    );
    let wishes = |weight: u32| {
        format!(
            r#""days": 1, "slots_per_day": 1000, "rooms": [], "weights": {{"unpreferred": {weight}}},
            "people": [{{"id": "p0", "preferred": [[0, 1]]}}, {{"id": "p1", "preferred": []}}, {{"id": "p2"}}],
            "sessions": [{{"id": "s0", "duration": 501, "people": ["p0", "p1", "p2"]}}]"#
        )
    };
    refused(
        &wishes(1_000_000),
        expect![[
            r#"/sessions/0: could cost 1002000000 for the slots that its people do not prefer, and 1000000000 is the most; make the weight of "unpreferred" smaller"#
        ]],
    );
    assert!(read_problem(document(&wishes(990_000)).as_bytes()).is_ok());
    let large = |number| format!(r#"{{"id":"s{number}","duration":1,"audience":1000000000}}"#);
    let sessions = list(10_000, large);
    let overflow = r#""capacity": "soft", "weights": {"overflow": 1000000}"#;
    refused(
        &format!(r#"{rest}, {overflow}, "sessions": {sessions}"#),
        expect![
            "/weights: the soft cost could reach 10000000000000000000, and 9223372036854775807 is the most; make weights smaller"
        ],
    );
    let members = format!(r#"{rest}, {overflow}, "sessions": {}"#, list(9_000, large));
    assert!(read_problem(document(&members).as_bytes()).is_ok());
}

#[test]
fn as_many_sessions_as_there_may_be() {
    let (sessions, people) =
        (list(limits::SESSIONS, session), list(limits::PEOPLE, |number| format!(r#"{{"id":"p{number}"}}"#)));
    let members = format!(r#""days": 1, "slots_per_day": 4, "rooms": [], "sessions": {sessions}, "people": {people}"#);
    let problem = read_problem(document(&members).as_bytes()).unwrap();
    assert_eq!((problem.sessions.len(), problem.people.len()), (limits::SESSIONS, limits::PEOPLE));
}

#[test]
fn nesting_without_end() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for many in [200, 1_000_000] {
            let deep = format!("{}0{}", open.repeat(many), close.repeat(many));
            for key in ["name", "rooms", "overlap", "more"] {
                let members = format!(r#""{key}": [{deep}]"#);
                let flaws = read_problem(document(&members).as_bytes()).unwrap_err().to_string();
                let nested = flaws.contains("nested too deeply");
                assert!(nested || key == "more", "{flaws}");
            }
        }
    }
    refused(
        &format!(r#""rooms": [{}"#, "[".repeat(1000)),
        expect![
            "/rooms/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0: lists and objects are nested too deeply; nothing of the format nests more than five deep"
        ],
    );
}

/// Ninety thousand sessions, each of which closes ten circles.
#[test]
fn circles_without_end() {
    let session = |number: usize| {
        let last = number + 1 == 90_000;
        let others = list(if last { 11 } else { 10 }, |other| format!("\"s{other}\""));
        let next = if last { String::new() } else { format!(",\"s{}\"", number + 1) };
        format!(r#"{{"id":"s{number}","duration":1,"after":{}{next}]}}"#, others.trim_end_matches(']'))
    };
    let members = format!(r#""days": 1, "slots_per_day": 4, "rooms": [], "sessions": {}"#, list(90_000, session));
    let flaws = read_problem(document(&members).as_bytes()).unwrap_err();
    expect![[r#"
        /sessions/1/after: runs in a circle: "s1" after "s2" after "s1"; take one of these out
        … and 899936 more"#]]
    .assert_eq(&format!("{}\n… and {} more", flaws.first[12], flaws.more));
}
