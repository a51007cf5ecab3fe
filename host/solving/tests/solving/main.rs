//! Jobs on both engines: worked on once at a time, gone on with after whatever happens, told of once.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod world;

mod crashes;
mod ending;
mod hosts;
