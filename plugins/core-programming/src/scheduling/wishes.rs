//! What the convention wants of a timetable: a part of the plugin's configuration.

use jiff::civil::{Time, time};
use serde::{Deserialize, Serialize};

/// How timetables are planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Wishes {
    /// From when on rooms that do not say otherwise are used.
    pub from: Time,
    /// Until when.
    pub until: Time,
    /// Sessions begin at multiples of so many minutes; none: as they do now.
    pub slot_minutes: Option<u32>,
    /// How long a session takes of which nothing is known.
    pub minutes: i64,
    /// Whether rooms have to hold the expected audience, or should.
    pub seats: Seats,
    /// What broken wishes cost.
    pub weights: Weights,
}

/// What an expected audience means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seats {
    /// Each seat missing costs: expectations are guesses.
    Should,
    /// A session with a larger audience is not put there.
    Must,
}

/// What a unit of each wish costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Weights {
    /// Two sessions at once, for each account that marked both.
    pub favourites: u32,
    /// Two sessions of a track at once.
    pub track: u32,
    /// A seat missing.
    pub seat: u32,
    /// A slot of a person outside the times they would like.
    pub unpreferred: u32,
    /// A session of a person beyond their daily limit.
    pub over_daily_limit: u32,
    /// A break of a person that is too short.
    pub short_break: u32,
    /// A session at another time, and one in another room, where the timetable is to stay close to what it is.
    pub moved: u32,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            from: time(9, 0, 0, 0),
            until: time(23, 0, 0, 0),
            slot_minutes: None,
            minutes: 60,
            seats: Seats::Should,
            weights: Weights::default(),
        }
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self { favourites: 1, track: 3, seat: 1, unpreferred: 2, over_daily_limit: 20, short_break: 10, moved: 25 }
    }
}
