//! The exchange format, version 1: problems and solutions as JSON documents.
//!
//! A document is read completely before it is refused: [`Flaws`] names each thing that is wrong with it, where (a JSON pointer) and
//! what to do about it, the first twenty one by one. What the format leaves open is decided here:
//!
//! - `null` is the same as leaving out an optional key, except for `capacity` and in a `pin`. Also `name` and `slot_minutes` may be
//!   left out (30 minutes).
//! - Harmless and accepted: ranges in any order, overlapping or touching; a feature, a room or a session in `after` named twice; the
//!   same pair of `conflicts` twice; the same pair of `overlap` twice, which adds up; an empty list of ranges or rooms, which allows
//!   nothing where leaving it out allows everything.
//! - Refused, because no timetable could satisfy it or its cost would be ambiguous: an id twice, also with other contents; a person
//!   twice in a session; a session twice in a group, in `incumbent` or in a solution; a pair of a session with itself; sessions that
//!   come `after` one another in a circle; a key twice in one object.
//! - Not refused: what cannot be placed for other reasons, such as two sessions pinned to the same room and time. Such a session stays
//!   unplaced, and the solution says why.
//!
//! Whatever the bytes, reading ends soon and takes memory in proportion to them; [`limits`] bounds what is accepted.

mod assignments;
mod circles;
mod fields;
mod flaw;
mod groups;
pub mod limits;
mod measures;
mod names;
mod outline;
mod pairs;
mod people;
mod place;
mod problem;
mod rooms;
mod sessions;
mod solution;
mod sums;
mod tape;
mod weights;
mod writing;

pub use flaw::{Flaw, Flaws};
pub use problem::{PROBLEM_FORMAT, read_problem};
pub use solution::{Reason, SOLUTION_FORMAT, Solution, Stated, read_solution};
pub use writing::write_solution;

/// A length as a position. No list that is read is longer than positions reach.
fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
