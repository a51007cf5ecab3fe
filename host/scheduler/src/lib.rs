//! The timetabling solver: a pure library. It reads no file, opens no socket, and knows neither plugins nor conventions.
//!
//! [`document`] reads problems and solutions in the exchange format and writes them; [`check`] tells what a timetable breaks and
//! costs, plainly and slowly; [`solve`](solve()) finds good timetables; [`explain`] tells why one is as it is.

pub mod check;
pub mod cost;
pub mod document;
pub mod explain;
pub mod problem;
mod search;
pub mod solve;
pub mod timetable;

pub use self::solve::{resume, solve};
