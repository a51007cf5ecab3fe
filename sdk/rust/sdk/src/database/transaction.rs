//! Transactions of an action's own making.

use crate::bindings::conman::host::database as host;
use crate::error::Result;

/// How often a block is run again after a conflict.
const TRIES: u32 = 5;

/// Runs `work` in a transaction of its own: committed when it answers ok, undone otherwise, run again when another transaction got
/// in the way. For actions; queries and mutations already are one transaction, and the host refuses another inside.
///
/// `work` may run several times, so it must not reach outside the database.
///
/// # Errors
/// What `work` or the commit failed with, after the last try.
pub fn transaction<T>(mut work: impl FnMut() -> Result<T>) -> Result<T> {
    let mut tries = 1;
    loop {
        match attempt(&mut work) {
            Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
            outcome => return outcome,
        }
    }
}

fn attempt<T>(work: &mut impl FnMut() -> Result<T>) -> Result<T> {
    host::begin()?;
    match work() {
        Ok(answer) => {
            host::commit()?;
            Ok(answer)
        }
        Err(error) => {
            // The block's own error says more than a failed rollback would; the host undoes what is left open anyway.
            drop(host::rollback());
            Err(error)
        }
    }
}
