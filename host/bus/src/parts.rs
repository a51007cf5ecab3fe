//! What the bus is put together from. Everything it needs of others is one of these narrow traits.

use std::sync::Arc;

use async_trait::async_trait;
use conman_kernel::clock::Clock;
use conman_kernel::dispatch::{Dispatcher, Scope};
use conman_kernel::event::{Event, EventListener, TopicPattern};
use conman_kernel::fault::Fault;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{SharedDatabase, SqlError};

/// Where events come from: the databases in which plugins' transactions leave them.
#[async_trait]
pub trait Outboxes: Send + Sync {
    /// The database that holds this publisher's `conman_outbox`; none when it is gone. None is made: a purge may be faster than a relay.
    /// Asked for every relay, and so to be cheap: one that is open may be answered without a look whether it is still there.
    ///
    /// # Errors
    /// When it cannot be opened.
    async fn open(&self, convention: &ConventionId, publisher: &PluginId) -> Result<Option<SharedDatabase>, SqlError>;

    /// Whether it is there still: looked up, as a relay has failed.
    ///
    /// # Errors
    /// When that cannot be told.
    async fn has(&self, convention: &ConventionId, publisher: &PluginId) -> Result<bool, SqlError>;

    /// Every publisher there is, disabled ones included: what they left in their outbox was committed and is still owed.
    ///
    /// # Errors
    /// When the list cannot be read.
    async fn all(&self) -> Result<Vec<(ConventionId, PluginId)>, SqlError>;
}

/// Who wants which events.
#[async_trait]
pub trait Subscriptions: Send + Sync {
    /// Which events are owed to whom in `convention`: to every plugin that is enabled there, also to one that this host cannot run
    /// just now, or at all. An event owed to nobody is dropped.
    ///
    /// # Errors
    /// When that cannot be told; then events stay in their outbox until it can.
    async fn owed(&self, convention: &ConventionId) -> Result<Vec<(PluginId, Vec<TopicPattern>)>, SqlError>;

    /// Whether `subscriber` can take events of `topic` just now. Until it can, what is owed to it is held.
    fn takes(&self, convention: &ConventionId, subscriber: &PluginId, topic: &str) -> bool;
}

/// As whom and where a handler runs.
#[async_trait]
pub trait Scopes: Send + Sync {
    /// The scope for handling `event`.
    ///
    /// # Errors
    /// When the convention is gone or cannot be read; the delivery is retried like any that failed.
    async fn scope(&self, convention: &ConventionId, event: &Event) -> Result<Scope, Fault>;
}

/// What the bus is put together from.
#[derive(Clone)]
pub struct BusParts {
    /// The host's database, in which [`MIGRATIONS`](crate::MIGRATIONS) have run.
    pub database: SharedDatabase,
    /// Where events come from.
    pub outboxes: Arc<dyn Outboxes>,
    /// Who wants them.
    pub subscriptions: Arc<dyn Subscriptions>,
    /// As whom handlers run.
    pub scopes: Arc<dyn Scopes>,
    /// Runs handlers.
    pub dispatcher: Arc<dyn Dispatcher>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Who else hears of events, of each once it is durable on the host: at least once, in the order of a publisher's events, on the host
    /// that relayed it.
    pub listeners: Vec<Arc<dyn EventListener>>,
}
