//! Writing the work in progress: single items for organisers, whole plans for imports.

use std::collections::BTreeSet;

use conman_sdk::database::execute_in;
use conman_sdk::prelude::*;

use super::{FOREVER, revision};
use crate::changes::Plan;
use crate::model::{Part, Person, Room, Session, Track};
use crate::text;

/// Carries an import's plan out.
///
/// # Errors
/// The database's.
pub fn plan(plan: &Plan) -> Result<()> {
    if plan.is_empty() {
        return Ok(());
    }
    let revision = revision::next()?;
    if let Some(conference) = &plan.conference {
        database::upsert_many("setting", &["name"], ["name", "value"], [row!["conference", Json(conference)]])?;
    }
    rooms(&plan.rooms)?;
    tracks(&plan.tracks)?;
    people(&plan.people)?;
    sessions(&plan.sessions, revision)?;
    let written: BTreeSet<&str> = plan.sessions.iter().map(|session| session.id.as_str()).collect();
    let only_line_up = plan.line_ups.keys().map(String::as_str).filter(|id| !written.contains(id));
    execute_in("UPDATE session_draft SET revision = $1 WHERE id IN ($keys)", params![revision], only_line_up)?;
    execute_in(
        "DELETE FROM part_draft WHERE session_id IN ($keys)",
        params![],
        plan.line_ups.keys().map(String::as_str),
    )?;
    parts(plan.line_ups.values().flatten())?;
    remove_sessions(plan.removed_sessions.iter().map(String::as_str))?;
    remove_people(plan.removed_people.iter().map(String::as_str))?;
    remove_rooms(plan.removed_rooms.iter().map(String::as_str))?;
    remove_tracks(plan.removed_tracks.iter().map(String::as_str))
}

/// Adds rooms, or overwrites what files say of them: what they have stays.
///
/// # Errors
/// The database's.
pub fn rooms<'r>(rooms: impl IntoIterator<Item = &'r Room>) -> Result<()> {
    let rows = rooms.into_iter().map(|room| {
        row![
            room.id,
            room.name,
            text::fold(&room.name),
            room.position,
            room.area,
            room.capacity,
            room.exclusive,
            room.description,
            Json(&room.extra),
            room.source,
            false
        ]
    });
    let columns = [
        "id",
        "name",
        "name_key",
        "sort_order",
        "area",
        "capacity",
        "exclusive",
        "description",
        "extra",
        "source",
        "removed",
    ];
    database::upsert_many("room", &["id"], columns, rows).map(|_| ())
}

/// Adds or overwrites tracks.
///
/// # Errors
/// The database's.
pub fn tracks<'r>(tracks: impl IntoIterator<Item = &'r Track>) -> Result<()> {
    let rows = tracks.into_iter().map(|track| {
        row![
            track.id,
            track.name,
            text::fold(&track.name),
            track.position,
            track.color,
            track.slug,
            track.source,
            false
        ]
    });
    let columns = ["id", "name", "name_key", "sort_order", "color", "slug", "source", "removed"];
    database::upsert_many("track", &["id"], columns, rows).map(|_| ())
}

/// Adds people, or overwrites what files say of them: limits and approvals stay.
///
/// # Errors
/// The database's.
pub fn people<'r>(people: impl IntoIterator<Item = &'r Person>) -> Result<()> {
    let rows = people.into_iter().map(|person| {
        row![
            person.id,
            person.number,
            person.name,
            text::fold(&person.name),
            person.biography,
            person.avatar,
            person.url,
            Json(&person.links),
            person.source,
            false
        ]
    });
    let columns = ["id", "number", "name", "name_key", "biography", "avatar", "url", "links", "source", "removed"];
    database::upsert_many("person", &["id"], columns, rows).map(|_| ())
}

/// What a session is found by. Names of people, rooms and tracks are searched where they stand, so that renaming needs no rewriting.
fn searchable(session: &Session) -> String {
    let mut all = String::new();
    let fields =
        [&session.title, &session.subtitle, &session.kind, &session.code, &session.abstract_text, &session.description];
    for field in fields.into_iter().chain(&session.tags) {
        if !field.is_empty() {
            all.push_str(field);
            all.push(' ');
        }
    }
    text::fold(&all)
}

/// Adds or overwrites sessions.
///
/// # Errors
/// The database's.
pub fn sessions<'r>(sessions: impl IntoIterator<Item = &'r Session>, revision: i64) -> Result<()> {
    let rows = sessions.into_iter().map(|session| {
        row![
            session.id,
            revision,
            session.number,
            session.code,
            session.slug,
            session.title,
            session.subtitle,
            session.abstract_text,
            session.description,
            session.kind,
            session.state.as_str(),
            session.environment.as_str(),
            session.language,
            session.track,
            session.room,
            session.slot.map(|slot| slot.start),
            session.slot.map(|slot| slot.end),
            session.url,
            Json(&session.links),
            Json(&session.attachments),
            Json(&session.tags),
            session.audience,
            session.minutes,
            Json(&session.needs),
            session.setup_minutes,
            session.teardown_minutes,
            Json(&session.extra),
            searchable(session),
            session.source
        ]
    });
    let columns = [
        "id",
        "revision",
        "number",
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
        "track_id",
        "room_id",
        "starts_at",
        "ends_at",
        "url",
        "links",
        "attachments",
        "tags",
        "audience",
        "minutes",
        "needs",
        "setup_minutes",
        "teardown_minutes",
        "extra",
        "search",
        "source",
    ];
    database::upsert_many("session_draft", &["id"], columns, rows).map(|_| ())
}

/// Adds people to sessions.
///
/// # Errors
/// `sql-constraint` when somebody is in a session already.
pub fn parts<'r>(parts: impl IntoIterator<Item = &'r Part>) -> Result<()> {
    let rows = parts.into_iter().map(|part| row![part.session, part.person, part.position, part.role.as_str()]);
    database::insert_many("part_draft", ["session_id", "person_id", "sort_order", "role"], rows).map(|_| ())
}

/// Removes sessions, the people from them, and what is known of them alone.
///
/// # Errors
/// The database's.
pub fn remove_sessions<'k>(ids: impl IntoIterator<Item = &'k str> + Clone) -> Result<()> {
    for (table, id) in [
        ("part_draft", "session_id"),
        ("session_room", "session_id"),
        ("session_after", "session_id"),
        ("session_after", "after_id"),
        ("attendance", "session_id"),
        ("schedule_plan_session", "session_id"),
    ] {
        execute_in(&format!("DELETE FROM {table} WHERE {id} IN ($keys)"), params![], ids.clone())?;
    }
    execute_in("DELETE FROM session_draft WHERE id IN ($keys)", params![], ids).map(|_| ())
}

/// Removes people and all that is known of them; whoever the public still sees keeps their name until the next release.
///
/// # Errors
/// The database's.
pub fn remove_people<'k>(ids: impl IntoIterator<Item = &'k str> + Clone) -> Result<()> {
    execute_in("DELETE FROM part_draft WHERE person_id IN ($keys)", params![], ids.clone())?;
    execute_in("DELETE FROM person_window WHERE person_id IN ($keys)", params![], ids.clone())?;
    execute_in("DELETE FROM person_preferred WHERE person_id IN ($keys)", params![], ids.clone())?;
    execute_in("DELETE FROM kept_apart WHERE person_id IN ($keys)", params![], ids.clone())?;
    execute_in("DELETE FROM kept_apart WHERE other_id IN ($keys)", params![], ids.clone())?;
    execute_in("UPDATE person SET removed = TRUE WHERE id IN ($keys)", params![], ids)?;
    sweep_people()
}

/// Removes rooms; sessions in them keep their time, and those that might be in no other may be in any.
///
/// # Errors
/// The database's.
pub fn remove_rooms<'k>(ids: impl IntoIterator<Item = &'k str> + Clone) -> Result<()> {
    execute_in("DELETE FROM room_window WHERE room_id IN ($keys)", params![], ids.clone())?;
    execute_in("DELETE FROM session_room WHERE room_id IN ($keys)", params![], ids.clone())?;
    execute_in("UPDATE room SET removed = TRUE WHERE id IN ($keys)", params![], ids)?;
    sweep_rooms()
}

/// Removes tracks.
///
/// # Errors
/// The database's.
pub fn remove_tracks<'k>(ids: impl IntoIterator<Item = &'k str> + Clone) -> Result<()> {
    execute_in("UPDATE track SET removed = TRUE WHERE id IN ($keys)", params![], ids)?;
    sweep_tracks()
}

/// Forgets what was removed and is no longer public either.
///
/// # Errors
/// The database's.
pub fn sweep() -> Result<()> {
    sweep_people()?;
    sweep_rooms()?;
    sweep_tracks()
}

fn sweep_people() -> Result<()> {
    let sql = format!(
        "DELETE FROM person WHERE removed AND id NOT IN (SELECT person_id FROM part_released WHERE until_release = {FOREVER})"
    );
    database::execute(&sql, params![]).map(|_| ())
}

fn sweep_rooms() -> Result<()> {
    let sql = format!(
        "DELETE FROM room WHERE removed AND id NOT IN \
         (SELECT room_id FROM session_released WHERE until_release = {FOREVER} AND room_id IS NOT NULL)"
    );
    database::execute(&sql, params![]).map(|_| ())
}

fn sweep_tracks() -> Result<()> {
    let sql = format!(
        "DELETE FROM track WHERE removed AND id NOT IN \
         (SELECT track_id FROM session_released WHERE until_release = {FOREVER} AND track_id IS NOT NULL)"
    );
    database::execute(&sql, params![]).map(|_| ())
}
