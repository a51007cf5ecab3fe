//! Conflicts: which there are, and when an ignored one is another.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

use core_programming::conflicts::{self, Conflict, Facts, Found, Kind, MOST, Placed, RoomFacts, Rules};
use core_programming::model::{Role, Slot};
use jiff::Timestamp;
use jiff::civil::time;
use jiff::tz::TimeZone;

/// A session in a room, from one minute of the day to another, with people in it.
fn placed(id: &str, room: &str, minutes: (i64, i64), people: &[&str]) -> Placed {
    let noon = 1_786_701_600;
    let at = |minutes: i64| Timestamp::from_second(noon + minutes * 60).unwrap();
    Placed {
        id: id.to_owned(),
        room: Some(room.to_owned()),
        slot: Slot { start: at(minutes.0), end: at(minutes.1) },
        kind: "talk".to_owned(),
        audience: Some(50),
        people: people.iter().map(|&person| (person.to_owned(), Role::Participant)).collect(),
    }
}

fn find(sessions: &[Placed], facts: &Facts) -> Found {
    conflicts::find(sessions, facts, &Rules { daily_limit: 2, ..Rules::default() }, &TimeZone::UTC, time(5, 0, 0, 0))
}

fn only(kind: Kind, sessions: &[Placed], facts: &Facts) -> Conflict {
    let mut found = find(sessions, facts).conflicts;
    found.retain(|conflict| conflict.kind == kind);
    assert_eq!(found.len(), 1, "{kind:?}: {found:?}");
    found.remove(0)
}

#[test]
fn a_conflict_moved_elsewhere_is_another() {
    let facts = Facts::default();
    let lawn = [placed("a", "lawn", (0, 60), &["ann"]), placed("b", "lawn", (30, 90), &["ann"])];
    let hall = [placed("a", "hall", (0, 60), &["ann"]), placed("b", "hall", (30, 90), &["ann"])];
    let later = [placed("a", "lawn", (100, 160), &["ann"]), placed("b", "lawn", (130, 190), &["ann"])];
    let id = |kind, sessions: &[Placed]| only(kind, sessions, &facts).id;
    let ignored = id(Kind::RoomOverlap, &lawn);
    assert_eq!(ignored, id(Kind::RoomOverlap, &lawn));
    assert_ne!(ignored, id(Kind::RoomOverlap, &hall));
    assert_ne!(ignored, id(Kind::RoomOverlap, &later));
    // Where somebody cannot be does not change that they cannot be there; when does.
    let ignored = id(Kind::PersonDoubleBooked, &lawn);
    assert_eq!(ignored, id(Kind::PersonDoubleBooked, &hall));
    assert_ne!(ignored, id(Kind::PersonDoubleBooked, &later));
}

#[test]
fn a_room_too_small_is_another_conflict_in_another_room() {
    let small = RoomFacts { exclusive: true, capacity: Some(10) };
    let facts = Facts { rooms: [("attic".to_owned(), small), ("nook".to_owned(), small)].into(), ..Facts::default() };
    let id = |room, minutes| only(Kind::RoomTooSmall, &[placed("a", room, minutes, &[])], &facts).id;
    assert_eq!(id("attic", (0, 60)), id("attic", (100, 160)));
    assert_ne!(id("attic", (0, 60)), id("nook", (0, 60)));
}

#[test]
fn a_session_more_over_the_daily_limit_is_another_conflict() {
    let facts = Facts::default();
    let mut day: Vec<Placed> =
        [("a", 0), ("b", 100), ("c", 200)].map(|(id, at)| placed(id, "hall", (at, at + 60), &["ann"])).into();
    let three = only(Kind::OverDailyLimit, &day, &facts).id;
    day[0].slot.start = day[0].slot.start.checked_sub(jiff::Span::new().minutes(5)).unwrap();
    assert_eq!(only(Kind::OverDailyLimit, &day, &facts).id, three, "at another time of the day it is the same");
    day.push(placed("d", "hall", (300, 360), &["ann"]));
    assert_ne!(only(Kind::OverDailyLimit, &day, &facts).id, three);
}

#[test]
fn a_tight_change_after_a_session_within_another_is_found() {
    let facts = Facts::default();
    let pairs = |sessions: &[Placed]| -> Vec<Vec<String>> {
        let found = find(sessions, &facts).conflicts.into_iter();
        found.filter(|conflict| conflict.kind == Kind::BackToBack).map(|conflict| conflict.sessions).collect()
    };
    let long = placed("long", "hall", (0, 120), &["ann"]);
    let within = placed("within", "lawn", (30, 60), &["ann"]);
    let next = placed("next", "attic", (125, 180), &["ann"]);
    assert_eq!(pairs(&[long.clone(), within.clone(), next.clone()]), [["long", "next"]]);
    // Enough time after the long one.
    assert_eq!(pairs(&[long, within, placed("next", "attic", (135, 180), &["ann"])]), Vec::<Vec<String>>::new());
    // One after the other, each only with its neighbour.
    let row = [("a", "hall", (0, 5)), ("b", "lawn", (5, 10)), ("c", "hall", (10, 20)), ("d", "hall", (20, 30))];
    let row = row.map(|(id, room, minutes)| placed(id, room, minutes, &["ann"]));
    assert_eq!(pairs(&row), [["a", "b"], ["b", "c"]]);
    // Without length, at the same moment.
    let moments = [placed("a", "hall", (0, 0), &["ann"]), placed("b", "lawn", (0, 0), &["ann"])];
    assert_eq!(pairs(&moments), [["a", "b"]]);
}

#[test]
fn it_is_said_when_there_are_more_than_are_gathered() {
    let all_at_once: Vec<Placed> = (0..202).map(|at| placed(&format!("s{at}"), "hall", (0, 60), &[])).collect();
    let found = find(&all_at_once, &Facts::default());
    assert_eq!((found.conflicts.len(), found.capped), (MOST, true));
    let found = find(&all_at_once[..200], &Facts::default());
    assert_eq!((found.conflicts.len(), found.capped), (200 * 199 / 2, false));
}
