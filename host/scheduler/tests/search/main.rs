//! The search against plain truth: all timetables of small problems, and the check of every solution.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod brute_force;
mod cannot;
mod diary;
#[path = "../exchange/independent.rs"]
mod independent;
mod optimum;
mod peer;
mod problems;
mod promises;
