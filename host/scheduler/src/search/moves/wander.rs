//! Anywhere else: a start that nothing stands against, and a room. Whoever has the room comes to where the session was.

use super::Walker;
use crate::problem::Place;
use crate::search::bits;

/// How often a free room is sought, where there is one, before one that somebody has.
const SEEK_FREE: f32 = 0.8;

impl Walker<'_> {
    /// Proposes another place for a session.
    pub(super) fn wander(&mut self, session: u32) {
        let Some(from) = self.state.place(session) else { return };
        let Some(start) = self.random_start(session) else { return };
        let to = Place { start, room: self.random_room(session, from.room, start) };
        if to == from || !self.state.is_open(session, to) {
            return;
        }
        let mut others = self.state.occupants(session, to).filter(|&other| other != session);
        match (others.next(), others.next()) {
            (None, _) => {
                drop(others);
                let change = self.state.price_of_move(session, to);
                if self.accepts(change) {
                    self.state.relocate(session, to, change);
                }
            }
            (Some(other), None) => {
                drop(others);
                self.trade(session, other, to);
            }
            _ => {}
        }
    }

    /// A free place for a session that is at `from`.
    pub(super) fn random_place(&mut self, session: u32, from: Place) -> Option<Place> {
        let start = self.random_start(session)?;
        let to = Place { start, room: self.random_room(session, from.room, start) };
        (to != from && self.state.room_is_free(session, to)).then_some(to)
    }

    fn random_start(&mut self, session: u32) -> Option<u32> {
        self.state.open_starts(session, &mut self.starts);
        let count = bits::count(&self.starts);
        if count == 0 {
            return None;
        }
        bits::nth(&self.starts, self.random.u32(0..count)).map(|start| start as u32)
    }

    /// One of the rooms that do not cost so much more than the present one that nobody would go there, rather one that is free then:
    /// where most rooms are taken most of the time, most of who has one cannot come here for it.
    fn random_room(&mut self, session: u32, present: u32, start: u32) -> u32 {
        let model = self.state.model;
        let most = model.room_cost(session as usize, present as usize) + (8.0 * self.temperature.value) as i64;
        let count = model.room_choice_cost.of(session as usize).partition_point(|&cost| cost <= most);
        let rooms = &model.room_choice.of(session as usize)[..count];
        let at = self.random.usize(0..count);
        let (before, from_here) = rooms.split_at(at);
        let free = (self.random.f32() < SEEK_FREE)
            .then(|| {
                from_here.iter().chain(before).find(|&&room| self.state.room_is_free(session, Place { start, room }))
            })
            .flatten();
        *free.unwrap_or(&rooms[at])
    }
}
