//! SQL databases: one for the host, and one for every plugin of every convention, on SQLite files or on PostgreSQL.
//!
//! [`Storage`] opens them; [`PluginDatabase`] is what the runtime hands to a plugin's calls, one transaction per call.
//! Two walls keep a plugin inside its own database, each standing without the other: every statement is parsed and
//! written anew from what was understood (`wall`), and the database itself refuses to leave (SQLite's authorizer over a
//! file with nothing else in it; a PostgreSQL role with no rights elsewhere).
//!
//! Plugins and the host write one portable SQL, described in the kernel's `sql` module; both engines answer it alike.
//!
//! # What is alike
//!
//! Texts compare and sort by their bytes; NULL sorts before everything; LIKE minds case and knows no escape but the one
//! named with ESCAPE; LOWER and UPPER change ASCII letters only; SUM, COUNT and LENGTH of BIGINT are BIGINT, AVG is a
//! double; integer literals are 64 bits wide, others doubles; dividing by zero is NULL; unnamed columns are called
//! `column1`, `column2`, …; names are lower case; a value of another type than its column's is refused.
//!
//! # Where the engines still differ
//!
//! - A sum or product over 64 bits is an error on PostgreSQL and becomes a double on SQLite.
//! - `CAST(… AS TEXT)` of a double or a truth value is spelled differently; `CAST(… AS BIGINT)` of a double rounds on
//!   PostgreSQL and cuts on SQLite, and of a text that is no number is an error on PostgreSQL and 0 on SQLite.
//! - Comparing a column with a parameter of another type (`text_column = $1` with an integer) is an error on PostgreSQL
//!   and simply not equal on SQLite.
//! - A column that is neither grouped by nor aggregated is an error on PostgreSQL.
//! - What a statement computes has at most 32 MiB on SQLite and 1 GB on PostgreSQL; tables, indexes and answers have at most 200 columns on
//!   SQLite.
//! - The order of rows without ORDER BY, and of what RETURNING answers, is nobody's promise.
//! - A truth value computed inside a subquery or behind a `*` is an integer on SQLite; name it in the outermost SELECT
//!   as `x = TRUE` to have it as one.
//! - SQLite has one writer at a time, so only PostgreSQL has serialization conflicts worth mentioning.

mod budget;
mod deed;
mod host_database;
mod location;
mod migrate;
mod plugin_database;
mod pool;
mod postgres;
mod reserved;
#[doc(hidden)]
pub mod scratch;
mod session;
mod solve;
mod sqlite;
mod storage;
mod wall;

pub use deed::{DeedFilter, PluginDeed};
pub use location::Location;
pub use migrate::PluginMigration;
pub use plugin_database::{PluginDatabase, PluginTransaction};
pub use reserved::{AnswerKey, StoredAnswer};
pub use solve::{NewSolve, StoredSolve};
pub use storage::{Storage, Unsent, Walls};
