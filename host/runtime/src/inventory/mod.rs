//! Which packages are installed in this host, and which plugins are enabled where.

mod absent;
mod enable;
mod install;
mod packages;
mod view;

use conman_kernel::digest::Digest;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{Migration, SqlError};

use crate::capability::ImportError;
use crate::compiled::CompileError;
use crate::package::PackageError;
use crate::roles::ExportError;

pub use absent::AbsentPlugin;
pub use enable::Wanted;
pub(crate) use enable::{EnabledRow, Inventory, enabled_in, enabled_rows, subscribed_in};
pub use install::Installed;
pub use packages::InstalledPackage;
pub(crate) use packages::PackageStore;
pub use view::EnabledPlugin;

/// The host tables of this crate.
pub const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "inventory", sql: include_str!("../../migrations/0001_inventory.sql") }];

/// Why a package was not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The bytes are no package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// It needs another host API.
    #[error(
        "the plugin needs host API {needed}, this host offers {}; update the host, or change [compat] host-api",
        crate::HOST_API
    )]
    HostApi {
        /// What its manifest says.
        needed: String,
    },
    /// It imports what it may not.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// Its exports do not fit.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Its configuration's schema is none.
    #[error("config.schema.json: {0}")]
    ConfigSchema(String),
    /// Its code does not compile.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// Its imports have other functions or types than the host's.
    #[error("the plugin does not fit the host's interfaces: {0}; build it against the WIT of host API 1.1")]
    Link(String),
    /// The package's file cannot be written or read.
    #[error("the package's file cannot be kept: {0}")]
    File(#[from] std::io::Error),
    /// The host's database failed.
    #[error(transparent)]
    Database(#[from] SqlError),
}

/// Why a plugin was not enabled, disabled or removed.
#[derive(Debug, thiserror::Error)]
pub enum EnableError {
    /// No package of that plugin is installed.
    #[error("no package of {0} is installed; install one first, with `conman plugin install`")]
    NotInstalled(PluginId),
    /// No package with that digest is installed, or it is another plugin's.
    #[error("no package of {plugin} with the digest {digest} is installed; `conman plugin list` shows which are")]
    NoSuchPackage {
        /// Whose.
        plugin: PluginId,
        /// Which.
        digest: Digest,
    },
    /// No package with that version is installed.
    #[error("no package of {plugin} with the version {version} is installed; `conman plugin list` shows which are")]
    NoSuchVersion {
        /// Whose.
        plugin: PluginId,
        /// Which.
        version: String,
    },
    /// The plugin is not enabled there.
    #[error("{plugin} is not enabled in this convention")]
    NotEnabled {
        /// Which.
        plugin: PluginId,
        /// Where.
        convention: ConventionId,
    },
    /// Its routes would be another's.
    #[error("{other} is enabled here and has the same routes below /x/{}/; disable it first", other.name())]
    NameTaken {
        /// Who has the name.
        other: PluginId,
    },
    /// The configuration does not fit.
    #[error("the configuration does not fit: {}", .0.join("; "))]
    Config(Vec<String>),
    /// The package cannot be loaded.
    #[error(transparent)]
    Load(#[from] InstallError),
    /// A migration failed.
    #[error("a migration of the plugin failed, so it was not enabled; those before it have run: {0}")]
    Migration(SqlError),
    /// The plugin broke down when it was asked about its configuration.
    #[error("the plugin failed to check its configuration: {0}")]
    Check(conman_kernel::fault::Fault),
    /// The package is in use.
    #[error("{0} is enabled in a convention; disable it there first")]
    InUse(PluginId),
    /// What it has stored is being removed.
    #[error("{0} is being purged; try again in a moment")]
    Purging(PluginId),
    /// The host's database failed.
    #[error(transparent)]
    Database(#[from] SqlError),
}
