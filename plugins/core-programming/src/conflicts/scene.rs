//! The work in progress, read once, and how it would be with some sessions elsewhere.

use std::collections::{HashMap, HashSet};

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::{Conflict, Facts, Placed, Requirements, Rules, find_wanted};
use crate::model::{Role, Slot, State};

/// A session, whether it has a place or not.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Where it stands.
    pub state: State,
    /// Its room.
    pub room: Option<String>,
    /// When.
    pub slot: Option<Slot>,
    /// How many minutes it takes, where it has no time and that is known.
    pub minutes: Option<i64>,
    /// Its kind.
    pub kind: String,
    /// How many people are expected.
    pub audience: Option<i64>,
    /// Who is in it.
    pub people: Vec<(String, Role)>,
    /// What it asks of its place.
    pub requirements: Requirements,
}

/// A room and a time; without a time a session is in nobody's way.
pub type Place<'p> = (Option<&'p str>, Option<Slot>);

impl Standing {
    /// Where and when it is.
    #[must_use]
    pub fn place(&self) -> Place<'_> {
        (self.room.as_deref(), self.slot)
    }

    /// The session as conflicts see it where it is, if it has a time.
    #[must_use]
    pub fn placed(&self) -> Option<Placed> {
        self.at(self.place())
    }

    fn at(&self, (room, slot): Place<'_>) -> Option<Placed> {
        Some(Placed {
            id: self.id.clone(),
            room: room.map(str::to_owned),
            slot: slot?,
            kind: self.kind.clone(),
            audience: self.audience,
            people: self.people.clone(),
            requirements: self.requirements.clone(),
        })
    }
}

/// All that conflicts are looked for in.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// The sessions. Those that were cancelled are in nobody's way.
    pub sessions: Vec<Standing>,
    /// What they are held against.
    pub facts: Facts,
}

/// What changes are held against.
#[derive(Debug, Clone, Copy)]
pub struct Measure<'m> {
    /// What the convention wants.
    pub rules: &'m Rules,
    /// Its time zone.
    pub zone: &'m TimeZone,
    /// When its days begin.
    pub day_change: Time,
}

/// What cannot be done of some changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused<'s> {
    /// The sessions that have to stay where they are,
    pub sessions: HashSet<&'s str>,
    /// and the conflicts they would be in elsewhere, or others with them where they are.
    pub because: Vec<Conflict>,
}

impl Scene {
    /// Finds out which changes would make what is impossible and is not so already. Whoever stays may be in the way of others that were to have
    /// its place: with `skip` these stay, too, and so on, until the rest works. None where there is too much to be compared.
    #[must_use]
    pub fn refused<'s>(
        &'s self,
        changes: &HashMap<&'s str, Place<'s>>,
        measure: Measure<'_>,
        skip: bool,
    ) -> Option<Refused<'s>> {
        let ours: HashSet<&str> = changes.keys().copied().collect();
        let known = self.impossible(self.sessions.iter(), &HashMap::new(), &ours, measure)?;
        let known: HashSet<String> = known.into_iter().map(|conflict| conflict.id).collect();
        let mut refused = Refused::default();
        let mut left = changes.clone();
        let mut new = self.impossible(self.sessions.iter(), &left, &ours, measure)?;
        let near = Near::of(self, changes);
        loop {
            new.retain(|conflict| !known.contains(&conflict.id));
            let concerned = new.iter().flat_map(|conflict| &conflict.sessions);
            let back: HashSet<&str> = concerned.filter_map(|id| Some(left.remove_entry(id.as_str())?.0)).collect();
            refused.because.append(&mut new);
            refused.sessions.extend(&back);
            if back.is_empty() || !skip {
                return Some(refused);
            }
            // What is back where it was can clash with what it shares a room or people with, and has to come after or before.
            new = self.impossible(near.around(&back).into_iter(), &left, &back, measure)?;
        }
    }

    /// What is impossible about some sessions among others, with these changes. None where that is more than can be gathered.
    fn impossible<'s>(
        &'s self,
        among: impl Iterator<Item = &'s Standing>,
        changes: &HashMap<&str, Place<'_>>,
        concerned: &HashSet<&str>,
        Measure { rules, zone, day_change }: Measure<'_>,
    ) -> Option<Vec<Conflict>> {
        let placed = among.filter(|session| session.state != State::Cancelled).filter_map(|session| {
            session.at(changes.get(session.id.as_str()).copied().unwrap_or_else(|| session.place()))
        });
        let placed: Vec<Placed> = placed.collect();
        let found = find_wanted(&placed, &self.facts, rules, zone, day_change, &|kind, sessions| {
            kind.is_impossible(rules.planning.seats)
                && sessions.iter().any(|session| concerned.contains(session.id.as_str()))
        });
        (!found.capped).then_some(found.conflicts)
    }
}

/// What two sessions can clash over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Shared<'s> {
    Room(&'s str),
    Person(&'s str),
    /// One is this session, or both come after it.
    Session(&'s str),
}

/// Which sessions can clash, before or after the changes. A chain of sessions that have to stay can be long: each look is at few.
struct Near<'s> {
    by_session: HashMap<&'s str, Vec<Shared<'s>>>,
    sessions: HashMap<Shared<'s>, Vec<&'s Standing>>,
}

impl<'s> Near<'s> {
    fn of(scene: &'s Scene, changes: &HashMap<&'s str, Place<'s>>) -> Self {
        let mut near = Self { by_session: HashMap::new(), sessions: HashMap::new() };
        let is_exclusive = |room: &&str| scene.facts.rooms.get(*room).is_none_or(|room| room.exclusive);
        for session in &scene.sessions {
            let id = session.id.as_str();
            let to = changes.get(id).and_then(|(room, _)| *room);
            let rooms = session.room.as_deref().into_iter().chain(to).filter(is_exclusive).map(Shared::Room);
            let people = session.people.iter().map(|(person, _)| Shared::Person(person));
            let after = session.requirements.after.iter().map(|before| Shared::Session(before));
            let shared: HashSet<Shared<'s>> = rooms.chain(people).chain(after).chain([Shared::Session(id)]).collect();
            for one in &shared {
                near.sessions.entry(*one).or_default().push(session);
            }
            near.by_session.insert(id, shared.into_iter().collect());
        }
        near
    }

    /// These sessions, and all that can clash with them.
    fn around(&self, ids: &HashSet<&str>) -> Vec<&'s Standing> {
        let shared: HashSet<&Shared<'s>> = ids.iter().filter_map(|id| self.by_session.get(id)).flatten().collect();
        let sessions = shared.into_iter().filter_map(|one| self.sessions.get(one)).flatten();
        let mut seen = HashSet::new();
        sessions.copied().filter(|session| seen.insert(session.id.as_str())).collect()
    }
}
