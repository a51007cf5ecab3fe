//! What the bus has done since it started, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

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
