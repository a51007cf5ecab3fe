//! The built component under the host's own runtime, GraphQL and event bus; on SQLite and, where `CONMAN_TEST_POSTGRES` names a
//! server, on PostgreSQL.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on has failed")]

mod export;
mod following;
mod heads;
mod hours;
mod on_the_day;
mod sign_up;
mod support;
mod with_programme;
