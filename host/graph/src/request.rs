//! What goes in and what comes out.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use crate::model::CacheScope;

/// A GraphQL request, as in the body of a POST. Several operations in one POST are not offered: one request, one operation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Request {
    /// The document.
    pub query: String,
    /// Which of the document's operations; needed when there are several.
    #[serde(default, rename = "operationName")]
    pub operation_name: Option<String>,
    /// Values for the operation's variables: an object, or null.
    #[serde(default)]
    pub variables: serde_json::Value,
    /// What clients add for themselves; nothing here is acted upon.
    #[serde(default)]
    pub extensions: serde_json::Value,
}

impl Request {
    /// A request without variables.
    #[must_use]
    pub fn new(query: impl Into<String>) -> Self {
        Self { query: query.into(), ..Self::default() }
    }

    /// With values for its variables.
    #[must_use]
    pub fn with_variables(mut self, variables: serde_json::Value) -> Self {
        self.variables = variables;
        self
    }
}

/// A GraphQL response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// JSON: `{"data":…,"errors":[…]}`.
    pub body: Bytes,
    /// How far the request came.
    pub outcome: Outcome,
    /// How many errors are in it.
    pub errors: usize,
    /// How long, and for whom, the whole may be served again; nothing where it may not.
    pub cache: Option<CacheControl>,
}

/// How far a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It ran; single fields may still have failed.
    Executed,
    /// It was answered without any plugin, from an earlier answer.
    Cached,
    /// It did not run: not GraphQL, not of this schema, over a limit, or variables that do not fit. There is no `data`.
    Refused,
}

/// How long, and for whom, a response may be served again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheControl {
    /// How long.
    pub max_age: Duration,
    /// For whom.
    pub scope: CacheScope,
}
