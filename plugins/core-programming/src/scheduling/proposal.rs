//! Reads the scheduler's answer: what becomes of each session that might move.

use std::collections::HashMap;

use conman_sdk::scheduler::{Blocker, Solution};
use jiff::Timestamp;

use super::calendar::Calendar;
use super::{material, places};
use crate::model::Slot;

/// A session that may move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its id.
    pub session: String,
    /// When it is now.
    pub slot: Option<Slot>,
    /// Where it is now.
    pub room: Option<String>,
    /// How long it takes.
    pub seconds: i64,
    /// Whether it keeps its time and gets a room at most.
    pub room_only: bool,
    /// Why there is no place for it, where the scheduler need not look for one.
    pub reasons: Vec<Blocker>,
}

impl Asked {
    pub(super) fn of(session: &material::Session, seconds: i64) -> Self {
        let (session, slot, room) = (session.id.clone(), session.slot, session.room.clone());
        Self { session, slot, room, seconds, room_only: false, reasons: Vec::new() }
    }

    /// What takes more slots than a day has is nothing the scheduler could be told. The reason is in its words.
    pub(super) fn too_long(self, slots: u32, day: u32) -> Self {
        let reason = Blocker {
            constraint: "day".to_owned(),
            detail: format!("it takes {slots} slots with set-up and tear-down, and a day has {day} slots"),
            proven: true,
            sessions: vec![self.session.clone()],
            ..Blocker::default()
        };
        Self { reasons: vec![reason], ..self }
    }
}

/// What becomes of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It stays.
    Kept,
    /// It goes there.
    Moved {
        /// When it begins.
        start: Timestamp,
        /// Its room; none for what needs none.
        room: Option<String>,
    },
    /// There is no place for it.
    Unplaced,
}

/// Reads a solution: the outcomes in the order of what was asked.
#[must_use]
pub fn read(asked: &[Asked], calendar: &Calendar, solution: &Solution) -> Vec<Outcome> {
    let places: HashMap<&str, (u32, &str)> =
        solution.assignments.iter().map(|place| (place.session.as_str(), (place.start, place.room.as_str()))).collect();
    asked
        .iter()
        .map(|asked| {
            let place = places.get(asked.session.as_str());
            let Some((slot, start, room)) =
                place.and_then(|(slot, room)| Some((*slot, calendar.instant(*slot)?, places::room_of(room))))
            else {
                return Outcome::Unplaced;
            };
            // What begins between two slots is where it is as long as it stays in the same one.
            let same_time = asked.slot.and_then(|now| calendar.slot(now.start)).is_some_and(|(now, _)| now == slot);
            if same_time && asked.room.as_deref() == room {
                return Outcome::Kept;
            }
            let start = asked.slot.filter(|_| same_time).map_or(start, |now| now.start);
            Outcome::Moved { start, room: room.map(str::to_owned) }
        })
        .collect()
}
