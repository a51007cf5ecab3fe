//! When rooms are open: the scheduler's rooms are the convention's, and columns of those that several sessions share.

use super::super::material;
use super::super::places::{self, NOWHERE};
use super::super::ranges::Ranges;
use super::Stating;

impl Stating<'_> {
    pub(super) fn rooms(&mut self) {
        let used = |id: &str| self.used.get(id).cloned().unwrap_or_default();
        let closed = |id: &str| self.closed(id);
        let open = |room: &material::Room| {
            if room.windows.is_empty() {
                // Where something is on out of hours, the room is open then.
                self.hours.with(used(&room.id)).without(closed(&room.id))
            } else {
                Ranges::of(room.windows.iter().flat_map(|window| self.calendar.within(*window).list()))
                    .without(closed(&room.id))
            }
        };
        let (mut rooms, mut truth) = (Vec::new(), Vec::new());
        for room in &self.material.rooms {
            if room.exclusive {
                let open = open(room);
                let told = self.held.open_when_told(&room.id, &open);
                let stated = places::own_room(room, &open.without(self.held.taken(&room.id)));
                if stated.open.as_deref() != Some(&told) {
                    truth.push((rooms.len(), told));
                }
                rooms.push(stated);
            } else {
                rooms.extend(places::columns(Some(room), self.column_count(&room.id), &open(room)));
            }
        }
        rooms.extend(places::columns(None, self.column_count(NOWHERE), &self.hours.with(used(NOWHERE))));
        rooms.extend(places::held_columns(self.columns.count("held")));
        self.problem.rooms = rooms;
        self.truth.rooms = truth;
    }

    pub(super) fn column_count(&self, place: &str) -> usize {
        self.wanted.get(place).copied().unwrap_or_default().max(self.columns.count(place))
    }

    pub(super) fn closed(&self, id: &str) -> Vec<[u32; 2]> {
        let closed = self.task.closed.iter().filter(|closed| closed.id == id);
        closed.flat_map(|closed| self.calendar.touched(closed.time).list()).collect()
    }
}
