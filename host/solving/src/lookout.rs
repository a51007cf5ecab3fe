//! Where a search and those who wait for it meet: better timetables come out, the wish to stop goes in.
//!
//! What is said of the best timetable and the timetable itself are given out together, so that they are stored together: whoever goes on
//! from the one must not find that the other was better. The library tells of better ones no more often than it can afford.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use conman_scheduler::check;
use conman_scheduler::problem::Problem;
use conman_scheduler::solve::{Counted, Found, Watch};
use parking_lot::Mutex;

use crate::course::Course;

/// A search that is looked upon.
pub(crate) struct Lookout {
    cancelled: AtomicBool,
    /// Set when it has been read.
    pub(crate) problem: OnceLock<Problem>,
    /// What is wrong with a timetable that the search told of, if anything is.
    wrong: OnceLock<String>,
    /// How far the job had come before this search.
    before: Course,
    seen: Mutex<Seen>,
}

struct Seen {
    /// When the search began; none while the problem is read.
    began: Option<Instant>,
    course: Course,
    /// The best timetable, if it has not been given out yet.
    fresh: Option<Arc<Found>>,
}

impl Lookout {
    pub(crate) fn new(before: Course) -> Self {
        let seen = Seen { began: None, course: before.clone(), fresh: None };
        Self {
            cancelled: AtomicBool::new(false),
            problem: OnceLock::new(),
            wrong: OnceLock::new(),
            before,
            seen: Mutex::new(seen),
        }
    }

    /// The search begins.
    pub(crate) fn begin(&self) {
        self.seen.lock().began = Some(Instant::now());
    }

    /// What is wrong with a timetable that was told of: then the search is wrong, and what it told is not noted.
    pub(crate) fn wrong(&self) -> Option<&str> {
        self.wrong.get().map(String::as_str)
    }

    /// Asks the search to stop.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// How far it has come by now.
    pub(crate) fn course(&self) -> Course {
        self.seen.lock().course(&self.before)
    }

    /// How far it has come by now, and its best timetable if that was not given out before.
    pub(crate) fn news(&self) -> (Course, Option<Arc<Found>>) {
        let mut seen = self.seen.lock();
        (seen.course(&self.before), seen.fresh.take())
    }

    /// A timetable that was given out came to nothing: it is given out again, unless there is a better one.
    pub(crate) fn take_back(&self, found: Option<Arc<Found>>) {
        let mut seen = self.seen.lock();
        if seen.fresh.is_none() {
            seen.fresh = found;
        }
    }

    /// Whether no better one was ever told of than this.
    pub(crate) fn is_best(&self, found: &Found) -> bool {
        let best = self.seen.lock().course.best();
        best.is_none_or(|best| (found.cost.unplaced, found.cost.soft()) <= (best.unplaced, best.soft))
    }

    /// Notes a timetable, if it costs less than any before: two threads may tell of theirs in the wrong order, the last one is told of
    /// twice, and whoever goes on from one tells of that first.
    fn note(&self, seen: &mut Seen, found: &Found) {
        let is_better =
            seen.course.best().is_none_or(|best| (found.cost.unplaced, found.cost.soft()) < (best.unplaced, best.soft));
        if is_better && self.holds(found) {
            seen.course.better(&self.before, found);
            seen.fresh = Some(Arc::new(found.clone()));
        }
    }

    /// Looks at a timetable as an outsider would before anybody relies on it. Of one that breaks something, or costs other than its search
    /// counted, nothing is told or stored, and the search stops.
    fn holds(&self, found: &Found) -> bool {
        let Some(problem) = self.problem.get() else { return true };
        let broken = check::broken(problem, &found.timetable);
        let (counted, cost) = (found.counted, Counted::from(&found.cost));
        let wrong = match broken.first() {
            Some(broken) => format!("it found a timetable that breaks a rule: {}", broken.describe(problem)),
            None if counted != cost => format!(
                "it counted {} without a place and a cost of {}, and there are {} and it is {}",
                counted.unplaced, counted.soft, cost.unplaced, cost.soft
            ),
            None => return true,
        };
        self.wrong.get_or_init(|| wrong);
        self.cancel();
        false
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

impl Seen {
    fn course(&mut self, before: &Course) -> Course {
        if let Some(began) = self.began {
            self.course.searched(before, began.elapsed());
        }
        self.course.clone()
    }
}

impl Watch for Lookout {
    fn better(&self, found: &Found) {
        self.note(&mut self.seen.lock(), found);
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use conman_scheduler::cost::{Cost, Terms};
    use conman_scheduler::timetable::Timetable;

    use super::*;

    fn found(soft: u64) -> Found {
        let cost = Cost { unplaced: 0, terms: Terms { overlap: soft, ..Terms::default() } };
        Found {
            timetable: Timetable { places: Vec::new() },
            counted: Counted::from(&cost),
            cost,
            elapsed: Duration::ZERO,
            iterations: 1,
        }
    }

    /// What is said of the best timetable, and what it costs if it is given out.
    fn news(lookout: &Lookout) -> (Option<u64>, Option<u64>) {
        let (course, found) = lookout.news();
        (course.best().map(|best| best.soft), found.map(|found| found.cost.soft()))
    }

    #[test]
    fn what_an_earlier_search_found_is_not_overwritten_by_worse() {
        let first = Lookout::new(Course::default());
        first.better(&found(10));
        assert_eq!(news(&first), (Some(10), Some(10)));
        let second = Lookout::new(first.course());
        second.better(&found(20));
        assert_eq!(news(&second), (Some(10), None));
        second.better(&found(9));
        second.better(&found(8));
        assert_eq!(news(&second), (Some(8), Some(8)));
        assert_eq!(news(&second), (Some(8), None));
    }

    #[test]
    fn what_could_not_be_stored_is_given_out_again() {
        let lookout = Lookout::new(Course::default());
        lookout.better(&found(10));
        let (_, ten) = lookout.news();
        lookout.take_back(ten.clone());
        assert_eq!(news(&lookout), (Some(10), Some(10)));
        lookout.better(&found(9));
        lookout.take_back(ten);
        assert_eq!(news(&lookout), (Some(9), Some(9)));
    }
}
