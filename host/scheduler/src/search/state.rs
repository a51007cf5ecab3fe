//! A timetable under change: who is where, what that blocks, and what each change would cost.
//!
//! A session is *lifted* from its place and *settled* at another. Both change at once what is asked most (rooms, people, groups) and
//! tell what they change of the cost. What a session's start means for those it should not, or must not, share a slot with is a
//! table of all their possible starts ([`pressure`]): reading it is one look-up, changing it is work. So the table is told only when
//! a change is *kept*; until then a few sessions are where the table does not know them, and prices are corrected for these.
//!
//! Most proposals are refused, so most prices are told without lifting anybody ([`pricing`]).

mod feasibility;
mod groups;
mod limits;
mod pressure;
mod pricing;
mod rooms;

use self::groups::GroupState;
use self::pressure::Pressure;
use self::rooms::RoomState;
use super::bits::BitRows;
use super::memory::Measures;
use super::model::{Model, NONE};
use crate::problem::Place;

/// A timetable under change.
pub(crate) struct State<'m> {
    pub(crate) model: &'m Model<'m>,
    /// By session; [`NONE`] where it has no place.
    start: Vec<u32>,
    room: Vec<u32>,
    rooms: RoomState,
    /// By person: slots they are in a session.
    busy: BitRows,
    groups: GroupState,
    pressure: Pressure,
    /// By session: the start that the pressure knows.
    known: Vec<u32>,
    /// Sessions that may be elsewhere than the pressure knows.
    pending: Vec<u32>,
    /// Sessions moved since somebody asked for them; each once.
    touched: Vec<u32>,
    is_touched: Vec<bool>,
    /// Sessions without a place that could have one, in no order; and by session, where among them it stands.
    homeless: Vec<u32>,
    stands_at: Vec<u32>,
    /// How many could have no place even if nobody else were there: they are not among the homeless.
    hopeless: u32,
    /// The soft cost of those with one.
    soft: i64,
    /// How often changes were kept.
    #[cfg(debug_assertions)]
    kept: usize,
}

impl<'m> State<'m> {
    /// What it takes of memory at the most.
    pub(crate) fn bytes(of: &Measures) -> u64 {
        // By session: eight numbers, of which two lists grow.
        let each = of.sessions * 64;
        let busy = BitRows::bytes(of.people, of.slots);
        each + busy + RoomState::bytes(of) + GroupState::bytes(of) + Pressure::bytes(of)
    }

    /// A timetable in which nothing is placed.
    pub(crate) fn new(model: &'m Model<'m>) -> Self {
        Self {
            model,
            start: vec![NONE; model.sessions],
            room: vec![NONE; model.sessions],
            rooms: RoomState::new(model),
            busy: BitRows::new(model.people, model.horizon),
            groups: GroupState::new(model),
            pressure: Pressure::new(model),
            known: vec![NONE; model.sessions],
            pending: Vec::new(),
            touched: Vec::new(),
            is_touched: vec![false; model.sessions],
            stands_at: positions(&model.placeable, model.sessions),
            homeless: model.placeable.clone(),
            hopeless: (model.sessions - model.placeable.len()) as u32,
            // A group none of whose members is placed lacks all its days.
            soft: model.groups.spread.iter().map(|spread| i64::from(spread.min_days) * spread.weight).sum(),
            #[cfg(debug_assertions)]
            kept: 0,
        }
    }

    /// Where a session is.
    pub(crate) fn place(&self, session: u32) -> Option<Place> {
        let start = self.start[session as usize];
        (start != NONE).then(|| Place { start, room: self.room[session as usize] })
    }

    pub(crate) fn places(&self) -> Vec<Option<Place>> {
        (0..self.model.sessions as u32).map(|session| self.place(session)).collect()
    }

    /// Sessions without a place, and the soft cost of the others: the less, the better.
    pub(crate) fn rank(&self) -> (u32, i64) {
        (self.hopeless + self.homeless.len() as u32, self.soft)
    }

    /// Sessions without a place that could have one if others had not.
    pub(crate) fn homeless(&self) -> &[u32] {
        &self.homeless
    }

    /// Replaces `touched` by the sessions that were moved since this was last asked.
    pub(crate) fn drain_touched(&mut self, touched: &mut Vec<u32>) {
        touched.clear();
        std::mem::swap(touched, &mut self.touched);
        touched.iter().for_each(|&session| self.is_touched[session as usize] = false);
    }

    /// Takes a session from its place; answers what it cost there.
    pub(crate) fn lift(&mut self, session: u32) -> i64 {
        let place = self.at(session);
        self.remove(session);
        let price = self.price(session, place);
        self.soft -= price;
        price
    }

    /// Puts a session that has no place where it fits; answers what it costs there.
    pub(crate) fn settle(&mut self, session: u32, place: Place) -> i64 {
        let price = self.price(session, place);
        self.put(session, place, price);
        price
    }

    /// Puts a session that has no place where it fits, at a price that is known.
    pub(crate) fn put(&mut self, session: u32, place: Place, price: i64) {
        self.insert(session, place);
        self.soft += price;
    }

    /// Moves a session to a place where it fits, and keeps that. `change`: what that changes of the cost.
    pub(crate) fn relocate(&mut self, session: u32, place: Place, change: i64) {
        self.remove(session);
        self.insert(session, place);
        self.soft += change;
        self.keep();
    }

    /// Lets two sessions of the same shape change places, and keeps that. `change`: what that changes of the cost.
    pub(crate) fn exchange(&mut self, a: u32, b: u32, change: i64) {
        let (place_a, place_b) = (self.at(a), self.at(b));
        self.remove(a);
        self.remove(b);
        self.insert(a, place_b);
        self.insert(b, place_a);
        self.soft += change;
        self.keep();
    }

    /// Puts every session where it is in another timetable of the same problem.
    pub(crate) fn become_like(&mut self, places: &[Option<Place>]) {
        let differing: Vec<u32> = (0..self.model.sessions as u32)
            .filter(|&session| self.place(session) != places[session as usize])
            .collect();
        for &session in &differing {
            if self.place(session).is_some() {
                self.lift(session);
                self.keep();
            }
        }
        for &session in &differing {
            if let Some(place) = places[session as usize] {
                self.settle(session, place);
                self.keep();
            }
        }
    }

    /// Keeps all changes since the last time: the pressure learns of them.
    pub(crate) fn keep(&mut self) {
        while let Some(session) = self.pending.pop() {
            let s = session as usize;
            let (from, to) = (self.known[s], self.start[s]);
            if from != to {
                self.pressure.learn(
                    self.model,
                    s,
                    Some(from).filter(|&at| at != NONE),
                    Some(to).filter(|&at| at != NONE),
                );
                self.known[s] = to;
            }
            if !self.is_touched[s] {
                self.is_touched[s] = true;
                self.touched.push(session);
            }
        }
        #[cfg(debug_assertions)]
        {
            self.kept += 1;
            // Of a small problem each time; of a large one, where it is slow, the more seldom the larger it is.
            if self.kept.is_multiple_of((self.model.sessions / 40).pow(2).max(1)) {
                self.verify();
            }
        }
    }

    /// Says that everything is again where it was when changes were last kept.
    pub(crate) fn unchanged(&mut self) {
        debug_assert!(self.pending.iter().all(|&session| self.known[session as usize] == self.start[session as usize]));
        self.pending.clear();
    }

    fn at(&self, session: u32) -> Place {
        Place { start: self.start[session as usize], room: self.room[session as usize] }
    }

    fn remove(&mut self, session: u32) {
        let s = session as usize;
        let (start, room) = (self.start[s], self.room[s]);
        let shape = self.model.shape[s];
        self.rooms.release(room as usize, shape.footprint(start));
        let span = shape.span(start);
        for &person in self.model.people_of.of(s) {
            self.busy.remove_span(person as usize, span.start, span.end);
        }
        self.start[s] = NONE;
        self.groups.lift(self.model, &self.start, s, start, room);
        self.note(session);
        self.stands_at[s] = self.homeless.len() as u32;
        self.homeless.push(session);
    }

    fn insert(&mut self, session: u32, place: Place) {
        let s = session as usize;
        let shape = self.model.shape[s];
        self.rooms.take(place.room as usize, shape.footprint(place.start), session);
        let span = shape.span(place.start);
        for &person in self.model.people_of.of(s) {
            self.busy.insert_span(person as usize, span.start, span.end);
        }
        self.groups.settle(self.model, &self.start, s, place.start, place.room);
        self.start[s] = place.start;
        self.room[s] = place.room;
        self.note(session);
        let stood_at = self.stands_at[s] as usize;
        self.homeless.swap_remove(stood_at);
        if let Some(&moved) = self.homeless.get(stood_at) {
            self.stands_at[moved as usize] = stood_at as u32;
        }
    }

    fn note(&mut self, session: u32) {
        if !self.pending.contains(&session) {
            self.pending.push(session);
        }
    }

    /// Whether two sessions would share a slot, one starting at `start` and the other at `begin`.
    fn meets(&self, session: u32, start: u32, other: u32, begin: u32) -> bool {
        begin != NONE
            && start < begin + self.model.shape[other as usize].duration
            && begin < start + self.model.shape[session as usize].duration
    }

    /// Compares all that is kept up to date change by change with what is worked out from nothing.
    #[cfg(debug_assertions)]
    fn verify(&self) {
        let mut anew = State::new(self.model);
        for session in 0..self.model.sessions as u32 {
            let Some(place) = self.place(session) else { continue };
            debug_assert!(anew.fits(session, place), "session {session} breaks a hard constraint at {place:?}");
            anew.insert(session, place);
            let s = session as usize;
            anew.pressure.learn(self.model, s, None, Some(place.start));
            anew.known[s] = place.start;
            anew.pending.clear();
        }
        let timetable = crate::timetable::Timetable { places: self.places() };
        let cost = crate::check::cost(self.model.problem, &timetable);
        debug_assert_eq!(
            (cost.unplaced, cost.soft() as i64),
            self.rank(),
            "the cost that was kept up to date is not the cost"
        );
        debug_assert!(
            anew.pressure == self.pressure
                && anew.groups == self.groups
                && anew.rooms == self.rooms
                && anew.busy == self.busy
        );
    }
}

/// By session, where in a list it stands.
fn positions(list: &[u32], sessions: usize) -> Vec<u32> {
    let mut positions = vec![NONE; sessions];
    for (at, &session) in (0u32..).zip(list) {
        positions[session as usize] = at;
    }
    positions
}
