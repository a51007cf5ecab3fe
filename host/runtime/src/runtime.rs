//! The runtime: what a host holds, and what `server`, `bus` and the command line ask of it.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use conman_kernel::clock::Clock;
use conman_kernel::dispatch::CommitListener;
use conman_kernel::id::{ConventionId, DeedIds, PluginId};
use conman_kernel::sql::{SharedDatabase, SqlError};
use conman_solving::documents::Documents;
use conman_storage::Storage;
use tokio::sync::Semaphore;

use crate::breaker::BreakerConfig;
use crate::call::Caller;
use crate::compiled::CompiledCode;
use crate::enabled::Enabled;
use crate::engine::{Allocation, Engine, EngineError};
use crate::entropy::Entropy;
use crate::figures::{CallObserver, RuntimeFigures};
use crate::idempotency::Twins;
use crate::inventory::{EnabledRow, Inventory, MIGRATIONS, PackageStore, enabled_rows};
use crate::limits::Limits;
use crate::log_ring::LogLine;
use crate::standing::SharedListener;
use crate::state::Surroundings;

/// How a runtime is set up.
#[derive(Debug, Clone)]
pub struct RuntimeConfig {
    /// What one call may use.
    pub limits: Limits,
    /// Where instances come from, and how many calls may run at once.
    pub allocation: Allocation,
    /// How many calls of one plugin in one convention may run at once.
    pub calls_per_plugin: usize,
    /// How long a call waits for a permit.
    pub longest_wait: Duration,
    /// When a plugin that breaks down is left alone.
    pub breaker: BreakerConfig,
    /// Where packages are kept.
    pub packages_folder: PathBuf,
    /// Where compiled code is kept. The host's own: whoever can write there runs code in the host.
    pub cache_folder: PathBuf,
    /// Where guests' randomness comes from.
    pub entropy: Entropy,
}

impl RuntimeConfig {
    /// The defaults, with packages and compiled code below `folder`.
    #[must_use]
    pub fn in_folder(folder: &std::path::Path) -> Self {
        Self {
            limits: Limits::host(),
            allocation: Allocation::Pool { calls: 64 },
            calls_per_plugin: 16,
            longest_wait: Duration::from_secs(5),
            breaker: BreakerConfig::DEFAULT,
            packages_folder: folder.join("packages"),
            cache_folder: folder.join("cache"),
            entropy: Entropy::System,
        }
    }
}

/// Why a runtime did not start.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// No engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The host's database failed.
    #[error(transparent)]
    Database(#[from] SqlError),
}

/// Runs plugins. Cheap to clone.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    inventory: Inventory,
    caller: Arc<Caller>,
    twins: Arc<Twins>,
    calls: u32,
}

impl Runtime {
    /// Starts the engine, and loads what is enabled. What cannot be loaded is logged and is [absent](Self::absent): the rest runs without it.
    ///
    /// # Errors
    /// [`RuntimeError`]
    pub async fn open(
        config: RuntimeConfig,
        storage: Storage,
        database: SharedDatabase,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RuntimeError> {
        storage.migrate_host("runtime", MIGRATIONS).await?;
        let engine = Arc::new(Engine::new(config.allocation)?);
        let listener: SharedListener = Arc::new(ArcSwapOption::empty());
        let calls = config.allocation.calls();
        let caller = Caller {
            engine: Arc::clone(&engine),
            surroundings: Arc::new(Surroundings {
                clock: Arc::clone(&clock),
                entropy: config.entropy,
                deed_ids: DeedIds::default(),
                documents: Documents::default(),
            }),
            permits: Arc::new(Semaphore::new(usize::try_from(calls).unwrap_or(1))),
            turns: Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, std::num::NonZero::get))),
            longest_wait: config.longest_wait,
            watch: Arc::default(),
        };
        let inventory = Inventory {
            code: CompiledCode::new(Arc::clone(&engine), &config.cache_folder),
            engine,
            limits: config.limits,
            clock,
            storage,
            packages: PackageStore::new(Arc::clone(&database), &config.packages_folder),
            database,
            breaker: config.breaker,
            calls_per_plugin: config.calls_per_plugin,
            listener,
            loaded: parking_lot::Mutex::default(),
            standings: parking_lot::Mutex::default(),
            unloaded: parking_lot::Mutex::default(),
            purging: parking_lot::Mutex::default(),
            generation: ArcSwap::from_pointee(HashMap::new()),
            changing: tokio::sync::Mutex::default(),
        };
        let runtime = Self(Arc::new(Inner { inventory, caller: Arc::new(caller), twins: Arc::default(), calls }));
        let rows = enabled_rows(&runtime.0.inventory.database).await?;
        runtime.0.inventory.load(rows).await;
        Ok(runtime)
    }

    /// Takes over what another host on the same database enabled, changed or disabled since, and what could not be loaded before and
    /// now can; answers the conventions in which something is different.
    ///
    /// # Errors
    /// [`SqlError`]
    pub async fn refresh(&self) -> Result<Vec<ConventionId>, SqlError> {
        let inventory = &self.0.inventory;
        let _one = inventory.changing.lock().await;
        let rows = enabled_rows(&inventory.database).await?;
        let mut concerned = BTreeSet::new();
        for convention in self.conventions() {
            for plugin in self.enabled(&convention) {
                if !rows.iter().any(|row| row.convention == convention && row.plugin == *plugin.id()) {
                    inventory.publish(&convention, plugin.id(), None);
                    concerned.insert(convention.clone());
                }
            }
        }
        inventory.forget_unloaded_except(&rows);
        let changed =
            |row: &EnabledRow| inventory.find(&row.convention, &row.plugin).is_none_or(|enabled| !enabled.is(row));
        concerned.extend(inventory.load(rows.into_iter().filter(changed).collect()).await);
        Ok(concerned.into_iter().collect())
    }

    /// Says who is told of commits; one listener, settable at any time.
    pub fn on_commit(&self, listener: Arc<dyn CommitListener>) {
        self.0.inventory.listener.store(Some(Arc::new(listener)));
    }

    // --- running

    /// The last `count` log lines of a plugin in a convention, oldest first.
    #[must_use]
    pub fn logs(&self, convention: &ConventionId, plugin: &PluginId, count: usize) -> Vec<LogLine> {
        let standings = self.0.inventory.standings.lock();
        standings
            .get(&(convention.clone(), plugin.clone()))
            .map(|standing| standing.log.tail(count))
            .unwrap_or_default()
    }

    /// How many calls are running now.
    #[must_use]
    pub fn running(&self) -> usize {
        self.most_running().saturating_sub(self.0.caller.permits.available_permits())
    }

    fn most_running(&self) -> usize {
        usize::try_from(self.0.calls).unwrap_or(0)
    }

    /// Says who is told of calls; one observer, settable at any time.
    pub fn on_call(&self, observer: Arc<dyn CallObserver>) {
        self.0.caller.watch.observe(observer);
    }

    /// What is so just now, for metrics.
    #[must_use]
    pub fn figures(&self) -> RuntimeFigures {
        let enabled = self.0.inventory.generation.load();
        RuntimeFigures {
            running: self.running(),
            most: self.most_running(),
            waiting: self.0.caller.watch.waiting(),
            open_breakers: enabled
                .values()
                .flat_map(HashMap::values)
                .filter(|plugin| plugin.standing.breaker.is_open())
                .count(),
        }
    }

    /// Forgets handled events and the scheduler's jobs after 30 days and remembered answers after 24 hours; for a caller with a timer.
    ///
    /// # Errors
    /// [`SqlError`] of the first database that failed.
    pub async fn prune(&self) -> Result<u64, SqlError> {
        let now = self.0.inventory.clock.now();
        let ago = |time: Duration| now.checked_sub(time).unwrap_or(now);
        let day = Duration::from_secs(24 * 60 * 60);
        let generation = self.0.inventory.generation.load_full();
        let mut removed = 0;
        for enabled in generation.values().flat_map(HashMap::values) {
            if let Some(database) = &enabled.database {
                removed += database.prune(ago(day * 30), ago(day), ago(conman_solving::limits::KEPT)).await?;
            }
        }
        Ok(removed)
    }

    /// Lets no further call in, and waits until those that run have ended.
    pub async fn close(&self) {
        let permits = &self.0.caller.permits;
        // All permits at once: the queue is fair, so this also waits for those that were waiting before.
        if let Ok(all) = permits.acquire_many(self.0.calls).await {
            permits.close();
            drop(all);
        }
    }

    // --- for the other halves of this type, in `administration` and `dispatch`

    pub(crate) fn inventory(&self) -> &Inventory {
        &self.0.inventory
    }

    pub(crate) fn enabled_plugin(&self, convention: &ConventionId, plugin: &PluginId) -> Option<Arc<Enabled>> {
        self.0.inventory.find(convention, plugin)
    }

    pub(crate) fn caller(&self) -> &Arc<Caller> {
        &self.0.caller
    }

    pub(crate) fn twins(&self) -> &Arc<Twins> {
        &self.0.twins
    }

    pub(crate) fn surroundings(&self) -> &Arc<Surroundings> {
        &self.0.caller.surroundings
    }
}
