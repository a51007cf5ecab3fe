//! What a timetable is made of: the plugin's rows, as far as the scheduler has to know them.

use jiff::civil::Date;

use crate::conflicts::{Requirements, Rules};
use crate::model::Slot;

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Material {
    /// The rooms there are.
    pub rooms: Vec<Room>,
    /// Everybody who is in a session.
    pub people: Vec<Person>,
    /// Whatever is not cancelled.
    pub sessions: Vec<Session>,
    /// Sessions and how many accounts marked both, most first.
    pub marked_both: Vec<(String, String, u32)>,
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whether one session has it to itself.
    pub exclusive: bool,
    /// How many people it holds, where that is known.
    pub capacity: Option<i64>,
    /// What it has.
    pub features: Vec<String>,
    /// When it can be used; none for the convention's hours.
    pub windows: Vec<Slot>,
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: String,
    /// When they can; none for always.
    pub windows: Vec<Slot>,
    /// When they would like to; none for no wish.
    pub preferred: Vec<Slot>,
    /// Their own daily limit.
    pub daily_limit: Option<i64>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Its track.
    pub track: Option<String>,
    /// Whether its audience is online alone.
    pub online: bool,
    /// When it is.
    pub slot: Option<Slot>,
    /// How many minutes it takes, where it has no time and that is known.
    pub minutes: Option<i64>,
    /// Where it is.
    pub room: Option<String>,
    /// Who has to be there.
    pub people: Vec<String>,
    /// What it asks of its place.
    pub requirements: Requirements,
    /// How many are expected.
    pub audience: Option<u32>,
    /// Whether it may be moved.
    pub free: bool,
}

/// What is asked of the scheduler.
#[derive(Debug, Clone, Default)]
pub struct Task {
    /// Sessions that may move do so to these days alone; none for all.
    pub days: Option<Vec<Date>>,
    /// What cannot be used although the rows say so.
    pub closed: Vec<Closed>,
    /// How much staying where one is counts.
    pub closeness: Closeness,
    /// What the convention wants.
    pub rules: Rules,
}

/// A room or person that is not there for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The id of either.
    pub id: String,
    /// When.
    pub time: Slot,
}

/// How much staying where one is counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Closeness {
    /// Nothing.
    #[default]
    Free,
    /// As much as the convention says.
    Close,
    /// Only so many may move: the job says how many, and what it buys nothing to move stays.
    Fewest,
}
