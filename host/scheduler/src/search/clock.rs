//! When to stop: at a time, after a number of proposals, or when somebody says so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::solve::{Effort, Watch};

/// Proposals between two looks at the clock.
pub(crate) const TURN: u64 = 64;

/// How much of an effort has been made.
pub(crate) struct Clock<'w> {
    began: Instant,
    effort: Effort,
    watch: &'w dyn Watch,
    /// Set by whoever sees that there is nothing left to do: all threads stop then.
    stop: &'w AtomicBool,
    proposals: u64,
}

impl<'w> Clock<'w> {
    pub(crate) fn new(began: Instant, effort: Effort, watch: &'w dyn Watch, stop: &'w AtomicBool) -> Self {
        Self { began, effort, watch, stop, proposals: 0 }
    }

    /// Counts proposals.
    pub(crate) fn tick(&mut self, proposals: u64) {
        self.proposals += proposals;
    }

    pub(crate) fn proposals(&self) -> u64 {
        self.proposals
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// How much of the effort is spent, from 0 to 1: of the proposals where their number is given, else of the time. At 1 it is over.
    pub(crate) fn spent(&self) -> f64 {
        let of_time = self.elapsed().as_secs_f64() / self.effort.time.as_secs_f64().max(1e-9);
        if of_time >= 1.0 || self.stop.load(Ordering::Relaxed) {
            return 1.0;
        }
        if self.watch.is_cancelled() {
            self.stop();
            return 1.0;
        }
        self.effort.iterations.map_or(of_time, |iterations| (self.proposals as f64 / iterations.max(1) as f64).min(1.0))
    }

    /// Stops all threads.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.spent() >= 1.0
    }
}
