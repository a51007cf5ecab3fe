//! What a timetable breaks and costs, from the problem alone: plainly, slowly, and without a line of the search's code. Whatever the
//! search keeps count of has to agree with this.

mod amounts;
mod broken;

pub use amounts::cost;
pub use broken::{Broken, Constraint, broken};

use crate::problem::{Problem, Session, SessionIndex, Slot};
use crate::timetable::Timetable;

/// A session that is placed.
#[derive(Clone, Copy)]
struct Placed<'p> {
    index: SessionIndex,
    session: &'p Session,
    start: Slot,
    room: u32,
}

impl Placed<'_> {
    /// The first slot it no longer takes; its people are free then, its room may not be.
    fn end(&self) -> Slot {
        self.start + self.session.duration
    }

    /// The first slot in which its room is taken, before the event when its setup would begin there.
    fn taken_from(&self) -> i64 {
        i64::from(self.start) - i64::from(self.session.setup)
    }

    /// The first slot in which its room is free again.
    fn taken_to(&self) -> i64 {
        i64::from(self.end()) + i64::from(self.session.teardown)
    }

    /// Whether it lies inside one day, with setup and teardown.
    fn is_within_a_day(&self, problem: &Problem) -> bool {
        let day = i64::from(problem.calendar.slots_per_day);
        let (from, to) = (self.taken_from(), self.taken_to());
        from >= 0 && to <= i64::from(problem.calendar.horizon()) && from / day == (to - 1) / day
    }

    fn overlaps(&self, other: &Placed<'_>) -> bool {
        self.start < other.end() && other.start < self.end()
    }
}

/// A session, if it is placed.
fn placed<'p>(problem: &'p Problem, timetable: &Timetable, index: SessionIndex) -> Option<Placed<'p>> {
    let place = timetable.place(index)?;
    let session = problem.sessions.get(index as usize)?;
    Some(Placed { index, session, start: place.start, room: place.room })
}

/// All sessions that are placed.
fn all_placed<'p>(problem: &'p Problem, timetable: &Timetable) -> Vec<Placed<'p>> {
    (0u32..).zip(&problem.sessions).filter_map(|(index, _)| placed(problem, timetable, index)).collect()
}
