//! Entries: who has which place.

use std::collections::HashMap;

use conman_sdk::database::parse;
use conman_sdk::prelude::*;

use crate::here::Here;
use crate::rules::calendar::Span;
use crate::rules::decision::{Commitment, ShiftFacts};
use crate::rules::entry::State;
use crate::rules::withdrawal;
use crate::schema::{AccountKey, EntryFlag, EntryFlagCode, EntryState, ShiftEntry, VolunteerRole};
use crate::stored::{role, span};

/// An entry together with its shift.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct EntryRow {
    pub(crate) id: String,
    pub(crate) shift_id: String,
    pub(crate) role_id: String,
    pub(crate) account_id: String,
    pub(crate) state: State,
    pub(crate) signed_up_at: Timestamp,
    pub(crate) signed_up_by: String,
    pub(crate) changed_at: Timestamp,
    pub(crate) changed_by: String,
    pub(crate) comment: String,
    pub(crate) flag: Option<EntryFlagCode>,
    pub(crate) flag_reason: Option<String>,
    pub(crate) flagged_at: Option<Timestamp>,
    pub(crate) agreed_start: Option<Timestamp>,
    pub(crate) agreed_end: Option<Timestamp>,
    pub(crate) title: String,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) cancelled: bool,
    pub(crate) department_id: String,
    pub(crate) weight_percent: i64,
}

/// The columns of [`EntryRow`], of the tables called `e` and `s`.
pub(crate) const SELECT: &str = "SELECT e.id, e.shift_id, e.role_id, e.account_id, e.state, e.signed_up_at, e.signed_up_by, \
     e.changed_at, e.changed_by, e.comment, e.flag, e.flag_reason, e.flagged_at, \
     e.agreed_start, e.agreed_end, s.title, s.starts_at, s.ends_at, s.cancelled, s.department_id, s.weight_percent \
     FROM entry e JOIN shift s ON s.id = e.shift_id";

impl FromValue for State {
    const EXPECTED: &'static str = "an entry's state";

    fn from_value(value: Value) -> Result<Self, Value> {
        let text: String = parse(value)?;
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(Value::Text(text))
    }
}

impl ToValue for State {
    fn to_value(&self) -> Value {
        Value::Text(self.as_str().to_owned())
    }
}

impl From<State> for EntryState {
    fn from(state: State) -> Self {
        match state {
            State::SignedUp => Self::SignedUp,
            State::Arrived => Self::Arrived,
            State::Completed => Self::Completed,
            State::Abandoned => Self::Abandoned,
            State::NoShow => Self::NoShow,
        }
    }
}

// === impl EntryRow ===

impl EntryRow {
    /// When its shift is.
    pub(crate) fn span(&self) -> Result<Span> {
        span(self.starts_at, self.ends_at)
    }

    /// What of its shift matters for a decision.
    pub(crate) fn shift_facts(&self) -> Result<ShiftFacts> {
        Ok(ShiftFacts {
            id: self.shift_id.clone(),
            title: self.title.clone(),
            span: self.span()?,
            cancelled: self.cancelled,
        })
    }

    /// The time its volunteer has agreed to; none after the shift was cancelled.
    pub(crate) fn agreed(&self) -> Option<Span> {
        Span::new(self.agreed_start?, self.agreed_end?)
    }

    /// What the flag asked is answered.
    pub(crate) fn unflag(&mut self) {
        (self.flag, self.flag_reason, self.flagged_at) = (None, None, None);
    }

    /// Its volunteer agrees to the shift as it is now; a cancelled one ends what was agreed.
    pub(crate) fn agree(&mut self) {
        let (start, end) = if self.cancelled { (None, None) } else { (Some(self.starts_at), Some(self.ends_at)) };
        (self.agreed_start, self.agreed_end) = (start, end);
    }

    /// As something its volunteer has agreed to.
    pub(crate) fn commitment(&self) -> Result<Commitment> {
        Ok(Commitment { shift: self.shift_facts()?, binding: self.state.holds_a_place() })
    }

    fn shown(self, here: &Here<'_>, roles: &HashMap<String, VolunteerRole>) -> Result<ShiftEntry> {
        let minutes = here.settings.withdrawal_minutes_before;
        let deadline = withdrawal::deadline(self.span()?, self.flag.is_some(), minutes);
        let flag = self.flag.map(|code| EntryFlag {
            code,
            message: self.flag_reason.unwrap_or_default(),
            at: here.local(self.flagged_at.unwrap_or(self.changed_at)),
        });
        Ok(ShiftEntry {
            state: self.state.into(),
            role: roles.get(&self.role_id).cloned().ok_or_else(|| Error::internal("an entry's role is gone"))?,
            account: AccountKey::from(self.account_id),
            signed_up_at: here.local(self.signed_up_at),
            changed_at: here.local(self.changed_at),
            withdrawable_until: here.local(deadline),
            flag,
            id: self.id,
        })
    }
}

/// Entries by id.
pub(crate) fn rows<K: ToValue>(ids: impl IntoIterator<Item = K>) -> Result<Vec<EntryRow>> {
    database::query_in(&format!("{SELECT} WHERE e.id IN ($keys)"), params![], ids)
}

/// One entry.
pub(crate) fn one(id: &str) -> Result<EntryRow> {
    let row = database::query_optional(&format!("{SELECT} WHERE e.id = $1"), params![id])?;
    row.ok_or_else(|| Error::not_found("There is no such entry; it may have been withdrawn."))
}

/// All entries of accounts, by their shifts' start.
pub(crate) fn of_accounts<K: ToValue>(accounts: impl IntoIterator<Item = K>) -> Result<Vec<EntryRow>> {
    let sql = format!("{SELECT} WHERE e.account_id IN ($keys) ORDER BY s.starts_at, e.id");
    database::query_in(&sql, params![], accounts)
}

/// All entries on shifts, by when they were made.
pub(crate) fn of_shifts<K: ToValue>(shifts: impl IntoIterator<Item = K>) -> Result<Vec<EntryRow>> {
    let sql = format!("{SELECT} WHERE e.shift_id IN ($keys) ORDER BY e.signed_up_at, e.id");
    database::query_in(&sql, params![], shifts)
}

/// Entries as GraphQL shows them, in the same order.
pub(crate) fn shown(here: &Here<'_>, rows: Vec<EntryRow>) -> Result<Vec<ShiftEntry>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let roles = role::by_id()?;
    rows.into_iter().map(|row| row.shown(here, &roles)).collect()
}

/// One entry as GraphQL shows it.
pub(crate) fn shown_one(here: &Here<'_>, row: EntryRow) -> Result<ShiftEntry> {
    let role = role::one(&row.role_id)?;
    shown_as(here, row, role)
}

/// One entry whose role is known.
pub(crate) fn shown_as(here: &Here<'_>, row: EntryRow, role: VolunteerRole) -> Result<ShiftEntry> {
    row.shown(here, &HashMap::from([(role.id.clone(), role)]))
}

/// Adds or overwrites entries, all but their ratings.
pub(crate) fn save(rows: &[EntryRow]) -> Result<()> {
    let columns = [
        "id",
        "shift_id",
        "role_id",
        "account_id",
        "state",
        "signed_up_at",
        "signed_up_by",
        "changed_at",
        "changed_by",
        "comment",
        "flag",
        "flag_reason",
        "flagged_at",
        "agreed_start",
        "agreed_end",
    ];
    let values = rows.iter().map(|row| {
        row![
            row.id,
            row.shift_id,
            row.role_id,
            row.account_id,
            row.state,
            row.signed_up_at,
            row.signed_up_by,
            row.changed_at,
            row.changed_by,
            row.comment,
            row.flag,
            row.flag_reason,
            row.flagged_at,
            row.agreed_start,
            row.agreed_end
        ]
    });
    database::upsert_many("entry", &["id"], columns, values)?;
    Ok(())
}

/// Takes a place, unless all are taken meanwhile. The row is the one thing concurrent sign-ups compete for.
pub(crate) fn take_place(shift: &str, role: &str) -> Result<bool> {
    let sql = "UPDATE shift_seat SET taken = taken + 1 WHERE shift_id = $1 AND role_id = $2 AND taken < needed";
    Ok(database::execute(sql, params![shift, role])? == 1)
}

/// Gives a place back.
pub(crate) fn give_place(shift: &str, role: &str) -> Result<()> {
    let sql = "UPDATE shift_seat SET taken = taken - 1 WHERE shift_id = $1 AND role_id = $2 AND taken > 0";
    match database::execute(sql, params![shift, role])? {
        1 => Ok(()),
        _ => Err(Error::internal(format!("shift {shift} has no taken place for role {role}"))),
    }
}
