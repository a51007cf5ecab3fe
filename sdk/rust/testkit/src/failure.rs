//! What a failed operation says.

use std::fmt;

use conman_kernel::fault::Fault;
use serde_json::Value;

/// Why an operation, a route or a handler failed.
#[derive(Debug, Clone, Default, PartialEq, thiserror::Error)]
pub struct Failure {
    /// What there is of `data` all the same.
    pub data: Value,
    /// The errors, in order.
    pub problems: Vec<Problem>,
}

/// One error of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its code, `OCCUPIED`.
    pub code: String,
    /// What a person reads.
    pub message: String,
    /// The field, `session.shifts.0`; empty when it is no field's.
    pub path: String,
    /// Where in the input.
    pub pointer: String,
}

impl Failure {
    /// The first error's code.
    #[must_use]
    pub fn code(&self) -> &str {
        self.problems.first().map_or("", |problem| &problem.code)
    }

    /// Reads a response's bytes.
    pub(crate) fn of_bytes(body: &[u8]) -> Result<Value, Self> {
        let response = serde_json::from_slice(body)
            .map_err(|error| Fault::internal(format!("the response is no JSON: {error}")))?;
        Self::of_response(response)
    }

    /// Reads a response: its `data`, or what is wrong with it.
    pub(crate) fn of_response(mut response: Value) -> Result<Value, Self> {
        let data = response.get_mut("data").map(Value::take).unwrap_or_default();
        let problems: Vec<Problem> =
            response.get("errors").and_then(Value::as_array).into_iter().flatten().map(Problem::of_json).collect();
        if problems.is_empty() { Ok(data) } else { Err(Self { data, problems }) }
    }
}

impl Problem {
    fn of_json(error: &Value) -> Self {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let extension = |name| text(error.get("extensions").and_then(|extensions| extensions.get(name)));
        let steps = error.get("path").and_then(Value::as_array).into_iter().flatten();
        let path = steps
            .map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(".");
        Self { code: extension("code"), message: text(error.get("message")), path, pointer: extension("pointer") }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let message = match fault.detail {
            Some(detail) => format!("{} ({detail})", fault.message),
            None => fault.message,
        };
        let problem = Problem { code: fault.code.to_string(), message, path: String::new(), pointer: fault.pointer };
        Self { data: Value::Null, problems: vec![problem] }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().enumerate() {
            let separator = if place == 0 { "" } else { "\n" };
            write!(f, "{separator}{}: {}", problem.code, problem.message)?;
            for (what, text) in [("field", &problem.path), ("at", &problem.pointer)] {
                if !text.is_empty() {
                    write!(f, " ({what} {text})")?;
                }
            }
        }
        Ok(())
    }
}
