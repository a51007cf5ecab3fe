//! What cannot work as planned: two sessions in one room, one person in two places, and so on.
//!
//! Everything is found by sorting and sweeping, so 1,400 sessions with 3,300 assignments take a few milliseconds; only the conflicts
//! themselves can be more than linear, and they are capped.
//!
//! Two slots overlap when each starts before the other ends; back to back is no overlap. Every overlapping *pair* counts once, so
//! three sessions at once in a room are three conflicts.

mod facts;
mod scene;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use conman_sdk::day_of;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub use facts::{Facts, Placed, Requirements, RoomFacts, Rules};
pub use scene::{Measure, Place, Refused, Scene, Standing};

use crate::identity;
use crate::model::{Role, Slot};
use crate::scheduling::Seats;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Two sessions at once in a room that holds one. Fatal.
    RoomOverlap,
    /// A person in two sessions at once.
    PersonDoubleBooked,
    /// A session outside the times a person said.
    PersonUnavailable,
    /// A session outside the times a room can be used.
    RoomUnavailable,
    /// More people expected than the room holds.
    RoomTooSmall,
    /// Two people in one session who must not be.
    DoNotAssignWith,
    /// Too little time between two sessions of a person.
    BackToBack,
    /// More sessions of a person on one day than they, or the convention, want.
    OverDailyLimit,
    /// A session of a kind that needs a moderator has none.
    NoModerator,
    /// A session in a room that has not all the session needs.
    RoomLacksFeature,
    /// A session in a room that is none of those it may be in.
    RoomNotAllowed,
    /// A session that begins before one it has to come after has ended.
    OutOfOrder,
}

impl Kind {
    /// In the field's words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RoomOverlap => "room_overlap",
            Self::PersonDoubleBooked => "person_double_booked",
            Self::PersonUnavailable => "person_unavailable",
            Self::RoomUnavailable => "room_unavailable",
            Self::RoomTooSmall => "room_too_small",
            Self::DoNotAssignWith => "do_not_assign_with",
            Self::BackToBack => "back_to_back",
            Self::OverDailyLimit => "over_daily_limit",
            Self::NoModerator => "no_moderator",
            Self::RoomLacksFeature => "room_lacks_feature",
            Self::RoomNotAllowed => "room_not_allowed",
            Self::OutOfOrder => "out_of_order",
        }
    }

    /// Whether the schedule cannot happen this way.
    #[must_use]
    pub const fn is_fatal(self) -> bool {
        matches!(self, Self::RoomOverlap)
    }

    /// Whether the scheduler never proposes it. Breaks and limits are wishes to it, seats where the convention says so, and line-ups are not its
    /// doing.
    #[must_use]
    pub const fn is_impossible(self, seats: Seats) -> bool {
        match self {
            Self::RoomOverlap
            | Self::PersonDoubleBooked
            | Self::PersonUnavailable
            | Self::RoomUnavailable
            | Self::RoomLacksFeature
            | Self::RoomNotAllowed
            | Self::OutOfOrder => true,
            Self::RoomTooSmall => matches!(seats, Seats::Must),
            Self::DoNotAssignWith | Self::BackToBack | Self::OverDailyLimit | Self::NoModerator => false,
        }
    }
}

/// Something that cannot work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// What ignoring remembers: the same as long as the same sessions and people are in it in the same way. When and where the sessions
    /// are counts as far as that is what is wrong, so that a conflict is not ignored any more once it has become another.
    pub id: String,
    /// What is wrong.
    pub kind: Kind,
    /// The sessions in it, earliest first.
    pub sessions: Vec<String>,
    /// The people in it.
    pub people: Vec<String>,
    /// The room in it.
    pub room: Option<String>,
    /// The day, where the day is what is wrong.
    pub day: Option<Date>,
    /// What more there is to say.
    pub detail: Detail,
}

/// What some conflicts have to say besides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Detail {
    /// Nothing.
    #[default]
    None,
    /// What the room has not.
    Lacks(Vec<String>),
    /// The session that has to be the later one.
    Later(String),
    /// The sessions themselves are not on at once: only their set-up and tear-down overlap.
    Around,
}

impl Conflict {
    fn new(kind: Kind, sessions: &[&Placed], people: &[&str], room: Option<&str>, day: Option<Date>) -> Self {
        let (when, in_which_room) = match kind {
            Kind::RoomOverlap | Kind::RoomUnavailable | Kind::BackToBack => (true, true),
            Kind::PersonDoubleBooked | Kind::PersonUnavailable | Kind::OutOfOrder => (true, false),
            Kind::RoomTooSmall | Kind::RoomLacksFeature | Kind::RoomNotAllowed => (false, true),
            Kind::DoNotAssignWith | Kind::OverDailyLimit | Kind::NoModerator => (false, false),
        };
        let mut what: Vec<String> = sessions
            .iter()
            .map(|session| {
                let Slot { start, end } = session.slot;
                let slot = if when { format!(" {}-{}", start.as_second(), end.as_second()) } else { String::new() };
                let room = if in_which_room { session.room.as_deref().unwrap_or_default() } else { "" };
                format!("{}{slot} {room}", session.id)
            })
            .collect();
        what.sort_unstable();
        what.extend(people.iter().map(|&person| person.to_owned()));
        what.extend(day.map(|day| day.to_string()));
        let what: Vec<&str> = what.iter().map(String::as_str).collect();
        Self {
            id: format!("{}:{}", kind.as_str(), identity::derived(&what)),
            kind,
            sessions: sessions.iter().map(|session| session.id.clone()).collect(),
            people: people.iter().map(|&person| person.to_owned()).collect(),
            room: room.map(str::to_owned),
            day,
            detail: Detail::None,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The conflicts, by kind and time.
    pub conflicts: Vec<Conflict>,
    /// There are more than were gathered.
    pub capped: bool,
}

/// So many are gathered at most: a programme with more has one mistake, not many.
pub const MOST: usize = 20_000;

/// Finds all conflicts.
#[must_use]
pub fn find(sessions: &[Placed], facts: &Facts, rules: &Rules, zone: &TimeZone, day_change: Time) -> Found {
    find_wanted(sessions, facts, rules, zone, day_change, &|_, _| true)
}

/// Finds the conflicts of certain kinds and sessions.
#[must_use]
pub fn find_wanted(
    sessions: &[Placed],
    facts: &Facts,
    rules: &Rules,
    zone: &TimeZone,
    day_change: Time,
    wanted: &dyn Fn(Kind, &[&Placed]) -> bool,
) -> Found {
    let mut order: Vec<&Placed> = sessions.iter().collect();
    order.sort_by(|a, b| a.order().cmp(&b.order()));
    let mut search = Search { facts, rules, wanted, found: Found::default() };
    search.rooms(&order);
    search.people(&order, zone, day_change);
    search.line_ups(&order);
    search.sequences(&order);
    let mut found = search.found;
    let place: HashMap<&str, usize> = order.iter().enumerate().map(|(at, session)| (session.id.as_str(), at)).collect();
    found.conflicts.sort_by_cached_key(|conflict| {
        (
            conflict.kind,
            conflict.sessions.first().and_then(|id| place.get(id.as_str()).copied()),
            conflict.sessions.clone(),
            conflict.people.clone(),
        )
    });
    found
}

struct Search<'f> {
    facts: &'f Facts,
    rules: &'f Rules,
    wanted: &'f dyn Fn(Kind, &[&Placed]) -> bool,
    found: Found,
}

impl Search<'_> {
    fn add(&mut self, kind: Kind, sessions: &[&Placed], people: &[&str], room: Option<&str>, day: Option<Date>) {
        self.add_with(kind, sessions, people, room, day, |_| ());
    }

    fn add_with(
        &mut self,
        kind: Kind,
        sessions: &[&Placed],
        people: &[&str],
        room: Option<&str>,
        day: Option<Date>,
        detail: impl FnOnce(&mut Conflict),
    ) {
        if (self.wanted)(kind, sessions) {
            let mut conflict = Conflict::new(kind, sessions, people, room, day);
            detail(&mut conflict);
            self.keep(conflict);
        }
    }

    fn keep(&mut self, conflict: Conflict) {
        if self.found.conflicts.len() >= MOST {
            self.found.capped = true;
        } else {
            self.found.conflicts.push(conflict);
        }
    }

    fn rooms(&mut self, order: &[&Placed]) {
        let mut by_room: BTreeMap<&str, Vec<&Placed>> = BTreeMap::new();
        for session in order {
            if let Some(room) = session.room.as_deref() {
                by_room.entry(room).or_default().push(session);
            }
        }
        let unknown = RoomFacts::default();
        for (id, sessions) in by_room {
            let room = self.facts.rooms.get(id).unwrap_or(&unknown);
            if room.exclusive {
                let mut taken: Vec<(Slot, &Placed)> =
                    sessions.iter().map(|session| (session.occupancy(), *session)).collect();
                taken.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
                for (first, second) in overlaps(&taken) {
                    if self.found.capped {
                        break;
                    }
                    let mut pair = [first, second];
                    pair.sort_by(|a, b| a.order().cmp(&b.order()));
                    self.add_with(Kind::RoomOverlap, &pair, &[], Some(id), None, |conflict| {
                        if first.slot.end <= second.slot.start || second.slot.end <= first.slot.start {
                            conflict.detail = Detail::Around;
                        }
                    });
                }
            }
            for session in &sessions {
                let wanted = &session.requirements;
                let lacking = room.lacks(&wanted.needs);
                if !lacking.is_empty() {
                    self.add_with(Kind::RoomLacksFeature, &[session], &[], Some(id), None, |conflict| {
                        // Another thing it lacks makes it another conflict.
                        let what = [conflict.id.as_str()].into_iter().chain(lacking.iter().copied());
                        let id = identity::derived(&what.collect::<Vec<_>>());
                        conflict.id = format!("{}:{id}", conflict.kind.as_str());
                        conflict.detail = Detail::Lacks(lacking.into_iter().map(str::to_owned).collect());
                    });
                }
                if !wanted.rooms.is_empty() && !wanted.rooms.iter().any(|room| room == id) {
                    self.add(Kind::RoomNotAllowed, &[session], &[], Some(id), None);
                }
                if let (Some(audience), Some(capacity)) = (session.audience, room.capacity)
                    && audience > capacity
                {
                    self.add(Kind::RoomTooSmall, &[session], &[], Some(id), None);
                }
                if self.facts.room_windows.get(id).is_some_and(|windows| !covered(session.occupancy(), windows)) {
                    self.add(Kind::RoomUnavailable, &[session], &[], Some(id), None);
                }
            }
        }
    }

    fn people(&mut self, order: &[&Placed], zone: &TimeZone, day_change: Time) {
        let mut by_person: BTreeMap<&str, Vec<&Placed>> = BTreeMap::new();
        for session in order {
            for (person, role) in &session.people {
                if role.attends() {
                    by_person.entry(person).or_default().push(session);
                }
            }
        }
        for (person, sessions) in by_person {
            let busy: Vec<(Slot, &Placed)> = sessions.iter().map(|session| (session.slot, *session)).collect();
            for (first, second) in overlaps(&busy) {
                if self.found.capped {
                    break;
                }
                self.add(Kind::PersonDoubleBooked, &[first, second], &[person], None, None);
            }
            for (first, second) in successions(&sessions) {
                let pause = second.slot.start.as_second() - first.slot.end.as_second();
                // In the same room nobody has to walk.
                if pause < self.rules.break_minutes.saturating_mul(60)
                    && (first.room != second.room || first.room.is_none())
                {
                    self.add(Kind::BackToBack, &[first, second], &[person], None, None);
                }
            }
            if let Some(windows) = self.facts.person_windows.get(person) {
                for session in &sessions {
                    if !covered(session.slot, windows) {
                        self.add(Kind::PersonUnavailable, &[session], &[person], None, None);
                    }
                }
            }
            let limit = self.facts.daily_limits.get(person).copied().unwrap_or(self.rules.daily_limit);
            if limit > 0 {
                let mut days: BTreeMap<Date, Vec<&Placed>> = BTreeMap::new();
                for session in &sessions {
                    days.entry(day_of(session.slot.start, zone, day_change)).or_default().push(session);
                }
                for (day, sessions) in days {
                    if i64::try_from(sessions.len()).unwrap_or(i64::MAX) > limit {
                        self.add(Kind::OverDailyLimit, &sessions, &[person], None, Some(day));
                    }
                }
            }
        }
    }

    fn line_ups(&mut self, order: &[&Placed]) {
        let mut apart: HashMap<&str, Vec<&str>> = HashMap::new();
        for (one, other) in &self.facts.apart {
            apart.entry(one).or_default().push(other);
            apart.entry(other).or_default().push(one);
        }
        for session in order {
            if !apart.is_empty() {
                let there: Vec<&str> = session
                    .people
                    .iter()
                    .filter(|(_, role)| role.attends())
                    .map(|(person, _)| person.as_str())
                    .collect();
                for one in &there {
                    for other in apart.get(one).into_iter().flatten() {
                        // Each pair once.
                        if one < other && there.contains(other) {
                            self.add(Kind::DoNotAssignWith, &[session], &[one, other], None, None);
                        }
                    }
                }
            }
            let panellists = session.people.iter().filter(|(_, role)| role.attends()).count();
            if panellists >= 2
                && !session.people.iter().any(|(_, role)| *role == Role::Moderator)
                && self.rules.moderated_kinds.iter().any(|kind| session.kind.trim().eq_ignore_ascii_case(kind))
            {
                self.add(Kind::NoModerator, &[session], &[], None, None);
            }
        }
    }

    fn sequences(&mut self, order: &[&Placed]) {
        let by_id: HashMap<&str, &Placed> = order.iter().map(|session| (session.id.as_str(), *session)).collect();
        for session in order {
            for before in session.requirements.after.iter().filter_map(|id| by_id.get(id.as_str())) {
                if session.slot.start < before.slot.end {
                    let mut pair = [*before, *session];
                    pair.sort_by(|a, b| a.order().cmp(&b.order()));
                    self.add_with(Kind::OutOfOrder, &pair, &[], None, None, |conflict| {
                        conflict.detail = Detail::Later(session.id.clone());
                    });
                }
            }
        }
    }
}

/// Every overlapping pair of sessions with their slots, sorted by these.
fn overlaps<'s>(sessions: &'s [(Slot, &'s Placed)]) -> impl Iterator<Item = (&'s Placed, &'s Placed)> {
    sessions.iter().enumerate().flat_map(move |(at, (slot, first))| {
        sessions
            .get(at + 1..)
            .unwrap_or_default()
            .iter()
            .take_while(move |(other, _)| other.start < slot.end)
            // A session without length at the very start of another is before it.
            .filter(move |(other, _)| slot.start < other.end)
            .map(move |(_, second)| (*first, *second))
    })
}

/// For every session that comes after others, sorted by start, the last of those to end before it: not always its neighbour, because
/// a short one may lie within a long one.
fn successions<'s>(sessions: &[&'s Placed]) -> Vec<(&'s Placed, &'s Placed)> {
    let mut running: BinaryHeap<Reverse<(Timestamp, usize)>> = BinaryHeap::new();
    let mut before: Option<&Placed> = None;
    let mut found = Vec::new();
    for (at, session) in sessions.iter().enumerate() {
        while let Some(&Reverse((end, over))) = running.peek()
            && end <= session.slot.start
        {
            running.pop();
            before = sessions.get(over).copied();
        }
        found.extend(before.map(|before| (before, *session)));
        running.push(Reverse((session.slot.end, at)));
    }
    found
}

/// Whether a slot lies within the windows, which may touch or overlap.
fn covered(slot: Slot, windows: &[Slot]) -> bool {
    let mut windows: Vec<Slot> = windows.to_vec();
    windows.sort_unstable();
    let mut reached = slot.start;
    for window in windows {
        if window.start <= reached && window.end > reached {
            reached = window.end;
        }
        if reached >= slot.end {
            // For a slot without length, some window has to hold its instant.
            return slot.end > slot.start || window.start <= slot.start && slot.start <= window.end;
        }
    }
    false
}
