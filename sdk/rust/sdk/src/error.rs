//! The one error of a plugin: a code for programs, words for people.

use std::borrow::Cow;
use std::fmt;

use crate::bindings::conman::types::types::Error as WireError;

/// What resolvers and the host's functions answer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// Errors of the host's functions come through `?` unchanged, so that `transaction` knows a conflict and runs its block again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Stable, for programs: letters, digits, `-` and `_`, like `OCCUPIED` or `not-found`.
    pub code: Cow<'static, str>,
    /// For a person: what happened and what to do next.
    pub message: String,
    /// Whether the same call may succeed when simply tried again.
    pub retryable: bool,
    /// Where in the input: a JSON pointer into the arguments, or a place in a file; empty when nowhere.
    pub pointer: String,
}

impl Error {
    /// An error with a code of the plugin's own.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retryable: false, pointer: String::new() }
    }

    /// Says where in the input the fault lies: `/input/shift`, or `line 14, column 3` of a file.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = pointer.into();
        self
    }

    /// Marks that the same call may succeed later.
    #[must_use]
    pub const fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Code `not-found`: the thing asked for does not exist, or not for this actor.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new("not-found", message)
    }

    /// Code `invalid`: the input is wrong; say where with [`Error::at`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("invalid", message)
    }

    /// Code `forbidden`: this actor may not.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new("forbidden", message)
    }

    /// Code `unauthenticated`: somebody has to sign in first.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new("unauthenticated", message)
    }

    /// Code `internal`: the plugin is at fault, not its caller.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new("internal", message)
    }

    /// Whether another transaction got in the way: the host runs a mutation again when it answers this.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.retryable && self.code == "conflict"
    }

    /// Whether a unique, check, foreign-key or not-null constraint was broken.
    #[must_use]
    pub fn is_constraint(&self) -> bool {
        self.code == "sql-constraint"
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        if self.pointer.is_empty() { Ok(()) } else { write!(f, " ({})", self.pointer) }
    }
}

impl std::error::Error for Error {}

impl From<WireError> for Error {
    fn from(error: WireError) -> Self {
        Self {
            code: Cow::Owned(error.code),
            message: error.message,
            retryable: error.retryable,
            pointer: error.pointer,
        }
    }
}

impl From<Error> for WireError {
    fn from(error: Error) -> Self {
        Self {
            code: error.code.into_owned(),
            message: error.message,
            retryable: error.retryable,
            pointer: error.pointer,
        }
    }
}

/// JSON that is not what was expected comes from outside far more often than from the plugin itself.
impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::invalid(error.to_string())
    }
}

/// So do dates and times.
impl From<jiff::Error> for Error {
    fn from(error: jiff::Error) -> Self {
        Self::invalid(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_survives_the_way_through_the_plugin() {
        let wire =
            WireError { code: "conflict".into(), message: "again".into(), retryable: true, pointer: String::new() };
        let error = Error::from(wire.clone());
        assert!(error.is_conflict());
        assert_eq!(WireError::from(error), wire);
    }

    #[test]
    fn the_text_has_code_message_and_place() {
        assert_eq!(
            Error::new("OCCUPIED", "The shift is full.").at("/shift").to_string(),
            "OCCUPIED: The shift is full. (/shift)"
        );
    }
}
