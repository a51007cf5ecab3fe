//! The event `programming.sessions.changed`: what of the public programme is another than before. A release tells what it changed.
//! Names are live, so a room or track that gets another one is told at once.

use conman_sdk::prelude::*;

use crate::store::FOREVER;

/// The event, for other plugins and for subscriptions.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionsChanged {
    /// The name of the release the public sees.
    pub release: String,
    /// At most a hundred.
    pub sessions: Vec<ChangedSession>,
}

/// A session in that event.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedSession {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// `scheduled` or `cancelled`.
    pub state: String,
    /// `talk`, `panel`, …
    pub kind: String,
    /// Its room.
    pub room_id: Option<String>,
    /// Its room's name.
    pub room_name: Option<String>,
    /// Its track.
    pub track_id: Option<String>,
    /// Its track's name.
    pub track_name: Option<String>,
    /// When it begins.
    pub start: Option<DateTime>,
    /// When it ends.
    pub end: Option<DateTime>,
    /// `created`, `changed`, `moved`, `cancelled` or `removed`.
    pub change: String,
}

/// So many sessions go into one event.
const PER_EVENT: usize = 100;

/// Tells everybody who listens.
///
/// # Errors
/// `quota` for more events than one call may emit.
pub fn tell(release: &str, mut sessions: Vec<ChangedSession>) -> Result<()> {
    while !sessions.is_empty() {
        let others = sessions.split_off(sessions.len().min(PER_EVENT));
        let payload = SessionsChanged { release: release.to_owned(), sessions };
        events::emit("programming.sessions.changed", "schedule", &payload)?;
        sessions = others;
    }
    Ok(())
}

/// What got another name.
#[derive(Debug, Clone, Copy)]
pub enum Renamed {
    /// Rooms.
    Rooms,
    /// Tracks.
    Tracks,
}

#[derive(FromRow)]
struct ReleasedRow {
    id: String,
    title: String,
    state: String,
    kind: String,
    room_id: Option<String>,
    room_name: Option<String>,
    track_id: Option<String>,
    track_name: Option<String>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
}

/// Tells of the released sessions in rooms or tracks that have another name now.
///
/// # Errors
/// The database's; `quota` for more events than one call may emit.
pub fn tell_renamed<'k>(ctx: &Context, what: Renamed, ids: impl IntoIterator<Item = &'k str>) -> Result<()> {
    let column = match what {
        Renamed::Rooms => "s.room_id",
        Renamed::Tracks => "s.track_id",
    };
    let sql = format!(
        "SELECT s.id, s.title, s.state, s.kind, s.room_id, r.name AS room_name, s.track_id, t.name AS track_name, s.starts_at, s.ends_at \
         FROM session_released s LEFT JOIN room r ON r.id = s.room_id LEFT JOIN track t ON t.id = s.track_id \
         WHERE s.until_release = {FOREVER} AND {column} IN ($keys) ORDER BY s.starts_at, s.id"
    );
    let rows: Vec<ReleasedRow> = database::query_in(&sql, params![], ids)?;
    if rows.is_empty() {
        return Ok(());
    }
    let release: String =
        database::query_value("SELECT name FROM schedule_release ORDER BY number DESC LIMIT 1", params![])?;
    let local = |at: Option<Timestamp>| at.map(|at| ctx.convention.local(at));
    let sessions = rows.into_iter().map(|row| ChangedSession {
        id: row.id,
        title: row.title,
        state: row.state,
        kind: row.kind,
        room_id: row.room_id,
        room_name: row.room_name,
        track_id: row.track_id,
        track_name: row.track_name,
        start: local(row.starts_at),
        end: local(row.ends_at),
        change: "changed".to_owned(),
    });
    tell(&release, sessions.collect())
}
