//! A database as the host itself sees it: its own tables, or a plugin's database including the tables the host keeps
//! there. Statements are held to the same portable subset as a plugin's, so that they answer alike on both engines.

use std::sync::Arc;

use async_trait::async_trait;
use conman_kernel::sql::{Access, Database, RowLimit, Rows, SqlError, Transaction, Value};

use crate::postgres::PostgresDatabase;
use crate::session::Session;
use crate::sqlite::SqliteFile;
use crate::sqlite::watch::Mode;
use crate::wall::verdicts::Wall;

pub(crate) struct HostDatabase {
    engine: Engine,
    wall: Arc<Wall>,
}

enum Engine {
    Sqlite(Arc<SqliteFile>),
    Postgres(PostgresDatabase),
}

impl HostDatabase {
    pub(crate) fn sqlite(file: Arc<SqliteFile>, wall: &Arc<Wall>) -> Self {
        Self { engine: Engine::Sqlite(file), wall: Arc::clone(wall) }
    }

    pub(crate) fn postgres(database: PostgresDatabase, wall: &Arc<Wall>) -> Self {
        Self { engine: Engine::Postgres(database), wall: Arc::clone(wall) }
    }

    pub(crate) async fn session(&self, access: Access) -> Result<Session, SqlError> {
        match &self.engine {
            Engine::Sqlite(file) => Ok(Session::sqlite(file.begin(access).await?, access)),
            Engine::Postgres(database) => Ok(Session::postgres(database.begin(access).await?, access)),
        }
    }

    /// A transaction for a migration: on PostgreSQL one that sees what others commit while it waits for a lock.
    pub(crate) async fn migration_session(&self) -> Result<Session, SqlError> {
        match &self.engine {
            Engine::Sqlite(_) => self.session(Access::ReadWrite).await,
            Engine::Postgres(database) => Ok(Session::postgres(database.begin_migration().await?, Access::ReadWrite)),
        }
    }

    /// Tells the engine that tables may have changed.
    pub(crate) async fn learn(&self) -> Result<(), SqlError> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(()),
            Engine::Postgres(database) => database.learn().await,
        }
    }

    pub(crate) fn wall(&self) -> &Arc<Wall> {
        &self.wall
    }
}

#[async_trait]
impl Database for HostDatabase {
    async fn begin(&self, access: Access) -> Result<Box<dyn Transaction>, SqlError> {
        let session = self.session(access).await?;
        Ok(Box::new(HostTransaction { session, wall: Arc::clone(&self.wall) }))
    }
}

struct HostTransaction {
    session: Session,
    wall: Arc<Wall>,
}

#[async_trait]
impl Transaction for HostTransaction {
    async fn query(&mut self, sql: &str, parameters: &[Value], limit: RowLimit) -> Result<Rows, SqlError> {
        match self.wall.host(sql) {
            Ok(statement) => self.session.query(&statement, parameters, limit, Mode::Host).await,
            Err(error) => self.session.fail(error),
        }
    }

    async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, SqlError> {
        match self.wall.host(sql) {
            Ok(statement) => self.session.execute(&statement, parameters, Mode::Host).await,
            Err(error) => self.session.fail(error),
        }
    }

    async fn commit(self: Box<Self>) -> Result<(), SqlError> {
        self.session.commit().await
    }

    async fn rollback(self: Box<Self>) {
        self.session.rollback().await;
    }
}
