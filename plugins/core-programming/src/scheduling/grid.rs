//! How long a slot is, and where on a day sessions begin.
//!
//! Sessions begin on the grid that the programme has already: nineteen of twenty begin at its lines. Planning anew, its lines are the slots. A
//! session of 50 minutes on a grid of half hours takes two of them, which leaves the break that organisers meant. Where few moves are wanted
//! nothing may be rounded, so there the slot divides all there is, and what moves still begins at a line.

use conman_sdk::Convention;

use super::calendar::Calendar;
use super::material::{Closeness, Material, Task};
use super::ranges::Ranges;

/// A slot has one of these lengths, unless the convention says another.
const LENGTHS: [u32; 5] = [30, 20, 15, 10, 5];

/// So many slots the scheduler takes at most.
const MOST_SLOTS: i64 = 20_160;

/// Slots, and on which of them sessions begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// The length of a slot in minutes.
    pub slot_minutes: u32,
    /// How many slots from one beginning to the next.
    step: u32,
}

impl Grid {
    /// Of a programme.
    #[must_use]
    pub fn of(material: &Material, task: &Task, convention: &Convention) -> Self {
        let days = i64::try_from(convention.days().len()).unwrap_or(i64::MAX);
        let few_enough = |minutes: u32| days.saturating_mul(25 * 60 / i64::from(minutes)) <= MOST_SLOTS;
        let longest = |fits: &dyn Fn(i64) -> bool| {
            let shortest = LENGTHS.into_iter().rev().find(|minutes| few_enough(*minutes));
            let fits = |minutes: &u32| few_enough(*minutes) && fits(i64::from(*minutes) * 60);
            LENGTHS.into_iter().find(fits).or(shortest).unwrap_or(30)
        };
        let starts: Vec<i64> = material
            .sessions
            .iter()
            .filter_map(|session| session.slot)
            .map(|slot| slot.start.as_second() - convention.day_span(convention.day_of(slot.start)).0.as_second())
            .collect();
        let usual =
            |seconds: i64| starts.iter().filter(|start| *start % seconds == 0).count() * 20 >= starts.len() * 19;
        let lines = task.rules.planning.slot_minutes.unwrap_or_else(|| longest(&usual));
        if task.closeness != Closeness::Fewest {
            return Self { slot_minutes: lines, step: 1 };
        }
        let lengths = material.sessions.iter().flat_map(|session| {
            let requirements = &session.requirements;
            let slot = session.slot.map_or(0, |slot| slot.seconds());
            [slot, requirements.setup * 60, requirements.teardown * 60]
        });
        let times: Vec<i64> = starts.iter().copied().chain(lengths).chain([i64::from(lines) * 60]).collect();
        let slot_minutes = longest(&|seconds| times.iter().all(|time| time % seconds == 0));
        Self { slot_minutes, step: (lines / slot_minutes).max(1) }
    }

    /// The slots at which sessions begin, as far as they are among these; none for all there are.
    #[must_use]
    pub fn lines(&self, calendar: &Calendar, among: &Ranges) -> Option<Ranges> {
        let step = usize::try_from(self.step).ok().filter(|step| *step > 1)?;
        let days = (0..calendar.days()).map(|day| day * calendar.slots_per_day);
        let lines = days.flat_map(|day| (day..day + calendar.slots_per_day).step_by(step)).map(|slot| [slot, slot + 1]);
        Some(Ranges::of(lines).both(among))
    }
}
