//! How long a slot is.
//!
//! Planning anew, sessions begin on the grid that the programme has already: nineteen of twenty begin at its lines. A session of 50 minutes on a
//! grid of half hours takes two of them, which leaves the break that organisers meant. Where few moves are wanted nothing may be
//! rounded, so there the slot divides all there is.

use conman_sdk::Convention;

use super::material::{Closeness, Material, Task};

/// A slot has one of these lengths, unless the convention says another.
const LENGTHS: [u32; 5] = [30, 20, 15, 10, 5];

/// So many slots the scheduler takes at most.
const MOST_SLOTS: i64 = 20_160;

/// The length of a slot in minutes.
#[must_use]
pub fn slot_minutes(material: &Material, task: &Task, convention: &Convention) -> u32 {
    if let (Some(chosen), false) = (task.rules.planning.slot_minutes, task.closeness == Closeness::Fewest) {
        return chosen;
    }
    let mut times: Vec<i64> = Vec::new();
    for session in &material.sessions {
        let Some(slot) = session.slot else { continue };
        let (day, _) = convention.day_span(convention.day_of(slot.start));
        times.push(slot.start.as_second() - day.as_second());
        if task.closeness == Closeness::Fewest {
            let requirements = &session.requirements;
            times.extend([slot.seconds(), requirements.setup * 60, requirements.teardown * 60]);
        }
    }
    let days = i64::try_from(convention.days().len()).unwrap_or(i64::MAX);
    let fits = |minutes: &u32| {
        let seconds = i64::from(*minutes) * 60;
        let on_it = times.iter().filter(|time| *time % seconds == 0).count();
        let enough =
            if task.closeness == Closeness::Fewest { on_it == times.len() } else { on_it * 20 >= times.len() * 19 };
        enough && days.saturating_mul(25 * 3600 / seconds) <= MOST_SLOTS
    };
    let shortest = LENGTHS.into_iter().rev().find(|minutes| days * 25 * 60 / i64::from(*minutes) <= MOST_SLOTS);
    LENGTHS.into_iter().find(fits).or(shortest).unwrap_or(30)
}
