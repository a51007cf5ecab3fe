//! How the command fails: a message for the person at the terminal, a code for the script that called it.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | failed |
//! | 2 | the command line is wrong |
//! | 3 | what was asked for does not exist |
//! | 4 | refused: not signed in, or without the permission |
//! | 5 | the data folder is in use by another process |
//! | 6 | the host cannot be reached |
//! | 7 | the input (a file, an operation, a configuration) is wrong |

use std::process::ExitCode;

use conman_server::ClaimError;
use serde_json::{Value, json};

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    Refused = 4,
    InUse = 5,
    Unreachable = 6,
    Invalid = 7,
}

/// Why the command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    /// The host's code, where it said one.
    pub(crate) code: Option<String>,
    pub(crate) message: String,
    /// What a program could want to know besides, where there is something.
    pub(crate) details: Option<Value>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, code: None, message: message.into(), details: None }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    /// What the host said, as one of our kinds.
    pub(crate) fn from_code(code: &str, message: String) -> Self {
        let kind = match code {
            "unauthenticated" | "forbidden" | "rate-limited" => Kind::Refused,
            "not-found" => Kind::NotFound,
            "invalid" | "graphql-invalid" | "graphql-limit" | "too-large" | "already-exists" | "unreadable" => {
                Kind::Invalid
            }
            _ => Kind::Failed,
        };
        Self { kind, code: Some(code.to_owned()), message, details: None }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.kind as u8)
    }

    pub(crate) fn json(&self) -> Value {
        let code = self.code.clone().unwrap_or_else(|| format!("{:?}", self.kind).to_lowercase());
        let mut error = json!({ "code": code, "message": self.message });
        if let (Value::Object(error), Some(details)) = (&mut error, &self.details) {
            error.insert("details".to_owned(), details.clone());
        }
        json!({ "error": error })
    }
}

impl From<ClaimError> for Failure {
    fn from(error: ClaimError) -> Self {
        let kind = match error {
            ClaimError::InUse { .. } => Kind::InUse,
            ClaimError::Unusable { .. } => Kind::Failed,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Kind::Failed, format!("{error:#}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Kind::Failed, error.to_string())
    }
}

pub(crate) type Outcome = Result<(), Failure>;
