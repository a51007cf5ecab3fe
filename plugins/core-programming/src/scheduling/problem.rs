//! Builds the scheduler's problem.
//!
//! What may move is stated as it is. What may not is *held* where it is (see [`super::places`]): nobody is in two places because of it, and
//! whatever is wrong about it already stays as wrong as it is. Times are rounded so that what holds in slots holds in minutes:
//! sessions to their outside, windows to their inside.
//!
//! The scheduler never moves what is held, because it is not told why a time is not to be had. When it is to explain a timetable it is: see
//! [`super::explained`].

mod people;
mod rooms;
mod sessions;
mod sorting;

use std::collections::{BTreeMap, HashMap, HashSet};

use conman_sdk::Convention;
use conman_sdk::scheduler::{Assignment, Capacity, Problem, Solution, Unplaced, Weights};

use super::calendar::Calendar;
use super::explained::Truth;
use super::grid::Grid;
use super::held::Held;
use super::material::{self, Closeness, Material, Task};
use super::overlap;
use super::places::{self, Colouring};
use super::proposal::Asked;
use super::ranges::Ranges;
use super::wishes::Seats;
use sorting::Why;

/// A problem, and what is needed to read its solution.
#[derive(Debug)]
pub struct Stated {
    /// What the scheduler is given.
    pub problem: Problem,
    /// Its slots.
    pub calendar: Calendar,
    /// What may move.
    pub asked: Vec<Asked>,
    /// The timetable as it is.
    pub now: Solution,
    /// How many sessions stay where they are.
    pub fixed: usize,
    /// What people should know of how the problem came about.
    pub notes: Vec<String>,
    /// How it is when everything is said.
    pub truth: Truth,
}

/// States the problem.
#[must_use]
pub fn state(material: &Material, task: &Task, convention: &Convention) -> Stated {
    let grid = Grid::of(material, task, convention);
    let calendar = Calendar::of(convention, grid.slot_minutes);
    let mut stating = Stating::new(material, task, calendar, convention);
    let sorted = stating.sorted();
    stating.hold(&sorted);
    stating.free(&sorted, grid);
    stating.finish(convention)
}

struct Stating<'m> {
    material: &'m Material,
    task: &'m Task,
    calendar: Calendar,
    hours: Ranges,
    usual: HashMap<&'m str, i64>,
    /// Rooms that there are,
    known: HashSet<&'m str>,
    /// and those of them that several sessions share.
    shared: HashSet<&'m str>,
    problem: Problem,
    now: Vec<Assignment>,
    asked: Vec<Asked>,
    held: Held<'m>,
    /// When there is something that may move, which has to stay possible there.
    used: HashMap<&'m str, Vec<[u32; 2]>>,
    columns: Colouring,
    truth: Truth,
    /// How many sessions could be in a shared place at once.
    wanted: HashMap<&'m str, usize>,
    /// How many sessions that may move have an audience nobody knows.
    unknown_audiences: usize,
    /// How many sessions stay where they are,
    fixed: usize,
    /// and how many of them although they might have moved.
    kept_back: BTreeMap<Why, usize>,
}

impl<'m> Stating<'m> {
    fn new(material: &'m Material, task: &'m Task, calendar: Calendar, convention: &Convention) -> Self {
        let wishes = &task.rules.planning;
        let hours = calendar.hours(convention, wishes.from, wishes.until);
        let shared = material.rooms.iter().filter(|room| !room.exclusive).map(|room| room.id.as_str());
        Self {
            usual: usual_lengths(&material.sessions),
            known: material.rooms.iter().map(|room| room.id.as_str()).collect(),
            shared: shared.collect(),
            material,
            task,
            calendar,
            hours,
            problem: Problem::default(),
            now: Vec::new(),
            asked: Vec::new(),
            held: Held::default(),
            used: HashMap::new(),
            columns: Colouring::default(),
            truth: Truth::default(),
            wanted: HashMap::new(),
            unknown_audiences: 0,
            fixed: 0,
            kept_back: BTreeMap::new(),
        }
    }

    /// How long a session takes.
    fn seconds(&self, session: &material::Session) -> i64 {
        let usual = || self.usual.get(session.kind.as_str()).copied().unwrap_or(self.task.rules.planning.minutes * 60);
        let said = || session.minutes.map_or_else(usual, |minutes| minutes * 60);
        session.slot.map_or_else(said, |slot| slot.seconds())
    }

    fn finish(mut self, convention: &Convention) -> Stated {
        self.rooms();
        self.people();
        let columns: HashMap<&str, usize> =
            self.shared.iter().map(|place| (*place, self.column_count(place))).collect();
        let stated: HashSet<String> = self.problem.sessions.iter().map(|session| session.id.clone()).collect();
        // Told what is held, the scheduler can be told what comes after it and before it, but for what is held itself.
        for (_, session) in &mut self.truth.sessions {
            let is_held = self.held.is_held(&session.id);
            session.after.retain(|id| stated.contains(id) && !(is_held && self.held.is_held(id)));
        }
        for session in &mut self.problem.sessions {
            session.after.retain(|id| stated.contains(id) && !self.held.is_held(id));
        }
        let told = self.truth.sessions.iter_mut().map(|(_, session)| session);
        for session in self.problem.sessions.iter_mut().chain(told) {
            if let Some(rooms) = &mut session.rooms {
                let columns_of = |room: &String| match columns.get(room.as_str()) {
                    Some(count) => (0..*count).map(|number| places::column(room, number)).collect(),
                    None => vec![room.clone()],
                };
                *rooms = rooms.iter().flat_map(columns_of).collect();
            }
        }
        let known: HashSet<&str> = self.problem.people.iter().map(|person| person.id.as_str()).collect();
        let told = self.truth.sessions.iter_mut().map(|(_, session)| session);
        for session in self.problem.sessions.iter_mut().chain(told) {
            session.people.retain(|person| known.contains(person.as_str()));
        }
        let mut notes: Vec<String> = self.kept_back.iter().map(|(why, count)| why.note(*count)).collect();
        notes.extend(self.audiences());
        let free: HashSet<&str> = self.asked.iter().map(|asked| asked.session.as_str()).collect();
        let weights = &self.task.rules.planning.weights;
        let (pairs, note) = overlap::pairs(self.material, weights, |id| stated.contains(id), |id| free.contains(id));
        self.problem.overlap = pairs;
        notes.extend(note);
        self.problem.name.clone_from(&convention.name);
        self.problem.days = self.calendar.days();
        self.problem.slots_per_day = self.calendar.slots_per_day;
        self.problem.slot_minutes = self.calendar.slot_minutes;
        self.problem.capacity = match self.task.rules.planning.seats {
            Seats::Should => Capacity::Soft,
            Seats::Must => Capacity::Hard,
        };
        self.problem.weights = self.weights();
        let placed: HashSet<&str> = self.now.iter().map(|place| place.session.as_str()).collect();
        let unplaced = self.problem.sessions.iter().filter(|session| !placed.contains(session.id.as_str()));
        let unplaced = unplaced.map(|session| Unplaced { session: session.id.clone(), reasons: Vec::new() }).collect();
        Stated {
            now: Solution { unplaced, assignments: self.now.clone(), cost: None },
            fixed: self.fixed,
            truth: self.truth,
            problem: self.problem,
            calendar: self.calendar,
            asked: self.asked,
            notes,
        }
    }

    /// What people should know where rooms have sizes and nobody knows who comes.
    fn audiences(&self) -> Option<String> {
        let unknown = self.unknown_audiences;
        let matters = unknown > 0 && self.material.rooms.iter().any(|room| room.capacity.is_some());
        let (who, them) = if unknown == 1 { ("session", "it") } else { ("sessions", "them") };
        matters.then(|| format!("Of {unknown} {who} no audience is known, so rooms' sizes do not matter to {them}."))
    }

    fn weights(&self) -> Weights {
        let weights = &self.task.rules.planning.weights;
        let moved = match self.task.closeness {
            Closeness::Close => weights.moved,
            // How many may move is said, not what each costs.
            Closeness::Free | Closeness::Fewest => 0,
        };
        Weights::default()
            .with("overlap", 1)
            .with("overflow", weights.seat)
            .with("unpreferred", weights.unpreferred)
            .with("over_day_limit", weights.over_daily_limit)
            .with("short_gap", weights.short_break)
            .with("moved_time", moved)
            .with("moved_room", moved)
    }
}

/// How long most sessions of each kind take that have a time.
fn usual_lengths(sessions: &[material::Session]) -> HashMap<&str, i64> {
    let mut counts: HashMap<&str, HashMap<i64, usize>> = HashMap::new();
    for session in sessions {
        if let Some(slot) = session.slot.filter(|slot| slot.seconds() > 0) {
            *counts.entry(&session.kind).or_default().entry(slot.seconds()).or_default() += 1;
        }
    }
    let most = |lengths: HashMap<i64, usize>| {
        lengths
            .into_iter()
            .max_by_key(|&(seconds, count)| (count, std::cmp::Reverse(seconds)))
            .map(|(seconds, _)| seconds)
    };
    counts.into_iter().filter_map(|(kind, lengths)| Some((kind, most(lengths)?))).collect()
}

#[cfg(test)]
mod tests;
