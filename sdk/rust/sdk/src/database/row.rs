//! Rows into structs and tuples. Which column is which is found once per answer, not once per row.

use super::value::{FromValue, Value, describe};
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
    fn from_row(columns: &Self::Columns, row: &mut Row) -> Result<Self>;
}

/// One row; values are taken out of it, not copied.
#[derive(Debug)]
pub struct Row {
    values: Vec<Value>,
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

impl Row {
    pub(crate) const fn new(values: Vec<Value>) -> Self {
        Self { values }
    }

    /// Takes a column's value.
    ///
    /// # Errors
    /// Code `wrong-column` when it is no `T`.
    pub fn take<T: FromValue>(&mut self, column: &Column) -> Result<T> {
        T::from_value(self.value(column.place))
            .map_err(|found| misfit(&format!("`{}`", column.name), T::EXPECTED, &found))
    }

    fn take_at<T: FromValue>(&mut self, place: usize) -> Result<T> {
        T::from_value(self.value(place)).map_err(|found| misfit(&(place + 1).to_string(), T::EXPECTED, &found))
    }

    fn value(&mut self, place: usize) -> Value {
        self.values.get_mut(place).map_or(Value::Null, |value| std::mem::replace(value, Value::Null))
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

            fn from_row((): &(), row: &mut Row) -> Result<Self> {
                Ok(($(row.take_at::<$part>($place)?,)+))
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

    fn read<R: FromRow>(names: &[&str], values: Vec<Value>) -> Result<R, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let columns = R::columns(&names).map_err(|error| error.message)?;
        R::from_row(&columns, &mut Row::new(values)).map_err(|error| error.message)
    }

    #[test]
    fn a_tuple_is_read_by_position_and_zero_is_false() {
        assert_eq!(
            read::<(String, bool, Option<i32>)>(
                &["a", "b", "c"],
                vec![Value::Text("x".into()), Value::Integer(0), Value::Null]
            ),
            Ok(("x".to_owned(), false, None))
        );
    }

    #[test]
    fn the_message_names_the_column_and_both_types() {
        assert_eq!(
            read::<(i32,)>(&["a"], vec![Value::Integer(1 << 40)]),
            Err("column 1 should hold a whole number that fits i32, but holds 1099511627776".to_owned())
        );
        assert_eq!(
            read::<(i32, i32)>(&["a"], vec![]),
            Err("the statement answers 1 columns where 2 are read".to_owned())
        );
    }
}
