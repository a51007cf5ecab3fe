//! Values to and from PostgreSQL's binary format.
//!
//! PostgreSQL's types are finer than the portable ones: counts are 64 bits here and 32 there, and decimals appear where
//! integers are averaged. Everything comes back as one of the portable types, or as an error that names the column.

use conman_kernel::sql::{SqlError, Value};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgRow, PgTypeInfo, PgValueRef, Postgres};
use sqlx::{Column, Encode, Row, Type, TypeInfo, ValueRef};

/// The type a parameter was announced with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Announced {
    /// PostgreSQL is to find out: only NULL was given so far.
    Unknown,
    Boolean,
    Integer,
    Real,
    Text,
    Bytes,
}

impl Announced {
    /// As what a value is announced.
    pub(super) const fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Unknown,
            Value::Boolean(_) => Self::Boolean,
            Value::Integer(_) => Self::Integer,
            Value::Real(_) => Self::Real,
            Value::Text(_) => Self::Text,
            Value::Bytes(_) => Self::Bytes,
        }
    }

    /// Whether a parameter announced as this can take the value.
    pub(super) fn takes(self, value: &Value) -> bool {
        matches!(value, Value::Null) || self == Self::of(value)
    }

    const fn oid(self) -> Oid {
        Oid(match self {
            Self::Unknown => 0,
            Self::Boolean => 16,
            Self::Integer => 20,
            Self::Real => 701,
            Self::Text => 25,
            Self::Bytes => 17,
        })
    }
}

/// A parameter with the type it is announced as.
pub(super) struct Bound<'a>(pub(super) &'a Value, pub(super) Announced);

impl Type<Postgres> for Bound<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Announced::Unknown.oid())
    }
}

impl<'q> Encode<'q, Postgres> for Bound<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Boolean(flag) => buffer.push(u8::from(*flag)),
            Value::Integer(number) => buffer.extend_from_slice(&number.to_be_bytes()),
            Value::Real(number) => buffer.extend_from_slice(&number.to_be_bytes()),
            Value::Text(text) => buffer.extend_from_slice(text.as_bytes()),
            Value::Bytes(bytes) => buffer.extend_from_slice(bytes),
        }
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(PgTypeInfo::with_oid(self.1.oid()))
    }
}

/// How a column is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Codec {
    Boolean,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Text,
    Bytes,
    Decimal,
    Nothing,
}

/// How each column of an answer is read.
pub(super) fn codecs(row: &PgRow) -> Result<Vec<Codec>, SqlError> {
    row.columns()
        .iter()
        .map(|column| {
            Ok(match column.type_info().oid().map_or(0, |oid| oid.0) {
                16 => Codec::Boolean,
                17 => Codec::Bytes,
                20 => Codec::Int8,
                21 => Codec::Int2,
                23 => Codec::Int4,
                25 | 1043 | 1042 | 19 | 705 => Codec::Text,
                700 => Codec::Float4,
                701 => Codec::Float8,
                1700 => Codec::Decimal,
                2278 => Codec::Nothing,
                _ => {
                    let (name, kind) = (column.name(), column.type_info().name());
                    return Err(SqlError::Refused(format!(
                        "column {name} is of the type {kind}, which is not portable"
                    )));
                }
            })
        })
        .collect()
}

/// One value of a row.
pub(super) fn decode(raw: &PgValueRef<'_>, codec: Codec) -> Result<Value, SqlError> {
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let bytes = raw.as_bytes().map_err(|error| SqlError::Statement(error.to_string()))?;
    let decoded = match codec {
        Codec::Boolean => bytes.first().map(|byte| Value::Boolean(*byte != 0)),
        Codec::Int2 => bytes.try_into().ok().map(|bytes| Value::Integer(i64::from(i16::from_be_bytes(bytes)))),
        Codec::Int4 => bytes.try_into().ok().map(|bytes| Value::Integer(i64::from(i32::from_be_bytes(bytes)))),
        Codec::Int8 => bytes.try_into().ok().map(|bytes| Value::Integer(i64::from_be_bytes(bytes))),
        Codec::Float4 => bytes.try_into().ok().map(|bytes| Value::Real(f64::from(f32::from_be_bytes(bytes)))),
        Codec::Float8 => bytes.try_into().ok().map(|bytes| Value::Real(f64::from_be_bytes(bytes))),
        Codec::Text => String::from_utf8(bytes.to_vec()).ok().map(Value::Text),
        Codec::Bytes => Some(Value::Bytes(bytes.to_vec())),
        Codec::Decimal => return decimal(bytes),
        Codec::Nothing => Some(Value::Null),
    };
    decoded.ok_or_else(|| SqlError::Statement("a value came back in a form nobody expects".to_owned()))
}

/// A decimal: four header words (how many digits, the first one's weight, sign, scale), then digits of base 10,000.
/// Without decimals behind the point it is an integer, else a double.
fn decimal(bytes: &[u8]) -> Result<Value, SqlError> {
    let unreadable = || SqlError::Statement("a decimal is not finite, or does not fit a BIGINT".to_owned());
    let words: Vec<u16> =
        bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(u16::from_be_bytes)).collect();
    let [_, weight, sign, scale, digits @ ..] = words.as_slice() else { return Err(unreadable()) };
    let negative = match *sign {
        0x0000 => false,
        0x4000 => true,
        _ => return Err(unreadable()),
    };
    let places = i32::from(weight.cast_signed()) + 1;
    let digit = |place: i32| usize::try_from(place).ok().and_then(|place| digits.get(place)).copied().unwrap_or(0);
    if *scale == 0 {
        let mut number = 0_i128;
        for place in 0..places {
            number = number
                .checked_mul(10_000)
                .and_then(|number| number.checked_add(i128::from(digit(place))))
                .ok_or_else(unreadable)?;
        }
        let number = if negative { -number } else { number };
        return i64::try_from(number).map(Value::Integer).map_err(|_| unreadable());
    }
    let mut text = String::from(if negative { "-0" } else { "0" });
    for place in 0..places {
        text.push_str(&format!("{:04}", digit(place)));
    }
    text.push('.');
    let last = i32::try_from(digits.len()).unwrap_or(i32::MAX).max(places);
    for place in places.min(0)..0 {
        let _ = place;
        text.push_str("0000");
    }
    for place in places.max(0)..last {
        text.push_str(&format!("{:04}", digit(place)));
    }
    text.push('0');
    text.parse().map(Value::Real).map_err(|_| unreadable())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[u16]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn decimals_are_integers_or_doubles() {
        for (given, wanted) in [
            (words(&[0, 0, 0, 0]), Value::Integer(0)),
            (words(&[1, 0, 0, 0, 42]), Value::Integer(42)),
            (words(&[1, 1, 0x4000, 0, 3]), Value::Integer(-30_000)),
            (words(&[2, 0, 0, 4, 1, 5000]), Value::Real(1.5)),
            (words(&[1, 0xFFFF, 0, 4, 2500]), Value::Real(0.25)),
            (words(&[1, 0xFFFE, 0, 8, 2500]), Value::Real(0.000_025)),
            (words(&[1, 0, 0, 16, 2]), Value::Real(2.0)),
            (words(&[5, 4, 0, 0, 922, 3372, 368, 5477, 5807]), Value::Integer(i64::MAX)),
        ] {
            assert_eq!(decimal(&given).unwrap(), wanted, "{given:?}");
        }
    }

    #[test]
    fn what_is_no_bigint_is_an_error() {
        assert!(decimal(&words(&[5, 4, 0, 0, 922, 3372, 368, 5477, 5808])).is_err());
        assert!(decimal(&words(&[1, 0x7FFF, 0, 0, 1])).is_err());
        assert!(decimal(&words(&[0, 0, 0xC000, 0])).is_err());
        assert!(decimal(&[1, 2, 3]).is_err());
    }
}
