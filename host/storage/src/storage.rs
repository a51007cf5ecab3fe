//! All databases of one host.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{Migration, SharedDatabase, SqlError};
use parking_lot::Mutex;

use crate::budget::Budget;
use crate::host_database::HostDatabase;
use crate::location::{Location, convention_folder, host_file, plugin_file, plugin_of_file};
use crate::migrate;
use crate::plugin_database::PluginDatabase;
use crate::postgres::{HOST_SCHEMA, Knowledge, Server};
use crate::sqlite::{self, SqliteFile};
use crate::wall::verdicts::Wall;

/// Open SQLite connections in all.
const SQLITE_CONNECTIONS: usize = 256;

/// Which walls stand. Both do, except in tests that show that each holds alone.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walls {
    /// Statements are parsed and held against the portable subset.
    pub parser: bool,
    /// The database itself keeps guests in: SQLite's authorizer, PostgreSQL's roles.
    pub engine: bool,
}

impl Walls {
    /// Both.
    pub const STANDING: Self = Self { parser: true, engine: true };
}

/// All databases of one host: its own, and one per convention and plugin. Cheap to clone.
#[derive(Clone)]
pub struct Storage(Arc<Inner>);

struct Inner {
    engine: Engine,
    walls: Walls,
    wall: Arc<Wall>,
    host: Arc<HostDatabase>,
    plugins: Mutex<HashMap<(ConventionId, PluginId), Arc<PluginDatabase>>>,
    /// Opening and purging one at a time: both are rare, and half-made databases are not to be seen.
    changing: tokio::sync::Mutex<()>,
}

enum Engine {
    Sqlite { folder: PathBuf, budget: Arc<Budget> },
    Postgres(Arc<Server>),
}

impl Storage {
    /// Opens (and where new, makes) the host's database at `location`.
    ///
    /// # Errors
    /// [`SqlError::Unavailable`] when the folder cannot be written or the server cannot be reached.
    pub async fn open(location: Location) -> Result<Self, SqlError> {
        Self::open_with(location, Walls::STANDING).await
    }

    /// Opens with a wall down, to test the other.
    ///
    /// # Errors
    /// As [`Self::open`].
    #[doc(hidden)]
    pub async fn open_with(location: Location, walls: Walls) -> Result<Self, SqlError> {
        let wall = Arc::new(Wall::new(walls.parser)?);
        let (engine, host) = match location {
            Location::Folder(folder) => {
                make_folder(&folder)?;
                sqlite::memory::limit();
                let budget = Budget::new(SQLITE_CONNECTIONS);
                budget.keep_swept();
                let file = SqliteFile::new(&host_file(&folder), false, wall.tag(), &budget);
                (Engine::Sqlite { folder, budget }, HostDatabase::sqlite(Arc::new(file), &wall))
            }
            Location::Postgres { url } => {
                let server = Arc::new(Server::new(&url)?);
                server.prepare_host().await?;
                let host = HostDatabase::postgres(server.as_host(HOST_SCHEMA, &Knowledge::default()), &wall);
                (Engine::Postgres(server), host)
            }
        };
        let host = Arc::new(host);
        migrate::prepare(&host).await?;
        let inner =
            Inner { engine, walls, wall, host, plugins: Mutex::default(), changing: tokio::sync::Mutex::default() };
        Ok(Self(Arc::new(inner)))
    }

    /// The host's own tables.
    #[must_use]
    pub fn host(&self) -> SharedDatabase {
        Arc::clone(&self.0.host) as SharedDatabase
    }

    /// Brings a component's host tables up to date. Every migration runs once, in a transaction of its own, also when
    /// several processes start at the same time.
    ///
    /// # Errors
    /// [`SqlError::Refused`] when a migration that ran has been edited since, or when the numbers have gaps; else what
    /// the migration's own statements fail with.
    pub async fn migrate_host(&self, component: &str, migrations: &[Migration]) -> Result<(), SqlError> {
        migrate::host(&self.0.host, component, migrations).await
    }

    /// The database of a plugin in a convention; made when it is new.
    ///
    /// # Errors
    /// [`SqlError::Unavailable`]
    pub async fn plugin(&self, convention: &ConventionId, plugin: &PluginId) -> Result<Arc<PluginDatabase>, SqlError> {
        let key = (convention.clone(), plugin.clone());
        if let Some(database) = self.0.plugins.lock().get(&key) {
            return Ok(Arc::clone(database));
        }
        let _one = self.0.changing.lock().await;
        self.opened(key).await
    }

    /// The database of a plugin in a convention, if there is one: none is made.
    ///
    /// # Errors
    /// [`SqlError::Unavailable`]
    pub async fn existing(
        &self,
        convention: &ConventionId,
        plugin: &PluginId,
    ) -> Result<Option<Arc<PluginDatabase>>, SqlError> {
        // Nobody purges between the look and the opening.
        let _one = self.0.changing.lock().await;
        if self.has(convention, plugin).await? {
            self.opened((convention.clone(), plugin.clone())).await.map(Some)
        } else {
            Ok(None)
        }
    }

    /// The open database, opened now if it was not yet, by whoever changes what there is.
    async fn opened(&self, key: (ConventionId, PluginId)) -> Result<Arc<PluginDatabase>, SqlError> {
        if let Some(database) = self.0.plugins.lock().get(&key) {
            return Ok(Arc::clone(database));
        }
        let database = Arc::new(self.open_plugin(&key.0, &key.1).await?);
        self.0.plugins.lock().insert(key, Arc::clone(&database));
        Ok(database)
    }

    async fn open_plugin(&self, convention: &ConventionId, plugin: &PluginId) -> Result<PluginDatabase, SqlError> {
        match &self.0.engine {
            Engine::Sqlite { folder, budget } => {
                let file = plugin_file(folder, convention, plugin)?;
                make_folder(&convention_folder(folder, convention)?)?;
                let file = Arc::new(SqliteFile::new(&file, self.0.walls.engine, self.0.wall.tag(), budget));
                PluginDatabase::sqlite(file, &self.0.wall).await
            }
            Engine::Postgres(server) => {
                let provisioned = server.provide(convention, plugin).await?;
                PluginDatabase::postgres(server, provisioned, self.0.walls.engine, &self.0.wall).await
            }
        }
    }

    /// Whether the plugin has a database in the convention. Cheap, and makes none.
    ///
    /// # Errors
    /// [`SqlError::Unavailable`]
    pub async fn has(&self, convention: &ConventionId, plugin: &PluginId) -> Result<bool, SqlError> {
        if self.0.plugins.lock().contains_key(&(convention.clone(), plugin.clone())) {
            return Ok(true);
        }
        match &self.0.engine {
            Engine::Sqlite { folder, .. } => Ok(plugin_file(folder, convention, plugin)?.exists()),
            Engine::Postgres(server) => Ok(server.find(convention, plugin).await?.is_some()),
        }
    }

    /// The plugins that have a database in the convention, sorted.
    ///
    /// # Errors
    /// [`SqlError::Unavailable`]
    pub async fn list(&self, convention: &ConventionId) -> Result<Vec<PluginId>, SqlError> {
        let mut plugins = match &self.0.engine {
            Engine::Sqlite { folder, .. } => {
                let folder = convention_folder(folder, convention)?;
                match std::fs::read_dir(&folder) {
                    Ok(entries) => {
                        entries.filter_map(|entry| plugin_of_file(entry.ok()?.file_name().to_str()?)).collect()
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
                    Err(error) => return Err(unavailable(&folder, &error)),
                }
            }
            Engine::Postgres(server) => server.list(convention).await?,
        };
        plugins.sort();
        Ok(plugins)
    }

    /// Removes the plugin's database in the convention with everything in it. Running transactions are waited for;
    /// whoever still holds the database gets [`SqlError::Unavailable`].
    ///
    /// # Errors
    /// [`SqlError::Unavailable`]
    pub async fn purge(&self, convention: &ConventionId, plugin: &PluginId) -> Result<(), SqlError> {
        let _one = self.0.changing.lock().await;
        let open = self.0.plugins.lock().remove(&(convention.clone(), plugin.clone()));
        if let Some(database) = open {
            database.close().await?;
        }
        match &self.0.engine {
            Engine::Sqlite { folder, .. } => {
                let file = plugin_file(folder, convention, plugin)?;
                for suffix in ["", "-wal", "-shm"] {
                    let mut name = file.clone().into_os_string();
                    name.push(suffix);
                    remove_file(Path::new(&name))?;
                }
                Ok(())
            }
            Engine::Postgres(server) => server.purge(convention, plugin).await,
        }
    }
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // An address may hold a password, so it is not shown.
        let place: &dyn std::fmt::Debug = match &self.0.engine {
            Engine::Sqlite { folder, .. } => folder,
            Engine::Postgres(_) => &"PostgreSQL",
        };
        f.debug_struct("Storage").field("place", place).finish_non_exhaustive()
    }
}

/// Makes a folder that only the host's user may look into.
fn make_folder(folder: &Path) -> Result<(), SqlError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| unavailable(folder, &error))
}

fn remove_file(file: &Path) -> Result<(), SqlError> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unavailable(file, &error)),
        _ => Ok(()),
    }
}

fn unavailable(path: &Path, error: &std::io::Error) -> SqlError {
    SqlError::Unavailable(format!("{}: {error}", path.display()))
}
