//! What the bus has done since it started, and what is left to do, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use conman_kernel::sql::{RowExt as _, read};

use crate::bus::Bus;
use crate::error::BusError;

/// Counts since the start of this bus, on this host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BusFigures {
    /// Events taken out of outboxes.
    pub relayed: u64,
    /// Deliveries that were handled.
    pub delivered: u64,
    /// Tries that failed and are made again.
    pub retried: u64,
    /// Deliveries given up.
    pub dead_lettered: u64,
    /// Handlers that run right now.
    pub in_flight: u64,
}

/// Deliveries that are not done, in the database: those of all its hosts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Due, being handled, or to be tried again.
    pub ready: u64,
    /// Behind another of the same key.
    pub waiting: u64,
    /// Kept for a plugin that is disabled, or enabled and cannot be loaded.
    pub held: u64,
    /// Given up, and neither replayed nor discarded since.
    pub dead: u64,
}

impl Bus {
    /// What is left to do.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn backlog(&self) -> Result<Backlog, BusError> {
        let sql = "SELECT state, COUNT(*) FROM bus_delivery WHERE state IN ('ready', 'waiting', 'held', 'dead') GROUP BY state";
        let mut backlog = Backlog::default();
        for row in read(self.database().as_ref(), sql, &[]).await?.rows {
            let count = u64::try_from(row.integer(1)?).unwrap_or_default();
            match row.text(0)? {
                "ready" => backlog.ready = count,
                "waiting" => backlog.waiting = count,
                "held" => backlog.held = count,
                _ => backlog.dead = count,
            }
        }
        Ok(backlog)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) relayed: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) dead_lettered: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self, in_flight: usize) -> BusFigures {
        BusFigures {
            relayed: self.relayed.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
            dead_lettered: self.dead_lettered.load(Ordering::Relaxed),
            in_flight: u64::try_from(in_flight).unwrap_or(u64::MAX),
        }
    }
}
