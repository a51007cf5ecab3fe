//! Rooms and tracks.

use conman_sdk::prelude::*;

use super::{int, some};
use crate::schema::{AvailableWindow, Room, Track};
use crate::store::{FOREVER, View};

#[derive(FromRow)]
struct RoomRow {
    id: String,
    name: String,
    area: String,
    capacity: Option<i64>,
    exclusive: bool,
    description: String,
    #[row(json)]
    features: Vec<String>,
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
            features: self.features,
        }
    }
}

const ROOM: &str = "SELECT id, name, area, capacity, exclusive, description, features FROM room";
const TRACK: &str = "SELECT id, name, color FROM track";

/// Which rooms (`room_id`) or tracks (`track_id`) a view shows. The public sees those that released sessions use, removed ones too: the
/// name of one that is still to be announced may be a secret.
fn visible(view: View, column: &str) -> String {
    match view {
        View::Draft => "NOT removed".to_owned(),
        _ => format!(
            "id IN (SELECT {column} FROM session_released WHERE until_release = {FOREVER} AND {column} IS NOT NULL)"
        ),
    }
}

/// All rooms of this view, in list order.
///
/// # Errors
/// The database's.
pub fn rooms(view: View) -> Result<Vec<Room>> {
    let sql = format!("{ROOM} WHERE {} ORDER BY sort_order, name, id", visible(view, "room_id"));
    let rows: Vec<RoomRow> = database::query_as(&sql, params![])?;
    Ok(rows.into_iter().map(RoomRow::room).collect())
}

/// Rooms by their ids, as far as this view shows them.
///
/// # Errors
/// The database's.
pub fn rooms_by_id<'k>(view: View, ids: impl IntoIterator<Item = &'k str>) -> Result<Vec<(String, Room)>> {
    let sql = format!("{ROOM} WHERE {} AND id IN ($keys)", visible(view, "room_id"));
    let rows: Vec<RoomRow> = database::query_in(&sql, params![], ids)?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row.room())).collect())
}

/// One room, if this view shows it.
///
/// # Errors
/// The database's.
pub fn room(view: View, id: &str) -> Result<Option<Room>> {
    Ok(rooms_by_id(view, [id])?.into_iter().next().map(|(_, room)| room))
}

fn track_of((id, name, color): (String, String, String)) -> Track {
    Track { id, name, color: some(color) }
}

/// All tracks of this view, in list order.
///
/// # Errors
/// The database's.
pub fn tracks(view: View) -> Result<Vec<Track>> {
    let sql = format!("{TRACK} WHERE {} ORDER BY sort_order, name, id", visible(view, "track_id"));
    let rows: Vec<(String, String, String)> = database::query_as(&sql, params![])?;
    Ok(rows.into_iter().map(track_of).collect())
}

/// Tracks by their ids, as far as this view shows them.
///
/// # Errors
/// The database's.
pub fn tracks_by_id<'k>(view: View, ids: impl IntoIterator<Item = &'k str>) -> Result<Vec<(String, Track)>> {
    let sql = format!("{TRACK} WHERE {} AND id IN ($keys)", visible(view, "track_id"));
    let rows: Vec<(String, String, String)> = database::query_in(&sql, params![], ids)?;
    Ok(rows.into_iter().map(|row| (row.0.clone(), track_of(row))).collect())
}

/// One track, if this view shows it.
///
/// # Errors
/// The database's.
pub fn track(view: View, id: &str) -> Result<Option<Track>> {
    Ok(tracks_by_id(view, [id])?.into_iter().next().map(|(_, track)| track))
}

/// Windows of rooms (`room_window`, `room_id`) or people (`person_window` or `person_preferred`, `person_id`), by owner and time.
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
