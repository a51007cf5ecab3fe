//! What changes would cost.

use super::{State, limits};
use crate::problem::Place;
use crate::search::model::NONE;

impl State<'_> {
    /// What it would cost a session without a place to be there.
    pub(crate) fn price(&self, session: u32, place: Place) -> i64 {
        let s = session as usize;
        self.start_price(session, place.start)
            + self.model.room_cost(s, place.room as usize)
            + self.groups.price(self.model, s, place.start, place.room)
            + limits::price(self.model, &self.start, s, place.start)
    }

    /// What sessions that should not share a slot with it make of a start.
    fn start_price(&self, session: u32, start: u32) -> i64 {
        let mut price = i64::from(self.pressure.cost(session as usize, start));
        for &other in self.pending.iter().filter(|&&other| other != session) {
            let was = self.meets(session, start, other, self.known[other as usize]);
            let is = self.meets(session, start, other, self.start[other as usize]);
            if was != is {
                let weight = self.weight(session, other);
                price += if is { weight } else { -weight };
            }
        }
        price
    }

    /// What the starts of a session cost, groups and days of people apart. Right while nobody else is pending.
    pub(crate) fn start_costs(&self, session: u32) -> &[u32] {
        self.pressure.costs(session as usize)
    }

    /// What lifting a session would save. Right while nothing is pending.
    pub(crate) fn worth(&self, session: u32) -> i64 {
        let s = session as usize;
        let Place { start, room } = self.at(session);
        i64::from(self.pressure.cost(s, start))
            + self.model.room_cost(s, room as usize)
            + self.groups.worth(self.model, &self.start, s, start, room)
            + limits::price(self.model, &self.start, s, start)
    }

    /// What it would change to move a session to a place where it fits. Right while nothing is pending.
    pub(crate) fn price_of_move(&mut self, session: u32, place: Place) -> i64 {
        if self.is_far(session, place.start) {
            self.price_far(session, place) - self.worth(session)
        } else {
            self.price_of_near(session, place)
        }
    }

    /// Whether a start is so far from where a session is that no group sees it in both places at once.
    fn is_far(&self, session: u32, start: u32) -> bool {
        let s = session as usize;
        let (old, per_day) = (self.start[s], self.model.slots_per_day as u32);
        self.model.groups.compact_of.of(s).is_empty()
            || old / per_day != start / per_day
            || old.abs_diff(start) > self.model.shape[s].duration + self.model.longest
    }

    /// What a far place would cost a session that is still where it is.
    fn price_far(&self, session: u32, place: Place) -> i64 {
        let s = session as usize;
        i64::from(self.pressure.cost(s, place.start))
            + self.model.room_cost(s, place.room as usize)
            + self.groups.price_elsewhere(self.model, s, (self.start[s], self.room[s]), place.start, place.room)
            + limits::price(self.model, &self.start, s, place.start)
    }

    /// What it would change to move a session to a near place: only its groups have to let go of it for that.
    fn price_of_near(&mut self, session: u32, place: Place) -> i64 {
        let s = session as usize;
        let Place { start, room } = self.at(session);
        let worth = self.worth(session);
        self.start[s] = NONE;
        self.groups.lift(self.model, &self.start, s, start, room);
        let price = i64::from(self.pressure.cost(s, place.start))
            + self.model.room_cost(s, place.room as usize)
            + self.groups.price(self.model, s, place.start, place.room)
            + limits::price(self.model, &self.start, s, place.start);
        self.groups.settle(self.model, &self.start, s, start, room);
        self.start[s] = start;
        price - worth
    }

    /// What it would change if two sessions of the same shape changed places. `None` where that cannot be told without doing it: they
    /// are near each other, or have somebody in common who has wishes for their days. Right while nothing is pending.
    pub(crate) fn price_of_exchange(&self, a: u32, b: u32) -> Option<i64> {
        let (at_a, at_b) = (self.at(a), self.at(b));
        if !self.is_far(a, at_b.start)
            || !self.is_far(b, at_a.start)
            || self.meets(a, at_a.start, b, at_b.start)
            || self.share_days(a, b)
        {
            return None;
        }
        // Each is seen as in the way of the other at the other's place; but they do not meet, before or after.
        let mut change = -2 * self.weight(a, b);
        for (session, other, from, to) in [(a, b, at_a, at_b), (b, a, at_b, at_a)] {
            let s = session as usize;
            change += i64::from(self.pressure.cost(s, to.start)) - i64::from(self.pressure.cost(s, from.start));
            change += self.model.room_cost(s, to.room as usize) - self.model.room_cost(s, from.room as usize);
            change += self.groups.exchange(self.model, &self.start, s, other as usize, from, to);
            change += limits::price(self.model, &self.start, s, to.start)
                - limits::price(self.model, &self.start, s, from.start);
        }
        Some(change)
    }

    /// Whether somebody with wishes for their days is in both.
    fn share_days(&self, a: u32, b: u32) -> bool {
        let theirs = self.model.limits.of_session.of(b as usize);
        self.model.limits.of_session.of(a as usize).iter().any(|person| theirs.contains(person))
    }

    /// What it costs if two sessions share a slot.
    fn weight(&self, a: u32, b: u32) -> i64 {
        let (of_a, of_b) = (self.model.neighbours.of(a as usize), self.model.neighbours.of(b as usize));
        let (list, other) = if of_a.len() <= of_b.len() { (of_a, b) } else { (of_b, a) };
        list.binary_search_by_key(&other, |&(other, _)| other).map_or(0, |at| i64::from(list[at].1))
    }
}
