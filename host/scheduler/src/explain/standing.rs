//! Where everything stands: who has which room when, who is with whom, and what would change if one or two sessions moved.
//!
//! Nothing is ever changed here: a [`Change`] is looked at beside the timetable as it is.

use std::ops::Range;

use crate::problem::{CapacityRule, PersonIndex, Place, Problem, RoomIndex, SessionIndex, Slot};
use crate::timetable::Timetable;

/// Sessions that would be elsewhere: one, or two that change places.
pub(super) type Change = [(SessionIndex, Place)];

/// A problem and a timetable, with look-ups in all directions.
pub(super) struct Standing<'p> {
    pub(super) problem: &'p Problem,
    places: &'p [Option<Place>],
    /// By room: what it is taken by, in order of time.
    in_room: Vec<Vec<(Range<Slot>, SessionIndex)>>,
    /// The most slots any session takes of a room.
    longest: u32,
    pub(super) sessions_of: Vec<Vec<SessionIndex>>,
    /// By session: with whom it should share no slot, and what it costs if it does.
    pub(super) neighbours: Vec<Vec<(SessionIndex, u32)>>,
    pub(super) conflicts: Vec<Vec<SessionIndex>>,
    /// By session: which come after it.
    pub(super) successors: Vec<Vec<SessionIndex>>,
    pub(super) groups_of: Vec<Vec<u32>>,
}

/// Who is in the way of a session, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InTheWay {
    pub(super) who: SessionIndex,
    pub(super) why: Why,
}

/// Why two sessions cannot both be where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    Room,
    Person(PersonIndex),
    Conflict,
    After,
}

impl<'p> Standing<'p> {
    pub(super) fn new(problem: &'p Problem, timetable: &'p Timetable) -> Self {
        let sessions = problem.sessions.len();
        let mut standing = Self {
            problem,
            places: &timetable.places,
            in_room: vec![Vec::new(); problem.rooms.len()],
            longest: problem.sessions.iter().map(|s| s.setup + s.duration + s.teardown).max().unwrap_or(0),
            sessions_of: vec![Vec::new(); problem.people.len()],
            neighbours: vec![Vec::new(); sessions],
            conflicts: vec![Vec::new(); sessions],
            successors: vec![Vec::new(); sessions],
            groups_of: vec![Vec::new(); sessions],
        };
        for (index, session) in (0u32..).zip(&problem.sessions) {
            if let Some(place) = standing.place(index, &[]) {
                standing.in_room[place.room as usize].push((standing.footprint(index, place.start), index));
            }
            session.people.iter().for_each(|person| standing.sessions_of[*person as usize].push(index));
            session.after.iter().for_each(|before| standing.successors[*before as usize].push(index));
        }
        standing.in_room.iter_mut().for_each(|room| room.sort_unstable_by_key(|(taken, who)| (taken.start, *who)));
        for (a, b) in &problem.conflicts {
            standing.conflicts[*a as usize].push(*b);
            standing.conflicts[*b as usize].push(*a);
        }
        for (a, b, number) in &problem.overlap {
            let cost = number * problem.weights.overlap;
            standing.neighbours[*a as usize].push((*b, cost));
            standing.neighbours[*b as usize].push((*a, cost));
        }
        for (index, group) in (0u32..).zip(&problem.groups) {
            group.sessions.iter().for_each(|session| standing.groups_of[*session as usize].push(index));
        }
        standing
    }

    /// Where a session is, after a change.
    pub(super) fn place(&self, session: SessionIndex, change: &Change) -> Option<Place> {
        let moved = change.iter().find(|(who, _)| *who == session).map(|(_, place)| *place);
        moved.or(self.places[session as usize])
    }

    /// The slots in which a session's people are in it, after a change.
    pub(super) fn span(&self, session: SessionIndex, change: &Change) -> Option<Range<Slot>> {
        self.place(session, change).map(|place| self.span_at(session, place.start))
    }

    pub(super) fn span_at(&self, session: SessionIndex, start: Slot) -> Range<Slot> {
        start..start + self.problem.sessions[session as usize].duration
    }

    /// The slots in which a session that starts there takes its room.
    pub(super) fn footprint(&self, session: SessionIndex, start: Slot) -> Range<Slot> {
        let session = &self.problem.sessions[session as usize];
        start.saturating_sub(session.setup)..start + session.duration + session.teardown
    }

    /// Whether a room suits a session, whenever.
    pub(super) fn suits(&self, session: SessionIndex, room: RoomIndex) -> bool {
        let session = &self.problem.sessions[session as usize];
        let here = &self.problem.rooms[room as usize];
        session.pin.room.is_none_or(|pinned| pinned == room)
            && session.rooms.as_ref().is_none_or(|rooms| rooms.binary_search(&room).is_ok())
            && (self.problem.capacity == CapacityRule::Soft || session.audience <= here.capacity)
            && session.features.iter().all(|feature| here.features.binary_search(feature).is_ok())
    }

    /// Whether all sessions of a change fit where it puts them, as far as other sessions go.
    pub(super) fn is_free(&self, change: &Change) -> bool {
        change.iter().all(|(session, place)| {
            let mut free = true;
            self.each_in_the_way(*session, *place, change, |_| {
                free = false;
                false
            });
            free
        })
    }

    /// Who keeps a session from a place.
    pub(super) fn in_the_way(&self, session: SessionIndex, place: Place) -> Vec<InTheWay> {
        let mut all = Vec::new();
        self.each_in_the_way(session, place, &[(session, place)], |one| {
            all.push(one);
            true
        });
        all
    }

    /// Names who keeps a session from a place, after a change, for as long as more are wanted.
    fn each_in_the_way(
        &self,
        session: SessionIndex,
        place: Place,
        change: &Change,
        mut wants_more: impl FnMut(InTheWay) -> bool,
    ) {
        let (taken, span) = (self.footprint(session, place.start), self.span_at(session, place.start));
        let is_moved = |who: &SessionIndex| change.iter().any(|(moved, _)| moved == who);
        let others = change.iter().filter(|(other, at)| *other != session && at.room == place.room);
        for (other, at) in others {
            if meet(&self.footprint(*other, at.start), &taken)
                && !wants_more(InTheWay { who: *other, why: Why::Room })
            {
                return;
            }
        }
        let room = &self.in_room[place.room as usize];
        let past = room.partition_point(|(other, _)| other.start < taken.end);
        // Nothing that begins earlier than this reaches as far.
        let near = |(other, _): &&(Range<Slot>, SessionIndex)| other.start + self.longest > taken.start;
        for (other, who) in room[..past].iter().rev().take_while(near) {
            if other.end > taken.start && !is_moved(who) && !wants_more(InTheWay { who: *who, why: Why::Room }) {
                return;
            }
        }
        let meets = |other: SessionIndex| {
            other != session && self.span(other, change).is_some_and(|other| meet(&other, &span))
        };
        for person in &self.problem.sessions[session as usize].people {
            for other in self.sessions_of[*person as usize].iter().filter(|other| meets(**other)) {
                if !wants_more(InTheWay { who: *other, why: Why::Person(*person) }) {
                    return;
                }
            }
        }
        for other in self.conflicts[session as usize].iter().filter(|other| meets(**other)) {
            if !wants_more(InTheWay { who: *other, why: Why::Conflict }) {
                return;
            }
        }
        let late = |other: &&SessionIndex| self.span(**other, change).is_some_and(|other| other.end > span.start);
        let early = |other: &&SessionIndex| self.span(**other, change).is_some_and(|other| other.start < span.end);
        let before = self.problem.sessions[session as usize].after.iter().filter(late);
        for other in before.chain(self.successors[session as usize].iter().filter(early)) {
            if !wants_more(InTheWay { who: *other, why: Why::After }) {
                return;
            }
        }
    }

    /// Who has one of these slots of a room.
    pub(super) fn occupants(&self, room: RoomIndex, slots: &[Range<Slot>]) -> impl Iterator<Item = SessionIndex> {
        let here = self.in_room[room as usize].iter();
        here.filter(|(taken, _)| slots.iter().any(|slots| meet(slots, taken))).map(|(_, who)| *who)
    }
}

/// Whether two ranges share a slot.
pub(super) fn meet(one: &Range<Slot>, other: &Range<Slot>) -> bool {
    one.start < other.end && other.start < one.end
}
