//! What others see of enabled plugins.

use std::sync::Arc;

use conman_kernel::digest::Digest;
use conman_kernel::id::PluginId;
use jiff::Timestamp;

use crate::capability::Capability;
use crate::enabled::{Enabled, Plugin};
use crate::package::{Manifest, Package};

/// An enabled plugin, for composing schemas and for lists. Cheap to clone.
#[derive(Clone)]
pub struct EnabledPlugin {
    plugin: Arc<Plugin>,
    config: Arc<str>,
    enabled_at: Timestamp,
    enabled_by: Arc<str>,
}

impl EnabledPlugin {
    pub(crate) fn of(enabled: &Enabled) -> Self {
        Self {
            plugin: Arc::clone(&enabled.plugin),
            config: Arc::clone(&enabled.config),
            enabled_at: enabled.enabled_at,
            enabled_by: enabled.enabled_by.as_str().into(),
        }
    }

    /// As it would be.
    pub(crate) fn preview(plugin: Arc<Plugin>, now: Timestamp) -> Self {
        Self { plugin, config: "{}".into(), enabled_at: now, enabled_by: "".into() }
    }

    /// Which plugin.
    #[must_use]
    pub fn id(&self) -> &PluginId {
        &self.manifest().about.id
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &semver::Version {
        &self.manifest().about.version
    }

    /// Its package's digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.plugin.digest
    }

    /// Its manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.package().manifest
    }

    /// Everything its package holds besides code and assets.
    #[must_use]
    pub fn package(&self) -> &Package {
        &self.plugin.package
    }

    /// Its GraphQL SDL; empty when it adds no fields.
    #[must_use]
    pub fn sdl(&self) -> &str {
        &self.package().schema
    }

    /// Its configuration: a JSON object.
    #[must_use]
    pub fn config(&self) -> &str {
        &self.config
    }

    /// What it can do.
    #[must_use]
    pub fn capabilities(&self) -> &[Capability] {
        &self.plugin.capabilities
    }

    /// Since when.
    #[must_use]
    pub const fn enabled_at(&self) -> Timestamp {
        self.enabled_at
    }

    /// Who enabled it: an actor's key.
    #[must_use]
    pub fn enabled_by(&self) -> &str {
        &self.enabled_by
    }
}

impl std::fmt::Debug for EnabledPlugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({})", self.id(), self.version(), self.digest())
    }
}
