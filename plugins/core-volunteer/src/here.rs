//! What most calls need of their surroundings: who asks, when it is, and the convention's rules.

use conman_sdk::prelude::*;

use crate::rules::calendar::Calendar;
use crate::rules::decision::Policy;
use crate::rules::hours::NightPolicy;
use crate::settings::Settings;

/// A call's surroundings.
pub(crate) struct Here<'c> {
    pub(crate) ctx: &'c Context,
    pub(crate) now: Timestamp,
    pub(crate) settings: Settings,
    pub(crate) calendar: Calendar,
    pub(crate) policy: Policy,
    pub(crate) night: NightPolicy,
}

impl<'c> Here<'c> {
    /// Reads configuration and clock.
    pub(crate) fn of(ctx: &'c Context) -> Result<Self> {
        let settings: Settings = config::get()?;
        let calendar = Calendar { zone: ctx.convention.zone().clone(), day_change: ctx.convention.day_change };
        let policy = settings.policy(&calendar, ctx.convention.starts_on);
        Ok(Self { ctx, now: clock::now(), night: settings.night(), calendar, policy, settings })
    }

    /// Who is noted as having done something: the account, or the host itself.
    pub(crate) fn who(&self) -> &str {
        self.ctx.actor.account().unwrap_or("system")
    }

    /// An instant as the convention's clocks show it.
    pub(crate) fn local(&self, at: Timestamp) -> DateTime {
        self.ctx.convention.local(at)
    }
}
