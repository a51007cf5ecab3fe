//! What is kept beside the project for its tests, real programmes and an independent checker of timetables, and what that checker makes
//! of the timetables that suites come upon. Where it is absent, tests say so and pass.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod documents;
mod skip;
// The library's own tests have the same, and nothing to build before them.
#[path = "../../../host/scheduler/tests/exchange/independent.rs"]
mod timetables;

use conman_scheduler::problem::Problem;
use conman_scheduler::solve::{Effort, Found as Solved, Watch};

pub use conman_solving::Aim;
pub use documents::{Found, beside, checked};
pub use skip::skipped;

/// The solver, each of whose timetables is shown to the independent program in the very problem that was searched. Where the two do not
/// agree the job fails.
///
/// # Panics
/// When they do not agree.
#[must_use]
pub fn solve(problem: &Problem, aim: Aim<'_>, effort: &Effort, watch: &dyn Watch) -> Solved {
    let found = conman_solving::solve(problem, aim, effort, watch);
    timetables::passes(problem, &found.timetable, &found.cost);
    found
}
