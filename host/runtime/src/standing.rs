//! What outlives a generation of a plugin in a convention: permits, breaker, log, revision. Enabling a newer version keeps them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use conman_kernel::dispatch::CommitListener;
use conman_kernel::id::{ConventionId, PluginId};
use tokio::sync::{RwLock, Semaphore};

use crate::breaker::Breaker;
use crate::log_ring::LogRing;

/// The listener, settable after the runtime was made: the bus needs the runtime first.
pub(crate) type SharedListener = Arc<ArcSwapOption<Arc<dyn CommitListener>>>;

/// The standing of one plugin in one convention.
pub(crate) struct Standing {
    pub(crate) convention: ConventionId,
    pub(crate) plugin: PluginId,
    /// How many calls may run at once.
    pub(crate) permits: Arc<Semaphore>,
    /// Read-write transactions share it; one that lost several conflicts takes it alone, so that it cannot lose again here, and so does who
    /// wants that there is none.
    pub(crate) lane: Arc<RwLock<()>>,
    pub(crate) breaker: Breaker,
    pub(crate) log: Arc<LogRing>,
    revision: AtomicU64,
    listener: SharedListener,
}

impl Standing {
    pub(crate) fn new(
        convention: ConventionId,
        plugin: PluginId,
        calls: usize,
        breaker: Breaker,
        listener: SharedListener,
    ) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(calls)),
            lane: Arc::default(),
            breaker,
            log: Arc::new(LogRing::new(convention.clone(), plugin.clone())),
            revision: AtomicU64::new(1),
            listener,
            convention,
            plugin,
        }
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// Everything computed from the plugin's data so far is out of date.
    pub(crate) fn outdate(&self) {
        self.revision.fetch_add(1, Ordering::AcqRel);
    }

    /// Tells the world of a commit, after it. A commit that changed nothing and emitted nothing is nobody's business.
    pub(crate) fn committed(&self, changed: bool, emitted: bool) {
        if changed {
            self.outdate();
        }
        if (changed || emitted)
            && let Some(listener) = &*self.listener.load()
        {
            listener.committed(&self.convention, &self.plugin, emitted);
        }
    }

    /// Tells that a commit has left something for the scheduler.
    pub(crate) fn ordered(&self) {
        if let Some(listener) = &*self.listener.load() {
            listener.ordered(&self.convention, &self.plugin);
        }
    }
}
