//! How many people came to sessions: noted here, forgotten again, shown.

use conman_sdk::prelude::*;

use super::edit::{count, shown};
use super::int;
use crate::schema::{Session, SessionKey};
use crate::store::programme;

/// Notes how many came to a session, or takes that back.
///
/// # Errors
/// `invalid` or `not-found` with the place; the database's.
pub fn record(ctx: &Context, session: &str, people: Option<i32>) -> Result<Session> {
    let session = programme::session(session).map_err(|error| error.at("/session"))?;
    match count(people, "/count")? {
        Some(people) => {
            let row = row![session.id, people, clock::now()];
            database::upsert_many("attendance", &["session_id"], ["session_id", "people", "recorded_at"], [row])?;
        }
        None => {
            database::execute("DELETE FROM attendance WHERE session_id = $1", params![session.id])?;
        }
    }
    shown(ctx, &session.id)
}

/// Forgets what is known of a former edition; answers how many sessions that were.
///
/// # Errors
/// `not-found` where there is none; the database's.
pub fn forget(edition: &str) -> Result<i32> {
    let edition = crate::text::line(edition);
    let gone = database::execute("DELETE FROM past_session WHERE edition = $1", params![edition])?;
    if gone == 0 {
        return Err(Error::not_found(format!("No attendance of `{edition}` was imported.")).at("/edition"));
    }
    Ok(int(i64::try_from(gone).unwrap_or(i64::MAX)))
}

/// How many came to sessions.
///
/// # Errors
/// The database's.
pub fn of_sessions(sessions: &[SessionKey]) -> Batch<Option<i32>> {
    let sql = "SELECT session_id, people FROM attendance WHERE session_id IN ($keys)";
    let rows: Vec<(String, i64)> = database::query_in(sql, params![], sessions.iter().map(|key| key.id.as_str()))?;
    batch::optional(sessions, rows.into_iter().map(|(id, people)| (id, int(people))))
}
