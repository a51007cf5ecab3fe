//! Parameters that share their bytes: what the host copies is more than what the guest holds.
//!
//! The other bindings own what they pass. These borrow it, so that many parameters may be one buffer.

use crate::conman::types::types::Error;

wit_bindgen::generate!({
    path: ["../../../wit/types", "../../../wit/host"],
    inline: "
        package tests:repeat;
        world repeat {
            import conman:host/database@1.1.0;
        }
    ",
    world: "tests:repeat/repeat",
    ownership: Borrowing { duplicate_if_necessary: false },
    with: { "conman:types/types@1.1.0": crate::conman::types::types },
    generate_all,
});

use conman::host::database::{Cell, Value, query};

/// Passes one MiB as that many parameters, and answers the sum of their lengths.
pub(crate) fn bytes(times: u64) -> Result<String, Error> {
    let bytes = vec![1_u8; 1 << 20];
    let parameters: Vec<_> = (0..times).map(|_| Value::Bytes(&bytes)).collect();
    let sum = (1..=times).map(|n| format!("LENGTH(${n})")).collect::<Vec<_>>().join(" + ");
    match query(&format!("SELECT {sum}"), &parameters)?.cells[0] {
        Cell::Integer(sum) => Ok(sum.to_string()),
        _ => Err(crate::error("bad-answer", "no number")),
    }
}
