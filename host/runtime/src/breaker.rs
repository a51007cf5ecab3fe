//! Leaves a plugin alone that breaks down again and again: its callers get an answer at once, its neighbours keep the processor.
//!
//! closed → (several breakdowns in a row) → open, for a pause that doubles → one probe → closed, or open again.

use std::time::{Duration, Instant};

use conman_kernel::fault::{Fault, code};
use parking_lot::Mutex;

/// When a plugin is left alone, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerConfig {
    /// So many breakdowns in a row.
    pub breakdowns: u32,
    /// The first pause.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
}

impl BreakerConfig {
    /// Ten breakdowns in a row, then pauses from one second to one minute.
    pub const DEFAULT: Self =
        Self { breakdowns: 10, first_pause: Duration::from_secs(1), longest_pause: Duration::from_secs(60) };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed {
        breakdowns: u32,
    },
    Open {
        until: Instant,
        pause: Duration,
    },
    /// One call is out to see whether the plugin works again; without an answer by then, another one goes.
    Probing {
        until: Instant,
        pause: Duration,
    },
}

/// The breaker of one plugin in one convention.
#[derive(Debug)]
pub(crate) struct Breaker {
    config: BreakerConfig,
    state: Mutex<State>,
}

impl Breaker {
    pub(crate) const fn new(config: BreakerConfig) -> Self {
        Self { config, state: Mutex::new(State::Closed { breakdowns: 0 }) }
    }

    /// Lets a call pass, or says why not.
    pub(crate) fn pass(&self, now: Instant) -> Result<(), Fault> {
        let mut state = self.state.lock();
        match *state {
            State::Closed { .. } => Ok(()),
            State::Open { until, pause } | State::Probing { until, pause } if now >= until => {
                *state = State::Probing { until: now + pause, pause };
                Ok(())
            }
            State::Open { until, .. } | State::Probing { until, .. } => {
                let seconds = (until - now).as_secs() + 1;
                let message = format!(
                    "the plugin broke down several times in a row and is left alone; it is tried again within {seconds} s"
                );
                Err(Fault::new(code::OVERLOADED, message).retryable())
            }
        }
    }

    /// Whether the plugin is left alone: until a probe came back well.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(*self.state.lock(), State::Closed { .. })
    }

    /// Learns how a call ended.
    pub(crate) fn ended(&self, broke_down: bool, now: Instant) {
        let mut state = self.state.lock();
        *state = match (*state, broke_down) {
            (_, false) => State::Closed { breakdowns: 0 },
            (State::Closed { breakdowns }, true) if breakdowns + 1 < self.config.breakdowns => {
                State::Closed { breakdowns: breakdowns + 1 }
            }
            (State::Closed { .. }, true) => {
                let pause = self.config.first_pause;
                State::Open { until: now + pause, pause }
            }
            (State::Probing { pause, .. }, true) => {
                let pause = (pause * 2).min(self.config.longest_pause);
                State::Open { until: now + pause, pause }
            }
            // A call from before the breaker opened.
            (open @ State::Open { .. }, true) => open,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_opens_probes_and_closes() {
        let breaker = Breaker::new(BreakerConfig { breakdowns: 2, first_pause: SECOND, longest_pause: SECOND * 3 });
        let start = Instant::now();
        breaker.ended(true, start);
        assert!(breaker.pass(start).is_ok());
        breaker.ended(true, start);
        assert_eq!(breaker.pass(start).unwrap_err().code, code::OVERLOADED);
        assert!(breaker.is_open());

        // One probe after the pause, and nobody beside it.
        assert!(breaker.pass(start + SECOND).is_ok());
        assert!(breaker.pass(start + SECOND).is_err());
        breaker.ended(true, start + SECOND);
        assert!(breaker.pass(start + SECOND * 2).is_err());

        assert!(breaker.pass(start + SECOND * 3).is_ok());
        breaker.ended(false, start + SECOND * 3);
        assert!(!breaker.is_open());
        assert!(breaker.pass(start + SECOND * 3).is_ok());
        assert!(breaker.pass(start + SECOND * 3).is_ok());
    }

    #[test]
    fn a_good_call_starts_the_count_anew() {
        let breaker = Breaker::new(BreakerConfig { breakdowns: 2, first_pause: SECOND, longest_pause: SECOND });
        let now = Instant::now();
        for _ in 0..5 {
            breaker.ended(true, now);
            breaker.ended(false, now);
        }
        assert!(breaker.pass(now).is_ok());
    }
}
