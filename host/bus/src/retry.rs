//! When a failed delivery is tried again, and when it is given up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use conman_kernel::fault::{Fault, code};

/// How waits grow, and how many tries there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrySchedule {
    /// The wait after the first failure; each further failure doubles it,
    pub first: Duration,
    /// up to this.
    pub longest: Duration,
    /// So many tries when the fault says that trying again may help,
    pub tries: u32,
    /// and so many when it does not: plugins' faults are not always right about that, and a convention's configuration may be mended.
    pub tries_if_final: u32,
}

impl Default for RetrySchedule {
    fn default() -> Self {
        Self { first: Duration::from_millis(200), longest: Duration::from_secs(300), tries: 8, tries_if_final: 3 }
    }
}

/// What becomes of a failed delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is tried again after this long.
    Again {
        /// How long.
        after: Duration,
        /// Whether the try counted. One that the subscriber could not take at all does not: its breaker may stay open longer than
        /// all tries together.
        counted: bool,
    },
    /// It is given up.
    Dead,
}

impl RetrySchedule {
    /// Judges the `attempts`-th try, of which `deferrals` before it did not count. `jitter` is from 0 to 1.
    pub(crate) fn judge(&self, fault: &Fault, attempts: u32, deferrals: u32, jitter: f64) -> Verdict {
        let counted = fault.code != code::OVERLOADED && fault.code != code::UNAVAILABLE;
        let limit = if fault.retryable { self.tries } else { self.tries_if_final };
        if counted && attempts.saturating_sub(deferrals) >= limit {
            return Verdict::Dead;
        }
        Verdict::Again { after: self.wait(attempts, jitter), counted }
    }

    /// Whether so many claims were enough, when the last one ended with its host.
    pub(crate) const fn is_used_up(&self, attempts: u32, deferrals: u32) -> bool {
        attempts.saturating_sub(deferrals) >= self.tries
    }

    /// The wait after the `attempts`-th failure. Jitter shortens it by up to a quarter, and never lengthens it.
    pub(crate) fn wait(&self, attempts: u32, jitter: f64) -> Duration {
        let doublings = attempts.saturating_sub(1).min(31);
        let full = self.first.saturating_mul(1_u32 << doublings).min(self.longest);
        full.mul_f64(1.0 - 0.25 * jitter.clamp(0.0, 1.0))
    }
}

/// A source of numbers from 0 to 1.
#[derive(Clone)]
pub struct Jitter(Arc<dyn Fn() -> f64 + Send + Sync>);

impl Jitter {
    /// Random numbers.
    #[must_use]
    pub fn random() -> Self {
        // Without randomness retries are merely not spread.
        Self(Arc::new(|| getrandom::u32().map_or(0.0, |number| f64::from(number) / f64::from(u32::MAX))))
    }

    /// Always 0: waits are exactly as the schedule says.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new(|| 0.0))
    }

    pub(crate) fn next(&self) -> f64 {
        (self.0)()
    }
}

impl fmt::Debug for Jitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jitter")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn retryable() -> Fault {
        Fault::new(code::CONFLICT, "").retryable()
    }

    #[test]
    fn waits_double() {
        let schedule = RetrySchedule::default();
        let waits: Vec<u128> = (1..=7).map(|attempt| schedule.wait(attempt, 0.0).as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 6400, 12800]);
    }

    #[test]
    fn a_fault_that_says_it_is_final_gets_fewer_tries() {
        let schedule = RetrySchedule::default();
        let last =
            |fault: &Fault| (1..).find(|attempt| schedule.judge(fault, *attempt, 0, 0.0) == Verdict::Dead).unwrap();
        assert_eq!((last(&Fault::new(code::INVALID, "")), last(&retryable())), (3, 8));
    }

    #[test]
    fn a_subscriber_that_cannot_take_the_event_is_waited_for() {
        let fault = Fault::new(code::OVERLOADED, "").retryable();
        let verdict = RetrySchedule::default().judge(&fault, 1000, 999, 0.0);
        assert_eq!(verdict, Verdict::Again { after: Duration::from_secs(300), counted: false });
    }

    proptest! {
        #[test]
        fn waits_never_shrink_and_stay_within_bounds(
            attempts in 1_u32..u32::MAX,
            first in 1_u64..10_000,
            longest in 10_000_u64..1_000_000,
            jitter in 0.0_f64..=1.0,
        ) {
            let schedule = RetrySchedule {
                first: Duration::from_millis(first),
                longest: Duration::from_millis(longest),
                ..RetrySchedule::default()
            };
            let wait = schedule.wait(attempts, 0.0);
            prop_assert!(wait <= schedule.wait(attempts.saturating_add(1), 0.0));
            prop_assert!(schedule.first <= wait && wait <= schedule.longest);
            let spread = schedule.wait(attempts, jitter);
            prop_assert!(wait.mul_f64(0.749) <= spread && spread <= wait);
        }

        #[test]
        fn every_delivery_ends(tries in 1_u32..50, tries_if_final in 1_u32..50, helps in any::<bool>(), deferrals in 0_u32..100) {
            let schedule = RetrySchedule { tries, tries_if_final, ..RetrySchedule::default() };
            let fault = if helps { retryable() } else { Fault::new(code::INVALID, "") };
            let limit = if helps { tries } else { tries_if_final };
            for counted in 1..limit {
                let verdict = schedule.judge(&fault, counted + deferrals, deferrals, 0.5);
                let goes_on = matches!(verdict, Verdict::Again { counted: true, .. });
                prop_assert!(goes_on);
            }
            prop_assert_eq!(schedule.judge(&fault, limit + deferrals, deferrals, 0.5), Verdict::Dead);
        }
    }
}
