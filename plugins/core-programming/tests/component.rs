//! The plugin as it runs: its component, in the host's runtime with the host's limits, on SQLite and on PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod common;
mod component {
    mod clearing;
    mod demand;
    mod explaining;
    mod exports;
    mod host;
    mod imports;
    mod keeping;
    mod large;
    mod organising;
    mod pages;
    mod planning;
    mod racing;
    mod reaching;
    mod reading;
    mod refusing;
    mod renaming;
    mod requirements;
    mod rescheduling;
}
