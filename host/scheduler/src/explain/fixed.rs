//! Sessions that can be nowhere else, and together have every place of another.

use std::ops::Range;

use super::blockers::{About, Cause};
use super::domain::Domains;
use super::minimal::without_needless;
use super::ranges::{covered, starts_touching, subtract};
use super::rules::needs;
use super::standing::{Standing, Why};
use super::words::Words;
use crate::check::Constraint;
use crate::problem::{RoomIndex, SessionIndex, Slot};

/// More than this are not made fewer.
const MADE_FEWER: usize = 120;

/// Starts that a session cannot have because of another that can be nowhere else.
#[derive(Clone, Copy)]
struct Obstacle {
    who: SessionIndex,
    why: Why,
    /// Only in this room; everywhere if it is not the room.
    room: Option<RoomIndex>,
    from: Slot,
    to: Slot,
}

/// Which sessions that can be nowhere else are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that a pin keeps where they are.
    Pinned,
    /// All of them.
    All,
}

pub(super) fn cause(
    standing: &Standing<'_>,
    domains: &Domains<'_>,
    session: SessionIndex,
    which: Which,
) -> Option<Cause> {
    let is_pinned = |session: &SessionIndex| standing.problem.sessions[*session as usize].pin.start.is_some();
    let mut all = obstacles(standing, domains, session);
    all.retain(|obstacle| which == Which::All || is_pinned(&obstacle.who));
    let cover = |obstacles: &[Obstacle]| leave_nothing(standing, domains, session, obstacles);
    if !cover(&all) {
        return None;
    }
    let needed = if all.len() > MADE_FEWER { all } else { without_needless(all, standing.go_on, cover) };
    let (problem, words) = (standing.problem, Words(standing.problem));
    let mut others: Vec<_> = needed.iter().map(|obstacle| obstacle.who).collect();
    others.sort_unstable();
    others.dedup();
    let rooms: Vec<_> = domains.of(session).iter().map(|(room, _)| *room).collect();
    let mut people: Vec<_> =
        needed.iter().filter_map(|one| if let Why::Person(who) = one.why { Some(who) } else { None }).collect();
    people.sort_unstable();
    people.dedup();
    let by_room = needed.iter().filter(|obstacle| obstacle.why == Why::Room).count();
    let constraint = if is_pinned(&session) && others.iter().all(is_pinned) {
        Constraint::Pin
    } else if by_room * 2 > needed.len() || (by_room > 0 && people.is_empty()) {
        Constraint::RoomBusy
    } else if !people.is_empty() {
        Constraint::PersonBusy
    } else {
        Constraint::Conflict
    };
    let whose = match (is_pinned(&session), domains.only_place(session)) {
        (true, Some((room, start))) => format!("it is pinned to room {} at slot {start}", words.room(room)),
        (true, None) => {
            format!("it is pinned to slot {}", problem.sessions[session as usize].pin.start.unwrap_or_default())
        }
        _ if rooms.len() <= 3 && by_room > 0 => {
            let needs = needs(words, session).map_or_else(String::new, |needs| format!(", as it {needs}"));
            format!("it can only be in {}{needs}", words.rooms(&rooms))
        }
        _ => "all its places are taken".to_owned(),
    };
    let how = if others.iter().all(is_pinned) { "pinned" } else { "able to be nowhere else" };
    let busy = if people.is_empty() { String::new() } else { format!(", with {}", words.people(&people)) };
    let are = if others.len() == 1 { "is" } else { "are" };
    let detail = format!("{whose}, and there {} {are} {how}{busy}", words.sessions(&others));
    let rooms = if by_room > 0 { rooms } else { Vec::new() };
    let about = About { sessions: [&[session], others.as_slice()].concat(), rooms, people };
    Some(Cause::new(constraint.name(), detail, about))
}

fn obstacles(standing: &Standing<'_>, domains: &Domains<'_>, session: SessionIndex) -> Vec<Obstacle> {
    let shape = &standing.problem.sessions[session as usize];
    let mut all = Vec::new();
    for (room, starts) in domains.of(session).iter() {
        let slots = covered(starts, shape.setup, shape.duration + shape.teardown);
        for who in standing.occupants(*room, &slots).take_while(|_| (standing.go_on)()) {
            if let Some((_, start)) = domains.only_place(who) {
                let taken = standing.footprint(who, start);
                let Range { start: from, end: to } =
                    starts_touching(&taken, shape.setup, shape.duration + shape.teardown);
                all.push(Obstacle { who, why: Why::Room, room: Some(*room), from, to });
            }
        }
    }
    let of_people = shape
        .people
        .iter()
        .flat_map(|person| standing.sessions_of[*person as usize].iter().map(|who| (*who, Why::Person(*person))));
    let in_conflict = standing.conflicts[session as usize].iter().map(|who| (*who, Why::Conflict));
    let others = of_people.chain(in_conflict).take_while(|_| (standing.go_on)());
    for (who, why) in others.filter(|(who, _)| *who != session) {
        // Only who has a place is in the way. That may be another than the only one it could have if all were placed.
        let only = domains.starts(who).iter().cloned().flatten().take(2).collect::<Vec<_>>();
        if let ([start], Some(_)) = (only.as_slice(), standing.place(who, &[])) {
            let span = *start..start + standing.problem.sessions[who as usize].duration;
            let Range { start: from, end: to } = starts_touching(&span, 0, shape.duration);
            all.push(Obstacle { who, why, room: None, from, to });
        }
    }
    all
}

fn leave_nothing(
    standing: &Standing<'_>,
    domains: &Domains<'_>,
    session: SessionIndex,
    obstacles: &[Obstacle],
) -> bool {
    domains.of(session).iter().take_while(|_| (standing.go_on)()).all(|(room, starts)| {
        let here = obstacles.iter().filter(|obstacle| obstacle.room.is_none_or(|where_to| where_to == *room));
        here.fold(starts.clone(), |left, obstacle| subtract(&left, &(obstacle.from..obstacle.to))).is_empty()
    })
}
