//! Releases: the work in progress made public, under a name, with a log of what that changed.
//!
//! A release writes rows only for sessions that differ from what the public sees. Every change of a draft session raises its
//! `revision`, so those are found without comparing texts; that a session was changed back again is found by comparing after all.

use conman_sdk::prelude::*;

use super::telling::{self, ChangedSession};
use super::{int, some, wire};
use crate::schema::{ScheduleRelease, ScheduleReleaseKey, SessionChange};
use crate::store::programme::ANNOUNCED;
use crate::store::{FOREVER, revision, write};
use crate::text;

/// What the next release does to a session.
#[derive(Debug, Clone)]
pub struct Change {
    session: String,
    change: &'static str,
    title: String,
    state: String,
    kind: String,
    room: Option<String>,
    room_name: Option<String>,
    track: Option<String>,
    track_name: Option<String>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    old_room_name: Option<String>,
    old_start: Option<Timestamp>,
    old_end: Option<Timestamp>,
}

impl Change {
    /// As clients see it.
    #[must_use]
    pub fn shown(&self, ctx: &Context) -> SessionChange {
        let local = |at: Option<Timestamp>| at.map(|at| ctx.convention.local(at));
        SessionChange {
            session_id: self.session.clone(),
            title: self.title.clone(),
            change: wire(self.change).unwrap_or(crate::schema::SessionChangeKind::Changed),
            room_name: self.room_name.clone(),
            start: local(self.start),
            end: local(self.end),
            old_room_name: self.old_room_name.clone(),
            old_start: local(self.old_start),
            old_end: local(self.old_end),
        }
    }

    /// As those who listen hear of it.
    fn told(&self, ctx: &Context) -> ChangedSession {
        let local = |at: Option<Timestamp>| at.map(|at| ctx.convention.local(at));
        ChangedSession {
            id: self.session.clone(),
            title: self.title.clone(),
            state: self.state.clone(),
            kind: self.kind.clone(),
            room_id: self.room.clone(),
            room_name: self.room_name.clone(),
            track_id: self.track.clone(),
            track_name: self.track_name.clone(),
            start: local(self.start),
            end: local(self.end),
            change: self.change.to_owned(),
        }
    }
}

/// Draft and released row of one session, as far as they tell what changed.
#[derive(FromRow)]
struct Pair {
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
    is_public: bool,
    old_state: Option<String>,
    old_room_id: Option<String>,
    old_room_name: Option<String>,
    old_starts_at: Option<Timestamp>,
    old_ends_at: Option<Timestamp>,
    is_same: bool,
}

impl Pair {
    fn change(self) -> Option<Change> {
        let was_public = self.old_state.is_some();
        let cancelled_before = self.old_state.as_deref() == Some("cancelled");
        // What was called off before anybody saw it is nobody's news.
        let is_public = self.is_public && (self.state != "cancelled" || was_public);
        let moved =
            (&self.room_id, self.starts_at, self.ends_at) != (&self.old_room_id, self.old_starts_at, self.old_ends_at);
        let change = match (was_public, is_public) {
            (false, false) => return None,
            (false, true) => "created",
            (true, false) => "removed",
            (true, true) if self.state == "cancelled" && !cancelled_before => "cancelled",
            (true, true) if moved => "moved",
            (true, true) if self.is_same => return None,
            (true, true) => "changed",
        };
        Some(Change {
            session: self.id,
            change,
            title: self.title,
            state: self.state,
            kind: self.kind,
            room: self.room_id,
            room_name: self.room_name,
            track: self.track_id,
            track_name: self.track_name,
            start: self.starts_at,
            end: self.ends_at,
            old_room_name: self.old_room_name,
            old_start: self.old_starts_at,
            old_end: self.old_ends_at,
        })
    }
}

/// Columns whose difference is a change; the line-up is compared apart.
const CONTENT: [&str; 16] = [
    "code",
    "slug",
    "title",
    "subtitle",
    "abstract_text",
    "description",
    "kind",
    "state",
    "environment",
    "language",
    "url",
    "links",
    "attachments",
    "tags",
    "extra",
    "number",
];

/// What the next release would change, by time.
///
/// # Errors
/// The database's.
pub fn pending() -> Result<Vec<Change>> {
    let same: Vec<String> = CONTENT.iter().map(|column| format!("s.{column} = o.{column}")).collect();
    let differs = |one: &str, in_one: &str, other: &str, in_other: &str| {
        format!(
            "NOT EXISTS (SELECT 1 FROM {one} a WHERE a.session_id = s.id{in_one} AND a.role IN {ANNOUNCED} AND NOT EXISTS (SELECT 1 FROM \
             {other} b WHERE b.session_id = s.id AND b.person_id = a.person_id AND b.role = a.role AND b.sort_order = a.sort_order{in_other}))"
        )
    };
    let current_a = format!(" AND a.until_release = {FOREVER}");
    let current_b = format!(" AND b.until_release = {FOREVER}");
    let same_line_up = [
        differs("part_draft", "", "part_released", &current_b),
        differs("part_released", &current_a, "part_draft", ""),
    ]
    .join(" AND ");
    let changed = format!(
        "SELECT s.id, s.title, s.state, s.kind, s.room_id, r.name AS room_name, s.track_id, t.name AS track_name, s.starts_at, s.ends_at, \
         (s.state <> 'draft' AND s.starts_at IS NOT NULL) AS is_public, o.state AS old_state, o.room_id AS old_room_id, q.name AS old_room_name, \
         o.starts_at AS old_starts_at, o.ends_at AS old_ends_at, \
         (CASE WHEN o.id IS NOT NULL AND {} AND COALESCE(s.track_id, '') = COALESCE(o.track_id, '') AND {same_line_up} THEN 1 ELSE 0 END) AS is_same \
         FROM session_draft s LEFT JOIN session_released o ON o.id = s.id AND o.until_release = {FOREVER} \
         LEFT JOIN room r ON r.id = s.room_id LEFT JOIN room q ON q.id = o.room_id LEFT JOIN track t ON t.id = s.track_id \
         WHERE s.revision <> COALESCE(o.revision, -1) AND (o.id IS NOT NULL OR s.state = 'scheduled') ORDER BY s.starts_at, s.id",
        same.join(" AND ")
    );
    let rows: Vec<Pair> = database::query_as(&changed, params![])?;
    let mut changes: Vec<Change> = rows.into_iter().filter_map(Pair::change).collect();
    let deleted = format!(
        "SELECT o.id, o.title, o.state, o.kind, o.room_id, NULL AS room_name, o.track_id, NULL AS track_name, o.starts_at, o.ends_at, \
         (1 = 0) AS is_public, o.state AS old_state, o.room_id AS old_room_id, q.name AS old_room_name, o.starts_at AS old_starts_at, \
         o.ends_at AS old_ends_at, 0 AS is_same FROM session_released o LEFT JOIN room q ON q.id = o.room_id \
         WHERE o.until_release = {FOREVER} AND NOT EXISTS (SELECT 1 FROM session_draft d WHERE d.id = o.id) ORDER BY o.starts_at, o.id"
    );
    let rows: Vec<Pair> = database::query_as(&deleted, params![])?;
    changes.extend(rows.into_iter().filter_map(Pair::change));
    Ok(changes)
}

/// Makes the work in progress public.
///
/// # Errors
/// `invalid` for an empty name, `NAME_TAKEN` for a used one; the database's.
pub fn make(ctx: &Context, name: &str, note: &str) -> Result<ScheduleRelease> {
    let name = text::line(name);
    if name.is_empty() {
        return Err(Error::invalid("Give the release a name.").at("/name"));
    }
    let taken: Option<(i64,)> =
        database::query_optional("SELECT number FROM schedule_release WHERE name = $1", params![name])?;
    if taken.is_some() {
        return Err(Error::new(
            "NAME_TAKEN",
            format!("There is a release called `{name}` already; choose another name."),
        )
        .at("/name"));
    }
    let last: Option<i64> = database::query_value("SELECT MAX(number) FROM schedule_release", params![])?;
    let number = last.unwrap_or(0) + 1;
    let changes = pending()?;

    let removed = |change: &&Change| change.change == "removed";
    let touched = || changes.iter().map(|change| change.session.as_str());
    for (table, id) in [("session_released", "id"), ("part_released", "session_id")] {
        let sql = format!("UPDATE {table} SET until_release = $1 WHERE until_release = {FOREVER} AND {id} IN ($keys)");
        database::execute_in(&sql, params![number], touched())?;
    }
    let kept: Vec<&str> =
        changes.iter().filter(|change| !removed(change)).map(|change| change.session.as_str()).collect();
    let columns = "id, revision, number, code, slug, title, subtitle, abstract_text, description, kind, state, environment, language, track_id, \
                   room_id, starts_at, ends_at, url, links, attachments, tags, audience, extra, search, source";
    let sql = format!(
        "INSERT INTO session_released (from_release, until_release, {columns}) \
         SELECT {number}, {FOREVER}, {columns} FROM session_draft WHERE id IN ($keys)"
    );
    database::execute_in(&sql, params![], kept.iter().copied())?;
    let sql = format!(
        "INSERT INTO part_released (from_release, until_release, session_id, person_id, sort_order, role) \
         SELECT {number}, {FOREVER}, session_id, person_id, sort_order, role FROM part_draft WHERE role IN {ANNOUNCED} AND session_id IN ($keys)"
    );
    database::execute_in(&sql, params![], kept.iter().copied())?;
    let sql = "UPDATE person SET approval = 'not_set' WHERE approval <> 'not_set' AND id IN (SELECT person_id FROM part_draft WHERE session_id IN ($keys))";
    database::execute_in(sql, params![], kept.iter().copied())?;
    write::sweep()?;

    let sessions: i64 = database::query_value(
        &format!("SELECT COUNT(*) FROM session_released WHERE until_release = {FOREVER} AND state = 'scheduled'"),
        params![],
    )?;
    let by = if ctx.actor.name.is_empty() { "system" } else { ctx.actor.name.as_str() };
    let (note, now) = (text::clean(note), clock::now());
    let columns = ["number", "name", "note", "made_at", "made_by", "sessions", "changes"];
    database::insert_many("schedule_release", columns, [row![number, name, note, now, by, sessions, changes.len()]])?;
    let columns = [
        "release_number",
        "session_id",
        "change",
        "title",
        "room_name",
        "starts_at",
        "ends_at",
        "old_room_name",
        "old_starts_at",
        "old_ends_at",
    ];
    let rows = changes.iter().map(|change| {
        row![
            number,
            change.session,
            change.change,
            change.title,
            change.room_name,
            change.start,
            change.end,
            change.old_room_name,
            change.old_start,
            change.old_end
        ]
    });
    database::insert_many("schedule_change", columns, rows)?;
    revision::touch()?;
    telling::tell(&name, changes.iter().map(|change| change.told(ctx)).collect())?;
    tracing::info!(release = %name, changes = changes.len(), "released");
    Ok(ScheduleRelease {
        number,
        name,
        note: some(note),
        at: ctx.convention.local(now),
        by: by.to_owned(),
        session_count: int(sessions),
        change_count: int(i64::try_from(changes.len()).unwrap_or(i64::MAX)),
    })
}

#[derive(FromRow)]
struct ReleaseRow {
    number: i64,
    name: String,
    note: String,
    made_at: Timestamp,
    made_by: String,
    sessions: i64,
    changes: i64,
}

impl ReleaseRow {
    fn shown(self, ctx: &Context) -> ScheduleRelease {
        ScheduleRelease {
            number: self.number,
            name: self.name,
            note: some(self.note),
            at: ctx.convention.local(self.made_at),
            by: self.made_by,
            session_count: int(self.sessions),
            change_count: int(self.changes),
        }
    }
}

const SELECT: &str = "SELECT number, name, note, made_at, made_by, sessions, changes FROM schedule_release";

/// The newest releases.
///
/// # Errors
/// The database's.
pub fn list(ctx: &Context, most: usize) -> Result<Vec<ScheduleRelease>> {
    let rows: Vec<ReleaseRow> = database::query_as(&format!("{SELECT} ORDER BY number DESC LIMIT $1"), params![most])?;
    Ok(rows.into_iter().map(|row| row.shown(ctx)).collect())
}

/// Releases by their numbers.
///
/// # Errors
/// The database's.
pub fn by_number(ctx: &Context, numbers: impl IntoIterator<Item = i64>) -> Result<Vec<(i64, ScheduleRelease)>> {
    let rows: Vec<ReleaseRow> = database::query_in(&format!("{SELECT} WHERE number IN ($keys)"), params![], numbers)?;
    Ok(rows.into_iter().map(|row| (row.number, row.shown(ctx))).collect())
}

#[derive(FromRow)]
struct ChangeRow {
    release_number: i64,
    session_id: String,
    change: String,
    title: String,
    room_name: Option<String>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    old_room_name: Option<String>,
    old_starts_at: Option<Timestamp>,
    old_ends_at: Option<Timestamp>,
}

/// What releases changed, by time.
///
/// # Errors
/// The database's.
pub fn changes(ctx: &Context, releases: &[ScheduleReleaseKey]) -> Batch<Vec<SessionChange>> {
    let sql = "SELECT release_number, session_id, change, title, room_name, starts_at, ends_at, old_room_name, old_starts_at, old_ends_at \
               FROM schedule_change WHERE release_number IN ($keys) ORDER BY release_number, starts_at, session_id";
    let rows: Vec<ChangeRow> = database::query_in(sql, params![], releases.iter().map(|key| key.number))?;
    let local = |at: Option<Timestamp>| at.map(|at| ctx.convention.local(at));
    let rows = rows
        .into_iter()
        .map(|row| {
            let change = SessionChange {
                session_id: row.session_id,
                title: row.title,
                change: wire(&row.change)?,
                room_name: row.room_name,
                start: local(row.starts_at),
                end: local(row.ends_at),
                old_room_name: row.old_room_name,
                old_start: local(row.old_starts_at),
                old_end: local(row.old_ends_at),
            };
            Ok((ScheduleReleaseKey { number: row.release_number }, change))
        })
        .collect::<Result<Vec<_>>>()?;
    batch::lists(releases, rows)
}
