//! Where a search and those who wait for it meet: better timetables come out, the wish to stop goes in. The search must not be held up, so
//! of timetables that follow one another quickly only some are copied; what they cost is noted of all.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use conman_scheduler::problem::Problem;
use conman_scheduler::solve::{Found, Watch};
use parking_lot::Mutex;

use crate::course::Course;

/// How long after one timetable was copied the next may be.
const APART: Duration = Duration::from_millis(100);

/// A search that is looked upon.
pub(crate) struct Lookout {
    cancelled: AtomicBool,
    /// Set when it has been read.
    pub(crate) problem: OnceLock<Problem>,
    /// How far the job had come before this search.
    before: Course,
    seen: Mutex<Seen>,
}

struct Seen {
    /// When the search began; none while the problem is read.
    began: Option<Instant>,
    course: Course,
    /// The last timetable that was copied and not yet taken.
    copied: Option<Found>,
    copied_at: Option<Instant>,
}

impl Lookout {
    pub(crate) fn new(before: Course) -> Self {
        let seen = Seen { began: None, course: before.clone(), copied: None, copied_at: None };
        Self { cancelled: AtomicBool::new(false), problem: OnceLock::new(), before, seen: Mutex::new(seen) }
    }

    /// The search begins.
    pub(crate) fn begin(&self) {
        self.seen.lock().began = Some(Instant::now());
    }

    /// Asks the search to stop.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// How far it has come by now.
    pub(crate) fn course(&self) -> Course {
        let mut seen = self.seen.lock();
        if let Some(began) = seen.began {
            seen.course.searched(&self.before, began.elapsed());
        }
        seen.course.clone()
    }

    /// A better timetable, if one was copied since this was asked last.
    pub(crate) fn copied(&self) -> Option<Found> {
        self.seen.lock().copied.take()
    }

    /// Notes what a timetable costs, if that is less than any before: two threads may tell of theirs in the wrong order, the last one is
    /// told of twice, and a search that begins anew takes a while to come as far as the one before.
    fn note(&self, seen: &mut Seen, found: &Found) -> bool {
        let is_better =
            seen.course.best().is_none_or(|best| (found.cost.unplaced, found.cost.soft()) < (best.unplaced, best.soft));
        if is_better {
            seen.course.better(&self.before, found);
        }
        is_better
    }

    /// The search is over.
    pub(crate) fn ended(&self, found: &Found) {
        let mut seen = self.seen.lock();
        self.note(&mut seen, found);
        if let Some(began) = seen.began.take() {
            seen.course.searched(&self.before, began.elapsed());
        }
    }
}

impl Watch for Lookout {
    fn better(&self, found: &Found) {
        let mut seen = self.seen.lock();
        if self.note(&mut seen, found) && seen.copied_at.is_none_or(|at| at.elapsed() >= APART) {
            seen.copied = Some(found.clone());
            seen.copied_at = Some(Instant::now());
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use conman_scheduler::cost::{Cost, Terms};
    use conman_scheduler::timetable::Timetable;

    use super::*;

    fn found(soft: u64) -> Found {
        Found {
            timetable: Timetable { places: Vec::new() },
            cost: Cost { unplaced: 0, terms: Terms { overlap: soft, ..Terms::default() } },
            elapsed: Duration::ZERO,
            iterations: 1,
        }
    }

    #[test]
    fn what_an_earlier_search_found_is_not_overwritten_by_worse() {
        let first = Lookout::new(Course::default());
        first.better(&found(10));
        assert!(first.copied().is_some());
        let second = Lookout::new(first.course());
        second.better(&found(20));
        assert!(second.copied().is_none());
        second.better(&found(9));
        assert_eq!(second.copied().map(|found| found.cost.soft()), Some(9));
        // Quickly after one another only the first is copied, and what all cost is noted.
        second.better(&found(8));
        assert!(second.copied().is_none());
        assert_eq!(second.course().best().map(|best| best.soft), Some(8));
    }
}
