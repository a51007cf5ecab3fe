//! The handle everybody holds.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use conman_kernel::dispatch::CommitListener;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{Migration, SharedDatabase};
use jiff::Timestamp;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::conductor::Conductor;
use crate::config::BusConfig;
use crate::desk::{Desk, DeskCarrier};
use crate::error::BusError;
use crate::figures::{BusFigures, Counters};
use crate::parts::BusParts;
use crate::relay::relay;

/// The name under which [`MIGRATIONS`] are recorded.
pub const COMPONENT: &str = "bus";

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "delivery", sql: include_str!("../migrations/0001_delivery.sql") }];

/// A running event bus. Cheap to clone; when the last clone is dropped without [`Bus::shutdown`], everything stops where it is, and the
/// next start goes on from there.
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

/// Tells a bus of commits and does not keep it alive: whoever commits is among what the bus itself keeps alive. Cheap to clone.
#[derive(Clone)]
pub struct Waker(Arc<Desk>);

struct Inner {
    parts: BusParts,
    desk: Arc<Desk>,
    counters: Arc<Counters>,
    batch: u32,
    _drop: DropGuard,
}

impl Bus {
    /// Starts, and goes on with what an earlier bus left: full outboxes, deliveries under way, retries. Must be called inside a Tokio
    /// runtime.
    #[must_use]
    pub fn start(parts: BusParts, config: BusConfig) -> Self {
        let desk = Arc::new(Desk::default());
        let counters = Arc::new(Counters::default());
        let dropped = CancellationToken::new();
        let batch = config.batch.max(1);
        let conductor =
            Conductor::new(parts.clone(), config, Arc::clone(&desk), Arc::clone(&counters), dropped.clone());
        tokio::spawn(conductor.run());
        Self(Arc::new(Inner { parts, desk, counters, batch, _drop: dropped.drop_guard() }))
    }

    /// What tells this bus of commits.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.0.desk))
    }

    /// Takes over what a publisher has left in its outbox: for before its database is removed, when nothing of it runs any more.
    ///
    /// # Errors
    /// When that fails, as it does after [`Bus::shutdown`]; what is still in the outbox is owed to others.
    pub async fn take_over(&self, convention: &ConventionId, publisher: &PluginId) -> Result<(), BusError> {
        let inner = &self.0;
        // Nobody else relays it meanwhile: a relay has the database open, and would open it again to try once more; and two would tell
        // listeners of everything twice.
        let _turn = inner.desk.turn((convention.clone(), publisher.clone())).await?;
        let carrier = DeskCarrier(Arc::clone(&inner.desk));
        let relayed = relay(&inner.parts, &carrier, convention, publisher, inner.batch).await?;
        inner.counters.relayed.fetch_add(relayed, Ordering::Relaxed);
        Ok(())
    }

    /// Says that a plugin was enabled, disabled, upgraded or loaded at last: what was held may go on. Returns at once.
    pub fn subscriptions_changed(&self) {
        self.0.desk.put(|papers| papers.subscriptions_changed = true);
    }

    /// Looks what is due now. Needed only where the clock is moved by hand.
    pub fn look_again(&self) {
        self.0.desk.put(|papers| papers.look = true);
    }

    /// Waits until every event is delivered, dead, or held for a disabled plugin.
    pub async fn idle(&self) {
        self.look_again();
        self.0.desk.wait(super::desk::Papers::idle).await;
    }

    /// Waits until there is nothing to do before the clock moves on; retries may be waiting.
    pub async fn settled(&self) {
        self.look_again();
        let clock = &self.0.parts.clock;
        self.0.desk.wait(|papers| papers.settled(clock.now())).await;
    }

    /// Starts nothing more, waits for handlers that run and writes down what came of them.
    pub async fn shutdown(&self) {
        self.0.desk.put(|papers| papers.stopping = true);
        self.0.desk.wait(|papers| papers.stopped).await;
    }

    /// What was done since the start, for metrics.
    #[must_use]
    pub fn figures(&self) -> BusFigures {
        self.0.counters.read(self.0.desk.read(|papers| papers.in_flight))
    }

    pub(crate) fn database(&self) -> &SharedDatabase {
        &self.0.parts.database
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }
}

impl CommitListener for Waker {
    fn committed(&self, convention: &ConventionId, plugin: &PluginId, emitted: bool) {
        if emitted {
            self.0.put(|papers| {
                papers.dirty.insert((convention.clone(), plugin.clone()));
            });
        }
    }
}
