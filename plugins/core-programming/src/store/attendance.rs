//! Former years' attendance: whole editions in, this convention's out.

use std::collections::{BTreeSet, HashMap};

use conman_sdk::prelude::*;

use super::demand::{Marks, place};
use crate::changes::Counts;
use crate::import::attendance::Past;

/// How many sessions of former years an import adds, changes and removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changed {
    /// New here.
    pub added: Counts,
    /// Different now.
    pub changed: Counts,
    /// No longer in their edition.
    pub removed: Counts,
}

/// Replaces the editions that a file speaks of, or only tells what that would change.
///
/// # Errors
/// The database's.
pub fn replace(sessions: &[Past], dry_run: bool) -> Result<Changed> {
    let editions: BTreeSet<&str> = sessions.iter().map(|session| session.edition.as_str()).collect();
    let rows: Vec<Row> = database::query_in(
        &format!("SELECT {} FROM past_session WHERE edition IN ($keys)", COLUMNS.join(", ")),
        params![],
        &editions,
    )?;
    let mut before: HashMap<String, Past> = rows.into_iter().map(|row| (row.id.clone(), row.past())).collect();
    let mut counts = Changed::default();
    for session in sessions {
        match before.remove(&session.id) {
            None => counts.added.sessions += 1,
            Some(known) if known != *session => counts.changed.sessions += 1,
            Some(_) => {}
        }
    }
    counts.removed.sessions = before.len();
    if !dry_run && counts != Changed::default() {
        database::execute_in("DELETE FROM past_session WHERE edition IN ($keys)", params![], &editions)?;
        let rows = sessions.iter().map(|session| {
            row![
                session.id,
                session.edition,
                session.title,
                session.track,
                session.kind,
                session.day,
                session.hour,
                session.capacity,
                session.favourites,
                session.attendance
            ]
        });
        database::insert_many("past_session", COLUMNS, rows)?;
    }
    Ok(counts)
}

const COLUMNS: [&str; 10] =
    ["id", "edition", "title", "track", "kind", "day_number", "start_hour", "capacity", "favourites", "attendance"];

#[derive(FromRow)]
struct Row {
    id: String,
    edition: String,
    title: String,
    track: String,
    kind: String,
    day_number: Option<i64>,
    start_hour: Option<i64>,
    capacity: Option<i64>,
    favourites: Option<i64>,
    attendance: i64,
}

impl Row {
    fn past(self) -> Past {
        let Self {
            id,
            edition,
            title,
            track,
            kind,
            day_number: day,
            start_hour: hour,
            capacity,
            favourites,
            attendance,
        } = self;
        Past { id, edition, title, track, kind, day, hour, capacity, favourites, attendance }
    }
}

/// This convention's sessions that were counted, as next year's import reads them.
///
/// # Errors
/// The database's.
pub fn here(ctx: &Context) -> Result<Vec<Past>> {
    let marks = Marks::load()?;
    let rows: Vec<CountedRow> = database::query_as(
        "SELECT s.id, s.title, s.kind, s.starts_at, COALESCE(t.name, '') AS track, r.capacity, a.people FROM attendance a \
         JOIN session_draft s ON s.id = a.session_id LEFT JOIN track t ON t.id = s.track_id LEFT JOIN room r ON r.id = s.room_id \
         ORDER BY COALESCE(s.starts_at, 9007199254740991), s.id",
        params![],
    )?;
    let past = |row: CountedRow| {
        let place = row.starts_at.map(|at| place(ctx, at));
        Past {
            edition: ctx.convention.slug.clone(),
            title: row.title,
            track: row.track,
            kind: row.kind,
            day: place.map(|(day, _)| day),
            hour: place.map(|(_, hour)| hour),
            capacity: row.capacity,
            favourites: marks.of(&row.id),
            attendance: row.people,
            id: row.id,
        }
    };
    Ok(rows.into_iter().map(past).collect())
}

#[derive(FromRow)]
struct CountedRow {
    id: String,
    title: String,
    kind: String,
    starts_at: Option<Timestamp>,
    track: String,
    capacity: Option<i64>,
    people: i64,
}
