//! How many transactions may write to one PostgreSQL database at once.
//!
//! Serializable transactions that touch the same rows abort one another, and two hundred sign-ups for one shift would
//! mostly abort. So a few may write side by side, but after a conflict the next ones (the repeats among them) each
//! wait to be alone, in order, until it has been quiet for a while. Other hosts do not take part; conflicts with them
//! are repeated as before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use conman_kernel::sql::SqlError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::budget::PATIENCE;

/// Writers side by side while there are no conflicts.
const ABREAST: u32 = 6;

/// How many go alone after a conflict.
const ALONE: u32 = 24;

/// See the module.
#[derive(Debug)]
pub(super) struct Turnstile {
    width: Arc<Semaphore>,
    alone: AtomicU32,
}

impl Turnstile {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { width: Arc::new(Semaphore::new(ABREAST as usize)), alone: AtomicU32::new(0) })
    }

    /// Lets one writer in, in the order of coming.
    pub(super) async fn enter(&self) -> Result<OwnedSemaphorePermit, SqlError> {
        let less = |left: u32| left.checked_sub(1);
        let alone = self.alone.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).is_ok();
        let width = if alone { ABREAST } else { 1 };
        match tokio::time::timeout(PATIENCE, Arc::clone(&self.width).acquire_many_owned(width)).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(SqlError::Serialization("the queue for writing to this database was too long".to_owned())),
        }
    }

    /// Tells that two writers got in each other's way.
    pub(super) fn conflict(&self) {
        self.alone.store(ALONE, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn after_a_conflict_writers_go_alone() {
        let turnstile = Turnstile::new();
        let (one, two) = (turnstile.enter().await.unwrap(), turnstile.enter().await.unwrap());
        turnstile.conflict();
        drop((one, two));
        let alone = turnstile.enter().await.unwrap();
        assert_eq!((alone.num_permits(), turnstile.width.available_permits()), (6, 0));
        drop(alone);
        for _ in 1..ALONE {
            drop(turnstile.enter().await.unwrap());
        }
        assert_eq!(turnstile.enter().await.unwrap().num_permits(), 1);
    }
}
