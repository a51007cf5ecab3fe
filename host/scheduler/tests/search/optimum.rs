//! Small problems are solved to the optimum, and nothing that is asked in addition makes it better.

use conman_scheduler::cost::Cost;
use conman_scheduler::problem::Problem;
use conman_scheduler::solve::solve;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use crate::brute_force;
use crate::diary::effort;
use crate::independent::passes;
use crate::problems::{Size, problems, read};

fn optimum(problem: &Problem) -> Cost {
    brute_force::optimum(problem, &|_| true).unwrap()
}

fn solved(problem: &Problem) -> Cost {
    let found = solve(problem, &effort(20_000, 1), &());
    passes(problem, &found.timetable, &found.cost);
    found.cost
}

proptest! {
    // The same problems every time: what finds an optimum within a number of proposals by chance may miss another's.
    #![proptest_config(ProptestConfig { cases: 300, rng_seed: RngSeed::Fixed(2026), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn small_problems_are_solved_to_the_optimum(document in problems(Size::SMALL)) {
        let problem = read(&document);
        let (found, best) = (solved(&problem), optimum(&problem));
        prop_assert_eq!((found.unplaced, found.soft()), (best.unplaced, best.soft()), "{}", document);
    }

    #[test]
    fn nothing_asked_in_addition_makes_the_optimum_better(document in problems(Size::SMALL), addition in additions()) {
        let mut more = document.clone();
        add(&mut more, addition);
        let (without, with) = (optimum(&read(&document)), optimum(&read(&more)));
        prop_assert!((with.unplaced, with.soft()) >= (without.unplaced, without.soft()), "{without:?} became {with:?}");
        prop_assert_eq!((with.unplaced, with.soft()), { let found = solved(&read(&more)); (found.unplaced, found.soft()) });
    }
}

/// Something that a problem may ask in addition.
#[derive(Clone, Copy, Debug)]
enum Addition {
    Conflict(usize, usize),
    Overlap(usize, usize),
    After(usize, usize),
    Pin(usize, u32, usize),
    Starts(usize, u32),
    Feature(usize),
    Teardown(usize),
    SmallRoom(usize),
    ClosedRoom(usize),
    BusyPerson(usize),
    FussyPerson(usize),
    Group { compact: bool, same_room: bool, min_days: u32 },
}

fn additions() -> impl Strategy<Value = Addition> {
    let (sessions, rooms, people, slots) =
        (Size::SMALL.sessions, Size::SMALL.rooms, Size::SMALL.people, Size::SMALL.days * Size::SMALL.slots_per_day);
    let two = move || (0..sessions, 1..sessions).prop_map(move |(a, by)| (a, (a + by) % sessions));
    prop_oneof![
        two().prop_map(|(a, b)| Addition::Conflict(a, b)),
        two().prop_map(|(a, b)| Addition::Overlap(a, b)),
        two().prop_map(|(a, b)| Addition::After(a.max(b), a.min(b))),
        (0..sessions, 0..slots, 0..rooms).prop_map(|(a, start, room)| Addition::Pin(a, start, room)),
        (0..sessions, 0..slots - 1).prop_map(|(a, from)| Addition::Starts(a, from)),
        (0..sessions).prop_map(Addition::Feature),
        (0..sessions).prop_map(Addition::Teardown),
        (0..rooms).prop_map(Addition::SmallRoom),
        (0..rooms).prop_map(Addition::ClosedRoom),
        (0..people).prop_map(Addition::BusyPerson),
        (0..people).prop_map(Addition::FussyPerson),
        (any::<bool>(), any::<bool>(), 0u32..4).prop_map(|(compact, same_room, min_days)| Addition::Group {
            compact,
            same_room,
            min_days
        }),
    ]
}

/// What asks for something already is left as it is, where more of it would be something else.
fn add(document: &mut Value, addition: Addition) {
    let name = |at: usize| format!("s{at}");
    let push = |list: &mut Value, item: Value| list.as_array_mut().unwrap().push(item);
    let unless_given = |place: &mut Value, value: Value| {
        if place.is_null() {
            *place = value;
        }
    };
    match addition {
        Addition::Conflict(a, b) => push(&mut document["conflicts"], json!([name(a), name(b)])),
        Addition::Overlap(a, b) => push(&mut document["overlap"], json!([name(a), name(b), 2])),
        Addition::After(late, early) => push(&mut document["sessions"][late]["after"], json!(name(early))),
        Addition::Pin(a, start, room) => {
            unless_given(&mut document["sessions"][a]["pin"], json!({"start": start, "room": format!("r{room}")}));
        }
        Addition::Starts(a, from) => unless_given(&mut document["sessions"][a]["starts"], json!([[from, from + 2]])),
        Addition::Feature(a) => unless_given(&mut document["sessions"][a]["features"], json!(["stage", "projector"])),
        Addition::Teardown(a) => {
            let session = &mut document["sessions"][a];
            if session["duration"] == 1 && session["teardown"] == 0 {
                session["teardown"] = json!(1);
            }
        }
        Addition::SmallRoom(room) => document["rooms"][room]["capacity"] = json!(0),
        Addition::ClosedRoom(room) => document["rooms"][room]["open"] = json!([]),
        Addition::BusyPerson(person) => document["people"][person]["available"] = json!([]),
        Addition::FussyPerson(person) => {
            for (key, wish) in [("preferred", json!([])), ("max_per_day", json!(0)), ("min_gap", json!(3))] {
                document["people"][person][key] = wish;
            }
        }
        Addition::Group { compact, same_room, min_days } => {
            let all: Vec<_> = (0..Size::SMALL.sessions).map(name).collect();
            let group = json!({"id": "more", "sessions": all, "compact": compact, "same_room": same_room, "min_days": min_days});
            push(&mut document["groups"], group);
        }
    }
}
