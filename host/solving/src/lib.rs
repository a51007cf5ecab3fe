//! Jobs of the scheduler. A plugin's transaction leaves a row for each in the plugin's own database; the [`Desk`] takes them up, lets the
//! solver search on threads of its own, stores the best timetable while it does, and tells the plugin when it has ended.
//!
//! Nobody waits for a job: whoever asked may hang up. A host that stops puts its jobs back, one that dies leaves them behind; either way
//! they go on from the best timetable stored, for the rest of their time. In each convention one job runs at a time, on whichever host has
//! the convention's turn, a lease in the hosts' own database.
//!
//! What a call needs of the scheduler without any job is in [`documents`]: what is wrong with a problem, and why a solution is as it is.

mod board;
mod conductor;
mod course;
mod desk;
pub mod documents;
mod ledger;
pub mod limits;
mod lookout;
mod options;
mod parts;
mod readers;
mod run;
mod solver;
mod standing;
mod turn;

pub use board::Figures;
pub use desk::{COMPONENT, Desk, MIGRATIONS, Waker};
pub use parts::{DeskConfig, DeskParts, Places};
pub use solver::{Aim, Solver, solve};
pub use standing::{Standing, state};
