//! Flags on entries: put on when a change hurts a volunteer, taken off when it no longer does. Each that is put on is told of in
//! an event, also where the shift comes back that somebody was told not to come to.

use std::collections::{BTreeSet, HashMap};

use conman_sdk::prelude::*;

use crate::here::Here;
use crate::notices::{self, FlaggedEntry};
use crate::rules::decision::{Commitment, Standing, VolunteerFacts};
use crate::rules::entry::State;
use crate::rules::hurt;
use crate::schema::EntryFlagCode;
use crate::stored::entry::EntryRow;
use crate::stored::{entry, volunteer};

/// Looks at the volunteers of shifts that moved or were cancelled: flags the entries it hurts, and takes flags off that no
/// longer hold. Answers how many are newly flagged; each is told of in an event.
pub(crate) fn after_move(here: &Here<'_>, moved: &BTreeSet<String>) -> Result<usize> {
    if moved.is_empty() {
        return Ok(0);
    }
    let on_them = entry::of_shifts(moved)?;
    let accounts: BTreeSet<String> = on_them.into_iter().filter(is_open).map(|entry| entry.account_id).collect();
    refresh(here, &accounts, moved)
}

/// Takes flags off an account's entries that no longer hold, after one of the shifts in the way was given back.
pub(crate) fn after_withdrawal(here: &Here<'_>, account: &str) -> Result<()> {
    refresh(here, &BTreeSet::from([account.to_owned()]), &BTreeSet::new())?;
    Ok(())
}

fn is_open(entry: &EntryRow) -> bool {
    matches!(entry.state, State::SignedUp | State::Arrived)
}

fn refresh(here: &Here<'_>, accounts: &BTreeSet<String>, moved: &BTreeSet<String>) -> Result<usize> {
    if accounts.is_empty() {
        return Ok(0);
    }
    let mut entries_of: HashMap<String, Vec<EntryRow>> = HashMap::new();
    for entry in entry::of_accounts(accounts)? {
        entries_of.entry(entry.account_id.clone()).or_default().push(entry);
    }
    let availability = volunteer::availability(accounts)?;
    let nobody = VolunteerFacts::default();
    let mut changed = Vec::new();
    let mut notices = Vec::new();
    for account in accounts {
        let entries = entries_of.remove(account).unwrap_or_default();
        let commitments: Vec<Commitment> = entries.iter().map(EntryRow::commitment).collect::<Result<_>>()?;
        let standing = Standing::new(&here.policy, &here.calendar, here.now, &nobody, &commitments);
        let available = availability.get(account).map_or(&[][..], Vec::as_slice);
        for mut entry in entries {
            let looked_at = entry.flag.is_some() || moved.contains(&entry.shift_id);
            if !looked_at || !is_open(&entry) {
                continue;
            }
            let shift = entry.shift_facts()?;
            let hurt = hurt::check(&standing, &shift, available, entry.agreed());
            let code = hurt.as_ref().map(|hurt| code(hurt.code())).transpose()?;
            let reason = hurt.map(|hurt| hurt.message(&here.calendar, &shift));
            if code == entry.flag && reason == entry.flag_reason {
                continue;
            }
            if shift.cancelled {
                // Should it take place again, its volunteer has to be asked again.
                entry.agree();
            }
            entry.flag = code;
            entry.flagged_at = code.map(|_| here.now);
            if let (Some(code), Some(reason)) = (code, &reason) {
                notices.push(FlaggedEntry {
                    entry: entry.id.clone(),
                    shift: entry.shift_id.clone(),
                    account: account.clone(),
                    code: code.to_string(),
                    reason: reason.clone(),
                });
            }
            entry.flag_reason = reason;
            changed.push(entry);
        }
    }
    entry::save(&changed)?;
    notices::flagged(&notices)?;
    Ok(notices.len())
}

fn code(word: &str) -> Result<EntryFlagCode> {
    word.parse().map_err(|_| Error::internal(format!("`{word}` is no word of EntryFlagCode")))
}
