//! Correct under fire: many at once, killed at any moment, plugins that misbehave.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod circles;
mod crash;
mod jobs;
mod misbehaviour;
mod places;
