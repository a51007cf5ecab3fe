//! Random small problems in which every constraint of the format occurs.

use conman_scheduler::cost::Terms;
use conman_scheduler::document::read_problem;
use conman_scheduler::problem::Problem;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

/// How large problems are.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) days: u32,
    pub(crate) slots_per_day: u32,
    pub(crate) rooms: usize,
    pub(crate) people: usize,
    pub(crate) sessions: usize,
}

impl Size {
    /// So that all timetables can be tried out.
    pub(crate) const SMALL: Self = Self { days: 2, slots_per_day: 3, rooms: 2, people: 3, sessions: 4 };
}

/// A problem as a document.
pub(crate) fn problems(size: Size) -> impl Strategy<Value = Value> {
    let parts = (
        vec(room(size), size.rooms),
        vec(person(size), size.people),
        vec(session(size), size.sessions),
        vec((0..size.sessions, 0..size.sessions), 0..3),
        vec((0..size.sessions, 0..size.sessions, 1u32..4), 0..2 * size.sessions),
        vec(group(size), 0..3),
        any::<bool>(),
        vec((0..size.sessions, 0..size.days * size.slots_per_day, 0..size.rooms), 0..3),
        weights(),
    );
    parts.prop_map(move |(rooms, people, sessions, conflicts, overlap, groups, soft, incumbent, weights)| {
        let name = |kind: char, at: usize| format!("{kind}{at}");
        let named = |kind: char, mut things: Vec<Value>| {
            for (at, thing) in things.iter_mut().enumerate() {
                thing["id"] = json!(name(kind, at));
            }
            things
        };
        let mut sessions = named('s', sessions);
        for (at, session) in sessions.iter_mut().enumerate() {
            // Only earlier sessions, so that nothing runs in a circle.
            let after = session["after"].as_u64().and_then(|back| usize::try_from(back).ok()).filter(|&back| back < at);
            session["after"] = json!(after.map(|back| name('s', back)).into_iter().collect::<Vec<_>>());
        }
        let mut seen = Vec::new();
        let incumbent: Vec<Value> = incumbent
            .into_iter()
            .filter(|&(session, _, _)| {
                let new = !seen.contains(&session);
                seen.push(session);
                new
            })
            .map(|(session, start, room)| json!({"session": name('s', session), "start": start, "room": name('r', room)}))
            .collect();
        json!({
            "format": "conman-schedule-problem/1",
            "days": size.days, "slots_per_day": size.slots_per_day, "slot_minutes": 30,
            "rooms": named('r', rooms), "people": named('p', people), "sessions": sessions,
            "conflicts": conflicts.into_iter().filter(|(a, b)| a != b).map(|(a, b)| json!([name('s', a), name('s', b)])).collect::<Vec<_>>(),
            "overlap": overlap.into_iter().filter(|(a, b, _)| a != b).map(|(a, b, w)| json!([name('s', a), name('s', b), w])).collect::<Vec<_>>(),
            "groups": named('g', groups), "capacity": if soft { "soft" } else { "hard" }, "incumbent": incumbent, "weights": weights,
        })
    })
}

/// Reads what is written here.
pub(crate) fn read(document: &Value) -> Problem {
    read_problem(document.to_string().as_bytes()).unwrap_or_else(|flaws| panic!("{document}\n{flaws}"))
}

fn range(size: Size) -> impl Strategy<Value = Value> {
    let horizon = size.days * size.slots_per_day;
    (0..horizon, 1..=horizon).prop_map(move |(from, length)| json!([[from, (from + length).min(horizon)]]))
}

fn maybe_range(size: Size) -> impl Strategy<Value = Option<Value>> {
    option::weighted(0.3, range(size))
}

fn room(size: Size) -> impl Strategy<Value = Value> {
    (0u32..4, subsequence(vec!["projector", "stage"], 0..=2), maybe_range(size))
        .prop_map(|(capacity, features, open)| json!({"capacity": capacity * 10, "features": features, "open": open}))
}

fn person(size: Size) -> impl Strategy<Value = Value> {
    (maybe_range(size), maybe_range(size), option::weighted(0.3, 0u32..3), 0u32..3).prop_map(|(available, preferred, most, gap)| {
        json!({"available": available, "preferred": preferred, "max_per_day": most, "min_gap": gap})
    })
}

fn session(size: Size) -> impl Strategy<Value = Value> {
    let people: Vec<String> = (0..size.people).map(|at| format!("p{at}")).collect();
    let rooms: Vec<String> = (0..size.rooms).map(|at| format!("r{at}")).collect();
    let pin = (option::weighted(0.5, 0..size.days * size.slots_per_day), option::weighted(0.5, 0..size.rooms))
        .prop_map(|(start, room)| {
            let mut pin = json!({});
            start.into_iter().for_each(|start| pin["start"] = json!(start));
            room.into_iter().for_each(|room| pin["room"] = json!(format!("r{room}")));
            pin
        });
    let tight = (0u32..10).prop_map(|lot| (u32::from(lot == 0), u32::from(lot == 1)));
    (
        1u32..3,
        tight,
        0u32..40,
        subsequence(people, 0..=size.people.min(2)),
        option::weighted(0.2, subsequence(vec!["projector", "stage"], 1)),
        option::weighted(0.2, subsequence(rooms.clone(), 1..=rooms.len())),
        maybe_range(size),
        option::weighted(0.1, pin),
        option::weighted(0.2, 0..size.sessions),
    )
        .prop_map(|(duration, (setup, teardown), audience, people, features, rooms, starts, pin, after)| {
            let mut session = json!({
                "duration": duration, "setup": setup, "teardown": teardown, "audience": audience, "people": people,
                "features": features, "rooms": rooms, "starts": starts, "after": after,
            });
            pin.into_iter().for_each(|pin| session["pin"] = pin);
            session
        })
}

fn group(size: Size) -> impl Strategy<Value = Value> {
    let sessions: Vec<String> = (0..size.sessions).map(|at| format!("s{at}")).collect();
    (subsequence(sessions, 1..=size.sessions), option::of(1u32..3), any::<bool>(), any::<bool>())
        .prop_map(|(sessions, min_days, compact, same_room)| {
            json!({"sessions": sessions, "min_days": min_days, "compact": compact, "same_room": same_room})
        })
}

fn weights() -> impl Strategy<Value = Value> {
    vec(0u32..4, 10).prop_map(|weights| {
        Terms::names()
            .into_iter()
            .zip(weights)
            .map(|(name, weight)| (name.to_owned(), json!(weight)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    })
}
