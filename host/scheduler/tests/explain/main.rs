//! Explanations: what keeps sessions from having a place, told of problems whose cause is known because it was planted, and what
//! would mend broken wishes, compared with what the check makes of it.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests, with small numbers"
)]

#[path = "../search/brute_force.rs"]
mod brute_force;
mod cheapest;
#[path = "../search/diary.rs"]
mod diary;
#[path = "../exchange/independent.rs"]
mod independent;
mod mends;
mod planted;
#[path = "../search/problems.rs"]
mod problems;
mod proofs;
mod reschedule;
mod solvable;
mod trade_offs;
