//! What this crate says of timetables is what an independent program says of them.

use conman_scheduler::check::{Broken, broken, cost};
use conman_scheduler::document::{Solution, read_problem, write_solution};
use serde_json::{Value, json};

use crate::independent::verdict;
use crate::sample::{self, Chance};

#[test]
fn agrees_about_what_is_broken_and_what_it_costs() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..600 {
        let document = sample::problem(seed);
        let problem = read_problem(document.to_string().as_bytes()).unwrap();
        let timetable = sample::timetable(&problem, &mut Chance::new(seed));
        let session = |index: u32| problem.sessions[index as usize].id.as_str();
        let mut found: Vec<Value> = broken(&problem, &timetable)
            .into_iter()
            .map(|broken| {
                let mut names = vec![broken.constraint.name()];
                // The document says them in the other order.
                let broken = match broken.with {
                    Some(with) if broken.constraint.name() == "conflict" => {
                        Broken { session: with, with: Some(broken.session), ..broken }
                    }
                    _ => broken,
                };
                let (one, other) = (session(broken.session), broken.with.map(session));
                let room = broken.room.map(|room| problem.rooms[room as usize].id.as_str());
                let person = broken.person.map(|person| problem.people[person as usize].id.as_str());
                match broken.constraint.name() {
                    "room_busy" | "person_busy" => names.extend(room.or(person).into_iter().chain(other).chain([one])),
                    _ => names.extend([one].into_iter().chain(other).chain(room).chain(person)),
                }
                json!(names)
            })
            .collect();
        found.sort_by_key(Value::to_string);
        let cost = cost(&problem, &timetable);
        let terms: Value = cost
            .terms
            .in_order()
            .into_iter()
            .filter(|(_, amount)| *amount > 0)
            .map(|(n, a)| (n.to_owned(), json!(a)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let ours = json!([found, cost.unplaced, terms]);
        let solution = Solution { timetable, reasons: Default::default(), stated: Some(cost.into()) };
        let solution: Value = serde_json::from_slice(&write_solution(&problem, &solution)).unwrap();
        let Some(mut theirs) = verdict(&document, &solution) else { return };
        let broken = theirs[0].as_array_mut().unwrap();
        broken.sort_by_key(Value::to_string);
        seen.extend(broken.iter().map(|broken| broken[0].as_str().unwrap().to_owned()));
        seen.extend(theirs[2].as_object().unwrap().keys().cloned());
        assert_eq!(ours, theirs, "seed {seed}");
    }
    // Otherwise nothing would have been compared.
    assert_eq!(seen.len(), 11 + 10, "{seen:?}");
}
