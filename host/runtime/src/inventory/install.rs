//! Installing: verify, compile, keep.

use std::sync::Arc;

use conman_kernel::actor::Actor;
use conman_kernel::digest::Digest;
use conman_kernel::id::PluginId;

use super::{InstallError, Inventory};
use crate::HOST_API;
use crate::capability::{Capability, Imports, check_imports};
use crate::enabled::Plugin;
use crate::package::{self, Manifest, Package};

/// What was installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Which plugin.
    pub id: PluginId,
    /// Its version.
    pub version: semver::Version,
    /// The package's SHA-256.
    pub digest: Digest,
    /// Its manifest.
    pub manifest: Manifest,
    /// What it can do, computed from its code.
    pub capabilities: Vec<Capability>,
}

impl Inventory {
    /// Verifies a package, compiles it and keeps it. Installing the same bytes again changes nothing but the date.
    pub(crate) async fn install(&self, bytes: Vec<u8>, by: &Actor) -> Result<Installed, InstallError> {
        let bytes: Arc<[u8]> = bytes.into();
        let of_thread = Arc::clone(&bytes);
        let verified =
            tokio::task::spawn_blocking(move || verify(&of_thread).map(|package| (Digest::of(&of_thread), package)));
        let (digest, (package, imports)) = verified.await.map_err(std::io::Error::other)??;
        let id = package.manifest.about.id.clone();
        tracing::info!(plugin = %id, version = %package.manifest.about.version, %digest, "verified");
        let of_compiler = Arc::clone(&bytes);
        let plugin = Plugin::load(&self.engine, &self.code, digest, package, imports, &self.limits, move || {
            Ok(of_compiler.to_vec())
        })
        .await?;
        tracing::info!(plugin = %id, %digest, "compiled and linked");
        self.packages.keep(bytes, digest, &plugin.package, self.clock.now(), by.key()).await?;
        tracing::info!(plugin = %id, %digest, "installed");
        self.unloaded.lock().retain(|_, unloaded| unloaded.row.digest != digest);
        let installed = Installed {
            id,
            version: plugin.package.manifest.about.version.clone(),
            digest,
            manifest: plugin.package.manifest.clone(),
            capabilities: plugin.capabilities.clone(),
        };
        Ok(installed)
    }
}

/// Everything that can be said of a package without running a compiler on it.
pub(super) fn verify(bytes: &[u8]) -> Result<(Package, Imports), InstallError> {
    let package = package::read(bytes)?;
    let compat = &package.manifest.compat.host_api;
    if !compat.matches(&HOST_API) {
        return Err(InstallError::HostApi { needed: compat.to_string() });
    }
    let imports = check_imports(bytes, &package.manifest.needs)?;
    if let Some(schema) = &package.config_schema {
        super::enable::config_validator(schema).map_err(InstallError::ConfigSchema)?;
    }
    Ok((package, imports))
}
