//! The runtime against real guests: `tests/guests/probe`, built to a component and run under the real limits.
//!
//! Every test that touches storage runs on SQLite and, where `CONMAN_TEST_POSTGRES` names a server, on PostgreSQL.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support;

mod calls;
mod events;
mod hostile;
mod idempotency;
mod installing;
mod logs;
mod purging;
mod solves;
mod trail;
mod transactions;
