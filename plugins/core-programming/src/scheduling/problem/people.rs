//! When people can, would like to, and how much of it.

use std::collections::HashSet;

use conman_sdk::scheduler::Person;

use super::super::ranges::Ranges;
use super::Stating;
use crate::model::Slot;

impl Stating<'_> {
    pub(super) fn people(&mut self) {
        let there: HashSet<&str> =
            self.problem.sessions.iter().flat_map(|session| session.people.iter().map(String::as_str)).collect();
        let break_slots = self.calendar.slots(self.task.rules.break_minutes * 60);
        let people: Vec<Person> = self
            .material
            .people
            .iter()
            .filter(|person| there.contains(person.id.as_str()))
            .map(|person| {
                let inside = |windows: &[Slot]| {
                    Ranges::of(windows.iter().flat_map(|window| self.calendar.within(*window).list()))
                };
                let always = Ranges::of([[0, self.calendar.horizon()]]);
                let can = if person.windows.is_empty() { always.clone() } else { inside(&person.windows) };
                // What is held is held, whenever its people can.
                let available = can.without(self.closed(&person.id)).with(self.held.busy(&person.id));
                let limit = person.daily_limit.unwrap_or(self.task.rules.daily_limit);
                Person {
                    id: person.id.clone(),
                    available: (available != always).then(|| available.list()),
                    preferred: (!person.preferred.is_empty()).then(|| inside(&person.preferred).list()),
                    max_per_day: u32::try_from(limit).ok().filter(|limit| *limit > 0),
                    min_gap: (break_slots > 0).then_some(break_slots),
                }
            })
            .collect();
        self.problem.people = people;
    }
}
