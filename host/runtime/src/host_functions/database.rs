//! `conman:host/database`: the values change clothes here, the rules are in [`crate::transactions`].

use conman_kernel::sql::{Rows, Value};

use crate::bindings::host::database::{Host, Rows as GuestRows, Value as GuestValue};
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
    let value = |value| match value {
        Value::Null => GuestValue::Null,
        Value::Boolean(flag) => GuestValue::Boolean(flag),
        Value::Integer(number) => GuestValue::Integer(number),
        Value::Real(number) => GuestValue::Real(number),
        Value::Text(text) => GuestValue::Text(text),
        Value::Bytes(bytes) => GuestValue::Bytes(bytes),
    };
    GuestRows {
        columns: rows.columns,
        rows: rows.rows.into_iter().map(|row| row.into_iter().map(value).collect()).collect(),
    }
}
