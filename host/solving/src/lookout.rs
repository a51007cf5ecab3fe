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

    fn note(&self, found: &Found) -> parking_lot::MutexGuard<'_, Seen> {
        let mut seen = self.seen.lock();
        let best = seen.course.best();
        // Two threads may tell of theirs in the wrong order, and the last one is told of twice.
        if best.is_none_or(|best| (found.cost.unplaced, found.cost.soft()) < (best.unplaced, best.soft)) {
            seen.course.better(&self.before, found);
        }
        seen
    }

    /// The search is over.
    pub(crate) fn ended(&self, found: &Found) {
        let mut seen = self.note(found);
        if let Some(began) = seen.began.take() {
            seen.course.searched(&self.before, began.elapsed());
        }
    }
}

impl Watch for Lookout {
    fn better(&self, found: &Found) {
        let mut seen = self.note(found);
        if seen.copied_at.is_none_or(|at| at.elapsed() >= APART) {
            seen.copied = Some(found.clone());
            seen.copied_at = Some(Instant::now());
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
