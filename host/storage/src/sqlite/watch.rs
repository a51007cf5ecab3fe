//! What a connection's callbacks look at while SQLite works: on whose behalf, until when, on which account, and whether
//! anybody still waits for the answer.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::memory::Account;

/// On whose behalf a connection works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The host's own statements.
    Host,
    /// A plugin's statements.
    Guest,
    /// A plugin's migration.
    Migration,
}

/// See the module. Everything is atomic because the connection works on a thread of its own.
#[derive(Debug)]
pub(super) struct Watch {
    mode: AtomicU8,
    abandoned: AtomicBool,
    /// Microseconds since [`START`]; zero is never.
    deadline: AtomicU64,
    account: Option<&'static Account>,
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

fn micros() -> u64 {
    u64::try_from(START.elapsed().as_micros()).unwrap_or(u64::MAX)
}

impl Watch {
    pub(super) const fn new(account: Option<&'static Account>) -> Self {
        Self { mode: AtomicU8::new(0), abandoned: AtomicBool::new(false), deadline: AtomicU64::new(0), account }
    }

    /// Says on whose behalf the next statement runs, and how long it may take.
    pub(super) fn set(&self, mode: Mode, time: Option<Duration>) {
        let number = match mode {
            Mode::Host => 0,
            Mode::Guest => 1,
            Mode::Migration => 2,
        };
        let deadline = time.map_or(0, |time| {
            let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
            micros().saturating_add(time).max(1)
        });
        self.deadline.store(deadline, Ordering::Release);
        self.mode.store(number, Ordering::Release);
    }

    pub(super) fn mode(&self) -> Mode {
        match self.mode.load(Ordering::Acquire) {
            0 => Mode::Host,
            2 => Mode::Migration,
            _ => Mode::Guest,
        }
    }

    /// Where the connection's memory is counted.
    pub(super) const fn account(&self) -> Option<&'static Account> {
        self.account
    }

    /// Stops the running statement as soon as possible.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
    }

    /// Takes [`Self::abandon`] back, once the statement has stopped.
    pub(super) fn resume(&self) {
        self.abandoned.store(false, Ordering::Release);
    }

    /// Whether the running statement has to stop.
    pub(super) fn must_stop(&self) -> bool {
        if self.abandoned.load(Ordering::Acquire) {
            return true;
        }
        let deadline = self.deadline.load(Ordering::Acquire);
        deadline != 0 && micros() > deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_stops_when_abandoned_or_late_and_not_before() {
        let watch = Watch::new(None);
        watch.set(Mode::Guest, Some(Duration::from_secs(3600)));
        assert_eq!((watch.mode(), watch.must_stop()), (Mode::Guest, false));
        watch.abandon();
        assert!(watch.must_stop());
        watch.resume();
        watch.set(Mode::Guest, Some(Duration::ZERO));
        while micros() == 0 {}
        watch.deadline.store(1, Ordering::Release);
        while micros() < 2 {}
        assert!(watch.must_stop());
        watch.set(Mode::Host, None);
        assert_eq!((watch.mode(), watch.must_stop()), (Mode::Host, false));
    }
}
