//! Values to and from SQLite.

use conman_kernel::sql::{SqlError, Value};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteValueRef};
use sqlx::{Arguments, Decode, TypeInfo, ValueRef};

/// What a statement's `$1`, `$2`, … are bound to.
pub(super) fn arguments(parameters: &[Value]) -> Result<SqliteArguments, SqlError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(parameters.len(), 0);
    for parameter in parameters {
        match parameter {
            Value::Null => arguments.add(None::<i64>),
            Value::Boolean(flag) => arguments.add(*flag),
            Value::Integer(number) => arguments.add(*number),
            Value::Real(number) => arguments.add(*number),
            Value::Text(text) => arguments.add(text.as_str()),
            Value::Bytes(bytes) => arguments.add(bytes.as_slice()),
        }
        .map_err(|error| SqlError::Statement(error.to_string()))?;
    }
    Ok(arguments)
}

/// One value of a row. `boolean` is whether the column is one: SQLite itself stores 0 and 1.
pub(super) fn decode(raw: SqliteValueRef<'_>, boolean: bool) -> Result<Value, SqlError> {
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let decoded = match raw.type_info().name() {
        "INTEGER" => <i64 as Decode<Sqlite>>::decode(raw).map(|number| match number {
            0 | 1 if boolean => Value::Boolean(number == 1),
            _ => Value::Integer(number),
        }),
        "REAL" => <f64 as Decode<Sqlite>>::decode(raw).map(Value::Real),
        "TEXT" => <String as Decode<Sqlite>>::decode(raw).map(Value::Text),
        _ => <Vec<u8> as Decode<Sqlite>>::decode(raw).map(Value::Bytes),
    };
    decoded.map_err(|error| SqlError::Statement(error.to_string()))
}
