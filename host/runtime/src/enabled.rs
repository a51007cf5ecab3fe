//! A plugin that is loaded, and a plugin that is enabled in a convention.

use std::sync::Arc;

use conman_kernel::digest::Digest;
use conman_storage::PluginDatabase;
use jiff::Timestamp;
use wasmtime::component::{InstancePre, Linker};

use crate::capability::{Capability, Imports, capabilities};
use crate::compiled::CompiledCode;
use crate::engine::Engine;
use crate::inventory::{EnabledRow, InstallError};
use crate::limits::Limits;
use crate::package::Package;
use crate::roles::Roles;
use crate::standing::Standing;
use crate::state::CallState;
use crate::{host_functions, wasi};

/// A package whose code is ready to run: compiled, and linked to what its manifest asks for.
pub(crate) struct Plugin {
    pub(crate) digest: Digest,
    pub(crate) package: Package,
    pub(crate) limits: Limits,
    pub(crate) capabilities: Vec<Capability>,
    pub(crate) pre: InstancePre<CallState>,
    pub(crate) roles: Roles,
}

impl Plugin {
    /// Compiles (or finds compiled) and links. `bytes` is only asked for when the code has to be compiled.
    pub(crate) async fn load(
        engine: &Engine,
        code: &CompiledCode,
        digest: Digest,
        package: Package,
        imports: Imports,
        host_limits: &Limits,
        bytes: impl FnOnce() -> std::io::Result<Vec<u8>> + Send + 'static,
    ) -> Result<Self, InstallError> {
        let component = code.component(digest, bytes).await?;
        let mut linker = Linker::new(engine.wasmtime());
        let linked =
            wasi::add_to_linker(&mut linker).and_then(|()| host_functions::add_to_linker(&mut linker, imports));
        linked.map_err(|error| InstallError::Link(format!("{error:#}")))?;
        let pre = linker.instantiate_pre(&component).map_err(|error| InstallError::Link(format!("{error:#}")))?;
        let roles = Roles::of(&pre, &package)?;
        Ok(Self {
            digest,
            limits: host_limits.lowered(&package.manifest.limits),
            capabilities: capabilities(imports, &package.manifest.needs),
            package,
            pre,
            roles,
        })
    }
}

/// One generation of a plugin in a convention. Calls hold on to theirs; a newer one takes the place of this for those that follow.
pub(crate) struct Enabled {
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) config: Arc<str>,
    pub(crate) database: Option<Arc<PluginDatabase>>,
    pub(crate) enabled_at: Timestamp,
    pub(crate) enabled_by: String,
}

impl Enabled {
    /// Whether this is what the row says.
    pub(crate) fn is(&self, row: &EnabledRow) -> bool {
        self.plugin.digest == row.digest && *self.config == *row.config && self.enabled_at == row.enabled_at
    }
}
