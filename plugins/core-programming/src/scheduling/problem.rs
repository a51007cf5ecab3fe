//! Builds the scheduler's problem.
//!
//! What may move is stated as it is. What may not is *held* where it is (see [`super::places`]): nobody is in two places because of it, and
//! whatever is wrong about it already stays as wrong as it is. Times are rounded so that what holds in slots holds in minutes:
//! sessions to their outside, windows to their inside.

use std::collections::{HashMap, HashSet};

use conman_sdk::Convention;
use conman_sdk::scheduler::{Assignment, Capacity, Person, Pin, Problem, Session, Solution, Unplaced, Weights};

use super::calendar::Calendar;
use super::grid;
use super::material::{self, Closeness, Material, Task};
use super::overlap;
use super::places::{self, Colouring, NOWHERE, OWN_ROOM};
use super::proposal::{Asked, Why};
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
}

/// What moves cost where few are wanted: more than all wishes together in a programme of any size.
const MOVE: u32 = 100_000;

/// States the problem.
#[must_use]
pub fn state(material: &Material, task: &Task, convention: &Convention) -> Stated {
    let calendar = Calendar::of(convention, grid::slot_minutes(material, task, convention));
    let mut stating = Stating::new(material, task, calendar, convention);
    stating.hold();
    stating.free();
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
    /// When rooms are taken by what is held.
    taken: HashMap<&'m str, Vec<[u32; 2]>>,
    /// When people are in what is held.
    busy: HashMap<&'m str, Vec<[u32; 2]>>,
    /// From when to when what is held is on.
    held: HashMap<&'m str, [u32; 2]>,
    /// When there is something that may move, which has to stay possible there.
    used: HashMap<&'m str, Vec<[u32; 2]>>,
    /// What a held session has to be after.
    before_held: HashMap<&'m str, u32>,
    columns: Colouring,
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
            taken: HashMap::new(),
            busy: HashMap::new(),
            held: HashMap::new(),
            used: HashMap::new(),
            before_held: HashMap::new(),
            columns: Colouring::default(),
            wanted: HashMap::new(),
            long: 0,
        }
    }

    /// How long a session takes.
    fn seconds(&self, session: &material::Session) -> i64 {
        let usual = || self.usual.get(session.kind.as_str()).copied().unwrap_or(self.task.rules.planning.minutes * 60);
        session.slot.map_or_else(usual, |slot| slot.seconds())
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
        for session in staying {
            let Some(slot) = session.slot else { continue };
            self.long += usize::from(session.free);
            let wanted = &session.requirements;
            let room = self.calendar.touched(slot.widened(wanted.setup, wanted.teardown)).list();
            if let Some(id) = &session.room {
                self.taken.entry(id).or_default().extend(room);
            }
            let time = self.calendar.touched(slot).list();
            if let [from, to] = [time.first(), time.last()].map(|range| range.copied().unwrap_or_default())
                && !time.is_empty()
            {
                self.held.insert(&session.id, [from[0], to[1]]);
                for before in &wanted.after {
                    let limit = self.before_held.entry(before).or_insert(from[0]);
                    *limit = from[0].min(*limit);
                }
            }
            self.pin(session, &time);
            for person in &session.people {
                self.busy.entry(person).or_default().extend(&time);
            }
        }
    }

    /// A held session counts for people's limits and breaks where it lies within one day. Whoever is elsewhere already does not count twice.
    fn pin(&mut self, session: &'m material::Session, time: &[[u32; 2]]) {
        let &[[from, to]] = time else { return };
        if from / self.calendar.slots_per_day != (to - 1) / self.calendar.slots_per_day {
            return;
        }
        let elsewhere = |person: &&String| {
            self.busy.get(person.as_str()).into_iter().flatten().any(|range| range[0] < to && from < range[1])
        };
        let people = session.people.iter().filter(|person| !elsewhere(person)).cloned().collect();
        let room = places::held(self.columns.next("held", [from, to]));
        self.now.push(Assignment { session: session.id.clone(), start: from, room: room.clone() });
        self.problem.sessions.push(Session {
            id: session.id.clone(),
            duration: to - from,
            people,
            pin: Pin { start: Some(from), room: Some(room) },
            ..Session::default()
        });
    }

    /// States what may move.
    fn free(&mut self) {
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
            let asked = Asked::of(session, seconds);
            let starts = self.starts(session, duration);
            if starts.is_empty() {
                self.asked.push(Asked { why: Some(Why::NoTime), ..asked });
                continue;
            }
            if let (Some((start, _)), Some(slot)) = (place, session.slot)
                && self.one_day(start, setup, duration + teardown)
            {
                let room = self.room_now(session, slot, [start, start + duration]);
                if let Some(room) = room {
                    self.now.push(Assignment { session: session.id.clone(), start, room: room.clone() });
                    self.problem.incumbent.push(Assignment { session: session.id.clone(), start, room });
                }
            }
            self.problem.sessions.push(Session {
                id: session.id.clone(),
                duration,
                setup,
                teardown,
                audience: session.audience.unwrap_or(0),
                people: session.people.clone(),
                features,
                rooms,
                starts: Some(starts.list()).filter(|list| *list != [[0, self.calendar.horizon()]]),
                after: wanted.after.clone(),
                ..Session::default()
            });
            self.asked.push(asked);
        }
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

    /// When a session may begin, as far as what is held and the days of the task say.
    fn starts(&self, session: &material::Session, duration: u32) -> Ranges {
        let everywhere = match &self.task.days {
            Some(days) => self.calendar.on(days),
            None => Ranges::of([[0, self.calendar.horizon()]]),
        };
        let busy = session.people.iter().filter_map(|person| self.busy.get(person.as_str())).flatten();
        let mut closed: Vec<[u32; 2]> = busy.map(|&[from, to]| [(from + 1).saturating_sub(duration), to]).collect();
        let after = session.requirements.after.iter().filter_map(|id| self.held.get(id.as_str()));
        closed.extend(after.map(|range| [0, range[1]]));
        if let Some(end) = self.before_held.get(session.id.as_str()) {
            closed.push([(end + 1).saturating_sub(duration), self.calendar.horizon()]);
        }
        everywhere.without(closed)
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
        let mut rooms = Vec::new();
        for room in &self.material.rooms {
            if room.exclusive {
                let taken = self.taken.get(room.id.as_str()).cloned().unwrap_or_default();
                rooms.push(places::own_room(room, &open(room).without(taken)));
            } else {
                rooms.extend(places::columns(Some(room), self.column_count(&room.id), &open(room)));
            }
        }
        rooms.extend(places::columns(None, self.column_count(NOWHERE), &self.hours.with(used(NOWHERE))));
        rooms.extend(places::held_columns(self.columns.count("held")));
        self.problem.rooms = rooms;
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
                let held = self.busy.get(person.id.as_str()).cloned().unwrap_or_default();
                let available = can.without(self.closed(&person.id)).with(held);
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
        for session in &mut self.problem.sessions {
            session.after.retain(|id| stated.contains(id) && !self.held.contains_key(id.as_str()));
            if let Some(rooms) = &mut session.rooms {
                let columns_of = |room: &String| match columns.get(room.as_str()) {
                    Some(count) => (0..*count).map(|number| places::column(room, number)).collect(),
                    None => vec![room.clone()],
                };
                *rooms = rooms.iter().flat_map(columns_of).collect();
            }
        }
        let known: HashSet<&str> = self.problem.people.iter().map(|person| person.id.as_str()).collect();
        for session in &mut self.problem.sessions {
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
        let (pairs, note) = overlap::pairs(self.material, &self.task.rules.planning.weights, &stated, &free);
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
            fixed: self.held.len(),
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
