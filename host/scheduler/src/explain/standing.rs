//! Where everything stands: who has which room when, who is with whom, and what would change if one or two sessions moved.
//!
//! A [`Change`] is looked at beside the timetable as it is; only who takes moves back puts sessions elsewhere.

use std::ops::Range;

use crate::problem::{PersonIndex, Place, Problem, RoomIndex, SessionIndex, Slot};
use crate::timetable::Timetable;

/// Sessions that would be elsewhere: one, or two that change places.
pub(super) type Change = [(SessionIndex, Place)];

/// A problem and a timetable, with look-ups in all directions.
pub(super) struct Standing<'p> {
    pub(super) problem: &'p Problem,
    places: Vec<Option<Place>>,
    /// By room: what it is taken by, in order of time.
    in_room: Vec<Vec<(Range<Slot>, SessionIndex)>>,
    /// The most slots any session takes of a room.
    longest: u32,
    pub(super) sessions_of: Vec<Vec<SessionIndex>>,
    /// By session: with whom it should share no slot, and what it costs if it does; sorted, as the pairs are.
    pub(super) neighbours: Vec<Vec<(SessionIndex, u32)>>,
    /// By session: with whom it must share no slot; sorted, as the pairs are.
    pub(super) conflicts: Vec<Vec<SessionIndex>>,
    /// By session: which come after it.
    pub(super) successors: Vec<Vec<SessionIndex>>,
    pub(super) groups_of: Vec<Vec<u32>>,
    /// Whether there is time to look for more. Whoever stops looking because there is not answers anything.
    pub(super) go_on: &'p dyn Fn() -> bool,
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
    pub(super) fn new(problem: &'p Problem, timetable: &Timetable) -> Self {
        let sessions = problem.sessions.len();
        let mut standing = Self {
            problem,
            places: timetable.places.clone(),
            in_room: vec![Vec::new(); problem.rooms.len()],
            longest: problem.sessions.iter().map(|s| s.setup + s.duration + s.teardown).max().unwrap_or(0),
            sessions_of: vec![Vec::new(); problem.people.len()],
            neighbours: vec![Vec::new(); sessions],
            conflicts: vec![Vec::new(); sessions],
            successors: vec![Vec::new(); sessions],
            groups_of: vec![Vec::new(); sessions],
            go_on: &|| true,
        };
        for (index, session) in (0u32..).zip(&problem.sessions) {
            if let Some(place) = standing.place(index, &[]) {
                let taken = standing.footprint(index, place.start);
                standing.in_room[place.room as usize].push((taken, index));
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

    /// The same, with only so much time to look for anything.
    pub(super) fn looking_while(self, go_on: &'p dyn Fn() -> bool) -> Self {
        Self { go_on, ..self }
    }

    /// Where everything is.
    pub(super) fn places(&self) -> &[Option<Place>] {
        &self.places
    }

    pub(super) fn into_places(self) -> Vec<Option<Place>> {
        self.places
    }

    /// Puts a session elsewhere, or nowhere; answers where it was.
    pub(super) fn put(&mut self, session: SessionIndex, place: Option<Place>) -> Option<Place> {
        let was = std::mem::replace(&mut self.places[session as usize], place);
        let taken = |place: Place| (self.footprint(session, place.start), place.room as usize);
        let (before, after) = (was.map(taken), place.map(taken));
        let key = |(taken, who): &(Range<Slot>, SessionIndex)| (taken.start, *who);
        if let Some((taken, room)) = before
            && let Ok(at) = self.in_room[room].binary_search_by_key(&(taken.start, session), key)
        {
            self.in_room[room].remove(at);
        }
        if let Some((taken, room)) = after
            && let Err(at) = self.in_room[room].binary_search_by_key(&(taken.start, session), key)
        {
            self.in_room[room].insert(at, (taken, session));
        }
        was
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

    /// Whether all sessions of a change fit where it puts them, as far as other sessions go.
    pub(super) fn is_free(&self, change: &Change) -> bool {
        let fits = |(session, place): &(SessionIndex, Place)| {
            self.time_is_free(*session, place.start, change) && self.room_is_free(*session, *place, change)
        };
        change.iter().all(fits)
    }

    /// Whether nobody else has a session's room where a change puts it.
    pub(super) fn room_is_free(&self, session: SessionIndex, place: Place, change: &Change) -> bool {
        self.each_in_room(session, place, change, &mut |_| false)
    }

    /// Whether no session keeps another from a start, the room apart.
    pub(super) fn time_is_free(&self, session: SessionIndex, start: Slot, change: &Change) -> bool {
        self.each_in_time(session, start, change, &mut |_| false)
    }

    /// Who keeps a session from a place.
    pub(super) fn in_the_way(&self, session: SessionIndex, place: Place) -> Vec<InTheWay> {
        let (mut all, change) = (Vec::new(), [(session, place)]);
        let mut add = |one| {
            all.push(one);
            true
        };
        self.each_in_room(session, place, &change, &mut add);
        self.each_in_time(session, place.start, &change, &mut add);
        all
    }

    /// Names who has a session's room, for as long as more are wanted; answers whether they still were at the end.
    fn each_in_room(
        &self,
        session: SessionIndex,
        place: Place,
        change: &Change,
        wants_more: &mut dyn FnMut(InTheWay) -> bool,
    ) -> bool {
        let taken = self.footprint(session, place.start);
        let room = &self.in_room[place.room as usize];
        let past = room.partition_point(|(other, _)| other.start < taken.end);
        // Nothing that begins earlier than this reaches as far.
        let near = |(other, _): &&(Range<Slot>, SessionIndex)| other.start + self.longest > taken.start;
        let moved = |who: &SessionIndex| *who == session || change.iter().any(|(moved, _)| moved == who);
        let here = room[..past].iter().rev().take_while(near);
        let here = here.filter(|(other, who)| other.end > taken.start && !moved(who)).map(|(_, who)| *who);
        let there = change.iter().filter(|(other, at)| {
            *other != session && at.room == place.room && meet(&self.footprint(*other, at.start), &taken)
        });
        here.chain(there.map(|(who, _)| *who)).all(|who| wants_more(InTheWay { who, why: Why::Room }))
    }

    /// Names who keeps a session from a start, the room apart, for as long as more are wanted; answers whether they still were at
    /// the end.
    fn each_in_time(
        &self,
        session: SessionIndex,
        start: Slot,
        change: &Change,
        wants_more: &mut dyn FnMut(InTheWay) -> bool,
    ) -> bool {
        let (shape, span) = (&self.problem.sessions[session as usize], self.span_at(session, start));
        let is = |who: SessionIndex, meets: fn(&Range<Slot>, &Range<Slot>) -> bool| {
            who != session && self.span(who, change).is_some_and(|other| meets(&other, &span))
        };
        let of_people = shape
            .people
            .iter()
            .flat_map(|person| self.sessions_of[*person as usize].iter().map(|who| (*who, Why::Person(*person))));
        let in_conflict = self.conflicts[session as usize].iter().map(|who| (*who, Why::Conflict));
        let late = shape.after.iter().filter(|who| is(**who, |other, mine| other.end > mine.start));
        let early =
            self.successors[session as usize].iter().filter(|who| is(**who, |other, mine| other.start < mine.end));
        let at_once = of_people.chain(in_conflict).filter(|(who, _)| is(*who, meet));
        let in_order = late.chain(early).map(|who| (*who, Why::After));
        at_once.chain(in_order).all(|(who, why)| wants_more(InTheWay { who, why }))
    }

    /// Who has one of these slots of a room; they are in order.
    pub(super) fn occupants(&self, room: RoomIndex, slots: &[Range<Slot>]) -> impl Iterator<Item = SessionIndex> {
        let here = self.in_room[room as usize].iter();
        let is_in = |taken: &Range<Slot>| {
            let first = slots.get(slots.partition_point(|slots| slots.end <= taken.start));
            first.is_some_and(|slots| meet(slots, taken))
        };
        here.filter(move |(taken, _)| is_in(taken)).map(|(_, who)| *who)
    }
}

/// Whether two ranges share a slot.
pub(super) fn meet(one: &Range<Slot>, other: &Range<Slot>) -> bool {
    one.start < other.end && other.start < one.end
}
