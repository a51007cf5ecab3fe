//! What a timetable costs: sessions without a place first, then broken wishes, term by term.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// What a timetable costs. Ordered as the objective is: fewest unplaced sessions first, then the least soft cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Sessions without a place.
    pub unplaced: u32,
    /// Broken wishes, weighted.
    pub terms: Terms,
}

impl Cost {
    /// The soft cost.
    pub fn soft(&self) -> u64 {
        self.terms.sum()
    }
}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cost {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.unplaced, self.soft(), self.terms.in_order()).cmp(&(other.unplaced, other.soft(), other.terms.in_order()))
    }
}

/// The soft cost by term, each already multiplied by its weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// Pairs that share a slot and should not.
    pub overlap: u64,
    /// Seats missing.
    pub overflow: u64,
    /// Days that groups are short of.
    pub missing_day: u64,
    /// Members of compact groups that stand alone.
    pub isolated: u64,
    /// Rooms of groups beyond the first.
    pub extra_room: u64,
    /// Slots of people outside what they prefer.
    pub unpreferred: u64,
    /// Sessions of people beyond their limit on a day.
    pub over_day_limit: u64,
    /// Consecutive sessions of people with too short a gap.
    pub short_gap: u64,
    /// Sessions that start at another slot than before.
    pub moved_time: u64,
    /// Sessions in another room than before.
    pub moved_room: u64,
}

impl Terms {
    /// All terms together.
    pub fn sum(&self) -> u64 {
        self.in_order().iter().map(|(_, amount)| amount).sum()
    }

    /// The terms' names in the format.
    pub fn names() -> [&'static str; 10] {
        Self::default().in_order().map(|(name, _)| name)
    }

    /// The terms with their names in the format.
    pub fn in_order(&self) -> [(&'static str, u64); 10] {
        [
            ("overlap", self.overlap),
            ("overflow", self.overflow),
            ("missing_day", self.missing_day),
            ("isolated", self.isolated),
            ("extra_room", self.extra_room),
            ("unpreferred", self.unpreferred),
            ("over_day_limit", self.over_day_limit),
            ("short_gap", self.short_gap),
            ("moved_time", self.moved_time),
            ("moved_room", self.moved_room),
        ]
    }
}
