//! The plugin as it runs: its component, in the host's runtime with the host's limits, on SQLite and on PostgreSQL.

mod common;
mod component {
    mod exports;
    mod host;
    mod imports;
    mod organising;
    mod reading;
}
