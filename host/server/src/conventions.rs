//! What is open for business: for each convention its enabled plugins, the permissions they declare, and the schema they make together.
//!
//! All of it is computed when something changes and only read by requests, without a lock. A change is composed before it is made: when
//! the new set of plugins does not fit together, nothing has happened. Conventions with the same plugins share one schema.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use conman_graph::{ComposedSchema, Contribution};
use conman_identity::{Declared, Identity};
use conman_kernel::actor::{Actor, DeclaredPermission};
use conman_kernel::convention::Convention;
use conman_kernel::digest::Digest;
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::{ConventionId, PluginId};
use conman_runtime::{EnabledPlugin, Runtime, Wanted};
use moka::sync::Cache;
use tokio_util::sync::CancellationToken;

use crate::faults::of_enabling;
use crate::fields::{COMMON_SDL, CONVENTION_SDL, HOST_SDL};

/// Different sets of plugins whose schema is kept, whether or not a convention uses it just now.
const SCHEMAS: u64 = 64;

/// A convention, or the host itself, ready to answer.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) plugins: Vec<EnabledPlugin>,
    pub(crate) declared: Declared,
    pub(crate) schema: ComposedSchema,
    /// Cancelled when this is replaced: what runs for long has to begin anew.
    pub(crate) replaced: CancellationToken,
}

impl Open {
    /// The enabled plugin with that name in addresses.
    pub(crate) fn plugin_named(&self, name: &str) -> Option<&EnabledPlugin> {
        self.plugins.iter().find(|plugin| plugin.id().name() == name)
    }
}

/// All of them.
pub(crate) struct Conventions {
    identity: Identity,
    runtime: Runtime,
    host_plugin: PluginId,
    host: Arc<Open>,
    open: ArcSwap<HashMap<ConventionId, Arc<Open>>>,
    /// Schemas by what they were made of.
    schemas: Cache<Digest, ComposedSchema>,
    /// The SDL of packages that are installed and not at work somewhere.
    absent_schemas: Cache<Digest, Arc<str>>,
    /// One change at a time.
    changing: tokio::sync::Mutex<()>,
}

impl Conventions {
    /// Opens nothing yet but the host itself.
    pub(crate) fn new(identity: Identity, runtime: Runtime, host_plugin: PluginId) -> Result<Self, Fault> {
        let schema =
            compose(vec![Contribution { plugin: host_plugin.clone(), sdl: format!("{COMMON_SDL}\n{HOST_SDL}") }], &[])?;
        let host = Open { plugins: Vec::new(), declared: Declared::none(), schema, replaced: CancellationToken::new() };
        Ok(Self {
            identity,
            runtime,
            host_plugin,
            host: Arc::new(host),
            open: ArcSwap::default(),
            schemas: Cache::new(SCHEMAS),
            absent_schemas: Cache::new(SCHEMAS),
            changing: tokio::sync::Mutex::new(()),
        })
    }

    /// Opens every convention there is. One that does not open is logged and leaves the others alone.
    pub(crate) async fn open_all(&self) -> Result<(), Fault> {
        for convention in self.identity.all_conventions().await? {
            if let Err(fault) = self.open(&convention.id).await {
                tracing::error!(convention = %convention.slug, code = %fault.code, message = fault.message, detail = fault.detail, "the convention does not open");
            }
        }
        Ok(())
    }

    /// The host itself.
    pub(crate) const fn host(&self) -> &Arc<Open> {
        &self.host
    }

    /// A convention that is open.
    pub(crate) fn get(&self, id: &ConventionId) -> Option<Arc<Open>> {
        self.open.load().get(id).cloned()
    }

    /// Opens a convention, or opens it anew after its plugins have changed.
    pub(crate) async fn open(&self, id: &ConventionId) -> Result<Arc<Open>, Fault> {
        let _one_at_a_time = self.changing.lock().await;
        self.reopen(id).await
    }

    /// Enables a plugin (or changes its version or configuration), if what comes of it fits together.
    pub(crate) async fn enable(
        &self,
        convention: &Convention,
        plugin: &PluginId,
        package: Wanted<'_>,
        config: Option<&str>,
        by: &Actor,
    ) -> Result<Arc<Open>, Fault> {
        let _one_at_a_time = self.changing.lock().await;
        // Chosen once: what is enabled is what was seen to fit, whatever is installed meanwhile.
        let digest = self.runtime.choose(&convention.id, plugin, package).await.map_err(of_enabling)?;
        let wanted = self.runtime.preview(&convention.id, plugin, digest).await.map_err(of_enabling)?;
        self.leave_room(&convention.id, plugin, &wanted).await?;
        self.prepare(wanted).await?;
        self.runtime.enable(convention, plugin, digest, config, by).await.map_err(of_enabling)?;
        self.reopen(&convention.id).await
    }

    /// Disables a plugin, if the others fit together without it.
    pub(crate) async fn disable(&self, convention: &ConventionId, plugin: &PluginId) -> Result<(), Fault> {
        let _one_at_a_time = self.changing.lock().await;
        let mut wanted = self.runtime.enabled(convention);
        wanted.retain(|other| other.id() != plugin);
        self.leave_room(convention, plugin, &wanted).await?;
        self.prepare(wanted).await?;
        self.runtime.disable(convention, plugin).await.map_err(of_enabling)?;
        self.reopen(convention).await.map(drop)
    }

    async fn reopen(&self, id: &ConventionId) -> Result<Arc<Open>, Fault> {
        let open = Arc::new(self.prepare(self.runtime.enabled(id)).await?);
        let mut all = HashMap::clone(&self.open.load());
        let before = all.insert(id.clone(), Arc::clone(&open));
        self.open.store(Arc::new(all));
        if let Some(before) = before {
            before.replaced.cancel();
        }
        Ok(open)
    }

    /// Refuses a change of `plugin` after which others that are enabled and not loaded here would not fit any more: the convention has to
    /// open when they are back. What did not fit before is not held against the change.
    async fn leave_room(
        &self,
        convention: &ConventionId,
        plugin: &PluginId,
        wanted: &[EnabledPlugin],
    ) -> Result<(), Fault> {
        let mut absent = self.runtime.absent(convention).await?;
        absent.retain(|absent| absent.id != *plugin);
        if absent.is_empty() {
            return Ok(());
        }
        let fit = |plugins: &[EnabledPlugin]| {
            let mut contributions = self.contributions(plugins);
            contributions.extend(
                absent.iter().map(|absent| Contribution { plugin: absent.id.clone(), sdl: absent.sdl.clone() }),
            );
            let theirs = absent.iter().flat_map(|absent| absent.permissions.iter().cloned());
            declared(plugins, theirs)?;
            compose(contributions, &[]).map(drop)
        };
        match fit(wanted) {
            Err(fault) if fit(&self.runtime.enabled(convention)).is_ok() => {
                let ids = absent.iter().map(|absent| absent.id.as_str()).collect::<Vec<_>>().join(", ");
                let message = format!(
                    "{}; enabled here and not loaded just now: {ids}; install what is missing again, or disable it, first",
                    fault.message
                );
                Err(Fault { message, ..fault })
            }
            _ => Ok(()),
        }
    }

    /// Everything a set of plugins makes together, or why they do not fit.
    async fn prepare(&self, plugins: Vec<EnabledPlugin>) -> Result<Open, Fault> {
        let declared = declared(&plugins, [])?;
        let schema = self.schema(&plugins).await?;
        Ok(Open { plugins, declared, schema, replaced: CancellationToken::new() })
    }

    async fn schema(&self, plugins: &[EnabledPlugin]) -> Result<ComposedSchema, Fault> {
        let absent = self.absent(plugins).await?;
        let mut parts: Vec<_> = plugins.iter().map(|plugin| format!("{} {}", plugin.id(), plugin.digest())).collect();
        parts.extend(absent.iter().map(|absent| format!("without {}", absent.plugin)));
        parts.sort();
        let key = Digest::of(parts.join("\n").as_bytes());
        if let Some(schema) = self.schemas.get(&key) {
            return Ok(schema);
        }
        let schema = compose(self.contributions(plugins), &absent)?;
        self.schemas.insert(key, schema.clone());
        Ok(schema)
    }

    /// What the host itself and these plugins add to a convention's schema.
    fn contributions(&self, plugins: &[EnabledPlugin]) -> Vec<Contribution> {
        let own = Contribution { plugin: self.host_plugin.clone(), sdl: format!("{COMMON_SDL}\n{CONVENTION_SDL}") };
        let theirs =
            plugins.iter().map(|plugin| Contribution { plugin: plugin.id().clone(), sdl: plugin.sdl().to_owned() });
        std::iter::once(own).chain(theirs).collect()
    }

    /// What is installed and not at work: so that a client asking for a field of it is told which plugin is missing.
    async fn absent(&self, plugins: &[EnabledPlugin]) -> Result<Vec<Contribution>, Fault> {
        let mut absent: Vec<Contribution> = Vec::new();
        for package in self.runtime.packages().await? {
            let known = plugins.iter().any(|plugin| *plugin.id() == package.id)
                || absent.iter().any(|other| other.plugin == package.id);
            if known {
                continue;
            }
            let sdl = match self.absent_schemas.get(&package.digest) {
                Some(sdl) => sdl,
                None => {
                    let sdl: Arc<str> = self.runtime.package_sdl(package.digest).await?.into();
                    self.absent_schemas.insert(package.digest, Arc::clone(&sdl));
                    sdl
                }
            };
            absent.push(Contribution { plugin: package.id, sdl: sdl.to_string() });
        }
        Ok(absent)
    }
}

/// The permissions that plugins declare, and those of others besides.
fn declared(
    plugins: &[EnabledPlugin],
    besides: impl IntoIterator<Item = DeclaredPermission>,
) -> Result<Declared, Fault> {
    let of_plugins = plugins.iter().flat_map(|plugin| plugin.manifest().declared_permissions());
    let all = of_plugins.chain(besides).collect::<Vec<_>>();
    Declared::new(all).map_err(|error| Fault::new(code::CONFLICT, error.to_string()))
}

fn compose(contributions: Vec<Contribution>, absent: &[Contribution]) -> Result<ComposedSchema, Fault> {
    conman_graph::compose_knowing(contributions, absent).map_err(|errors| {
        let shown = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Fault::new(code::CONFLICT, format!("the plugins do not fit together: {shown}"))
    })
}
