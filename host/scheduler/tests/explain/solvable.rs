//! Problems made by chance around a good timetable, so that everything can be placed until something is planted. No two are of a size.

use fastrand::Rng;
use serde_json::{Value, json};

/// The only room with a stage.
pub(crate) const HALL: usize = 0;

/// A problem, and the timetable it was made around.
pub(crate) struct Solvable {
    pub(crate) document: Value,
    /// By session: start and room.
    pub(crate) good: Vec<(u32, usize)>,
    pub(crate) days: u32,
    pub(crate) slots_per_day: u32,
}

impl Solvable {
    pub(crate) fn horizon(&self) -> u32 {
        self.days * self.slots_per_day
    }
}

pub(crate) fn solvable(random: &mut Rng) -> Solvable {
    let (days, slots_per_day) = (random.u32(1..4), random.u32(8..15));
    let (rooms, people) = (random.usize(3..7), random.usize(5..20));
    let horizon = days * slots_per_day;
    let mut sessions: Vec<Value> = Vec::new();
    let mut good: Vec<(u32, usize)> = Vec::new();
    let mut busy = vec![Vec::<(u32, u32)>::new(); people];
    for room in 0..rooms {
        for day in 0..days {
            let mut slot = day * slots_per_day + random.u32(0..2);
            loop {
                let (setup, teardown) = (u32::from(random.u32(0..8) == 0), u32::from(random.u32(0..6) == 0));
                let duration = random.u32(1..4);
                if slot + setup + duration + teardown > (day + 1) * slots_per_day {
                    break;
                }
                let (start, end) = (slot + setup, slot + setup + duration);
                slot = end + teardown + random.u32(0..4);
                let mut with: Vec<usize> = Vec::new();
                for _ in 0..random.u32(0..3) {
                    let person = random.usize(0..people);
                    let is_free = busy[person].iter().all(|(from, to)| *to <= start || end <= *from);
                    if is_free {
                        busy[person].push((start, end));
                        with.push(person);
                    }
                }
                let mut session = json!({
                    "id": format!("s{}", sessions.len()), "duration": duration, "setup": setup, "teardown": teardown,
                    "audience": random.u32(5..20), "people": with.iter().map(|person| format!("p{person}")).collect::<Vec<_>>(),
                });
                if room == HALL && random.bool() {
                    session["features"] = json!(["stage"]);
                } else if random.u32(0..4) == 0 {
                    session["features"] = json!(["projector"]);
                }
                if random.u32(0..4) == 0 {
                    session["starts"] = around(random, start, start + 1, horizon);
                }
                sessions.push(session);
                good.push((start, room));
            }
        }
    }
    let persons: Vec<Value> = (0..people)
        .map(|person| {
            let mut document = json!({"id": format!("p{person}"), "min_gap": random.u32(0..2)});
            if random.bool() {
                let ranges = busy[person].iter().map(|(from, to)| around(random, *from, *to, horizon)[0].clone());
                document["available"] = ranges.collect::<Vec<_>>().into();
            }
            document
        })
        .collect();
    let rooms: Vec<Value> = (0..rooms)
        .map(|room| {
            let features = if room == HALL { json!(["stage", "projector"]) } else { json!(["projector"]) };
            json!({"id": format!("r{room}"), "capacity": 20 + random.u32(0..20), "features": features})
        })
        .collect();
    let pair = |random: &mut Rng| {
        let one = random.usize(1..sessions.len());
        json!([format!("s{one}"), format!("s{}", random.usize(0..one)), random.u32(1..5)])
    };
    let overlap: Vec<Value> = (0..random.u32(0..40)).map(|_| pair(random)).collect();
    let conflicts = bind(random, &mut sessions, &good);
    let members = |random: &mut Rng| {
        sessions.iter().filter(|_| random.u32(0..6) == 0).map(|session| session["id"].clone()).collect::<Vec<_>>()
    };
    let group = |number: u32| {
        let (min_days, compact) = (random.u32(0..3), random.bool());
        json!({"id": format!("g{number}"), "sessions": members(random), "min_days": min_days, "compact": compact})
    };
    let groups: Vec<Value> = (0..3).map(group).collect();
    let document = json!({
        "format": "conman-schedule-problem/1", "days": days, "slots_per_day": slots_per_day, "slot_minutes": 30,
        "rooms": rooms, "people": persons, "sessions": sessions, "overlap": overlap, "conflicts": conflicts, "groups": groups,
    });
    Solvable { document, good, days, slots_per_day }
}

/// Has some sessions come after others, and some in conflict, as they are in the good timetable. Only those that nobody takes part in
/// and that need no stage: about these something may be planted, and it is to be the only cause.
fn bind(random: &mut Rng, sessions: &mut [Value], good: &[(u32, usize)]) -> Vec<Value> {
    let is_plain = |session: &Value| session["people"] == json!([]) && session["features"] != json!(["stage"]);
    let plain: Vec<usize> = (0..sessions.len()).filter(|at| is_plain(&sessions[*at])).collect();
    let mut conflicts = Vec::new();
    for (at, one) in plain.iter().enumerate() {
        for other in &plain[..at] {
            let (one, other) = if good[*one].0 < good[*other].0 { (*one, *other) } else { (*other, *one) };
            let end = good[one].0 + sessions[one]["duration"].as_u64().unwrap_or(0) as u32;
            if end > good[other].0 || random.u32(0..8) > 0 {
                continue;
            }
            if random.bool() && sessions[other]["after"].is_null() {
                sessions[other]["after"] = json!([sessions[one]["id"]]);
            } else {
                conflicts.push(json!([sessions[one]["id"], sessions[other]["id"]]));
            }
        }
    }
    conflicts
}

/// A range that holds another, and is longer by chance.
fn around(random: &mut Rng, from: u32, to: u32, horizon: u32) -> Value {
    let more = random.u32(0..5);
    json!([[from.saturating_sub(more), (to + random.u32(0..5)).min(horizon)]])
}
