//! Rooms and tracks.

use conman_sdk::prelude::*;

use super::{int, some};
use crate::schema::{AvailableWindow, Room, Track};

#[derive(FromRow)]
struct RoomRow {
    id: String,
    name: String,
    area: String,
    capacity: Option<i64>,
    exclusive: bool,
    description: String,
}

impl RoomRow {
    fn room(self) -> Room {
        Room {
            id: self.id,
            name: self.name,
            area: some(self.area),
            capacity: self.capacity.map(int),
            exclusive: self.exclusive,
            description: some(self.description),
        }
    }
}

const ROOM: &str = "SELECT id, name, area, capacity, exclusive, description FROM room";
const TRACK: &str = "SELECT id, name, color FROM track";

/// All rooms, in list order.
///
/// # Errors
/// The database's.
pub fn rooms() -> Result<Vec<Room>> {
    let rows: Vec<RoomRow> =
        database::query_as(&format!("{ROOM} WHERE NOT removed ORDER BY sort_order, name, id"), params![])?;
    Ok(rows.into_iter().map(RoomRow::room).collect())
}

/// Rooms by their ids; removed ones too, as long as the public sees them.
///
/// # Errors
/// The database's.
pub fn rooms_by_id<'k>(ids: impl IntoIterator<Item = &'k str>) -> Result<Vec<(String, Room)>> {
    let rows: Vec<RoomRow> = database::query_in(&format!("{ROOM} WHERE id IN ($keys)"), params![], ids)?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row.room())).collect())
}

/// One room.
///
/// # Errors
/// The database's.
pub fn room(id: &str) -> Result<Option<Room>> {
    Ok(rooms_by_id([id])?.into_iter().next().map(|(_, room)| room))
}

fn track_of((id, name, color): (String, String, String)) -> Track {
    Track { id, name, color: some(color) }
}

/// All tracks, in list order.
///
/// # Errors
/// The database's.
pub fn tracks() -> Result<Vec<Track>> {
    let rows: Vec<(String, String, String)> =
        database::query_as(&format!("{TRACK} WHERE NOT removed ORDER BY sort_order, name, id"), params![])?;
    Ok(rows.into_iter().map(track_of).collect())
}

/// Tracks by their ids.
///
/// # Errors
/// The database's.
pub fn tracks_by_id<'k>(ids: impl IntoIterator<Item = &'k str>) -> Result<Vec<(String, Track)>> {
    let rows: Vec<(String, String, String)> =
        database::query_in(&format!("{TRACK} WHERE id IN ($keys)"), params![], ids)?;
    Ok(rows.into_iter().map(|row| (row.0.clone(), track_of(row))).collect())
}

/// One track.
///
/// # Errors
/// The database's.
pub fn track(id: &str) -> Result<Option<Track>> {
    Ok(tracks_by_id([id])?.into_iter().next().map(|(_, track)| track))
}

/// Windows of rooms (`room_window`, `room_id`) or people (`person_window`, `person_id`), by owner and time.
///
/// # Errors
/// The database's.
pub fn windows<'k>(
    ctx: &Context,
    table: &str,
    owner: &str,
    ids: impl IntoIterator<Item = &'k str>,
) -> Result<Vec<(String, AvailableWindow)>> {
    let sql =
        format!("SELECT {owner}, starts_at, ends_at FROM {table} WHERE {owner} IN ($keys) ORDER BY {owner}, starts_at");
    let rows: Vec<(String, Timestamp, Timestamp)> = database::query_in(&sql, params![], ids)?;
    let window = |start, end| AvailableWindow { start: ctx.convention.local(start), end: ctx.convention.local(end) };
    Ok(rows.into_iter().map(|(owner, start, end)| (owner, window(start, end))).collect())
}
