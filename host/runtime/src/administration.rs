//! What an administrator does: packages in and out, plugins on and off, and what a server asks of the enabled set.

use std::collections::HashMap;
use std::sync::Arc;

use conman_kernel::actor::{Actor, DeclaredPermission};
use conman_kernel::convention::Convention;
use conman_kernel::digest::Digest;
use conman_kernel::dispatch::{CallKind, CommitListener, Scope};
use conman_kernel::event::TopicPattern;
use conman_kernel::fault::Fault;
use conman_kernel::id::{ConventionId, PluginId, RequestId};
use conman_kernel::sql::SqlError;

use crate::call::Outcome;
use crate::enabled::Enabled;
use crate::guest::{Answer, Request};
use crate::inventory::{
    AbsentPlugin, EnableError, EnabledPlugin, InstallError, Installed, InstalledPackage, Inventory, Wanted, enabled_in,
    enabled_rows, subscribed_in,
};
use crate::runtime::Runtime;

impl Runtime {
    // --- packages

    /// Verifies a package, compiles it and keeps it.
    ///
    /// # Errors
    /// [`InstallError`], with the remedy.
    pub async fn install(&self, bytes: Vec<u8>, by: &Actor) -> Result<Installed, InstallError> {
        self.inventory().install(bytes, by).await
    }

    /// Installed packages, newest first.
    ///
    /// # Errors
    /// [`SqlError`]
    pub async fn packages(&self) -> Result<Vec<InstalledPackage>, SqlError> {
        self.inventory().packages.all().await
    }

    /// The bytes of an installed package.
    ///
    /// # Errors
    /// When the file is not there, or damaged.
    pub async fn package_bytes(&self, digest: Digest) -> std::io::Result<Vec<u8>> {
        self.inventory().packages.bytes(digest).await
    }

    /// Removes an installed package that is enabled nowhere. Data of its plugin stays.
    ///
    /// # Errors
    /// [`EnableError::InUse`]
    pub async fn uninstall(&self, plugin: &PluginId, digest: Digest) -> Result<(), EnableError> {
        let inventory = &self.inventory();
        let _one = inventory.changing.lock().await;
        inventory.require_installed(plugin, digest).await?;
        match inventory.packages.remove(digest).await {
            // Whichever host has enabled it, and however lately: the database knows.
            Err(SqlError::Constraint(_)) => Err(EnableError::InUse(plugin.clone())),
            removed => Ok(removed?),
        }
    }

    /// What a package adds to the schema, as it was when it was installed; its file need not be there.
    ///
    /// # Errors
    /// [`SqlError`]
    pub async fn package_sdl(&self, digest: Digest) -> Result<String, SqlError> {
        Ok(self.inventory().packages.noted(digest).await?.sdl)
    }

    // --- enabling

    /// Which package [`Self::preview`] and [`Self::enable`] are to be asked for.
    ///
    /// # Errors
    /// [`EnableError`] when none such is installed.
    pub async fn choose(
        &self,
        convention: &ConventionId,
        plugin: &PluginId,
        wanted: Wanted<'_>,
    ) -> Result<Digest, EnableError> {
        self.inventory().choose(convention, plugin, wanted).await
    }

    /// The loaded set as it would be if `plugin` were enabled now: compose its schema before [`Self::enable`], to refuse what collides, and
    /// compose it with [`Self::absent`] too.
    ///
    /// # Errors
    /// [`EnableError`] when the package is not there or cannot be loaded.
    pub async fn preview(
        &self,
        convention: &ConventionId,
        plugin: &PluginId,
        digest: Digest,
    ) -> Result<Vec<EnabledPlugin>, EnableError> {
        let inventory = &self.inventory();
        inventory.require_installed(plugin, digest).await?;
        let loaded = inventory.plugin(digest).await?;
        let mut all = self.enabled(convention);
        all.retain(|enabled| enabled.id() != plugin);
        all.push(EnabledPlugin::preview(loaded, inventory.clock.now()));
        all.sort_by(|a, b| a.id().cmp(b.id()));
        Ok(all)
    }

    /// Enables a plugin in a convention, or moves it to another version or configuration. Without `config` it keeps the configuration
    /// it had. To enable is to consent to what the package asks for.
    ///
    /// The configuration is checked first, the plugin's own check included, and migrations run last: what is refused leaves the version
    /// that runs with the tables it knows. While they run, and until calls are let in to the new version, the one before answers.
    ///
    /// # Errors
    /// [`EnableError`]; then nothing has changed, except that migrations before a failing one have run.
    pub async fn enable(
        &self,
        convention: &Convention,
        plugin: &PluginId,
        digest: Digest,
        config: Option<&str>,
        by: &Actor,
    ) -> Result<EnabledPlugin, EnableError> {
        let inventory = &self.inventory();
        let _one = inventory.changing.lock().await;
        inventory.require_not_purging(&convention.id, plugin)?;
        inventory.require_installed(plugin, digest).await?;
        if let Some(other) = inventory.same_name(&convention.id, plugin).await? {
            return Err(EnableError::NameTaken { other });
        }
        let loaded = inventory.plugin(digest).await?;
        let config = inventory.checked_config(&loaded, &convention.id, config).await?;
        let row = Inventory::row(&convention.id, plugin, digest, config, inventory.clock.now(), by);
        let candidate = Arc::new(inventory.candidate(&row).await?);
        self.ask_about_config(convention, &candidate, by).await?;
        if let Some(database) = &candidate.database {
            let applied = database.migrate(&loaded.package.migrations).await.map_err(EnableError::Migration)?;
            tracing::info!(%plugin, convention = %convention.slug, ?applied, "migrated");
        }
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
        match self.caller().run(call).await.map_err(EnableError::Check)? {
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
        let inventory = &self.inventory();
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

    /// The plugins enabled in a convention, sorted by id.
    #[must_use]
    pub fn enabled(&self, convention: &ConventionId) -> Vec<EnabledPlugin> {
        let generation = self.inventory().generation.load();
        let of_convention = generation.get(convention).into_iter().flat_map(HashMap::values);
        let mut enabled: Vec<EnabledPlugin> = of_convention.map(|enabled| EnabledPlugin::of(enabled)).collect();
        enabled.sort_by(|a, b| a.id().cmp(b.id()));
        enabled
    }

    /// What is enabled in a convention, by whichever host, and not loaded here: a change has to leave room for it to come back.
    ///
    /// # Errors
    /// [`SqlError`]
    pub async fn absent(&self, convention: &ConventionId) -> Result<Vec<AbsentPlugin>, SqlError> {
        self.inventory().absent_in(convention).await
    }

    /// The conventions in which something is enabled.
    #[must_use]
    pub fn conventions(&self) -> Vec<ConventionId> {
        let generation = self.inventory().generation.load();
        let mut conventions: Vec<_> =
            generation.iter().filter(|(_, plugins)| !plugins.is_empty()).map(|(id, _)| id.clone()).collect();
        conventions.sort();
        conventions
    }

    /// Whether a plugin is enabled in a convention, by whichever host.
    ///
    /// # Errors
    /// [`SqlError`]
    pub async fn is_enabled(&self, convention: &ConventionId, plugin: &PluginId) -> Result<bool, SqlError> {
        let rows = enabled_in(&self.inventory().database, convention).await?;
        Ok(rows.iter().any(|row| row.plugin == *plugin))
    }

    /// Who in a convention is to be told of which topics: every plugin that any host has enabled there, those included that this host
    /// cannot load, and those whose manifest it cannot even read.
    ///
    /// # Errors
    /// [`SqlError`], also when this host cannot read a topic: to leave its subscriber out would lose what is owed to it.
    pub async fn subscriptions(
        &self,
        convention: &ConventionId,
    ) -> Result<Vec<(PluginId, Vec<TopicPattern>)>, SqlError> {
        let mut all = subscribed_in(&self.inventory().database, convention).await?;
        all.retain(|(_, topics)| !topics.is_empty());
        Ok(all)
    }

    /// Whether a plugin runs here that wants to be told of a topic.
    #[must_use]
    pub fn takes(&self, convention: &ConventionId, plugin: &PluginId, topic: &str) -> bool {
        let enabled = self.inventory().find(convention, plugin);
        enabled.is_some_and(|enabled| {
            let subscribed = &enabled.plugin.package.manifest.needs.events.subscribe;
            subscribed.iter().any(|asked| asked.what.matches(topic))
        })
    }

    /// The permissions that a convention's plugins introduce.
    #[must_use]
    pub fn permissions(&self, convention: &ConventionId) -> Vec<DeclaredPermission> {
        self.enabled(convention).iter().flat_map(|plugin| plugin.manifest().declared_permissions()).collect()
    }
}

/// What somebody commits beside a plugin's calls makes what was computed from its data so far out of date.
impl CommitListener for Runtime {
    fn committed(&self, convention: &ConventionId, plugin: &PluginId, _emitted: bool) {
        if let Some(standing) = self.inventory().known_standing(convention, plugin) {
            standing.outdate();
        }
    }
}
