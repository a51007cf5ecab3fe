//! A timetable, as the exchange format `conman-schedule-solution/1` has it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A timetable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename = "conman-schedule-solution/1")]
pub struct Solution {
    /// Where sessions are.
    pub assignments: Vec<Assignment>,
    /// Sessions without a place.
    #[serde(default)]
    pub unplaced: Vec<Unplaced>,
    /// What it costs; what people have made by hand does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

/// Where a session is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The session's id.
    pub session: String,
    /// The slot it starts at.
    pub start: u32,
    /// The room's id.
    pub room: String,
}

/// A session without a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unplaced {
    /// Its id.
    pub session: String,
    /// What keeps it from having one.
    #[serde(default)]
    pub reasons: Vec<Reason>,
}

/// What keeps a session from having a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule, by its name in the format: `person_available`.
    pub constraint: String,
    /// In words.
    pub detail: String,
}

/// What a timetable costs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Sessions without a place.
    pub unplaced: u64,
    /// Broken wishes, each times its weight.
    pub soft: u64,
    /// The same by wish.
    #[serde(default)]
    pub terms: BTreeMap<String, u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timetable_is_read_and_written_as_it_was() {
        let text = r#"{"format":"conman-schedule-solution/1","assignments":[{"session":"a","start":3,"room":"r"}],"unplaced":[{"session":"b","reasons":[{"constraint":"room_busy","detail":"r is full"}]}],"cost":{"unplaced":1,"soft":4,"terms":{"overlap":4}}}"#;
        let solution: Solution = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&solution).unwrap(), text);
    }
}
