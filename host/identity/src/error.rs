//! What can go wrong here. Every text says what to do next; what could tell a stranger whether an account exists says nothing.

use std::time::Duration;

use conman_kernel::fault::{Fault, code};
use conman_kernel::sql::{SqlError, WrongColumn};

use crate::realm::Realm;

/// What identity's calls answer.
pub type Result<T, E = IdentityError> = std::result::Result<T, E>;

/// Why a call of identity failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IdentityError {
    /// There is no such thing, or not for this actor.
    #[error("there is no {thing} `{name}` here")]
    NotFound {
        /// `account`, `convention`, …
        thing: &'static str,
        /// What was asked for.
        name: String,
    },
    /// The name is taken.
    #[error("there is a {thing} `{name}` already; choose another")]
    AlreadyExists {
        /// `account`, `convention`, …
        thing: &'static str,
        /// What was to be made.
        name: String,
    },
    /// The input is wrong.
    #[error("{message}")]
    Invalid {
        /// The input field, as a JSON pointer: `/email`.
        pointer: &'static str,
        /// What is wrong and what to write instead.
        message: String,
    },
    /// The actor lacks the permission in that realm.
    #[error("this needs the permission `{permission}` in {realm}; ask an admin there")]
    Forbidden {
        /// The permission.
        permission: String,
        /// Where.
        realm: Realm,
    },
    /// The API token, or the asker, may not do this although the account may.
    #[error("{0}")]
    OutOfReach(&'static str),
    /// A rule forbids it, whoever asks.
    #[error("{0}")]
    Refused(String),
    /// The bearer secret is unknown, expired or revoked.
    #[error("you are not signed in, or the sign-in has ended; sign in again")]
    Unauthenticated,
    /// The email or the password is wrong, or the account is disabled.
    #[error("the email or the password is wrong")]
    WrongCredentials,
    /// Too many failed sign-ins.
    #[error("too many failed sign-ins; try again in {} seconds", wait.as_secs().max(1))]
    TooManyTries {
        /// For how long further tries are refused.
        wait: Duration,
    },
    /// Too many sign-ins are being checked at this moment.
    #[error("too many people are signing in right now; try again in a moment")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// Something that cannot happen did.
    #[error("identity: {0}")]
    Internal(String),
}

impl IdentityError {
    pub(crate) fn not_found(thing: &'static str, name: impl ToString) -> Self {
        Self::NotFound { thing, name: name.to_string() }
    }

    pub(crate) fn invalid(pointer: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { pointer, message: message.into() }
    }

    /// Whether running the whole transaction again may succeed.
    pub(crate) const fn is_serialization(&self) -> bool {
        matches!(self, Self::Sql(error) if error.is_serialization())
    }

    /// A unique constraint that fired although the row had been looked for: somebody else was a moment faster.
    pub(crate) fn or_exists(self, thing: &'static str, name: &str) -> Self {
        match self {
            Self::Sql(SqlError::Constraint(_)) => Self::AlreadyExists { thing, name: name.to_owned() },
            other => other,
        }
    }
}

impl From<WrongColumn> for IdentityError {
    fn from(error: WrongColumn) -> Self {
        Self::Sql(error.into())
    }
}

impl From<IdentityError> for Fault {
    fn from(error: IdentityError) -> Self {
        let text = error.to_string();
        match error {
            IdentityError::NotFound { .. } => Self::new(code::NOT_FOUND, text),
            IdentityError::AlreadyExists { .. } => Self::new(code::ALREADY_EXISTS, text),
            IdentityError::Invalid { pointer, .. } => Self::new(code::INVALID, text).at(pointer),
            IdentityError::Forbidden { .. } => Self::new(code::FORBIDDEN, text),
            IdentityError::OutOfReach(_) => Self::new(code::FORBIDDEN, text),
            IdentityError::Refused(_) => Self::new(code::INVALID, text),
            IdentityError::Unauthenticated | IdentityError::WrongCredentials => Self::new(code::UNAUTHENTICATED, text),
            IdentityError::TooManyTries { .. } => Self::new(code::RATE_LIMITED, text),
            IdentityError::Busy => Self::new(code::OVERLOADED, text).retryable(),
            IdentityError::Sql(error) => match error {
                SqlError::Serialization(_) | SqlError::Unavailable(_) => error.into(),
                other => Self::internal(other),
            },
            IdentityError::Internal(detail) => Self::internal(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_constraint_tells_the_client_nothing_of_the_tables() {
        let fault = Fault::from(IdentityError::Sql(SqlError::Constraint("identity_account.email_key".to_owned())));
        assert!(!fault.to_string().contains("email_key"), "{fault}");
    }

    #[test]
    fn waiting_is_told_in_whole_seconds_and_never_as_none() {
        let text = IdentityError::TooManyTries { wait: Duration::from_millis(20) }.to_string();
        assert_eq!(text, "too many failed sign-ins; try again in 1 seconds");
    }
}
