//! The solver, as the desk calls it.

use std::time::{Duration, Instant};

use conman_scheduler::check;
use conman_scheduler::problem::Problem;
use conman_scheduler::solve::{Effort, Found, Watch};
use conman_scheduler::timetable::Timetable;

/// Searches for a good timetable of a problem, from one that was found before if there is one.
pub type Solver = fn(&Problem, Option<Timetable>, &Effort, &dyn Watch) -> Found;

/// Searches as long as it may. The library does not search yet, so everything stays without a place.
#[must_use]
pub fn solve(problem: &Problem, from: Option<Timetable>, effort: &Effort, watch: &dyn Watch) -> Found {
    let began = Instant::now();
    let timetable = from.unwrap_or_else(|| Timetable::empty(problem));
    let cost = check::cost(problem, &timetable);
    let mut found = Found { timetable, cost, elapsed: began.elapsed(), iterations: 0 };
    watch.better(&found);
    while began.elapsed() < effort.time
        && !watch.is_cancelled()
        && effort.iterations.is_none_or(|most| found.iterations < most)
    {
        std::thread::sleep(Duration::from_millis(1));
        found.iterations += 1;
    }
    found.elapsed = began.elapsed();
    found
}
