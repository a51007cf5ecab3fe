//! Many rows in few statements. Statements come in four fixed sizes, so that few texts exist and the host checks each once.

use super::execute;
use super::value::Value;
use crate::error::{Error, Result};

/// Rows per statement, largest first.
const SIZES: [usize; 4] = [256, 32, 4, 1];

/// Parameters per statement: well below the least any engine takes.
const MOST_PARAMETERS: usize = 16_000;

/// Inserts rows, each made with `row![…]` in the order of `columns`. Answers how many.
///
/// # Errors
/// `sql-constraint` when a row with the same key exists; see [`super::execute`].
pub fn insert_many<const N: usize>(
    table: &str,
    columns: [&str; N],
    rows: impl IntoIterator<Item = [Value; N]>,
) -> Result<u64> {
    write(table, columns, "", rows)
}

/// Inserts rows, and overwrites all other columns of those whose `key` exists. One call may not hold the same key twice.
///
/// # Errors
/// See [`super::execute`].
pub fn upsert_many<const N: usize>(
    table: &str,
    key: &[&str],
    columns: [&str; N],
    rows: impl IntoIterator<Item = [Value; N]>,
) -> Result<u64> {
    write(table, columns, &overwrite(key, &columns), rows)
}

/// Inserts rows, and leaves alone those whose `key` exists. Answers how many are new.
///
/// # Errors
/// See [`super::execute`].
pub fn insert_missing<const N: usize>(
    table: &str,
    key: &[&str],
    columns: [&str; N],
    rows: impl IntoIterator<Item = [Value; N]>,
) -> Result<u64> {
    write(table, columns, &format!(" ON CONFLICT ({}) DO NOTHING", key.join(", ")), rows)
}

fn overwrite(key: &[&str], columns: &[&str]) -> String {
    let rest: Vec<String> = columns
        .iter()
        .filter(|column| !key.contains(column))
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    let what = if rest.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", rest.join(", ")) };
    format!(" ON CONFLICT ({}) DO {what}", key.join(", "))
}

fn write<const N: usize>(
    table: &str,
    columns: [&str; N],
    conflict: &str,
    rows: impl IntoIterator<Item = [Value; N]>,
) -> Result<u64> {
    if N == 0 {
        return Err(Error::internal(format!("name at least one column to insert into `{table}`")));
    }
    let values: Vec<Value> = rows.into_iter().flatten().collect();
    let mut rest = values.as_slice();
    let mut touched = 0;
    for size in SIZES.into_iter().filter(|size| size * N <= MOST_PARAMETERS || *size == 1) {
        if rest.len() < size * N {
            continue;
        }
        let sql = statement(table, &columns, conflict, size);
        while let Some((chunk, others)) = rest.split_at_checked(size * N) {
            touched += execute(&sql, chunk)?;
            rest = others;
        }
    }
    Ok(touched)
}

fn statement(table: &str, columns: &[&str], conflict: &str, rows: usize) -> String {
    let mut sql = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
    sql.reserve(rows * columns.len() * 6 + conflict.len());
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        placeholders(&mut sql, row * columns.len() + 1, columns.len());
        sql.push(')');
    }
    sql.push_str(conflict);
    sql
}

/// `$3, $4, $5` for `first` 3 and `count` 3.
pub(super) fn placeholders(sql: &mut String, first: usize, count: usize) {
    for number in first..first + count {
        if number > first {
            sql.push_str(", ");
        }
        sql.push('$');
        sql.push_str(&number.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_through() {
        assert_eq!(
            statement("shift", &["id", "name"], "", 2),
            "INSERT INTO shift (id, name) VALUES ($1, $2), ($3, $4)"
        );
    }

    #[test]
    fn an_upsert_overwrites_all_but_the_key() {
        assert_eq!(
            overwrite(&["id"], &["id", "a", "b"]),
            " ON CONFLICT (id) DO UPDATE SET a = excluded.a, b = excluded.b"
        );
        assert_eq!(overwrite(&["id"], &["id"]), " ON CONFLICT (id) DO NOTHING");
    }
}
