//! A problem as the search wants it: flat tables instead of names and lists, and everything that no move can change worked out once.

use std::collections::HashMap;
use std::ops::Range;

use super::bits::{self, BitRows};
use super::memory::Measures;
use super::table::Table;
use crate::problem::{CapacityRule, Group, Problem};

/// A problem in tables.
pub(crate) struct Model<'p> {
    pub(crate) problem: &'p Problem,
    pub(crate) sessions: usize,
    pub(crate) rooms: usize,
    pub(crate) people: usize,
    pub(crate) horizon: usize,
    pub(crate) days: usize,
    pub(crate) slots_per_day: usize,
    /// By boundary between slots: whether both are of one day.
    pub(crate) inner: Vec<bool>,
    /// The longest session, in slots.
    pub(crate) longest: u32,
    /// By session: what it takes of the calendar.
    pub(crate) shape: Vec<Shape>,
    /// By session: where it may start as far as the calendar, its own starts and pin, its people's availability and the opening
    /// hours of its rooms say.
    pub(crate) starts: BitRows,
    /// By session: rooms it may be in.
    pub(crate) rooms_of: BitRows,
    /// By session: the same rooms, those that cost least first, and the smallest of these first.
    pub(crate) room_choice: Table<u32>,
    /// What these cost, in the same order.
    pub(crate) room_choice_cost: Table<i64>,
    /// By room: when it is open.
    pub(crate) open: BitRows,
    /// By session: whom it should share no slot with, and what it costs if it does.
    pub(crate) neighbours: Table<(u32, u32)>,
    /// By session: whom it must share no slot with, people in common apart.
    pub(crate) conflicts: Table<u32>,
    pub(crate) people_of: Table<u32>,
    pub(crate) sessions_of: Table<u32>,
    /// By session: what must have ended when it starts, and what must not have started when it ends.
    pub(crate) before: Table<u32>,
    pub(crate) after: Table<u32>,
    /// By session and start: what people who prefer other slots cost, and having been elsewhere.
    pub(crate) start_cost: Vec<u32>,
    /// Whether any start costs a session something by itself.
    pub(crate) has_start_costs: bool,
    /// Whether any room costs a session something by itself.
    pub(crate) has_room_costs: bool,
    /// How seats missing cost; 0 where capacity binds.
    overflow: i64,
    audience: Vec<u32>,
    capacity: Vec<u32>,
    moved_room: i64,
    incumbent_room: Vec<u32>,
    pub(crate) groups: Groups,
    pub(crate) limits: Limits,
    /// Sessions that could have a place if nobody else were there.
    pub(crate) placeable: Vec<u32>,
    /// Sessions that have more than one place they could be in, as far as can be told in advance.
    pub(crate) movable: Vec<u32>,
}

/// What a session takes of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) setup: u32,
    pub(crate) duration: u32,
    pub(crate) teardown: u32,
}

impl Shape {
    /// The slots its room is taken, when it starts at `start`.
    pub(crate) fn footprint(self, start: u32) -> Range<usize> {
        (start - self.setup) as usize..(start + self.duration + self.teardown) as usize
    }

    /// How many these are.
    pub(crate) fn length(self) -> u32 {
        self.setup + self.duration + self.teardown
    }

    /// The slots its people are in it.
    pub(crate) fn span(self, start: u32) -> Range<usize> {
        start as usize..(start + self.duration) as usize
    }
}

/// Groups by what they wish for. Groups of the same members are one, with their weights added up.
pub(crate) struct Groups {
    pub(crate) spread: Vec<Spread>,
    pub(crate) spread_of: Table<u32>,
    pub(crate) compact: Vec<Compact>,
    pub(crate) compact_of: Table<u32>,
    pub(crate) together: Vec<Together>,
    pub(crate) together_of: Table<u32>,
}

/// Members that should use enough days.
pub(crate) struct Spread {
    pub(crate) min_days: u32,
    pub(crate) weight: i64,
}

/// Members that should stand next to one another.
pub(crate) struct Compact {
    pub(crate) members: Vec<u32>,
    pub(crate) weight: i64,
}

/// Members that should share a room.
pub(crate) struct Together {
    pub(crate) weight: i64,
}

/// People with wishes for their days.
pub(crate) struct Limits {
    /// By person with such wishes.
    pub(crate) people: Vec<Limit>,
    /// By session: positions in `people`.
    pub(crate) of_session: Table<u32>,
    /// By position in `people`: their sessions.
    pub(crate) sessions: Table<u32>,
    pub(crate) over_day_weight: u64,
    pub(crate) short_gap_weight: u64,
}

/// A person's wishes for their days.
pub(crate) struct Limit {
    pub(crate) max_per_day: u32,
    pub(crate) min_gap: u32,
}

/// No room, no session.
pub(crate) const NONE: u32 = u32::MAX;

impl<'p> Model<'p> {
    pub(crate) fn new(problem: &'p Problem) -> Self {
        let calendar = problem.calendar;
        let horizon = calendar.horizon() as usize;
        let sessions = problem.sessions.len();
        let shape: Vec<Shape> = problem
            .sessions
            .iter()
            .map(|session| Shape { setup: session.setup, duration: session.duration, teardown: session.teardown })
            .collect();
        let open = windows(horizon, problem.rooms.iter().map(|room| &room.open));
        let available = windows(horizon, problem.people.iter().map(|person| &person.available));
        let mut starts = allowed_starts(problem, &shape, &available);
        let rooms_of = suitable_rooms(problem, &shape, &open, &mut starts);

        let overflow = match problem.capacity {
            CapacityRule::Hard => 0,
            CapacityRule::Soft => i64::from(problem.weights.overflow),
        };
        let mut model = Self {
            problem,
            sessions,
            rooms: problem.rooms.len(),
            people: problem.people.len(),
            horizon,
            days: calendar.days as usize,
            slots_per_day: calendar.slots_per_day as usize,
            inner: (0..=horizon).map(|boundary| boundary % calendar.slots_per_day as usize != 0).collect(),
            longest: problem.sessions.iter().map(|session| session.duration).max().unwrap_or(0),
            neighbours: neighbours(problem),
            conflicts: pairs(sessions, problem.conflicts.iter().map(|&(a, b)| (a, b))),
            people_of: Table::from_lists(problem.sessions.iter().map(|session| session.people.iter().copied())),
            sessions_of: Table::from_entries(
                problem.people.len(),
                (0u32..)
                    .zip(&problem.sessions)
                    .flat_map(|(s, session)| session.people.iter().map(move |&p| (p as usize, s))),
            ),
            before: Table::from_lists(problem.sessions.iter().map(|session| session.after.iter().copied())),
            after: Table::from_entries(
                sessions,
                (0u32..)
                    .zip(&problem.sessions)
                    .flat_map(|(s, session)| session.after.iter().map(move |&b| (b as usize, s))),
            ),
            start_cost: Vec::new(),
            has_start_costs: false,
            has_room_costs: false,
            overflow,
            audience: problem.sessions.iter().map(|session| session.audience).collect(),
            capacity: problem.rooms.iter().map(|room| room.capacity).collect(),
            moved_room: i64::from(problem.weights.moved_room),
            incumbent_room: problem.incumbent.iter().map(|place| place.map_or(NONE, |place| place.room)).collect(),
            groups: Groups::new(problem),
            limits: Limits::new(problem),
            room_choice: Table::from_lists(Vec::<Vec<u32>>::new()),
            room_choice_cost: Table::from_lists(Vec::<Vec<i64>>::new()),
            placeable: Vec::new(),
            movable: Vec::new(),
            shape,
            starts,
            rooms_of,
            open,
        };
        let suitable = (0..sessions).map(|s| bits::count(model.rooms_of.row(s)) as usize).sum();
        model.room_choice = Table::of_so_many(suitable, (0..sessions).map(|s| model.rooms_by_cost(s)));
        model.room_choice_cost = Table::of_so_many(
            suitable,
            (0..sessions).map(|s| {
                model.room_choice.of(s).iter().map(|&room| model.room_cost(s, room as usize)).collect::<Vec<_>>()
            }),
        );
        model.start_cost = start_costs(problem, &model.sessions_of);
        model.has_room_costs = (0..sessions).any(|s| model.room_choice_cost.of(s).last().is_some_and(|&cost| cost > 0));
        model.has_start_costs = model.start_cost.iter().any(|&cost| cost > 0);
        let choices =
            |s: &u32| bits::count(model.starts.row(*s as usize)) as usize * model.room_choice.of(*s as usize).len();
        let all = 0..sessions as u32;
        (model.placeable, model.movable) =
            (all.clone().filter(|s| choices(s) > 0).collect(), all.filter(|s| choices(s) > 1).collect());
        model
    }

    /// What it takes of memory at the most, while it is made and afterwards.
    pub(crate) fn bytes(of: &Measures) -> u64 {
        let by_session = BitRows::bytes(of.sessions, of.slots) + BitRows::bytes(of.sessions, of.rooms);
        // Opening hours once more for sessions of one length.
        let windows = 2 * BitRows::bytes(of.rooms, of.slots) + BitRows::bytes(of.people, of.slots);
        // A room and what it costs; what a start costs.
        let choices = of.sessions * of.rooms * (4 + 8) + of.sessions * of.slots * 4;
        let pairs = of.overlap * 2 * 8 + of.conflicts * 2 * 4;
        // Lists that grow take three times what they hold while they do; each is there in both directions.
        let lists = (of.taking_part + of.after) * (3 * 4 + 4) + of.limited * (3 * 16 + 4 + 4);
        let groups = (of.spread + of.compact + of.together) * 256 + of.members * (4 + 4);
        // Where lists end, shapes, what is counted by session; rows of one session, sorted.
        let each = of.sessions * 192 + of.people * 64 + of.rooms * 64 + of.slots * 32;
        by_session + windows + choices + pairs + lists + groups + each
    }

    /// What it costs a session to be in a room, whenever it is there and whoever else is anywhere.
    pub(crate) fn room_cost(&self, session: usize, room: usize) -> i64 {
        let missing = self.audience[session].saturating_sub(self.capacity[room]);
        let from = self.incumbent_room[session];
        let moved = if from != NONE && from as usize != room { self.moved_room } else { 0 };
        i64::from(missing) * self.overflow + moved
    }

    fn rooms_by_cost(&self, session: usize) -> Vec<u32> {
        let mut rooms: Vec<u32> = bits::ones(self.rooms_of.row(session)).map(|room| room as u32).collect();
        rooms.sort_by_key(|&room| (self.room_cost(session, room as usize), self.capacity[room as usize], room));
        rooms
    }
}

fn windows<'a>(horizon: usize, of: impl ExactSizeIterator<Item = &'a Vec<Range<u32>>>) -> BitRows {
    let mut rows = BitRows::new(of.len(), horizon);
    for (row, windows) in of.enumerate() {
        for window in windows {
            rows.insert_span(row, window.start as usize, window.end as usize);
        }
    }
    rows
}

/// Starts at which a session lies inside a day, is allowed to begin, and has its people there.
fn allowed_starts(problem: &Problem, shape: &[Shape], available: &BitRows) -> BitRows {
    let (calendar, horizon) = (problem.calendar, problem.calendar.horizon());
    let mut rows = BitRows::new(shape.len(), horizon as usize);
    for (s, (session, shape)) in problem.sessions.iter().zip(shape).enumerate() {
        for day in 0..calendar.days {
            let (begin, end) = (day * calendar.slots_per_day, (day + 1) * calendar.slots_per_day);
            let (first, past_last) = (begin + shape.setup, (end + 1).saturating_sub(shape.duration + shape.teardown));
            rows.insert_span(s, first as usize, past_last as usize);
        }
        if let Some(starts) = &session.starts {
            let allowed = windows(horizon as usize, std::iter::once(starts));
            bits::and(rows.row_mut(s), allowed.row(0));
        }
        if let Some(pinned) = session.pin.start {
            let mut only = BitRows::new(1, horizon as usize);
            only.insert(0, pinned as usize);
            bits::and(rows.row_mut(s), only.row(0));
        }
        for &person in &session.people {
            let mut there = available.row(person as usize).to_vec();
            bits::erode(&mut there, shape.duration);
            bits::and(rows.row_mut(s), &there);
        }
    }
    rows
}

/// Rooms a session may be in and that are open for it at one of its starts; starts without such a room are taken away.
fn suitable_rooms(problem: &Problem, shape: &[Shape], open: &BitRows, starts: &mut BitRows) -> BitRows {
    let mut rows = BitRows::new(shape.len(), problem.rooms.len());
    // Sessions of one length find the same opening hours. One length after the other: there may be thousands.
    let length = |s: usize| (shape[s].setup, shape[s].length());
    let mut order: Vec<usize> = (0..shape.len()).collect();
    order.sort_by_key(|&s| length(s));
    let (mut known, mut open_for) = (None, open.clone());
    for s in order {
        let (setup, slots) = length(s);
        if known != Some((setup, slots)) {
            known = Some((setup, slots));
            open_for.clone_from(open);
            for room in 0..problem.rooms.len() {
                let row = open_for.row_mut(room);
                bits::erode(row, slots);
                bits::shift_up(row, setup);
            }
        }
        let session = &problem.sessions[s];
        let mut anywhere = vec![0; starts.words()];
        for (r, room) in problem.rooms.iter().enumerate() {
            let suits = session.pin.room.is_none_or(|pinned| pinned as usize == r)
                && session.rooms.as_ref().is_none_or(|rooms| rooms.binary_search(&(r as u32)).is_ok())
                && (problem.capacity == CapacityRule::Soft || session.audience <= room.capacity)
                && session.features.iter().all(|feature| room.features.binary_search(feature).is_ok());
            if suits && open_for.row(r).iter().zip(starts.row(s)).any(|(open, start)| open & start != 0) {
                rows.insert(s, r);
                anywhere.iter_mut().zip(open_for.row(r)).for_each(|(all, open)| *all |= open);
            }
        }
        bits::and(starts.row_mut(s), &anywhere);
    }
    rows
}

fn pairs(sessions: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Table<u32> {
    Table::from_entries(sessions, pairs.flat_map(|(a, b)| [(a as usize, b), (b as usize, a)]))
}

fn neighbours(problem: &Problem) -> Table<(u32, u32)> {
    let weight = problem.weights.overlap;
    let weighted = problem.overlap.iter().filter(move |&&(_, _, number)| number * weight > 0);
    Table::from_entries(
        problem.sessions.len(),
        weighted
            .flat_map(move |&(a, b, number)| [(a as usize, (b, number * weight)), (b as usize, (a, number * weight))]),
    )
}

/// What a start costs a session by itself: slots that its people do not prefer, and a start other than it had.
fn start_costs(problem: &Problem, sessions_of: &Table<u32>) -> Vec<u32> {
    let horizon = problem.calendar.horizon() as usize;
    let mut costs = vec![0u32; problem.sessions.len() * horizon];
    // How many slots before each slot a person does not prefer. One person after the other: there may be very many.
    let mut disliked = vec![0u32; horizon + 1];
    for (p, person) in problem.people.iter().enumerate() {
        let Some(preferred) = &person.preferred else { continue };
        let preferred = windows(horizon, std::iter::once(preferred));
        for slot in 0..horizon {
            disliked[slot + 1] = disliked[slot] + u32::from(!preferred.has(0, slot));
        }
        for &s in sessions_of.of(p) {
            let duration = problem.sessions[s as usize].duration as usize;
            let row = &mut costs[s as usize * horizon..(s as usize + 1) * horizon];
            for (start, cost) in row.iter_mut().enumerate() {
                let end = (start + duration).min(horizon);
                *cost += (disliked[end] - disliked[start]) * problem.weights.unpreferred;
            }
        }
    }
    for (s, place) in problem.incumbent.iter().enumerate() {
        let Some(place) = place else { continue };
        for (start, cost) in costs[s * horizon..(s + 1) * horizon].iter_mut().enumerate() {
            *cost += if start == place.start as usize { 0 } else { problem.weights.moved_time };
        }
    }
    costs
}

impl Groups {
    /// Whether anything that groups wish for can come true by a session getting a place.
    pub(crate) fn may_gain(&self, session: usize) -> bool {
        !self.spread_of.of(session).is_empty() || !self.compact_of.of(session).is_empty()
    }

    /// Whether no group wishes for anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.spread.is_empty() && self.compact.is_empty() && self.together.is_empty()
    }

    fn new(problem: &Problem) -> Self {
        let weights = problem.weights;
        let sessions = problem.sessions.len();
        let wishing = |wish: fn(&Group) -> Option<u32>, weight: u32| {
            let groups =
                problem.groups.iter().filter(move |_| weight > 0).filter_map(move |group| Some((group, wish(group)?)));
            distinct(sessions, groups)
        };
        let (spread, spread_of) = wishing(|group| (group.min_days > 0).then_some(group.min_days), weights.missing_day);
        let (compact, compact_of) = wishing(|group| group.compact.then_some(0), weights.isolated);
        let (together, together_of) = wishing(|group| group.same_room.then_some(0), weights.extra_room);
        let price = |group: &Distinct, weight: u32| group.times * i64::from(weight);
        Self {
            spread: spread
                .into_iter()
                .map(|group| Spread { weight: price(&group, weights.missing_day), min_days: group.number })
                .collect(),
            spread_of,
            compact: compact
                .into_iter()
                .map(|group| Compact { weight: price(&group, weights.isolated), members: group.members })
                .collect(),
            compact_of,
            together: together
                .into_iter()
                .map(|group| Together { weight: price(&group, weights.extra_room) })
                .collect(),
            together_of,
        }
    }
}

/// A list of members with a number, and how many groups have both.
struct Distinct {
    members: Vec<u32>,
    number: u32,
    times: i64,
}

/// The different groups among some, and by session in which of them it is.
fn distinct<'a>(sessions: usize, groups: impl Iterator<Item = (&'a Group, u32)>) -> (Vec<Distinct>, Table<u32>) {
    let mut seen: HashMap<(&[u32], u32), usize> = HashMap::new();
    let mut distinct: Vec<Distinct> = Vec::new();
    for (group, number) in groups {
        let position = *seen.entry((&group.sessions, number)).or_insert_with(|| {
            distinct.push(Distinct { members: group.sessions.clone(), number, times: 0 });
            distinct.len() - 1
        });
        distinct[position].times += 1;
    }
    let entries = (0u32..).zip(&distinct).flat_map(|(g, group)| group.members.iter().map(move |&s| (s as usize, g)));
    let of = Table::from_entries(sessions, entries);
    (distinct, of)
}

impl Limits {
    fn new(problem: &Problem) -> Self {
        let weights = problem.weights;
        let mut position = vec![NONE; problem.people.len()];
        let mut people = Vec::new();
        for (p, person) in problem.people.iter().enumerate() {
            let max_per_day = person.max_per_day.filter(|_| weights.over_day_limit > 0);
            let min_gap = if weights.short_gap > 0 { person.min_gap } else { 0 };
            if max_per_day.is_some() || min_gap > 0 {
                position[p] = people.len() as u32;
                people.push(Limit { max_per_day: max_per_day.unwrap_or(u32::MAX), min_gap });
            }
        }
        let limited = |s: u32, people: &'_ [u32]| -> Vec<(usize, u32)> {
            people.iter().map(|&p| position[p as usize]).filter(|&at| at != NONE).map(|at| (at as usize, s)).collect()
        };
        let entries: Vec<(usize, u32)> =
            (0u32..).zip(&problem.sessions).flat_map(|(s, session)| limited(s, &session.people)).collect();
        Self {
            of_session: Table::from_entries(
                problem.sessions.len(),
                entries.iter().map(|&(at, s)| (s as usize, at as u32)),
            ),
            sessions: Table::from_entries(people.len(), entries.iter().copied()),
            people,
            over_day_weight: u64::from(weights.over_day_limit),
            short_gap_weight: u64::from(weights.short_gap),
        }
    }
}
