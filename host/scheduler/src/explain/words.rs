//! Ids and times in sentences.

use std::ops::Range;

use crate::problem::{PersonIndex, Place, Problem, RoomIndex, SessionIndex, Slot};

/// So many things are named in a sentence.
const NAMED: usize = 6;

/// The names of a problem's things.
#[derive(Clone, Copy)]
pub(super) struct Words<'p>(pub(super) &'p Problem);

impl Words<'_> {
    pub(super) fn session_id(self, session: SessionIndex) -> String {
        self.0.sessions[session as usize].id.clone()
    }

    pub(super) fn session(self, session: SessionIndex) -> String {
        format!("{:?}", self.0.sessions[session as usize].id)
    }

    pub(super) fn person(self, person: PersonIndex) -> String {
        format!("{:?}", self.0.people[person as usize].id)
    }

    pub(super) fn room(self, room: RoomIndex) -> String {
        format!("{:?}", self.0.rooms[room as usize].id)
    }

    pub(super) fn sessions(self, sessions: &[SessionIndex]) -> String {
        list(sessions.iter().map(|session| self.session(*session)))
    }

    pub(super) fn people(self, people: &[PersonIndex]) -> String {
        list(people.iter().map(|person| self.person(*person)))
    }

    pub(super) fn rooms(self, rooms: &[RoomIndex]) -> String {
        list(rooms.iter().map(|room| self.room(*room)))
    }

    /// `room "r1" at slot 5`
    pub(super) fn place(self, place: Place) -> String {
        format!("room {} at slot {}", self.room(place.room), place.start)
    }
}

/// `a, b and c`
pub(super) fn list(names: impl ExactSizeIterator<Item = String>) -> String {
    let count = names.len();
    let (named, more) = if count > NAMED + 1 { (NAMED, count - NAMED) } else { (count, 0) };
    let mut names: Vec<_> = names.take(named).collect();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    match (names.pop(), names.is_empty()) {
        (None, _) => "none".to_owned(),
        (Some(only), true) => only,
        (Some(last), false) => format!("{} and {last}", names.join(", ")),
    }
}

/// `[3, 8) and [12, 16)`
pub(super) fn times(ranges: &[Range<Slot>]) -> String {
    if ranges.is_empty() {
        return "never".to_owned();
    }
    list(ranges.iter().map(|range| format!("[{}, {})", range.start, range.end)))
}

/// `1 slot`, `2 slots`
pub(super) fn slots(count: u32) -> String {
    if count == 1 { "1 slot".to_owned() } else { format!("{count} slots") }
}
