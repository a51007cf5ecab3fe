//! Gathers what a timetable is made of; see [`crate::scheduling`].

use std::collections::HashMap;

use conman_sdk::prelude::*;

use super::{demand, lists, slot, windows};
use crate::conflicts::Requirements;
use crate::model::Role;
use crate::scheduling::material::{Material, Person, Room, Session};
use crate::store::programme::word;

/// So many pairs of sessions that accounts marked together are read at most, the strongest,
const MOST_PAIRS: usize = 20_000;

/// and no more than leaves all rows together fewer than this: a call may read 50,000.
const MOST_ROWS: usize = 49_000;

/// Who marks more sessions than this says little about which two of them they would go to, and would be millions of pairs.
const MOST_MARKS: i64 = 200;

/// Everything; `free` says which sessions may move. The call reads so many rows `besides`.
///
/// # Errors
/// The database's; `quota` when it is larger than one call may read.
pub fn gather(ctx: &Context, besides: usize, free: impl Fn(&Candidate<'_>) -> bool) -> Result<Material> {
    let rows: Vec<SessionRow> = database::query_as(
        "SELECT id, number, kind, environment, track_id, room_id, starts_at, ends_at, minutes, needs, setup_minutes, teardown_minutes \
         FROM session_draft WHERE state <> 'cancelled' ORDER BY id",
        params![],
    )?;
    let parts: Vec<(String, String, String)> = database::query_as(
        "SELECT session_id, person_id, role FROM part_draft ORDER BY session_id, person_id",
        params![],
    )?;
    // Each is read again to expect its audience, with its marks.
    let read = besides + 3 * rows.len() + parts.len() + demand::MOST;
    let mut line_ups: HashMap<String, Vec<String>> = HashMap::with_capacity(rows.len());
    for (session, person, role) in parts {
        if word::<Role>(&role)?.attends() {
            line_ups.entry(session).or_default().push(person);
        }
    }
    let by_number: HashMap<i64, String> = rows.iter().map(|row| (row.number, row.id.clone())).collect();
    let mut only_rooms = lists("SELECT session_id, room_id FROM session_room ORDER BY session_id, room_id")?;
    let mut after = lists("SELECT session_id, after_id FROM session_after ORDER BY session_id, after_id")?;
    let expected = demand::expected_anytime(ctx)?;
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
                minutes: row.minutes,
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
    let mut material = Material { rooms: rooms()?, people: persons()?, sessions, marked_both: Vec::new() };
    let most = MOST_ROWS.saturating_sub(read + rows_of(&material)).min(MOST_PAIRS);
    material.marked_both = marked_both(&by_number, most)?;
    Ok(material)
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
    number: i64,
    kind: String,
    environment: String,
    track_id: Option<String>,
    room_id: Option<String>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    minutes: Option<i64>,
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

/// How many rows rooms, people, and lists of sessions were.
fn rows_of(material: &Material) -> usize {
    let rooms = material.rooms.iter().map(|room| 1 + room.windows.len());
    let people = material.people.iter().map(|person| 1 + person.windows.len() + person.preferred.len());
    let lists = material.sessions.iter().map(|session| &session.requirements);
    let lists = lists.map(|requirements| requirements.rooms.len() + requirements.after.len());
    rooms.chain(people).chain(lists).sum()
}

/// So many pairs of sessions, the strongest. A million pairs are counted by numbers in half the time and memory that ids would take.
fn marked_both(by_number: &HashMap<i64, String>, most: usize) -> Result<Vec<(String, String, u32)>> {
    let rows: Vec<(i64, i64, i64)> = database::query_as(
        "WITH mark AS (SELECT f.account_id AS account, s.number AS number FROM favourite f JOIN session_draft s ON s.id = f.session_id \
         WHERE s.state <> 'cancelled' \
         AND f.account_id IN (SELECT account_id FROM favourite GROUP BY account_id HAVING COUNT(*) <= $1)) \
         SELECT a.number, b.number, COUNT(*) FROM mark a JOIN mark b ON b.account = a.account AND b.number > a.number \
         GROUP BY a.number, b.number ORDER BY COUNT(*) DESC, a.number, b.number LIMIT $2",
        params![MOST_MARKS, most],
    )?;
    let id = |number: i64| by_number.get(&number).cloned();
    let pair =
        |(one, other, count): (i64, i64, i64)| Some((id(one)?, id(other)?, u32::try_from(count).unwrap_or(u32::MAX)));
    Ok(rows.into_iter().filter_map(pair).collect())
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
