//! The programme as a timetabling problem, and timetables as proposals.
//!
//! [`material`] is what the plugin knows, [`problem`] states it for the host's scheduler, [`proposal`] reads what it answers, [`explained`] what
//! it says of that, and [`words`] says it to people. All of it is plain Rust; [`crate::store::planning`] gathers the material.

pub mod calendar;
pub mod explained;
pub mod grid;
pub mod held;
pub mod ids;
pub mod material;
pub mod overlap;
pub mod places;
pub mod problem;
pub mod proposal;
pub mod ranges;
mod wishes;
pub mod words;

pub use wishes::{Seats, Weights, Wishes};
