//! Identity on real databases: every test runs on SQLite and, where `CONMAN_TEST_POSTGRES` names a server, on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has to stop, in its helpers too")]

mod accounts;
mod audit;
mod caching;
mod sign_in;
mod tokens;
mod tree;
mod walls;
mod world;
