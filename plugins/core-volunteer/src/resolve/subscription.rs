//! The subscriptions: each event is looked at for each subscriber, and most are for somebody else.

use std::collections::BTreeSet;

use conman_sdk::prelude::*;

use crate::CoreVolunteer;
use crate::access::Reach;
use crate::here::Here;
use crate::notices::{EntriesFlagged, EntryChanged, ShiftsChanged};
use crate::schema::*;
use crate::stored::{entry, shift};

impl SubscriptionResolvers for CoreVolunteer {
    fn shift_changed(ctx: &Context, args: SubscriptionShiftChangedArgs, event: &Event) -> Result<Option<Vec<Shift>>> {
        let ids: BTreeSet<String> = match event.topic.as_str() {
            "volunteer.shift.changed" => {
                event.payload::<ShiftsChanged>()?.shifts.into_iter().map(|change| change.id).collect()
            }
            "volunteer.entry.signed-up" | "volunteer.entry.withdrawn" | "volunteer.entry.changed" => {
                BTreeSet::from([event.payload::<EntryChanged>()?.shift])
            }
            _ => return Ok(None),
        };
        let mut rows = shift::rows(ids)?;
        if let Some(department) = &args.department {
            let below = Reach::of(ctx)?.tree.subtree(department);
            rows.retain(|row| below.contains(&row.department_id));
        }
        let shifts = shift::complete(&Here::of(ctx)?, rows)?;
        Ok(Some(shifts).filter(|shifts| !shifts.is_empty()))
    }

    fn my_entries_flagged(ctx: &Context, event: &Event) -> Result<Option<Vec<ShiftEntry>>> {
        let flagged: EntriesFlagged = event.payload()?;
        let mine = flagged.entries.into_iter().filter(|entry| ctx.actor.account() == Some(entry.account.as_str()));
        let ids: Vec<String> = mine.map(|entry| entry.entry).collect();
        let entries = entry::shown(&Here::of(ctx)?, entry::rows(ids)?)?;
        Ok(Some(entries).filter(|entries| !entries.is_empty()))
    }
}
