//! A number that grows with every change of the programme: exports are tagged with it, and a release finds by it what changed.

use conman_sdk::prelude::*;

/// The next revision.
///
/// # Errors
/// The database's.
pub fn next() -> Result<i64> {
    let sql = "INSERT INTO counter (name, value) VALUES ('revision', 1) ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value";
    database::query_value(sql, params![])
}

/// The revision now.
///
/// # Errors
/// The database's.
pub fn now() -> Result<i64> {
    let found: Option<(i64,)> =
        database::query_optional("SELECT value FROM counter WHERE name = 'revision'", params![])?;
    Ok(found.map_or(0, |(value,)| value))
}

/// Something that shows in exports changed, but no session's own row.
///
/// # Errors
/// The database's.
pub fn touch() -> Result<()> {
    next().map(|_| ())
}
