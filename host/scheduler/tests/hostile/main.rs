//! Whatever the bytes, the reader answers soon and in words that help, and what it accepts can be relied on. The same is fuzzed for as
//! long as one likes: see `fuzz` at the root of the repository.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests, with small numbers"
)]

mod found;
#[path = "../exchange/independent.rs"]
mod independent;
mod large;
mod memory;
mod mutations;
mod promises;
mod rounds;
#[path = "../exchange/sample.rs"]
mod sample;
mod tree;
#[path = "../exchange/written.rs"]
mod written;
