//! Codes for ids. A large problem is mostly ids: with codes it is a third as long, and so fits into what a call may read when it was stored to
//! explain its solution.

use std::collections::HashMap;

use conman_sdk::scheduler::{Assignment, Problem, Session, Solution, Unplaced};
use serde::{Deserialize, Serialize};

use super::places;

/// What is said of the room of those who need none.
pub const ONLINE: &str = "online";

/// The ids that codes stand for: `@s7` for the eighth session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ids {
    sessions: Vec<String>,
    rooms: Vec<String>,
    people: Vec<String>,
    #[serde(skip)]
    codes: Codes,
}

/// Places of ids in lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Codes {
    sessions: HashMap<String, usize>,
    rooms: HashMap<String, usize>,
    people: HashMap<String, usize>,
}

impl Ids {
    /// Puts codes in place of the ids of a problem.
    #[must_use]
    pub fn replaced(problem: &mut Problem) -> Self {
        let sessions: Vec<String> = problem.sessions.iter().map(|session| session.id.clone()).collect();
        let rooms: Vec<String> = problem.rooms.iter().map(|room| room.id.clone()).collect();
        let people: Vec<String> = problem.people.iter().map(|person| person.id.clone()).collect();
        let codes = Codes { sessions: in_order(&sessions), rooms: in_order(&rooms), people: in_order(&people) };
        let ids = Self { sessions, rooms, people, codes };
        let Codes { sessions, rooms, people } = &ids.codes;
        problem.rooms.iter_mut().for_each(|room| replace(&mut room.id, rooms, 'r'));
        problem.people.iter_mut().for_each(|person| replace(&mut person.id, people, 'p'));
        problem.sessions.iter_mut().for_each(|session| ids.code(session));
        for (one, other, _) in &mut problem.overlap {
            replace(one, sessions, 's');
            replace(other, sessions, 's');
        }
        problem.incumbent.iter_mut().for_each(|place| ids.code_place(place));
        ids
    }

    /// Puts codes in place of the ids of a session of that problem.
    pub fn code(&self, session: &mut Session) {
        let Codes { sessions, rooms, people } = &self.codes;
        replace(&mut session.id, sessions, 's');
        session.people.iter_mut().for_each(|id| replace(id, people, 'p'));
        session.after.iter_mut().for_each(|id| replace(id, sessions, 's'));
        session.rooms.iter_mut().flatten().chain(&mut session.pin.room).for_each(|id| replace(id, rooms, 'r'));
    }

    /// Puts codes in place of the ids of a place of that problem.
    fn code_place(&self, place: &mut Assignment) {
        replace(&mut place.session, &self.codes.sessions, 's');
        replace(&mut place.room, &self.codes.rooms, 'r');
    }

    /// Puts codes in place of the ids of a solution of that problem.
    pub fn code_all(&self, solution: &mut Solution) {
        solution.assignments.iter_mut().for_each(|place| self.code_place(place));
        solution.unplaced.iter_mut().for_each(|left| replace(&mut left.session, &self.codes.sessions, 's'));
    }

    /// A solution with ids in place of codes. Columns stay columns.
    #[must_use]
    pub fn of_solution(&self, solution: &Solution) -> Solution {
        let placed = |place: &Assignment| {
            let room = known(&self.rooms, &place.room, 'r')?.to_owned();
            Some(Assignment { session: self.session(&place.session)?.to_owned(), start: place.start, room })
        };
        let left = |left: &Unplaced| {
            Some(Unplaced { session: self.session(&left.session)?.to_owned(), reasons: left.reasons.clone() })
        };
        Solution {
            assignments: solution.assignments.iter().filter_map(placed).collect(),
            unplaced: solution.unplaced.iter().filter_map(left).collect(),
            cost: solution.cost.clone(),
        }
    }

    /// The session of a code.
    #[must_use]
    pub fn session(&self, code: &str) -> Option<&str> {
        known(&self.sessions, code, 's')
    }

    /// The room of a code; none where a session needs none.
    #[must_use]
    pub fn room(&self, code: &str) -> Option<&str> {
        places::room_of(known(&self.rooms, code, 'r')?)
    }

    /// The person of a code.
    #[must_use]
    pub fn person(&self, code: &str) -> Option<&str> {
        known(&self.people, code, 'p')
    }

    /// The scheduler's words with ids in place of codes. It quotes what is not its own.
    #[must_use]
    pub fn spelled(&self, words: &str) -> String {
        let id = |code: &str| {
            let room = || known(&self.rooms, code, 'r').map(|_| self.room(code).unwrap_or(ONLINE));
            self.session(code).or_else(|| self.person(code)).or_else(room)
        };
        let mut spelled = String::with_capacity(words.len());
        let mut rest = words;
        // A code stands between quotes of its own.
        while let Some(at) = rest.find("\"@") {
            let (before, quoted) = rest.split_at(at + 1);
            let (code, behind) = quoted.split_at(quoted.find('"').unwrap_or(quoted.len()));
            spelled.push_str(before);
            spelled.push_str(id(code).unwrap_or(code));
            rest = behind;
        }
        spelled.push_str(rest);
        spelled
    }
}

fn in_order(ids: &[String]) -> HashMap<String, usize> {
    ids.iter().enumerate().map(|(at, id)| (id.clone(), at)).collect()
}

fn replace(id: &mut String, places: &HashMap<String, usize>, sort: char) {
    if let Some(at) = places.get(id.as_str()) {
        *id = format!("@{sort}{at}");
    }
}

fn known<'i>(ids: &'i [String], code: &str, sort: char) -> Option<&'i str> {
    let number = code.strip_prefix('@')?.strip_prefix(sort)?;
    ids.get(number.parse::<usize>().ok()?).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use conman_sdk::scheduler::{Person, Pin, Room};

    use super::*;

    #[test]
    fn codes_stand_for_ids_everywhere() {
        let text = |text: &str| text.to_owned();
        let mut problem = Problem {
            rooms: ["hall", "lawn#0", "#0"].map(|id| Room { id: text(id), ..Room::default() }).to_vec(),
            people: vec![Person { id: text("ann"), ..Person::default() }],
            sessions: vec![
                Session { id: text("one"), people: vec![text("ann")], after: vec![text("two")], ..Session::default() },
                Session {
                    id: text("two"),
                    rooms: Some(vec![text("lawn#0")]),
                    pin: Pin { start: None, room: Some(text("hall")) },
                    features: vec![text("@s0")],
                    ..Session::default()
                },
            ],
            overlap: vec![(text("one"), text("two"), 3)],
            incumbent: vec![Assignment { session: text("two"), start: 4, room: text("hall") }],
            ..Problem::default()
        };
        let left = Unplaced { session: text("one"), reasons: Vec::new() };
        let solution = Solution { assignments: problem.incumbent.clone(), unplaced: vec![left], cost: None };
        let ids = Ids::replaced(&mut problem);
        let written = serde_json::to_string(&problem).unwrap();
        for id in ["one", "two", "ann", "hall", "lawn"] {
            assert!(!written.contains(&format!("{id}\"")) && !written.contains(&format!("\"{id}")), "{written}");
        }
        let mut coded = solution.clone();
        ids.code_all(&mut coded);
        assert_eq!((&coded.assignments, coded.unplaced[0].session.as_str()), (&problem.incumbent, "@s0"));
        let stored: Ids = serde_json::from_str(&serde_json::to_string(&ids).unwrap()).unwrap();
        assert_eq!(stored.of_solution(&coded), solution);
        assert_eq!((ids.session("@s1"), ids.room("@r1"), ids.room("@r2")), (Some("two"), Some("lawn"), None));
        assert_eq!((ids.session("@s2"), ids.session("one"), ids.person("@p0")), (None, None, Some("ann")));
        let words = r#"move "@s1" to room "@r2", "@p0" and "@q\"; "projector""#;
        assert_eq!(ids.spelled(words), r#"move "two" to room "online", "ann" and "@q\"; "projector""#);
    }
}
