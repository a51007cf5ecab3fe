//! Rows into structs and tuples. Which column is which is found once per answer, not once per row.

use super::value::{FromValue, Value, describe};
use crate::bindings::conman::host::database::{Cell, Rows, Span};
use crate::error::{Error, Result};

/// What a row can become: structs with `#[derive(FromRow)]` (by column name), and tuples (by position).
pub trait FromRow: Sized {
    /// Where this type's fields stand in an answer.
    type Columns;

    /// Finds the columns by the answer's names.
    ///
    /// # Errors
    /// Code `wrong-column`, naming the column that is missing.
    fn columns(names: &[String]) -> Result<Self::Columns>;

    /// Takes one row apart.
    ///
    /// # Errors
    /// Code `wrong-column`, naming the column, what it should hold and what it holds.
    fn from_row(columns: &Self::Columns, row: &Row<'_>) -> Result<Self>;
}

/// One row of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    cells: &'a [Cell],
    data: &'a [u8],
}

/// The rows of an answer.
pub(crate) fn all(rows: &Rows) -> impl ExactSizeIterator<Item = Row<'_>> {
    rows.cells.chunks_exact(rows.columns.len().max(1)).map(|cells| Row { cells, data: &rows.data })
}

/// A column's place in an answer.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    place: usize,
    name: &'static str,
}

impl Column {
    /// Finds a column by name.
    ///
    /// # Errors
    /// Code `wrong-column` when the answer has none of that name.
    #[inline(never)]
    pub fn named(name: &'static str, names: &[String]) -> Result<Self> {
        Self::optional(name, names).ok_or_else(|| {
            wrong(format!(
                "the statement answers no column `{name}`, only `{}`; select it, or rename the field's column",
                names.join("`, `")
            ))
        })
    }

    /// Finds a column by name, if the answer has it.
    #[must_use]
    #[inline(never)]
    pub fn optional(name: &'static str, names: &[String]) -> Option<Self> {
        names.iter().position(|found| found == name).map(|place| Self { place, name })
    }
}

impl Row<'_> {
    /// Reads a column.
    ///
    /// # Errors
    /// Code `wrong-column` when it is no `T`.
    pub fn get<T: FromValue>(&self, column: &Column) -> Result<T> {
        T::from_value(self.value(column.place))
            .map_err(|found| misfit(&format!("`{}`", column.name), T::EXPECTED, &found))
    }

    fn get_at<T: FromValue>(&self, place: usize) -> Result<T> {
        T::from_value(self.value(place)).map_err(|found| misfit(&(place + 1).to_string(), T::EXPECTED, &found))
    }

    fn value(&self, place: usize) -> Value {
        match self.cells.get(place) {
            None | Some(Cell::Null) => Value::Null,
            Some(Cell::Boolean(flag)) => Value::Boolean(*flag),
            Some(Cell::Integer(number)) => Value::Integer(*number),
            Some(Cell::Real(number)) => Value::Real(*number),
            Some(Cell::Text(span)) => Value::Text(String::from_utf8_lossy(self.bytes(*span)).into_owned()),
            Some(Cell::Bytes(span)) => Value::Bytes(self.bytes(*span).to_vec()),
        }
    }

    fn bytes(&self, span: Span) -> &[u8] {
        let (start, length) = (span.start as usize, span.length as usize);
        self.data.get(start..start.saturating_add(length)).unwrap_or_default()
    }
}

#[cold]
#[inline(never)]
fn misfit(column: &str, expected: &str, found: &Value) -> Error {
    wrong(format!("column {column} should hold {expected}, but holds {}", describe(found)))
}

fn wrong(message: String) -> Error {
    Error::new("wrong-column", message)
}

macro_rules! tuples {
    ($($count:literal: $($part:ident $place:tt)+;)*) => {$(
        impl<$($part: FromValue),+> FromRow for ($($part,)+) {
            type Columns = ();

            fn columns(names: &[String]) -> Result<()> {
                if names.len() < $count {
                    return Err(wrong(format!("the statement answers {} columns where {} are read", names.len(), $count)));
                }
                Ok(())
            }

            fn from_row((): &(), row: &Row<'_>) -> Result<Self> {
                Ok(($(row.get_at::<$part>($place)?,)+))
            }
        }
    )*};
}

tuples! {
    1: A 0;
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
    5: A 0 B 1 C 2 D 3 E 4;
    6: A 0 B 1 C 2 D 3 E 4 F 5;
    7: A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    8: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<R: FromRow>(names: &[&str], cells: Vec<Cell>) -> Result<Vec<R>, String> {
        let rows = Rows {
            columns: names.iter().map(|name| (*name).to_owned()).collect(),
            cells,
            data: "xgrüße".as_bytes().to_vec(),
        };
        let columns = R::columns(&rows.columns).map_err(|error| error.message)?;
        all(&rows).map(|row| R::from_row(&columns, &row).map_err(|error| error.message)).collect()
    }

    const fn text(start: u32, length: u32) -> Cell {
        Cell::Text(Span { start, length })
    }

    #[test]
    fn a_tuple_is_read_by_position_and_zero_is_false() {
        assert_eq!(
            read::<(String, bool, Option<i32>)>(
                &["a", "b", "c"],
                vec![text(0, 1), Cell::Integer(0), Cell::Null, text(1, 7), Cell::Boolean(true), Cell::Integer(7)]
            ),
            Ok(vec![("x".to_owned(), false, None), ("grüße".to_owned(), true, Some(7))])
        );
    }

    #[test]
    fn the_message_names_the_column_and_both_types() {
        assert_eq!(
            read::<(i32,)>(&["a"], vec![Cell::Integer(1 << 40)]),
            Err("column 1 should hold a whole number that fits i32, but holds 1099511627776".to_owned())
        );
        assert_eq!(
            read::<(i32, i32)>(&["a"], vec![Cell::Null]),
            Err("the statement answers 1 columns where 2 are read".to_owned())
        );
    }
}
