//! Why a session has no place: the first of these that proves it, and else what it would take.
//!
//! 1. No place is left by its own rules, whoever else is anywhere ([`super::rules`]).
//! 2. Pinned sessions have all of them ([`super::fixed`]).
//! 3. A person, or sessions in conflict, would have to be in more than fits one after another ([`super::shortage`]).
//! 4. Sessions that for other reasons can be nowhere else have all of them ([`super::fixed`]).
//! 5. None: a place is free, and the search ended too soon ([`super::taken`]).
//! 6. Rooms would have to hold more than they can ([`super::shortage`]).
//! 7. A few sessions of all kinds that cannot all be placed ([`super::together`]).
//! 8. Nothing of this: who is in the way now ([`super::taken`]).

use std::collections::BTreeSet;

use serde::Serialize;

use super::NAMED;
use super::domain::{Domains, Rule};
use super::fixed::{self, Which};
use super::ranges::length;
use super::shortage::{Counted, Shortage, of_rooms, one_at_a_time};
use super::standing::Standing;
use super::words::{Words, list, slots, times};
use super::{chain, rules, taken, together};
use crate::check::Constraint;
use crate::document::Reason;
use crate::problem::{PersonIndex, RoomIndex, SessionIndex};

/// So many sessions in conflict with one are looked at.
const IN_CONFLICT: usize = 400;

/// What keeps a session from having a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blocker {
    /// The hard constraint, by its name in the format; `none` where a place is free and the search ended too soon.
    pub constraint: &'static str,
    /// In words.
    pub detail: String,
    /// Whether this proves that not all sessions that it is about can have a place. Else it is what stands in the way now.
    pub proven: bool,
    /// The sessions it is about, the one without a place included; so many at the most as are named, as of rooms and people.
    pub sessions: Vec<String>,
    /// Sessions it is about besides.
    pub more_sessions: usize,
    /// The rooms it is about.
    pub rooms: Vec<String>,
    /// Rooms it is about besides.
    pub more_rooms: usize,
    /// The people it is about.
    pub people: Vec<String>,
    /// People it is about besides.
    pub more_people: usize,
    /// What the sessions need and what there is, where that was counted.
    pub count: Option<Count>,
}

/// What some sessions need, and what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Counted in stretches of so many slots without a break.
    pub slots: u32,
    /// How many the sessions need.
    pub demand: u32,
    /// How many there are.
    pub supply: u32,
}

/// What keeps a session from having a place, before anything is written: of sessions there may be tens of thousands.
#[derive(Clone)]
pub(super) struct Cause {
    pub(super) constraint: &'static str,
    pub(super) detail: String,
    pub(super) proven: bool,
    pub(super) about: About,
    pub(super) count: Option<Count>,
}

/// What a cause is about.
#[derive(Clone, Default)]
pub(super) struct About {
    pub(super) sessions: Vec<SessionIndex>,
    pub(super) rooms: Vec<RoomIndex>,
    pub(super) people: Vec<PersonIndex>,
}

impl Cause {
    pub(super) fn new(constraint: &'static str, detail: String, about: About) -> Self {
        Self { constraint, detail, proven: true, about, count: None }
    }

    /// The words alone.
    pub(super) fn reason(self) -> Reason {
        Reason { constraint: self.constraint.to_owned(), detail: self.detail }
    }

    /// With the ids of the problem. `session`: the one without a place.
    pub(super) fn told(mut self, words: Words<'_>, session: SessionIndex) -> Blocker {
        let problem = words.0;
        let sessions = &mut self.about.sessions;
        // However many there are, the one it is told of is among those that are named.
        if let Some(at) = sessions.iter().position(|one| *one == session).filter(|at| *at >= NAMED) {
            sessions.swap(at, NAMED - 1);
        }
        let About { sessions, rooms, people } = &self.about;
        let more = |all: &[u32]| all.len().saturating_sub(NAMED);
        Blocker {
            constraint: self.constraint,
            detail: self.detail,
            proven: self.proven,
            sessions: sessions.iter().take(NAMED).map(|session| words.session_id(*session)).collect(),
            more_sessions: more(sessions),
            rooms: rooms.iter().take(NAMED).map(|room| problem.rooms[*room as usize].id.clone()).collect(),
            more_rooms: more(rooms),
            people: people.iter().take(NAMED).map(|person| problem.people[*person as usize].id.clone()).collect(),
            more_people: more(people),
            count: self.count,
        }
    }
}

/// Finds out why sessions have no place.
pub(super) struct Blockers<'s, 'p> {
    standing: &'s Standing<'p>,
    domains: Domains<'p>,
    counted: Counted,
    /// Whether anything comes after anything.
    chained: bool,
}

impl<'s, 'p> Blockers<'s, 'p> {
    pub(super) fn new(standing: &'s Standing<'p>) -> Self {
        let chained = standing.problem.sessions.iter().any(|session| !session.after.is_empty());
        Self { standing, domains: Domains::of_all(standing), counted: Counted::new(), chained }
    }

    /// What keeps a session from having a place, the strongest first; never nothing. `None`: there is no time or no room to find out.
    pub(super) fn of(&mut self, session: SessionIndex) -> Option<Vec<Cause>> {
        let mut causes = self.sought(session);
        // To what its own rules leave no place, who comes before and after it matters only where that is one of them.
        let is_after = |cause: &Cause| cause.constraint == Constraint::After.name();
        let matters = !self.domains.of(session).is_empty() || causes.iter().any(is_after);
        if self.chained && matters {
            causes.iter_mut().filter(|cause| cause.proven).for_each(|cause| self.name_chains(cause));
        }
        // What was being looked for when the time was up may be cut short.
        ((self.standing.go_on)() && !self.domains.are_too_large()).then_some(causes)
    }

    /// Names those, too, because of which others that are named cannot start earlier or later. If they had no place, these could.
    fn name_chains(&self, cause: &mut Cause) {
        let words = Words(self.standing.problem);
        let mut named = cause.about.sessions.clone();
        named.sort_unstable();
        named.dedup();
        let mut links = chain::binding(self.standing, &self.domains, &named);
        let is_new = |session: &SessionIndex| named.binary_search(session).is_err();
        links.retain(|(before, after)| is_new(before) || is_new(after));
        if links.is_empty() {
            return;
        }
        let others: BTreeSet<_> = links.iter().flat_map(|(before, after)| [*before, *after]).filter(is_new).collect();
        let link = |(before, after): &(SessionIndex, SessionIndex)| {
            format!("{} comes after {}", words.session(*after), words.session(*before))
        };
        let when = |other: &SessionIndex| {
            let starts = self.domains.starts_unchained(*other);
            format!("{} may start in {}", words.session(*other), times(&starts))
        };
        let (links, when) = (list(links.iter().map(link)), list(others.iter().map(when)));
        cause.detail = format!("{}; {links}; {when}", cause.detail);
        cause.about.sessions.extend(others);
    }

    fn sought(&mut self, session: SessionIndex) -> Vec<Cause> {
        if self.domains.of(session).is_empty() {
            return rules::causes(self.standing, &self.domains, session);
        }
        let fixed = |which| fixed::cause(self.standing, &self.domains, session, which);
        let proof = fixed(Which::Pinned)
            .or_else(|| self.person(session))
            .or_else(|| self.conflict(session))
            .or_else(|| fixed(Which::All));
        let proof = proof
            .or_else(|| taken::free(self.standing, &self.domains, session))
            .or_else(|| self.rooms(session))
            .or_else(|| together::cause(self.standing, &self.domains, session));
        vec![proof.unwrap_or_else(|| taken::cause(self.standing, &self.domains, session))]
    }

    /// A person who would have to be in more sessions than fit.
    fn person(&self, session: SessionIndex) -> Option<Cause> {
        let problem = self.standing.problem;
        let mut people = problem.sessions[session as usize].people.iter().take_while(|_| (self.standing.go_on)());
        people.find_map(|person| {
            let theirs = &self.standing.sessions_of[*person as usize];
            let shortage = one_at_a_time(self.standing, &self.domains, session, theirs)?;
            let words = Words(problem);
            let is_there = |session: &SessionIndex| {
                let rules = self.domains.rules(*session);
                rules.into_iter().filter(|rule| *rule != Rule::Person(*person)).collect::<Vec<_>>()
            };
            // Whether it is when the person is there that leaves too little, or the time in all.
            let loses = |session: &SessionIndex| {
                self.domains.starts_under(*session, &is_there(session))
                    != self.domains.starts_under(*session, &self.domains.rules(*session))
            };
            let limited = shortage.sessions.iter().take_while(|_| (self.standing.go_on)()).any(loses);
            let constraint = if limited { Constraint::PersonAvailable } else { Constraint::PersonBusy };
            let who = format!("{} is in {}", words.person(*person), words.sessions(&shortage.sessions));
            let left = if limited { "the times when they are available leave" } else { "these can use" };
            let about = About { people: vec![*person], sessions: shortage.sessions.clone(), ..About::default() };
            Some(in_time(constraint, &who, left, &shortage, about))
        })
    }

    /// Sessions in conflict of which not all can be at different times.
    fn conflict(&self, session: SessionIndex) -> Option<Cause> {
        let mut others: Vec<SessionIndex> = Vec::new();
        let in_conflict = |one: &SessionIndex, other: &SessionIndex| {
            let theirs = &self.standing.conflicts[*one as usize];
            let mine = &self.standing.problem.sessions[*one as usize].people;
            let people = &self.standing.problem.sessions[*other as usize].people;
            theirs.binary_search(other).is_ok() || mine.iter().any(|person| people.binary_search(person).is_ok())
        };
        // Those with the least time first: they are the ones that are short of it.
        let mut candidates = self.standing.conflicts[session as usize].clone();
        let mine = &self.standing.problem.sessions[session as usize].people;
        candidates.extend(mine.iter().flat_map(|person| self.standing.sessions_of[*person as usize].iter().copied()));
        candidates.sort_unstable();
        candidates.dedup();
        candidates.retain(|other| *other != session);
        let time =
            |other: &SessionIndex| if (self.standing.go_on)() { length(&self.domains.starts(*other)) } else { 0 };
        candidates.sort_by_cached_key(time);
        for candidate in candidates.into_iter().take(IN_CONFLICT) {
            if others.iter().all(|other| (self.standing.go_on)() && in_conflict(&candidate, other)) {
                others.push(candidate);
            }
        }
        let shortage = one_at_a_time(self.standing, &self.domains, session, &others)?;
        let words = Words(self.standing.problem);
        let who = format!("of {} only one can be at a time", words.sessions(&shortage.sessions));
        let about = About { sessions: shortage.sessions.clone(), ..About::default() };
        Some(in_time(Constraint::Conflict, &who, "the times when they can be have", &shortage, about))
    }

    /// Rooms that would have to hold more than they can.
    fn rooms(&mut self, session: SessionIndex) -> Option<Cause> {
        let Shortage { sessions, rooms, sum } = of_rooms(self.standing, &self.domains, &mut self.counted, session)?;
        let words = Words(self.standing.problem);
        let what = match rooms.len() {
            1 => format!("room {} is the only one for", words.rooms(&rooms)),
            _ => format!("rooms {} are the only ones for", words.rooms(&rooms)),
        };
        let needs = rules::needs(words, session).map_or_else(String::new, |needs| format!(", which {needs}"));
        let who = match sessions.len() {
            1 => format!("{}{needs}", words.session(session)),
            many => format!("{}{needs}, and {} others", words.session(session), many - 1),
        };
        let short = match sum.block {
            1 => {
                let (needed, there) = (slots(sum.demand), slots(sum.supply));
                format!("they need {needed} with set-up and tear-down, and there are {there}")
            }
            block => format!(
                "they need {} stretches of {}, and no more than {} lie one after another in the time there is",
                sum.demand,
                slots(block),
                sum.supply
            ),
        };
        let about = About { sessions, rooms, ..About::default() };
        let cause = Cause::new(Constraint::RoomBusy.name(), format!("{what} {who}: {short}"), about);
        Some(Cause { count: Some(sum.into()), ..cause })
    }
}

impl From<super::shortage::Sum> for Count {
    fn from(sum: super::shortage::Sum) -> Self {
        Self { slots: sum.block, demand: sum.demand, supply: sum.supply }
    }
}

fn in_time(constraint: Constraint, who: &str, left: &str, shortage: &Shortage, about: About) -> Cause {
    let sum = shortage.sum;
    let (detail, count) = if sum.demand <= sum.supply {
        (format!("{who}, and in no order do they fit one after another into the times when they can be"), None)
    } else if sum.block == 1 {
        (format!("{who}: they take {}, and {left} {}", slots(sum.demand), slots(sum.supply)), Some(sum.into()))
    } else {
        let (demand, supply) = (sum.demand, sum.supply);
        let stretches = format!("{demand} stretches of {}", slots(sum.block));
        (format!("{who}: they take {stretches}, and {left} room for {supply} one after another"), Some(sum.into()))
    };
    Cause { count, ..Cause::new(constraint.name(), detail, about) }
}
