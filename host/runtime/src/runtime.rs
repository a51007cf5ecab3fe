//! The runtime: what a host holds, and what `server`, `bus` and the command line ask of it.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use conman_kernel::actor::{Actor, DeclaredPermission};
use conman_kernel::clock::Clock;
use conman_kernel::convention::Convention;
use conman_kernel::digest::Digest;
use conman_kernel::dispatch::{CallKind, Scope};
use conman_kernel::event::TopicPattern;
use conman_kernel::fault::Fault;
use conman_kernel::id::{ConventionId, PluginId, RequestId};
use conman_kernel::sql::{SharedDatabase, SqlError};
use conman_storage::Storage;
use tokio::sync::Semaphore;

use crate::breaker::BreakerConfig;
use crate::call::{Caller, Outcome};
use crate::compiled::CompiledCode;
use crate::enabled::Enabled;
use crate::engine::{Allocation, Engine, EngineError};
use crate::entropy::Entropy;
use crate::guest::{Answer, Request};
use crate::idempotency::Twins;
use crate::inventory::{
    EnableError, EnabledPlugin, EnabledRow, InstallError, Installed, InstalledPackage, Inventory, MIGRATIONS,
    PackageStore, RouteMatch, enabled_rows,
};
use crate::limits::Limits;
use crate::log_ring::LogLine;
use crate::standing::{CommitListener, SharedListener};
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

/// A plugin that should be enabled and is not, because its package cannot be loaded any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    /// Where.
    pub convention: ConventionId,
    /// Which.
    pub plugin: PluginId,
    /// Why, and what to do.
    pub reason: String,
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
    /// Starts the engine, and loads what is enabled. What cannot be loaded is answered as [`Absent`]: the rest runs without it.
    ///
    /// # Errors
    /// [`RuntimeError`]
    pub async fn open(
        config: RuntimeConfig,
        storage: Storage,
        database: SharedDatabase,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, Vec<Absent>), RuntimeError> {
        storage.migrate_host("runtime", MIGRATIONS).await?;
        let engine = Arc::new(Engine::new(config.allocation)?);
        let listener: SharedListener = Arc::new(ArcSwapOption::empty());
        let calls = config.allocation.calls();
        let caller = Caller {
            engine: Arc::clone(&engine),
            surroundings: Arc::new(Surroundings { clock: Arc::clone(&clock), entropy: config.entropy }),
            permits: Arc::new(Semaphore::new(usize::try_from(calls).unwrap_or(1))),
            turns: Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, std::num::NonZero::get))),
            longest_wait: config.longest_wait,
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
            generation: ArcSwap::from_pointee(HashMap::new()),
            changing: tokio::sync::Mutex::default(),
        };
        let runtime = Self(Arc::new(Inner { inventory, caller: Arc::new(caller), twins: Arc::default(), calls }));
        let absent = runtime.load(enabled_rows(&runtime.0.inventory.database).await?).await?;
        Ok((runtime, absent))
    }

    /// Takes over what another host on the same database enabled, changed or disabled since; answers the conventions concerned and
    /// what cannot be loaded.
    ///
    /// # Errors
    /// [`SqlError`]
    pub async fn refresh(&self) -> Result<(Vec<ConventionId>, Vec<Absent>), SqlError> {
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
        let changed =
            |row: &EnabledRow| inventory.find(&row.convention, &row.plugin).is_none_or(|enabled| !enabled.is(row));
        let rows: Vec<EnabledRow> = rows.into_iter().filter(changed).collect();
        concerned.extend(rows.iter().map(|row| row.convention.clone()));
        let absent = self.load(rows).await?;
        Ok((concerned.into_iter().collect(), absent))
    }

    async fn load(&self, rows: Vec<EnabledRow>) -> Result<Vec<Absent>, SqlError> {
        let mut absent = Vec::new();
        for row in rows {
            match self.0.inventory.candidate(&row).await {
                Ok(enabled) => self.0.inventory.publish(&row.convention, &row.plugin, Some(Arc::new(enabled))),
                Err(EnableError::Database(error)) => return Err(error),
                Err(error) => {
                    tracing::error!(plugin = %row.plugin, convention = %row.convention, %error, "an enabled plugin cannot be loaded");
                    absent.push(Absent { convention: row.convention, plugin: row.plugin, reason: error.to_string() });
                }
            }
        }
        Ok(absent)
    }

    /// Says who is told of commits; one listener, settable at any time.
    pub fn on_commit(&self, listener: Arc<dyn CommitListener>) {
        self.0.inventory.listener.store(Some(Arc::new(listener)));
    }

    // --- packages

    /// Verifies a package, compiles it and keeps it.
    ///
    /// # Errors
    /// [`InstallError`], with the remedy.
    pub async fn install(&self, bytes: Vec<u8>, by: &Actor) -> Result<Installed, InstallError> {
        self.0.inventory.install(bytes, by).await
    }

    /// Installed packages, newest first.
    ///
    /// # Errors
    /// [`SqlError`]
    pub async fn packages(&self) -> Result<Vec<InstalledPackage>, SqlError> {
        self.0.inventory.packages.all().await
    }

    /// The bytes of an installed package.
    ///
    /// # Errors
    /// When the file is not there, or damaged.
    pub async fn package_bytes(&self, digest: Digest) -> std::io::Result<Vec<u8>> {
        self.0.inventory.packages.bytes(digest).await
    }

    /// Removes an installed package that is enabled nowhere. Data of its plugin stays.
    ///
    /// # Errors
    /// [`EnableError::InUse`]
    pub async fn uninstall(&self, plugin: &PluginId, digest: Digest) -> Result<(), EnableError> {
        let inventory = &self.0.inventory;
        let _one = inventory.changing.lock().await;
        inventory.choose(plugin, Some(digest)).await?;
        if enabled_rows(&inventory.database).await?.iter().any(|row| row.digest == digest) {
            return Err(EnableError::InUse(plugin.clone()));
        }
        Ok(inventory.packages.remove(digest).await?)
    }

    // --- enabling

    /// The enabled set as it would be if `plugin` were enabled now: compose its schema before [`Self::enable`], to refuse what collides.
    ///
    /// # Errors
    /// [`EnableError`] when the package is not there or cannot be loaded.
    pub async fn preview(
        &self,
        convention: &ConventionId,
        plugin: &PluginId,
        digest: Option<Digest>,
    ) -> Result<Vec<EnabledPlugin>, EnableError> {
        let inventory = &self.0.inventory;
        let digest = inventory.choose(plugin, digest).await?;
        let loaded = inventory.plugin(digest).await?;
        let mut all = self.enabled(convention);
        all.retain(|enabled| enabled.id() != plugin);
        all.push(EnabledPlugin::preview(loaded, inventory.clock.now()));
        all.sort_by(|a, b| a.id().cmp(b.id()));
        Ok(all)
    }

    /// Enables a plugin in a convention, or moves it to another version or configuration. Without `digest` the package installed
    /// last is taken, without `config` the configuration it had. To enable is to consent to what the package asks for.
    ///
    /// # Errors
    /// [`EnableError`]; then nothing has changed, except that migrations before a failing one have run.
    pub async fn enable(
        &self,
        convention: &Convention,
        plugin: &PluginId,
        digest: Option<Digest>,
        config: Option<&str>,
        by: &Actor,
    ) -> Result<EnabledPlugin, EnableError> {
        let inventory = &self.0.inventory;
        let _one = inventory.changing.lock().await;
        let digest = inventory.choose(plugin, digest).await?;
        if let Some(other) = inventory.same_name(&convention.id, plugin) {
            return Err(EnableError::NameTaken { other });
        }
        let loaded = inventory.plugin(digest).await?;
        let config = inventory.checked_config(&loaded, &convention.id, config)?;
        let row = Inventory::row(&convention.id, plugin, digest, config, inventory.clock.now(), by);
        let candidate = Arc::new(inventory.candidate(&row).await?);
        if let Some(database) = &candidate.database {
            let applied = database.migrate(&loaded.package.migrations).await.map_err(EnableError::Migration)?;
            tracing::info!(%plugin, convention = %convention.slug, ?applied, "migrated");
        }
        self.ask_about_config(convention, &candidate, by).await?;
        let grants: Vec<&str> = loaded.capabilities.iter().map(|capability| capability.what.as_str()).collect();
        inventory.write_row(&row, &serde_json::Value::from(grants).to_string()).await?;
        inventory.publish(&convention.id, plugin, Some(Arc::clone(&candidate)));
        tracing::info!(%plugin, convention = %convention.slug, version = %loaded.package.manifest.about.version, "enabled");
        Ok(EnabledPlugin::of(&candidate))
    }

    async fn ask_about_config(
        &self,
        convention: &Convention,
        candidate: &Arc<Enabled>,
        by: &Actor,
    ) -> Result<(), EnableError> {
        if candidate.plugin.roles.lifecycle.is_none() {
            return Ok(());
        }
        let scope = Scope {
            convention: Some(Arc::new(convention.clone())),
            actor: Arc::new(by.clone()),
            request: RequestId::new(),
            languages: Arc::default(),
            idempotency: None,
            hops: 0,
        };
        let request = Request::Config(candidate.config.to_string());
        let call = crate::dispatch::prepared(&scope, Arc::clone(candidate), CallKind::Query, request)
            .map_err(EnableError::Check)?;
        match self.0.caller.run(call).await.map_err(EnableError::Check)? {
            Outcome::Answer(Answer::Config(findings)) if findings.is_empty() => Ok(()),
            Outcome::Answer(Answer::Config(findings)) => {
                let told = findings
                    .into_iter()
                    .map(crate::faults::of_guest)
                    .map(|fault| format!("{}: {}", fault.pointer, fault.message));
                Err(EnableError::Config(told.collect()))
            }
            _ => Err(EnableError::Check(Fault::internal("another kind of answer"))),
        }
    }

    /// Disables a plugin in a convention. Running calls finish; its data stays.
    ///
    /// # Errors
    /// [`EnableError::NotEnabled`]
    pub async fn disable(&self, convention: &ConventionId, plugin: &PluginId) -> Result<(), EnableError> {
        let inventory = &self.0.inventory;
        let _one = inventory.changing.lock().await;
        let known = enabled_rows(&inventory.database).await?;
        if !known.iter().any(|row| row.convention == *convention && row.plugin == *plugin) {
            return Err(EnableError::NotEnabled { plugin: plugin.clone(), convention: convention.clone() });
        }
        inventory.remove_row(convention, plugin).await?;
        inventory.publish(convention, plugin, None);
        tracing::info!(%plugin, %convention, "disabled");
        Ok(())
    }

    /// Removes everything a disabled plugin has stored in a convention.
    ///
    /// # Errors
    /// [`EnableError::InUse`] while it is enabled.
    pub async fn purge(&self, convention: &ConventionId, plugin: &PluginId) -> Result<(), EnableError> {
        let inventory = &self.0.inventory;
        let _one = inventory.changing.lock().await;
        if inventory.find(convention, plugin).is_some() {
            return Err(EnableError::InUse(plugin.clone()));
        }
        Ok(inventory.storage.purge(convention, plugin).await?)
    }

    /// The plugins enabled in a convention, sorted by id.
    #[must_use]
    pub fn enabled(&self, convention: &ConventionId) -> Vec<EnabledPlugin> {
        let generation = self.0.inventory.generation.load();
        let of_convention = generation.get(convention).into_iter().flat_map(HashMap::values);
        let mut enabled: Vec<EnabledPlugin> = of_convention.map(|enabled| EnabledPlugin::of(enabled)).collect();
        enabled.sort_by(|a, b| a.id().cmp(b.id()));
        enabled
    }

    /// The conventions in which something is enabled.
    #[must_use]
    pub fn conventions(&self) -> Vec<ConventionId> {
        let generation = self.0.inventory.generation.load();
        let mut conventions: Vec<_> =
            generation.iter().filter(|(_, plugins)| !plugins.is_empty()).map(|(id, _)| id.clone()).collect();
        conventions.sort();
        conventions
    }

    /// The route for a request to `/c/{convention}/x/{name}/{path}`; none when no enabled plugin declares one.
    #[must_use]
    pub fn find_route(&self, convention: &ConventionId, name: &str, method: &str, path: &str) -> Option<RouteMatch> {
        let generation = self.0.inventory.generation.load();
        let (plugin, enabled) = generation.get(convention)?.iter().find(|(plugin, _)| plugin.name() == name)?;
        let route = enabled.plugin.package.manifest.route(method, path)?;
        Some(RouteMatch {
            plugin: plugin.clone(),
            kind: route.kind,
            permission: route.permission.clone(),
            body_limit: route.body_limit,
        })
    }

    /// Who in a convention wants to be told of which topics.
    #[must_use]
    pub fn subscriptions(&self, convention: &ConventionId) -> Vec<(PluginId, Vec<TopicPattern>)> {
        let patterns = |plugin: &EnabledPlugin| {
            plugin.manifest().needs.events.subscribe.iter().map(|asked| asked.what.clone()).collect()
        };
        let all = self.enabled(convention).into_iter().map(|plugin| (plugin.id().clone(), patterns(&plugin)));
        all.filter(|(_, patterns): &(_, Vec<_>)| !patterns.is_empty()).collect()
    }

    /// The permissions that a convention's plugins introduce.
    #[must_use]
    pub fn permissions(&self, convention: &ConventionId) -> Vec<DeclaredPermission> {
        self.enabled(convention).iter().flat_map(|plugin| plugin.manifest().declared_permissions()).collect()
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
        usize::try_from(self.0.calls).unwrap_or(0).saturating_sub(self.0.caller.permits.available_permits())
    }

    /// Forgets handled events after 30 days and remembered answers after 24 hours; for a caller with a timer.
    ///
    /// # Errors
    /// [`SqlError`] of the first database that failed.
    pub async fn prune(&self) -> Result<u64, SqlError> {
        let now = self.0.inventory.clock.now();
        let ago = |hours: u64| now.checked_sub(Duration::from_secs(hours * 3600)).unwrap_or(now);
        let generation = self.0.inventory.generation.load_full();
        let mut removed = 0;
        for enabled in generation.values().flat_map(HashMap::values) {
            if let Some(database) = &enabled.database {
                removed += database.prune(ago(30 * 24), ago(24)).await?;
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

    // --- for the other half of this type, in `dispatch`

    pub(crate) fn enabled_plugin(&self, convention: &ConventionId, plugin: &PluginId) -> Option<Arc<Enabled>> {
        self.0.inventory.find(convention, plugin)
    }

    pub(crate) fn caller(&self) -> &Arc<Caller> {
        &self.0.caller
    }

    pub(crate) fn twins(&self) -> &Arc<Twins> {
        &self.0.twins
    }

    pub(crate) fn surroundings(&self) -> &Surroundings {
        &self.0.caller.surroundings
    }
}
