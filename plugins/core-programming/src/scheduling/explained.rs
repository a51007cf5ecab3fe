//! What the scheduler is told when it explains a timetable, and what it says.
//!
//! While it searches, what is held is hidden from it, so that it cannot push it out; then “no room is open” would be all it could say. When it
//! explains, nothing is searched for, so it is told that another session has the room.

use std::collections::HashMap;

use conman_sdk::scheduler::{Assignment, Blocked, Blocker, Explanation, Mend, Problem, Session, Solution};
use serde_json::value::RawValue;

use super::ids::Ids;

/// What is told in place of what is stated.
#[derive(Debug, Default)]
pub struct Truth {
    /// Sessions, by their places in the problem.
    pub sessions: Vec<(usize, Session)>,
    /// When rooms are open, by their places.
    pub rooms: Vec<(usize, Vec<[u32; 2]>)>,
}

/// A problem that waits for its solution.
#[derive(Debug)]
pub struct Explained {
    /// As it is told.
    pub problem: Problem,
    /// Where what is held is.
    pub held: Vec<Assignment>,
    /// The lists of beginnings that sessions refer to: see [`unfolded`].
    pub starts: Vec<Vec<[u32; 2]>>,
}

impl Truth {
    /// The problem as it is told, out of the one that is searched, and where what is held is. Both have codes in place of ids.
    #[must_use]
    pub fn whole(mut self, mut problem: Problem, ids: &Ids) -> (Problem, Vec<Assignment>) {
        self.sessions.iter_mut().for_each(|(_, session)| ids.code(session));
        for (at, told) in self.sessions {
            if let Some(session) = problem.sessions.get_mut(at) {
                *session = told;
            }
        }
        for (at, open) in self.rooms {
            if let Some(room) = problem.rooms.get_mut(at) {
                room.open = Some(open);
            }
        }
        // That sessions move is nobody's wish: what that costs is told with the cost.
        problem.incumbent.clear();
        let pinned = |session: &Session| {
            let (start, room) = (session.pin.start?, session.pin.room.clone()?);
            Some(Assignment { session: session.id.clone(), start, room })
        };
        let held = problem.sessions.iter().filter_map(pinned).collect();
        (problem, held)
    }

    /// The same, as it waits for its solution.
    #[must_use]
    pub fn told(self, problem: Problem, ids: &Ids) -> Explained {
        let (mut problem, held) = self.whole(problem, ids);
        let starts = folded(&mut problem.sessions);
        Explained { problem, held, starts }
    }
}

/// No slot has this number.
const FOLDED: u32 = u32::MAX;

/// Puts references in place of when sessions may begin. On a grid these are long lists, most of them alike: written out they would be most
/// of what is stored.
fn folded(sessions: &mut [Session]) -> Vec<Vec<[u32; 2]>> {
    let mut lists: Vec<Vec<[u32; 2]>> = Vec::new();
    let mut known: HashMap<Vec<[u32; 2]>, u32> = HashMap::new();
    for starts in sessions.iter_mut().filter_map(|session| session.starts.as_mut()) {
        let number = *known.entry(starts.clone()).or_insert_with(|| {
            lists.push(starts.clone());
            u32::try_from(lists.len() - 1).unwrap_or(FOLDED)
        });
        *starts = vec![[number, FOLDED]];
    }
    lists
}

/// A problem with these lists in place of the references to them.
///
/// # Errors
/// When it was not written by this plugin.
pub fn unfolded(problem: &RawValue, lists: &[Vec<[u32; 2]>]) -> serde_json::Result<Box<RawValue>> {
    let lists = lists.iter().map(serde_json::to_string).collect::<serde_json::Result<Vec<String>>>()?;
    let (end, mut whole) = (format!(",{FOLDED}]]"), String::with_capacity(problem.get().len() * 2));
    let mut parts = problem.get().split(end.as_str()).peekable();
    while let Some(part) = parts.next() {
        let reference = parts.peek().and_then(|_| part.rsplit_once("[["));
        let list = reference.and_then(|(before, number)| Some((before, lists.get(number.parse::<usize>().ok()?)?)));
        match list {
            Some((before, list)) => {
                whole.push_str(before);
                whole.push_str(list);
            }
            None => whole.push_str(part),
        }
    }
    RawValue::from_string(whole)
}

/// A solution of what was searched, as one of what is told.
#[must_use]
pub fn solution(found: &Solution, held: &[Assignment]) -> Solution {
    let pins: HashMap<&str, &Assignment> = held.iter().map(|place| (place.session.as_str(), place)).collect();
    let told =
        |place: &Assignment| pins.get(place.session.as_str()).map_or_else(|| place.clone(), |pin| (*pin).clone());
    Solution { assignments: found.assignments.iter().map(told).collect(), ..found.clone() }
}

/// What the host says, with ids in place of codes; the room of who needs none is empty.
#[must_use]
pub fn spelled(mut told: Explanation, ids: &Ids) -> Explanation {
    let sessions = |list: &mut Vec<String>| known(list, |code| ids.session(code));
    let rooms = |list: &mut Vec<String>| known(list, |code| ids.room(code));
    let people = |list: &mut Vec<String>| known(list, |code| ids.person(code));
    for Blocked { session, reasons } in &mut told.unplaced {
        *session = ids.session(session).unwrap_or_default().to_owned();
        for reason in reasons {
            sessions(&mut reason.sessions);
            rooms(&mut reason.rooms);
            people(&mut reason.people);
            reason.detail = ids.spelled(&reason.detail);
        }
    }
    for wish in &mut told.wishes {
        sessions(&mut wish.sessions);
        rooms(&mut wish.rooms);
        people(&mut wish.people);
        wish.text = ids.spelled(&wish.text);
        if let Mend::Found { moves, text, .. } = &mut wish.mend {
            *text = ids.spelled(text);
            for one in moves {
                one.session = ids.session(&one.session).unwrap_or_default().to_owned();
                one.room = ids.room(&one.room).unwrap_or_default().to_owned();
            }
        }
    }
    told
}

/// What the host says of a place that nobody has.
const FREE: &str = " is free for it";

/// That a place is free for a session that has none, where the host says so: what else it says is about its search.
#[must_use]
pub fn free_place(reason: &Blocker) -> Option<&str> {
    let end = reason.detail.rfind(FREE)? + FREE.len();
    reason.detail.get(..end).filter(|_| reason.constraint == "none")
}

fn known<'i>(list: &mut Vec<String>, id: impl Fn(&str) -> Option<&'i str>) {
    *list = list.iter().filter_map(|code| id(code).map(str::to_owned)).collect();
    // Several columns are one room.
    list.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_folded_unfolds() {
        let session =
            |id: &str, starts: Option<Vec<[u32; 2]>>| Session { id: id.to_owned(), starts, ..Session::default() };
        let lines = vec![[0, 1], [6, 7], [12, 13]];
        let mut problem = Problem {
            sessions: vec![
                session("a", Some(lines.clone())),
                session("b", None),
                session("c", Some(Vec::new())),
                session("d", Some(lines)),
            ],
            ..Problem::default()
        };
        let written = serde_json::to_string(&problem).unwrap();
        let lists = folded(&mut problem.sessions);
        assert_eq!(lists.len(), 2);
        let stored = RawValue::from_string(serde_json::to_string(&problem).unwrap()).unwrap();
        assert_ne!(stored.get(), written);
        assert_eq!(unfolded(&stored, &lists).unwrap().get(), written);
    }
}
