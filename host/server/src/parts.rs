//! What every request can reach.

use std::sync::Arc;

use conman_bus::Bus;
use conman_graph::{Engine, SubscriptionHub};
use conman_identity::Identity;
use conman_kernel::clock::Clock;
use conman_kernel::digest::Digest;
use conman_kernel::id::PluginId;
use conman_runtime::Runtime;
use conman_solving::Desk;
use conman_storage::Storage;
use parking_lot::RwLock;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Limits, Mode};
use crate::conventions::Conventions;
use crate::metrics::Metrics;
use crate::stocktaking::Stocktaking;

/// The host's parts, wired.
pub(crate) struct Parts {
    pub(crate) storage: Storage,
    pub(crate) identity: Identity,
    pub(crate) runtime: Runtime,
    pub(crate) bus: Bus,
    /// Where the scheduler's jobs are worked on.
    pub(crate) solving: Desk,
    pub(crate) conventions: Arc<Conventions>,
    pub(crate) engine: Engine,
    pub(crate) hub: SubscriptionHub,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) stock: Stocktaking,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) mode: Mode,
    pub(crate) behind_proxy: bool,
    pub(crate) limits: Limits,
    /// The name under which the host's own fields are composed.
    pub(crate) host_plugin: PluginId,
    /// The digest of the secret that lets those in who may read the data folder; none while nobody is served.
    pub(crate) door: RwLock<Option<Digest>>,
    /// Cancelled when the host stops.
    pub(crate) stop: CancellationToken,
    /// WebSockets that may still be opened.
    pub(crate) sockets: Arc<Semaphore>,
    /// What has to end before the host has stopped, besides requests.
    pub(crate) running: TaskTracker,
}

impl Parts {
    /// Whether a bearer token is the door's secret. Digests are compared, so that the time it takes tells nothing of the secret.
    pub(crate) fn opens_door(&self, bearer: &str) -> bool {
        let door = *self.door.read();
        door.is_some_and(|door| door == Digest::of(bearer.as_bytes()))
    }
}
