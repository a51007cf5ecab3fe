//! Volunteers: departments, shifts, sign-up, hours and rewards.
//!
//! [`rules`] decides and knows neither database nor GraphQL; `stored` reads and writes rows; `resolve` answers the schema's
//! fields; `follow` keeps shifts in step with the programme.

use conman_sdk::prelude::*;

pub mod rules;

mod access;
mod asking;
mod csv;
mod export;
mod flags;
mod follow;
mod here;
mod notices;
mod resolve;
mod settings;
mod stored;

conman_sdk::plugin!(CoreVolunteer, lifecycle);

impl Lifecycle for CoreVolunteer {
    type Config = settings::Settings;

    fn validate_config(_ctx: &Context, config: Self::Config) -> Result<(), Vec<Error>> {
        let findings = config.findings();
        if findings.is_empty() { Ok(()) } else { Err(findings) }
    }
}

impl EventHandler for CoreVolunteer {
    fn handle(ctx: &Context, event: &Event) -> Result<()> {
        let changed: follow::SessionsChanged = event.payload()?;
        let report = follow::follow(&here::Here::of(ctx)?, changed.into_sessions())?;
        tracing::info!(
            created = report.created,
            moved = report.moved,
            cancelled = report.cancelled,
            flagged = report.flagged,
            "followed the programme"
        );
        Ok(())
    }
}
