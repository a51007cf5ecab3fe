//! The programme's rows. Everything here calls the host's database, so it runs inside a plugin call.

pub mod attendance;
pub mod demand;
pub mod planning;
pub mod plans;
pub mod programme;
pub mod reach;
pub mod revision;
pub mod write;

use std::collections::HashMap;

use conman_sdk::prelude::*;

use crate::model::Slot;

/// `until_release` of what the public sees now.
pub const FOREVER: i64 = 9_007_199_254_740_991;

/// Which state of the programme is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The work in progress.
    Draft,
    /// What the public sees.
    Released,
    /// What the public saw with any of these releases: one session may be there in several editions.
    Between {
        /// The first of them.
        first: i64,
        /// The last.
        last: i64,
    },
}

impl View {
    /// The table of sessions.
    #[must_use]
    pub const fn sessions(self) -> &'static str {
        if matches!(self, Self::Draft) { "session_draft" } else { "session_released" }
    }

    /// The table of people in sessions.
    #[must_use]
    pub const fn parts(self) -> &'static str {
        if matches!(self, Self::Draft) { "part_draft" } else { "part_released" }
    }

    /// The condition that rows of the table called `alias` belong to this view. Released rows are chosen by constants, so that the
    /// statement's text stays the same.
    #[must_use]
    pub fn condition(self, alias: &str) -> String {
        match self {
            Self::Draft => "1 = 1".to_owned(),
            Self::Released => format!("{alias}.until_release = {FOREVER}"),
            Self::Between { first, last } => {
                format!("{alias}.from_release <= {last} AND {alias}.until_release > {first}")
            }
        }
    }
}

/// A slot out of two columns.
#[must_use]
pub fn slot(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<Slot> {
    Some(Slot { start: start?, end: end? })
}

/// Items by their owners, out of two columns.
///
/// # Errors
/// The database's.
pub fn lists(sql: &str) -> Result<HashMap<String, Vec<String>>> {
    let rows: Vec<(String, String)> = database::query_as(sql, params![])?;
    let mut lists: HashMap<String, Vec<String>> = HashMap::new();
    for (owner, item) in rows {
        lists.entry(owner).or_default().push(item);
    }
    Ok(lists)
}

/// Windows by their owners, out of three columns.
///
/// # Errors
/// The database's.
pub fn windows(sql: &str) -> Result<HashMap<String, Vec<Slot>>> {
    let rows: Vec<(String, Timestamp, Timestamp)> = database::query_as(sql, params![])?;
    let mut windows: HashMap<String, Vec<Slot>> = HashMap::new();
    for (owner, start, end) in rows {
        windows.entry(owner).or_default().push(Slot { start, end });
    }
    Ok(windows)
}
