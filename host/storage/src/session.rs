//! One open transaction on either engine, with the rules that are the same on both: values that neither may store,
//! answers that are too large, and a transaction that after an error can only be rolled back.

use std::sync::Arc;
use std::time::Duration;

use conman_kernel::sql::{Access, RowLimit, Rows, SqlError, Value};

use crate::postgres::PostgresSession;
use crate::sqlite::SqliteSession;
use crate::sqlite::watch::Mode;
use crate::wall::{Kind, Statement};

/// How long one statement of a guest may take.
pub(crate) const STATEMENT_TIME: Duration = Duration::from_secs(30);

/// Parameters one statement may have: SQLite's limit, which is the lower one.
pub(crate) const MOST_PARAMETERS: usize = 32_766;

/// Bytes a value may have, and on SQLite a whole row. More than anything the host stores itself: the largest is a route's answer, kept
/// as text for whoever asks again.
pub(crate) const MOST_BYTES: usize = 32 << 20;

/// What a statement did.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) rows: Rows,
    pub(crate) touched: u64,
}

/// Counts an answer against its limit while it is read.
#[derive(Debug)]
pub(crate) struct Size {
    limit: RowLimit,
    rows: usize,
    bytes: usize,
}

impl Size {
    pub(crate) const fn new(limit: RowLimit) -> Self {
        Self { limit, rows: 0, bytes: 0 }
    }

    pub(crate) const fn add_row(&mut self) -> Result<(), SqlError> {
        self.rows += 1;
        if self.rows > self.limit.rows { Err(SqlError::TooLarge(self.limit)) } else { Ok(()) }
    }

    pub(crate) const fn add(&mut self, value: &Value) -> Result<(), SqlError> {
        self.bytes = self.bytes.saturating_add(value.size());
        if self.bytes > self.limit.bytes { Err(SqlError::TooLarge(self.limit)) } else { Ok(()) }
    }
}

enum Engine {
    Sqlite(SqliteSession),
    Postgres(PostgresSession),
}

/// See the module.
pub(crate) struct Session {
    engine: Engine,
    access: Access,
    failed: bool,
}

impl Session {
    pub(crate) const fn sqlite(session: SqliteSession, access: Access) -> Self {
        Self { engine: Engine::Sqlite(session), access, failed: false }
    }

    pub(crate) const fn postgres(session: PostgresSession, access: Access) -> Self {
        Self { engine: Engine::Postgres(session), access, failed: false }
    }

    /// Runs a statement that answers rows.
    pub(crate) async fn query(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        limit: RowLimit,
        mode: Mode,
    ) -> Result<Rows, SqlError> {
        self.run(statement, parameters, limit, mode).await.map(|answer| answer.rows)
    }

    /// Runs a statement for its effect.
    pub(crate) async fn execute(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        mode: Mode,
    ) -> Result<u64, SqlError> {
        if statement.kind == Kind::Query {
            return self.fail(SqlError::Refused("a SELECT has no effect to execute; use query".to_owned()));
        }
        // Nobody sees what RETURNING answers here, so nobody keeps it.
        self.run_for(statement, parameters, None, mode).await.map(|answer| answer.touched)
    }

    /// Which engine it is on.
    pub(crate) const fn is_postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// Records an error found before the engine saw the statement.
    pub(crate) fn fail<T>(&mut self, error: SqlError) -> Result<T, SqlError> {
        self.failed = true;
        Err(error)
    }

    /// Runs a statement for both its rows and its effect.
    pub(crate) async fn run(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        limit: RowLimit,
        mode: Mode,
    ) -> Result<Answer, SqlError> {
        self.run_for(statement, parameters, Some(limit), mode).await
    }

    /// Without a limit its rows are let go as they come.
    async fn run_for(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        limit: Option<RowLimit>,
        mode: Mode,
    ) -> Result<Answer, SqlError> {
        if self.failed {
            return Err(over());
        }
        if let Err(error) = check(statement, parameters) {
            return self.fail(error);
        }
        if self.access == Access::ReadOnly && statement.kind != Kind::Query {
            return self.fail(SqlError::ReadOnly("it can only SELECT".to_owned()));
        }
        let outcome = match &mut self.engine {
            Engine::Sqlite(session) => session.run(statement, parameters, limit, mode).await,
            Engine::Postgres(session) => session.run(statement, parameters, limit).await,
        };
        self.failed = outcome.is_err();
        outcome
    }

    pub(crate) async fn commit(self) -> Result<(), SqlError> {
        if self.failed {
            self.rollback().await;
            return Err(over());
        }
        match self.engine {
            Engine::Sqlite(session) => session.commit().await,
            Engine::Postgres(session) => session.commit().await,
        }
    }

    pub(crate) async fn rollback(self) {
        match self.engine {
            Engine::Sqlite(session) => session.rollback().await,
            Engine::Postgres(session) => session.rollback().await,
        }
    }
}

fn over() -> SqlError {
    SqlError::Statement("an earlier statement of this transaction failed; it can only be rolled back".to_owned())
}

const TOO_LONG: &str = "longer than 32 MiB; store it in pieces";

/// What neither engine would take, or each in its own way.
fn check(statement: &Statement, parameters: &[Value]) -> Result<(), SqlError> {
    if let Some(wanted) = statement.parameters
        && wanted != parameters.len()
    {
        return Err(SqlError::Refused(format!(
            "the statement has {wanted} parameters, {} were given",
            parameters.len()
        )));
    }
    if parameters.len() > MOST_PARAMETERS {
        return Err(SqlError::Refused(format!(
            "{} parameters are too many for one statement; split it, {MOST_PARAMETERS} are the most",
            parameters.len()
        )));
    }
    for (place, parameter) in parameters.iter().enumerate() {
        let trouble = match parameter {
            Value::Text(text) if text.as_bytes().contains(&0) => {
                "a text with a NUL character; store such data as BYTEA"
            }
            Value::Real(number) if !number.is_finite() => "not a finite number; store NULL instead",
            Value::Text(text) if text.len() > MOST_BYTES => TOO_LONG,
            Value::Bytes(bytes) if bytes.len() > MOST_BYTES => TOO_LONG,
            _ => continue,
        };
        return Err(SqlError::Refused(format!("parameter ${} is {trouble}", place + 1)));
    }
    Ok(())
}

/// A text for one engine's own dialect, written by this crate and so judged by nobody.
pub(crate) fn own(kind: Kind, text: &str) -> Statement {
    let text: Arc<str> = text.into();
    Statement {
        sqlite: Arc::clone(&text),
        postgres: text,
        kind,
        answers_rows: kind == Kind::Query,
        parameters: None,
        outputs: None,
        untyped: Vec::new(),
        nulls: Vec::new(),
    }
}
