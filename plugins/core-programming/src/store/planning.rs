//! Gathers what a timetable is made of; see [`crate::scheduling`].

use std::collections::HashMap;

use conman_sdk::prelude::*;

use super::{demand, lists, slot, windows};
use crate::conflicts::Requirements;
use crate::model::Role;
use crate::scheduling::material::{Material, Person, Room, Session};
use crate::store::programme::word;

/// So many pairs of sessions that accounts marked together are read at most.
const MOST_PAIRS: usize = 20_000;

/// Who marks more sessions than this says little about which two of them they would go to, and would be millions of pairs.
const MOST_MARKS: i64 = 200;

/// Everything; `free` says which sessions may move.
///
/// # Errors
/// The database's; `quota` when it is larger than one call may read.
pub fn gather(ctx: &Context, free: impl Fn(&Candidate<'_>) -> bool) -> Result<Material> {
    let rows: Vec<SessionRow> = database::query_as(
        "SELECT id, kind, environment, track_id, room_id, starts_at, ends_at, needs, setup_minutes, teardown_minutes \
         FROM session_draft WHERE state <> 'cancelled' ORDER BY id",
        params![],
    )?;
    let parts: Vec<(String, String, String)> = database::query_as(
        "SELECT session_id, person_id, role FROM part_draft ORDER BY session_id, person_id",
        params![],
    )?;
    let mut line_ups: HashMap<String, Vec<String>> = HashMap::with_capacity(rows.len());
    for (session, person, role) in parts {
        if word::<Role>(&role)?.attends() {
            line_ups.entry(session).or_default().push(person);
        }
    }
    let mut only_rooms = lists("SELECT session_id, room_id FROM session_room ORDER BY session_id, room_id")?;
    let mut after = lists("SELECT session_id, after_id FROM session_after ORDER BY session_id, after_id")?;
    let expected = demand::expected(ctx)?;
    let sessions: Vec<Session> = rows
        .into_iter()
        .map(|row| {
            let slot = slot(row.starts_at, row.ends_at);
            let candidate = Candidate {
                id: &row.id,
                track: row.track_id.as_deref(),
                day: slot.map(|slot| ctx.convention.day_of(slot.start)),
            };
            Session {
                free: free(&candidate),
                kind: row.kind,
                online: row.environment == "virtual",
                slot,
                people: line_ups.remove(&row.id).unwrap_or_default(),
                requirements: Requirements {
                    needs: row.needs,
                    rooms: only_rooms.remove(&row.id).unwrap_or_default(),
                    setup: row.setup_minutes,
                    teardown: row.teardown_minutes,
                    after: after.remove(&row.id).unwrap_or_default(),
                },
                audience: expected.get(&row.id).map(|expected| people(expected.count)),
                track: row.track_id,
                room: row.room_id,
                id: row.id,
            }
        })
        .collect();
    Ok(Material { rooms: rooms()?, people: persons()?, sessions, marked_both: marked_both()? })
}

/// A session that may or may not be to be moved.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'s> {
    /// Its id.
    pub id: &'s str,
    /// Its track.
    pub track: Option<&'s str>,
    /// The day it is on.
    pub day: Option<Date>,
}

#[derive(FromRow)]
struct SessionRow {
    id: String,
    kind: String,
    environment: String,
    track_id: Option<String>,
    room_id: Option<String>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    #[row(json)]
    needs: Vec<String>,
    setup_minutes: i64,
    teardown_minutes: i64,
}

#[derive(FromRow)]
struct RoomRow {
    id: String,
    name: String,
    exclusive: bool,
    capacity: Option<i64>,
    #[row(json)]
    features: Vec<String>,
}

fn rooms() -> Result<Vec<Room>> {
    let mut open = windows("SELECT room_id, starts_at, ends_at FROM room_window")?;
    let sql = "SELECT id, name, exclusive, capacity, features FROM room WHERE NOT removed ORDER BY sort_order, id";
    let rows: Vec<RoomRow> = database::query_as(sql, params![])?;
    let room = |RoomRow { id, name, exclusive, capacity, features }| Room {
        windows: open.remove(&id).unwrap_or_default(),
        id,
        name,
        exclusive,
        capacity,
        features,
    };
    Ok(rows.into_iter().map(room).collect())
}

fn persons() -> Result<Vec<Person>> {
    let mut can = windows("SELECT person_id, starts_at, ends_at FROM person_window")?;
    let mut like = windows("SELECT person_id, starts_at, ends_at FROM person_preferred")?;
    let sql = "SELECT id, daily_limit FROM person WHERE id IN (SELECT person_id FROM part_draft) ORDER BY id";
    let rows: Vec<(String, Option<i64>)> = database::query_as(sql, params![])?;
    let person = |(id, daily_limit)| Person {
        windows: can.remove(&id).unwrap_or_default(),
        preferred: like.remove(&id).unwrap_or_default(),
        daily_limit,
        id,
    };
    Ok(rows.into_iter().map(person).collect())
}

fn marked_both() -> Result<Vec<(String, String, u32)>> {
    let rows: Vec<(String, String, i64)> = database::query_as(
        "SELECT a.session_id, b.session_id, COUNT(*) FROM favourite a \
         JOIN favourite b ON b.account_id = a.account_id AND b.session_id > a.session_id \
         WHERE a.account_id IN (SELECT account_id FROM favourite GROUP BY account_id HAVING COUNT(*) <= $1) \
         GROUP BY a.session_id, b.session_id ORDER BY COUNT(*) DESC, a.session_id, b.session_id LIMIT $2",
        params![MOST_MARKS, MOST_PAIRS],
    )?;
    Ok(rows.into_iter().map(|(one, other, count)| (one, other, u32::try_from(count).unwrap_or(u32::MAX))).collect())
}

/// To the nearest whole person.
fn people(count: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is too large becomes the largest"
    )]
    let count = count.round() as u32;
    count.min(1_000_000)
}
