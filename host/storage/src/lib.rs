//! SQL databases: one for the host, and one for every plugin of every convention, on SQLite files or on PostgreSQL.
//!
//! [`Storage`] opens them; [`PluginDatabase`] is what the runtime hands to a plugin's calls, one transaction per call.
//! Two walls keep a plugin inside its own database, each standing without the other: every statement is parsed and
//! written anew from what was understood (`wall`), and the database itself refuses to leave (SQLite's authorizer over a
//! file with nothing else in it; a PostgreSQL role with no rights elsewhere).
//!
//! Plugins and the host write one portable SQL, described in the kernel's `sql` module; both engines answer it alike.

mod budget;
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
mod sqlite;
mod storage;
mod wall;

pub use location::Location;
pub use migrate::PluginMigration;
pub use plugin_database::{PluginDatabase, PluginTransaction};
pub use reserved::{AnswerKey, StoredAnswer};
pub use storage::{Storage, Walls};
