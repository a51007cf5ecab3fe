//! What conflicts are looked for in: placed sessions, what they are held against, and what the convention wants.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Role, Slot};
use crate::scheduling::Wishes;

/// A session as far as conflicts need it: scheduled and placed.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Its id.
    pub id: String,
    /// Its room.
    pub room: Option<String>,
    /// When.
    pub slot: Slot,
    /// Its kind.
    pub kind: String,
    /// How many people are expected.
    pub audience: Option<i64>,
    /// Who is in it.
    pub people: Vec<(String, Role)>,
    /// What it asks of its place.
    pub requirements: Requirements,
}

/// What a session asks of its place in the schedule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requirements {
    /// What its room has to have.
    pub needs: Vec<String>,
    /// The only rooms it may be in; none for any.
    pub rooms: Vec<String>,
    /// Minutes its room is needed before.
    pub setup: i64,
    /// Minutes its room is needed after.
    pub teardown: i64,
    /// The sessions it comes after.
    pub after: Vec<String>,
}

impl Placed {
    /// From when to when its room is taken.
    pub(super) fn occupancy(&self) -> Slot {
        self.slot.widened(self.requirements.setup, self.requirements.teardown)
    }

    /// Sessions are sorted by this.
    pub(super) fn order(&self) -> (Timestamp, Timestamp, &str) {
        (self.slot.start, self.slot.end, &self.id)
    }
}

/// What the sessions are held against.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Rooms: whether one session has it to itself, and how many people it holds.
    pub rooms: HashMap<String, RoomFacts>,
    /// When people can; a person without windows always can.
    pub person_windows: HashMap<String, Vec<Slot>>,
    /// When rooms can be used; a room without windows always can.
    pub room_windows: HashMap<String, Vec<Slot>>,
    /// Who must not be in a session with whom; each pair once, in either order.
    pub apart: Vec<(String, String)>,
    /// Own daily limits.
    pub daily_limits: HashMap<String, i64>,
}

/// A room as far as conflicts need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomFacts {
    /// One session has it to itself.
    pub exclusive: bool,
    /// How many people it holds.
    pub capacity: Option<i64>,
    /// What it has.
    pub features: Vec<String>,
}

impl Default for RoomFacts {
    /// A room of which nothing is known.
    fn default() -> Self {
        Self { exclusive: true, capacity: None, features: Vec::new() }
    }
}

impl RoomFacts {
    /// Those of a session's needs that it has not, whatever their case.
    #[must_use]
    pub fn lacks<'n>(&self, needs: &'n [String]) -> Vec<&'n str> {
        let has = |need: &str| self.features.iter().any(|feature| feature.to_lowercase() == need);
        needs.iter().map(String::as_str).filter(|need| !has(&need.to_lowercase())).collect()
    }
}

/// What the convention wants; from the plugin's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Rules {
    /// A person gets at least so many minutes between two sessions in different rooms; 0 for none.
    pub break_minutes: i64,
    /// A person has at most so many sessions on one day, unless they said otherwise; 0 for no limit.
    pub daily_limit: i64,
    /// Kinds of sessions that need a moderator, folded.
    pub moderated_kinds: Vec<String>,
    /// How timetables are planned.
    pub planning: Wishes,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            break_minutes: 15,
            daily_limit: 6,
            moderated_kinds: vec!["panel".to_owned()],
            planning: Wishes::default(),
        }
    }
}
