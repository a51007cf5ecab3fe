//! SQLite: one file per database, in write-ahead mode, with one writing connection and a few reading ones.
//!
//! `synchronous = FULL`: a commit is acknowledged when it is on the disk, so that a sign-up survives a power cut and not
//! only a crash of the process. The price is one fsync of the log per commit.

pub(crate) mod authorizer;
pub(crate) mod memory;
mod session;
mod value;
pub(crate) mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use conman_kernel::sql::{Access, SqlError};
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};

use memory::Account;
pub(crate) use session::SqliteSession;
use tokio::sync::{OwnedRwLockReadGuard, OwnedSemaphorePermit, RwLock};
use watch::Watch;

use crate::budget::{Budget, PATIENCE};
use crate::pool::{Connect, Pool};

/// Reading connections per database. Each is a thread of its own while it is open.
const READERS: u32 = 4;

/// How long SQLite itself waits for a lock. Inside this process nobody waits there, because writers queue before.
const BUSY: Duration = Duration::from_secs(5);

/// Compiled statements kept per connection.
const STATEMENTS: usize = 256;

/// Rows a connection's thread may be ahead of whoever reads them.
const ROWS_AHEAD: usize = 512;

/// Held for reading by every open connection. Whoever gets it for writing knows that all are closed.
type Openness = Arc<RwLock<()>>;

/// One SQLite file.
pub(crate) struct SqliteFile {
    openness: Openness,
    writer: Arc<Pool<Connector>>,
    readers: Arc<Pool<Connector>>,
    tag: Arc<str>,
}

/// Opens connections to one file.
pub(crate) struct Connector {
    options: SqliteConnectOptions,
    file: PathBuf,
    /// There when the connections are guarded.
    account: Option<&'static Account>,
    openness: Openness,
}

/// An open connection.
pub(crate) struct Connection {
    /// There until the connection is dropped.
    sqlite: Option<SqliteConnection>,
    watch: Arc<Watch>,
    open: Option<OwnedRwLockReadGuard<()>>,
}

impl Connection {
    fn sqlite(&mut self) -> Result<&mut SqliteConnection, SqlError> {
        self.sqlite.as_mut().ok_or_else(|| SqlError::Unavailable("the connection is closed".to_owned()))
    }
}

/// A connection closes on its own thread, and the last one of a file deletes the file's log by name. So it stays counted
/// as open until that is over: the log of a database made anew under the same name must not be the one deleted.
impl Drop for Connection {
    fn drop(&mut self) {
        let (Some(sqlite), Ok(runtime)) = (self.sqlite.take(), tokio::runtime::Handle::try_current()) else { return };
        let open = self.open.take();
        runtime.spawn(async move {
            if let Err(error) = sqlx::Connection::close(sqlite).await {
                tracing::warn!(%error, "a SQLite connection did not close in order");
            }
            drop(open);
        });
    }
}

impl SqliteFile {
    /// The database in `file`, made when first written to. `guarded` puts the authorizer in place and limits the memory;
    /// `tag` is the comment that keeps the host's compiled statements out of a guest's reach.
    pub(crate) fn new(file: &Path, guarded: bool, tag: &Arc<str>, budget: &Arc<Budget>) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .statement_cache_capacity(STATEMENTS)
            .row_buffer_size(ROWS_AHEAD)
            .pragma("case_sensitive_like", "ON")
            .pragma("cache_size", "-8000")
            .pragma("journal_size_limit", "16777216")
            .thread_name(|n| format!("sqlite-{n}"))
            .disable_statement_logging();
        let openness = Openness::default();
        let account = guarded.then(Account::open);
        let connector =
            |options| Connector { options, file: file.to_owned(), account, openness: Arc::clone(&openness) };
        Self {
            writer: Pool::new(connector(options.clone()), 1, Arc::clone(budget)),
            readers: Pool::new(connector(options.pragma("query_only", "ON")), READERS as usize, Arc::clone(budget)),
            tag: Arc::clone(tag),
            openness,
        }
    }

    /// Opens a transaction.
    pub(crate) async fn begin(&self, access: Access) -> Result<SqliteSession, SqlError> {
        let pool = match access {
            Access::ReadWrite => &self.writer,
            Access::ReadOnly => &self.readers,
        };
        SqliteSession::begin(pool.lease().await?, access, &self.tag).await
    }

    /// Forgets statements compiled for an older schema.
    pub(crate) fn renew(&self) {
        self.writer.renew();
        self.readers.renew();
    }

    /// Lets nobody read while the answer is held: readers in the middle are waited for.
    pub(crate) async fn without_readers(&self) -> Result<OwnedSemaphorePermit, SqlError> {
        self.readers.turns(READERS).await
    }

    /// Closes every connection; nobody can begin any more.
    ///
    /// # Errors
    /// [`SqlError::Unavailable`] when a transaction went on for too long.
    pub(crate) async fn close(&self) -> Result<(), SqlError> {
        self.readers.close(READERS).await;
        self.writer.close(1).await;
        match tokio::time::timeout(PATIENCE, self.openness.write()).await {
            Ok(_closed) => Ok(()),
            Err(_) => Err(SqlError::Unavailable("a transaction is still going on; try again in a moment".to_owned())),
        }
    }
}

#[async_trait]
impl Connect for Connector {
    type Connection = Connection;

    async fn connect(&self) -> Result<Connection, SqlError> {
        let unavailable =
            |error: &dyn std::fmt::Display| SqlError::Unavailable(format!("{}: {error}", self.file.display()));
        let open = Arc::clone(&self.openness).read_owned().await;
        let mut sqlite = self.options.connect().await.map_err(|error| unavailable(&error))?;
        let watch = Arc::new(Watch::new(self.account));
        if self.account.is_some() {
            let mut handle = sqlite.lock_handle().await.map_err(|error| unavailable(&error))?;
            authorizer::install(&mut handle, &watch)
                .map_err(|switch| unavailable(&format_args!("SQLite would not turn its switch `{switch}`")))?;
        }
        Ok(Connection { sqlite: Some(sqlite), watch, open: Some(open) })
    }
}
