//! The database of one plugin in one convention.

use std::sync::Arc;

use conman_kernel::digest::Digest;
use conman_kernel::event::Event;
use conman_kernel::id::EventId;
use conman_kernel::sql::{Access, RowExt, RowLimit, Rows, SharedDatabase, SqlError, Value, read};
use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;

use crate::deed::PluginDeed;
use crate::host_database::HostDatabase;
use crate::migrate::{self, PluginMigration};
use crate::postgres::provision::{Provisioned, migration_lock};
use crate::postgres::{Knowledge, PostgresDatabase, PostgresSession, Server};
use crate::reserved::{AnswerKey, Reserved, SQLITE_TABLES, StoredAnswer};
use crate::session::{Session, own};
use crate::sqlite::SqliteFile;
use crate::sqlite::watch::Mode;
use crate::wall::verdicts::Wall;
use crate::wall::{Kind, Statement};

/// The database of one plugin in one convention: nobody else's rows are in it, and the plugin reaches no other.
pub struct PluginDatabase {
    engine: Engine,
    pub(crate) host: Arc<HostDatabase>,
    pub(crate) wall: Arc<Wall>,
    pub(crate) reserved: Arc<Reserved>,
    migrating: tokio::sync::Mutex<()>,
}

enum Engine {
    Sqlite(Arc<SqliteFile>),
    Postgres { server: Arc<Server>, provisioned: Provisioned, database: PostgresDatabase },
}

/// The right to change the schema, until it is ended.
pub(crate) enum Admission {
    /// Nobody reads meanwhile.
    Sqlite { _readers: OwnedSemaphorePermit },
    /// Nobody else migrates meanwhile.
    Postgres { lock: PostgresSession },
}

impl PluginDatabase {
    pub(crate) async fn sqlite(file: Arc<SqliteFile>, wall: &Arc<Wall>) -> Result<Self, SqlError> {
        let host = Arc::new(HostDatabase::sqlite(Arc::clone(&file), wall));
        let mut session = host.session(Access::ReadWrite).await?;
        for table in SQLITE_TABLES {
            let statement = own(Kind::Schema, &format!("{table} {}", wall.tag()));
            session.execute(&statement, &[], Mode::Host).await?;
        }
        session.commit().await?;
        Ok(Self {
            engine: Engine::Sqlite(file),
            host,
            wall: Arc::clone(wall),
            reserved: Arc::new(Reserved::sqlite(wall.tag())),
            migrating: tokio::sync::Mutex::default(),
        })
    }

    pub(crate) async fn postgres(
        server: &Arc<Server>,
        provisioned: Provisioned,
        walled: bool,
        wall: &Arc<Wall>,
    ) -> Result<Self, SqlError> {
        let knowledge = Knowledge::default();
        let host = HostDatabase::postgres(server.as_host(&provisioned.schema, &knowledge), wall);
        let reserved = Arc::new(Reserved::postgres(&provisioned));
        let database = server.as_plugin(&provisioned, &knowledge, walled);
        host.learn().await?;
        Ok(Self {
            engine: Engine::Postgres { server: Arc::clone(server), provisioned, database },
            host: Arc::new(host),
            wall: Arc::clone(wall),
            reserved,
            migrating: tokio::sync::Mutex::default(),
        })
    }

    /// Runs those of `migrations` that have not run here, in order, each in a transaction of its own; answers their
    /// numbers.
    ///
    /// # Errors
    /// [`SqlError::Refused`] when one that ran has been edited since, when the numbers have gaps, or when a statement is
    /// outside the portable subset; else what the statements fail with.
    pub async fn migrate(&self, migrations: &[PluginMigration]) -> Result<Vec<u32>, SqlError> {
        let _one = self.migrating.lock().await;
        let applied = migrate::plugin(self, migrations).await;
        // Also where nothing was to be done here: another host may have done it.
        let learned = self.host.learn().await;
        applied.and_then(|applied| learned.map(|()| applied))
    }

    /// Opens a transaction for the plugin's own statements.
    ///
    /// # Errors
    /// [`SqlError::Unavailable`], or [`SqlError::Serialization`] when the queue for writing was too long.
    pub async fn begin(&self, access: Access) -> Result<PluginTransaction, SqlError> {
        let session = self.session(access).await?;
        let host = Arc::clone(&self.host);
        let (wall, reserved) = (Arc::clone(&self.wall), Arc::clone(&self.reserved));
        Ok(PluginTransaction { session, wall, reserved, host, written: false })
    }

    async fn session(&self, access: Access) -> Result<Session, SqlError> {
        match &self.engine {
            Engine::Sqlite(file) => Ok(Session::sqlite(file.begin(access).await?, access)),
            Engine::Postgres { database, .. } => Ok(Session::postgres(database.begin(access).await?, access)),
        }
    }

    /// A transaction for one migration, with the plugin's own rights.
    pub(crate) async fn migration_session(&self) -> Result<Session, SqlError> {
        match &self.engine {
            Engine::Sqlite(_) => self.session(Access::ReadWrite).await,
            Engine::Postgres { database, .. } => {
                Ok(Session::postgres(database.begin_migration().await?, Access::ReadWrite))
            }
        }
    }

    /// Lets this process, and no other, migrate.
    ///
    /// A SQLite folder belongs to one process anyway, but its readers have to wait: SQLite compiles their prepared
    /// statements anew by itself, and `SELECT *` would then answer columns nobody has prepared for. On PostgreSQL other
    /// hosts wait, and the plugin's role may make tables meanwhile.
    pub(crate) async fn admit_migration(&self) -> Result<Admission, SqlError> {
        match &self.engine {
            Engine::Sqlite(file) => Ok(Admission::Sqlite { _readers: file.without_readers().await? }),
            Engine::Postgres { server, provisioned, .. } => {
                let lock = server.locked(migration_lock(provisioned)).await?;
                server.let_create(provisioned, true).await?;
                Ok(Admission::Postgres { lock })
            }
        }
    }

    /// Ends what [`Self::admit_migration`] began.
    pub(crate) async fn end_migration(&self, admission: Admission) -> Result<(), SqlError> {
        if let (Engine::Postgres { server, provisioned, .. }, Admission::Postgres { lock }) = (&self.engine, admission)
        {
            server.let_create(provisioned, false).await?;
            lock.rollback().await;
        }
        Ok(())
    }

    /// The same database as the host sees it: also the tables it keeps there itself.
    #[must_use]
    pub fn host(&self) -> SharedDatabase {
        Arc::clone(&self.host) as SharedDatabase
    }

    /// Forgets events handled, answers given and jobs ended before these instants; answers how many rows went.
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn prune(
        &self,
        handled_before: Timestamp,
        answered_before: Timestamp,
        solved_before: Timestamp,
    ) -> Result<u64, SqlError> {
        conman_kernel::sql::transaction(self.host.as_ref(), |transaction| {
            Box::pin(async move {
                let handled = transaction
                    .execute("DELETE FROM conman_handled WHERE handled_at < $1", &[handled_before.into()])
                    .await?;
                let answers = transaction
                    .execute("DELETE FROM conman_answer WHERE answered_at < $1", &[answered_before.into()])
                    .await?;
                let solves = transaction
                    .execute("DELETE FROM conman_solve WHERE ended_at < $1", &[solved_before.into()])
                    .await?;
                Ok(handled + answers + solves)
            })
        })
        .await
    }

    /// Whether any migration has run.
    pub(crate) async fn has_migrated(&self) -> Result<bool, SqlError> {
        let rows = read(self.host.as_ref(), "SELECT version FROM conman_migration LIMIT 1", &[]).await?;
        Ok(!rows.rows.is_empty())
    }

    /// How many events lie in the outbox.
    pub(crate) async fn unsent(&self) -> Result<i64, SqlError> {
        let rows = read(self.host.as_ref(), "SELECT COUNT(*) FROM conman_outbox", &[]).await?;
        rows.rows.first().map_or(Ok(0), |row| Ok(row.integer(0)?))
    }

    /// Whether it is the one that was provisioned so: each is given a role of its own, also when it takes another's place.
    pub(crate) fn is_of(&self, provisioned: &Provisioned) -> bool {
        matches!(&self.engine, Engine::Postgres { provisioned: own, .. } if own.role == provisioned.role)
    }

    /// Lets statements prepared until now not be used again.
    pub(crate) fn renew(&self) {
        match &self.engine {
            Engine::Sqlite(file) => file.renew(),
            Engine::Postgres { database, .. } => database.renew(),
        }
    }

    pub(crate) async fn close(&self) -> Result<(), SqlError> {
        match &self.engine {
            Engine::Sqlite(file) => file.close().await,
            Engine::Postgres { database, .. } => {
                database.close().await;
                Ok(())
            }
        }
    }
}

impl std::fmt::Debug for PluginDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginDatabase").finish_non_exhaustive()
    }
}

/// An open transaction on a plugin's database. Dropping it rolls it back. After an error it can only be rolled back.
pub struct PluginTransaction {
    pub(crate) session: Session,
    wall: Arc<Wall>,
    pub(crate) reserved: Arc<Reserved>,
    host: Arc<HostDatabase>,
    written: bool,
}

impl PluginTransaction {
    /// Runs a plugin's statement that answers rows.
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn query(&mut self, sql: &str, parameters: &[Value], limit: RowLimit) -> Result<Rows, SqlError> {
        match self.wall.guest(sql) {
            Ok(statement) => {
                self.written |= statement.kind != Kind::Query;
                self.session.query(&statement, parameters, limit, Mode::Guest).await
            }
            Err(error) => self.session.fail(error),
        }
    }

    /// Runs a plugin's statement for its effect; answers how many rows it touched.
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, SqlError> {
        match self.wall.guest(sql) {
            Ok(statement) => {
                self.written = true;
                self.session.execute(&statement, parameters, Mode::Guest).await
            }
            Err(error) => self.session.fail(error),
        }
    }

    /// Runs one of the host's own statements; answers whether it changed anything.
    pub(crate) async fn changes(
        &mut self,
        statement: fn(&Reserved) -> &Statement,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<bool, SqlError> {
        let parameters = self.reserved.parameters(values);
        let answer = self.session.run(statement(&self.reserved), &parameters, RowLimit::HOST, Mode::Host).await?;
        // PostgreSQL's functions answer how many rows they touched.
        answer.rows.rows.first().map_or(Ok(answer.touched > 0), |row| Ok(row.integer(0)? > 0))
    }

    /// Notes that the plugin changes something, if not by a statement of its own.
    pub(crate) const fn touch(&mut self) {
        self.written = true;
    }

    /// Whether one of the plugin's statements was there to change something, whether or not it found anything to change.
    #[must_use]
    pub const fn has_written(&self) -> bool {
        self.written
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// [`SqlError::Serialization`] when the database finds only now that another transaction got in the way.
    pub async fn commit(self) -> Result<(), SqlError> {
        self.session.commit().await
    }

    /// Undoes everything.
    pub async fn rollback(self) {
        self.session.rollback().await;
    }

    /// Writes an event into the outbox: it is delivered if, and only if, the transaction commits.
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn emit(&mut self, event: &Event) -> Result<(), SqlError> {
        let parameters = self.reserved.parameters([
            event.id.as_str().into(),
            event.topic.as_str().into(),
            event.key.as_str().into(),
            event.payload.as_str().into(),
            event.emitted_at.into(),
            event.hops.into(),
        ]);
        self.session.execute(&self.reserved.emit, &parameters, Mode::Host).await.map(drop)
    }

    /// Records that the event is being handled in this transaction. `false`: a transaction that committed has handled it
    /// before.
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn handled(&mut self, event: &EventId) -> Result<bool, SqlError> {
        self.changes(|reserved| &reserved.handle, [event.as_str().into(), Timestamp::now().into()]).await
    }

    /// The answer remembered under `key`, if any.
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn answer(&mut self, key: &AnswerKey) -> Result<Option<StoredAnswer>, SqlError> {
        let key = Reserved::key(key);
        let rows = if self.session.is_postgres() {
            let mut session = self.host.session(Access::ReadOnly).await?;
            let rows = session.query(&self.reserved.answer, &key, RowLimit::HOST, Mode::Host).await;
            session.rollback().await;
            rows?
        } else {
            self.session.query(&self.reserved.answer, &key, RowLimit::HOST, Mode::Host).await?
        };
        let Some(row) = rows.rows.first() else { return Ok(None) };
        let arguments = row.text(0)?.parse::<Digest>().map_err(|error| SqlError::Statement(error.to_string()))?;
        Ok(Some(StoredAnswer { arguments, answer: row.text(1)?.to_owned(), answered_at: row.timestamp(2)? }))
    }

    /// Remembers the answer given under `key`.
    ///
    /// # Errors
    /// [`SqlError::Serialization`] when another transaction remembered one meanwhile: run again, it will be found.
    pub async fn remember(&mut self, key: &AnswerKey, answer: &StoredAnswer) -> Result<(), SqlError> {
        let parameters = self.reserved.key_and_answer(key, answer);
        match self.session.execute(&self.reserved.remember, &parameters, Mode::Host).await {
            Err(SqlError::Constraint(text)) => Err(SqlError::Serialization(text)),
            outcome => outcome.map(drop),
        }
    }

    /// Writes down what somebody does in this transaction: it is there if, and only if, the transaction commits.
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn record(&mut self, deed: PluginDeed) -> Result<(), SqlError> {
        let PluginDeed { id, at, actor, actor_name, action, detail } = deed;
        let values = [id.into(), at.into(), actor.into(), actor_name.into(), action.into(), detail.into()];
        self.session.execute(&self.reserved.record, &self.reserved.parameters(values), Mode::Host).await.map(drop)
    }
}
