//! What this plugin adds to a person's account: nothing for strangers, so that a list of people can be asked for it.

use conman_sdk::prelude::*;

use crate::CoreVolunteer;
use crate::access::Sight;
use crate::here::Here;
use crate::schema::*;
use crate::stored::{hours, volunteer};

impl AccountFields for CoreVolunteer {
    fn volunteer(ctx: &Context, accounts: &[AccountKey]) -> Batch<Option<Volunteer>> {
        let here = Here::of(ctx)?;
        let rows = volunteer::rows(seen(ctx, accounts)?)?;
        batch::optional(accounts, rows.into_iter().map(|row| (row.account_id.clone(), row.shown(&here))))
    }

    fn volunteer_hours(ctx: &Context, accounts: &[AccountKey]) -> Batch<Option<VolunteerHours>> {
        let seen = seen(ctx, accounts)?;
        let hours = hours::shown(&Here::of(ctx)?, &seen)?;
        batch::optional(accounts, seen.into_iter().zip(hours))
    }
}

fn seen(ctx: &Context, accounts: &[AccountKey]) -> Result<Vec<String>> {
    let sight = Sight::of(ctx)?;
    Ok(accounts.iter().map(|key| key.id.clone()).filter(|account| sight.covers(account)).collect())
}
