//! Sessions that cannot all be placed, whatever the reason: all combinations of their places are tried. Begins with the session that
//! has no place and takes in who is in the way of the combinations found, until there is none left or there are too many.

use std::collections::BTreeMap;

use super::blockers::{About, Cause};
use super::domain::Domains;
use super::minimal::without_needless;
use super::standing::{Standing, meet};
use super::words::Words;
use crate::check::Constraint;
use crate::problem::{Place, SessionIndex};

/// No more sessions than this are tried together,
const SESSIONS: usize = 12;
/// of which none has more places than this,
const PLACES: usize = 400;
/// in no more steps than this at a time.
const STEPS: u32 = 20_000;

/// What trying comes to.
enum Tried {
    /// One combination works.
    Works(Vec<(SessionIndex, Place)>),
    /// None does.
    Impossible,
    /// There are too many.
    TooMany,
}

pub(super) fn cause(standing: &Standing<'_>, domains: &Domains<'_>, session: SessionIndex) -> Option<Cause> {
    let mut core = vec![session];
    let mut places = BTreeMap::new();
    loop {
        for one in &core {
            if !places.contains_key(one) {
                places.insert(*one, places_of(standing, domains, *one)?);
            }
        }
        match try_out(standing, &places, &core) {
            Tried::TooMany => return None,
            Tried::Impossible => break,
            Tried::Works(combination) => {
                let others = combination.iter().flat_map(|(one, place)| standing.in_the_way(*one, *place));
                let mut others: Vec<_> = others.map(|other| other.who).filter(|who| !core.contains(who)).collect();
                others.sort_unstable();
                others.dedup();
                core.extend(&others);
                if others.is_empty() || core.len() > SESSIONS {
                    return None;
                }
            }
        }
    }
    core.retain(|one| *one != session);
    let all = |others: &[SessionIndex]| [&[session], others].concat();
    let cannot = |others: &[SessionIndex]| matches!(try_out(standing, &places, &all(others)), Tried::Impossible);
    let core = all(&without_needless(core, standing.go_on, cannot));
    Some(told(standing, domains, &core))
}

fn told(standing: &Standing<'_>, domains: &Domains<'_>, core: &[SessionIndex]) -> Cause {
    let (words, problem) = (Words(standing.problem), standing.problem);
    let mut rooms: Vec<_> =
        core.iter().flat_map(|one| domains.of(*one).iter().map(|(room, _)| *room).collect::<Vec<_>>()).collect();
    rooms.sort_unstable();
    rooms.dedup();
    let shared = |one: SessionIndex, other: SessionIndex| {
        let people = &problem.sessions[other as usize].people;
        problem.sessions[one as usize]
            .people
            .iter()
            .copied()
            .filter(|person| people.contains(person))
            .collect::<Vec<_>>()
    };
    let pairs = || core.iter().enumerate().flat_map(|(at, one)| core[..at].iter().map(move |other| (*one, *other)));
    let mut people: Vec<_> = pairs().flat_map(|(one, other)| shared(one, other)).collect();
    people.sort_unstable();
    people.dedup();
    let comes_after = |one: SessionIndex, other: SessionIndex| {
        problem.sessions[one as usize].after.contains(&other) || problem.sessions[other as usize].after.contains(&one)
    };
    let constraint = if pairs().any(|(one, other)| comes_after(one, other)) {
        Constraint::After
    } else if pairs().any(|(one, other)| standing.conflicts[one as usize].contains(&other)) {
        Constraint::Conflict
    } else if !people.is_empty() {
        Constraint::PersonBusy
    } else {
        Constraint::RoomBusy
    };
    let with = if people.is_empty() { String::new() } else { format!(" with {}", words.people(&people)) };
    let place = if rooms.len() <= 3 { format!(" in {}", words.rooms(&rooms)) } else { String::new() };
    let is_pinned = |one: &&SessionIndex| problem.sessions[**one as usize].pin != Default::default();
    let pinned = match core.iter().filter(is_pinned).count() {
        0 => String::new(),
        many => format!(" ({many} of them pinned)"),
    };
    let detail = format!(
        "{}{pinned} cannot all be placed{place}{with}: every combination of their places was tried",
        words.sessions(core)
    );
    let rooms = if constraint == Constraint::RoomBusy { rooms } else { Vec::new() };
    Cause::new(constraint.name(), detail, About { sessions: core.to_vec(), rooms, people })
}

/// A session's places, those first that fewest others are in the way of; unless they are too many.
fn places_of(standing: &Standing<'_>, domains: &Domains<'_>, session: SessionIndex) -> Option<Vec<Place>> {
    let domain = domains.of(session);
    let places = domain
        .iter()
        .flat_map(|(room, starts)| starts.iter().cloned().flatten().map(|start| Place { start, room: *room }));
    let places: Vec<_> = places.take(PLACES + 1).collect();
    let mut places = (places.len() <= PLACES).then_some(places)?;
    places.sort_by_cached_key(|place| if (standing.go_on)() { standing.in_the_way(session, *place).len() } else { 0 });
    Some(places)
}

fn try_out(standing: &Standing<'_>, places: &BTreeMap<SessionIndex, Vec<Place>>, core: &[SessionIndex]) -> Tried {
    let mut open: Vec<(SessionIndex, Vec<Place>)> = core.iter().map(|one| (*one, places[one].clone())).collect();
    let mut steps = STEPS;
    let mut done = Vec::new();
    match place_rest(standing, &mut open, &mut done, &mut steps) {
        Some(true) => Tried::Works(done),
        Some(false) => Tried::Impossible,
        None => Tried::TooMany,
    }
}

/// Places those still open, the one with the fewest places left first; no answer when that takes too long.
fn place_rest(
    standing: &Standing<'_>,
    open: &mut Vec<(SessionIndex, Vec<Place>)>,
    done: &mut Vec<(SessionIndex, Place)>,
    steps: &mut u32,
) -> Option<bool> {
    let Some(at) = (0..open.len()).min_by_key(|at| open[*at].1.len()) else { return Some(true) };
    let (session, places) = open.swap_remove(at);
    for place in &places {
        *steps = steps.checked_sub(1).filter(|_| (standing.go_on)())?;
        let fits = |other: SessionIndex, there: &Place| !clash(standing, (session, *place), (other, *there));
        let mut rest: Vec<(SessionIndex, Vec<Place>)> = open
            .iter()
            .map(|(other, left)| (*other, left.iter().copied().filter(|there| fits(*other, there)).collect()))
            .collect();
        if rest.iter().any(|(_, left)| left.is_empty()) {
            continue;
        }
        done.push((session, *place));
        if place_rest(standing, &mut rest, done, steps)? {
            return Some(true);
        }
        done.pop();
    }
    open.push((session, places));
    Some(false)
}

/// Whether two sessions cannot both be there.
fn clash(standing: &Standing<'_>, one: (SessionIndex, Place), other: (SessionIndex, Place)) -> bool {
    let shape = |of: (SessionIndex, Place)| &standing.problem.sessions[of.0 as usize];
    let span = |of: (SessionIndex, Place)| standing.span_at(of.0, of.1.start);
    let footprint = |of: (SessionIndex, Place)| standing.footprint(of.0, of.1.start);
    let share = || {
        shape(one).people.iter().any(|person| shape(other).people.binary_search(person).is_ok())
            || standing.conflicts[one.0 as usize].contains(&other.0)
    };
    (one.1.room == other.1.room && meet(&footprint(one), &footprint(other)))
        || (meet(&span(one), &span(other)) && share())
        || (shape(one).after.contains(&other.0) && span(other).end > span(one).start)
        || (shape(other).after.contains(&one.0) && span(one).end > span(other).start)
}
