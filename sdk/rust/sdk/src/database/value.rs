//! Values to and from SQL.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::datetime::DateTime;

/// One SQL value.
pub use crate::bindings::conman::host::database::Value;

/// What may be a parameter.
pub trait ToValue {
    /// As SQL.
    fn to_value(&self) -> Value;
}

/// What a column may hold.
pub trait FromValue: Sized {
    /// For messages: what the column should hold.
    const EXPECTED: &'static str;

    /// Reads a value, or gives it back when it is something else.
    ///
    /// # Errors
    /// The value itself.
    fn from_value(value: Value) -> Result<Self, Value>;
}

/// Anything serde knows, as JSON in a TEXT column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Json<T>(pub T);

// === parameters ===

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl ToValue for std::borrow::Cow<'_, str> {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Boolean(*self)
    }
}

impl ToValue for f64 {
    fn to_value(&self) -> Value {
        Value::Real(*self)
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value {
        Value::Bytes(self.clone())
    }
}

/// Milliseconds since 1970, which sort and compare alike everywhere.
impl ToValue for Timestamp {
    fn to_value(&self) -> Value {
        Value::Integer(self.as_millisecond())
    }
}

/// Milliseconds since 1970; the offset is not kept.
impl ToValue for DateTime {
    fn to_value(&self) -> Value {
        self.timestamp().to_value()
    }
}

impl ToValue for Date {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl ToValue for Time {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl ToValue for serde_json::Value {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

/// What serde cannot write becomes NULL; that is maps whose keys are no texts, and nothing else.
impl<T: Serialize> ToValue for Json<T> {
    fn to_value(&self) -> Value {
        serde_json::to_string(&self.0).map_or(Value::Null, Value::Text)
    }
}

// === columns ===

impl FromValue for Value {
    const EXPECTED: &'static str = "any value";

    fn from_value(value: Value) -> Result<Self, Value> {
        Ok(value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_value(value: Value) -> Result<Self, Value> {
        if value == Value::Null { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

impl FromValue for String {
    const EXPECTED: &'static str = "a text";

    fn from_value(value: Value) -> Result<Self, Value> {
        if let Value::Text(text) = value { Ok(text) } else { Err(value) }
    }
}

impl FromValue for bool {
    const EXPECTED: &'static str = "a boolean";

    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Boolean(flag) => Ok(flag),
            // SQLite has no booleans: computed ones are 0 and 1.
            Value::Integer(0) => Ok(false),
            Value::Integer(1) => Ok(true),
            other => Err(other),
        }
    }
}

impl FromValue for f64 {
    const EXPECTED: &'static str = "a number";

    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Real(number) => Ok(number),
            // Sums and averages of whole numbers; up to 2^53 nothing is lost.
            #[expect(
                clippy::cast_precision_loss,
                reason = "checked: a whole number this large is not taken for a real one"
            )]
            Value::Integer(number) if number.unsigned_abs() <= 1 << 53 => Ok(number as Self),
            other => Err(other),
        }
    }
}

impl FromValue for Vec<u8> {
    const EXPECTED: &'static str = "bytes";

    fn from_value(value: Value) -> Result<Self, Value> {
        if let Value::Bytes(bytes) = value { Ok(bytes) } else { Err(value) }
    }
}

impl FromValue for Timestamp {
    const EXPECTED: &'static str = "an instant (BIGINT, milliseconds since 1970)";

    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Integer(number) => Self::from_millisecond(number).map_err(|_| value),
            other => Err(other),
        }
    }
}

/// Reads a TEXT column by `FromStr`; for types of the plugin's own, use it in an implementation of [`FromValue`].
///
/// # Errors
/// The value itself.
pub fn parse<T: std::str::FromStr>(value: Value) -> Result<T, Value> {
    match value {
        Value::Text(text) => text.parse().map_err(|_| Value::Text(text)),
        other => Err(other),
    }
}

impl FromValue for Date {
    const EXPECTED: &'static str = "a date (TEXT, 2026-08-14)";

    fn from_value(value: Value) -> Result<Self, Value> {
        parse(value)
    }
}

impl FromValue for Time {
    const EXPECTED: &'static str = "a time (TEXT, 20:15:00)";

    fn from_value(value: Value) -> Result<Self, Value> {
        parse(value)
    }
}

impl FromValue for serde_json::Value {
    const EXPECTED: &'static str = "JSON (TEXT)";

    fn from_value(value: Value) -> Result<Self, Value> {
        parse(value)
    }
}

impl<T: DeserializeOwned> FromValue for Json<T> {
    const EXPECTED: &'static str = "JSON (TEXT) of the declared type";

    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Text(text) => serde_json::from_str(&text).map(Self).map_err(|_| Value::Text(text)),
            other => Err(other),
        }
    }
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {$(
        impl FromValue for $number {
            const EXPECTED: &'static str = concat!("a whole number that fits ", stringify!($number));

            fn from_value(value: Value) -> Result<Self, Value> {
                match value {
                    Value::Integer(number) => Self::try_from(number).map_err(|_| value),
                    other => Err(other),
                }
            }
        }
    )*};
}

whole_numbers!(i8, i16, i32, i64, u8, u16, u32, u64, usize);

macro_rules! small_numbers {
    ($($number:ty),*) => {$(
        impl ToValue for $number {
            fn to_value(&self) -> Value {
                Value::Integer(i64::from(*self))
            }
        }
    )*};
}

small_numbers!(i8, i16, i32, i64, u8, u16, u32);

/// Lengths and positions; memory is far smaller than what BIGINT holds.
impl ToValue for usize {
    fn to_value(&self) -> Value {
        Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}

/// As messages show it.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) if text.chars().count() > 40 => {
            format!("the text `{}…`", text.chars().take(40).collect::<String>())
        }
        Value::Text(text) => format!("the text `{text}`"),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
    }
}
