//! The fields of `Subscription`.

use conman_sdk::prelude::*;

use super::telling::SessionsChanged;
use super::{plans, wire};
use crate::Programming;
use crate::schema::*;

impl SubscriptionResolvers for Programming {
    fn schedule_changed(
        _: &Context,
        args: SubscriptionScheduleChangedArgs,
        event: &Event,
    ) -> Result<Option<ScheduleChange>> {
        let SessionsChanged { release, sessions } = event.payload()?;
        let changes = sessions
            .into_iter()
            .filter(|session| args.sessions.as_ref().is_none_or(|wanted| wanted.contains(&session.id)))
            .map(|session| {
                Ok(SessionChange {
                    session_id: session.id,
                    title: session.title,
                    change: wire(&session.change)?,
                    room_name: session.room_name,
                    start: session.start,
                    end: session.end,
                    old_room_name: None,
                    old_start: None,
                    old_end: None,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok((!changes.is_empty()).then_some(ScheduleChange { release, changes }))
    }

    fn plan_progress(
        _: &Context,
        args: SubscriptionPlanProgressArgs,
        event: &Event,
    ) -> Result<Option<SchedulePlanProgress>> {
        plans::progress(&args.plan, event)
    }
}
