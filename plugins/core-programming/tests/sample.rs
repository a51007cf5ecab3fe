//! The project's own made-up convention reads without a complaint and has no conflict that could not happen.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod common;

use core_programming::conflicts::{self, Kind, Rules};
use core_programming::import::{Format, Options};
use core_programming::model::Programme;
use jiff::civil::time;
use jiff::tz::TimeZone;

#[test]
fn the_sample_convention_is_sound() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/sample-convention/programme.csv");
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let file = Format::Csv.read(&std::fs::read(path).unwrap(), &Options::new(zone.clone(), time(6, 0, 0, 0))).unwrap();
    assert_eq!((file.unreadable.as_slice(), file.notes.as_slice()), (&[][..], &[][..]));
    let mut programme = Programme::default();
    common::apply(&mut programme, common::plan(&Programme::default(), &file));
    assert_eq!((programme.sessions.len(), programme.rooms.len()), (150, 12));
    assert!((110..=130).contains(&programme.people.len()), "{} people", programme.people.len());
    let (placed, facts) = common::conflict_input(&programme);
    let found = conflicts::find(&placed, &facts, &Rules::default(), &zone, time(6, 0, 0, 0));
    let impossible: Vec<_> = found
        .conflicts
        .iter()
        .filter(|conflict| matches!(conflict.kind, Kind::RoomOverlap | Kind::PersonDoubleBooked))
        .collect();
    assert!(impossible.is_empty(), "{impossible:?}");
}
