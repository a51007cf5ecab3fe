//! The seams at which the scheduler's jobs meet the rest of the host: where they are, who hears of them, and what wakes whoever works on
//! them.

use async_trait::async_trait;
use conman_bus::{Bus, Outboxes as _, Waker as BusWaker};
use conman_graph::SubscriptionHub;
use conman_kernel::dispatch::CommitListener;
use conman_kernel::event::Event;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{SharedDatabase, SqlError};
use conman_runtime::Runtime;
use conman_solving::{Onlooker, Places, Waker};

use crate::events::PluginOutboxes;

/// Where jobs are: where events are, too.
pub(crate) struct JobPlaces {
    pub(crate) databases: PluginOutboxes,
    pub(crate) runtime: Runtime,
}

#[async_trait]
impl Places for JobPlaces {
    async fn open(&self, convention: &ConventionId, plugin: &PluginId) -> Result<Option<SharedDatabase>, SqlError> {
        self.databases.open(convention, plugin).await
    }

    async fn all(&self) -> Result<Vec<(ConventionId, PluginId)>, SqlError> {
        self.databases.all().await
    }

    async fn is_enabled(&self, convention: &ConventionId, plugin: &PluginId) -> Result<bool, SqlError> {
        self.runtime.is_enabled(convention, plugin).await
    }
}

/// Lets subscriptions hear how far jobs have come, and the bus that one has ended.
pub(crate) struct JobNews {
    pub(crate) hub: SubscriptionHub,
    pub(crate) runtime: Runtime,
    pub(crate) bus: BusWaker,
}

impl Onlooker for JobNews {
    fn progressed(&self, convention: &ConventionId, event: &Event) {
        self.hub.publish(convention, event);
    }

    fn ended(&self, convention: &ConventionId, plugin: &PluginId) {
        self.runtime.outdate(convention, plugin);
        self.bus.committed(convention, plugin, true);
    }
}

/// Tells the bus of events, and the desk of jobs, that a plugin's transaction has left.
pub(crate) struct Wakers {
    pub(crate) bus: BusWaker,
    pub(crate) desk: Waker,
}

impl Wakers {
    pub(crate) fn of(bus: &Bus, desk: &conman_solving::Desk) -> Self {
        Self { bus: bus.waker(), desk: desk.waker() }
    }
}

impl CommitListener for Wakers {
    fn committed(&self, convention: &ConventionId, plugin: &PluginId, emitted: bool) {
        self.bus.committed(convention, plugin, emitted);
    }

    fn ordered(&self, convention: &ConventionId, plugin: &PluginId) {
        self.desk.ordered(convention, plugin);
    }
}
