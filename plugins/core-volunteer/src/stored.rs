//! Rows, and the statements that read and write them. Lists are read for many keys at once; what fits a screen is read whole.

pub(crate) mod department;
pub(crate) mod entry;
pub(crate) mod hours;
pub(crate) mod programme;
pub(crate) mod role;
pub(crate) mod rule;
pub(crate) mod shift;
pub(crate) mod volunteer;

use conman_sdk::prelude::*;

use crate::rules::calendar::Span;

/// A span out of two columns. The schema's check makes an empty one impossible.
pub(crate) fn span(start: Timestamp, end: Timestamp) -> Result<Span> {
    Span::new(start, end).ok_or_else(|| Error::internal("a stored time ends before it starts"))
}

/// A span somebody sent.
pub(crate) fn span_at(start: DateTime, end: DateTime, pointer: &str) -> Result<Span> {
    Span::new(start.timestamp(), end.timestamp())
        .ok_or_else(|| Error::invalid("The end has to come after the start.").at(pointer.to_owned()))
}

/// Text that must not be empty, without spaces around it.
pub(crate) fn named(text: &str, pointer: &str) -> Result<String> {
    match text.trim() {
        "" => Err(Error::invalid("Write a name.").at(pointer.to_owned())),
        name if name.chars().count() > 200 => {
            Err(Error::invalid("Write a shorter name: 200 letters at most.").at(pointer.to_owned()))
        }
        name => Ok(name.to_owned()),
    }
}

/// A figure that fits the GraphQL type `Int`; larger ones are shown as the largest.
pub(crate) fn int(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
}
