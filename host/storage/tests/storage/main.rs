//! Databases of the host and of plugins, on both engines.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that fails panics"
)]

#[path = "../common/mod.rs"]
mod common;

mod bounds;
mod databases;
mod deeds;
mod migrations;
mod parity;
mod races;
mod solves;
mod transactions;
mod walls;
