//! Rooms as the scheduler has them: one session in each at a time.
//!
//! A room that several sessions share is as many *columns* as sessions could be there at once. Whoever is in such a place stays in it, because
//! the scheduler would otherwise put everything on the lawn, where there is always room. So is *nowhere*: where sessions are that need
//! no room. What is not to be moved is *held*: in columns of its own, while its room is closed, so that nothing can push it out, and two such
//! sessions that clash can both stay.
//!
//! A feature of its own keeps each sort of place to those who belong there.

use std::collections::HashMap;

use conman_sdk::scheduler::Room;

use super::material;
use super::ranges::Ranges;

/// Seats where nobody said how many.
const ENDLESS: u32 = 1_000_000;

/// What sessions need that may be in any room.
pub const OWN_ROOM: &str = "a room of its own";

/// The room of sessions without one.
pub const NOWHERE: &str = "";

/// What the feature of a shared place begins with; its room follows.
pub const SHARED: &str = "a place in ";

/// The feature of a shared place.
#[must_use]
pub fn shared(place: &str) -> String {
    format!("{SHARED}{place}")
}

/// A room's features or a session's needs, as they are compared.
#[must_use]
pub fn folded(features: &[String]) -> Vec<String> {
    let mut folded: Vec<String> = features.iter().map(|feature| feature.to_lowercase()).collect();
    folded.sort_unstable();
    folded.dedup();
    folded
}

/// A room of one session at a time.
#[must_use]
pub fn own_room(room: &material::Room, open: &Ranges) -> Room {
    let mut features = folded(&room.features);
    features.push(OWN_ROOM.to_owned());
    Room { id: room.id.clone(), capacity: seats(room.capacity), features, open: Some(open.list()) }
}

/// The columns of a shared place; of nowhere without a room.
pub fn columns(room: Option<&material::Room>, count: usize, open: &Ranges) -> impl Iterator<Item = Room> {
    let id = room.map_or(NOWHERE, |room| room.id.as_str());
    let mut features = room.map(|room| folded(&room.features)).unwrap_or_default();
    features.push(shared(id));
    let capacity = seats(room.and_then(|room| room.capacity));
    (0..count).map(move |number| Room {
        id: column(id, number),
        capacity,
        features: features.clone(),
        open: Some(open.list()),
    })
}

/// The columns in which held sessions are.
pub fn held_columns(count: usize) -> impl Iterator<Item = Room> {
    (0..count).map(|number| Room { id: held(number), capacity: 0, ..Room::default() })
}

/// A column of a shared place.
#[must_use]
pub fn column(place: &str, number: usize) -> String {
    format!("{place}#{number}")
}

/// A column of held sessions.
#[must_use]
pub fn held(number: usize) -> String {
    format!("held#{number}")
}

/// The room that the scheduler's room is, or is a column of; none for nowhere.
#[must_use]
pub fn room_of(id: &str) -> Option<&str> {
    let room = id.split_once('#').map_or(id, |(place, _)| place);
    (room != NOWHERE).then_some(room)
}

fn seats(capacity: Option<i64>) -> u32 {
    capacity.map_or(ENDLESS, |capacity| u32::try_from(capacity).unwrap_or(0))
}

/// Gives every range the first column in which nothing else is: as few columns as can be when they come by their beginnings.
#[derive(Debug, Default)]
pub struct Colouring {
    ends: HashMap<String, Vec<u32>>,
}

impl Colouring {
    /// The column of a range in a place.
    pub fn next(&mut self, place: &str, [from, to]: [u32; 2]) -> usize {
        let ends = self.ends.entry(place.to_owned()).or_default();
        match ends.iter_mut().enumerate().find(|(_, end)| **end <= from) {
            Some((number, end)) => {
                *end = to;
                number
            }
            None => {
                ends.push(to);
                ends.len() - 1
            }
        }
    }

    /// How many a place has.
    #[must_use]
    pub fn count(&self, place: &str) -> usize {
        self.ends.get(place).map_or(0, Vec::len)
    }
}
