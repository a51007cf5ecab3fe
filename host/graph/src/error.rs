//! Errors as clients read them: `{message, locations, path, extensions: {code, plugin, retryable, pointer, requestId}}`.

use async_graphql_parser::Pos;
use bytes::Bytes;
use conman_kernel::fault::{Code, Fault, code};
use conman_kernel::id::{PluginId, RequestId};
use serde_json::{Map, Value, json};

use crate::request::{Outcome, Response};

/// More errors than this in one response are only counted.
const MOST: usize = 100;

/// One error of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub(crate) message: String,
    pub(crate) code: Code,
    pub(crate) locations: Vec<Pos>,
    pub(crate) path: Vec<Value>,
    pub(crate) plugin: Option<PluginId>,
    pub(crate) retryable: bool,
    pub(crate) pointer: String,
}

impl GraphError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { message: message.into(), code, locations: Vec::new(), path: Vec::new(), plugin: None, retryable: false, pointer: String::new() }
    }

    /// The operation is not valid.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(code::GRAPHQL_INVALID, message)
    }

    /// What a plugin (or the host about it) said.
    pub(crate) fn from_fault(fault: &Fault, plugin: Option<&PluginId>) -> Self {
        Self {
            retryable: fault.retryable,
            pointer: fault.pointer.clone(),
            plugin: plugin.cloned(),
            ..Self::new(fault.code.clone(), fault.message.clone())
        }
    }

    #[must_use]
    pub(crate) fn at(mut self, pos: Pos) -> Self {
        self.locations.push(pos);
        self
    }

    #[must_use]
    pub(crate) fn pointing(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = pointer.into();
        self
    }

    fn to_json(&self, request: &RequestId) -> Value {
        let mut extensions = Map::new();
        extensions.insert("code".to_owned(), self.code.as_str().into());
        if let Some(plugin) = &self.plugin {
            extensions.insert("plugin".to_owned(), plugin.as_str().into());
        }
        extensions.insert("retryable".to_owned(), self.retryable.into());
        if !self.pointer.is_empty() {
            extensions.insert("pointer".to_owned(), self.pointer.as_str().into());
        }
        extensions.insert("requestId".to_owned(), request.as_str().into());
        let mut error = Map::new();
        error.insert("message".to_owned(), self.message.as_str().into());
        if !self.locations.is_empty() {
            let locations = self.locations.iter().map(|pos| json!({"line": pos.line, "column": pos.column})).collect();
            error.insert("locations".to_owned(), Value::Array(locations));
        }
        if !self.path.is_empty() {
            error.insert("path".to_owned(), Value::Array(self.path.clone()));
        }
        error.insert("extensions".to_owned(), Value::Object(extensions));
        Value::Object(error)
    }
}

/// Writes `[…]`.
pub(crate) fn write_errors(errors: &[GraphError], request: &RequestId, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, error) in errors.iter().take(MOST).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(error.to_json(request).to_string().as_bytes());
    }
    if errors.len() > MOST {
        let rest = GraphError::new(code::BAD_ANSWER, format!("{} more errors are left out", errors.len() - MOST));
        out.push(b',');
        out.extend_from_slice(rest.to_json(request).to_string().as_bytes());
    }
    out.push(b']');
}

/// The response to a request that did not run.
pub(crate) fn refusal(errors: &[GraphError], request: &RequestId) -> Response {
    let mut body = b"{\"errors\":".to_vec();
    write_errors(errors, request, &mut body);
    body.push(b'}');
    Response { body: Bytes::from(body), outcome: Outcome::Refused, errors: errors.len(), cache: None }
}
