//! A timetabling problem, as the exchange format `conman-schedule-problem/1` has it. What is left as it is by default is left out.
//!
//! Time is counted in slots from 0 across the whole event; a session never crosses from one day into the next. Ranges `[from, to]` hold
//! `from` and not `to`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// What is to be placed where, and what is wished of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "format", rename = "conman-schedule-problem/1")]
pub struct Problem {
    /// What people call it.
    pub name: String,
    /// How many days.
    pub days: u32,
    /// How many slots each has.
    pub slots_per_day: u32,
    /// How long a slot is.
    pub slot_minutes: u32,
    /// Where sessions may be.
    pub rooms: Vec<Room>,
    /// Who takes part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
    /// What is to be placed.
    pub sessions: Vec<Session>,
    /// Pairs that may share no slot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<(String, String)>,
    /// Pairs that should share no slot, and what it costs if they do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overlap: Vec<(String, String, u32)>,
    /// Sessions that have something to do with one another.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Whether a room's capacity binds.
    pub capacity: Capacity,
    /// Where sessions are now: what need not move stays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub incumbent: Vec<super::Assignment>,
    /// What a unit of each wish costs.
    #[serde(skip_serializing_if = "Weights::is_empty")]
    pub weights: Weights,
}

/// A room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Room {
    /// Its id.
    pub id: String,
    /// Seats.
    pub capacity: u32,
    /// What it offers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// When it can be used; `None`: always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<Vec<[u32; 2]>>,
}

/// A person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Its id.
    pub id: String,
    /// When they can be there; `None`: always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<Vec<[u32; 2]>>,
    /// When they would like to be there; `None`: whenever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred: Option<Vec<[u32; 2]>>,
    /// More sessions on a day than this cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_day: Option<u32>,
    /// Fewer slots than this between two sessions of a day cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_gap: Option<u32>,
}

/// A session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Slots that its people are in it; 1 or more.
    pub duration: u32,
    /// Slots before it in which its room is taken.
    #[serde(skip_serializing_if = "is_zero")]
    pub setup: u32,
    /// Slots after it in which its room is taken.
    #[serde(skip_serializing_if = "is_zero")]
    pub teardown: u32,
    /// How many are expected.
    #[serde(skip_serializing_if = "is_zero")]
    pub audience: u32,
    /// Who takes part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// What its room must offer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// The only rooms it may be in; `None`: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rooms: Option<Vec<String>>,
    /// The only slots it may start at; `None`: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts: Option<Vec<[u32; 2]>>,
    /// Where it must be.
    #[serde(skip_serializing_if = "Pin::is_free")]
    pub pin: Pin,
    /// Sessions that must have ended when it starts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
}

/// What of a session's place is decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Pin {
    /// Its start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u32>,
    /// Its room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
}

/// Sessions that have something to do with one another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its sessions.
    pub sessions: Vec<String>,
    /// Fewer days than this cost.
    #[serde(skip_serializing_if = "is_zero")]
    pub min_days: u32,
    /// Whether a session with none of the others right before or after it costs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub compact: bool,
    /// Whether each room beyond the first costs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub same_room: bool,
}

/// What a room's capacity means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Capacity {
    /// A session with a larger audience may not be there.
    #[default]
    Hard,
    /// Each seat missing costs.
    Soft,
}

/// What a unit of each wish costs, by the wish's name in the format; for those not named it is the format's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weights(Vec<(&'static str, u32)>);

impl Weights {
    /// Says what a unit of a wish costs: `overlap`, `overflow`, `missing_day`, `isolated`, `extra_room`, `unpreferred`, `over_day_limit`,
    /// `short_gap`, `moved_time` or `moved_room`.
    #[must_use]
    pub fn with(mut self, wish: &'static str, cost: u32) -> Self {
        self.0.retain(|(known, _)| *known != wish);
        self.0.push((wish, cost));
        self
    }

    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Weights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (wish, cost) in &self.0 {
            map.serialize_entry(wish, cost)?;
        }
        map.end()
    }
}

impl Pin {
    const fn is_free(&self) -> bool {
        self.start.is_none() && self.room.is_none()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it may leave out by reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn what_is_not_said_is_left_out() {
        let session = |id: &str| Session { id: id.to_owned(), duration: 2, ..Session::default() };
        let problem = Problem {
            name: "Testcon".to_owned(),
            days: 1,
            slots_per_day: 16,
            slot_minutes: 30,
            rooms: vec![Room { id: "r".to_owned(), capacity: 9, open: Some(vec![[0, 8]]), ..Room::default() }],
            sessions: vec![
                Session { pin: Pin { start: Some(3), room: None }, people: vec!["p".to_owned()], ..session("a") },
                session("b"),
            ],
            people: vec![Person { id: "p".to_owned(), max_per_day: Some(2), ..Person::default() }],
            overlap: vec![("a".to_owned(), "b".to_owned(), 3)],
            weights: Weights::default().with("moved_time", 1).with("moved_time", 2),
            ..Problem::default()
        };
        expect![[r#"{"format":"conman-schedule-problem/1","name":"Testcon","days":1,"slots_per_day":16,"slot_minutes":30,"rooms":[{"id":"r","capacity":9,"open":[[0,8]]}],"people":[{"id":"p","max_per_day":2}],"sessions":[{"id":"a","duration":2,"people":["p"],"pin":{"start":3}},{"id":"b","duration":2}],"overlap":[["a","b",3]],"capacity":"hard","weights":{"moved_time":2}}"#]]
        .assert_eq(&serde_json::to_string(&problem).unwrap());
    }
}
