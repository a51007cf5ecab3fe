//! Enabling: load, check the configuration, migrate, and let calls in, all at once. Calls that run finish on what they began with.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use conman_kernel::actor::Actor;
use conman_kernel::clock::Clock;
use conman_kernel::digest::Digest;
use conman_kernel::event::TopicPattern;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{RowExt, SharedDatabase, SqlError, Value, read, transaction};
use conman_storage::{PluginDatabase, Storage};
use jiff::Timestamp;
use parking_lot::Mutex;

use super::absent::Unloaded;
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
    /// What is enabled and could not be loaded.
    pub(crate) unloaded: Mutex<HashMap<(ConventionId, PluginId), Unloaded>>,
    /// What is being purged.
    pub(crate) purging: Mutex<HashSet<(ConventionId, PluginId)>>,
    pub(crate) generation: ArcSwap<Generation>,
    /// Enabling, disabling and removing, one at a time.
    pub(crate) changing: tokio::sync::Mutex<()>,
}

/// Which package of a plugin is to be enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'v> {
    /// The one that is enabled there, so that a change of the configuration is no upgrade; where none is, the one installed last.
    Current,
    /// The one installed last.
    Newest,
    /// The one with this version; of several, the one installed last.
    Version(&'v str),
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

    /// The package that is meant.
    pub(crate) async fn choose(
        &self,
        convention: &ConventionId,
        plugin: &PluginId,
        wanted: Wanted<'_>,
    ) -> Result<Digest, EnableError> {
        let packages = self.packages.of(plugin).await?;
        let newest = packages.first().ok_or_else(|| EnableError::NotInstalled(plugin.clone()))?.digest;
        match wanted {
            Wanted::Newest => Ok(newest),
            Wanted::Current => {
                let enabled = enabled_in(&self.database, convention).await?;
                Ok(enabled.iter().find(|row| row.plugin == *plugin).map_or(newest, |row| row.digest))
            }
            Wanted::Version(version) => {
                let found = packages.iter().find(|package| package.version == version);
                found
                    .map(|package| package.digest)
                    .ok_or_else(|| EnableError::NoSuchVersion { plugin: plugin.clone(), version: version.to_owned() })
            }
        }
    }

    /// Refuses a digest under which no package of the plugin is installed.
    pub(crate) async fn require_installed(&self, plugin: &PluginId, digest: Digest) -> Result<(), EnableError> {
        let packages = self.packages.of(plugin).await?;
        match packages.iter().any(|package| package.digest == digest) {
            true => Ok(()),
            false if packages.is_empty() => Err(EnableError::NotInstalled(plugin.clone())),
            false => Err(EnableError::NoSuchPackage { plugin: plugin.clone(), digest }),
        }
    }

    /// A generation of a plugin that nobody calls yet. Its database is made when it is new.
    pub(crate) async fn candidate(&self, row: &EnabledRow) -> Result<Enabled, EnableError> {
        let plugin = self.plugin(row.digest).await?;
        let database = match needs_database(&plugin) {
            true => Some(self.storage.plugin(&row.convention, &row.plugin).await?),
            false => None,
        };
        Ok(self.generation_of(plugin, row, database))
    }

    /// A generation of a plugin that was enabled before, on the database that it has left.
    pub(crate) async fn left(&self, row: &EnabledRow) -> Result<Enabled, EnableError> {
        let plugin = self.plugin(row.digest).await?;
        let database = match needs_database(&plugin) {
            true => Some(self.database_left(&plugin, row).await?),
            false => None,
        };
        Ok(self.generation_of(plugin, row, database))
    }

    /// Nobody is to work in an empty database in place of one that was lost, without having been asked.
    async fn database_left(&self, plugin: &Plugin, row: &EnabledRow) -> Result<Arc<PluginDatabase>, SqlError> {
        let migrations = &plugin.package.migrations;
        let left = self.storage.left(&row.convention, &row.plugin, migrations).await?;
        let database = left.ok_or_else(|| {
            let gone = "it is gone, or empty: restore it, or enable the plugin again to begin with an empty one";
            SqlError::Unavailable(gone.to_owned())
        })?;
        // It may be an older one that was restored.
        database.migrate(migrations).await?;
        Ok(database)
    }

    fn generation_of(&self, plugin: Arc<Plugin>, row: &EnabledRow, database: Option<Arc<PluginDatabase>>) -> Enabled {
        Enabled {
            plugin,
            standing: self.standing(&row.convention, &row.plugin),
            config: row.config.as_str().into(),
            database,
            enabled_at: row.enabled_at,
            enabled_by: row.enabled_by.clone(),
        }
    }

    /// The standing of what has been enabled here at some time.
    pub(crate) fn known_standing(&self, convention: &ConventionId, plugin: &PluginId) -> Option<Arc<Standing>> {
        self.standings.lock().get(&(convention.clone(), plugin.clone())).cloned()
    }

    pub(crate) fn standing(&self, convention: &ConventionId, plugin: &PluginId) -> Arc<Standing> {
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
    pub(crate) async fn checked_config(
        &self,
        plugin: &Plugin,
        convention: &ConventionId,
        given: Option<&str>,
    ) -> Result<String, EnableError> {
        // From the database: what cannot be loaded has one, too.
        let rows = enabled_in(&self.database, convention).await?;
        let had = rows.iter().find(|row| row.plugin == plugin.package.manifest.about.id);
        let text = given.or_else(|| had.map(|row| row.config.as_str())).unwrap_or("{}");
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

    /// Another plugin whose routes would have the same address. From the database: what cannot be loaded keeps its address.
    pub(crate) async fn same_name(
        &self,
        convention: &ConventionId,
        plugin: &PluginId,
    ) -> Result<Option<PluginId>, SqlError> {
        let enabled = enabled_in(&self.database, convention).await?.into_iter().map(|row| row.plugin);
        Ok(enabled.into_iter().find(|other| other != plugin && other.name() == plugin.name()))
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
        self.unloaded.lock().remove(&(convention.clone(), plugin.clone()));
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
            // As it will be read back, so that it is not taken for another's change.
            enabled_at: Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at),
            enabled_by: by.key(),
        }
    }
}

/// Events need one too: they leave through an outbox in it, and what was handled is recorded there. So do jobs of the scheduler, which are
/// rows in it.
fn needs_database(plugin: &Plugin) -> bool {
    let needs = &plugin.package.manifest.needs;
    let events = !needs.events.publish.is_empty() || !needs.events.subscribe.is_empty();
    needs.database.is_some() || needs.scheduler.is_some() || events
}

const ROWS: &str = "SELECT convention, plugin, digest, config, enabled_at, enabled_by FROM runtime_enabled";

/// All rows of `runtime_enabled`.
pub(crate) async fn enabled_rows(database: &SharedDatabase) -> Result<Vec<EnabledRow>, SqlError> {
    let rows = read(database.as_ref(), &format!("{ROWS} ORDER BY convention, plugin"), &[]).await?;
    rows.rows.iter().map(|row| enabled_row(row)).collect()
}

/// Those of one convention.
pub(crate) async fn enabled_in(
    database: &SharedDatabase,
    convention: &ConventionId,
) -> Result<Vec<EnabledRow>, SqlError> {
    let sql = format!("{ROWS} WHERE convention = $1 ORDER BY plugin");
    let rows = read(database.as_ref(), &sql, &[convention.as_str().into()]).await?;
    rows.rows.iter().map(|row| enabled_row(row)).collect()
}

/// What is enabled in a convention, with the topics each subscribes to, as they were written down when its package was installed: no
/// manifest is read, which another version of the host may have taken. The join leaves nothing out: by its foreign key the row of a package
/// stays as long as one is enabled.
pub(crate) async fn subscribed_in(
    database: &SharedDatabase,
    convention: &ConventionId,
) -> Result<Vec<(PluginId, Vec<TopicPattern>)>, SqlError> {
    let sql = "SELECT e.plugin, p.topics FROM runtime_enabled AS e JOIN runtime_package AS p ON p.digest = e.digest \
               WHERE e.convention = $1 ORDER BY e.plugin";
    let rows = read(database.as_ref(), sql, &[convention.as_str().into()]).await?;
    rows.rows.iter().map(|row| subscribed_row(row)).collect()
}

fn subscribed_row(row: &[Value]) -> Result<(PluginId, Vec<TopicPattern>), SqlError> {
    let plugin =
        row.text(0)?.parse::<PluginId>().map_err(|error| SqlError::Statement(format!("runtime_enabled: {error}")))?;
    let topics = serde_json::from_str(row.text(1)?).map_err(|error| {
        SqlError::Statement(format!("this host cannot read the topics that {plugin} subscribes to: {error}"))
    })?;
    Ok((plugin, topics))
}

fn enabled_row(row: &[Value]) -> Result<EnabledRow, SqlError> {
    let unreadable = |error: &dyn std::fmt::Display| SqlError::Statement(format!("runtime_enabled: {error}"));
    Ok(EnabledRow {
        convention: ConventionId::from_stored(row.text(0)?),
        plugin: row.text(1)?.parse().map_err(|error| unreadable(&error))?,
        digest: row.text(2)?.parse().map_err(|error| unreadable(&error))?,
        config: row.text(3)?.to_owned(),
        enabled_at: row.timestamp(4)?,
        enabled_by: row.text(5)?.to_owned(),
    })
}

/// Compiles a configuration's schema.
pub(crate) fn config_validator(schema: &str) -> Result<jsonschema::Validator, String> {
    let schema = serde_json::from_str(schema).map_err(|error| format!("it is no JSON: {error}"))?;
    jsonschema::validator_for(&schema).map_err(|error| format!("it is no JSON Schema: {error}"))
}
