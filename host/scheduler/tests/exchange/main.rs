//! The exchange format: what is read, what is refused and in which words, what is written, and what the independent checker makes of it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests, with small numbers"
)]

mod accepted;
mod checker;
mod independent;
mod limits;
mod refused;
mod sample;
mod solutions;
mod table;
mod written;
