//! Who looks on while a problem is solved: for the person at the terminal, and for the answer.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use conman_scheduler::solve::{Found, Watch};

use super::cost_text;

/// What the person at the terminal and the searching threads tell each other.
#[derive(Default)]
pub(super) struct Onlooker {
    signals: AtomicU32,
    /// How many of them the search took to end.
    heeded: AtomicU32,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    now: Option<Improvement>,
    improvements: Vec<Improvement>,
}

/// A timetable better than those before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Improvement {
    /// Since the solver was called.
    pub(super) seconds: f64,
    pub(super) unplaced: u64,
    pub(super) soft: u64,
}

impl Improvement {
    /// Whether it is better by as much as anybody cares about: more sessions are placed, or the soft cost has fallen by 1 %.
    pub(super) fn matters_after(&self, earlier: &Self) -> bool {
        let is_cheaper = u128::from(self.soft) * 100 <= u128::from(earlier.soft) * 99 && self.soft < earlier.soft;
        self.unplaced < earlier.unplaced || (self.unplaced == earlier.unplaced && is_cheaper)
    }
}

impl Watch for Onlooker {
    fn better(&self, found: &Found) {
        let improvement = Improvement {
            seconds: found.elapsed.as_secs_f64(),
            unplaced: found.cost.unplaced.into(),
            soft: found.cost.soft(),
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.now = Some(improvement);
        if seen.improvements.last().is_none_or(|last| improvement.matters_after(last)) {
            seen.improvements.push(improvement);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.signals.load(Ordering::Relaxed) > 0
    }
}

impl Onlooker {
    /// Takes a signal: it ends the search, or what comes after it.
    pub(super) fn signal(&self) {
        self.signals.fetch_add(1, Ordering::Relaxed);
    }

    /// The search is over; answers whether a signal ended it.
    pub(super) fn searched(&self) -> bool {
        let by_signal = self.is_cancelled();
        self.heeded.store(u32::from(by_signal), Ordering::Relaxed);
        by_signal
    }

    /// Whether nobody wants to wait for what comes after the search: a signal came that was not needed to end that.
    pub(super) fn is_hurried(&self) -> bool {
        self.signals.load(Ordering::Relaxed) > self.heeded.load(Ordering::Relaxed)
    }

    /// How it is going.
    pub(super) fn text(&self) -> String {
        match self.seen.lock().unwrap_or_else(PoisonError::into_inner).now {
            None => "solving".to_owned(),
            Some(now) => format!("solving: {}", cost_text(now.unplaced, now.soft)),
        }
    }

    /// The improvements that mattered until now.
    pub(super) fn improvements(&self) -> Vec<Improvement> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).improvements.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_ends_the_search_or_what_comes_after_it() {
        for (before, after, ended, hurried) in
            [(0, 0, false, false), (0, 1, false, true), (1, 0, true, false), (1, 1, true, true), (2, 0, true, true)]
        {
            let onlooker = Onlooker::default();
            (0..before).for_each(|_| onlooker.signal());
            let by_signal = onlooker.searched();
            (0..after).for_each(|_| onlooker.signal());
            assert_eq!((by_signal, onlooker.is_hurried()), (ended, hurried), "{before} {after}");
        }
    }

    #[test]
    fn what_is_hardly_better_does_not_matter() {
        let at = |unplaced, soft| Improvement { seconds: 0.0, unplaced, soft };
        for (earlier, later, matters) in [
            (at(1, 10), at(0, 500), true),
            (at(0, 200), at(0, 198), true),
            (at(0, 200), at(0, 199), false),
            (at(0, 5), at(0, 4), true),
            (at(0, 5), at(0, 5), false),
            (at(0, 0), at(0, 0), false),
            (at(0, 200), at(1, 0), false),
        ] {
            assert_eq!(later.matters_after(&earlier), matters, "{earlier:?} {later:?}");
        }
    }
}
