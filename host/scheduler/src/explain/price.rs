//! What sessions cost: all soft terms in which they have a part, so that the difference between two places is the difference of the
//! whole timetable's cost.

use std::collections::BTreeSet;
use std::ops::Range;

use super::standing::{Change, Standing, meet};
use crate::problem::{CapacityRule, PersonIndex, SessionIndex, Slot};

impl Standing<'_> {
    /// What the times of some sessions cost, after a change.
    pub(super) fn cost_in_time(&self, sessions: &[SessionIndex], change: &Change) -> u64 {
        let weights = &self.problem.weights;
        let mut cost = 0;
        for (at, session) in sessions.iter().enumerate() {
            let Some(span) = self.span(*session, change) else { continue };
            // A pair of them counts once.
            let counted = &sessions[..at];
            let meets = |other: &&(SessionIndex, u32)| {
                !counted.contains(&other.0) && self.span(other.0, change).is_some_and(|other| meet(&other, &span))
            };
            let met = self.neighbours[*session as usize].iter().filter(meets);
            cost += met.map(|(_, cost)| u64::from(*cost)).sum::<u64>();
            let before = self.problem.incumbent[*session as usize];
            cost += u64::from(before.is_some_and(|before| before.start != span.start)) * u64::from(weights.moved_time);
        }
        for group in self.groups_with(sessions) {
            cost += self.missing_days(group, change) * u64::from(weights.missing_day);
            cost += self.isolated(group, change).len() as u64 * u64::from(weights.isolated);
        }
        let people = sessions.iter().flat_map(|session| &self.problem.sessions[*session as usize].people);
        let people: BTreeSet<_> = people.copied().collect();
        cost + people.into_iter().map(|person| self.cost_of_person(person, change)).sum::<u64>()
    }

    /// What the rooms of some sessions cost, after a change.
    pub(super) fn cost_in_rooms(&self, sessions: &[SessionIndex], change: &Change) -> u64 {
        let weights = &self.problem.weights;
        let of_each = sessions.iter().map(|session| {
            let Some(place) = self.place(*session, change) else { return 0 };
            let moved = self.problem.incumbent[*session as usize].is_some_and(|before| before.room != place.room);
            self.missing_seats(*session, change) * u64::from(weights.overflow)
                + u64::from(moved) * u64::from(weights.moved_room)
        });
        let groups = self.groups_with(sessions).into_iter();
        of_each.sum::<u64>()
            + groups.map(|group| self.extra_rooms(group, change) * u64::from(weights.extra_room)).sum::<u64>()
    }

    fn groups_with(&self, sessions: &[SessionIndex]) -> BTreeSet<u32> {
        sessions.iter().flat_map(|session| self.groups_of[*session as usize].iter().copied()).collect()
    }

    /// Seats that a session's room has too few.
    pub(super) fn missing_seats(&self, session: SessionIndex, change: &Change) -> u64 {
        let Some(place) = self.place(session, change) else { return 0 };
        let seats = self.problem.rooms[place.room as usize].capacity;
        match self.problem.capacity {
            CapacityRule::Hard => 0,
            CapacityRule::Soft => self.problem.sessions[session as usize].audience.saturating_sub(seats).into(),
        }
    }

    /// The days that a group is short of.
    pub(super) fn missing_days(&self, group: u32, change: &Change) -> u64 {
        let group = &self.problem.groups[group as usize];
        if group.min_days == 0 {
            return 0;
        }
        let places = group.sessions.iter().filter_map(|session| self.place(*session, change));
        let days: BTreeSet<_> = places.map(|place| self.problem.calendar.day_of(place.start)).collect();
        u64::from(group.min_days).saturating_sub(days.len() as u64)
    }

    /// The rooms of a group beyond the first.
    pub(super) fn extra_rooms(&self, group: u32, change: &Change) -> u64 {
        let group = &self.problem.groups[group as usize];
        if !group.same_room {
            return 0;
        }
        let places = group.sessions.iter().filter_map(|session| self.place(*session, change));
        let rooms: BTreeSet<_> = places.map(|place| place.room).collect();
        (rooms.len() as u64).saturating_sub(1)
    }

    /// The members of a compact group that stand alone.
    pub(super) fn isolated(&self, group: u32, change: &Change) -> Vec<SessionIndex> {
        let group = &self.problem.groups[group as usize];
        if !group.compact {
            return Vec::new();
        }
        let members = group.sessions.iter().filter_map(|session| Some((*session, self.span(*session, change)?)));
        let members: Vec<_> = members.collect();
        let mut starts: Vec<_> = members.iter().map(|(_, span)| span.start).collect();
        let mut ends: Vec<_> = members.iter().map(|(_, span)| span.end).collect();
        starts.sort_unstable();
        ends.sort_unstable();
        // What meets where a day begins is not on the same day.
        let meets = |slot: Slot, at: &[Slot]| {
            !slot.is_multiple_of(self.problem.calendar.slots_per_day) && at.binary_search(&slot).is_ok()
        };
        let alone = |(_, span): &&(SessionIndex, Range<Slot>)| !meets(span.start, &ends) && !meets(span.end, &starts);
        members.iter().filter(alone).map(|(session, _)| *session).collect()
    }

    /// A person's sessions, in order of time.
    pub(super) fn agenda(&self, person: PersonIndex, change: &Change) -> Vec<(Range<Slot>, SessionIndex)> {
        let sessions = self.sessions_of[person as usize].iter();
        let mut agenda: Vec<_> =
            sessions.filter_map(|session| Some((self.span(*session, change)?, *session))).collect();
        agenda.sort_unstable_by_key(|(span, session)| (span.start, span.end, *session));
        agenda
    }

    /// Slots of a session outside what a person prefers.
    pub(super) fn unpreferred(&self, person: PersonIndex, session: SessionIndex, change: &Change) -> u64 {
        let preferred = &self.problem.people[person as usize].preferred;
        let (Some(preferred), Some(span)) = (preferred, self.span(session, change)) else { return 0 };
        let from = preferred.partition_point(|range| range.end <= span.start);
        let liked = super::ranges::intersect(&preferred[from..], std::slice::from_ref(&span));
        u64::from(span.end - span.start - super::ranges::length(&liked))
    }

    /// Whether a person's two sessions, one following the other, are on one day with too short a gap.
    pub(super) fn is_short_gap(&self, person: PersonIndex, one: &Range<Slot>, next: &Range<Slot>) -> bool {
        let wanted = self.problem.people[person as usize].min_gap;
        let day = |span: &Range<Slot>| self.problem.calendar.day_of(span.start);
        wanted > 0 && day(one) == day(next) && next.start < one.end + wanted
    }

    fn cost_of_person(&self, person: PersonIndex, change: &Change) -> u64 {
        let (wishes, weights) = (&self.problem.people[person as usize], &self.problem.weights);
        if wishes.preferred.is_none() && wishes.max_per_day.is_none() && wishes.min_gap == 0 {
            return 0;
        }
        let agenda = self.agenda(person, change);
        let disliked: u64 = agenda.iter().map(|(_, session)| self.unpreferred(person, *session, change)).sum();
        let short = |pair: &&[(Range<Slot>, SessionIndex)]| matches!(pair, [one, next] if self.is_short_gap(person, &one.0, &next.0));
        let short = agenda.windows(2).filter(short).count() as u64;
        let same_day = |one: &(Range<Slot>, SessionIndex), other: &(Range<Slot>, SessionIndex)| {
            self.problem.calendar.day_of(one.0.start) == self.problem.calendar.day_of(other.0.start)
        };
        let beyond = |many: usize| wishes.max_per_day.map_or(0, |most| (many as u64).saturating_sub(most.into()));
        let beyond: u64 = agenda.chunk_by(same_day).map(|day| beyond(day.len())).sum();
        disliked * u64::from(weights.unpreferred)
            + short * u64::from(weights.short_gap)
            + beyond * u64::from(weights.over_day_limit)
    }
}
