//! PostgreSQL: a schema and a login role of its own for every plugin database, and the schema `conman` for the host.
//!
//! A plugin's statements run on connections logged in as its role, which may use its own tables and nothing else: there
//! is no other role to go back to. What the host writes in the same transaction (events, handled events, answers) goes
//! through functions that belong to the host and ask for a secret the role cannot read.

mod columns;
mod prepared;
pub(crate) mod provision;
mod session;
mod turnstile;
mod value;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use conman_kernel::sql::{Access, SqlError};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use columns::Columns;
pub(crate) use columns::Knowledge;
use prepared::Shelf;
use provision::Provisioned;
pub(crate) use session::PostgresSession;
use turnstile::Turnstile;

use crate::budget::Budget;
use crate::pool::{Connect, Pool};
use crate::session::STATEMENT_TIME;

/// The host's schema.
pub(crate) const HOST_SCHEMA: &str = "conman";

/// Connections of the host's own.
const HOST_CONNECTIONS: u32 = 12;

/// Connections of one plugin database.
const PLUGIN_CONNECTIONS: u32 = 8;

/// Connections of all plugin databases. With the host's they stay below PostgreSQL's default of 100.
const ALL_PLUGIN_CONNECTIONS: usize = 48;

/// How long a transaction may wait for another's lock.
const LOCK_TIME: Duration = Duration::from_secs(10);

/// How often a long statement looks whether anybody still waits for it.
const CHECK_TIME: Duration = Duration::from_millis(500);

/// How long a transaction may sit idle. The longest calls take a minute.
const IDLE_TIME: Duration = Duration::from_secs(120);

/// One PostgreSQL server (and the database on it) with the host's connections to it.
pub(crate) struct Server {
    options: PgConnectOptions,
    /// The host's own schema. What the host does in others goes over the same connections.
    host: PostgresDatabase,
    plugins: Arc<Budget>,
}

/// One schema, seen by one role.
#[derive(Clone)]
pub(crate) struct PostgresDatabase {
    pool: Arc<Pool<Connector>>,
    /// What opens a transaction, for reading, writing and migrating.
    begin_read: Arc<str>,
    begin_write: Arc<str>,
    begin_migration: Arc<str>,
    turnstile: Arc<Turnstile>,
    /// Whether the pool is this database's alone.
    own_pool: bool,
    schema: Arc<str>,
    knowledge: Knowledge,
}

/// Opens connections as one role.
pub(crate) struct Connector {
    options: PgConnectOptions,
}

/// An open connection.
pub(crate) struct Connection {
    postgres: PgConnection,
    shelf: Shelf,
}

impl Server {
    /// Nothing is connected before it is needed.
    pub(crate) fn new(url: &str) -> Result<Self, SqlError> {
        let options: PgConnectOptions =
            url.parse().map_err(|error| SqlError::Unavailable(format!("the PostgreSQL address: {error}")))?;
        let options = options
            .statement_cache_capacity(prepared::MOST_TEXTS * 2)
            .application_name("conman")
            .disable_statement_logging()
            .options([("standard_conforming_strings", "on"), ("client_min_messages", "warning")]);
        let (budget, plugins) = (Budget::new(HOST_CONNECTIONS as usize), Budget::new(ALL_PLUGIN_CONNECTIONS));
        budget.keep_swept();
        plugins.keep_swept();
        let connector =
            Connector { options: options.clone().options([("search_path", format!("{HOST_SCHEMA},pg_temp"))]) };
        let pool = Pool::new(connector, HOST_CONNECTIONS as usize, budget);
        let host = PostgresDatabase::new(pool, HOST_SCHEMA, "", &Knowledge::default(), false);
        Ok(Self { options, host, plugins })
    }

    /// The host's own schema.
    pub(crate) const fn host(&self) -> &PostgresDatabase {
        &self.host
    }

    /// A plugin's schema as the host sees it.
    pub(crate) fn as_host(&self, schema: &str, knowledge: &Knowledge) -> PostgresDatabase {
        let path = format!("; SET LOCAL search_path TO {schema}, pg_temp");
        PostgresDatabase::new(Arc::clone(&self.host.pool), schema, &path, knowledge, false)
    }

    /// A schema as its own role sees it; or, with the database's wall down, as the host does.
    pub(crate) fn as_plugin(&self, provisioned: &Provisioned, knowledge: &Knowledge, walled: bool) -> PostgresDatabase {
        if !walled {
            return self.as_host(&provisioned.schema, knowledge);
        }
        let milliseconds = |time: Duration| time.as_millis().to_string();
        let options = self.options.clone().username(&provisioned.role).password(&provisioned.password).options([
            ("search_path", format!("{},pg_temp", provisioned.schema)),
            ("statement_timeout", milliseconds(STATEMENT_TIME)),
            ("lock_timeout", milliseconds(LOCK_TIME)),
            // Who hung up is not worked for any longer.
            ("client_connection_check_interval", milliseconds(CHECK_TIME)),
            ("idle_in_transaction_session_timeout", milliseconds(IDLE_TIME)),
        ]);
        let pool = Pool::new(Connector { options }, PLUGIN_CONNECTIONS as usize, Arc::clone(&self.plugins));
        PostgresDatabase::new(pool, &provisioned.schema, "", knowledge, true)
    }
}

impl PostgresDatabase {
    fn new(pool: Arc<Pool<Connector>>, schema: &str, path: &str, knowledge: &Knowledge, own_pool: bool) -> Self {
        Self {
            pool,
            begin_read: format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY{path}").into(),
            begin_write: format!("BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE{path}").into(),
            begin_migration: format!("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE{path}").into(),
            turnstile: Turnstile::new(),
            own_pool,
            schema: schema.into(),
            knowledge: knowledge.clone(),
        }
    }

    /// Opens a transaction.
    pub(crate) async fn begin(&self, access: Access) -> Result<PostgresSession, SqlError> {
        match access {
            Access::ReadOnly => self.open(&self.begin_read).await,
            Access::ReadWrite => {
                let permit = self.turnstile.enter().await?;
                let mut session = self.open(&self.begin_write).await?;
                session.hold(&self.turnstile, permit);
                Ok(session)
            }
        }
    }

    /// Opens a transaction that sees what others commit meanwhile, so that waiting for a lock and then looking works.
    pub(crate) async fn begin_migration(&self) -> Result<PostgresSession, SqlError> {
        self.open(&self.begin_migration).await
    }

    /// A connection that was kept may have died with its server; then those kept with it are given up too, and one
    /// fresh try tells whether the server is there.
    async fn open(&self, begin: &Arc<str>) -> Result<PostgresSession, SqlError> {
        match self.open_once(begin).await {
            Err(SqlError::Unavailable(_)) => {
                self.pool.renew();
                self.open_once(begin).await
            }
            outcome => outcome,
        }
    }

    async fn open_once(&self, begin: &Arc<str>) -> Result<PostgresSession, SqlError> {
        PostgresSession::begin(self.pool.lease().await?, begin, &self.schema, self.knowledge.now()).await
    }

    /// Looks up which columns are never NULL: after whatever may have changed the tables.
    pub(crate) async fn learn(&self) -> Result<(), SqlError> {
        let mut session = self.open(&self.begin_read).await?;
        let columns = Columns::look_up(&mut session, &self.schema).await?;
        session.rollback().await;
        self.knowledge.learn(columns);
        Ok(())
    }

    /// Forgets statements prepared for an older schema.
    pub(crate) fn renew(&self) {
        self.pool.renew();
    }

    /// Closes every connection of a plugin's role; nobody can begin any more.
    pub(crate) async fn close(&self) {
        if self.own_pool {
            self.pool.close(PLUGIN_CONNECTIONS).await;
        }
    }
}

#[async_trait]
impl Connect for Connector {
    type Connection = Connection;

    async fn connect(&self) -> Result<Connection, SqlError> {
        let place = || format!("{}:{}", self.options.get_host(), self.options.get_port());
        let postgres = self.options.connect().await.map_err(|error| {
            SqlError::Unavailable(format!("PostgreSQL at {} as {}: {error}", place(), self.options.get_username()))
        })?;
        Ok(Connection { postgres, shelf: Shelf::default() })
    }
}
