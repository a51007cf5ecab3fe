//! What a timetable costs.

use std::collections::{BTreeMap, BTreeSet};

use super::{Placed, all_placed, placed};
use crate::cost::{Cost, Terms};
use crate::problem::{CapacityRule, Group, Person, Problem};
use crate::timetable::Timetable;

/// What a timetable costs.
///
/// Also that of a timetable that breaks hard constraints: but a session that lies in no single day counts for none of its people.
pub fn cost(problem: &Problem, timetable: &Timetable) -> Cost {
    let weights = &problem.weights;
    let all = all_placed(problem, timetable);
    let mut amounts =
        Terms { overlap: overlap(problem, timetable), overflow: overflow(problem, &all), ..of_people(problem, &all) };
    for group in &problem.groups {
        let members: Vec<_> =
            group.sessions.iter().filter_map(|session| placed(problem, timetable, *session)).collect();
        amounts.missing_day += missing_days(problem, group, &members);
        amounts.isolated += if group.compact { isolated(problem, &members) } else { 0 };
        amounts.extra_room += if group.same_room { extra_rooms(&members) } else { 0 };
    }
    for placed in &all {
        if let Some(before) = problem.incumbent.get(placed.index as usize).copied().flatten() {
            amounts.moved_time += u64::from(before.start != placed.start);
            amounts.moved_room += u64::from(before.room != placed.room);
        }
    }
    let terms = Terms {
        overlap: amounts.overlap * u64::from(weights.overlap),
        overflow: amounts.overflow * u64::from(weights.overflow),
        missing_day: amounts.missing_day * u64::from(weights.missing_day),
        isolated: amounts.isolated * u64::from(weights.isolated),
        extra_room: amounts.extra_room * u64::from(weights.extra_room),
        unpreferred: amounts.unpreferred * u64::from(weights.unpreferred),
        over_day_limit: amounts.over_day_limit * u64::from(weights.over_day_limit),
        short_gap: amounts.short_gap * u64::from(weights.short_gap),
        moved_time: amounts.moved_time * u64::from(weights.moved_time),
        moved_room: amounts.moved_room * u64::from(weights.moved_room),
    };
    let unplaced = u32::try_from(problem.sessions.len() - all.len()).unwrap_or(u32::MAX);
    Cost { unplaced, terms }
}

fn overlap(problem: &Problem, timetable: &Timetable) -> u64 {
    let shared = problem.overlap.iter().filter(|(one, other, _)| {
        placed(problem, timetable, *one)
            .zip(placed(problem, timetable, *other))
            .is_some_and(|(one, other)| one.overlaps(&other))
    });
    shared.map(|(_, _, number)| u64::from(*number)).sum()
}

fn overflow(problem: &Problem, all: &[Placed<'_>]) -> u64 {
    if problem.capacity == CapacityRule::Hard {
        return 0;
    }
    let seats = |placed: &Placed<'_>| problem.rooms.get(placed.room as usize).map_or(0, |room| room.capacity);
    all.iter().map(|placed| u64::from(placed.session.audience.saturating_sub(seats(placed)))).sum()
}

fn missing_days(problem: &Problem, group: &Group, members: &[Placed<'_>]) -> u64 {
    let days: BTreeSet<_> = members.iter().map(|placed| problem.calendar.day_of(placed.start)).collect();
    u64::from(group.min_days).saturating_sub(days.len() as u64)
}

fn extra_rooms(members: &[Placed<'_>]) -> u64 {
    let rooms: BTreeSet<_> = members.iter().map(|placed| placed.room).collect();
    (rooms.len() as u64).saturating_sub(1)
}

/// Members that no other member ends directly before or starts directly after, on the same day.
fn isolated(problem: &Problem, members: &[Placed<'_>]) -> u64 {
    let starts: BTreeSet<_> = members.iter().map(|placed| placed.start).collect();
    let ends: BTreeSet<_> = members.iter().map(Placed::end).collect();
    // A slot in which no day begins: what meets there meets on the same day.
    let inside = |slot: u32| !slot.is_multiple_of(problem.calendar.slots_per_day);
    let joined = |placed: &&Placed<'_>| {
        (inside(placed.start) && ends.contains(&placed.start))
            || (inside(placed.end()) && starts.contains(&placed.end()))
    };
    (members.len() - members.iter().filter(joined).count()) as u64
}

/// The terms that belong to people.
fn of_people(problem: &Problem, all: &[Placed<'_>]) -> Terms {
    let mut sessions: Vec<Vec<Placed<'_>>> = vec![Vec::new(); problem.people.len()];
    for placed in all.iter().filter(|placed| placed.is_within_a_day(problem)) {
        for person in &placed.session.people {
            if let Some(sessions) = sessions.get_mut(*person as usize) {
                sessions.push(*placed);
            }
        }
    }
    let mut amounts = Terms::default();
    for (person, mine) in problem.people.iter().zip(&sessions) {
        amounts.unpreferred += mine.iter().map(|placed| unpreferred(person, placed)).sum::<u64>();
        let mut days: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
        for placed in mine {
            days.entry(problem.calendar.day_of(placed.start)).or_default().push((placed.start, placed.end()));
        }
        for mut day in days.into_values() {
            day.sort_unstable();
            let most = person.max_per_day.map_or(u64::MAX, u64::from);
            amounts.over_day_limit += (day.len() as u64).saturating_sub(most);
            amounts.short_gap += short_gaps(person, &day);
        }
    }
    amounts
}

fn unpreferred(person: &Person, placed: &Placed<'_>) -> u64 {
    let Some(preferred) = &person.preferred else { return 0 };
    let from = preferred.partition_point(|range| range.end <= placed.start);
    let near = preferred.iter().skip(from).take_while(|range| range.start < placed.end());
    let liked: u32 = near.map(|range| range.end.min(placed.end()) - range.start.max(placed.start)).sum();
    u64::from(placed.session.duration - liked)
}

/// Pairs of consecutive sessions of a day with too few slots between them. Sessions at the same time have fewer than none.
fn short_gaps(person: &Person, day: &[(u32, u32)]) -> u64 {
    let wanted = i64::from(person.min_gap);
    let is_short = |pair: &&[(u32, u32)]| match pair {
        [(_, end), (start, _)] => wanted > 0 && i64::from(*start) - i64::from(*end) < wanted,
        _ => false,
    };
    day.windows(2).filter(is_short).count() as u64
}
