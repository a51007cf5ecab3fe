//! The seam to databases. Everyone who stores rows (the host's own tables, and plugins through the runtime) speaks this;
//! only the `storage` crate knows which engine answers.
//!
//! SQL is the portable subset that means the same on SQLite and PostgreSQL: parameters are `$1`, `$2`, …; types are
//! TEXT, BIGINT, BOOLEAN, DOUBLE PRECISION and BYTEA; upserts are `INSERT … ON CONFLICT (…) DO UPDATE`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;

/// One SQL value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL, of any type.
    Null,
    /// BOOLEAN. SQLite has no such type: it answers 0 and 1 as integers wherever a column's declaration does not say BOOLEAN.
    Boolean(bool),
    /// BIGINT.
    Integer(i64),
    /// DOUBLE PRECISION.
    Real(f64),
    /// TEXT.
    Text(String),
    /// BYTEA.
    Bytes(Vec<u8>),
}

impl Value {
    /// What it counts against a [`RowLimit`]: its bytes, but eight at least, because many that are empty fill memory too.
    #[must_use]
    pub const fn size(&self) -> usize {
        let bytes = match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Null | Self::Boolean(_) | Self::Integer(_) | Self::Real(_) => 0,
        };
        if bytes > 8 { bytes } else { 8 }
    }
}

/// What a query answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// The columns' names, in order.
    pub columns: Vec<String>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<Value>>,
}

/// How much a query may answer; more is an error, not a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowLimit {
    /// Rows.
    pub rows: usize,
    /// Bytes: see [`Value::size`].
    pub bytes: usize,
}

impl RowLimit {
    /// What the host allows itself.
    pub const HOST: Self = Self { rows: 1_000_000, bytes: 1 << 30 };
}

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Sees one snapshot; writing is an error.
    ReadOnly,
    /// Serializable reading and writing.
    ReadWrite,
}

/// Why a statement or a transaction failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SqlError {
    /// Another transaction got in the way; running the whole transaction again may succeed.
    #[error("another transaction got in the way: {0}")]
    Serialization(String),
    /// A unique, check, foreign-key or not-null constraint was broken.
    #[error("a constraint was broken: {0}")]
    Constraint(String),
    /// The statement is not allowed here: the text says why and what to write instead.
    #[error("{0}")]
    Refused(String),
    /// The statement tried to write inside a read-only transaction.
    #[error("this transaction is read-only: {0}")]
    ReadOnly(String),
    /// The answer is larger than the limit.
    #[error("the answer is larger than {} rows or {} bytes; ask for less, with WHERE or LIMIT", .0.rows, .0.bytes)]
    TooLarge(RowLimit),
    /// The database refused the statement.
    #[error("the database refused the statement: {0}")]
    Statement(String),
    /// The database cannot be reached, or its files cannot be used.
    #[error("the database is not available: {0}")]
    Unavailable(String),
}

impl SqlError {
    /// Whether running the whole transaction again may succeed.
    #[must_use]
    pub const fn is_serialization(&self) -> bool {
        matches!(self, Self::Serialization(_))
    }
}

impl From<SqlError> for crate::fault::Fault {
    fn from(error: SqlError) -> Self {
        use crate::fault::code;
        let text = error.to_string();
        match error {
            SqlError::Serialization(_) => Self::new(code::CONFLICT, text).retryable(),
            SqlError::Constraint(_) => Self::new(code::SQL_CONSTRAINT, text),
            SqlError::Refused(_) => Self::new(code::SQL_REFUSED, text),
            SqlError::ReadOnly(_) => Self::new(code::READ_ONLY, text),
            SqlError::TooLarge(_) => Self::new(code::QUOTA, text),
            SqlError::Statement(_) => Self::new(code::SQL_FAILED, text),
            SqlError::Unavailable(_) => {
                Self::new(code::UNAVAILABLE, "the database is not available; try again in a moment")
                    .retryable()
                    .with_detail(text)
            }
        }
    }
}

/// A database.
#[async_trait]
pub trait Database: Send + Sync {
    /// Opens a transaction. Dropping it without `commit` rolls it back.
    ///
    /// # Errors
    /// [`SqlError::Unavailable`], or [`SqlError::Serialization`] when a lock could not be had in time.
    async fn begin(&self, access: Access) -> Result<Box<dyn Transaction>, SqlError>;
}

/// An open transaction.
#[async_trait]
pub trait Transaction: Send {
    /// Runs a statement that answers rows.
    ///
    /// # Errors
    /// See [`SqlError`]. After an error the transaction can only be rolled back.
    async fn query(&mut self, sql: &str, parameters: &[Value], limit: RowLimit) -> Result<Rows, SqlError>;

    /// Runs a statement for its effect; answers how many rows it touched.
    ///
    /// # Errors
    /// See [`SqlError`]. After an error the transaction can only be rolled back.
    async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, SqlError>;

    /// Makes everything durable.
    ///
    /// # Errors
    /// [`SqlError::Serialization`] when the database finds only now that another transaction got in the way.
    async fn commit(self: Box<Self>) -> Result<(), SqlError>;

    /// Undoes everything.
    async fn rollback(self: Box<Self>);
}

/// How often a transaction is run again after a serialization conflict.
pub const TRIES: u32 = 5;

/// What [`transaction`] runs: borrowed from the transaction, boxed because closures cannot be async and generic at once here.
pub type Work<'t, T> = Pin<Box<dyn Future<Output = Result<T, SqlError>> + Send + 't>>;

/// Runs `work` in a read-write transaction, again on a serialization conflict, up to [`TRIES`] times.
///
/// # Errors
/// What `work` or the commit failed with, after the last try.
pub async fn transaction<T, F>(database: &dyn Database, mut work: F) -> Result<T, SqlError>
where
    T: Send,
    F: for<'t> FnMut(&'t mut dyn Transaction) -> Work<'t, T> + Send,
{
    let mut tries = 0;
    loop {
        tries += 1;
        let outcome = attempt(database, &mut work).await;
        match outcome {
            Err(error) if error.is_serialization() && tries < TRIES => {}
            outcome => return outcome,
        }
    }
}

async fn attempt<T, F>(database: &dyn Database, work: &mut F) -> Result<T, SqlError>
where
    T: Send,
    F: for<'t> FnMut(&'t mut dyn Transaction) -> Work<'t, T> + Send,
{
    let mut transaction = database.begin(Access::ReadWrite).await?;
    match work(transaction.as_mut()).await {
        Ok(answer) => transaction.commit().await.map(|()| answer),
        Err(error) => {
            transaction.rollback().await;
            Err(error)
        }
    }
}

/// Runs one read-only query of the host's own.
///
/// # Errors
/// See [`SqlError`].
pub async fn read(database: &dyn Database, sql: &str, parameters: &[Value]) -> Result<Rows, SqlError> {
    let mut transaction = database.begin(Access::ReadOnly).await?;
    let rows = transaction.query(sql, parameters, RowLimit::HOST).await;
    transaction.rollback().await;
    rows
}

/// A shared database.
pub type SharedDatabase = Arc<dyn Database>;

/// One step of a schema's growth. Numbered from 1 without gaps; never edited once released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Its number.
    pub version: u32,
    /// What it does, for lists: `sessions`.
    pub name: &'static str,
    /// Statements of the portable subset, separated by `;`.
    pub sql: &'static str,
}

/// What a WHERE asks for, one condition at a time; nothing at first.
#[derive(Debug, Default)]
pub struct Conditions {
    texts: Vec<String>,
    parameters: Vec<Value>,
}

impl Conditions {
    /// One more that has to hold: `actor =`, and what it is compared to.
    pub fn add(&mut self, column_and_operator: &str, value: impl Into<Value>) {
        self.parameters.push(value.into());
        self.texts.push(format!("{column_and_operator} ${}", self.parameters.len()));
    }

    /// One more, where there is something to compare to.
    pub fn add_some(&mut self, column_and_operator: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.add(column_and_operator, value);
        }
    }

    /// ` WHERE …`, or nothing: what follows a table's name.
    #[must_use]
    pub fn clause(&self) -> String {
        if self.texts.is_empty() { String::new() } else { format!(" WHERE {}", self.texts.join(" AND ")) }
    }

    /// What the clause compares to, in its order.
    #[must_use]
    pub fn parameters(&self) -> &[Value] {
        &self.parameters
    }
}

// === impl Value: conversions that make parameters readable ===

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Boolean(flag)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

/// Instants are stored as milliseconds since 1970, which sort and compare alike everywhere.
impl From<jiff::Timestamp> for Value {
    fn from(at: jiff::Timestamp) -> Self {
        Self::Integer(at.as_millisecond())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A column that does not hold what the reader expects: a fault of the host's own SQL, never of a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column} holds no {wanted}")]
pub struct WrongColumn {
    /// Which column, counted from 0.
    pub column: usize,
    /// What was expected.
    pub wanted: &'static str,
}

impl From<WrongColumn> for SqlError {
    fn from(error: WrongColumn) -> Self {
        Self::Statement(error.to_string())
    }
}

/// Typed reading of one row of the host's own tables.
pub trait RowExt {
    /// TEXT.
    ///
    /// # Errors
    /// [`WrongColumn`] when it is not.
    fn text(&self, column: usize) -> Result<&str, WrongColumn>;
    /// TEXT or NULL.
    ///
    /// # Errors
    /// [`WrongColumn`] when it is neither.
    fn optional_text(&self, column: usize) -> Result<Option<&str>, WrongColumn>;
    /// BIGINT.
    ///
    /// # Errors
    /// [`WrongColumn`] when it is not.
    fn integer(&self, column: usize) -> Result<i64, WrongColumn>;
    /// BIGINT or NULL.
    ///
    /// # Errors
    /// [`WrongColumn`] when it is neither.
    fn optional_integer(&self, column: usize) -> Result<Option<i64>, WrongColumn>;
    /// BOOLEAN, or the integers 0 and 1.
    ///
    /// # Errors
    /// [`WrongColumn`] when it is not.
    fn boolean(&self, column: usize) -> Result<bool, WrongColumn>;
    /// BYTEA.
    ///
    /// # Errors
    /// [`WrongColumn`] when it is not.
    fn bytes(&self, column: usize) -> Result<&[u8], WrongColumn>;
    /// An instant stored as milliseconds.
    ///
    /// # Errors
    /// [`WrongColumn`] when it is none.
    fn timestamp(&self, column: usize) -> Result<jiff::Timestamp, WrongColumn>;
}

impl RowExt for [Value] {
    fn text(&self, column: usize) -> Result<&str, WrongColumn> {
        match self.get(column) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(WrongColumn { column, wanted: "text" }),
        }
    }

    fn optional_text(&self, column: usize) -> Result<Option<&str>, WrongColumn> {
        match self.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    fn integer(&self, column: usize) -> Result<i64, WrongColumn> {
        match self.get(column) {
            Some(Value::Integer(number)) => Ok(*number),
            _ => Err(WrongColumn { column, wanted: "integer" }),
        }
    }

    fn optional_integer(&self, column: usize) -> Result<Option<i64>, WrongColumn> {
        match self.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.integer(column).map(Some),
        }
    }

    fn boolean(&self, column: usize) -> Result<bool, WrongColumn> {
        match self.get(column) {
            Some(Value::Boolean(flag)) => Ok(*flag),
            Some(Value::Integer(0)) => Ok(false),
            Some(Value::Integer(1)) => Ok(true),
            _ => Err(WrongColumn { column, wanted: "boolean" }),
        }
    }

    fn bytes(&self, column: usize) -> Result<&[u8], WrongColumn> {
        match self.get(column) {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            _ => Err(WrongColumn { column, wanted: "bytes" }),
        }
    }

    fn timestamp(&self, column: usize) -> Result<jiff::Timestamp, WrongColumn> {
        let wrong = WrongColumn { column, wanted: "instant" };
        jiff::Timestamp::from_millisecond(self.integer(column)?).map_err(|_| wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_numbered_as_they_come() {
        let mut wanted = Conditions::default();
        assert_eq!((wanted.clause().as_str(), wanted.parameters()), ("", &[][..]));
        wanted.add("actor =", "ada");
        wanted.add_some("action =", None::<&str>);
        wanted.add_some("at <", Some(7_i64));
        assert_eq!(wanted.clause(), " WHERE actor = $1 AND at < $2");
        assert_eq!(wanted.parameters(), ["ada".into(), Value::Integer(7)]);
    }

    #[test]
    fn no_value_is_free() {
        for small in
            [Value::Null, Value::Integer(1), Value::from(""), Value::from("eight up"), Value::Bytes(Vec::new())]
        {
            assert_eq!(small.size(), 8, "{small:?}");
        }
        assert_eq!(Value::from("nine here").size(), 9);
    }
}
