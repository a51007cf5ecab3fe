//! The solver, as the desk calls it.

use conman_scheduler::problem::Problem;
use conman_scheduler::solve::{self, Effort, Found, Watch};
use conman_scheduler::timetable::Timetable;

/// Searches for a good timetable of a problem, from one that was found before if there is one.
pub type Solver = fn(&Problem, Option<Timetable>, &Effort, &dyn Watch) -> Found;

/// The library's search.
#[must_use]
pub fn solve(problem: &Problem, from: Option<Timetable>, effort: &Effort, watch: &dyn Watch) -> Found {
    match from.and_then(|from| begun_at(problem, from)) {
        Some(begun) => solve::solve(&begun, effort, watch),
        None => solve::solve(problem, effort, watch),
    }
}

/// The same problem, to be begun at a timetable: as its incumbent, from which to move costs nothing. A problem that has an incumbent of its
/// own says what moving costs, so it is begun anew at that, and what was found before stays where nothing better is found.
fn begun_at(problem: &Problem, from: Timetable) -> Option<Problem> {
    if problem.incumbent.iter().any(Option::is_some) {
        return None;
    }
    let mut begun = problem.clone();
    begun.incumbent = from.places;
    (begun.weights.moved_time, begun.weights.moved_room) = (0, 0);
    Some(begun)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;
    use std::time::Duration;

    use super::*;
    use crate::documents::problem_of;

    /// Two sessions that must not overlap, in one room with room for them.
    fn problem(incumbent: &str) -> Problem {
        let text = r#"{"format":"conman-schedule-problem/1","name":"two","days":1,"slots_per_day":4,"slot_minutes":30,
            "rooms":[{"id":"r","capacity":1}],"sessions":[{"id":"s","duration":1},{"id":"t","duration":2}],
            "incumbent":[INCUMBENT],"weights":{"moved_time":7,"moved_room":7}}"#;
        problem_of(&text.replace("INCUMBENT", incumbent)).unwrap()
    }

    #[test]
    fn what_was_found_before_costs_nothing_to_leave() {
        let effort = Effort { time: Duration::from_secs(5), iterations: Some(500), threads: NonZeroU16::MIN, seed: 1 };
        let free = problem("");
        let first = solve(&free, None, &effort, &());
        assert_eq!((first.cost.unplaced, first.cost.soft()), (0, 0));
        let again = solve(&free, Some(first.timetable.clone()), &effort, &());
        assert_eq!((again.cost.unplaced, again.cost.soft()), (0, 0));
        assert!(begun_at(&free, first.timetable.clone()).is_some());
        let bound = problem(r#"{"session":"s","start":3,"room":"r"}"#);
        assert!(begun_at(&bound, first.timetable).is_none());
    }
}
