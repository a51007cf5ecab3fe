//! Problems made by chance around a good timetable, so that everything can be placed until something is planted.

use fastrand::Rng;
use serde_json::{Value, json};

pub(crate) const DAYS: u32 = 2;
pub(crate) const SLOTS_PER_DAY: u32 = 10;
pub(crate) const HORIZON: u32 = DAYS * SLOTS_PER_DAY;
/// The only room with a stage.
pub(crate) const HALL: usize = 0;
const ROOMS: usize = 5;
const PEOPLE: usize = 14;

/// A problem, and the timetable it was made around.
pub(crate) struct Solvable {
    pub(crate) document: Value,
    /// By session: start and room.
    pub(crate) good: Vec<(u32, usize)>,
}

pub(crate) fn solvable(random: &mut Rng) -> Solvable {
    let mut sessions: Vec<Value> = Vec::new();
    let mut good: Vec<(u32, usize)> = Vec::new();
    let mut busy = vec![Vec::<(u32, u32)>::new(); PEOPLE];
    for room in 0..ROOMS {
        for day in 0..DAYS {
            let mut slot = day * SLOTS_PER_DAY + random.u32(0..2);
            loop {
                let (duration, teardown) = (random.u32(1..4), u32::from(random.u32(0..6) == 0));
                if slot + duration + teardown > (day + 1) * SLOTS_PER_DAY {
                    break;
                }
                let (start, end) = (slot, slot + duration);
                slot = end + teardown + random.u32(0..4);
                let mut people: Vec<usize> = Vec::new();
                for _ in 0..random.u32(0..3) {
                    let person = random.usize(0..PEOPLE);
                    let is_free = busy[person].iter().all(|(from, to)| *to <= start || end <= *from);
                    if is_free {
                        busy[person].push((start, end));
                        people.push(person);
                    }
                }
                let mut session = json!({
                    "id": format!("s{}", sessions.len()), "duration": duration, "teardown": teardown,
                    "audience": random.u32(5..20), "people": people.iter().map(|person| format!("p{person}")).collect::<Vec<_>>(),
                });
                if room == HALL && random.bool() {
                    session["features"] = json!(["stage"]);
                } else if random.u32(0..4) == 0 {
                    session["features"] = json!(["projector"]);
                }
                if random.u32(0..4) == 0 {
                    session["starts"] = around(random, start, start + 1);
                }
                sessions.push(session);
                good.push((start, room));
            }
        }
    }
    let people: Vec<Value> = (0..PEOPLE)
        .map(|person| {
            let mut document = json!({"id": format!("p{person}"), "min_gap": random.u32(0..2)});
            if random.bool() {
                let ranges = busy[person].iter().map(|(from, to)| around(random, *from, *to)[0].clone());
                document["available"] = ranges.collect::<Vec<_>>().into();
            }
            document
        })
        .collect();
    let rooms: Vec<Value> = (0..ROOMS)
        .map(|room| {
            let features = if room == HALL { json!(["stage", "projector"]) } else { json!(["projector"]) };
            json!({"id": format!("r{room}"), "capacity": 20 + random.u32(0..20), "features": features})
        })
        .collect();
    let pair = |random: &mut Rng| {
        let one = random.usize(1..sessions.len());
        json!([format!("s{one}"), format!("s{}", random.usize(0..one)), random.u32(1..5)])
    };
    let overlap: Vec<Value> = (0..40).map(|_| pair(random)).collect();
    let document = json!({
        "format": "conman-schedule-problem/1", "days": DAYS, "slots_per_day": SLOTS_PER_DAY, "slot_minutes": 30,
        "rooms": rooms, "people": people, "sessions": sessions, "overlap": overlap,
    });
    Solvable { document, good }
}

/// A range that holds another, and is longer by chance.
fn around(random: &mut Rng, from: u32, to: u32) -> Value {
    let more = random.u32(0..5);
    json!([[from.saturating_sub(more), (to + random.u32(0..5)).min(HORIZON)]])
}
