//! The search for good timetables: place everything first, then anneal.
//!
//! [`model`] is the problem in tables, [`state`] a timetable under change. [`construct`] makes the first timetable, [`anneal`] better
//! ones by the [`moves`]; [`portfolio`] lets several threads do so side by side. What all of
//! it takes of memory is told by [`memory`], from each table's own measure.

// The search spends its time in look-ups. Positions come from the tables themselves: `document` has checked every reference, and
// bounds the numbers of things so that positions, slots and prices fit the types they are kept in.
#![allow(clippy::indexing_slicing, clippy::cast_possible_truncation)]

mod anneal;
mod best;
mod bits;
mod clock;
mod construct;
mod memory;
mod model;
mod moves;
mod portfolio;
mod state;
mod table;

pub(crate) use self::memory::memory;
pub(crate) use self::portfolio::search;
