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
use crate::migrate::{self, PluginMigration};
use crate::plugin_database::PluginDatabase;
use crate::postgres::Server;
use crate::postgres::provision::Provisioned;
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

/// What becomes of events that lie in a plugin's outbox when its database is purged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsent {
    /// They are owed to others: while there are any, nothing is removed.
    Kept,
    /// They are removed with the rest, unread: what cannot be read any more can be removed all the same.
    Lost,
}

/// All databases of one host: its own, and one per convention and plugin. Cheap to clone.
#[derive(Clone)]
pub struct Storage(Arc<Inner>);

struct Inner {
    engine: Engine,
    walls: Walls,
    wall: Arc<Wall>,
    host: Arc<HostDatabase>,
    plugins: Mutex<HashMap<Key, Arc<PluginDatabase>>>,
    /// Opening and purging one at a time: both are rare, and half-made databases are not to be seen.
    changing: tokio::sync::Mutex<()>,
}

enum Engine {
    Sqlite { folder: PathBuf, budget: Arc<Budget> },
    Postgres(Arc<Server>),
}

type Key = (ConventionId, PluginId);

/// Where a plugin's database is.
enum Place<'s> {
    File(PathBuf, &'s Arc<Budget>),
    Schema(Provisioned, &'s Arc<Server>),
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
                let host = HostDatabase::postgres(server.host().clone(), &wall);
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
        let _one = self.0.changing.lock().await;
        let place = match &self.0.engine {
            Engine::Sqlite { folder, budget } => {
                make_folder(&convention_folder(folder, convention)?)?;
                Place::File(plugin_file(folder, convention, plugin)?, budget)
            }
            Engine::Postgres(server) => Place::Schema(server.provide(convention, plugin).await?, server),
        };
        self.opened((convention.clone(), plugin.clone()), place).await
    }

    /// The database that a plugin with these migrations has left in a convention; none when it is gone, and when there is another in its
    /// place, in which none of them has run. It is looked up also where one is open, and none is made.
    ///
    /// # Errors
    /// [`SqlError::Unavailable`]
    pub async fn left(
        &self,
        convention: &ConventionId,
        plugin: &PluginId,
        migrations: &[PluginMigration],
    ) -> Result<Option<Arc<PluginDatabase>>, SqlError> {
        let _one = self.0.changing.lock().await;
        let key = (convention.clone(), plugin.clone());
        let Some(place) = self.place(&key).await? else {
            self.0.plugins.lock().remove(&key);
            return Ok(None);
        };
        let database = self.opened(key.clone(), place).await?;
        if migrations.is_empty() || database.has_migrated().await? {
            return Ok(Some(database));
        }
        // A file that takes its place is to be opened then, not this one gone on with.
        self.close(&key).await?;
        Ok(None)
    }

    /// The database of a plugin in a convention, if there is one: none is made. For what the host reads and writes there itself.
    ///
    /// One that is open is taken to be there, without a look. Where another host on the same PostgreSQL has purged it, it fails, and
    /// [`Self::has`] tells why; where that host has made it anew, the host's side of the one open here is of the new one.
    ///
    /// # Errors
    /// [`SqlError::Unavailable`]
    pub async fn existing(
        &self,
        convention: &ConventionId,
        plugin: &PluginId,
    ) -> Result<Option<Arc<PluginDatabase>>, SqlError> {
        let key = (convention.clone(), plugin.clone());
        if let Some(database) = self.remembered(&key) {
            return Ok(Some(database));
        }
        // Nobody purges between the look and the opening.
        let _one = self.0.changing.lock().await;
        match self.place(&key).await? {
            Some(place) => self.opened(key, place).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether the plugin has a database in the convention, looked up also where one is open. One that is open and is gone is let go of.
    ///
    /// # Errors
    /// [`SqlError::Unavailable`] when that cannot be told.
    pub async fn has(&self, convention: &ConventionId, plugin: &PluginId) -> Result<bool, SqlError> {
        let _one = self.0.changing.lock().await;
        let key = (convention.clone(), plugin.clone());
        let there = self.place(&key).await?.is_some();
        if !there {
            self.0.plugins.lock().remove(&key);
        }
        Ok(there)
    }

    /// Where the database is now, if there is one. Always looked up: other hosts on the same PostgreSQL purge and make databases, too.
    async fn place(&self, (convention, plugin): &Key) -> Result<Option<Place<'_>>, SqlError> {
        match &self.0.engine {
            Engine::Sqlite { folder, budget } => {
                let file = plugin_file(folder, convention, plugin)?;
                let there = file.try_exists().map_err(|error| unavailable(&file, &error))?;
                Ok(there.then_some(Place::File(file, budget)))
            }
            Engine::Postgres(server) => {
                let found = server.find(convention, plugin).await?;
                Ok(found.map(|provisioned| Place::Schema(provisioned, server)))
            }
        }
    }

    fn remembered(&self, key: &Key) -> Option<Arc<PluginDatabase>> {
        self.0.plugins.lock().get(key).cloned()
    }

    /// The database at `place`, opened now if it was not yet, by whoever changes what there is. One that was open and is gone is let go
    /// of: whoever still holds it fails there.
    async fn opened(&self, key: Key, place: Place<'_>) -> Result<Arc<PluginDatabase>, SqlError> {
        if let Some(database) = self.remembered(&key)
            && place.is_of(&database)
        {
            return Ok(database);
        }
        let database = match place {
            Place::File(file, budget) => {
                let file = Arc::new(SqliteFile::new(&file, self.0.walls.engine, self.0.wall.tag(), budget));
                PluginDatabase::sqlite(file, &self.0.wall).await?
            }
            Place::Schema(provisioned, server) => {
                PluginDatabase::postgres(server, provisioned, self.0.walls.engine, &self.0.wall).await?
            }
        };
        let database = Arc::new(database);
        self.0.plugins.lock().insert(key, Arc::clone(&database));
        Ok(database)
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
    /// [`SqlError::Serialization`] when events are left that are to be kept, or when another host's transactions take too long;
    /// [`SqlError::Unavailable`], and with [`Unsent::Kept`] whatever keeps the outbox from being read. Nothing is removed then.
    pub async fn purge(&self, convention: &ConventionId, plugin: &PluginId, unsent: Unsent) -> Result<(), SqlError> {
        let _one = self.0.changing.lock().await;
        let key = (convention.clone(), plugin.clone());
        match self.place(&key).await? {
            // What is remembered of one that is gone goes with it.
            None => self.close(&key).await,
            Some(Place::Schema(_, server)) => {
                self.close(&key).await?;
                server.purge(convention, plugin, unsent).await
            }
            Some(Place::File(file, budget)) => {
                if unsent == Unsent::Kept {
                    let database = self.opened(key.clone(), Place::File(file.clone(), budget)).await?;
                    refuse_to_lose(database.unsent().await?)?;
                }
                self.close(&key).await?;
                for suffix in ["", "-wal", "-shm"] {
                    let mut name = file.clone().into_os_string();
                    name.push(suffix);
                    remove_file(Path::new(&name))?;
                }
                Ok(())
            }
        }
    }

    async fn close(&self, key: &Key) -> Result<(), SqlError> {
        let open = self.0.plugins.lock().remove(key);
        match open {
            Some(database) => database.close().await,
            None => Ok(()),
        }
    }
}

impl Place<'_> {
    /// Whether an open database is this one, and not one that was there before it.
    fn is_of(&self, database: &PluginDatabase) -> bool {
        match self {
            // A folder belongs to one process, and what that purges it forgets.
            Self::File(..) => true,
            Self::Schema(provisioned, _) => database.is_of(provisioned),
        }
    }
}

/// Refuses to remove an outbox with so many events in it.
pub(crate) fn refuse_to_lose(events: i64) -> Result<(), SqlError> {
    match events {
        0 => Ok(()),
        events => Err(SqlError::Serialization(format!("the plugin told others of changes meanwhile ({events})"))),
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
