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

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;

use super::domain::{Domains, Rule};
use super::fixed::{self, Which};
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
    /// Whether this proves that not all sessions named here can have a place. Else it is what stands in the way now.
    pub proven: bool,
    /// The sessions it is about, the one without a place included.
    pub sessions: Vec<String>,
    /// The rooms it is about.
    pub rooms: Vec<String>,
    /// The people it is about.
    pub people: Vec<String>,
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

impl From<&Blocker> for Reason {
    fn from(blocker: &Blocker) -> Self {
        Self { constraint: blocker.constraint.to_owned(), detail: blocker.detail.clone() }
    }
}

/// What a blocker is about.
#[derive(Default)]
pub(super) struct About {
    pub(super) sessions: Vec<SessionIndex>,
    pub(super) rooms: Vec<RoomIndex>,
    pub(super) people: Vec<PersonIndex>,
}

impl Blocker {
    pub(super) fn new(words: Words<'_>, constraint: &'static str, detail: String, about: &About) -> Self {
        let problem = words.0;
        Self {
            constraint,
            detail,
            proven: true,
            sessions: about.sessions.iter().map(|session| words.session_id(*session)).collect(),
            rooms: about.rooms.iter().map(|room| problem.rooms[*room as usize].id.clone()).collect(),
            people: about.people.iter().map(|person| problem.people[*person as usize].id.clone()).collect(),
            count: None,
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
        Self { standing, domains: Domains::of_all(standing.problem), counted: Counted::new(), chained }
    }

    /// What keeps a session from having a place, the strongest first. Never empty.
    pub(super) fn of(&mut self, session: SessionIndex) -> Vec<Blocker> {
        let mut blockers = self.sought(session);
        // To what its own rules leave no place, who comes before and after it matters only where that is one of them.
        let is_after = |blocker: &Blocker| blocker.constraint == Constraint::After.name();
        let matters = !self.domains.of(session).is_empty() || blockers.iter().any(is_after);
        if self.chained && matters {
            blockers.iter_mut().filter(|blocker| blocker.proven).for_each(|blocker| self.name_chains(blocker));
        }
        blockers
    }

    /// Names those, too, because of which others that are named cannot start earlier or later. If they had no place, these could.
    fn name_chains(&self, blocker: &mut Blocker) {
        let words = Words(self.standing.problem);
        let ids: HashSet<&str> = blocker.sessions.iter().map(String::as_str).collect();
        let sessions = (0u32..).zip(&self.standing.problem.sessions);
        let named: Vec<_> =
            sessions.filter(|(_, session)| ids.contains(session.id.as_str())).map(|(index, _)| index).collect();
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
        blocker.detail = format!("{}; {links}; {when}", blocker.detail);
        blocker.sessions.extend(others.into_iter().map(|other| words.session_id(other)));
    }

    fn sought(&mut self, session: SessionIndex) -> Vec<Blocker> {
        if self.domains.of(session).is_empty() {
            return rules::blockers(self.standing, &self.domains, session);
        }
        let fixed = |which| fixed::blocker(self.standing, &self.domains, session, which);
        let proof = fixed(Which::Pinned)
            .or_else(|| self.person(session))
            .or_else(|| self.conflict(session))
            .or_else(|| fixed(Which::All));
        let proof = proof
            .or_else(|| taken::free(self.standing, &self.domains, session))
            .or_else(|| self.rooms(session))
            .or_else(|| together::blocker(self.standing, &self.domains, session));
        vec![proof.unwrap_or_else(|| taken::blocker(self.standing, &self.domains, session))]
    }

    /// A person who would have to be in more sessions than fit.
    fn person(&self, session: SessionIndex) -> Option<Blocker> {
        let problem = self.standing.problem;
        problem.sessions[session as usize].people.iter().find_map(|person| {
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
            let limited = shortage.sessions.iter().any(loses);
            let constraint = if limited { Constraint::PersonAvailable } else { Constraint::PersonBusy };
            let who = format!("{} is in {}", words.person(*person), words.sessions(&shortage.sessions));
            let left = if limited { "the times when they are available leave" } else { "these can use" };
            let about = About { people: vec![*person], sessions: shortage.sessions.clone(), ..About::default() };
            Some(in_time(words, constraint, &who, left, &shortage, &about))
        })
    }

    /// Sessions in conflict of which not all can be at different times.
    fn conflict(&self, session: SessionIndex) -> Option<Blocker> {
        let mut others: Vec<SessionIndex> = Vec::new();
        let in_conflict = |one: &SessionIndex, other: &SessionIndex| {
            let theirs = &self.standing.conflicts[*one as usize];
            let mine = &self.standing.problem.sessions[*one as usize].people;
            let people = &self.standing.problem.sessions[*other as usize].people;
            theirs.contains(other) || mine.iter().any(|person| people.contains(person))
        };
        // Those with the least time first: they are the ones that are short of it.
        let mut candidates = self.standing.conflicts[session as usize].clone();
        let mine = &self.standing.problem.sessions[session as usize].people;
        candidates.extend(mine.iter().flat_map(|person| self.standing.sessions_of[*person as usize].iter().copied()));
        candidates.sort_unstable();
        candidates.dedup();
        candidates.retain(|other| *other != session);
        candidates.sort_by_key(|other| super::ranges::length(&self.domains.starts(*other)));
        for candidate in candidates.into_iter().take(IN_CONFLICT) {
            if others.iter().all(|other| in_conflict(&candidate, other)) {
                others.push(candidate);
            }
        }
        let shortage = one_at_a_time(self.standing, &self.domains, session, &others)?;
        let words = Words(self.standing.problem);
        let who = format!("of {} only one can be at a time", words.sessions(&shortage.sessions));
        let about = About { sessions: shortage.sessions.clone(), ..About::default() };
        Some(in_time(words, Constraint::Conflict, &who, "the times when they can be have", &shortage, &about))
    }

    /// Rooms that would have to hold more than they can.
    fn rooms(&mut self, session: SessionIndex) -> Option<Blocker> {
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
            1 => format!("they need {} with set-up and tear-down, and there are {}", slots(sum.demand), sum.supply),
            block => format!(
                "they need {} stretches of {}, and no more than {} lie one after another in the time there is",
                sum.demand,
                slots(block),
                sum.supply
            ),
        };
        let about = About { sessions, rooms, ..About::default() };
        let blocker = Blocker::new(words, Constraint::RoomBusy.name(), format!("{what} {who}: {short}"), &about);
        Some(Blocker { count: Some(sum.into()), ..blocker })
    }
}

impl From<super::shortage::Sum> for Count {
    fn from(sum: super::shortage::Sum) -> Self {
        Self { slots: sum.block, demand: sum.demand, supply: sum.supply }
    }
}

fn in_time(
    words: Words<'_>,
    constraint: Constraint,
    who: &str,
    left: &str,
    shortage: &Shortage,
    about: &About,
) -> Blocker {
    let sum = shortage.sum;
    let (detail, count) = if sum.demand <= sum.supply {
        (format!("{who}, and in no order do they fit one after another into the times when they can be"), None)
    } else if sum.block == 1 {
        (format!("{who}: they take {}, and {left} {}", slots(sum.demand), sum.supply), Some(sum.into()))
    } else {
        let (demand, supply) = (sum.demand, sum.supply);
        let stretches = format!("{demand} stretches of {}", slots(sum.block));
        (format!("{who}: they take {stretches}, and {left} room for {supply} one after another"), Some(sum.into()))
    };
    Blocker { count, ..Blocker::new(words, constraint.name(), detail, about) }
}
