//! What sessions ask of their place in the schedule, and what rooms offer: read for organisers, checked when they write it.

use std::collections::{HashMap, HashSet};

use conman_sdk::prelude::*;

use super::edit::line;
use super::rooms;
use super::sessions::Reading;
use crate::model::MOST_MINUTES;
use crate::schema::{Room, Session, SessionKey};
use crate::store::View;
use crate::store::programme;
use crate::text;

/// So many features a room has, or needs a session has, at most.
const MOST_FEATURES: usize = 50;
/// So many rooms or predecessors a session is held to at most.
const MOST_NAMED: usize = 200;
/// A feature is a word or two, in bytes.
const LONGEST_FEATURE: usize = 100;

/// Features or needs: short lines, each once in any case.
///
/// # Errors
/// `invalid` with the place.
pub fn features(list: &[String], at: &str) -> Result<Vec<String>> {
    let mut features = Vec::with_capacity(list.len());
    for (place, feature) in list.iter().enumerate() {
        let at = format!("{at}/{place}");
        let feature = line(feature, &at)?;
        if feature.is_empty() || feature.len() > LONGEST_FEATURE {
            return Err(Error::invalid(format!("Write a word or two, of at most {LONGEST_FEATURE} bytes.")).at(at));
        }
        features.push(feature);
    }
    let features = text::each_once(features);
    if features.len() > MOST_FEATURES {
        return Err(Error::invalid(format!("At most {MOST_FEATURES} are kept.")).at(at));
    }
    Ok(features)
}

/// Minutes for setting up or tearing down.
///
/// # Errors
/// `invalid` with the place.
pub fn minutes(minutes: i32, at: &str) -> Result<i64> {
    let minutes = i64::from(minutes);
    if (0..=MOST_MINUTES).contains(&minutes) {
        Ok(minutes)
    } else {
        Err(Error::invalid(format!("This takes from 0 to {MOST_MINUTES} minutes.")).at(at))
    }
}

/// Says in which rooms alone a session may be; none for any.
///
/// # Errors
/// `invalid` or `not-found` with the place; the database's.
pub fn set_rooms(session: &str, rooms: &[String], at: &str) -> Result<()> {
    let rooms = named(rooms, at, |id| programme::room(id).map(|room| room.id))?;
    database::execute("DELETE FROM session_room WHERE session_id = $1", params![session])?;
    let rows = rooms.iter().map(|room| row![session, room]);
    database::insert_many("session_room", ["session_id", "room_id"], rows).map(|_| ())
}

/// Says which sessions a session comes after.
///
/// # Errors
/// `invalid` or `not-found` with the place, also where sessions would wait for each other; the database's.
pub fn set_after(session: &str, after: &[String], at: &str) -> Result<()> {
    let after = named(after, at, |id| programme::session(id).map(|session| session.id))?;
    let mut before: HashMap<String, Vec<String>> = HashMap::new();
    let known: Vec<(String, String)> = if after.is_empty() {
        Vec::new()
    } else {
        database::query_as("SELECT session_id, after_id FROM session_after WHERE session_id <> $1", params![session])?
    };
    for (later, earlier) in known {
        before.entry(later).or_default().push(earlier);
    }
    for (place, first) in after.iter().enumerate() {
        if waits_for(&before, first, session) {
            return Err(Error::invalid("These two would have to come after each other.").at(format!("{at}/{place}")));
        }
    }
    database::execute("DELETE FROM session_after WHERE session_id = $1", params![session])?;
    let rows = after.iter().map(|after| row![session, after]);
    database::insert_many("session_after", ["session_id", "after_id"], rows).map(|_| ())
}

/// Whether `session` is `target`, or comes after it by however many steps.
fn waits_for(before: &HashMap<String, Vec<String>>, session: &str, target: &str) -> bool {
    let mut seen: HashSet<&str> = HashSet::new();
    let mut ahead = vec![session];
    while let Some(session) = ahead.pop() {
        if session == target {
            return true;
        }
        if seen.insert(session) {
            ahead.extend(before.get(session).into_iter().flatten().map(String::as_str));
        }
    }
    false
}

/// Ids of what there is, each once.
fn named(ids: &[String], at: &str, find: impl Fn(&str) -> Result<String>) -> Result<Vec<String>> {
    if ids.len() > MOST_NAMED {
        return Err(Error::invalid(format!("At most {MOST_NAMED} are kept.")).at(at));
    }
    let mut found: Vec<String> = Vec::with_capacity(ids.len());
    for (place, id) in ids.iter().enumerate() {
        let id = find(id).map_err(|error| error.at(format!("{at}/{place}")))?;
        if !found.contains(&id) {
            found.push(id);
        }
    }
    Ok(found)
}

fn ids(sessions: &[SessionKey]) -> impl Iterator<Item = &str> + Clone {
    sessions.iter().map(|key| key.id.as_str())
}

/// What sessions need their rooms to have.
///
/// # Errors
/// The database's.
pub fn needs(sessions: &[SessionKey]) -> Batch<Vec<String>> {
    let sql = "SELECT id, needs FROM session_draft WHERE id IN ($keys)";
    let rows: Vec<(String, Json<Vec<String>>)> = database::query_in(sql, params![], ids(sessions))?;
    batch::values(sessions, rows.into_iter().map(|(id, Json(needs))| (id, needs)), Vec::new())
}

/// `setup_minutes` or `teardown_minutes` of sessions.
///
/// # Errors
/// The database's.
pub fn minutes_of(sessions: &[SessionKey], column: &str) -> Batch<i32> {
    let sql = format!("SELECT id, {column} FROM session_draft WHERE id IN ($keys)");
    let rows: Vec<(String, i32)> = database::query_in(&sql, params![], ids(sessions))?;
    batch::values(sessions, rows, 0)
}

/// The only rooms sessions may be in.
///
/// # Errors
/// The database's.
pub fn only_rooms(sessions: &[SessionKey]) -> Batch<Vec<Room>> {
    let sql = "SELECT x.session_id, x.room_id FROM session_room x JOIN room r ON r.id = x.room_id \
               WHERE x.session_id IN ($keys) ORDER BY x.session_id, r.sort_order, r.id";
    let rows: Vec<(String, String)> = database::query_in(sql, params![], ids(sessions))?;
    let named: HashSet<&str> = rows.iter().map(|(_, room)| room.as_str()).collect();
    let of: HashMap<String, Room> = rooms::rooms_by_id(View::Draft, named)?.into_iter().collect();
    batch::lists(sessions, rows.iter().filter_map(|(id, room)| Some((id.clone(), of.get(room)?.clone()))))
}

/// The sessions that sessions come after.
///
/// # Errors
/// The database's.
pub fn after(ctx: &Context, sessions: &[SessionKey]) -> Batch<Vec<Session>> {
    let sql =
        "SELECT session_id, after_id FROM session_after WHERE session_id IN ($keys) ORDER BY session_id, after_id";
    let rows: Vec<(String, String)> = database::query_in(sql, params![], ids(sessions))?;
    let named: HashSet<&str> = rows.iter().map(|(_, after)| after.as_str()).collect();
    let of: HashMap<String, Session> = Reading::new(ctx, View::Draft, "")
        .by_id(named)?
        .into_iter()
        .map(|session| (session.id.clone(), session))
        .collect();
    batch::lists(sessions, rows.iter().filter_map(|(id, after)| Some((id.clone(), of.get(after)?.clone()))))
}
