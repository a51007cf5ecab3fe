//! One open transaction on a SQLite file.

use std::sync::Arc;

use conman_kernel::sql::{Access, RowLimit, SqlError, Value};
use futures::StreamExt;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Column, Connection as _, Either, Executor, Row, TypeInfo};

use super::memory::{GUARANTEED, SHARE};
use super::value::{arguments, decode};
use super::watch::Mode;
use super::{Connection, Connector};
use crate::pool::Lease;
use crate::session::{Answer, MOST_BYTES, STATEMENT_TIME, Size};
use crate::wall::{Output, Statement};

/// Texts longer than this are compiled each time instead of being kept.
const LONGEST_KEPT: usize = 32 * 1024;

/// See the module.
pub(crate) struct SqliteSession {
    lease: Option<Lease<Connector>>,
    tag: Arc<str>,
}

impl SqliteSession {
    pub(super) async fn begin(lease: Lease<Connector>, access: Access, tag: &Arc<str>) -> Result<Self, SqlError> {
        let mut session = Self { lease: Some(lease), tag: Arc::clone(tag) };
        let begin = match access {
            Access::ReadWrite => "BEGIN IMMEDIATE",
            Access::ReadOnly => "BEGIN",
        };
        session.control(begin).await?;
        Ok(session)
    }

    fn connection(&mut self) -> Result<&mut Connection, SqlError> {
        match &mut self.lease {
            Some(lease) => Ok(lease.connection()),
            None => Err(SqlError::Statement("the transaction is over".to_owned())),
        }
    }

    /// Runs `BEGIN`, `COMMIT` or `ROLLBACK`. They carry the tag like every statement of the host's, or a guest could
    /// send the same text and find it compiled and allowed.
    async fn control(&mut self, verb: &str) -> Result<(), SqlError> {
        let text: Arc<str> = format!("{verb} {}", self.tag).into();
        let connection = self.connection()?;
        connection.watch.set(Mode::Host, None);
        let query = sqlx::query_with(AssertSqlSafe(text), SqliteArguments::default());
        connection.sqlite()?.execute(query).await.map(drop).map_err(refine)
    }

    /// Runs one statement.
    pub(crate) async fn run(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        limit: Option<RowLimit>,
        mode: Mode,
    ) -> Result<Answer, SqlError> {
        let connection = self.connection()?;
        connection.watch.set(mode, (mode == Mode::Guest).then_some(STATEMENT_TIME));
        let text = Arc::clone(&statement.sqlite);
        let kept = text.len() <= LONGEST_KEPT;
        let query = sqlx::query_with(AssertSqlSafe(text), arguments(parameters)?).persistent(kept);
        let mut answer = Answer::default();
        let mut size = limit.map(Size::new);
        let mut booleans = Vec::new();
        let mut done = false;
        {
            let mut stream = connection.sqlite()?.fetch_many(query);
            while let Some(item) = stream.next().await {
                match item.map_err(refine)? {
                    Either::Left(end) => {
                        done = true;
                        answer.touched += end.rows_affected();
                    }
                    Either::Right(row) => {
                        let Some(size) = &mut size else { continue };
                        if answer.rows.rows.is_empty() {
                            answer.rows.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
                            booleans = boolean_columns(&row, statement.outputs.as_deref());
                        }
                        answer.rows.rows.push(values(&row, &booleans, size)?);
                    }
                }
            }
        }
        if !done {
            // The connection's thread is gone (out of memory, say), and with it the rest of the answer.
            return Err(SqlError::Unavailable("the connection was lost in the middle of a statement".to_owned()));
        }
        if limit.is_some() && answer.rows.rows.is_empty() && statement.answers_rows {
            answer.rows.columns = self.columns(statement).await?;
        }
        Ok(answer)
    }

    /// The columns' names when there was no row to tell them.
    async fn columns(&mut self, statement: &Statement) -> Result<Vec<String>, SqlError> {
        if let Some(outputs) = &statement.outputs {
            return Ok(outputs.iter().map(|output| output.name.clone()).collect());
        }
        let text = Arc::clone(&statement.sqlite);
        let prepared = self
            .connection()?
            .sqlite()?
            .prepare(sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(text)))
            .await
            .map_err(refine)?;
        Ok(sqlx::Statement::columns(&prepared).iter().map(|column| column.name().to_owned()).collect())
    }

    pub(crate) async fn commit(mut self) -> Result<(), SqlError> {
        let outcome = self.control("COMMIT").await;
        match outcome {
            Ok(()) => {
                self.give_back();
                Ok(())
            }
            Err(error) => {
                self.rollback().await;
                Err(error)
            }
        }
    }

    pub(crate) async fn rollback(mut self) {
        // A failure means that SQLite has rolled back already (disk full, say): then the connection is not trusted
        // further, and closing it undoes whatever may be left.
        if self.control("ROLLBACK").await.is_ok() {
            self.give_back();
        } else {
            self.lease = None;
        }
    }

    fn give_back(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
    }
}

/// A transaction that is merely dropped (a trap, a caller who went away) is stopped and rolled back in the background.
/// Until then nobody else gets the connection.
impl Drop for SqliteSession {
    fn drop(&mut self) {
        let Some(mut lease) = self.lease.take() else { return };
        lease.connection().watch.abandon();
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let tag = Arc::clone(&self.tag);
        runtime.spawn(async move {
            let connection = lease.connection();
            // The connection's thread answers once it has stopped whatever it was doing.
            let Ok(sqlite) = connection.sqlite() else { return };
            if sqlite.ping().await.is_ok() {
                connection.watch.resume();
                Self { lease: Some(lease), tag }.rollback().await;
            }
        });
    }
}

/// Which columns are BOOLEAN: by declaration, or because the statement computes a truth value there.
fn boolean_columns(row: &SqliteRow, outputs: Option<&[Output]>) -> Vec<bool> {
    let computed = |place: usize| outputs.and_then(|outputs| outputs.get(place)).is_some_and(|output| output.boolean);
    row.columns()
        .iter()
        .enumerate()
        .map(|(place, column)| computed(place) || column.type_info().name() == "BOOLEAN")
        .collect()
}

fn values(row: &SqliteRow, booleans: &[bool], size: &mut Size) -> Result<Vec<Value>, SqlError> {
    size.add_row()?;
    let mut values = Vec::with_capacity(booleans.len());
    for (place, boolean) in booleans.iter().enumerate() {
        let raw = row.try_get_raw(place).map_err(refine)?;
        let value = decode(raw, *boolean)?;
        size.add(&value)?;
        values.push(value);
    }
    Ok(values)
}

/// What SQLite's result codes mean to a caller.
pub(super) fn refine(error: sqlx::Error) -> SqlError {
    let sqlx::Error::Database(database) = &error else {
        return SqlError::Unavailable(error.to_string());
    };
    let text = database.message().to_owned();
    let code = database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default();
    match code & 0xff {
        libsqlite3_sys::SQLITE_BUSY | libsqlite3_sys::SQLITE_LOCKED => SqlError::Serialization(text),
        libsqlite3_sys::SQLITE_CONSTRAINT => SqlError::Constraint(text),
        libsqlite3_sys::SQLITE_READONLY => SqlError::ReadOnly(text),
        libsqlite3_sys::SQLITE_INTERRUPT => SqlError::Statement(format!(
            "the statement was stopped: it took longer than {} seconds",
            STATEMENT_TIME.as_secs()
        )),
        libsqlite3_sys::SQLITE_TOOBIG => {
            SqlError::Statement(format!("a value or a row would be longer than {} MiB", MOST_BYTES >> 20))
        }
        libsqlite3_sys::SQLITE_NOMEM => SqlError::Statement(format!(
            "it would hold too much memory: this database may hold {} MiB at once, and more than {} MiB only while others leave it; ask for \
             fewer or shorter values",
            SHARE >> 20,
            GUARANTEED >> 20
        )),
        libsqlite3_sys::SQLITE_AUTH => SqlError::Refused(text),
        libsqlite3_sys::SQLITE_ERROR if text.starts_with("not authorized") => SqlError::Refused(text),
        libsqlite3_sys::SQLITE_IOERR
        | libsqlite3_sys::SQLITE_CORRUPT
        | libsqlite3_sys::SQLITE_FULL
        | libsqlite3_sys::SQLITE_CANTOPEN
        | libsqlite3_sys::SQLITE_NOTADB => SqlError::Unavailable(text),
        _ => SqlError::Statement(text),
    }
}
