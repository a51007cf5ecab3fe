//! The one error that crosses seams: to a plugin, from a plugin, and out to a client.
//!
//! A fault has a stable code for programs, a message for the person who must act on it, and a detail only the log sees.
//! Crates keep their own typed errors inside; at the edge they become a `Fault`.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What went wrong, who may see what of it, and whether trying again can help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Fault {
    /// Stable, for programs: kebab-case. The host's own are in [`code`]; plugins bring theirs.
    pub code: Code,
    /// What happened and what to do next, for a person.
    pub message: String,
    /// Whether the same call may succeed when simply tried again.
    pub retryable: bool,
    /// Where in the input: a JSON pointer into the arguments, or `line 14, column 3` of a file; empty when nowhere.
    pub pointer: String,
    /// For the log only: never sent to a client.
    pub detail: Option<String>,
}

/// A fault's code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(Cow<'static, str>);

impl Code {
    /// A code known when compiling.
    #[must_use]
    pub const fn new(code: &'static str) -> Self {
        Self(Cow::Borrowed(code))
    }

    /// A plugin's code. What is not `a-z 0-9 -`, at most 60 long, becomes `plugin-error`, so that codes stay matchable.
    #[must_use]
    pub fn from_plugin(code: &str) -> Self {
        let valid = (1..=60).contains(&code.len())
            && code.bytes().all(|b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_' || b.is_ascii_uppercase()
            });
        if valid { Self(Cow::Owned(code.to_owned())) } else { code::PLUGIN_ERROR }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Fault {
    /// A fault that trying again will not mend.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retryable: false, pointer: String::new(), detail: None }
    }

    /// Marks that the same call may succeed later.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Says where in the input the fault lies.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = pointer.into();
        self
    }

    /// Adds what only the log may see.
    #[must_use]
    pub fn with_detail(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    /// An inside failure: the client learns only that it happened, the log learns what.
    pub fn internal(detail: impl fmt::Display) -> Self {
        Self::new(code::INTERNAL, "something went wrong inside; the log has the details under this request's id")
            .with_detail(detail)
    }
}

/// The host's own codes.
pub mod code {
    use super::Code;

    macro_rules! codes {
        ($($(#[$meta:meta])* $name:ident = $text:literal;)*) => {
            $($(#[$meta])* pub const $name: Code = Code::new($text);)*

            /// All of them.
            pub const ALL: &[Code] = &[$($name),*];
        };
    }

    codes! {
        /// Nobody is signed in, or the token is unknown or expired.
        UNAUTHENTICATED = "unauthenticated";
        /// Signed in, but without the permission.
        FORBIDDEN = "forbidden";
        /// The thing asked for does not exist, or not for this actor.
        NOT_FOUND = "not-found";
        /// The input is wrong; the pointer says where.
        INVALID = "invalid";
        /// It exists already.
        ALREADY_EXISTS = "already-exists";
        /// Two changes met and this one lost, after all tries.
        CONFLICT = "conflict";
        /// Too many tries in too short a time.
        RATE_LIMITED = "rate-limited";
        /// The input is larger than allowed.
        TOO_LARGE = "too-large";
        /// A query call tried to write, or to reach outside.
        READ_ONLY = "read-only";
        /// A mutation call tried to reach outside from inside its transaction.
        INSIDE_TRANSACTION = "inside-transaction";
        /// An action used the database outside a `transaction(…)` block.
        NO_TRANSACTION = "no-transaction";
        /// The statement is not in the portable SQL subset.
        SQL_REFUSED = "sql-refused";
        /// The database refused or failed the statement.
        SQL_FAILED = "sql-failed";
        /// A unique or other constraint was broken.
        SQL_CONSTRAINT = "sql-constraint";
        /// The plugin used more guest CPU time than its call may.
        CPU_LIMIT = "cpu-limit";
        /// The call took longer than it may.
        TIMEOUT = "timeout";
        /// The plugin asked for more memory than it may.
        MEMORY_LIMIT = "memory-limit";
        /// A host-call quota (statements, rows, events, …) is used up.
        QUOTA = "quota";
        /// The plugin trapped.
        PLUGIN_TRAPPED = "plugin-trapped";
        /// The plugin's answer does not fit its declared type.
        BAD_ANSWER = "bad-answer";
        /// The plugin returned an error with a code that is none.
        PLUGIN_ERROR = "plugin-error";
        /// The plugin cannot take the call now: all permits are in use, or its breaker is open.
        OVERLOADED = "overloaded";
        /// As many jobs wait as may; one has to end first.
        QUEUE_FULL = "queue-full";
        /// What is asked for is still being made.
        NOT_READY = "not-ready";
        /// The plugin was not granted the import it called, or the topic it used.
        NOT_GRANTED = "not-granted";
        /// The Idempotency-Key was used before with other arguments.
        IDEMPOTENCY_MISMATCH = "idempotency-mismatch";
        /// The GraphQL operation does not parse or validate.
        GRAPHQL_INVALID = "graphql-invalid";
        /// The GraphQL operation is deeper, wider or dearer than allowed.
        GRAPHQL_LIMIT = "graphql-limit";
        /// An event passed through too many handlers.
        HOP_LIMIT = "hop-limit";
        /// An inside failure.
        INTERNAL = "internal";
        /// The host is shutting down.
        UNAVAILABLE = "unavailable";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugins_code_stays_matchable() {
        assert_eq!(Code::from_plugin("OCCUPIED").as_str(), "OCCUPIED");
        assert_eq!(Code::from_plugin("a b\n"), code::PLUGIN_ERROR);
        assert_eq!(Code::from_plugin(""), code::PLUGIN_ERROR);
    }

    #[test]
    fn the_detail_is_not_in_what_a_client_reads() {
        assert!(!Fault::internal("password=hunter2").to_string().contains("hunter2"));
    }
}
