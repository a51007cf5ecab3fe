//! Broken wishes, one by one: together they are the whole soft cost.

use std::collections::HashMap;
use std::ops::Range;

use super::standing::{Change, Standing};
use super::words::{Words, slots};
use super::{NAMED, WISHES_TOLD};
use crate::problem::{PersonIndex, SessionIndex, Slot};

/// A wish that is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) wish: Wish,
    pub(super) cost: u64,
}

/// A wish of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Overlap(SessionIndex, SessionIndex, u32),
    Overflow(SessionIndex),
    MissingDay(u32),
    Isolated(u32, SessionIndex),
    ExtraRoom(u32),
    Unpreferred(PersonIndex, SessionIndex),
    OverDayLimit(PersonIndex, u32),
    ShortGap(PersonIndex, SessionIndex, SessionIndex),
    MovedTime(SessionIndex),
    MovedRoom(SessionIndex),
}

/// The sessions a wish is about: only a move of one of them can mend it.
pub(super) enum Members {
    These(Vec<SessionIndex>),
    /// All of a group that are placed: of a group of thousands many wishes may be broken.
    OfGroup(u32),
}

/// The broken wishes that cost most, those first, and how many there are besides.
pub(super) fn dearest(standing: &Standing<'_>) -> (Vec<Broken>, usize) {
    let (mut some, mut all) = (Vec::new(), 0);
    each(standing, &mut |one| {
        all += 1;
        some.push(one);
        if some.len() == 2 * WISHES_TOLD {
            sort(&mut some);
            some.truncate(WISHES_TOLD);
        }
    });
    sort(&mut some);
    some.truncate(WISHES_TOLD);
    let more = all - some.len();
    (some, more)
}

fn sort(broken: &mut [Broken]) {
    broken.sort_by_key(|broken| std::cmp::Reverse(broken.cost));
}

/// Calls `visit` with each broken wish.
fn each(standing: &Standing<'_>, visit: &mut dyn FnMut(Broken)) {
    let problem = standing.problem;
    let mut add = |wish: Wish, cost: u64| {
        if cost > 0 {
            visit(Broken { wish, cost });
        }
    };
    let mut look_at = |wish: Wish| add(wish, wish.cost(standing, &[]));
    for (one, other, number) in &problem.overlap {
        look_at(Wish::Overlap(*one, *other, number * problem.weights.overlap));
    }
    for session in 0..problem.sessions.len() as u32 {
        [Wish::Overflow(session), Wish::MovedTime(session), Wish::MovedRoom(session)]
            .into_iter()
            .for_each(&mut look_at);
        let people = &problem.sessions[session as usize].people;
        people.iter().for_each(|person| look_at(Wish::Unpreferred(*person, session)));
    }
    for group in 0..problem.groups.len() as u32 {
        [Wish::MissingDay(group), Wish::ExtraRoom(group)].into_iter().for_each(&mut look_at);
    }
    for (person, wishes) in (0u32..).zip(&problem.people) {
        if wishes.max_per_day.is_none() && wishes.min_gap == 0 {
            continue;
        }
        let agenda = standing.agenda(person, &[]);
        for pair in agenda.windows(2) {
            let wish = Wish::ShortGap(person, pair[0].1, pair[1].1);
            add(wish, wish.cost(standing, &[]));
        }
        let day_of = |(span, _): &(Range<Slot>, SessionIndex)| problem.calendar.day_of(span.start);
        let most = wishes.max_per_day.map_or(u64::MAX, u64::from);
        for day in agenda.chunk_by(|one, next| day_of(one) == day_of(next)) {
            let cost = (day.len() as u64).saturating_sub(most) * u64::from(problem.weights.over_day_limit);
            day.first().map(day_of).into_iter().for_each(|day| add(Wish::OverDayLimit(person, day), cost));
        }
    }
    let cost = u64::from(problem.weights.isolated);
    for group in (0..problem.groups.len() as u32).filter(|_| cost > 0) {
        standing.isolated(group, &[]).into_iter().for_each(|session| add(Wish::Isolated(group, session), cost));
    }
}

/// Who is named of those that wishes are about.
pub(super) struct Named<'s, 'p> {
    standing: &'s Standing<'p>,
    /// By group: the first of its members that are placed, and how many are in all.
    groups: HashMap<u32, (Vec<SessionIndex>, usize)>,
}

impl<'s, 'p> Named<'s, 'p> {
    pub(super) fn new(standing: &'s Standing<'p>) -> Self {
        Self { standing, groups: HashMap::new() }
    }

    /// The sessions of a wish that are named, and how many there are besides.
    pub(super) fn of(&mut self, wish: Wish) -> (Vec<SessionIndex>, usize) {
        let (mut named, all) = match wish.members(self.standing) {
            Members::These(all) => (all.iter().copied().take(NAMED).collect(), all.len()),
            Members::OfGroup(group) => {
                let first = || {
                    let all = &self.standing.problem.groups[group as usize].sessions;
                    let placed = || all.iter().copied().filter(|session| self.standing.place(*session, &[]).is_some());
                    (placed().take(NAMED).collect(), placed().count())
                };
                self.groups.entry(group).or_insert_with(first).clone()
            }
        };
        if let Wish::Isolated(_, alone) = wish {
            // The one that stands alone comes first.
            named.retain(|session| *session != alone);
            named.insert(0, alone);
            named.truncate(NAMED);
        }
        let more = all - named.len();
        (named, more)
    }
}

// === impl Wish ===

impl Wish {
    /// The soft term, by its name in the format.
    pub(super) fn term(self) -> &'static str {
        match self {
            Self::Overlap(..) => "overlap",
            Self::Overflow(_) => "overflow",
            Self::MissingDay(_) => "missing_day",
            Self::Isolated(..) => "isolated",
            Self::ExtraRoom(_) => "extra_room",
            Self::Unpreferred(..) => "unpreferred",
            Self::OverDayLimit(..) => "over_day_limit",
            Self::ShortGap(..) => "short_gap",
            Self::MovedTime(_) => "moved_time",
            Self::MovedRoom(_) => "moved_room",
        }
    }

    /// What it costs, after a change.
    pub(super) fn cost(self, standing: &Standing<'_>, change: &Change) -> u64 {
        let (problem, weights) = (standing.problem, &standing.problem.weights);
        let moved = |session: SessionIndex| problem.incumbent[session as usize].zip(standing.place(session, change));
        match self {
            Self::Overlap(one, other, cost) => {
                let spans = standing.span(one, change).zip(standing.span(other, change));
                u64::from(spans.is_some_and(|(one, other)| super::standing::meet(&one, &other))) * u64::from(cost)
            }
            Self::Overflow(session) => standing.missing_seats(session, change) * u64::from(weights.overflow),
            Self::MissingDay(group) => standing.missing_days(group, change) * u64::from(weights.missing_day),
            Self::Isolated(group, session) => {
                u64::from(standing.isolated(group, change).contains(&session)) * u64::from(weights.isolated)
            }
            Self::ExtraRoom(group) => standing.extra_rooms(group, change) * u64::from(weights.extra_room),
            Self::Unpreferred(person, session) => {
                standing.unpreferred(person, session, change) * u64::from(weights.unpreferred)
            }
            Self::OverDayLimit(person, day) => {
                let on_day = |session: &&SessionIndex| {
                    standing.span(**session, change).is_some_and(|span| problem.calendar.day_of(span.start) == day)
                };
                let many = standing.sessions_of[person as usize].iter().filter(on_day).count() as u64;
                let most = problem.people[person as usize].max_per_day.map_or(u64::MAX, u64::from);
                many.saturating_sub(most) * u64::from(weights.over_day_limit)
            }
            Self::ShortGap(person, one, other) => {
                let spans = standing.span(one, change).zip(standing.span(other, change));
                let short = spans.is_some_and(|(one, other)| {
                    let (first, second) = if one.start <= other.start { (one, other) } else { (other, one) };
                    standing.is_short_gap(person, &first, &second)
                });
                u64::from(short) * u64::from(weights.short_gap)
            }
            Self::MovedTime(session) => {
                u64::from(moved(session).is_some_and(|(was, is)| was.start != is.start)) * u64::from(weights.moved_time)
            }
            Self::MovedRoom(session) => {
                u64::from(moved(session).is_some_and(|(was, is)| was.room != is.room)) * u64::from(weights.moved_room)
            }
        }
    }

    /// The sessions it is about.
    pub(super) fn members(self, standing: &Standing<'_>) -> Members {
        match self {
            Self::Overlap(one, other, _) | Self::ShortGap(_, one, other) => Members::These(vec![one, other]),
            Self::Overflow(session)
            | Self::Unpreferred(_, session)
            | Self::MovedTime(session)
            | Self::MovedRoom(session) => Members::These(vec![session]),
            Self::MissingDay(group) | Self::ExtraRoom(group) | Self::Isolated(group, _) => Members::OfGroup(group),
            Self::OverDayLimit(person, day) => Members::These(on_day(standing, person, day).collect()),
        }
    }

    /// All sessions it is about, the one that stands alone first.
    pub(super) fn sessions(self, standing: &Standing<'_>) -> Vec<SessionIndex> {
        let mut all = match self.members(standing) {
            Members::These(sessions) => sessions,
            Members::OfGroup(group) => {
                let all = standing.problem.groups[group as usize].sessions.iter().copied();
                all.filter(|session| standing.place(*session, &[]).is_some()).collect()
            }
        };
        if let Self::Isolated(_, alone) = self {
            all.sort_by_key(|other| *other != alone);
        }
        all
    }

    /// The group it is about.
    pub(super) fn group(self) -> Option<u32> {
        match self {
            Self::MissingDay(group) | Self::Isolated(group, _) | Self::ExtraRoom(group) => Some(group),
            _ => None,
        }
    }

    /// The person whose wish it is.
    pub(super) fn person(self) -> Option<PersonIndex> {
        match self {
            Self::Unpreferred(person, _) | Self::OverDayLimit(person, _) | Self::ShortGap(person, ..) => Some(person),
            _ => None,
        }
    }

    /// In words.
    pub(super) fn describe(self, standing: &Standing<'_>) -> String {
        let (words, problem) = (Words(standing.problem), standing.problem);
        let group = |group: u32| format!("{:?}", problem.groups[group as usize].id);
        let room = |session| standing.place(session, &[]).map_or_else(String::new, |place| words.room(place.room));
        let start = |session| standing.place(session, &[]).map_or(0, |place| place.start);
        match self {
            Self::Overlap(one, other, _) => {
                format!("{} and {} are at the same time", words.session(one), words.session(other))
            }
            Self::Overflow(session) => {
                let missing = standing.missing_seats(session, &[]);
                format!("room {} has {missing} seats too few for {}", room(session), words.session(session))
            }
            Self::MissingDay(index) => {
                let wanted = problem.groups[index as usize].min_days;
                let used = u64::from(wanted) - standing.missing_days(index, &[]);
                format!("group {} is on only {used} of the {wanted} days it should be on", group(index))
            }
            Self::Isolated(index, session) => {
                format!(
                    "no other session of group {} is directly before or after {}",
                    group(index),
                    words.session(session)
                )
            }
            Self::ExtraRoom(index) => {
                format!("group {} is in {} rooms instead of one", group(index), standing.extra_rooms(index, &[]) + 1)
            }
            Self::Unpreferred(person, session) => {
                let disliked = standing.unpreferred(person, session, &[]);
                let disliked = slots(u32::try_from(disliked).unwrap_or(u32::MAX));
                format!(
                    "{} would rather not be in {} for {disliked} of it",
                    words.person(person),
                    words.session(session)
                )
            }
            Self::OverDayLimit(person, day) => format!(
                "{} is in {} sessions on day {}, and wants no more than {}",
                words.person(person),
                on_day(standing, person, day).count(),
                day + 1,
                problem.people[person as usize].max_per_day.unwrap_or_default()
            ),
            Self::ShortGap(person, one, other) => format!(
                "{} has fewer than {} between {} and {}",
                words.person(person),
                slots(problem.people[person as usize].min_gap),
                words.session(one),
                words.session(other)
            ),
            Self::MovedTime(session) => format!(
                "{} starts at slot {} and was to start at {}",
                words.session(session),
                start(session),
                problem.incumbent[session as usize].map_or(0, |place| place.start)
            ),
            Self::MovedRoom(session) => format!(
                "{} is in room {} and was to be in {}",
                words.session(session),
                room(session),
                problem.incumbent[session as usize].map_or_else(String::new, |place| words.room(place.room))
            ),
        }
    }
}

/// A person's sessions that begin on a day.
fn on_day(standing: &Standing<'_>, person: PersonIndex, day: u32) -> impl Iterator<Item = SessionIndex> {
    let is_then = move |session: &SessionIndex| {
        standing.span(*session, &[]).is_some_and(|span| standing.problem.calendar.day_of(span.start) == day)
    };
    standing.sessions_of[person as usize].iter().copied().filter(is_then)
}
