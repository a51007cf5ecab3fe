//! Hours: entries and worklog of many accounts summed up, and how far each is from the rewards.

use std::collections::HashMap;

use conman_sdk::prelude::*;

use crate::here::Here;
use crate::rules::hours::{Part, Sum};
use crate::rules::{reward, words};
use crate::schema::{RewardProgress, VolunteerHours, VolunteerReward};
use crate::settings::Reward;
use crate::stored::entry;
use crate::stored::entry::EntryRow;

/// The hours of accounts, by account; who gave none is left out.
pub(crate) fn sums(here: &Here<'_>, accounts: &[String]) -> Result<HashMap<String, Sum>> {
    let entries = entry::of_accounts(accounts)?;
    let sql = "SELECT account_id, minutes FROM worklog WHERE account_id IN ($keys)";
    let worklog = database::query_in::<(String, i64), _>(sql, params![], accounts)?;
    sum_up(here, &entries, worklog)
}

/// The hours of everybody.
pub(crate) fn sums_of_all(here: &Here<'_>) -> Result<HashMap<String, Sum>> {
    let entries = database::query_as::<EntryRow>(entry::SELECT, params![])?;
    let worklog = database::query_as("SELECT account_id, minutes FROM worklog", params![])?;
    sum_up(here, &entries, worklog)
}

fn sum_up(here: &Here<'_>, entries: &[EntryRow], worklog: Vec<(String, i64)>) -> Result<HashMap<String, Sum>> {
    let mut sums: HashMap<String, Sum> = HashMap::new();
    for entry in entries {
        let part = Part {
            span: entry.span()?,
            weight_percent: entry.weight_percent,
            cancelled: entry.cancelled,
            state: entry.state,
        };
        sums.entry(entry.account_id.clone()).or_default().add_shift(&here.calendar, here.night, here.now, part);
    }
    for (account, minutes) in worklog {
        sums.entry(account).or_default().add_worklog(minutes);
    }
    Ok(sums)
}

/// Hours and rewards of accounts as GraphQL shows them, in their order.
pub(crate) fn shown(here: &Here<'_>, accounts: &[String]) -> Result<Vec<VolunteerHours>> {
    let sums = sums(here, accounts)?;
    let sql = "SELECT account_id, reward_id, handed_out_at FROM reward_handed_out WHERE account_id IN ($keys)";
    let handed_out: HashMap<(String, String), Timestamp> =
        database::query_in::<(String, String, Timestamp), _>(sql, params![], accounts)?
            .into_iter()
            .map(|(account, reward, at)| ((account, reward), at))
            .collect();
    let rewards = here.settings.rewards();
    let shown = accounts.iter().map(|account| {
        let sum = sums.get(account).copied().unwrap_or_default();
        let progress = rewards.iter().map(|reward| {
            let missing = reward::missing(reward::threshold(reward.hours), sum.weighted);
            RewardProgress {
                reached: missing == 0,
                missing_hours: words::hours(missing),
                handed_out_at: handed_out.get(&(account.clone(), reward.id.clone())).map(|at| here.local(*at)),
                reward: reward.clone().into(),
            }
        });
        VolunteerHours {
            worked: words::hours(sum.worked),
            weighted: words::hours(sum.weighted),
            planned: words::hours(sum.planned),
            rewards: progress.collect(),
        }
    });
    Ok(shown.collect())
}

/// One account's hours as GraphQL shows them.
pub(crate) fn shown_one(here: &Here<'_>, account: &str) -> Result<VolunteerHours> {
    let shown = shown(here, &[account.to_owned()])?;
    shown.into_iter().next().ok_or_else(|| Error::internal("hours of one account answered none"))
}

impl From<Reward> for VolunteerReward {
    fn from(reward: Reward) -> Self {
        Self { id: reward.id, name: reward.name, kind: reward.kind.into(), hours: reward.hours }
    }
}
