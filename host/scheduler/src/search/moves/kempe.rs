//! Two slots exchange sessions, each in its own room: a Kempe chain.

use super::Walker;
use crate::problem::Place;
use crate::search::bits;

/// How many sessions a chain may have.
const LONGEST: usize = 8;

impl Walker<'_> {
    /// Proposes another start for a session, in the room it has. Whoever is in the way there comes to where the session was, whoever
    /// is in the way of these goes there as well, and so on: nobody changes rooms, and nobody else moves.
    pub(super) fn kempe(&mut self, session: u32) {
        let Some(from) = self.state.place(session) else { return };
        let starts = self.state.model.starts.row(session as usize);
        let Some(start) = bits::nth(starts, self.random.u32(0..bits::count(starts))) else { return };
        let swap = Swap { this: from.start, that: start as u32 };
        let mut chain = std::mem::take(&mut self.moved);
        if swap.this != swap.that && self.link(session, swap, &mut chain) {
            self.swap(swap, &chain);
        }
        self.moved = chain;
    }

    /// Lists everybody who has to change slots if a session does, and where they are. Answers whether they can.
    fn link(&mut self, session: u32, swap: Swap, chain: &mut Vec<(u32, Option<Place>)>) -> bool {
        chain.clear();
        chain.push((session, self.state.place(session)));
        let mut in_the_way = std::mem::take(&mut self.others);
        let mut at = 0;
        let mut possible = true;
        while possible && let Some(&(who, Some(place))) = chain.get(at) {
            possible = self.link_those_in_the_way(who, swap.apply(place), &mut in_the_way, chain);
            at += 1;
        }
        self.others = in_the_way;
        possible
    }

    /// Adds those to a chain who are where somebody in it wants to go. Answers whether all of them can change slots too.
    fn link_those_in_the_way(
        &self,
        session: u32,
        to: Place,
        in_the_way: &mut Vec<u32>,
        chain: &mut Vec<(u32, Option<Place>)>,
    ) -> bool {
        let model = self.state.model;
        if !model.starts.has(session as usize, to.start as usize) || !self.state.is_open(session, to) {
            return false;
        }
        let linked = chain.iter().filter(|&&(_, place)| place.is_some_and(|place| place.start == to.start)).count();
        if chain.len() + self.state.conflicts_at(session, to.start) > LONGEST + linked {
            return false;
        }
        self.state.in_the_way(session, to.start, in_the_way);
        in_the_way.extend(self.state.occupants(session, to));
        for &other in in_the_way.iter() {
            if chain.iter().any(|&(linked, _)| linked == other) {
                continue;
            }
            let place = self.state.place(other);
            if chain.len() == LONGEST
                || place.is_none_or(|place| place.start != to.start)
                || model.shape[other as usize] != model.shape[session as usize]
            {
                return false;
            }
            chain.push((other, place));
        }
        true
    }

    /// Lets a chain change slots, and takes that back if chance and temperature do not agree.
    fn swap(&mut self, swap: Swap, chain: &[(u32, Option<Place>)]) {
        let before = self.state.rank().1;
        for &(session, _) in chain {
            self.state.lift(session);
        }
        let mut settled = 0;
        for &(session, place) in chain {
            let Some(to) = place.map(|place| swap.apply(place)).filter(|&to| self.state.fits(session, to)) else {
                break;
            };
            self.state.settle(session, to);
            settled += 1;
        }
        if settled == chain.len() && self.accepts(self.state.rank().1 - before) {
            return self.state.keep();
        }
        for &(session, _) in &chain[..settled] {
            self.state.lift(session);
        }
        for &(session, place) in chain {
            if let Some(place) = place {
                self.state.settle(session, place);
            }
        }
        self.state.unchanged();
    }
}

/// Two starts that are exchanged.
#[derive(Clone, Copy)]
struct Swap {
    this: u32,
    that: u32,
}

impl Swap {
    fn apply(self, place: Place) -> Place {
        Place { start: if place.start == self.this { self.that } else { self.this }, ..place }
    }
}
