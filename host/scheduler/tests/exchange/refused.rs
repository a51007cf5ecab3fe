//! What is wrong with documents, in the words of the reader.

use conman_scheduler::document::read_problem;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

/// A problem with everything in it, for one thing at a time to be changed.
fn good() -> Value {
    json!({
        "format": "conman-schedule-problem/1", "name": "good", "days": 2, "slots_per_day": 8, "slot_minutes": 30,
        "rooms": [{"id": "r0", "capacity": 10, "features": ["projector"], "open": [[0, 8]]}, {"id": "r1", "capacity": 20}],
        "people": [{"id": "p0", "available": [[0, 8]], "preferred": [[0, 4]], "max_per_day": 2, "min_gap": 1}, {"id": "p1"}],
        "sessions": [
            {"id": "s0", "duration": 2, "setup": 1, "teardown": 1, "audience": 5, "people": ["p0", "p1"], "features": ["projector"],
             "rooms": ["r0"], "starts": [[0, 4]], "pin": {"start": 3, "room": "r0"}, "after": ["s1"]},
            {"id": "s1", "duration": 1},
            {"id": "s2", "duration": 1, "after": ["s1"]},
        ],
        "conflicts": [["s0", "s1"]],
        "overlap": [["s0", "s2", 3]],
        "groups": [{"id": "g0", "sessions": ["s0", "s2"], "min_days": 2, "compact": true, "same_room": true}],
        "capacity": "hard",
        "incumbent": [{"session": "s0", "start": 3, "room": "r0"}],
        "weights": {"overlap": 1},
    })
}

#[track_caller]
fn text(document: &[u8], expected: Expect) {
    expected.assert_eq(&read_problem(document).unwrap_err().to_string());
}

/// The good problem with something else in one place: by JSON pointer, where a new key is added.
#[track_caller]
fn with<const N: usize>(changes: [(&str, Value); N], expected: Expect) {
    let mut document = good();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Object(object) => _ = object.insert(key.replace("~1", "/"), value),
            Value::Array(list) => match list.get_mut(key.parse::<usize>().unwrap()) {
                Some(element) => *element = value,
                None => list.push(value),
            },
            other => panic!("{other} at {parent}"),
        }
    }
    text(document.to_string().as_bytes(), expected);
}

#[test]
fn the_good_one_is_good() {
    read_problem(good().to_string().as_bytes()).unwrap();
}

#[test]
fn no_json() {
    text(
        b"",
        expect!["the document: EOF while parsing a value at line 1 column 0; the document is cut off; send all of it"],
    );
    text(b"[]", expect![[r#"the document: is no object; write {"format": "conman-schedule-problem/1", …}"#]]);
    text(b"null", expect![[r#"the document: is no object; write {"format": "conman-schedule-problem/1", …}"#]]);
    text(
        b"{\"format\": \"conman-schedule-problem/1\",",
        expect!["the document: EOF while parsing a value at line 1 column 39; the document is cut off; send all of it"],
    );
    text(
        b"{\"format\": \"conman-schedule-problem/1\", \"rooms\": [{\"id\": \"r0\", \"open\": [[0, 1], [2",
        expect![
            "/rooms/0/open/1/1: EOF while parsing a list at line 1 column 82; the document is cut off; send all of it"
        ],
    );
    text(
        b"{\"format\": \"conman-schedule-problem/1\", \"days\": NaN}",
        expect![
            "/days: expected value at line 1 column 49; mend the JSON there; NaN, Infinity and comments are no JSON"
        ],
    );
    text(
        b"{\"format\": \"conman-schedule-problem/1\", \"rooms\": [{\"capacity\": 1e999}]}",
        expect![[r#"
        the document: has no "days"; add it
        the document: has no "slots_per_day"; add it
        /rooms/0/capacity: number out of range at line 1 column 68; write a whole number"#]],
    );
    text(
        b"{\"format\": \"conman-schedule-problem/1\", \"rooms\": [{\"capacity\": 01}]}",
        expect![
            "/rooms/0/capacity: invalid number at line 1 column 65; mend the JSON there; NaN, Infinity and comments are no JSON"
        ],
    );
    text(
        b"{\"format\": \"conman-schedule-problem/1\", \"rooms\": [{\"id\": \"\\ud800\"}]}",
        expect![[r#"
        the document: has no "days"; add it
        the document: has no "slots_per_day"; add it
        /rooms/0/id: unexpected end of hex escape at line 1 column 65; mend the JSON there; NaN, Infinity and comments are no JSON"#]],
    );
    text(
        b"{\"format\": \"conman-schedule-problem/1\", \"rooms\": [{\"id\": \"a\nb\"}]}",
        expect![[
            r#"/rooms/0/id: control character (\u0000-\u001F) found while parsing a string at line 2 column 0; mend the JSON there; NaN, Infinity and comments are no JSON"#
        ]],
    );
    text(
        b"{\"format\": \"conman-schedule-problem/1\"} {}",
        expect![
            "the document: trailing characters at line 1 column 41; mend the JSON there; NaN, Infinity and comments are no JSON"
        ],
    );
    text(b"\xef\xbb\xbf{}", expect!["the document: begins with a byte order mark; save it as UTF-8 without one"]);
    text(b"{\"format\": \"\xff\"}", expect!["the document: byte 12 is not UTF-8; save it as UTF-8"]);
    text(
        "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().as_slice(),
        expect!["the document: byte 0 is not UTF-8; save it as UTF-8"],
    );
}

/// What other programs write where a number is too large for them, or is none.
#[test]
fn numbers_that_are_none() {
    for (number, expected) in [
        (
            "NaN",
            expect![
                "/weights/overlap: expected value at line 1 column 800; mend the JSON there; NaN, Infinity and comments are no JSON"
            ],
        ),
        (
            "-Infinity",
            expect![
                "/weights/overlap: invalid number at line 1 column 801; mend the JSON there; NaN, Infinity and comments are no JSON"
            ],
        ),
        ("1e999", expect!["/weights/overlap: number out of range at line 1 column 804; write a whole number"]),
        ("-1e999", expect!["/weights/overlap: number out of range at line 1 column 805; write a whole number"]),
        ("1e308", expect!["/weights/overlap: is 1e308; write a whole number from 0 to 1000000"]),
        ("-0", expect!["/weights/overlap: is -0.0; write a whole number from 0 to 1000000"]),
        ("0.0", expect!["/weights/overlap: is 0.0; write a whole number from 0 to 1000000"]),
        ("1e2", expect!["/weights/overlap: is 100.0; write a whole number from 0 to 1000000"]),
        ("\"NaN\"", expect![[r#"/weights/overlap: is the text "NaN"; write a whole number from 0 to 1000000"#]]),
        (
            "9223372036854775807",
            expect!["/weights/overlap: is 9223372036854775807; write a whole number from 0 to 1000000"],
        ),
        (
            "18446744073709551615",
            expect!["/weights/overlap: is 18446744073709551615; write a whole number from 0 to 1000000"],
        ),
        (
            "18446744073709551616",
            expect!["/weights/overlap: is 1.8446744073709552e19; write a whole number from 0 to 1000000"],
        ),
        (
            "-9223372036854775809",
            expect!["/weights/overlap: is -9.223372036854776e18; write a whole number from 0 to 1000000"],
        ),
    ] {
        let document = good().to_string().replace("\"overlap\":1", &format!("\"overlap\":{number}"));
        text(document.as_bytes(), expected);
    }
}

#[test]
fn another_format() {
    with(
        [("/format", json!("conman-schedule-problem/2"))],
        expect![[r#"/format: is "conman-schedule-problem/2"; only "conman-schedule-problem/1" is read here"#]],
    );
    with(
        [("/format", json!("conman-schedule-solution/1")), ("/assignments", json!([]))],
        expect![[r#"/format: is "conman-schedule-solution/1"; only "conman-schedule-problem/1" is read here"#]],
    );
    with([("/format", json!(1))], expect![[r#"/format: is no text; only "conman-schedule-problem/1" is read here"#]]);
    text(b"{}", expect![[r#"/format: is missing; only "conman-schedule-problem/1" is read here"#]]);
}

#[test]
fn keys() {
    with(
        [("/room", json!([])), ("/a~1b", json!(1))],
        expect![[r#"
        /a~1b: is an unknown key; take it out; known here: format, name, days, slots_per_day, slot_minutes, rooms, people, sessions, conflicts, overlap, groups, capacity, incumbent, weights
        /room: is an unknown key; take it out; known here: format, name, days, slots_per_day, slot_minutes, rooms, people, sessions, conflicts, overlap, groups, capacity, incumbent, weights"#]],
    );
    with(
        [("/sessions/0/lenght", json!(1)), ("/sessions/0/pin/end", json!(1))],
        expect![[r#"
        /sessions/0/lenght: is an unknown key; take it out; known here: id, duration, setup, teardown, audience, people, features, rooms, starts, pin, after
        /sessions/0/pin/end: is an unknown key; take it out; known here: start, room"#]],
    );
    with(
        [("/weights/beauty", json!(1)), ("/groups/0/size", json!(1)), ("/people/1/name", json!("x"))],
        expect![[r#"
            /people/1/name: is an unknown key; take it out; known here: id, available, preferred, max_per_day, min_gap
            /groups/0/size: is an unknown key; take it out; known here: id, sessions, min_days, compact, same_room
            /weights/beauty: is an unknown key; take it out; known here: overlap, overflow, missing_day, isolated, extra_room, unpreferred, over_day_limit, short_gap, moved_time, moved_room"#]],
    );
    text(
        b"{\"format\": \"conman-schedule-problem/1\"}",
        expect![[r#"
        the document: has no "days"; add it
        the document: has no "slots_per_day"; add it
        the document: has no "rooms"; add it
        the document: has no "sessions"; add it"#]],
    );
    text(
        br#"{"format": "conman-schedule-problem/1", "days": 1, "slots_per_day": 4, "days": 1, "rooms": [{"id": "r", "capacity": 1, "id": "q"}, {}], "sessions": null}"#,
        expect![[r#"
            /days: is in this object twice; write it once
            /rooms/0/id: is in this object twice; write it once
            /rooms/1: has no "id"; add it
            /rooms/1: has no "capacity"; add it
            the document: has no "sessions"; add it"#]],
    );
}

#[test]
fn wrong_types() {
    with(
        [
            ("/rooms/0", json!("r0")),
            ("/rooms/1/capacity", json!("20")),
            ("/people", json!({})),
            ("/sessions/0/duration", json!(2.5)),
            ("/sessions/0/setup", json!(-1)),
            ("/sessions/0/teardown", json!(true)),
            ("/sessions/0/audience", json!(1.0)),
            ("/sessions/0/people", json!("p0")),
            ("/sessions/0/features", json!([1])),
            ("/sessions/0/starts", json!([0, 1])),
            ("/sessions/0/pin", json!(3)),
            ("/sessions/1/id", json!(null)),
        ],
        expect![[r#"
            /rooms/0: is the text "r0"; write an object
            /rooms/1/capacity: is the text "20"; write a whole number from 0 to 1000000000
            /people: is no list; write [ … ]
            /sessions/0/duration: is 2.5; write a whole number from 1 to 1000000
            /sessions/0/setup: is -1; write a whole number from 0 to 1000000
            /sessions/0/teardown: is true; write a whole number from 0 to 1000000
            /sessions/0/audience: is 1.0; write a whole number from 0 to 1000000000
            /sessions/0/people: is the text "p0"; write a list
            /sessions/0/features/0: is 1; write a text
            /sessions/0/starts/0: is 0; write [from, to], the first slot and the one after the last
            /sessions/0/starts/1: is 1; write [from, to], the first slot and the one after the last
            /sessions/0/pin: is 3; write an object
            /sessions/1: has no "id"; add it"#]],
    );
    with(
        [
            ("/groups/0/compact", json!(1)),
            ("/capacity", json!("firm")),
            ("/weights", json!([])),
            ("/conflicts/0", json!(["s0"])),
            ("/overlap/0", json!(["s0", "s2"])),
            ("/overlap/1", json!(["s0", "s2", 3, 4])),
            ("/overlap/2", json!([1, null, "3"])),
            ("/incumbent/0", json!(null)),
            ("/name", json!(7)),
        ],
        expect![[r#"
            /name: is 7; write a text
            /conflicts/0: is a list of 1; write [session, session]
            /overlap/0: is a list of 2; write [session, session, number]
            /overlap/1: is a list of 4; write [session, session, number]
            /overlap/2/2: is the text "3"; write a whole number from 0 to 1000000
            /overlap/2/0: is 1; write the id of a session
            /overlap/2/1: is null; write the id of a session
            /groups/0/compact: is 1; write true or false
            /capacity: is the text "firm"; write "hard" or "soft"
            /incumbent/0: is null; write an object
            /weights: is a list of 0; write an object"#]],
    );
    with(
        [("/sessions/0/pin", json!({"start": null, "room": null})), ("/capacity", json!(null))],
        expect![[r#"
            /sessions/0/pin/start: is null; write a whole number from 0 to 1000000
            /sessions/0/pin/room: is null; write the id of a room
            /capacity: is null; write "hard" or "soft""#]],
    );
}

#[test]
fn ids() {
    with(
        [
            ("/rooms/1/id", json!("r0")),
            ("/people/1/id", json!("p0")),
            ("/sessions/1/id", json!("s0")),
            ("/groups/1", json!({"id": "g0", "sessions": []})),
        ],
        expect![[r#"
            /rooms/1/id: "r0" is also the id of /rooms/0; give one of them another
            /people/1/id: "p0" is also the id of /people/0; give one of them another
            /sessions/1/id: "s0" is also the id of /sessions/0; give one of them another
            /groups/1/id: "g0" is also the id of /groups/0; give one of them another"#]],
    );
    with(
        [
            ("/sessions/0/people", json!(["p0", "p7", "p0"])),
            ("/sessions/0/rooms/0", json!("r7")),
            ("/sessions/0/pin/room", json!("r\n7")),
            ("/sessions/0/after/0", json!("s7")),
            ("/conflicts/0/1", json!("s7")),
            ("/overlap/0/0", json!("s".repeat(100))),
            ("/groups/0/sessions", json!(["s0", "s7", "s0"])),
            ("/incumbent/0/session", json!("s7")),
            ("/incumbent/0/room", json!("r7")),
        ],
        expect![[r#"
            /sessions/0/people/1: there is no person "p7"; add it to "people", or take it out here
            /sessions/0/people/2: "p0" is in this list twice; name it once
            /sessions/0/rooms/0: there is no room "r7"; add it to "rooms", or take it out here
            /sessions/0/pin/room: there is no room "r\n7"; add it to "rooms", or take it out here
            /sessions/0/after/0: there is no session "s7"; add it to "sessions", or take it out here
            /conflicts/0/1: there is no session "s7"; add it to "sessions", or take it out here
            /overlap/0/0: there is no session "ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss…"; add it to "sessions", or take it out here
            /groups/0/sessions/1: there is no session "s7"; add it to "sessions", or take it out here
            /groups/0/sessions/2: "s0" is in this list twice; name it once
            /incumbent/0/session: there is no session "s7"; add it to "sessions", or take it out here
            /incumbent/0/room: there is no room "r7"; add it to "rooms", or take it out here"#]],
    );
    with(
        [("/incumbent/1", json!({"session": "s0", "start": 1, "room": "r1"}))],
        expect![[r#"/incumbent/1: "s0" is in this list twice; name it once"#]],
    );
}

#[test]
fn ranges() {
    with(
        [
            ("/rooms/0/open", json!([[0, 8], [3, 3]])),
            ("/people/0/available", json!([[8, 4]])),
            ("/people/0/preferred", json!([[8, 17], [20, 30]])),
            ("/sessions/0/starts", json!([[0], [0, 1, 2], [-1, 2], [0, 2000000]])),
        ],
        expect![[r#"
            /rooms/0/open/1: [3, 3] is empty; take it out, or end it later
            /people/0/available/0: [8, 4] ends before it begins; write [4, 8]
            /people/0/preferred/0: [8, 17] reaches beyond the event, which has 16 slots; end it at 16 at most
            /people/0/preferred/1: [20, 30] reaches beyond the event, which has 16 slots; end it at 16 at most
            /sessions/0/starts/0: is a list of 1; write [from, to], the first slot and the one after the last
            /sessions/0/starts/1: is a list of 3; write [from, to], the first slot and the one after the last
            /sessions/0/starts/2/0: is -1; write a whole number from 0 to 1000000
            /sessions/0/starts/3/1: is 2000000; write a whole number from 0 to 1000000"#]],
    );
}

#[test]
fn times() {
    with(
        [
            ("/sessions/0/pin/start", json!(16)),
            ("/sessions/1/duration", json!(0)),
            ("/sessions/2/duration", json!(8)),
            ("/sessions/2/setup", json!(1)),
            ("/incumbent/0/start", json!(16)),
        ],
        expect![[r#"
            /sessions/0/pin/start: slot 16 is outside the event, which has 16 slots; choose one before 16
            /sessions/1/duration: is 0; write a whole number from 1 to 1000000
            /sessions/2: takes 9 slots with its setup and teardown, and a day has 8; make it shorter, or two of it
            /incumbent/0/start: slot 16 is outside the event, which has 16 slots; choose one before 16"#]],
    );
    with(
        [("/days", json!(0)), ("/slot_minutes", json!(0)), ("/rooms/0/open/0/1", json!(16))],
        expect![[r#"
        /days: is 0; write a whole number from 1 to 20160
        /slot_minutes: is 0; write a whole number from 1 to 1000000"#]],
    );
    with([("/days", json!(1_000_000_000u32))], expect!["/days: is 1000000000; write a whole number from 1 to 20160"]);
    with([("/slots_per_day", json!(0))], expect!["/slots_per_day: is 0; write a whole number from 1 to 20160"]);
    with(
        [("/days", json!(200)), ("/slots_per_day", json!(200))],
        expect!["/days: 200 days of 200 slots are more than 20160 slots; make slots longer, or days fewer"],
    );
}

#[test]
fn sessions_and_themselves() {
    with(
        [("/sessions/0/after/0", json!("s0")), ("/conflicts/0/1", json!("s0")), ("/overlap/0/1", json!("s0"))],
        expect![[r#"
            /sessions/0/after/0: a session cannot come after itself; take it out
            /conflicts/0: pairs "s0" with itself; take it out
            /overlap/0: pairs "s0" with itself; take it out"#]],
    );
    with(
        [("/sessions/1/after", json!(["s2"]))],
        expect![[r#"/sessions/1/after: runs in a circle: "s1" after "s2" after "s1"; take one of these out"#]],
    );
    with(
        [("/sessions/1/after", json!(["s0"]))],
        expect![[r#"/sessions/0/after: runs in a circle: "s0" after "s1" after "s0"; take one of these out"#]],
    );
    let ring = |count: usize| -> Value {
        let session = |number| json!({"id": format!("s{number}"), "duration": 1, "after": [format!("s{}", (number + 1) % count)]});
        (0..count).map(session).collect()
    };
    with(
        [("/sessions", ring(500))],
        expect![[
            r#"/sessions/0/after: runs in a circle: "s0" after "s1" after "s2" after "s3" after "s4" after "s5" after "s6" after "s7" after "s8" after "s9" after … (500 in all); take one of these out"#
        ]],
    );
}

#[test]
fn only_the_first_are_told() {
    let pairs: Vec<_> = (0..1000).map(|number| json!(["s0", format!("x{number}"), 1])).collect();
    with(
        [("/overlap", json!(pairs))],
        expect![[r#"
        /overlap/0/1: there is no session "x0"; add it to "sessions", or take it out here
        /overlap/1/1: there is no session "x1"; add it to "sessions", or take it out here
        /overlap/2/1: there is no session "x2"; add it to "sessions", or take it out here
        /overlap/3/1: there is no session "x3"; add it to "sessions", or take it out here
        /overlap/4/1: there is no session "x4"; add it to "sessions", or take it out here
        /overlap/5/1: there is no session "x5"; add it to "sessions", or take it out here
        /overlap/6/1: there is no session "x6"; add it to "sessions", or take it out here
        /overlap/7/1: there is no session "x7"; add it to "sessions", or take it out here
        /overlap/8/1: there is no session "x8"; add it to "sessions", or take it out here
        /overlap/9/1: there is no session "x9"; add it to "sessions", or take it out here
        /overlap/10/1: there is no session "x10"; add it to "sessions", or take it out here
        /overlap/11/1: there is no session "x11"; add it to "sessions", or take it out here
        /overlap/12/1: there is no session "x12"; add it to "sessions", or take it out here
        /overlap/13/1: there is no session "x13"; add it to "sessions", or take it out here
        /overlap/14/1: there is no session "x14"; add it to "sessions", or take it out here
        /overlap/15/1: there is no session "x15"; add it to "sessions", or take it out here
        /overlap/16/1: there is no session "x16"; add it to "sessions", or take it out here
        /overlap/17/1: there is no session "x17"; add it to "sessions", or take it out here
        /overlap/18/1: there is no session "x18"; add it to "sessions", or take it out here
        /overlap/19/1: there is no session "x19"; add it to "sessions", or take it out here
        and 980 more"#]],
    );
}
