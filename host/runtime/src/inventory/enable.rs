//! Enabling: load, check the configuration, migrate, and let calls in, all at once. Calls that run finish on what they began with.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use conman_kernel::actor::Actor;
use conman_kernel::clock::Clock;
use conman_kernel::digest::Digest;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{RowExt, SharedDatabase, SqlError, Value, read, transaction};
use conman_storage::{PluginDatabase, Storage};
use jiff::Timestamp;
use parking_lot::Mutex;

use super::{EnableError, InstallError, PackageStore, install};
use crate::breaker::{Breaker, BreakerConfig};
use crate::compiled::CompiledCode;
use crate::enabled::{Enabled, Plugin};
use crate::engine::Engine;
use crate::limits::Limits;
use crate::standing::{SharedListener, Standing};

/// By convention, then by plugin: calls look up with borrowed keys.
pub(crate) type Generation = HashMap<ConventionId, HashMap<PluginId, Arc<Enabled>>>;

/// Packages and enabled plugins.
pub(crate) struct Inventory {
    pub(crate) engine: Arc<Engine>,
    pub(crate) code: CompiledCode,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) storage: Storage,
    pub(crate) database: SharedDatabase,
    pub(crate) packages: PackageStore,
    pub(crate) breaker: BreakerConfig,
    pub(crate) calls_per_plugin: usize,
    pub(crate) listener: SharedListener,
    pub(crate) loaded: Mutex<HashMap<Digest, Weak<Plugin>>>,
    pub(crate) standings: Mutex<HashMap<(ConventionId, PluginId), Arc<Standing>>>,
    pub(crate) generation: ArcSwap<Generation>,
    /// Enabling, disabling and removing, one at a time.
    pub(crate) changing: tokio::sync::Mutex<()>,
}

/// A row of `runtime_enabled`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnabledRow {
    pub(crate) convention: ConventionId,
    pub(crate) plugin: PluginId,
    pub(crate) digest: Digest,
    pub(crate) config: String,
    pub(crate) enabled_at: Timestamp,
    pub(crate) enabled_by: String,
}

impl Inventory {
    /// The plugin of an installed package, compiled and linked; conventions share it.
    pub(crate) async fn plugin(&self, digest: Digest) -> Result<Arc<Plugin>, InstallError> {
        if let Some(plugin) = self.loaded.lock().get(&digest).and_then(Weak::upgrade) {
            return Ok(plugin);
        }
        let bytes = Arc::new(self.packages.bytes(digest).await?);
        let (package, imports) = install::verify(&bytes)?;
        let plugin =
            Plugin::load(&self.engine, &self.code, digest, package, imports, &self.limits, move || Ok(bytes.to_vec()))
                .await?;
        let plugin = Arc::new(plugin);
        self.loaded.lock().insert(digest, Arc::downgrade(&plugin));
        Ok(plugin)
    }

    pub(crate) fn find(&self, convention: &ConventionId, plugin: &PluginId) -> Option<Arc<Enabled>> {
        self.generation.load().get(convention)?.get(plugin).cloned()
    }

    /// The package that enabling would take: the one asked for, or the one installed last.
    pub(crate) async fn choose(&self, plugin: &PluginId, digest: Option<Digest>) -> Result<Digest, EnableError> {
        let packages = self.packages.of(plugin).await?;
        match digest {
            None => {
                packages.first().map(|package| package.digest).ok_or_else(|| EnableError::NotInstalled(plugin.clone()))
            }
            Some(digest) if packages.iter().any(|package| package.digest == digest) => Ok(digest),
            Some(digest) => Err(EnableError::NoSuchPackage { plugin: plugin.clone(), digest }),
        }
    }

    /// A generation of a plugin that nobody calls yet.
    pub(crate) async fn candidate(&self, row: &EnabledRow) -> Result<Enabled, EnableError> {
        let plugin = self.plugin(row.digest).await?;
        let database = self.database_for(&plugin, row).await?;
        Ok(Enabled {
            plugin,
            standing: self.standing(&row.convention, &row.plugin),
            config: row.config.as_str().into(),
            database,
            enabled_at: row.enabled_at,
            enabled_by: row.enabled_by.clone(),
        })
    }

    /// Events need one too: they leave through an outbox in it, and what was handled is recorded there.
    async fn database_for(&self, plugin: &Plugin, row: &EnabledRow) -> Result<Option<Arc<PluginDatabase>>, SqlError> {
        let needs = &plugin.package.manifest.needs;
        if needs.database.is_none() && needs.events.publish.is_empty() && needs.events.subscribe.is_empty() {
            return Ok(None);
        }
        self.storage.plugin(&row.convention, &row.plugin).await.map(Some)
    }

    fn standing(&self, convention: &ConventionId, plugin: &PluginId) -> Arc<Standing> {
        let mut standings = self.standings.lock();
        let standing = standings.entry((convention.clone(), plugin.clone())).or_insert_with(|| {
            let breaker = Breaker::new(self.breaker);
            Arc::new(Standing::new(
                convention.clone(),
                plugin.clone(),
                self.calls_per_plugin,
                breaker,
                Arc::clone(&self.listener),
            ))
        });
        Arc::clone(standing)
    }

    /// The configuration to enable with: the one given, else the one it has, else an empty one; checked against the schema.
    pub(crate) fn checked_config(
        &self,
        plugin: &Plugin,
        convention: &ConventionId,
        given: Option<&str>,
    ) -> Result<String, EnableError> {
        let had = self.find(convention, &plugin.package.manifest.about.id);
        let text = given.or_else(|| had.as_deref().map(|enabled| &*enabled.config)).unwrap_or("{}");
        let config: serde_json::Value =
            serde_json::from_str(text).map_err(|error| EnableError::Config(vec![format!("it is no JSON: {error}")]))?;
        if !config.is_object() {
            return Err(EnableError::Config(vec!["it must be a JSON object".to_owned()]));
        }
        if let Some(schema) = &plugin.package.config_schema {
            let validator = config_validator(schema).map_err(InstallError::ConfigSchema)?;
            let findings: Vec<String> = validator
                .iter_errors(&config)
                .take(20)
                .map(|finding| format!("{}: {finding}", finding.instance_path()))
                .collect();
            if !findings.is_empty() {
                return Err(EnableError::Config(findings));
            }
        }
        Ok(config.to_string())
    }

    /// Another plugin whose routes would have the same address.
    pub(crate) fn same_name(&self, convention: &ConventionId, plugin: &PluginId) -> Option<PluginId> {
        let generation = self.generation.load();
        generation.get(convention)?.keys().find(|other| *other != plugin && other.name() == plugin.name()).cloned()
    }

    /// Writes the row of an enabled plugin, or replaces it.
    pub(crate) async fn write_row(&self, row: &EnabledRow, grants: &str) -> Result<(), SqlError> {
        let values: [Value; 7] = [
            row.convention.as_str().into(),
            row.plugin.as_str().into(),
            row.digest.to_string().into(),
            row.config.as_str().into(),
            grants.into(),
            row.enabled_at.into(),
            row.enabled_by.as_str().into(),
        ];
        transaction(self.database.as_ref(), |transaction| {
            let values = values.clone();
            Box::pin(async move {
                let sql = "INSERT INTO runtime_enabled (convention, plugin, digest, config, grants, enabled_at, enabled_by) \
                           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (convention, plugin) DO UPDATE SET \
                           digest = $3, config = $4, grants = $5, enabled_at = $6, enabled_by = $7";
                transaction.execute(sql, &values).await
            })
        })
        .await
        .map(drop)
    }

    /// Removes the row of an enabled plugin.
    pub(crate) async fn remove_row(&self, convention: &ConventionId, plugin: &PluginId) -> Result<(), SqlError> {
        let values: [Value; 2] = [convention.as_str().into(), plugin.as_str().into()];
        transaction(self.database.as_ref(), |transaction| {
            let values = values.clone();
            Box::pin(async move {
                transaction.execute("DELETE FROM runtime_enabled WHERE convention = $1 AND plugin = $2", &values).await
            })
        })
        .await
        .map(drop)
    }

    /// Lets calls in to a new generation, or to none.
    pub(crate) fn publish(&self, convention: &ConventionId, plugin: &PluginId, enabled: Option<Arc<Enabled>>) {
        self.generation.rcu(|generation| {
            let mut next = Generation::clone(generation);
            let of_convention = next.entry(convention.clone()).or_default();
            match &enabled {
                Some(enabled) => of_convention.insert(plugin.clone(), Arc::clone(enabled)),
                None => of_convention.remove(plugin),
            };
            next
        });
        self.standing(convention, plugin).outdate();
    }

    pub(crate) fn row(
        convention: &ConventionId,
        plugin: &PluginId,
        digest: Digest,
        config: String,
        at: Timestamp,
        by: &Actor,
    ) -> EnabledRow {
        EnabledRow {
            convention: convention.clone(),
            plugin: plugin.clone(),
            digest,
            config,
            enabled_at: at,
            enabled_by: by.key(),
        }
    }
}

/// All rows of `runtime_enabled`.
pub(crate) async fn enabled_rows(database: &SharedDatabase) -> Result<Vec<EnabledRow>, SqlError> {
    let sql = "SELECT convention, plugin, digest, config, enabled_at, enabled_by FROM runtime_enabled ORDER BY convention, plugin";
    let unreadable = |error: &dyn std::fmt::Display| SqlError::Statement(format!("runtime_enabled: {error}"));
    let of_row = |row: &Vec<Value>| {
        Ok(EnabledRow {
            convention: ConventionId::from_stored(row.text(0)?),
            plugin: row.text(1)?.parse().map_err(|error| unreadable(&error))?,
            digest: row.text(2)?.parse().map_err(|error| unreadable(&error))?,
            config: row.text(3)?.to_owned(),
            enabled_at: row.timestamp(4)?,
            enabled_by: row.text(5)?.to_owned(),
        })
    };
    read(database.as_ref(), sql, &[]).await?.rows.iter().map(of_row).collect()
}

/// Compiles a configuration's schema.
pub(crate) fn config_validator(schema: &str) -> Result<jsonschema::Validator, String> {
    let schema = serde_json::from_str(schema).map_err(|error| format!("it is no JSON: {error}"))?;
    jsonschema::validator_for(&schema).map_err(|error| format!("it is no JSON Schema: {error}"))
}
