//! A place where others are: these go where it is cheapest for them, and if there is nothing, where others are in turn.

use super::Walker;
use crate::problem::Place;
use crate::search::{bits, construct};

/// How many may be moved so that one can be where it wants.
const CROWD: usize = 6;

/// How many places are tried for one that has nowhere to go.
const TRIES: usize = 3;

impl Walker<'_> {
    /// Proposes to put a session somewhere, whoever is there. More sessions without a place than before are never accepted.
    pub(super) fn displace(&mut self, session: u32) {
        let before = self.state.rank();
        let mut moved = std::mem::take(&mut self.moved);
        moved.clear();
        if self.push_in(session, &mut moved) {
            let mut at = 1;
            while let Some(&(next, _)) = moved.get(at) {
                let found = construct::cheapest(&self.state, next, &mut self.starts, &mut self.rooms);
                if let Some((place, price)) = found {
                    self.state.put(next, place, price);
                    self.state.keep();
                } else {
                    let _ = (0..TRIES).any(|_| self.push_in(next, &mut moved));
                }
                at += 1;
            }
            let (after, change) = (self.state.rank().0, self.state.rank().1 - before.1);
            let accepted = after < before.0
                || (after == before.0
                    && if before.0 > 0 { self.accepts_among_homeless(change) } else { self.accepts(change) });
            if !accepted {
                self.take_back(&moved);
            }
        }
        self.moved = moved;
    }

    /// Puts a session at some place and lifts those who are in the way. Notes where they were; who is noted already is not moved again.
    fn push_in(&mut self, session: u32, moved: &mut Vec<(u32, Option<Place>)>) -> bool {
        let Some(place) = self.anywhere(session) else { return false };
        let mut others = std::mem::take(&mut self.others);
        self.state.in_the_way(session, place.start, &mut others);
        for other in self.state.occupants(session, place) {
            if other != session && !others.contains(&other) {
                others.push(other);
            }
        }
        let has_moved = |who: u32| moved.iter().any(|&(session, _)| session == who);
        let possible = moved.len() + others.len() <= CROWD && !others.iter().any(|&other| has_moved(other));
        if possible {
            if moved.is_empty() {
                moved.push((session, self.state.place(session)));
                if self.state.place(session).is_some() {
                    self.state.lift(session);
                }
            }
            self.random.shuffle(&mut others);
            for &other in &others {
                moved.push((other, self.state.place(other)));
                self.state.lift(other);
            }
            self.state.keep();
            self.state.settle(session, place);
            self.state.keep();
        }
        self.others = others;
        possible
    }

    fn take_back(&mut self, moved: &[(u32, Option<Place>)]) {
        for &(session, _) in moved {
            if self.state.place(session).is_some() {
                self.state.lift(session);
            }
        }
        self.state.keep();
        for &(session, from) in moved {
            if let Some(place) = from {
                self.state.settle(session, place);
            }
        }
        self.state.keep();
    }

    /// A place that a session could have if nobody else were there.
    fn anywhere(&mut self, session: u32) -> Option<Place> {
        let model = self.state.model;
        let starts = model.starts.row(session as usize);
        let count = bits::count(starts);
        let rooms = model.room_choice.of(session as usize);
        if count == 0 || rooms.is_empty() {
            return None;
        }
        let start = bits::nth(starts, self.random.u32(0..count))? as u32;
        let place = Place { start, room: rooms[self.random.usize(0..rooms.len())] };
        self.state.is_open(session, place).then_some(place)
    }
}
