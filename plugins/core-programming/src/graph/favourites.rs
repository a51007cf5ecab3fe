//! What attendees marked, and the secret calendar address of it.
//!
//! Calendar programs cannot sign in, so the address itself is the key. It is kept as a hash: a leaked database does not leak it.

use conman_sdk::prelude::*;
use sha2::{Digest, Sha256};

use super::sessions::Reading;
use crate::schema::{FavouritesFeed, Session, SessionKey};
use crate::store::View;

/// The signed-in person's, by time.
///
/// # Errors
/// `unauthenticated`; the database's.
pub fn of(ctx: &Context) -> Result<Vec<Session>> {
    let account = ctx.actor.signed_in()?;
    let reading = Reading::new(ctx, View::Released, "");
    let sql = format!(
        "SELECT {} {} AND s.id IN (SELECT f.session_id FROM favourite f WHERE f.account_id = $1) ORDER BY s.starts_at, s.id LIMIT 2000",
        reading.columns(),
        reading.from()
    );
    reading.query(&sql, params![account])
}

/// Which of these the asking person marked.
///
/// # Errors
/// The database's.
pub fn marked(ctx: &Context, sessions: &[SessionKey]) -> Batch<bool> {
    let Some(account) = ctx.actor.account() else { return Ok(sessions.iter().map(|_| Ok(false)).collect()) };
    let sql = "SELECT session_id FROM favourite WHERE account_id = $1 AND session_id IN ($keys)";
    let rows: Vec<(String,)> = database::query_in(sql, params![account], sessions.iter().map(|key| key.id.as_str()))?;
    batch::values(sessions, rows.into_iter().map(|(id,)| (id, true)), false)
}

/// Marks a session.
///
/// # Errors
/// `unauthenticated`, `not-found`; the database's.
pub fn mark(ctx: &Context, session: &str) -> Result<Session> {
    let account = ctx.actor.signed_in()?;
    let found = shown(ctx, session)?;
    let row = row![account, session, clock::now()];
    database::insert_missing(
        "favourite",
        &["account_id", "session_id"],
        ["account_id", "session_id", "marked_at"],
        [row],
    )?;
    Ok(found)
}

/// Takes a mark away.
///
/// # Errors
/// `unauthenticated`, `not-found`; the database's.
pub fn unmark(ctx: &Context, session: &str) -> Result<Session> {
    let account = ctx.actor.signed_in()?;
    database::execute("DELETE FROM favourite WHERE account_id = $1 AND session_id = $2", params![account, session])?;
    shown(ctx, session)
}

fn shown(ctx: &Context, session: &str) -> Result<Session> {
    let found = Reading::new(ctx, View::Released, "").one(session)?;
    found.ok_or_else(|| Error::not_found("There is no such session in the released programme.").at("/session"))
}

/// Makes a new calendar address; the former one stops working.
///
/// # Errors
/// `unauthenticated`; the database's.
pub fn make_feed(ctx: &Context) -> Result<FavouritesFeed> {
    let account = ctx.actor.signed_in()?;
    let secret: String = random::bytes(24).iter().map(|byte| format!("{byte:02x}")).collect();
    let row = row![account, hashed(&secret), clock::now()];
    database::upsert_many("feed", &["account_id"], ["account_id", "secret", "made_at"], [row])?;
    Ok(FavouritesFeed { path: format!("favourites.ics?token={secret}") })
}

/// Makes the address stop working; answers whether there was one.
///
/// # Errors
/// `unauthenticated`; the database's.
pub fn revoke_feed(ctx: &Context) -> Result<bool> {
    Ok(database::execute("DELETE FROM feed WHERE account_id = $1", params![ctx.actor.signed_in()?])? > 0)
}

/// Whose favourites a calendar address shows.
///
/// # Errors
/// The database's.
pub fn feed_owner(secret: &str) -> Result<Option<String>> {
    let found: Option<(String,)> =
        database::query_optional("SELECT account_id FROM feed WHERE secret = $1", params![hashed(secret)])?;
    Ok(found.map(|(account,)| account))
}

fn hashed(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
