//! The programme's rows. Everything here calls the host's database, so it runs inside a plugin call.

pub mod programme;
pub mod revision;
pub mod write;

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
    /// What the public saw with a release.
    At(i64),
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
            Self::At(release) => format!("{alias}.from_release <= {release} AND {alias}.until_release > {release}"),
        }
    }
}

/// A slot out of two columns.
#[must_use]
pub fn slot(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<Slot> {
    Some(Slot { start: start?, end: end? })
}

/// Runs a statement for many keys, whose text has `$keys` once; answers how many rows it touched.
///
/// # Errors
/// The database's.
pub fn execute_in<'k>(sql: &str, parameters: &[Value], keys: impl IntoIterator<Item = &'k str>) -> Result<u64> {
    use std::fmt::Write as _;
    let keys: Vec<&str> = keys.into_iter().collect();
    let mut touched = 0;
    for chunk in keys.chunks(500) {
        // Few sizes, so that few texts exist; the last key again changes nothing about what IN matches.
        let size = [1, 8, 64, 500].into_iter().find(|size| *size >= chunk.len()).unwrap_or(chunk.len());
        let mut all = parameters.to_vec();
        all.extend(chunk.iter().map(|key| Value::Text((*key).to_owned())));
        if let Some(last) = all.last().cloned() {
            all.resize(parameters.len() + size, last);
        }
        let mut list = String::with_capacity(size * 6);
        for at in 1..=size {
            let _ = write!(list, "{}${}", if at == 1 { "" } else { ", " }, parameters.len() + at);
        }
        touched += database::execute(&sql.replacen("$keys", &list, 1), &all)?;
    }
    Ok(touched)
}
