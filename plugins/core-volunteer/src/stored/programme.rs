//! The sessions this plugin has heard of. It keeps the little that rules need, and never asks the programme for more.

use std::collections::HashMap;

use conman_sdk::prelude::*;

use crate::rules::calendar::Span;
use crate::rules::making::SessionFacts;

/// A session as it was last told of.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct SessionRow {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) kind: String,
    pub(crate) scheduled: bool,
    pub(crate) room_id: Option<String>,
    pub(crate) room_name: Option<String>,
    pub(crate) track_id: Option<String>,
    pub(crate) track_name: Option<String>,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) ends_at: Option<Timestamp>,
}

const SELECT: &str = "SELECT id, title, kind, scheduled, room_id, room_name, track_id, track_name, starts_at, ends_at FROM programme_session";

impl SessionRow {
    /// When it is, if it takes place at a time.
    pub(crate) fn span(&self) -> Option<Span> {
        if !self.scheduled {
            return None;
        }
        Span::new(self.starts_at?, self.ends_at?)
    }

    /// What of it matters for rules.
    pub(crate) fn facts(&self) -> SessionFacts {
        let name = || self.room_name.clone().unwrap_or_default();
        SessionFacts {
            id: self.id.clone(),
            title: self.title.clone(),
            kind: self.kind.clone(),
            scheduled: self.scheduled,
            room: self.room_id.clone().map(|id| (id, name())),
            track: self.track_id.clone(),
            span: self.span(),
        }
    }
}

/// Sessions by id.
pub(crate) fn rows<K: ToValue>(ids: impl IntoIterator<Item = K>) -> Result<HashMap<String, SessionRow>> {
    let rows = database::query_in::<SessionRow, _>(&format!("{SELECT} WHERE id IN ($keys)"), params![], ids)?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

/// All sessions in rooms.
pub(crate) fn in_rooms<K: ToValue>(rooms: impl IntoIterator<Item = K>) -> Result<Vec<SessionRow>> {
    database::query_in(&format!("{SELECT} WHERE room_id IN ($keys)"), params![], rooms)
}

/// All sessions.
pub(crate) fn all() -> Result<Vec<SessionRow>> {
    database::query_as(SELECT, params![])
}

/// Keeps sessions as they are now.
pub(crate) fn save(rows: &[SessionRow]) -> Result<()> {
    let columns =
        ["id", "title", "kind", "scheduled", "room_id", "room_name", "track_id", "track_name", "starts_at", "ends_at"];
    let values = rows.iter().map(|row| {
        row![
            row.id,
            row.title,
            row.kind,
            row.scheduled,
            row.room_id,
            row.room_name,
            row.track_id,
            row.track_name,
            row.starts_at,
            row.ends_at
        ]
    });
    database::upsert_many("programme_session", &["id"], columns, values)?;
    Ok(())
}
