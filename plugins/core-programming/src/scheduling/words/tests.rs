//! That no sentence of the scheduler reaches people with its ids, slots or brackets.

use expect_test::expect_file;
use jiff::civil::{date, time};

use super::*;

#[path = "../../../tests/common/human.rs"]
#[allow(unreachable_pub, reason = "the tests beside the library use it, too")]
mod human;

fn said(sentence: &str) -> String {
    let convention =
        Convention::new("con", "Europe/Berlin", date(2026, 8, 14), date(2026, 8, 16), time(6, 0, 0, 0)).unwrap();
    let calendar = Calendar::of(&convention, 30);
    let mut names = Names::default();
    let pair = |(id, name): (&str, &str)| (id.to_owned(), name.to_owned());
    names.sessions([("a", "Tea"), ("b", "Robots: 2 slots"), ("c", "Chess")].map(pair));
    names.others([("ann", "Ann"), ("bob", "Bob"), ("hall", "Hall"), ("lawn", "Lawn")].map(pair));
    names.gone([&"a".to_owned(), &"d".to_owned()], "a session");
    Words { calendar: &calendar, convention: &convention, names: &names }.said(sentence)
}

fn check(sentence: &str, expected: &str) {
    assert_eq!(said(sentence), format!("{expected}."));
}

#[test]
fn slots_are_times_and_ids_are_names() {
    check(r#""a" and "b" are at the same time"#, "“Tea” and “Robots: 2 slots” are at the same time");
    check(r#"room "hall" has 12 seats too few for "a""#, "Room Hall has 12 seats too few for “Tea”");
    check(
        r#""ann" would rather not be in "a" for 3 slots of it"#,
        "Ann would rather not be in “Tea” for 1 hour 30 minutes of it",
    );
    check(
        r#""ann" has fewer than 1 slot between "a" and "b""#,
        "Ann has fewer than 30 minutes between “Tea” and “Robots: 2 slots”",
    );
    check(
        r#""ann" is in 7 sessions on day 2, and wants no more than 6"#,
        "Ann is in 7 sessions on Sat 15 Aug, and wants no more than 6",
    );
    check(
        r#""a" starts at slot 8 and was to start at 10"#,
        "“Tea” starts at Fri 14 Aug 10:00 and was to start at Fri 14 Aug 11:00",
    );
    check(
        r#"move "a" to room "hall" at slot 52: saves 3 in all"#,
        "Move “Tea” to room Hall at Sat 15 Aug 08:00: saves 3 in all",
    );
}

#[test]
fn ranges_end_where_they_end_and_beginnings_at_the_last() {
    check(
        r#""ann" has no free stretch of 2 slots: available [4, 5) and [40, 44)"#,
        "Ann has no free stretch of 1 hour: available Fri 14 Aug 08:00–08:30 and Sat 15 Aug 02:00–04:00",
    );
    check(
        r#"it may only start in [4, 5), [8, 12) and 3 more; "ann" is available [96, 144): that leaves no place"#,
        "It may only start in Fri 14 Aug 08:00, Fri 14 Aug 10:00–11:30 and 3 more; Ann is available Sun 16 Aug 06:00–Mon 17 Aug 06:00: that leaves no place",
    );
    check(
        r#"it is pinned to slot 9; no room has "a \"good\" stage""#,
        "It is pinned to Fri 14 Aug 10:30; no room has “a \"good\" stage”",
    );
    check("never [1, 2), [5, x) or slot", "Never Fri 14 Aug 06:30–07:00, [5, x) or slot");
    check("available [0, 200)", "Available [0, 200)");
}

#[test]
fn places_that_several_share_are_called_by_their_rooms() {
    check(r#"it needs "a room of its own""#, "It needs a room of its own");
    check(r#"it needs "a place in lawn""#, "It needs a place in Lawn");
    check(r#"move "b" to room "online" at slot 0"#, "Move “Robots: 2 slots” to room online at Fri 14 Aug 06:00");
    assert_eq!(
        quoted(r#"it needs "a place in lawn", as "a" and "x\"y" are"#).collect::<Vec<_>>(),
        ["lawn", "a", "x\\\"y"]
    );
}

#[test]
fn what_is_gone_and_what_no_room_has_is_said_so() {
    check(r#""a" comes after "d""#, "“Tea” comes after a session that was deleted since");
    check(r#"no room has "a room of its own""#, "There is no room that a session can have to itself");
    check(r#"no room has "a stage""#, "No room has “a stage”");
    check(&format!("no room has {:?}", "मंच \\ ❤️ \"x\""), "No room has “मंच \\ ❤️ \"x\"”");
    check(r#"it may only be in "lawn", "lawn" and "lawn""#, "It may only be in Lawn");
    check(r#"it may only be in "lawn", "lawn" and "hall""#, "It may only be in Lawn and Hall");
    // Columns are not counted as rooms either.
    let six = r#""lawn", "lawn", "lawn", "lawn", "lawn", "lawn""#;
    check(&format!("it may only be in {six} and 14 more"), "It may only be in Lawn");
    check(
        &format!(
            r#"it may only be in "hall", {six} and 14 more; "a" comes after "b" and 3 more: that leaves no place"#
        ),
        "It may only be in Hall, Lawn and others; “Tea” comes after “Robots: 2 slots” and 3 more: that leaves no place",
    );
}

/// Each sentence, and each part of one, that `conman-scheduler` can form: `host/scheduler/src/explain`, file by file.
const SENTENCES: &[&str] = &[
    // rules.rs
    "there is no room",
    "it takes 49 slots with set-up and tear-down, and a day has 48 slots",
    r#"no room has "a stage""#,
    r#"no room has "a room of its own""#,
    "it expects 80 people, and the largest room has 50 seats",
    r#""ann" has no free stretch of 3 slots: available [4, 6) and [40, 41)"#,
    r#""ann" has no free stretch of 1 slot: available never"#,
    "it may be in no room",
    "it may never start",
    "it is pinned to slot 47, and no day holds all of it there, with set-up and tear-down",
    "it may only start in [47, 48), and no day holds all of it there, with set-up and tear-down",
    "no room is open for 4 slots one after another on a day",
    r#"it is pinned to slot 9; it is pinned to room "hall"; it needs "projector" and "a room of its own": that leaves no place"#,
    r#"what comes before and after it lets it start only in [8, 9) and [12, 16); the rooms it could be in are open [8, 10): that leaves no place"#,
    r#"what comes before and after it never lets it start; it has to lie inside one day; it expects 80 people: that leaves no place"#,
    r#"it may only start in [3, 4) and [6, 9); it needs "projector": that leaves no place"#,
    r#"it may only be in "hall" and "lawn"; it needs "a place in lawn"; "ann" is available [0, 4), [6, 8), [10, 12), [14, 16), [18, 20), [22, 24) and 3 more: that leaves no place"#,
    // blockers.rs
    r#"no room has "a stage"; "a" comes after "b" and "c" comes after "a"; "a" may start in [3, 4) and "c" may start in [5, 9)"#,
    r#""ann" is in "a", "b" and "c": they take 5 slots, and the times when they are available leave 4 slots"#,
    r#""ann" is in "a" and "b": they take 5 slots, and these can use 1 slot"#,
    r#""ann" is in "a" and "b": they take 3 stretches of 2 slots, and these can use room for 2 one after another"#,
    r#""ann" is in "a" and "b", and in no order do they fit one after another into the times when they can be"#,
    r#"of "a" and "b" only one can be at a time: they take 5 slots, and the times when they can be have 4 slots"#,
    r#"room "hall" is the only one for "a": they need 5 slots with set-up and tear-down, and there are 3 slots"#,
    r#"rooms "hall" and "lawn" are the only ones for "a", which needs "projector", and 2 others: they need 5 stretches of 2 slots, and no more than 4 lie one after another in the time there is"#,
    r#"rooms "hall" and "lawn" are the only ones for "a": they need 5 slots with set-up and tear-down, and there are 3 slots; "a" comes after "b"; "b" may start in [3, 4)"#,
    // fixed.rs
    r#"it is pinned to room "hall" at slot 9, and there "b" is pinned"#,
    r#"it is pinned to slot 9, and there "b" and "c" are pinned, with "ann""#,
    r#"it can only be in "hall", as it needs "projector", and there "b" is able to be nowhere else"#,
    r#"all its places are taken, and there "b" and "c" are able to be nowhere else, with "ann" and "bob""#,
    // taken.rs
    r#"room "hall" at slot 5 is free for it; search longer"#,
    "no free place was found, although counting does not rule it out; of its 12 places each would need several sessions to move",
    r#"no free place was found, although counting does not rule it out; of its 12 places 1 would need only one session to move: "b" could move to room "hall" at slot 3 and leave it room "lawn" at slot 7"#,
    r#"no free place was found, although counting does not rule it out; of its 12 places 4 would need only one session to move, such as "b", which has room "hall" at slot 3"#,
    // together.rs
    r#""a" and "b" (1 of them pinned) cannot all be placed in "hall" with "ann": every combination of their places was tried"#,
    r#""a", "b" and "c" cannot all be placed: every combination of their places was tried"#,
    // wishes.rs
    r#""a" and "b" are at the same time"#,
    r#"room "hall" has 12 seats too few for "a""#,
    r#"group "g" is on only 2 of the 3 days it should be on"#,
    r#"no other session of group "g" is directly before or after "a""#,
    r#"group "g" is in 3 rooms instead of one"#,
    r#""ann" would rather not be in "a" for 3 slots of it"#,
    r#""ann" is in 7 sessions on day 2, and wants no more than 6"#,
    r#""ann" has fewer than 1 slot between "a" and "b""#,
    r#""a" starts at slot 8 and was to start at 10"#,
    r#""a" is in room "hall" and was to be in "lawn""#,
    // mends, of `explain.rs`
    r#"move "a" to room "hall" at slot 52: saves 3 in all"#,
    r#"move "a" to room "hall" at slot 52: costs as much elsewhere"#,
    r#"move "a" to room "hall" at slot 52: costs 3 more in all"#,
    r#"exchange "a" and "b": costs as much elsewhere"#,
    r#"exchange "a" and "b": costs 3 more in all"#,
    // planned.rs, documents.rs
    r#"room "hall" at slot 5 is free for it"#,
    r#"room "hall" at slot 5 is free for it, but nothing may move"#,
    r#"room "hall" at slot 5 is free for it, but there may be only one move"#,
    r#"room "hall" at slot 5 is free for it, but there may be no more than 3 moves"#,
    // Lists that are cut off, where columns are among what they name.
    r#"it may only be in "lawn", "lawn", "lawn", "lawn", "lawn", "lawn" and 14 more"#,
];

#[test]
fn no_sentence_has_ids_slots_or_brackets_in_it() {
    let mut all = String::new();
    for sentence in SENTENCES {
        let said = said(sentence);
        // A title may have anything in it.
        human::assert_human(&said.replace("“Robots: 2 slots”", "“b”"));
        all += &format!("{sentence}\n    {said}\n");
    }
    expect_file!["sentences.txt"].assert_eq(&all);
}
