//! `conman:host/database`: the values change clothes here, the rules are in [`crate::transactions`].

use conman_kernel::sql::{Rows, Value};

use crate::bindings::host::database::{Cell, Host, Rows as GuestRows, Span, Value as GuestValue};
use crate::bindings::types::Error;
use crate::faults::for_guest;
use crate::state::CallState;
use crate::transactions::Refusal;

impl Host for CallState {
    async fn query(&mut self, sql: String, parameters: Vec<GuestValue>) -> wasmtime::Result<Result<GuestRows, Error>> {
        let parameters = parameters.into_iter().map(from_guest).collect::<Vec<_>>();
        told(self.transactions.query(&sql, &parameters).await.map(rows_for_guest))
    }

    async fn execute(&mut self, sql: String, parameters: Vec<GuestValue>) -> wasmtime::Result<Result<u64, Error>> {
        let parameters = parameters.into_iter().map(from_guest).collect::<Vec<_>>();
        told(self.transactions.execute(&sql, &parameters).await)
    }

    async fn begin(&mut self) -> wasmtime::Result<Result<(), Error>> {
        told(self.transactions.begin().await)
    }

    async fn commit(&mut self) -> wasmtime::Result<Result<(), Error>> {
        told(self.transactions.commit().await)
    }

    async fn rollback(&mut self) -> wasmtime::Result<Result<(), Error>> {
        told(self.transactions.rollback().await)
    }
}

/// Tells the guest of a fault, or ends it.
pub(super) fn told<T>(outcome: Result<T, Refusal>) -> wasmtime::Result<Result<T, Error>> {
    match outcome {
        Ok(answer) => Ok(Ok(answer)),
        Err(Refusal::Fault(fault)) => {
            if let Some(detail) = &fault.detail {
                tracing::warn!(code = %fault.code, detail, "a plugin's host call failed");
            }
            Ok(Err(for_guest(&fault)))
        }
        Err(Refusal::End(ended)) => Err(ended.into()),
    }
}

fn from_guest(value: GuestValue) -> Value {
    match value {
        GuestValue::Null => Value::Null,
        GuestValue::Boolean(flag) => Value::Boolean(flag),
        GuestValue::Integer(number) => Value::Integer(number),
        GuestValue::Real(number) => Value::Real(number),
        GuestValue::Text(text) => Value::Text(text),
        GuestValue::Bytes(bytes) => Value::Bytes(bytes),
    }
}

fn rows_for_guest(rows: Rows) -> GuestRows {
    let mut cells = Vec::with_capacity(rows.rows.len() * rows.columns.len());
    let mut data = Vec::with_capacity(rows.rows.iter().flatten().map(length).sum());
    for value in rows.rows.iter().flatten() {
        cells.push(match value {
            Value::Null => Cell::Null,
            Value::Boolean(flag) => Cell::Boolean(*flag),
            Value::Integer(number) => Cell::Integer(*number),
            Value::Real(number) => Cell::Real(*number),
            Value::Text(text) => Cell::Text(append(&mut data, text.as_bytes())),
            Value::Bytes(bytes) => Cell::Bytes(append(&mut data, bytes)),
        });
    }
    GuestRows { columns: rows.columns, cells, data }
}

const fn length(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

/// What a call may read stays far below what 32 bits count, as a guest's memory does.
fn append(data: &mut Vec<u8>, bytes: &[u8]) -> Span {
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let span = Span { start: place(data.len()), length: place(bytes.len()) };
    data.extend_from_slice(bytes);
    span
}
