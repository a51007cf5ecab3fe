//! The host from outside: over HTTP, over WebSockets, and through the `conman` command.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod absent;
mod accounts;
mod administration;
mod audit;
mod command;
mod folder;
mod isolation;
mod large;
mod limits;
mod lost;
mod operations;
mod planning;
mod plugins;
mod programmes;
mod progress;
mod rebuilding;
mod routes;
mod schedule;
mod schedule_bench;
mod shutdown;
mod sockets;
