//! Errors as clients read them: `{message, locations, path, extensions: {code, plugin, retryable, pointer, requestId}}`.

use async_graphql_parser::Pos;
use bytes::Bytes;
use conman_kernel::fault::{Code, Fault, code};
use conman_kernel::id::{PluginId, RequestId};
use serde::Serialize;
use serde_json::Value;

use crate::request::{Outcome, Response};

/// More errors than this in one response are only counted.
const MOST: usize = 100;

/// One error of a response. Boxed inside: it travels in many `Result`s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub(crate) message: Box<str>,
    pub(crate) code: Code,
    pub(crate) locations: Box<[Pos]>,
    pub(crate) path: Box<[Value]>,
    pub(crate) plugin: Option<PluginId>,
    pub(crate) retryable: bool,
    pub(crate) pointer: Box<str>,
}

impl GraphError {
    pub(crate) fn new(code: Code, message: impl Into<Box<str>>) -> Self {
        Self {
            message: message.into(),
            code,
            locations: Box::default(),
            path: Box::default(),
            plugin: None,
            retryable: false,
            pointer: Box::default(),
        }
    }

    /// The operation is not valid.
    pub(crate) fn invalid(message: impl Into<Box<str>>) -> Self {
        Self::new(code::GRAPHQL_INVALID, message)
    }

    /// What a plugin (or the host about it) said.
    pub(crate) fn from_fault(fault: &Fault, plugin: Option<&PluginId>) -> Self {
        Self {
            retryable: fault.retryable,
            pointer: fault.pointer.as_str().into(),
            plugin: plugin.cloned(),
            ..Self::new(fault.code.clone(), fault.message.as_str())
        }
    }

    #[must_use]
    pub(crate) fn at(mut self, pos: Pos) -> Self {
        self.locations = self.locations.iter().copied().chain([pos]).collect();
        self
    }

    #[must_use]
    pub(crate) fn pointing(mut self, pointer: impl Into<Box<str>>) -> Self {
        self.pointer = pointer.into();
        self
    }

    fn write(&self, request: &RequestId, out: &mut Vec<u8>) {
        let wire = Wire {
            message: &self.message,
            locations: self.locations.iter().map(|pos| Location { line: pos.line, column: pos.column }).collect(),
            path: &self.path,
            extensions: Extensions {
                code: self.code.as_str(),
                plugin: self.plugin.as_ref().map(PluginId::as_str),
                retryable: self.retryable,
                pointer: &self.pointer,
                request_id: request.as_str(),
            },
        };
        // Texts, numbers and lists of them always serialize, and writing to a Vec cannot fail.
        let _ = serde_json::to_writer(out, &wire);
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    path: &'a [Value],
    extensions: Extensions<'a>,
}

#[derive(Serialize)]
struct Location {
    line: usize,
    column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<&'a str>,
    retryable: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    pointer: &'a str,
    request_id: &'a str,
}

/// Writes `[…]`.
pub(crate) fn write_errors(errors: &[GraphError], request: &RequestId, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, error) in errors.iter().take(MOST).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        error.write(request, out);
    }
    if errors.len() > MOST {
        let rest = GraphError::new(code::BAD_ANSWER, format!("{} more errors are left out", errors.len() - MOST));
        out.push(b',');
        rest.write(request, out);
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
