//! A timetable's shape: days of rooms of sessions, as frab's formats and printed programmes have it.

use std::collections::{BTreeMap, HashMap};

use conman_sdk::{day_of, day_start};
use jiff::Timestamp;
use jiff::civil::Date;

use super::Edition;
use crate::model::{Room, Session, Slot};

/// A day of the convention.
#[derive(Debug)]
pub struct Day<'p> {
    /// Counted from 1.
    pub index: usize,
    /// Its date; its night runs into the next one.
    pub date: Date,
    /// When it begins.
    pub start: Timestamp,
    /// When the next one begins.
    pub end: Timestamp,
    /// Rooms with sessions, in list order; sessions without a room come last.
    pub rooms: Vec<RoomOfDay<'p>>,
}

/// A room on one day.
#[derive(Debug)]
pub struct RoomOfDay<'p> {
    /// The room; none for sessions that have none.
    pub room: Option<&'p Room>,
    /// What is on in it, by time.
    pub sessions: Vec<(&'p Session, Slot)>,
}

/// The days of an edition: every day of the convention, and whatever other days hold sessions.
#[must_use]
pub fn days<'p>(edition: &Edition<'p>) -> Vec<Day<'p>> {
    let rooms: HashMap<&str, &Room> = edition.programme.rooms.iter().map(|room| (room.id.as_str(), room)).collect();
    type Rooms<'p> = BTreeMap<(bool, i64, &'p str), RoomOfDay<'p>>;
    let mut days: BTreeMap<Date, Rooms<'p>> = BTreeMap::new();
    let mut date = edition.starts_on;
    // A convention of more days than this is a mistake in its dates; days with sessions are there anyway.
    for _ in 0..60 {
        if date > edition.ends_on {
            break;
        }
        days.entry(date).or_default();
        match date.tomorrow() {
            Ok(next) => date = next,
            Err(_) => break,
        }
    }
    for session in edition.programme.sessions.iter().filter(|session| session.on_schedule()) {
        let Some(slot) = session.slot else { continue };
        let date = day_of(slot.start, &edition.zone, edition.day_change);
        let room = session.room.as_deref().and_then(|id| rooms.get(id).copied());
        let place = room.map_or((true, 0, ""), |room| (false, room.position, room.id.as_str()));
        days.entry(date)
            .or_default()
            .entry(place)
            .or_insert_with(|| RoomOfDay { room, sessions: Vec::new() })
            .sessions
            .push((session, slot));
    }
    days.into_iter()
        .zip(1..)
        .map(|((date, rooms), index)| {
            let mut rooms: Vec<_> = rooms.into_values().collect();
            for room in &mut rooms {
                room.sessions.sort_by(|(a, at), (b, bt)| (at.start, &a.id).cmp(&(bt.start, &b.id)));
            }
            Day {
                index,
                date,
                start: edition.begins(date),
                end: date.tomorrow().map_or(Timestamp::MAX, |next| edition.begins(next)),
                rooms,
            }
        })
        .collect()
}

impl Edition<'_> {
    /// When a day begins.
    fn begins(&self, date: Date) -> Timestamp {
        day_start(date, &self.zone, self.day_change)
    }
}
