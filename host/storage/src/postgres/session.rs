//! One open transaction on a PostgreSQL database.

use std::sync::Arc;

use conman_kernel::sql::{RowLimit, SqlError, Value};
use futures::StreamExt;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments, AssertSqlSafe, Column, Connection as _, Either, Executor, Row};
use tokio::sync::OwnedSemaphorePermit;

use super::columns::Columns;
use super::prepared::Prepared;
use super::turnstile::Turnstile;
use super::value::{Bound, Codec, codecs, decode};
use super::{Connection, Connector};
use crate::pool::Lease;
use crate::session::{Answer, Size};
use crate::wall::{Kind, Statement};

/// See the module.
pub(crate) struct PostgresSession {
    lease: Option<Lease<Connector>>,
    /// A statement was sent and its answer has not been read whole: the connection cannot simply go on.
    midway: bool,
    /// Statements were prepared for tables that have changed since.
    stale: bool,
    schema: Arc<str>,
    columns: Arc<Columns>,
    turnstile: Option<(Arc<Turnstile>, OwnedSemaphorePermit)>,
}

impl PostgresSession {
    pub(super) async fn begin(
        lease: Lease<Connector>,
        begin: &Arc<str>,
        schema: &Arc<str>,
        columns: Arc<Columns>,
    ) -> Result<Self, SqlError> {
        let schema = Arc::clone(schema);
        let mut session = Self { lease: Some(lease), midway: false, stale: false, schema, columns, turnstile: None };
        session.control(Arc::clone(begin)).await?;
        Ok(session)
    }

    /// Holds a writer's place until the session ends.
    pub(super) fn hold(&mut self, turnstile: &Arc<Turnstile>, permit: OwnedSemaphorePermit) {
        self.turnstile = Some((Arc::clone(turnstile), permit));
    }

    fn connection(&mut self) -> Result<&mut Connection, SqlError> {
        match &mut self.lease {
            Some(lease) => Ok(lease.connection()),
            None => Err(SqlError::Statement("the transaction is over".to_owned())),
        }
    }

    /// Runs statements of this crate's own that take no parameters.
    pub(super) async fn control(&mut self, text: Arc<str>) -> Result<(), SqlError> {
        self.midway = true;
        let outcome = self.connection()?.postgres.execute(sqlx::raw_sql(AssertSqlSafe(text))).await;
        self.settle(outcome.map(drop))
    }

    /// Notes how a statement ended.
    fn settle<T>(&mut self, outcome: Result<T, sqlx::Error>) -> Result<T, SqlError> {
        // An error the server told leaves the connection in order; any other does not.
        self.midway = matches!(&outcome, Err(error) if !matches!(error, sqlx::Error::Database(_)));
        self.stale |= matches!(&outcome, Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("0A000"));
        let refined = outcome.map_err(refine);
        if let (Err(SqlError::Serialization(_)), Some((turnstile, _))) = (&refined, &self.turnstile) {
            turnstile.conflict();
        }
        refined
    }

    /// Runs one statement.
    pub(crate) async fn run(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        limit: Option<RowLimit>,
    ) -> Result<Answer, SqlError> {
        if statement.kind == Kind::Schema && !statement.nulls.is_empty() {
            // An index may be on a table made in this very transaction.
            let schema = Arc::clone(&self.schema);
            self.columns = Arc::new(Box::pin(Columns::look_up(self, &schema)).await?);
        }
        let text = self.columns.text(statement);
        let connection = self.connection()?;
        if connection.shelf.is_full() {
            connection.postgres.clear_cached_statements().await.map_err(refine)?;
            connection.shelf.clear();
        }
        let prepared = connection.shelf.prepare(statement, text, parameters);
        let arguments = arguments(&prepared, parameters)?;
        self.midway = true;
        let outcome = self.fetch(&prepared, arguments, limit).await;
        let mut answer = match outcome {
            Ok(Ok(answer)) => self.settle(Ok(answer))?,
            Ok(Err(too_large)) => return Err(too_large),
            Err(error) => return self.settle(Err(error)),
        };
        if limit.is_some() && answer.rows.rows.is_empty() && statement.answers_rows {
            answer.rows.columns = self.columns(statement, &prepared).await?;
        }
        Ok(answer)
    }

    /// The answer; or (inside) an error of this side's, found while the answer was still coming.
    async fn fetch(
        &mut self,
        prepared: &Prepared,
        arguments: PgArguments,
        limit: Option<RowLimit>,
    ) -> Result<Result<Answer, SqlError>, sqlx::Error> {
        let Ok(connection) = self.connection() else { return Err(sqlx::Error::WorkerCrashed) };
        let query = sqlx::query_with(AssertSqlSafe(Arc::clone(&prepared.text)), arguments).persistent(prepared.kept);
        let mut answer = Answer::default();
        let mut size = limit.map(Size::new);
        let mut readers = Vec::new();
        let mut stream = connection.postgres.fetch_many(query);
        while let Some(item) = stream.next().await {
            match item? {
                Either::Left(done) => answer.touched += done.rows_affected(),
                Either::Right(row) => {
                    let Some(size) = &mut size else { continue };
                    if answer.rows.rows.is_empty() {
                        answer.rows.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
                        match codecs(&row) {
                            Ok(codecs) => readers = codecs,
                            Err(error) => return Ok(Err(error)),
                        }
                    }
                    match values(&row, &readers, size) {
                        Ok(values) => answer.rows.rows.push(values),
                        Err(error) => return Ok(Err(error)),
                    }
                }
            }
        }
        Ok(Ok(answer))
    }

    /// The columns' names when there was no row to tell them.
    async fn columns(&mut self, statement: &Statement, prepared: &Prepared) -> Result<Vec<String>, SqlError> {
        if let Some(outputs) = &statement.outputs {
            return Ok(outputs.iter().map(|output| output.name.clone()).collect());
        }
        let text =
            if prepared.kept { Arc::clone(&prepared.text) } else { format!("{} /*columns*/", prepared.text).into() };
        self.midway = true;
        let described = self.connection()?.postgres.prepare(sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(text))).await;
        let described = self.settle(described)?;
        Ok(sqlx::Statement::columns(&described).iter().map(|column| column.name().to_owned()).collect())
    }

    pub(crate) async fn commit(mut self) -> Result<(), SqlError> {
        match self.control("COMMIT".into()).await {
            Ok(()) => {
                if let Some(lease) = self.lease.take() {
                    keep(lease, self.stale);
                }
                Ok(())
            }
            Err(error) => {
                self.rollback().await;
                Err(error)
            }
        }
    }

    pub(crate) async fn rollback(mut self) {
        if let Some(lease) = self.leave() {
            undo(lease, self.stale).await;
        }
    }

    /// The connection, if it is to be rolled back. What is not answered whole is not waited for: closing the
    /// connection rolls back too.
    fn leave(&mut self) -> Option<Lease<Connector>> {
        self.lease.take().filter(|_| !self.midway)
    }
}

/// A transaction that is merely dropped is rolled back in the background, or by closing the connection when a
/// statement is still running.
impl Drop for PostgresSession {
    fn drop(&mut self) {
        let Some(lease) = self.leave() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (stale, turnstile) = (self.stale, self.turnstile.take());
        runtime.spawn(async move {
            undo(lease, stale).await;
            drop(turnstile);
        });
    }
}

/// Rolls back, and keeps the connection for the next if it is still good. It has the connection and no session: a
/// runtime that is ending drops what it is given at once, and a session dropped so would give it the same again,
/// without end.
async fn undo(mut lease: Lease<Connector>, stale: bool) {
    let rolled_back = lease.connection().postgres.execute(sqlx::raw_sql(AssertSqlSafe("ROLLBACK"))).await;
    if rolled_back.is_ok() {
        keep(lease, stale);
    }
}

/// Keeps the connection for the next, unless what it has prepared no longer fits.
fn keep(lease: Lease<Connector>, stale: bool) {
    if !stale {
        lease.give_back();
    }
}

fn arguments(prepared: &Prepared, parameters: &[Value]) -> Result<PgArguments, SqlError> {
    let mut arguments = PgArguments::default();
    arguments.reserve(parameters.len(), parameters.len() * 16);
    for (value, announced) in parameters.iter().zip(prepared.types.iter()) {
        arguments.add(Bound(value, *announced)).map_err(|error| SqlError::Statement(error.to_string()))?;
    }
    Ok(arguments)
}

fn values(row: &PgRow, readers: &[Codec], size: &mut Size) -> Result<Vec<Value>, SqlError> {
    size.add_row()?;
    let mut values = Vec::with_capacity(readers.len());
    for (place, reader) in readers.iter().enumerate() {
        let raw = row.try_get_raw(place).map_err(refine)?;
        let value = decode(&raw, *reader)?;
        size.add(&value)?;
        values.push(value);
    }
    Ok(values)
}

/// What PostgreSQL's codes mean to a caller.
pub(super) fn refine(error: sqlx::Error) -> SqlError {
    let sqlx::Error::Database(database) = &error else {
        return SqlError::Unavailable(error.to_string());
    };
    let text = database.message().to_owned();
    let code = database.code().unwrap_or_default();
    match code.as_ref() {
        // Serialization failure, deadlock, a lock not had in time.
        "40001" | "40P01" | "55P03" => SqlError::Serialization(text),
        // A migration changed the tables under a statement prepared before; prepared again it fits.
        "0A000" if text.contains("cached plan") => SqlError::Serialization(text),
        "25006" => SqlError::ReadOnly(text),
        "42501" => SqlError::Refused(text),
        "57014" => SqlError::Statement("the statement was stopped: it took too long".to_owned()),
        code if code.starts_with("23") => SqlError::Constraint(text),
        code if ["08", "28", "3D", "53", "57", "58", "XX"].iter().any(|class| code.starts_with(class)) => {
            SqlError::Unavailable(text)
        }
        _ => SqlError::Statement(text),
    }
}
