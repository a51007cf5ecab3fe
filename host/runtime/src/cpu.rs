//! How much processor time a guest has used, and whose turn it is.
//!
//! Wall time will not do: a call that waits for the database, or for its turn on a busy machine, must not pay for it. So every
//! poll of a call is measured with the polling thread's own CPU clock, and the epoch callback reads the sum while the guest runs.
//!
//! A call that computes for long takes turns with others like it: only as many of them as there are processors are ever in the
//! scheduler's queue, so that a short call waits for one slice of a long one, however many long ones there are.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A call that has used more takes turns. Most calls never do.
pub(crate) const LONG: Duration = Duration::from_millis(1);

/// CPU time of the current thread, in nanoseconds since some point.
fn thread_nanoseconds() -> u64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(now.tv_sec).unwrap_or_default() * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or_default()
}

/// The sum for one call. Written by whoever polls the call, one thread at a time; atomics only carry it between threads.
#[derive(Debug, Default)]
pub(crate) struct CpuMeter {
    finished_polls: AtomicU64,
    poll_started: AtomicU64,
    turn: Mutex<Option<OwnedSemaphorePermit>>,
}

impl CpuMeter {
    /// What was used so far. Only right on the thread that is polling the call.
    pub(crate) fn used(&self) -> Duration {
        let running = thread_nanoseconds().saturating_sub(self.poll_started.load(Ordering::Relaxed));
        Duration::from_nanos(self.finished_polls.load(Ordering::Relaxed) + running)
    }

    /// Waits until it is this call's turn. The turn ends with the poll: at the next tick, or when the guest waits for the host.
    pub(crate) async fn turn(&self, turns: Arc<Semaphore>) {
        // Also when there is a turn to be had at once: what else waits for this thread comes first.
        tokio::task::yield_now().await;
        // Never closed: an error could only mean that there are no turns to take any more.
        if let Ok(turn) = turns.acquire_owned().await {
            *self.turn.lock() = Some(turn);
        }
    }
}

/// A future whose polls are measured.
pub(crate) struct Metered<F> {
    meter: Arc<CpuMeter>,
    inner: F,
}

impl<F> Metered<F> {
    pub(crate) const fn new(meter: Arc<CpuMeter>, inner: F) -> Self {
        Self { meter, inner }
    }
}

impl<F: Future + Unpin> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let started = thread_nanoseconds();
        self.meter.poll_started.store(started, Ordering::Relaxed);
        let outcome = Pin::new(&mut self.inner).poll(context);
        self.meter.finished_polls.fetch_add(thread_nanoseconds().saturating_sub(started), Ordering::Relaxed);
        drop(self.meter.turn.lock().take());
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_ends_with_the_poll() {
        let (meter, turns) = (Arc::new(CpuMeter::default()), Arc::new(Semaphore::new(1)));
        let long = Box::pin(async {
            meter.turn(Arc::clone(&turns)).await;
            assert_eq!(turns.available_permits(), 0);
            tokio::task::yield_now().await;
            assert_eq!(turns.available_permits(), 1);
        });
        Metered::new(Arc::clone(&meter), long).await;
    }

    #[tokio::test]
    async fn waiting_is_free_and_computing_is_not() {
        let meter = Arc::new(CpuMeter::default());
        let waiting = Box::pin(tokio::time::sleep(Duration::from_millis(50)));
        Metered::new(Arc::clone(&meter), waiting).await;
        assert!(meter.finished_polls.load(Ordering::Relaxed) < 20_000_000);

        let computing = Box::pin(async {
            let mut n = 0_u64;
            let from = thread_nanoseconds();
            while thread_nanoseconds() < from + 30_000_000 {
                n = std::hint::black_box(n + 1);
            }
        });
        Metered::new(Arc::clone(&meter), computing).await;
        assert!(meter.finished_polls.load(Ordering::Relaxed) >= 30_000_000);
    }
}
