//! The plugin's own database. Nobody else's rows are in it, and nobody else sees these.
//!
//! SQL is the portable subset that means the same on SQLite and PostgreSQL: parameters are `$1`, `$2`, …; types are TEXT, BIGINT,
//! BOOLEAN, DOUBLE PRECISION and BYTEA; upserts are `INSERT … ON CONFLICT (…) DO UPDATE`. Keep statement texts constant and
//! values in parameters: the host checks each text once.
//!
//! In a query everything sees one read-only snapshot; in a mutation everything is one transaction; in an action use [`transaction`].

mod row;
mod transaction;
mod value;
mod write;

pub use row::{Column, FromRow, Row};
pub use transaction::transaction;
pub use value::{FromValue, Json, ToValue, Value, parse};
pub use write::{insert_many, insert_missing, upsert_many};

use crate::bindings::conman::host::database as host;
use crate::error::{Error, Result};

/// Runs a statement and reads its rows.
///
/// # Errors
/// The host's, or code `wrong-column` naming the column that does not fit `R`.
pub fn query_as<R: FromRow>(sql: &str, parameters: &[Value]) -> Result<Vec<R>> {
    let mut answer = Vec::new();
    read_into(&mut answer, sql, parameters)?;
    Ok(answer)
}

/// Runs a statement and reads its first row, if there is one.
///
/// # Errors
/// See [`query_as`].
pub fn query_optional<R: FromRow>(sql: &str, parameters: &[Value]) -> Result<Option<R>> {
    let rows = ask(sql, parameters)?;
    let columns = R::columns(&rows.columns)?;
    row::all(&rows).next().map(|row| R::from_row(&columns, &row)).transpose()
}

/// Runs a statement and reads its first row.
///
/// # Errors
/// See [`query_as`]; `not-found` when there is no row.
pub fn query_one<R: FromRow>(sql: &str, parameters: &[Value]) -> Result<R> {
    query_optional(sql, parameters)?.ok_or_else(|| Error::not_found("There is no such thing here."))
}

/// Runs a statement and reads the first column of its first row: counts, sums, single values.
///
/// # Errors
/// See [`query_one`].
pub fn query_value<T: FromValue>(sql: &str, parameters: &[Value]) -> Result<T> {
    query_one::<(T,)>(sql, parameters).map(|(value,)| value)
}

/// How many keys one statement of [`query_in`] or [`execute_in`] takes: few sizes, so that few texts exist and each is checked once.
const KEY_SIZES: [usize; 6] = [1, 4, 16, 64, 256, 1024];

/// Runs a statement for many keys, whose text has the word `$keys` once where the list of keys belongs:
/// `… WHERE session_id IN ($keys) AND state = $1`. Parameters of its own are numbered from `$1`.
///
/// More than 1024 keys become several statements; then an ORDER BY holds only within each. No keys ask nothing.
///
/// # Errors
/// See [`query_as`]; `internal` when the text has no `$keys`.
pub fn query_in<R: FromRow, K: ToValue>(
    sql: &str,
    parameters: &[Value],
    keys: impl IntoIterator<Item = K>,
) -> Result<Vec<R>> {
    let keys: Vec<Value> = keys.into_iter().map(|key| key.to_value()).collect();
    let mut answer = Vec::new();
    for_chunks(sql, parameters, &keys, &mut |text, parameters| read_into(&mut answer, text, parameters))?;
    Ok(answer)
}

/// Runs a statement for its effect on many keys, whose text has the word `$keys` once, as in [`query_in`]. Answers how many rows it
/// touched.
///
/// # Errors
/// See [`execute`]; `internal` when the text has no `$keys`.
pub fn execute_in<K: ToValue>(sql: &str, parameters: &[Value], keys: impl IntoIterator<Item = K>) -> Result<u64> {
    let keys: Vec<Value> = keys.into_iter().map(|key| key.to_value()).collect();
    let mut touched = 0;
    for_chunks(sql, parameters, &keys, &mut |text, parameters| {
        touched += execute(text, parameters)?;
        Ok(())
    })?;
    Ok(touched)
}

type RunChunk<'r> = &'r mut dyn FnMut(&str, &[Value]) -> Result<()>;

/// Calls `run` with a statement and its parameters for every chunk of keys. Not generic: it would be in a component once per row type.
fn for_chunks(sql: &str, parameters: &[Value], keys: &[Value], run: RunChunk<'_>) -> Result<()> {
    let (before, after) = sql.split_once("$keys").ok_or_else(|| {
        Error::internal(format!("a statement for many keys needs the word $keys once, as in `IN ($keys)`: {sql}"))
    })?;
    for chunk in keys.chunks(1024) {
        let size = KEY_SIZES.into_iter().find(|size| *size >= chunk.len()).unwrap_or(chunk.len());
        let mut all = Vec::with_capacity(parameters.len() + size);
        all.extend_from_slice(parameters);
        all.extend_from_slice(chunk);
        // The same key again changes nothing about what IN matches.
        if let Some(last) = chunk.last() {
            all.resize(parameters.len() + size, last.clone());
        }
        let mut text = String::with_capacity(sql.len() + size * 6);
        text.push_str(before);
        write::placeholders(&mut text, parameters.len() + 1, size);
        text.push_str(after);
        run(&text, &all)?;
    }
    Ok(())
}

/// Runs a statement for its effect; answers how many rows it touched.
///
/// # Errors
/// The host's: `sql-constraint`, `read-only` inside a query, `conflict`, …
#[inline(never)]
pub fn execute(sql: &str, parameters: &[Value]) -> Result<u64> {
    Ok(host::execute(sql, parameters)?)
}

/// The one place that asks: crossing the boundary takes a page of code, which is not to be inlined into every caller.
#[inline(never)]
fn ask(sql: &str, parameters: &[Value]) -> Result<host::Rows> {
    Ok(host::query(sql, parameters)?)
}

fn read_into<R: FromRow>(answer: &mut Vec<R>, sql: &str, parameters: &[Value]) -> Result<()> {
    let rows = ask(sql, parameters)?;
    let columns = R::columns(&rows.columns)?;
    let rows = row::all(&rows);
    answer.reserve(rows.len());
    for row in rows {
        answer.push(R::from_row(&columns, &row)?);
    }
    Ok(())
}

/// Parameters of a statement, borrowed: `params![id, 3, now]`. What may stand there implements [`ToValue`].
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::database::ToValue::to_value(&$value)),*] as &[$crate::database::Value] };
}

/// One row for [`insert_many`](crate::database::insert_many) and its kin, borrowed: `row![id, name]`.
#[macro_export]
macro_rules! row {
    ($($value:expr),* $(,)?) => { [$($crate::database::ToValue::to_value(&$value)),*] };
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn chunks(keys: usize) -> Vec<(String, usize)> {
        let keys: Vec<Value> = (0..keys).map(|key| key.to_value()).collect();
        let mut found = Vec::new();
        for_chunks(
            "SELECT 1 FROM t WHERE a = $1 AND k IN ($keys) ORDER BY k",
            params!["a"],
            &keys,
            &mut |text, parameters| {
                found.push((text.to_owned(), parameters.len()));
                Ok(())
            },
        )
        .unwrap();
        found
    }

    #[test]
    fn keys_are_padded_to_few_sizes() {
        expect![[r#"
            [
                (
                    "SELECT 1 FROM t WHERE a = $1 AND k IN ($2, $3, $4, $5) ORDER BY k",
                    5,
                ),
            ]
        "#]]
        .assert_debug_eq(&chunks(3));
        assert_eq!(chunks(0), []);
        assert_eq!(chunks(1025).into_iter().map(|(_, parameters)| parameters).collect::<Vec<_>>(), [1025, 2]);
    }

    #[test]
    fn a_statement_without_keys_is_refused() {
        let refused = for_chunks("SELECT 1", &[], &[], &mut |_, _| Ok(())).map_err(|error| error.message);
        assert_eq!(
            refused,
            Err("a statement for many keys needs the word $keys once, as in `IN ($keys)`: SELECT 1".to_owned())
        );
    }
}
