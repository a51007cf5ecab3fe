//! Two sessions change places.

use super::Walker;
use crate::problem::Place;

impl Walker<'_> {
    /// Proposes that a session changes places with one that it must not meet: neither could go there alone.
    pub(super) fn exchange_with_conflict(&mut self, session: u32) {
        let model = self.state.model;
        let conflicts = model.conflicts.of(session as usize);
        if conflicts.is_empty() {
            return self.wander(session);
        }
        let other = conflicts[self.random.usize(0..conflicts.len())];
        if let Some(place) = self.state.place(other) {
            self.trade(session, other, place);
        }
    }

    /// Proposes that a session goes to a place where `other` is in the way, who goes to where the session was.
    pub(super) fn trade(&mut self, session: u32, other: u32, to: Place) {
        let model = self.state.model;
        let (Some(from), Some(place)) = (self.state.place(session), self.state.place(other)) else { return };
        if model.shape[session as usize] != model.shape[other as usize] || place != to {
            return self.trade_by_trying((session, from, to), (other, place, from));
        }
        if !self.state.can_exchange(session, other) {
            return;
        }
        match self.state.price_of_exchange(session, other) {
            Some(change) => {
                if self.accepts(change) {
                    self.state.exchange(session, other, change);
                }
            }
            None => self.trade_by_trying((session, from, to), (other, place, from)),
        }
    }

    /// Lifts both and settles them anew: what it changes cannot be told otherwise.
    fn trade_by_trying(&mut self, first: (u32, Place, Place), second: (u32, Place, Place)) {
        let model = self.state.model;
        let may = |(session, _, to): (u32, Place, Place)| {
            model.starts.has(session as usize, to.start as usize)
                && model.rooms_of.has(session as usize, to.room as usize)
        };
        if !may(first) || !may(second) {
            return;
        }
        let (before, pair) = (self.state.rank().1, [first, second]);
        pair.iter().for_each(|&(session, _, _)| {
            self.state.lift(session);
        });
        let mut settled = 0;
        for (session, _, to) in pair {
            if !self.state.fits(session, to) {
                break;
            }
            self.state.settle(session, to);
            settled += 1;
        }
        if settled == pair.len() && self.accepts(self.state.rank().1 - before) {
            self.state.keep();
            return;
        }
        for &(session, _, _) in &pair[..settled] {
            self.state.lift(session);
        }
        for (session, from, _) in pair {
            self.state.settle(session, from);
        }
        self.state.unchanged();
    }
}
