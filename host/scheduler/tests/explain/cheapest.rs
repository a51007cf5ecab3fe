//! The mend that is told of a broken wish is the cheapest of all there are, for wishes of every kind: every move of every session and
//! every exchange of two is tried, and what it leaves of the wish is worked out from the two timetables alone.

use std::collections::{BTreeMap, BTreeSet};

use conman_scheduler::check;
use conman_scheduler::explain::{Mend, Wish, explain};
use conman_scheduler::problem::{CapacityRule, Place, Problem, Session};
use conman_scheduler::timetable::Timetable;
use fastrand::Rng;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use crate::independent::passes;
use crate::mends::{moved, near, soft};
use crate::problems::{Size, problems, read};

const SIZES: [Size; 3] = [
    Size { days: 2, slots_per_day: 5, rooms: 3, people: 4, sessions: 12 },
    Size { days: 3, slots_per_day: 4, rooms: 2, people: 3, sessions: 9 },
    Size { days: 4, slots_per_day: 3, rooms: 2, people: 3, sessions: 5 },
];

#[test]
fn the_mend_of_every_kind_of_wish_is_the_cheapest_there_is() {
    let (mut runner, mut random) = (TestRunner::deterministic(), Rng::with_seed(1));
    // By kind: how often a mend was found, and how often there is none.
    let mut seen: BTreeMap<&str, [u32; 2]> = BTreeMap::new();
    for round in 0..360 {
        let document = problems(SIZES[round % SIZES.len()]).new_tree(&mut runner).unwrap().current();
        let problem = read(&document);
        let timetable = by_chance(&problem, &mut random);
        passes(&problem, &timetable, &check::cost(&problem, &timetable));
        let near: Vec<_> =
            near(&problem, &timetable).into_iter().map(|other| (soft(&problem, &other), other)).collect();
        let before = soft(&problem, &timetable);
        for wish in explain(&problem, &timetable).wishes {
            let left = |other: &Timetable| left_of(&wish, &problem, &timetable, other);
            assert_eq!(left(&timetable), wish.cost, "{wish:#?} of {document}");
            let mending = near.iter().filter(|(_, other)| left(other) < wish.cost);
            let cheapest = mending.map(|(after, _)| after - before).min();
            match &wish.mend {
                Mend::Found { moves, change, left: still, .. } => {
                    assert_eq!(cheapest, Some(*change), "{wish:#?} of {document}");
                    assert_eq!(left(&moved(&problem, &timetable, moves)), *still, "{wish:#?} of {document}");
                }
                Mend::None => assert_eq!(cheapest, None, "{wish:#?} of {document}"),
                Mend::NotSought => panic!("{wish:#?}"),
            }
            seen.entry(wish.constraint).or_default()[usize::from(cheapest.is_none())] += 1;
        }
    }
    // Otherwise it tells nothing of some kind.
    assert_eq!(seen.len(), 10, "{seen:?}");
    assert!(seen.values().all(|[found, _]| *found >= 4), "{seen:?}");
    assert!(seen.values().map(|[_, none]| none).sum::<u32>() >= 20, "{seen:?}");
}

/// A timetable with many wishes broken: each session somewhere where it can be.
fn by_chance(problem: &Problem, random: &mut Rng) -> Timetable {
    let mut timetable = Timetable::empty(problem);
    let mut order: Vec<usize> = (0..problem.sessions.len()).collect();
    random.shuffle(&mut order);
    let rooms = problem.rooms.len() as u32;
    for session in order {
        let mut all: Vec<Place> = (0..problem.calendar.horizon())
            .flat_map(|start| (0..rooms).map(move |room| Place { start, room }))
            .collect();
        random.shuffle(&mut all);
        let fits = |place: &Place| {
            timetable.places[session] = Some(*place);
            check::broken(problem, &timetable).is_empty()
        };
        if !all.iter().any(fits) {
            timetable.places[session] = None;
        }
    }
    timetable
}

/// What a wish that is broken in one timetable costs in another.
fn left_of(wish: &Wish, problem: &Problem, here: &Timetable, there: &Timetable) -> u64 {
    let position = |id: &String| problem.sessions.iter().position(|session| session.id == *id).unwrap();
    let members: Vec<usize> = wish.sessions.iter().map(position).collect();
    // Of a group none of whose sessions has a place there is none.
    let first = members.first().copied().unwrap_or_default();
    let group = || problem.groups.iter().find(|group| Some(&group.id) == wish.group.as_ref()).unwrap();
    let person = || problem.people.iter().position(|person| person.id == wish.people[0]).unwrap();
    let session = |index: usize| &problem.sessions[index];
    let place = |index: usize| there.places[index].unwrap();
    let day = |place: Place| place.start / problem.calendar.slots_per_day;
    let placed = |index: &usize| there.places[*index].is_some();
    let of_group = || group().sessions.iter().map(|index| *index as usize).filter(placed).collect::<Vec<_>>();
    let incumbent = |index: usize| problem.incumbent[index].unwrap();
    let weights = problem.weights;
    let (amount, weight) = match wish.constraint {
        "overlap" => {
            let [one, other] = [members[0], members[1]];
            let pair = |(a, b, _): &&(u32, u32, u32)| [*a as usize, *b as usize] == [one.min(other), one.max(other)];
            let number = problem.overlap.iter().find(pair).unwrap().2;
            let apart = gap(place(one), session(one), place(other), session(other)) >= 0;
            (if apart { 0 } else { number.into() }, weights.overlap)
        }
        "overflow" => {
            let seats = problem.rooms[place(first).room as usize].capacity;
            assert_eq!(problem.capacity, CapacityRule::Soft);
            (session(first).audience.saturating_sub(seats).into(), weights.overflow)
        }
        "missing_day" => {
            let days: BTreeSet<_> = of_group().into_iter().map(|index| day(place(index))).collect();
            (u64::from(group().min_days).saturating_sub(days.len() as u64), weights.missing_day)
        }
        "extra_room" => {
            let rooms: BTreeSet<_> = of_group().into_iter().map(|index| place(index).room).collect();
            (rooms.len() as u64 - 1, weights.extra_room)
        }
        "isolated" => {
            let meets = |other: usize| {
                other != first
                    && day(place(first)) == day(place(other))
                    && gap(place(first), session(first), place(other), session(other)) == 0
            };
            (u64::from(!of_group().into_iter().any(meets)), weights.isolated)
        }
        "unpreferred" => {
            let preferred = problem.people[person()].preferred.as_ref().unwrap();
            let from = place(first).start;
            let disliked = |slot: &u32| !preferred.iter().any(|range| range.contains(slot));
            ((from..from + session(first).duration).filter(disliked).count() as u64, weights.unpreferred)
        }
        "over_day_limit" => {
            let theirs = |index: &usize| session(*index).people.contains(&(person() as u32));
            let the_day = day(here.places[first].unwrap());
            let all = (0..problem.sessions.len()).filter(placed).filter(theirs);
            let many = all.filter(|index| day(place(*index)) == the_day).count() as u64;
            let most = problem.people[person()].max_per_day.unwrap();
            (many.saturating_sub(most.into()), weights.over_day_limit)
        }
        "short_gap" => {
            let [one, other] = [members[0], members[1]];
            let between = gap(place(one), session(one), place(other), session(other));
            let is_short = between < i64::from(problem.people[person()].min_gap);
            (u64::from(is_short && day(place(one)) == day(place(other))), weights.short_gap)
        }
        "moved_time" => (u64::from(place(first).start != incumbent(first).start), weights.moved_time),
        "moved_room" => (u64::from(place(first).room != incumbent(first).room), weights.moved_room),
        other => panic!("{other} is no soft term"),
    };
    amount * u64::from(weight)
}

/// The slots between two sessions; below zero when they share some.
fn gap(here: Place, one: &Session, there: Place, other: &Session) -> i64 {
    let between = |first: Place, session: &Session, second: Place| {
        i64::from(second.start) - i64::from(first.start + session.duration)
    };
    between(here, one, there).max(between(there, other, here))
}
