//! Any start, chosen by what it costs: the cheaper, the likelier, as if each had been proposed until one was accepted.

use super::Walker;
use crate::problem::Place;
use crate::search::bits;

/// How many of the chosen starts may turn out to have no room.
const TRIES: usize = 4;

impl Walker<'_> {
    /// Chooses a start for a session anew.
    pub(super) fn heat_bath(&mut self, session: u32) {
        let Some(from) = self.state.place(session) else { return };
        self.weigh_starts(session);
        let Some(&(_, total)) = self.chances.last() else { return };
        for _ in 0..TRIES {
            let lot = self.random.f32() * total;
            let at = self.chances.partition_point(|&(_, until)| until <= lot).min(self.chances.len() - 1);
            let start = self.chances[at].0;
            if start == from.start {
                return;
            }
            if let Some(room) = self.room_for(session, Place { start, room: from.room }) {
                return self.go(session, from, Place { start, room });
            }
        }
    }

    /// Lists the starts that nothing but the rooms stands against with their chances, added up.
    fn weigh_starts(&mut self, session: u32) {
        self.state.open_starts(session, &mut self.starts);
        let costs = self.state.start_costs(session);
        let least = bits::ones(&self.starts).map(|start| costs[start]).min().unwrap_or(0);
        self.chances.clear();
        let mut total = 0.0;
        for start in bits::ones(&self.starts) {
            if let Some(chance) = self.temperature.chance.get((costs[start] - least) as usize) {
                total += chance;
                self.chances.push((start as u32, total));
            }
        }
    }

    /// The same room if it is free then, else one of the free ones.
    fn room_for(&mut self, session: u32, like: Place) -> Option<u32> {
        if self.state.model.rooms_of.has(session as usize, like.room as usize)
            && self.state.room_is_free(session, like)
            && self.random.bool()
        {
            return Some(like.room);
        }
        self.state.free_rooms(session, like.start, &mut self.rooms);
        let count = bits::count(&self.rooms);
        if count == 0 {
            return None;
        }
        bits::nth(&self.rooms, self.random.u32(0..count)).map(|room| room as u32)
    }

    /// Goes there, if what the choice did not look at (rooms, groups, days of people) agrees.
    fn go(&mut self, session: u32, from: Place, to: Place) {
        let costs = self.state.start_costs(session);
        let seen = i64::from(costs[to.start as usize]) - i64::from(costs[from.start as usize]);
        let change = self.state.price_of_move(session, to);
        if self.accepts(change - seen) {
            self.state.relocate(session, to, change);
        }
    }
}
