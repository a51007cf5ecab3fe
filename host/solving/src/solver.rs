//! The solver, as the desk calls it.

use conman_scheduler::explain::reschedule;
use conman_scheduler::problem::Problem;
use conman_scheduler::solve::{self, Effort, Found, Watch};
use conman_scheduler::timetable::Timetable;

/// What is looked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Aim<'t> {
    /// The timetable to go on from, which was found before.
    pub from: Option<&'t Timetable>,
    /// So many moves from the incumbent at most; none: as many as that is worth to.
    pub moves: Option<u32>,
}

/// Searches for a good timetable of a problem.
pub type Solver = fn(&Problem, Aim<'_>, &Effort, &dyn Watch) -> Found;

/// The library's search. What it goes on from it does not get worse than.
#[must_use]
pub fn solve(problem: &Problem, aim: Aim<'_>, effort: &Effort, watch: &dyn Watch) -> Found {
    match (aim.moves.and_then(|moves| usize::try_from(moves).ok()), aim.from) {
        (Some(moves), from) => reschedule(problem, moves, from, effort, watch),
        (None, Some(from)) => solve::resume(problem, from, effort, watch),
        (None, None) => solve::solve(problem, effort, watch),
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
            "format": "conman-schedule-problem/1", "name": "twenty", "days": 1, "slots_per_day": 60, "slot_minutes": 30,
            "rooms": rooms, "sessions": sessions, "overlap": overlap, "incumbent": before,
            "weights": { "moved_time": 7, "moved_room": 7 },
        });
        problem_of(&text.to_string(), NonZeroU16::MIN).unwrap()
    }

    #[test]
    fn what_was_found_before_is_gone_on_with_and_moves_cost_what_they_did() {
        let problem = problem();
        let solve = |from: Option<&Timetable>, moves: Option<u32>, iterations: u64| {
            let time = Duration::from_secs(30);
            let effort = Effort { time, iterations: Some(iterations), threads: NonZeroU16::MIN, seed: 1 };
            solve(&problem, Aim { from, moves }, &effort, &())
        };
        let first = solve(None, None, 20_000);
        assert_eq!((first.cost.unplaced, first.cost.terms.overlap), (0, 0));
        assert!(first.cost.terms.moved_time > 0);
        // Begun anew, a moment is not enough.
        assert!(solve(None, None, 1).cost.soft() > first.cost.soft());
        let again = solve(Some(&first.timetable), None, 1);
        assert_eq!(again.cost, first.cost);
        // With few moves it is not as good, and never more are made, wherever it goes on from.
        let moves = |timetable: &Timetable| {
            timetable.places.iter().zip(&problem.incumbent).filter(|(is, was)| is != was).count()
        };
        let few = solve(None, Some(3), 20_000);
        assert_eq!((few.cost.unplaced, moves(&few.timetable)), (0, 3));
        assert!(few.cost.soft() > first.cost.soft());
        let again = solve(Some(&few.timetable), Some(3), 1);
        assert_eq!(again.cost, few.cost);
        assert!(moves(&solve(Some(&first.timetable), Some(3), 1).timetable) <= 3);
    }
}
