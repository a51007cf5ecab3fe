//! Sessions that together want more than there is: counted in rooms (Hall's argument), and tried out one after another where only
//! one can be at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::domain::Domains;
use super::minimal::without_needless;
use super::ranges::{Gathered, Ranges, covered, intersect, length};
use super::standing::Standing;
use crate::problem::{RoomIndex, SessionIndex, Slot};

/// Of so many sessions every order is tried out.
const TRIED_OUT: usize = 14;
/// Sessions that are followed from one to the next that is in its way.
const FOLLOWED: usize = 400;
/// With more sessions times rooms than this, only who is in the way is counted.
const EVERYONE: usize = 10_000_000;
/// Ranges looked at to make a set smaller.
const SMALLER_EFFORT: usize = 20_000_000;

/// Sessions that together want more than there is.
#[derive(Clone, Debug)]
pub(super) struct Shortage {
    pub(super) sessions: Vec<SessionIndex>,
    /// The only rooms they can be in; none where it is not rooms that are short.
    pub(super) rooms: Vec<RoomIndex>,
    pub(super) sum: Sum,
}

/// What is wanted, and what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    /// Counted in blocks of so many slots.
    pub(super) block: u32,
    pub(super) demand: u32,
    pub(super) supply: u32,
}

/// Sets of rooms that were counted before, with all sessions that can be nowhere else.
pub(super) type Counted = HashMap<Vec<RoomIndex>, Option<Sum>>;

/// Whether stretches of these lengths cannot all lie in runs of those, by counting: in slots, and in whole blocks of 2, 3, … slots,
/// of which no run holds more than fit into it one after another.
fn sum(standing: &Standing<'_>, lengths: &[u32], runs: &[u32]) -> Option<Sum> {
    let longest = lengths.iter().max().copied().unwrap_or(0);
    (1..=longest).take_while(|_| (standing.go_on)()).find_map(|block| {
        let count = |of: &[u32]| of.iter().map(|length| length / block).sum();
        let (demand, supply) = (count(lengths), count(runs));
        (demand > supply).then_some(Sum { block, demand, supply })
    })
}

/// Rooms that a session and those that want the same cannot all be in.
pub(super) fn of_rooms(
    standing: &Standing<'_>,
    domains: &Domains<'_>,
    counted: &mut Counted,
    session: SessionIndex,
) -> Option<Shortage> {
    let rooms: Vec<_> = domains.of(session).iter().map(|(room, _)| *room).collect();
    let among = |other: &SessionIndex| {
        let domain = domains.of(*other);
        !domain.is_empty() && domain.iter().all(|(room, _)| rooms.binary_search(room).is_ok())
    };
    let (sessions, halls) = (standing.problem.sessions.len(), standing.problem.rooms.len());
    let everyone = 0..if sessions * halls > EVERYONE { 0 } else { sessions as u32 };
    let is_time = |_: &SessionIndex| (standing.go_on)();
    let nowhere_else: Vec<_> = everyone.take_while(is_time).filter(among).collect();
    let when = slots(standing, domains, session);
    let only_then: Vec<_> = nowhere_else
        .iter()
        .copied()
        .take_while(is_time)
        .filter(|other| {
            let theirs = slots(standing, domains, *other);
            length(&intersect(&when, &theirs)) == length(&theirs)
        })
        .collect();
    let short_then = in_rooms(standing, domains, &only_then).map(|sum| (only_then, sum));
    let short = short_then.or_else(|| {
        let sum = *counted.entry(rooms.clone()).or_insert_with(|| in_rooms(standing, domains, &nowhere_else));
        sum.map(|sum| (nowhere_else, sum))
    });
    let (sessions, found) = short.or_else(|| {
        let followed = followed(standing, domains, session)?;
        in_rooms(standing, domains, &followed).map(|sum| (followed, sum))
    })?;
    // What is cut short here is not told.
    let places: usize = sessions.iter().take_while(|_| (standing.go_on)()).map(|one| domains.of(*one).len()).sum();
    let (sessions, sum) = if places * sessions.len() > SMALLER_EFFORT {
        (sessions, found)
    } else {
        let others = sessions.into_iter().filter(|other| *other != session).collect();
        let all = |others: &[SessionIndex]| [others, &[session]].concat();
        let is_short = |others: &[SessionIndex]| in_rooms(standing, domains, &all(others)).is_some();
        let needed = without_needless(others, standing.go_on, is_short);
        let sessions = all(&needed);
        let sum = in_rooms(standing, domains, &sessions).unwrap_or(found);
        (sessions, sum)
    };
    let mut rooms = BTreeSet::new();
    for session in sessions.iter().take_while(|_| (standing.go_on)()) {
        rooms.extend(domains.of(*session).iter().map(|(room, _)| *room));
    }
    Some(Shortage { sessions, rooms: rooms.into_iter().collect(), sum })
}

/// All slots of rooms that a session could take.
fn slots(standing: &Standing<'_>, domains: &Domains<'_>, session: SessionIndex) -> Ranges {
    let shape = &standing.problem.sessions[session as usize];
    covered(&domains.starts(session), shape.setup, shape.duration + shape.teardown)
}

/// A session, those that have what it could have, those that have what these could have, and so on; unless they are too many.
fn followed(standing: &Standing<'_>, domains: &Domains<'_>, session: SessionIndex) -> Option<Vec<SessionIndex>> {
    let mut all = BTreeSet::from([session]);
    let mut next = vec![session];
    while let Some(session) = next.pop() {
        let shape = &standing.problem.sessions[session as usize];
        for (room, starts) in domains.of(session).iter() {
            let taken = covered(starts, shape.setup, shape.duration + shape.teardown);
            next.extend(standing.occupants(*room, &taken).filter(|other| all.insert(*other)));
        }
        if all.len() > FOLLOWED || !(standing.go_on)() {
            return None;
        }
    }
    Some(all.into_iter().collect())
}

/// What some sessions want of rooms, if it is more than there is.
fn in_rooms(standing: &Standing<'_>, domains: &Domains<'_>, sessions: &[SessionIndex]) -> Option<Sum> {
    let mut slots: BTreeMap<RoomIndex, Gathered> = BTreeMap::new();
    let mut lengths = Vec::new();
    for session in sessions {
        if !(standing.go_on)() {
            return None;
        }
        let shape = &standing.problem.sessions[*session as usize];
        let after = shape.duration + shape.teardown;
        lengths.push(shape.setup + after);
        for (room, starts) in domains.of(*session).iter() {
            slots.entry(*room).or_default().add(covered(starts, shape.setup, after));
        }
    }
    let runs: Vec<_> = slots.into_values().flat_map(|slots| runs(standing, slots.united())).collect();
    sum(standing, &lengths, &runs)
}

/// How long stretches of slots are without a break; the end of a day is one. The slots are united.
fn runs(standing: &Standing<'_>, slots: Ranges) -> Vec<u32> {
    let day = standing.problem.calendar.slots_per_day;
    let in_days = |range: Range<Slot>| {
        let days = range.start / day..range.end.div_ceil(day);
        days.map(move |at| range.end.min((at + 1) * day) - range.start.max(at * day))
    };
    slots.into_iter().flat_map(in_days).collect()
}

/// Sessions of which only one can be at a time, such as those of a person, and which cannot all be: `session` and as few others as
/// possible. The sum is of slots only where counting shows it, too.
pub(super) fn one_at_a_time(
    standing: &Standing<'_>,
    domains: &Domains<'_>,
    session: SessionIndex,
    others: &[SessionIndex],
) -> Option<Shortage> {
    // What has no place anyway is in nobody's way.
    let is_in_it = |other: &SessionIndex| *other != session && !domains.of(*other).is_empty();
    let others: Vec<_> = others.iter().copied().take_while(|_| (standing.go_on)()).filter(is_in_it).collect();
    let all = |others: &[SessionIndex]| [others, &[session]].concat();
    let cannot = |others: &[SessionIndex]| !fit_in_some_order(standing, domains, &all(others));
    if !cannot(&others) {
        return None;
    }
    let needed = if others.len() > FOLLOWED { others } else { without_needless(others, standing.go_on, cannot) };
    let sessions = all(&needed);
    let sum = in_time(standing, domains, &sessions);
    Some(Shortage { sum, sessions, rooms: Vec::new() })
}

/// What some sessions want of the times at which they can be. The supply may do by the count alone.
fn in_time(standing: &Standing<'_>, domains: &Domains<'_>, sessions: &[SessionIndex]) -> Sum {
    let duration = |session: &SessionIndex| standing.problem.sessions[*session as usize].duration;
    let mut slots = Gathered::default();
    for session in sessions.iter().take_while(|_| (standing.go_on)()) {
        slots.add(covered(&domains.starts(*session), 0, duration(session)));
    }
    let lengths: Vec<_> = sessions.iter().map(duration).collect();
    let slots = slots.united();
    let plain = Sum { block: 1, demand: lengths.iter().sum(), supply: length(&slots) };
    sum(standing, &lengths, &runs(standing, slots)).unwrap_or(plain)
}

/// Whether sessions can be one after another in some order. Of too many to try out, whether counting does not rule it out.
fn fit_in_some_order(standing: &Standing<'_>, domains: &Domains<'_>, sessions: &[SessionIndex]) -> bool {
    if sessions.len() > TRIED_OUT {
        let sum = in_time(standing, domains, sessions);
        return sum.demand <= sum.supply;
    }
    let mine: Vec<_> = sessions
        .iter()
        .map(|session| (domains.starts(*session), standing.problem.sessions[*session as usize].duration))
        .collect();
    // By set of sessions: when they can have ended at the earliest, in whatever order.
    let mut ends: Vec<Option<Slot>> = vec![None; 1 << mine.len()];
    ends[0] = Some(0);
    for set in 1..ends.len() {
        let last = (0..mine.len()).filter(|one| set >> one & 1 == 1).filter_map(|one| {
            let (starts, duration) = &mine[one];
            let from = ends[set & !(1 << one)]?;
            let start = starts.get(starts.partition_point(|range| range.end <= from))?.start.max(from);
            Some(start + duration)
        });
        ends[set] = last.min();
    }
    ends.last().is_some_and(Option::is_some)
}
