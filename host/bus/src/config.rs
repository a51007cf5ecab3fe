//! What an operator may tune.

use std::time::Duration;

use crate::retry::{Jitter, RetrySchedule};

/// How the bus works.
#[derive(Debug, Clone)]
pub struct BusConfig {
    /// This host's name. What is claimed under it is free again when a bus of that name starts, so that a host that was killed goes on at
    /// once. Hosts that run at the same time must have different names.
    pub host: String,
    /// How often everything is looked at without being asked: what other hosts left, what a lost wake-up missed.
    pub poll: Duration,
    /// How long a claim lasts when its host dies; it is prolonged while the handler runs.
    pub claim: Duration,
    /// How many handlers run at once,
    pub concurrency: usize,
    /// and how many of them for one subscriber of one convention.
    pub per_subscriber: usize,
    /// How many publishers' outboxes are read at once.
    pub relays: usize,
    /// How many events are relayed in one go.
    pub batch: u32,
    /// How long a finished delivery is remembered. It has to outlast the moment between copying an event and deleting it from its outbox,
    /// also on a host that hangs in between: a repeated copy then finds the delivery done.
    pub remember: Duration,
    /// When failed deliveries are tried again.
    pub retry: RetrySchedule,
    /// Spreads retries, so that what failed together does not come back together.
    pub jitter: Jitter,
}

impl Default for BusConfig {
    fn default() -> Self {
        Self {
            host: "host".to_owned(),
            poll: Duration::from_secs(30),
            claim: Duration::from_secs(60),
            concurrency: 16,
            per_subscriber: 4,
            relays: 4,
            batch: 100,
            remember: Duration::from_secs(600),
            retry: RetrySchedule::default(),
            jitter: Jitter::random(),
        }
    }
}
