//! What an import tells whoever asked for it.

use serde::Serialize;

use crate::import::Finding;

/// How many of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Sessions.
    pub sessions: usize,
    /// People.
    pub people: usize,
    /// Rooms.
    pub rooms: usize,
    /// Tracks.
    pub tracks: usize,
    /// People in sessions.
    pub assignments: usize,
}

impl Counts {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An item that could not be read, as reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// `line 14, column 3`.
    pub place: String,
    /// Which item and why.
    pub message: String,
}

impl From<&Finding> for Unreadable {
    fn from(found: &Finding) -> Self {
        Self { place: found.place.to_string(), message: found.message.clone() }
    }
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The format.
    pub format: &'static str,
    /// Whose programme it is.
    pub source: String,
    /// Whether it was only tried.
    pub dry_run: bool,
    /// How many the file holds.
    pub read: Counts,
    /// New here.
    pub added: Counts,
    /// Changed here.
    pub changed: Counts,
    /// Gone from here.
    pub removed: Counts,
    /// What could not be read, the first of them.
    pub unreadable: Vec<Unreadable>,
    /// How many could not be read.
    pub unreadable_count: usize,
    /// What the importer should know.
    pub notes: Vec<String>,
    /// The release made in the same go, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<i64>,
}
