//! What a search may need of memory. Each table says for itself what it takes, so that whoever changes it sees what it says.

use super::model::Model;
use super::state::State;
use crate::problem::{Group, Problem};

/// How many there are of what tables are made of.
pub(crate) struct Measures {
    pub(crate) sessions: u64,
    pub(crate) rooms: u64,
    pub(crate) people: u64,
    pub(crate) days: u64,
    pub(crate) slots: u64,
    /// Pairs.
    pub(crate) overlap: u64,
    pub(crate) conflicts: u64,
    /// People in sessions, and those of them who have wishes for their days.
    pub(crate) taking_part: u64,
    pub(crate) limited: u64,
    /// What comes after what.
    pub(crate) after: u64,
    /// Groups by what they wish for, and their members, counted for each wish.
    pub(crate) spread: u64,
    pub(crate) compact: u64,
    pub(crate) together: u64,
    pub(crate) members: u64,
    /// Members of the largest group.
    pub(crate) largest: u64,
}

impl Measures {
    fn new(problem: &Problem) -> Self {
        let weights = &problem.weights;
        let is_limited = |person: &&u32| {
            let person = &problem.people[**person as usize];
            person.max_per_day.is_some() || person.min_gap > 0
        };
        let wishing = |weight: u32, wishes: fn(&Group) -> bool| {
            let groups = problem.groups.iter().filter(move |group| weight > 0 && wishes(group));
            groups.fold((0, 0), |(groups, members), group| (groups + 1, members + group.sessions.len() as u64))
        };
        let (spread, on_days) = wishing(weights.missing_day, |group| group.min_days > 0);
        let (compact, side_by_side) = wishing(weights.isolated, |group| group.compact);
        let (together, in_rooms) = wishing(weights.extra_room, |group| group.same_room);
        let sessions = || problem.sessions.iter();
        Self {
            sessions: problem.sessions.len() as u64,
            rooms: problem.rooms.len() as u64,
            people: problem.people.len() as u64,
            days: problem.calendar.days.into(),
            slots: problem.calendar.horizon().into(),
            overlap: problem.overlap.len() as u64,
            conflicts: problem.conflicts.len() as u64,
            taking_part: sessions().map(|session| session.people.len() as u64).sum(),
            limited: sessions().map(|session| session.people.iter().filter(is_limited).count() as u64).sum(),
            after: sessions().map(|session| session.after.len() as u64).sum(),
            spread,
            compact,
            together,
            members: on_days + side_by_side + in_rooms,
            largest: problem.groups.iter().map(|group| group.sessions.len() as u64).max().unwrap_or(0),
        }
    }

    /// What a thread needs beside its timetable under change: the best so far, who waits for a place, who was thrown out.
    fn thread(&self) -> u64 {
        self.sessions * 128 + self.slots * 64
    }

    /// What is needed to tell somebody of a timetable: a copy of it, and what it costs, worked out from nothing.
    fn told(&self) -> u64 {
        self.sessions * 256 + self.people * 192 + self.taking_part * 96 + self.largest * 256
    }
}

/// The most bytes that a search of a problem needs besides the problem itself.
pub(crate) fn memory(problem: &Problem, threads: u16) -> u64 {
    let measures = Measures::new(problem);
    let each = State::bytes(&measures) + measures.thread();
    Model::bytes(&measures) + measures.told() + u64::from(threads) * each
}
