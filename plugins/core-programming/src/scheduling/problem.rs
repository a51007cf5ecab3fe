//! Builds the scheduler's problem.
//!
//! What may move is stated as it is. What may not is *held* where it is (see [`super::places`]): nobody is in two places because of it, and
//! whatever is wrong about it already stays as wrong as it is. Times are rounded so that what holds in slots holds in minutes:
//! sessions to their outside, windows to their inside.
//!
//! The scheduler never moves what is held, because it is not told why a time is not to be had. When it is to explain a timetable it is: see
//! [`super::explained`].

use std::collections::{HashMap, HashSet};

use conman_sdk::Convention;
use conman_sdk::scheduler::{Assignment, Capacity, Person, Problem, Session, Solution, Unplaced, Weights};

use super::calendar::Calendar;
use super::explained::Truth;
use super::grid::Grid;
use super::held::Held;
use super::material::{self, Closeness, Material, Task};
use super::overlap;
use super::places::{self, Colouring, NOWHERE, OWN_ROOM};
use super::proposal::Asked;
use super::ranges::Ranges;
use super::wishes::Seats;
use crate::model::Slot;

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

/// What moves cost where few are wanted: more than all wishes together in a programme of any size.
const MOVE: u32 = 100_000;

/// States the problem.
#[must_use]
pub fn state(material: &Material, task: &Task, convention: &Convention) -> Stated {
    let grid = Grid::of(material, task, convention);
    let calendar = Calendar::of(convention, grid.slot_minutes);
    let mut stating = Stating::new(material, task, calendar, convention);
    stating.hold();
    stating.free(grid);
    stating.finish(convention)
}

struct Stating<'m> {
    material: &'m Material,
    task: &'m Task,
    calendar: Calendar,
    hours: Ranges,
    usual: HashMap<&'m str, i64>,
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
    long: usize,
}

impl<'m> Stating<'m> {
    fn new(material: &'m Material, task: &'m Task, calendar: Calendar, convention: &Convention) -> Self {
        let wishes = &task.rules.planning;
        let hours = calendar.hours(convention, wishes.from, wishes.until);
        let shared = material.rooms.iter().filter(|room| !room.exclusive).map(|room| room.id.as_str());
        Self {
            usual: usual_lengths(&material.sessions),
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
            long: 0,
        }
    }

    /// How long a session takes.
    fn seconds(&self, session: &material::Session) -> i64 {
        let usual = || self.usual.get(session.kind.as_str()).copied().unwrap_or(self.task.rules.planning.minutes * 60);
        let said = || session.minutes.map_or_else(usual, |minutes| minutes * 60);
        session.slot.map_or_else(said, |slot| slot.seconds())
    }

    /// Whether the scheduler may move it. What takes longer than a day, or no time at all, it cannot think of.
    fn is_free(&self, session: &material::Session) -> bool {
        let seconds = self.seconds(session);
        session.free && seconds > 0 && self.footprint(session) <= self.calendar.slots_per_day
    }

    fn footprint(&self, session: &material::Session) -> u32 {
        let wanted = &session.requirements;
        let around = self.calendar.slots(wanted.setup * 60) + self.calendar.slots(wanted.teardown * 60);
        around + self.calendar.slots(self.seconds(session)) + 1
    }

    /// Holds what does not move.
    fn hold(&mut self) {
        let mut staying: Vec<&'m material::Session> =
            self.material.sessions.iter().filter(|session| session.slot.is_some() && !self.is_free(session)).collect();
        staying.sort_by(|a, b| (a.slot, &a.id).cmp(&(b.slot, &b.id)));
        let exclusive = self.material.rooms.iter().filter(|room| room.exclusive).map(|room| room.id.as_str()).collect();
        for session in staying {
            self.long += usize::from(session.free);
            let Some(stated) = self.held.hold(session, &self.calendar, &exclusive, &mut self.columns) else { continue };
            self.now.push(stated.place);
            self.truth.sessions.extend(stated.told.map(|told| (self.problem.sessions.len(), told)));
            self.problem.sessions.push(stated.session);
        }
    }

    /// States what may move.
    fn free(&mut self, grid: Grid) {
        let lines = grid.lines(&self.calendar, &self.times());
        let mut moving: Vec<&'m material::Session> =
            self.material.sessions.iter().filter(|session| self.is_free(session)).collect();
        // By their beginnings, so that those in one shared place need few columns.
        moving.sort_by(|a, b| (a.slot.is_none(), a.slot, &a.id).cmp(&(b.slot.is_none(), b.slot, &b.id)));
        for session in moving {
            let seconds = self.seconds(session);
            let place = session.slot.and_then(|slot| self.calendar.slot(slot.start));
            let duration = self.calendar.slots(seconds + place.map_or(0, |(_, late)| late));
            let wanted = &session.requirements;
            let (setup, teardown) = (self.calendar.slots(wanted.setup * 60), self.calendar.slots(wanted.teardown * 60));
            let mut features = places::folded(&wanted.needs);
            let shared_now = session.room.as_deref().filter(|room| self.shared.contains(room));
            let nowhere = (session.online && session.room.is_none()).then_some(NOWHERE);
            let rooms = if !wanted.rooms.is_empty() {
                Some(wanted.rooms.clone())
            } else if let Some(place) = shared_now.or(nowhere) {
                features.push(places::shared(place));
                *self.wanted.entry(place).or_default() += 1;
                None
            } else {
                features.push(OWN_ROOM.to_owned());
                None
            };
            for place in wanted.rooms.iter().filter(|room| self.shared.contains(room.as_str())) {
                *self.wanted.entry(place).or_default() += 1;
            }
            let mut everywhere = match &lines {
                Some(lines) => lines.clone(),
                None => Ranges::of([[0, self.calendar.horizon()]]),
            };
            if let Some(days) = &self.task.days {
                everywhere = everywhere.both(&self.calendar.on(days));
            }
            if let (Some(_), Some((now, _))) = (&lines, place) {
                everywhere = everywhere.with([[now, now + 1]]);
            }
            let starts = everywhere.without(self.held.starts_taken(session, duration, self.calendar.horizon()));
            let told = everywhere.without(self.held.starts_taken_unsaid(session, duration, self.calendar.horizon()));
            let list = |starts: &Ranges| Some(starts.list()).filter(|list| *list != [[0, self.calendar.horizon()]]);
            let (starts, told) = (list(&starts), list(&told));
            if let (Some((start, _)), Some(slot)) = (place, session.slot)
                && self.one_day(start, setup, duration + teardown)
            {
                let room = self.room_now(session, slot, [start, start + duration]);
                if let Some(room) = room {
                    self.now.push(Assignment { session: session.id.clone(), start, room: room.clone() });
                    self.problem.incumbent.push(Assignment { session: session.id.clone(), start, room });
                }
            }
            let stated = Session {
                id: session.id.clone(),
                duration,
                setup,
                teardown,
                audience: session.audience.unwrap_or(0),
                people: session.people.clone(),
                features,
                rooms,
                starts,
                after: wanted.after.clone(),
                ..Session::default()
            };
            if told != stated.starts || wanted.after.iter().any(|id| self.held.is_held(id)) {
                self.truth.sessions.push((self.problem.sessions.len(), Session { starts: told, ..stated.clone() }));
            }
            self.problem.sessions.push(stated);
            self.asked.push(Asked::of(session, seconds));
        }
    }

    /// When anything can be on anywhere, or is.
    fn times(&self) -> Ranges {
        let windows =
            self.material.rooms.iter().flat_map(|room| &room.windows).map(|window| self.calendar.within(*window));
        let slots = self.material.sessions.iter().filter_map(|session| session.slot);
        let now = slots.map(|slot| self.calendar.touched(slot));
        self.hours.with(windows.chain(now).flat_map(|ranges| ranges.list()))
    }

    fn one_day(&self, start: u32, before: u32, after: u32) -> bool {
        let day = start / self.calendar.slots_per_day * self.calendar.slots_per_day;
        start >= day + before && start + after <= day + self.calendar.slots_per_day
    }

    /// The scheduler's room that a session is in now, if it has such.
    fn room_now(&mut self, session: &'m material::Session, slot: Slot, time: [u32; 2]) -> Option<String> {
        let room = match session.room.as_deref() {
            Some(room) => room,
            None if session.online => NOWHERE,
            None => return None,
        };
        let wanted = &session.requirements;
        let footprint = self.calendar.touched(slot.widened(wanted.setup, wanted.teardown));
        self.used.entry(room).or_default().extend(footprint.iter());
        let many = room == NOWHERE || self.shared.contains(room);
        let known = many || self.material.rooms.iter().any(|known| known.id == room);
        let mut column = || places::column(room, self.columns.next(room, time));
        known.then(|| if many { column() } else { room.to_owned() })
    }

    fn rooms(&mut self) {
        let used = |id: &str| self.used.get(id).cloned().unwrap_or_default();
        let closed = |id: &str| self.closed(id);
        let open = |room: &material::Room| {
            if room.windows.is_empty() {
                // Where something is on out of hours, the room is open then.
                self.hours.with(used(&room.id)).without(closed(&room.id))
            } else {
                Ranges::of(room.windows.iter().flat_map(|window| self.calendar.within(*window).list()))
                    .without(closed(&room.id))
            }
        };
        let (mut rooms, mut truth) = (Vec::new(), Vec::new());
        for room in &self.material.rooms {
            if room.exclusive {
                let open = open(room);
                let told = self.held.open_when_told(&room.id, &open);
                let stated = places::own_room(room, &open.without(self.held.taken(&room.id)));
                if stated.open.as_deref() != Some(&told) {
                    truth.push((rooms.len(), told));
                }
                rooms.push(stated);
            } else {
                rooms.extend(places::columns(Some(room), self.column_count(&room.id), &open(room)));
            }
        }
        rooms.extend(places::columns(None, self.column_count(NOWHERE), &self.hours.with(used(NOWHERE))));
        rooms.extend(places::held_columns(self.columns.count("held")));
        self.problem.rooms = rooms;
        self.truth.rooms = truth;
    }

    fn column_count(&self, place: &str) -> usize {
        self.wanted.get(place).copied().unwrap_or_default().max(self.columns.count(place))
    }

    fn closed(&self, id: &str) -> Vec<[u32; 2]> {
        let closed = self.task.closed.iter().filter(|closed| closed.id == id);
        closed.flat_map(|closed| self.calendar.touched(closed.time).list()).collect()
    }

    fn people(&mut self) {
        let there: HashSet<&str> =
            self.problem.sessions.iter().flat_map(|session| session.people.iter().map(String::as_str)).collect();
        let break_slots = self.calendar.slots(self.task.rules.break_minutes * 60);
        let people: Vec<Person> = self
            .material
            .people
            .iter()
            .filter(|person| there.contains(person.id.as_str()))
            .map(|person| {
                let inside = |windows: &[Slot]| {
                    Ranges::of(windows.iter().flat_map(|window| self.calendar.within(*window).list()))
                };
                let always = Ranges::of([[0, self.calendar.horizon()]]);
                let can = if person.windows.is_empty() { always.clone() } else { inside(&person.windows) };
                // What is held is held, whenever its people can.
                let available = can.without(self.closed(&person.id)).with(self.held.busy(&person.id));
                let limit = person.daily_limit.unwrap_or(self.task.rules.daily_limit);
                Person {
                    id: person.id.clone(),
                    available: (available != always).then(|| available.list()),
                    preferred: (!person.preferred.is_empty()).then(|| inside(&person.preferred).list()),
                    max_per_day: u32::try_from(limit).ok().filter(|limit| *limit > 0),
                    min_gap: (break_slots > 0).then_some(break_slots),
                }
            })
            .collect();
        self.problem.people = people;
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
        let mut notes = Vec::new();
        if self.long > 0 {
            notes.push(format!(
                "{} sessions stay where they are, because they take longer than a day or no time.",
                self.long
            ));
        }
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
            fixed: self.held.count(),
            truth: Truth { few_moves: self.task.closeness == Closeness::Fewest, ..self.truth },
            problem: self.problem,
            calendar: self.calendar,
            asked: self.asked,
            notes,
        }
    }

    fn weights(&self) -> Weights {
        let weights = &self.task.rules.planning.weights;
        let moved = match self.task.closeness {
            Closeness::Free => 0,
            Closeness::Close => weights.moved,
            Closeness::Fewest => MOVE,
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
