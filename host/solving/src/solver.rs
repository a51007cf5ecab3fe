//! The solver, as the desk calls it.

use conman_scheduler::problem::Problem;
use conman_scheduler::solve::{self, Effort, Found, Watch};
use conman_scheduler::timetable::Timetable;

/// Searches for a good timetable of a problem, from one that was found before if there is one.
pub type Solver = fn(&Problem, Option<&Timetable>, &Effort, &dyn Watch) -> Found;

/// The library's search. What it goes on from it does not get worse than.
#[must_use]
pub fn solve(problem: &Problem, from: Option<&Timetable>, effort: &Effort, watch: &dyn Watch) -> Found {
    match from {
        Some(from) => solve::resume(problem, from, effort, watch),
        None => solve::solve(problem, effort, watch),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::documents::problem_of;

    /// Sessions that should not overlap, all of them at the beginning of a room of their own until now, from where to move costs.
    fn problem() -> Problem {
        let rooms: Value = (0..20).map(|n| json!({ "id": format!("r{n}"), "capacity": 1 })).collect();
        let sessions: Value = (0..20).map(|n| json!({ "id": format!("s{n}"), "duration": 2 })).collect();
        let overlap: Vec<Value> =
            (0..20).flat_map(|a| (0..a).map(move |b| json!([format!("s{a}"), format!("s{b}"), 9]))).collect();
        let before: Value =
            (0..20).map(|n| json!({ "session": format!("s{n}"), "start": 0, "room": format!("r{n}") })).collect();
        let text = json!({
            "format": "conman-schedule-problem/1", "name": "twenty", "days": 1, "slots_per_day": 40, "slot_minutes": 30,
            "rooms": rooms, "sessions": sessions, "overlap": overlap, "incumbent": before,
            "weights": { "moved_time": 7, "moved_room": 7 },
        });
        problem_of(&text.to_string()).unwrap()
    }

    #[test]
    fn what_was_found_before_is_gone_on_with_and_moves_cost_what_they_did() {
        let problem = problem();
        let solve = |from: Option<&Timetable>, iterations: u64| {
            let time = Duration::from_secs(30);
            let effort = Effort { time, iterations: Some(iterations), threads: NonZeroU16::MIN, seed: 1 };
            solve(&problem, from, &effort, &())
        };
        let first = solve(None, 20_000);
        assert_eq!((first.cost.unplaced, first.cost.terms.overlap), (0, 0));
        assert!(first.cost.terms.moved_time > 0);
        // Begun anew, a moment is not enough.
        assert!(solve(None, 1).cost.soft() > first.cost.soft());
        let again = solve(Some(&first.timetable), 1);
        assert_eq!(again.cost, first.cost);
    }
}
