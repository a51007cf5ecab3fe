//! Hard constraints that a timetable breaks.

use std::fmt;
use std::ops::Range;

use super::{Placed, all_placed, placed};
use crate::problem::{CapacityRule, PersonIndex, Problem, RoomIndex, SessionIndex};
use crate::timetable::Timetable;

/// A hard constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Constraint {
    /// A session lies inside one day.
    Day,
    /// A session lies inside its room's open ranges.
    RoomOpen,
    /// A room holds one session at a time.
    RoomBusy,
    /// A room has what a session needs, and is one it may be in.
    RoomFeatures,
    /// A room has seats enough.
    RoomCapacity,
    /// People are there when their sessions are.
    PersonAvailable,
    /// People are in one session at a time.
    PersonBusy,
    /// A session starts at an allowed slot.
    Starts,
    /// A session is where it is pinned.
    Pin,
    /// A session starts when those it comes after have ended.
    After,
    /// Sessions in conflict share no slot.
    Conflict,
}

impl Constraint {
    /// Its name in the format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::RoomOpen => "room_open",
            Self::RoomBusy => "room_busy",
            Self::RoomFeatures => "room_features",
            Self::RoomCapacity => "room_capacity",
            Self::PersonAvailable => "person_available",
            Self::PersonBusy => "person_busy",
            Self::Starts => "starts",
            Self::Pin => "pin",
            Self::After => "after",
            Self::Conflict => "conflict",
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A hard constraint that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Broken {
    /// Which.
    pub constraint: Constraint,
    /// The session that breaks it.
    pub session: SessionIndex,
    /// The session it breaks it together with: the one before it in time, or the one it comes after.
    pub with: Option<SessionIndex>,
    /// The room in which.
    pub room: Option<RoomIndex>,
    /// The person whose time it is.
    pub person: Option<PersonIndex>,
}

/// All hard constraints that a timetable breaks, first those of each session, then those of rooms, people and pairs.
///
/// Of several sessions in one room at the same time, each is told with the one before it that ends last. A session that lies in no
/// single day is told as that alone.
pub fn broken(problem: &Problem, timetable: &Timetable) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut in_rooms = vec![Vec::new(); problem.rooms.len()];
    let mut of_people = vec![Vec::new(); problem.people.len()];
    for placed in all_placed(problem, timetable) {
        if !placed.is_within_a_day(problem) {
            broken.push(alone(Constraint::Day, placed));
            continue;
        }
        in_room(problem, placed, &mut broken);
        in_time(problem, timetable, placed, &mut broken);
        if let Some(sessions) = in_rooms.get_mut(placed.room as usize) {
            sessions.push((placed.taken_from()..placed.taken_to(), placed));
        }
        for person in &placed.session.people {
            if let Some(sessions) = of_people.get_mut(*person as usize) {
                sessions.push((i64::from(placed.start)..i64::from(placed.end()), placed));
            }
        }
    }
    for (room, sessions) in (0u32..).zip(in_rooms) {
        let both = |clash| Broken { room: Some(room), ..clash };
        broken.extend(clashes(Constraint::RoomBusy, sessions).map(both));
    }
    for (person, sessions) in (0u32..).zip(of_people) {
        let both = |clash| Broken { person: Some(person), ..clash };
        broken.extend(clashes(Constraint::PersonBusy, sessions).map(both));
    }
    for (one, other) in &problem.conflicts {
        if let (Some(one), Some(other)) = (placed(problem, timetable, *one), placed(problem, timetable, *other))
            && one.overlaps(&other)
        {
            broken.push(Broken { with: Some(other.index), ..alone(Constraint::Conflict, one) });
        }
    }
    broken
}

fn alone(constraint: Constraint, placed: Placed<'_>) -> Broken {
    Broken { constraint, session: placed.index, with: None, room: None, person: None }
}

/// What has to do with the room alone.
fn in_room(problem: &Problem, placed: Placed<'_>, broken: &mut Vec<Broken>) {
    let session = placed.session;
    let here = |constraint| Broken { room: Some(placed.room), ..alone(constraint, placed) };
    let Some(room) = problem.rooms.get(placed.room as usize) else {
        // A room that is not there is never open.
        return broken.push(here(Constraint::RoomOpen));
    };
    if !holds(&room.open, placed.taken_from(), placed.taken_to()) {
        broken.push(here(Constraint::RoomOpen));
    }
    if !session.features.iter().all(|feature| room.features.binary_search(feature).is_ok()) {
        broken.push(here(Constraint::RoomFeatures));
    }
    if session.rooms.as_ref().is_some_and(|rooms| rooms.binary_search(&placed.room).is_err()) {
        broken.push(here(Constraint::RoomFeatures));
    }
    if problem.capacity == CapacityRule::Hard && session.audience > room.capacity {
        broken.push(here(Constraint::RoomCapacity));
    }
    if session.pin.room.is_some_and(|room| room != placed.room)
        || session.pin.start.is_some_and(|start| start != placed.start)
    {
        broken.push(alone(Constraint::Pin, placed));
    }
}

/// What has to do with the time alone.
fn in_time(problem: &Problem, timetable: &Timetable, session: Placed<'_>, broken: &mut Vec<Broken>) {
    let (start, end) = (i64::from(session.start), i64::from(session.end()));
    if session.session.starts.as_ref().is_some_and(|starts| !holds(starts, start, start + 1)) {
        broken.push(alone(Constraint::Starts, session));
    }
    for before in &session.session.after {
        if placed(problem, timetable, *before).is_some_and(|before| before.end() > session.start) {
            broken.push(Broken { with: Some(*before), ..alone(Constraint::After, session) });
        }
    }
    for person in &session.session.people {
        let available = problem.people.get(*person as usize).map(|person| person.available.as_slice());
        if !holds(available.unwrap_or_default(), start, end) {
            broken.push(Broken { person: Some(*person), ..alone(Constraint::PersonAvailable, session) });
        }
    }
}

/// Whether one of the ranges, which are sorted and do not touch, holds all from one slot to another.
fn holds(ranges: &[Range<u32>], from: i64, to: i64) -> bool {
    let begun = ranges.partition_point(|range| i64::from(range.start) <= from);
    ranges.get(..begun).and_then(<[_]>::last).is_some_and(|range| to <= i64::from(range.end))
}

/// Sessions that share what only one can have at a time.
fn clashes<'p>(
    constraint: Constraint,
    mut sessions: Vec<(Range<i64>, Placed<'p>)>,
) -> impl Iterator<Item = Broken> + use<'p> {
    sessions.sort_by_key(|(span, placed)| (span.start, span.end, placed.session.id.as_str()));
    let mut latest: Option<(i64, SessionIndex)> = None;
    sessions.into_iter().filter_map(move |(span, placed)| {
        let clash = latest.filter(|(end, _)| span.start < *end);
        if latest.is_none_or(|(end, _)| span.end > end) {
            latest = Some((span.end, placed.index));
        }
        clash.map(|(_, with)| Broken { with: Some(with), ..alone(constraint, placed) })
    })
}

// === impl Broken ===

impl Broken {
    /// In words, with the ids of the problem.
    pub fn describe(&self, problem: &Problem) -> String {
        let session = |index: SessionIndex| problem.sessions.get(index as usize).map_or("", |session| &session.id);
        let room = self.room.and_then(|room| problem.rooms.get(room as usize)).map_or("", |room| &room.id);
        let person = self.person.and_then(|person| problem.people.get(person as usize)).map_or("", |person| &person.id);
        let (one, other) = (session(self.session), self.with.map_or("", session));
        match self.constraint {
            Constraint::Day => format!("{one:?} does not lie inside one day"),
            Constraint::RoomOpen => format!("{one:?} is in room {room:?} while it is not open"),
            Constraint::RoomBusy => format!("{one:?} is in room {room:?} together with {other:?}"),
            Constraint::RoomFeatures => {
                format!("{one:?} is in room {room:?}, which lacks a feature or is none of its rooms")
            }
            Constraint::RoomCapacity => format!("{one:?} is in room {room:?}, which is too small"),
            Constraint::PersonAvailable => format!("{one:?} is when {person:?} is not available"),
            Constraint::PersonBusy => format!("{one:?} is while {person:?} is in {other:?}"),
            Constraint::Starts => format!("{one:?} starts at a slot that is none of its starts"),
            Constraint::Pin => format!("{one:?} is not where it is pinned"),
            Constraint::After => format!("{one:?} starts before {other:?} has ended"),
            Constraint::Conflict => format!("{one:?} is at the same time as {other:?}"),
        }
    }
}
