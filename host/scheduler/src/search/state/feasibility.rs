//! Where a session can be.

use super::State;
use crate::problem::Place;
use crate::search::bits;
use crate::search::model::NONE;

impl State<'_> {
    /// Whether a session without a place can be there.
    pub(crate) fn fits(&self, session: u32, place: Place) -> bool {
        self.may_start(session, place.start)
            && self.model.rooms_of.has(session as usize, place.room as usize)
            && self.rooms.is_free(place.room as usize, self.model.shape[session as usize].footprint(place.start))
    }

    /// Whether nothing but the rooms keeps a session without a place from a start.
    fn may_start(&self, session: u32, start: u32) -> bool {
        let s = session as usize;
        let span = self.model.shape[s].span(start);
        self.model.starts.has(s, start as usize)
            && self.is_permitted(session, start)
            && self
                .model
                .people_of
                .of(s)
                .iter()
                .all(|&person| self.busy.lacks_span(person as usize, span.start, span.end))
            && self.is_in_order(session, start)
    }

    /// Whether nobody in conflict with a session is in the way of a start.
    fn is_permitted(&self, session: u32, start: u32) -> bool {
        if self.model.conflicts.is_empty() {
            return true;
        }
        let mut count = i32::from(self.pressure.count(session as usize, start));
        for &other in self.pending.iter().filter(|&&other| other != session) {
            let was = self.meets(session, start, other, self.known[other as usize]);
            let is = self.meets(session, start, other, self.start[other as usize]);
            if was != is && self.are_in_conflict(session, other) {
                count += if is { 1 } else { -1 };
            }
        }
        count == 0
    }

    /// Whether what must come before a session has ended, and what must come after it has not begun.
    fn is_in_order(&self, session: u32, start: u32) -> bool {
        let s = session as usize;
        let end = start + self.model.shape[s].duration;
        let begin = |other: &u32| self.start[*other as usize];
        let ended =
            |other: &u32| begin(other) == NONE || begin(other) + self.model.shape[*other as usize].duration <= start;
        self.model.before.of(s).iter().all(ended) && self.model.after.of(s).iter().all(|other| begin(other) >= end)
    }

    /// Starts at which nothing but the rooms stands against a session, wherever it is now. Right while nobody else is pending.
    pub(crate) fn open_starts(&self, session: u32, starts: &mut Vec<u64>) {
        let s = session as usize;
        let people = self.model.people_of.of(s);
        starts.clear();
        if people.is_empty() {
            starts.extend_from_slice(self.model.starts.row(s));
        } else {
            starts.resize(self.busy.words(), 0);
            for &person in people {
                starts.iter_mut().zip(self.busy.row(person as usize)).for_each(|(word, busy)| *word |= busy);
            }
            if self.start[s] != NONE {
                // It is itself what its people are busy with there.
                let span = self.model.shape[s].span(self.start[s]);
                bits::remove_span(starts, span.start, span.end);
            }
            starts.iter_mut().for_each(|word| *word = !*word);
            bits::erode(starts, self.model.shape[s].duration);
            bits::and(starts, self.model.starts.row(s));
        }
        self.pressure.remove_blocked(s, starts);
        if !self.model.before.of(s).is_empty() || !self.model.after.of(s).is_empty() {
            for start in bits::ones(self.model.starts.row(s)) {
                if !self.is_in_order(session, start as u32) {
                    bits::remove_span(starts, start, start + 1);
                }
            }
        }
    }

    /// Whether a room is open for a session there, and nobody but itself has it.
    pub(crate) fn room_is_free(&self, session: u32, place: Place) -> bool {
        self.is_open(session, place) && self.occupants(session, place).all(|who| who == session)
    }

    /// Rooms that suit a session and that nobody has then, itself included.
    pub(crate) fn free_rooms(&self, session: u32, start: u32, rooms: &mut Vec<u64>) {
        rooms.clear();
        rooms.extend_from_slice(self.model.rooms_of.row(session as usize));
        self.rooms.keep_free(rooms, self.model.shape[session as usize].footprint(start));
    }

    /// Whether a session's room is open for it there, whoever has it.
    pub(crate) fn is_open(&self, session: u32, place: Place) -> bool {
        let footprint = self.model.shape[session as usize].footprint(place.start);
        self.model.open.has_span(place.room as usize, footprint.start, footprint.end)
    }

    /// Who has the room when a session would be there, in order of time.
    pub(crate) fn occupants(&self, session: u32, place: Place) -> impl Iterator<Item = u32> + '_ {
        self.rooms.occupants(place.room as usize, self.model.shape[session as usize].footprint(place.start))
    }

    /// How many sessions in conflict with one keep it from a start. Right while nothing is pending.
    pub(crate) fn conflicts_at(&self, session: u32, start: u32) -> usize {
        self.pressure.count(session as usize, start).into()
    }

    /// Who would have to go for a session without a place to start there, the room apart. Right while nothing is pending.
    pub(crate) fn in_the_way(&self, session: u32, start: u32, others: &mut Vec<u32>) {
        let s = session as usize;
        others.clear();
        let span = self.model.shape[s].span(start);
        let met =
            |other: &&u32| **other != session && self.meets(session, start, **other, self.start[**other as usize]);
        for &person in self.model.people_of.of(s) {
            if !self.busy.lacks_span(person as usize, span.start, span.end) {
                others.extend(self.model.sessions_of.of(person as usize).iter().filter(met));
            }
        }
        others.extend(self.model.conflicts.of(s).iter().filter(met).take(self.conflicts_at(session, start)));
        let end = start + self.model.shape[s].duration;
        let begin = |other: u32| self.start[other as usize];
        let unfinished = |other: &&u32| {
            begin(**other) != NONE && begin(**other) + self.model.shape[**other as usize].duration > start
        };
        others.extend(self.model.before.of(s).iter().filter(unfinished));
        others.extend(self.model.after.of(s).iter().filter(|&&other| begin(other) < end));
        others.sort_unstable();
        others.dedup();
    }

    /// Whether two sessions of the same shape that do not meet can change places. Right while nothing is pending.
    pub(crate) fn can_exchange(&self, a: u32, b: u32) -> bool {
        let (at_a, at_b) = (self.at(a), self.at(b));
        let model = self.model;
        model.starts.has(a as usize, at_b.start as usize)
            && model.starts.has(b as usize, at_a.start as usize)
            && model.rooms_of.has(a as usize, at_b.room as usize)
            && model.rooms_of.has(b as usize, at_a.room as usize)
            && self.only_in_the_way(a, at_b.start, b)
            && self.only_in_the_way(b, at_a.start, a)
            && self.is_in_order(a, at_b.start)
            && self.is_in_order(b, at_a.start)
    }

    /// Whether nobody but `other`, who leaves a place of the same shape, keeps a session from a start.
    fn only_in_the_way(&self, session: u32, start: u32, other: u32) -> bool {
        let s = session as usize;
        let count = self.pressure.count(s, start);
        if count > 1 || (count == 1 && !self.are_in_conflict(session, other)) {
            return false;
        }
        let span = self.model.shape[s].span(start);
        let goes = |person: &u32| self.model.people_of.of(other as usize).contains(person);
        let is_free = |person: &u32| self.busy.lacks_span(*person as usize, span.start, span.end);
        self.model.people_of.of(s).iter().all(|person| is_free(person) || goes(person))
    }

    fn are_in_conflict(&self, a: u32, b: u32) -> bool {
        self.model.conflicts.of(a as usize).binary_search(&b).is_ok()
    }
}
