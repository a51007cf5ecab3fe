//! The bus between real plugin databases: every test runs on SQLite and, where `CONMAN_TEST_POSTGRES` names a server, on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has to stop, in its helpers too"
)]

mod crashes;
mod dead_letters;
mod delivery;
mod fairness;
mod hosts;
mod world;
