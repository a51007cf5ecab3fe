//! Volunteers' profiles: who has arrived, who was confirmed for what, when they can help.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use conman_sdk::prelude::*;

use crate::here::Here;
use crate::rules::calendar::Span;
use crate::schema::{AccountKey, Volunteer};
use crate::stored::span;

/// A volunteer's own row.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct VolunteerRow {
    pub(crate) account_id: String,
    pub(crate) name: String,
    pub(crate) joined_at: Timestamp,
    pub(crate) arrived_at: Option<Timestamp>,
    pub(crate) adult_confirmed_at: Option<Timestamp>,
    pub(crate) pardoned_no_shows: i64,
}

/// The columns of [`VolunteerRow`].
pub(crate) const SELECT: &str =
    "SELECT account_id, name, joined_at, arrived_at, adult_confirmed_at, pardoned_no_shows FROM volunteer";

/// What somebody has confirmed about a volunteer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Confirmed {
    pub(crate) roles: BTreeSet<String>,
    pub(crate) licences: BTreeSet<String>,
}

impl VolunteerRow {
    /// As GraphQL shows it.
    pub(crate) fn shown(self, here: &Here<'_>) -> Volunteer {
        Volunteer {
            account: AccountKey::from(self.account_id.as_str()),
            id: self.account_id,
            name: self.name,
            joined_at: here.local(self.joined_at),
            arrived_at: self.arrived_at.map(|at| here.local(at)),
            adult: self.adult_confirmed_at.is_some(),
        }
    }
}

/// Volunteers by account; those without a profile are left out.
pub(crate) fn rows<K: ToValue>(accounts: impl IntoIterator<Item = K>) -> Result<Vec<VolunteerRow>> {
    database::query_in(&format!("{SELECT} WHERE account_id IN ($keys)"), params![], accounts)
}

/// One volunteer, if they have a profile.
pub(crate) fn find(account: &str) -> Result<Option<VolunteerRow>> {
    database::query_optional(&format!("{SELECT} WHERE account_id = $1"), params![account])
}

/// One volunteer; the profile is made when there is none.
pub(crate) fn ensured(here: &Here<'_>, account: &str) -> Result<VolunteerRow> {
    if let Some(row) = find(account)? {
        return Ok(row);
    }
    add(here, account)?;
    find(account)?.ok_or_else(|| Error::internal("a profile that was just made is gone"))
}

/// Makes a profile. The name is known only of whoever is asking; of others the account has it.
pub(crate) fn add(here: &Here<'_>, account: &str) -> Result<()> {
    let name = if here.ctx.actor.account() == Some(account) { here.ctx.actor.name.as_str() } else { "" };
    let row = [row![account, name, here.now, 0]];
    let columns = ["account_id", "name", "joined_at", "pardoned_no_shows"];
    database::insert_missing("volunteer", &["account_id"], columns, row)?;
    Ok(())
}

/// Keeps the name of whoever is asking as it is now.
pub(crate) fn rename(account: &str, name: &str) -> Result<()> {
    database::execute("UPDATE volunteer SET name = $2 WHERE account_id = $1", params![account, name])?;
    Ok(())
}

/// What somebody has confirmed about a volunteer.
pub(crate) fn confirmed(account: &str) -> Result<Confirmed> {
    let sql = "SELECT 'role' AS kind, role_id AS name FROM qualification WHERE account_id = $1 AND confirmed_at IS NOT NULL \
               UNION ALL SELECT 'licence' AS kind, licence AS name FROM licence WHERE account_id = $1";
    let mut confirmed = Confirmed::default();
    for (kind, name) in database::query_as::<(String, String)>(sql, params![account])? {
        if kind == "role" {
            confirmed.roles.insert(name)
        } else {
            confirmed.licences.insert(name)
        };
    }
    Ok(confirmed)
}

/// When accounts can help; those who said nothing are left out.
pub(crate) fn availability<K: ToValue>(accounts: impl IntoIterator<Item = K>) -> Result<HashMap<String, Vec<Span>>> {
    let sql = "SELECT account_id, starts_at, ends_at FROM availability WHERE account_id IN ($keys) ORDER BY account_id, starts_at";
    let mut spans: HashMap<String, Vec<Span>> = HashMap::new();
    for (account, start, end) in database::query_in::<(String, Timestamp, Timestamp), _>(sql, params![], accounts)? {
        spans.entry(account).or_default().push(span(start, end)?);
    }
    Ok(spans)
}

/// Replaces when an account can help. Spans that overlap or touch become one.
pub(crate) fn save_availability(account: &str, spans: &[Span]) -> Result<()> {
    database::execute("DELETE FROM availability WHERE account_id = $1", params![account])?;
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    let mut merged: BTreeMap<Timestamp, Timestamp> = BTreeMap::new();
    for span in sorted {
        match merged.last_entry() {
            Some(mut last) if *last.get() >= span.start => {
                let end = span.end.max(*last.get());
                last.insert(end);
            }
            _ => {
                merged.insert(span.start, span.end);
            }
        }
    }
    let rows = merged.iter().map(|(start, end)| row![account, start, end]);
    database::insert_many("availability", ["account_id", "starts_at", "ends_at"], rows)?;
    Ok(())
}
