//! Reads the scheduler's answer: what becomes of each session that might move.

use std::collections::HashMap;

use conman_sdk::scheduler::Solution;
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
}

impl Asked {
    pub(super) fn of(session: &material::Session, seconds: i64) -> Self {
        Self { session: session.id.clone(), slot: session.slot, room: session.room.clone(), seconds }
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
