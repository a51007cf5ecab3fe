//! A timetabling problem whose every reference has been checked: what is solved, checked and explained.
//!
//! Things refer to one another by their position. Only [`crate::document`] makes problems, so that what is here can be relied on:
//! positions exist, ranges are sorted, disjoint and inside the event, lists without order hold nothing twice.

use std::ops::Range;

/// A slot of the event, counted from 0 across all days.
pub type Slot = u32;

/// The position of a session in [`Problem::sessions`].
pub type SessionIndex = u32;

/// The position of a room in [`Problem::rooms`].
pub type RoomIndex = u32;

/// The position of a person in [`Problem::people`].
pub type PersonIndex = u32;

/// The position of a feature in [`Problem::features`].
pub type FeatureIndex = u32;

/// A timetabling problem.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What the author calls it.
    pub name: String,
    /// Days and their slots.
    pub calendar: Calendar,
    /// Names of what rooms offer and sessions need.
    pub features: Vec<String>,
    /// Where sessions may be.
    pub rooms: Vec<Room>,
    /// Who takes part in sessions.
    pub people: Vec<Person>,
    /// What is to be placed.
    pub sessions: Vec<Session>,
    /// Pairs that may share no slot; the smaller position first, sorted.
    pub conflicts: Vec<(SessionIndex, SessionIndex)>,
    /// Pairs that should share no slot, with what it costs if they do; the smaller position first, sorted. Pairs that the document
    /// gives more than once are added up.
    pub overlap: Vec<(SessionIndex, SessionIndex, u32)>,
    /// Sessions that have something to do with one another.
    pub groups: Vec<Group>,
    /// Whether a room's capacity binds.
    pub capacity: CapacityRule,
    /// Where sessions are now, if anywhere: by session.
    pub incumbent: Vec<Option<Place>>,
    /// What a unit of each soft term costs.
    pub weights: Weights,
}

/// Days of equal length. A session never crosses from one into the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// How many days.
    pub days: u32,
    /// How many slots each has.
    pub slots_per_day: u32,
    /// How long a slot is.
    pub slot_minutes: u32,
}

impl Calendar {
    /// Slots in all.
    pub fn horizon(&self) -> u32 {
        self.days * self.slots_per_day
    }

    /// The day a slot belongs to.
    pub fn day_of(&self, slot: Slot) -> u32 {
        slot / self.slots_per_day
    }
}

/// A room.
#[derive(Clone, Debug)]
pub struct Room {
    /// The author's name for it.
    pub id: String,
    /// Seats.
    pub capacity: u32,
    /// What it offers, sorted.
    pub features: Vec<FeatureIndex>,
    /// When it can be used.
    pub open: Vec<Range<Slot>>,
}

/// A person who takes part in sessions.
#[derive(Clone, Debug)]
pub struct Person {
    /// The author's name for them.
    pub id: String,
    /// When they can be there.
    pub available: Vec<Range<Slot>>,
    /// When they would like to be there; `None`: whenever.
    pub preferred: Option<Vec<Range<Slot>>>,
    /// More sessions on one day than this cost.
    pub max_per_day: Option<u32>,
    /// Fewer slots than this between two sessions on one day cost; 0: no wish.
    pub min_gap: u32,
}

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    /// The author's name for it.
    pub id: String,
    /// Slots that its people are in it; 1 or more.
    pub duration: u32,
    /// Slots before it in which its room is taken.
    pub setup: u32,
    /// Slots after it in which its room is taken.
    pub teardown: u32,
    /// How many are expected.
    pub audience: u32,
    /// Who takes part, sorted.
    pub people: Vec<PersonIndex>,
    /// What its room must offer, sorted.
    pub features: Vec<FeatureIndex>,
    /// The only rooms it may be in, sorted; `None`: any.
    pub rooms: Option<Vec<RoomIndex>>,
    /// The only slots it may start at; `None`: any.
    pub starts: Option<Vec<Range<Slot>>>,
    /// Where it must be.
    pub pin: Pin,
    /// Sessions that must have ended when it starts, sorted.
    pub after: Vec<SessionIndex>,
}

/// What of a session's place is decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pin {
    /// Its start.
    pub start: Option<Slot>,
    /// Its room.
    pub room: Option<RoomIndex>,
}

/// Sessions that have something to do with one another.
#[derive(Clone, Debug)]
pub struct Group {
    /// The author's name for it.
    pub id: String,
    /// Its members, sorted.
    pub sessions: Vec<SessionIndex>,
    /// Fewer days than this cost; 0: no wish.
    pub min_days: u32,
    /// Whether a member with none of the others directly before or after it costs.
    pub compact: bool,
    /// Whether each room beyond the first costs.
    pub same_room: bool,
}

/// What a room's capacity means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapacityRule {
    /// A session whose audience exceeds it may not be there.
    Hard,
    /// Each seat missing costs.
    Soft,
}

/// What a unit of each soft term costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weights {
    /// For each pair of `overlap` that shares a slot: times the pair's number.
    pub overlap: u32,
    /// For each seat missing.
    pub overflow: u32,
    /// For each day a group is short of its `min_days`.
    pub missing_day: u32,
    /// For each member of a compact group that stands alone.
    pub isolated: u32,
    /// For each room of a group beyond the first.
    pub extra_room: u32,
    /// For each slot of a person outside what they prefer.
    pub unpreferred: u32,
    /// For each session of a person beyond their limit on a day.
    pub over_day_limit: u32,
    /// For each pair of a person's consecutive sessions with too few slots between.
    pub short_gap: u32,
    /// For each session that starts at another slot than in the incumbent.
    pub moved_time: u32,
    /// For each session that is in another room than in the incumbent.
    pub moved_room: u32,
}

impl Default for Weights {
    /// What the format says of absent weights.
    fn default() -> Self {
        Self {
            overlap: 1,
            overflow: 1,
            missing_day: 5,
            isolated: 2,
            extra_room: 1,
            unpreferred: 1,
            over_day_limit: 10,
            short_gap: 5,
            moved_time: 0,
            moved_room: 0,
        }
    }
}

/// Where a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// When it starts, after its setup.
    pub start: Slot,
    /// Its room.
    pub room: RoomIndex,
}
