//! Conflicts: which there are, and when an ignored one is another.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::collections::{HashMap, HashSet};

use core_programming::conflicts::{
    self, Conflict, Detail, Facts, Found, Kind, MOST, Measure, Place, Placed, Requirements, RoomFacts, Rules, Scene,
    Standing,
};
use core_programming::model::{Role, Slot, State};
use core_programming::scheduling::Seats;
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
        requirements: Requirements::default(),
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
    let small = RoomFacts { capacity: Some(10), ..RoomFacts::default() };
    let rooms = [("attic".to_owned(), small.clone()), ("nook".to_owned(), small)].into();
    let facts = Facts { rooms, ..Facts::default() };
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

#[test]
fn a_room_is_taken_while_it_is_set_up_and_torn_down() {
    let mut first = placed("a", "hall", (0, 60), &[]);
    let second = placed("b", "hall", (75, 120), &[]);
    assert_eq!(find(&[first.clone(), second.clone()], &Facts::default()).conflicts, []);
    first.requirements.teardown = 15;
    assert_eq!(find(&[first.clone(), second.clone()], &Facts::default()).conflicts, [], "just in time");
    let mut second = Placed { requirements: Requirements { setup: 1, ..Requirements::default() }, ..second };
    let both = [second.clone(), first.clone()];
    assert_eq!(only(Kind::RoomOverlap, &both, &Facts::default()).sessions, ["a", "b"]);
    // Set up before the other one begins, although it starts after it.
    second.requirements.setup = 90;
    assert_eq!(only(Kind::RoomOverlap, &[second, first.clone()], &Facts::default()).sessions, ["a", "b"]);
    let facts = Facts { room_windows: [("hall".to_owned(), vec![first.slot])].into(), ..Facts::default() };
    let closed = only(Kind::RoomUnavailable, &[first.clone()], &facts);
    assert_eq!(closed.sessions, ["a"]);
    first.requirements.teardown = 0;
    assert_eq!(find(&[first], &facts).conflicts, []);
}

#[test]
fn people_are_free_while_a_room_is_set_up() {
    let mut second = placed("b", "hall", (60, 90), &["ann"]);
    second.requirements.setup = 30;
    let found = find(&[placed("a", "nook", (0, 45), &["ann"]), second], &Facts::default());
    assert_eq!(found.conflicts, []);
}

#[test]
fn a_room_has_what_a_session_needs() {
    let mut session = placed("a", "hall", (0, 60), &[]);
    session.requirements.needs = ["Projector", "stage", "piano"].map(str::to_owned).into();
    let facts = |features: &[&str]| {
        let features = features.iter().map(|&feature| feature.to_owned()).collect();
        Facts {
            rooms: [("hall".to_owned(), RoomFacts { features, ..RoomFacts::default() })].into(),
            ..Facts::default()
        }
    };
    let one = only(Kind::RoomLacksFeature, &[session.clone()], &facts(&["projector", "Stage"]));
    assert_eq!(one.detail, Detail::Lacks(vec!["piano".to_owned()]));
    let two = only(Kind::RoomLacksFeature, &[session.clone()], &facts(&["STAGE"]));
    assert_ne!(one.id, two.id, "what is ignored for a piano is not ignored for a projector");
    assert_eq!(find(&[session.clone()], &facts(&["stage", "projector", "piano", "bar"])).conflicts, []);
    session.room = None;
    assert_eq!(find(&[session], &facts(&[])).conflicts, [], "no room, nothing lacking");
}

#[test]
fn a_session_may_be_held_to_some_rooms() {
    let mut session = placed("a", "hall", (0, 60), &[]);
    session.requirements.rooms = vec!["attic".to_owned(), "hall".to_owned()];
    assert_eq!(find(&[session.clone()], &Facts::default()).conflicts, []);
    session.room = Some("nook".to_owned());
    assert_eq!(only(Kind::RoomNotAllowed, &[session], &Facts::default()).room.as_deref(), Some("nook"));
}

#[test]
fn what_comes_after_begins_when_the_other_has_ended() {
    let mut sequel = placed("b", "nook", (60, 90), &[]);
    sequel.requirements.after = vec!["a".to_owned(), "gone".to_owned()];
    let first = placed("a", "hall", (0, 60), &[]);
    assert_eq!(find(&[sequel.clone(), first.clone()], &Facts::default()).conflicts, []);
    let late = placed("a", "hall", (0, 61), &[]);
    let conflict = only(Kind::OutOfOrder, &[sequel.clone(), late], &Facts::default());
    assert_eq!(
        (conflict.sessions, conflict.detail),
        (vec!["a".to_owned(), "b".to_owned()], Detail::Later("b".to_owned()))
    );
    let much_later = placed("a", "hall", (200, 260), &[]);
    assert_eq!(only(Kind::OutOfOrder, &[much_later, sequel], &Facts::default()).sessions, ["b", "a"]);
}

/// The sessions where they are.
fn scene(sessions: &[Placed]) -> Scene {
    let standing = |session: &Placed| {
        let Placed { id, room, slot, kind, audience, people, requirements } = session.clone();
        let (title, state, slot) = (id.clone(), State::Scheduled, Some(slot));
        Standing { id, title, state, room, slot, minutes: None, kind, audience, people, requirements }
    };
    Scene { sessions: sessions.iter().map(standing).collect(), facts: Facts::default() }
}

/// What stays where it is when sessions are to be elsewhere, and how many conflicts say why.
fn refused<'s>(scene: &'s Scene, to: &'s [Placed], skip: bool) -> (HashSet<&'s str>, usize) {
    let places = to.iter().map(|session| (session.id.as_str(), (session.room.as_deref(), Some(session.slot))));
    let changes: HashMap<&str, Place<'_>> = places.collect();
    let measure = Measure { rules: &Rules::default(), zone: &TimeZone::UTC, day_change: time(5, 0, 0, 0) };
    let refused = scene.refused(&changes, measure, skip).unwrap();
    (refused.sessions, refused.because.len())
}

#[test]
fn whoever_stays_is_in_the_way_of_whoever_was_to_follow() {
    let hour = |id: i64, at: i64| placed(&format!("s{id}"), "hall", (at * 60, at * 60 + 60), &[]);
    let intruder = placed("intruder", "hall", (24_000, 24_060), &[]);
    let mut now: Vec<Placed> = (0..400).map(|id| hour(id, id)).chain([intruder]).collect();
    now.push(placed("free", "nook", (0, 60), &[]));
    let mut to: Vec<Placed> = (0..400).map(|id| hour(id, id + 1)).collect();
    to.push(placed("free", "nook", (60, 120), &[]));
    let scene = scene(&now);
    let (stay, because) = refused(&scene, &to, true);
    assert_eq!((stay.len(), stay.contains("free"), because), (400, false, 400));
    let (stay, because) = refused(&scene, &to, false);
    assert_eq!((stay, because), (HashSet::from(["s399"]), 1), "only what does not work, not what would follow");
}

#[test]
fn what_is_not_refused_works() {
    let mut state: u64 = 7;
    let mut below = |end: i64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(state >> 33).unwrap() % end
    };
    let (mut kept, mut stayed) = (0, 0);
    for _ in 0..300 {
        let mut some = |id: i64| {
            let (room, start, person) =
                (["hall", "nook", "attic"][usize::try_from(below(3)).unwrap()], below(12) * 30, below(8));
            let mut session =
                placed(&format!("s{id}"), room, (start, start + 30 + below(2) * 30), &[&format!("p{person}")]);
            session.requirements.after =
                (id > 0 && below(3) == 0).then(|| format!("s{}", below(id.max(1)))).into_iter().collect();
            session.requirements.setup = below(2) * 10;
            session
        };
        let now: Vec<Placed> = (0..14).map(&mut some).collect();
        let elsewhere: Vec<Placed> = now
            .iter()
            .zip(0..)
            .map(|(was, id)| {
                let Placed { room, slot, .. } = some(id);
                Placed { room, slot, ..was.clone() }
            })
            .collect();
        let to: Vec<Placed> =
            elsewhere.iter().zip(0..).filter(|(_, at)| at % 4 != 0).map(|(one, _)| one.clone()).collect();
        let scene = scene(&now);
        let (stay, _) = refused(&scene, &to, true);
        let ids = |sessions: &[Placed]| -> HashSet<String> {
            let found = find(sessions, &Facts::default()).conflicts.into_iter();
            found.filter(|conflict| conflict.kind.is_impossible(Seats::Should)).map(|conflict| conflict.id).collect()
        };
        let moved = |was: &Placed| {
            to.iter().find(|to| to.id == was.id && !stay.contains(to.id.as_str())).unwrap_or(was).clone()
        };
        let will_be: Vec<Placed> = now.iter().map(moved).collect();
        assert_eq!(ids(&will_be).difference(&ids(&now)).count(), 0, "{now:?} {will_be:?}");
        (kept, stayed) = (kept + to.len() - stay.len(), stayed + stay.len());
    }
    assert!(kept > 100 && stayed > 100, "{kept} {stayed}");
}
