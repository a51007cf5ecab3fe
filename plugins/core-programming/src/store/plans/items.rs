//! The sessions a plan may move, and what becomes of them.

use std::collections::HashMap;

use conman_sdk::database::execute_in;
use conman_sdk::prelude::*;
use conman_sdk::scheduler::{Blocked, Blocker};

use super::super::slot;
use super::Fate;
use crate::model::Slot;
use crate::scheduling::proposal::{Asked, Outcome};

/// A session a plan may move.
#[derive(FromRow)]
pub struct Item {
    /// The session.
    pub session_id: String,
    from_room: Option<String>,
    from_start: Option<Timestamp>,
    from_end: Option<Timestamp>,
    /// How long it takes.
    pub seconds: i64,
    /// What becomes of it.
    pub outcome: Fate,
    to_room: Option<String>,
    to_start: Option<Timestamp>,
    /// Why it has no place; before there is a proposal, why it will have none.
    #[row(json)]
    pub reasons: Vec<Blocker>,
    /// Whether it keeps its time and gets a room at most.
    pub room_only: bool,
    /// Whether that was accepted.
    pub accepted: bool,
}

impl Item {
    /// Where and when it was.
    #[must_use]
    pub fn from(&self) -> (Option<&str>, Option<Slot>) {
        (self.from_room.as_deref(), slot(self.from_start, self.from_end))
    }

    /// Where and when it is to be; without a time it has no place.
    #[must_use]
    pub fn to(&self) -> (Option<&str>, Option<Slot>) {
        (self.to_room.as_deref(), self.to_start.and_then(|start| Slot::lasting(start, self.seconds)))
    }

    /// Whether the plan changes it, or has done so.
    #[must_use]
    pub fn is_change(&self) -> bool {
        match self.outcome {
            Fate::Moved => true,
            // What had no place before is no change, and what lacks a room alone stays as it is.
            Fate::Unplaced => self.from_start.is_some() && !self.room_only,
            Fate::Asked | Fate::Kept => false,
        }
    }
}

const ITEM: &str = "SELECT session_id, from_room, from_start, from_end, seconds, outcome, to_room, to_start, reasons, room_only, accepted \
     FROM schedule_plan_session";

const TABLE: &str = "schedule_plan_session";

/// Notes what a plan may move.
pub(super) fn ask(plan: &str, asked: &[Asked]) -> Result<()> {
    let rows = asked.iter().map(|asked| {
        row![
            plan,
            asked.session,
            asked.room,
            asked.slot.map(|slot| slot.start),
            asked.slot.map(|slot| slot.end),
            asked.seconds,
            Fate::Asked,
            Json(&asked.reasons),
            asked.room_only
        ]
    });
    let columns =
        ["plan_id", "session_id", "from_room", "from_start", "from_end", "seconds", "outcome", "reasons", "room_only"];
    database::insert_many(TABLE, columns, rows).map(|_| ())
}

/// Notes what becomes of them, in their order, and why some have no place.
pub(super) fn propose(plan: &str, items: &[Item], outcomes: &[Outcome], unplaced: &[Blocked]) -> Result<()> {
    let why: HashMap<&str, &[Blocker]> =
        unplaced.iter().map(|unplaced| (unplaced.session.as_str(), unplaced.reasons.as_slice())).collect();
    let rows = items.iter().zip(outcomes).map(|(item, outcome)| {
        let (fate, room, start) = match outcome {
            Outcome::Kept => (Fate::Kept, item.from_room.as_deref(), item.from_start),
            Outcome::Moved { start, room } => (Fate::Moved, room.as_deref(), Some(*start)),
            Outcome::Unplaced => (Fate::Unplaced, None, None),
        };
        let reasons = why.get(item.session_id.as_str()).copied().unwrap_or(&item.reasons);
        let reasons = if fate == Fate::Unplaced { reasons } else { &[] };
        row![
            plan,
            item.session_id,
            item.from_room,
            item.from_start,
            item.from_end,
            item.seconds,
            fate,
            room,
            start,
            Json(reasons),
            item.room_only
        ]
    });
    let columns = [
        "plan_id",
        "session_id",
        "from_room",
        "from_start",
        "from_end",
        "seconds",
        "outcome",
        "to_room",
        "to_start",
        "reasons",
        "room_only",
    ];
    database::upsert_many(TABLE, &["plan_id", "session_id"], columns, rows).map(|_| ())
}

/// The sessions a plan may move, in the order of their proposed times; those it leaves without one come last.
///
/// # Errors
/// The database's.
pub fn items(plan: &str) -> Result<Vec<Item>> {
    let sql = format!("{ITEM} WHERE plan_id = $1 ORDER BY COALESCE(to_start, 9007199254740991), session_id");
    database::query_as(&sql, params![plan])
}

/// Those of them that it has no place for.
///
/// # Errors
/// The database's.
pub fn unplaced(plan: &str) -> Result<Vec<Item>> {
    let sql = format!("{ITEM} WHERE plan_id = $1 AND outcome = $2 ORDER BY session_id");
    database::query_as(&sql, params![plan, Fate::Unplaced])
}

/// How many sessions a plan may move.
///
/// # Errors
/// The database's.
pub fn count(plan: &str) -> Result<i64> {
    let rows: Vec<(i64,)> =
        database::query_as("SELECT COUNT(*) FROM schedule_plan_session WHERE plan_id = $1", params![plan])?;
    Ok(rows.first().map_or(0, |(count,)| *count))
}

/// Puts sessions where and when a plan proposes them, as [`crate::graph::edit::put`] does, without reading all that is said of them.
///
/// # Errors
/// The database's.
pub fn put<'k>(plan: &str, revision: i64, sessions: impl IntoIterator<Item = &'k str>) -> Result<()> {
    let sql = "UPDATE session_draft SET revision = $2, state = 'scheduled', minutes = NULL, room_id = p.to_room, starts_at = p.to_start, \
         ends_at = p.to_start + p.seconds * 1000 FROM schedule_plan_session p \
         WHERE p.plan_id = $1 AND p.session_id = session_draft.id AND p.to_start IS NOT NULL AND p.session_id IN ($keys)";
    execute_in(sql, params![plan, revision], sessions).map(|_| ())
}

/// Notes that sessions are where a plan proposed them.
///
/// # Errors
/// The database's.
pub fn accepted<'k>(plan: &str, sessions: impl IntoIterator<Item = &'k str>) -> Result<()> {
    let sql = "UPDATE schedule_plan_session SET accepted = TRUE WHERE plan_id = $1 AND session_id IN ($keys)";
    execute_in(sql, params![plan], sessions).map(|_| ())
}
