//! Which sessions may move, which stay although they might, and which have no place to begin with.

use super::super::material::{self, Closeness};
use super::super::places::NOWHERE;
use super::Stating;

/// What becomes of a session in the problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// It may move.
    Free,
    /// It keeps its time and is to get a room.
    RoomOnly,
    /// It stays where it is.
    Held,
    /// It has no time, and takes so many slots, which no day has.
    TooLong(u32),
    /// It has no time, and is to get none.
    LeftOut,
}

/// Why a session stays that might have moved: the scheduler could not be told where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    Length,
    DayChange,
    Outside,
}

impl Why {
    /// What people are told of so many.
    pub(super) fn note(self, count: usize) -> String {
        let (who, they) = if count == 1 {
            ("1 session stays where it is, because it".to_owned(), ["takes", "is", "lies"])
        } else {
            (format!("{count} sessions stay where they are, because they"), ["take", "are", "lie"])
        };
        let [take, are, lie] = they;
        match self {
            Self::Length => format!("{who} {take} longer than a day, or no time."),
            Self::DayChange => format!("{who} {are} on across a day change, set-up and tear-down included."),
            Self::Outside => format!("{who} {lie} outside the convention's days."),
        }
    }
}

impl<'m> Stating<'m> {
    /// All sessions, and what becomes of them.
    pub(super) fn sorted(&mut self) -> Vec<(&'m material::Session, Sort)> {
        let sessions = self.material.sessions.iter();
        sessions.map(|session| (session, self.sort(session).unwrap_or_else(|why| self.keep_back(why)))).collect()
    }

    fn keep_back(&mut self, why: Why) -> Sort {
        *self.kept_back.entry(why).or_default() += 1;
        Sort::Held
    }

    fn sort(&self, session: &material::Session) -> Result<Sort, Why> {
        let [setup, duration, teardown] = self.slots(session);
        let footprint = setup.saturating_add(duration).saturating_add(teardown);
        let fits = footprint <= self.calendar.slots_per_day;
        let Some(slot) = session.slot else {
            return Ok(match session.free {
                false => Sort::LeftOut,
                true if fits => Sort::Free,
                true => Sort::TooLong(footprint),
            });
        };
        if !session.free {
            return Ok(Sort::Held);
        }
        if slot.seconds() <= 0 || !fits {
            return Err(Why::Length);
        }
        // Planned from nothing, what has a place that cannot be stated is as if it had none.
        let from_nothing = self.task.closeness == Closeness::Free;
        match self.calendar.slot(slot.start) {
            None if from_nothing => Ok(Sort::Free),
            None => Err(Why::Outside),
            Some((start, _)) if !self.one_day(start, setup, duration + teardown) => Err(Why::DayChange),
            Some(_) if from_nothing || self.place(session).is_some() => Ok(Sort::Free),
            Some(_) => Ok(Sort::RoomOnly),
        }
    }

    /// How many slots its set-up, itself, and its tear-down take.
    pub(super) fn slots(&self, session: &material::Session) -> [u32; 3] {
        let late = session.slot.and_then(|slot| self.calendar.slot(slot.start)).map_or(0, |(_, late)| late);
        let around = |minutes: i64| self.calendar.slots(minutes * 60);
        let wanted = &session.requirements;
        [around(wanted.setup), self.calendar.slots(self.seconds(session) + late), around(wanted.teardown)]
    }

    /// The room a session is in, which is nowhere for one online; none where it is not known.
    pub(super) fn place(&self, session: &'m material::Session) -> Option<&'m str> {
        match session.room.as_deref() {
            Some(room) => self.known.contains(room).then_some(room),
            None => session.online.then_some(NOWHERE),
        }
    }

    fn one_day(&self, start: u32, before: u32, after: u32) -> bool {
        let day = start / self.calendar.slots_per_day * self.calendar.slots_per_day;
        start >= day + before && start + after <= day + self.calendar.slots_per_day
    }
}
