//! Small problems made by chance, with everything that the format has, and timetables made by chance, which break most of it.

use conman_scheduler::problem::{Place, Problem};
use conman_scheduler::timetable::Timetable;
use serde_json::{Map, Value, json};

/// In percent.
const OFTEN: u64 = 70;
const SELDOM: u64 = 25;

/// Chance that can be repeated (splitmix64).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn often(&mut self) -> bool {
        self.below(100) < OFTEN
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// Some of them, each once, in any order.
    fn some(&mut self, of: &[String], most: u64) -> Vec<String> {
        let mut left = of.to_vec();
        let count = self.below(most + 1).min(left.len() as u64);
        (0..count).map(|_| left.swap_remove(self.below(left.len() as u64) as usize)).collect()
    }

    fn ranges(&mut self, horizon: u64, most: u64) -> Vec<[u64; 2]> {
        let count = self.below(most + 1);
        let mut range = || {
            let from = self.below(horizon);
            [from, from + 1 + self.below(horizon - from)]
        };
        (0..count).map(|_| range()).collect()
    }
}

/// A problem's document.
pub(crate) fn problem(seed: u64) -> Value {
    let chance = &mut Chance::new(seed);
    let (days, slots_per_day) = (1 + chance.below(3), 4 + chance.below(9));
    let horizon = days * slots_per_day;
    let features: Vec<_> = (0..3).map(|feature| format!("f{feature}")).collect();
    // Their order as texts is not that of the document.
    let ids = |prefix: &str, count: u64| -> Vec<String> {
        (0..count).map(|number| format!("{prefix}{}", (number * 7 + 3) % 29)).collect()
    };
    let (rooms, people) = (ids("r", 1 + chance.below(4)), ids("p", chance.below(6)));
    let sessions = ids("s", 1 + chance.below(14));
    let mut document = json!({
        "format": "conman-schedule-problem/1",
        "name": format!("by chance, {seed}"),
        "days": days,
        "slots_per_day": slots_per_day,
        "slot_minutes": 30,
        "capacity": if chance.often() { "soft" } else { "hard" },
    });
    let room = |id: &String, chance: &mut Chance| {
        let mut room = json!({ "id": id, "capacity": chance.below(100) });
        given(&mut room, "features", OFTEN, chance, |chance| json!(chance.some(&features, 3)));
        given(&mut room, "open", SELDOM, chance, |chance| json!(chance.ranges(horizon, 4)));
        room
    };
    document["rooms"] = rooms.iter().map(|id| room(id, chance)).collect();
    let person = |id: &String, chance: &mut Chance| {
        let mut person = json!({ "id": id });
        given(&mut person, "available", SELDOM, chance, |chance| json!(chance.ranges(horizon, 4)));
        given(&mut person, "preferred", OFTEN, chance, |chance| json!(chance.ranges(horizon, 4)));
        given(&mut person, "max_per_day", OFTEN, chance, |chance| json!(chance.below(3)));
        given(&mut person, "min_gap", OFTEN, chance, |chance| json!(chance.below(4)));
        person
    };
    document["people"] = people.iter().map(|id| person(id, chance)).collect();
    let session = |number: usize, chance: &mut Chance| {
        let mut session = json!({ "id": sessions[number], "duration": 1 + chance.below(2) });
        given(&mut session, "setup", SELDOM, chance, |chance| json!(chance.below(2)));
        given(&mut session, "teardown", SELDOM, chance, |chance| json!(chance.below(2)));
        given(&mut session, "audience", OFTEN, chance, |chance| json!(chance.below(100)));
        given(&mut session, "people", OFTEN, chance, |chance| json!(chance.some(&people, 3)));
        given(&mut session, "features", SELDOM, chance, |chance| json!(chance.some(&features, 2)));
        given(&mut session, "rooms", SELDOM, chance, |chance| json!(chance.some(&rooms, 3)));
        given(&mut session, "starts", SELDOM, chance, |chance| json!(chance.ranges(horizon, 3)));
        given(&mut session, "after", SELDOM, chance, |chance| json!(chance.some(&sessions[..number], 2)));
        given(&mut session, "pin", SELDOM, chance, |chance| {
            let mut pin = json!({});
            given(&mut pin, "start", OFTEN, chance, |chance| json!(chance.below(horizon)));
            given(&mut pin, "room", OFTEN, chance, |chance| json!(chance.one(&rooms)));
            pin
        });
        session
    };
    document["sessions"] = (0..sessions.len()).map(|number| session(number, chance)).collect();
    let mut pairs = Vec::new();
    for (first, one) in sessions.iter().enumerate() {
        pairs.extend(sessions[..first].iter().map(|other| (one, other)));
    }
    document["conflicts"] =
        pairs.iter().filter(|_| chance.below(6) == 0).map(|(one, other)| json!([one, other])).collect();
    let overlap: Vec<_> = pairs.iter().filter(|_| chance.often()).collect();
    let overlap = overlap.into_iter().map(|(one, other)| json!([other, one, chance.below(9)]));
    document["overlap"] = overlap.collect();
    let group = |number: u64, chance: &mut Chance| {
        let mut group = json!({ "id": format!("g{number}"), "sessions": chance.some(&sessions, 6) });
        given(&mut group, "min_days", OFTEN, chance, |chance| json!(chance.below(4)));
        given(&mut group, "compact", OFTEN, chance, |chance| json!(chance.often()));
        given(&mut group, "same_room", OFTEN, chance, |chance| json!(chance.often()));
        group
    };
    document["groups"] = (0..chance.below(5)).map(|number| group(number, chance)).collect();
    let before = chance.some(&sessions, 8);
    let place =
        |id, chance: &mut Chance| json!({ "session": id, "start": chance.below(horizon), "room": chance.one(&rooms) });
    document["incumbent"] = before.into_iter().map(|id| place(id, chance)).collect();
    let mut weights = Map::new();
    for term in
        ["overlap", "overflow", "isolated", "missing_day", "unpreferred", "short_gap", "moved_time", "moved_room"]
    {
        if chance.often() {
            weights.insert(term.to_owned(), json!(chance.below(20)));
        }
    }
    document["weights"] = Value::Object(weights);
    document
}

fn given(object: &mut Value, key: &str, percent: u64, chance: &mut Chance, value: impl FnOnce(&mut Chance) -> Value) {
    if chance.below(100) < percent {
        object[key] = value(chance);
    }
}

/// Any timetable, good or bad.
pub(crate) fn timetable(problem: &Problem, chance: &mut Chance) -> Timetable {
    let mut place = || {
        let start = u32::try_from(chance.below(u64::from(problem.calendar.horizon()) + 2)).unwrap();
        let room = u32::try_from(chance.below(problem.rooms.len() as u64)).unwrap();
        (chance.below(8) > 0).then_some(Place { start, room })
    };
    Timetable { places: problem.sessions.iter().map(|_| place()).collect() }
}
