//! Why a timetable is as it is: what each broken wish costs and what would mend it, and what keeps each unplaced session from having
//! a place.
//!
//! [`standing`] is the timetable with look-ups and [`price`] what its sessions cost; [`wishes`] and [`mend`] explain the soft cost,
//! [`blockers`] the sessions without a place. [`trade_offs()`] tells what could be had instead of an incumbent, and
//! [`reschedule()`] looks for the best with a few moves. No tables are shared with the search.

// It spends its time in look-ups. Positions come from the problem: `document` has checked every reference, and bounds the numbers of
// things so that positions fit the types they are kept in.
#![allow(clippy::indexing_slicing, clippy::cast_possible_truncation)]

mod blockers;
mod chain;
mod domain;
mod fixed;
mod homeward;
mod mend;
mod minimal;
mod onward;
mod price;
mod pursuit;
mod ranges;
mod reschedule;
mod rules;
mod shortage;
mod standing;
mod taken;
mod together;
mod trade_offs;
mod wishes;
mod words;

use std::collections::BTreeMap;

use serde::Serialize;

use self::blockers::Blockers;
pub use self::blockers::{Blocker, Count};
use self::domain::Domains;
use self::mend::Found;
pub use self::reschedule::reschedule;
use self::standing::Standing;
pub use self::trade_offs::{TradeOff, trade_offs};
use self::wishes::Broken;
use self::words::Words;
use crate::check;
use crate::cost::Terms;
use crate::document::Reason;
use crate::problem::{Place, Problem, SessionIndex};
use crate::timetable::Timetable;

/// So many broken wishes are told one by one.
pub const WISHES_TOLD: usize = 500;
/// For so many unplaced sessions a proof is sought.
pub const UNPLACED_TOLD: usize = 200;

/// Why a timetable is as it is, with the ids of the problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What it costs.
    pub cost: Total,
    /// What keeps each session without a place from having one, the first 200 in order of the problem.
    pub unplaced: Vec<Unplaced>,
    /// Sessions without a place besides.
    pub more_unplaced: usize,
    /// The broken wishes that cost most, those first.
    pub wishes: Vec<Wish>,
    /// Broken wishes besides.
    pub more_wishes: usize,
}

/// What a timetable costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Sessions without a place.
    pub unplaced: u32,
    /// The soft cost.
    pub soft: u64,
    /// The soft cost by term.
    pub terms: Terms,
}

/// A session without a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unplaced {
    /// Which.
    pub session: String,
    /// What keeps it from having one, the strongest first.
    pub reasons: Vec<Blocker>,
}

/// A broken wish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wish {
    /// Its soft term, by its name in the format.
    pub constraint: &'static str,
    /// The sessions it is about.
    pub sessions: Vec<String>,
    /// Whose wish it is, if it is a person's.
    pub people: Vec<String>,
    /// The rooms these sessions are in.
    pub rooms: Vec<String>,
    /// The group it is about.
    pub group: Option<String>,
    /// What it costs, weighted.
    pub cost: u64,
    /// In words.
    pub text: String,
    /// What would mend it most cheaply.
    pub mend: Mend,
}

/// The cheapest single move, or exchange of two sessions, that makes a wish cost less or nothing and keeps the hard constraints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mend {
    /// This one.
    Found {
        /// One move, or the two of an exchange.
        moves: Vec<Move>,
        /// What it adds to the soft cost: below zero it saves, above it costs more elsewhere than it mends.
        change: i64,
        /// What the wish then still costs.
        left: u64,
        /// In words.
        text: String,
    },
    /// There is none.
    None,
    /// Not looked for, as so many were that cost more.
    NotSought,
}

/// Where a session would go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Move {
    /// Which.
    pub session: String,
    /// Its start.
    pub start: u32,
    /// Its room.
    pub room: String,
}

/// Explains a timetable. It should break no hard constraint: of one that does, changes of the cost may be off.
pub fn explain(problem: &Problem, timetable: &Timetable) -> Explanation {
    explain_while(problem, timetable, &|| true)
}

/// Like [`explain()`], but looks for reasons and mends only as long as `go_on` says yes; once it said no it must not say yes again. What
/// there was no time for is counted in `more_unplaced`, or is [`Mend::NotSought`].
pub fn explain_while(problem: &Problem, timetable: &Timetable, go_on: &dyn Fn() -> bool) -> Explanation {
    let standing = Standing::new(problem, timetable).looking_while(go_on);
    let cost = check::cost(problem, timetable);
    let reasons = reasons_of(&standing, timetable);
    let mut broken = wishes::broken(&standing);
    let more_wishes = broken.len().saturating_sub(WISHES_TOLD);
    broken.truncate(WISHES_TOLD);
    let mends = mend::cheapest(&standing, &Domains::of_each(problem), &broken);
    let wishes = broken.iter().zip(mends).map(|(broken, found)| wish(&standing, broken, found)).collect();
    let session = |session: SessionIndex| Words(problem).session_id(session);
    Explanation {
        cost: Total { unplaced: cost.unplaced, soft: cost.soft(), terms: cost.terms },
        more_unplaced: (cost.unplaced as usize).saturating_sub(reasons.len()),
        unplaced: reasons.into_iter().map(|(index, reasons)| Unplaced { session: session(index), reasons }).collect(),
        wishes,
        more_wishes,
    }
}

/// Why sessions have no place, as a solution says it; of the first 200.
pub fn reasons(problem: &Problem, timetable: &Timetable) -> BTreeMap<SessionIndex, Vec<Reason>> {
    reasons_while(problem, timetable, &|| true)
}

/// Like [`reasons()`], as long as `go_on` says yes; once it said no it must not say yes again.
pub fn reasons_while(
    problem: &Problem,
    timetable: &Timetable,
    go_on: &dyn Fn() -> bool,
) -> BTreeMap<SessionIndex, Vec<Reason>> {
    let reasons = reasons_of(&Standing::new(problem, timetable).looking_while(go_on), timetable);
    reasons.into_iter().map(|(session, reasons)| (session, reasons.iter().map(Reason::from).collect())).collect()
}

fn reasons_of(standing: &Standing<'_>, timetable: &Timetable) -> BTreeMap<SessionIndex, Vec<Blocker>> {
    let mut blockers = Blockers::new(standing);
    let unplaced = timetable.unplaced().take(UNPLACED_TOLD).take_while(|_| (standing.go_on)());
    let reasons = unplaced.map(|session| (session, blockers.of(session)));
    // What was being looked for when the time was up may be cut short.
    reasons.take_while(|_| (standing.go_on)()).collect()
}

fn wish(standing: &Standing<'_>, broken: &Broken, found: Found) -> Wish {
    let (words, problem) = (Words(standing.problem), standing.problem);
    let sessions = broken.wish.sessions(standing);
    let mut rooms: Vec<_> = sessions.iter().filter_map(|session| Some(standing.place(*session, &[])?.room)).collect();
    rooms.sort_unstable();
    rooms.dedup();
    let mend = match found {
        Found::Moves(change, cost) => Mend::Found {
            left: broken.wish.cost(standing, &change),
            text: mend_text(words, &change, cost),
            moves: change.iter().map(|(session, place)| step(problem, *session, *place)).collect(),
            change: cost,
        },
        Found::Nothing => Mend::None,
        Found::NotSought => Mend::NotSought,
    };
    Wish {
        constraint: broken.wish.term(),
        people: broken.wish.person().iter().map(|person| problem.people[*person as usize].id.clone()).collect(),
        rooms: rooms.iter().map(|room| problem.rooms[*room as usize].id.clone()).collect(),
        group: broken.wish.group().map(|group| problem.groups[group as usize].id.clone()),
        cost: broken.cost,
        text: broken.wish.describe(standing),
        sessions: sessions.into_iter().map(|session| words.session_id(session)).collect(),
        mend,
    }
}

fn step(problem: &Problem, session: SessionIndex, place: Place) -> Move {
    let (session, room) = (&problem.sessions[session as usize], &problem.rooms[place.room as usize]);
    Move { session: session.id.clone(), start: place.start, room: room.id.clone() }
}

fn mend_text(words: Words<'_>, change: &[(SessionIndex, Place)], cost: i64) -> String {
    let what = match change {
        [(one, _), (other, _)] => format!("exchange {} and {}", words.session(*one), words.session(*other)),
        _ => {
            let moves = change
                .iter()
                .map(|(session, place)| format!("move {} to {}", words.session(*session), words.place(*place)));
            words::list(moves)
        }
    };
    match cost {
        0 => format!("{what}: costs as much elsewhere"),
        1.. => format!("{what}: costs {cost} more in all"),
        _ => format!("{what}: saves {} in all", cost.unsigned_abs()),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fmt::Write as _;

    use super::*;
    use crate::document::read_problem;

    /// Sessions for too few rooms, some of them with no place, the others with wishes that are broken.
    fn overbooked() -> (Problem, Timetable) {
        let (mut sessions, mut overlap) = (String::new(), String::new());
        for n in 0..12 {
            let comma = if n > 0 { "," } else { "" };
            let _ = write!(sessions, r#"{comma}{{"id":"s{n}","duration":2,"people":["p{}"]}}"#, n % 5);
            let _ = write!(overlap, r#"{comma}["s{n}","s{}",3]"#, (n + 1) % 12);
        }
        let document = format!(
            r#"{{"format":"conman-schedule-problem/1","days":1,"slots_per_day":8,"rooms":[{{"id":"q","capacity":1}},{{"id":"r","capacity":1}}],
                "people":[{{"id":"p0"}},{{"id":"p1"}},{{"id":"p2"}},{{"id":"p3"}},{{"id":"p4"}}],"sessions":[{sessions}],"overlap":[{overlap}]}}"#
        );
        let problem = read_problem(document.as_bytes()).unwrap();
        let place = |session: u32| Place { start: session / 2 * 2, room: session % 2 };
        let places = (0..12).map(|session| (session < 8).then(|| place(session))).collect();
        (problem, Timetable { places })
    }

    #[test]
    fn what_there_is_no_time_for_is_left_out_and_the_rest_is_the_same() {
        let (problem, timetable) = overbooked();
        let whole = explain(&problem, &timetable);
        assert!(whole.unplaced.len() == 4 && whole.more_unplaced == 0 && !whole.wishes.is_empty());
        let mut asked = 0_u32;
        loop {
            let left = Cell::new(asked);
            let go_on = || left.replace(left.get().saturating_sub(1)) > 0;
            let cut = explain_while(&problem, &timetable, &go_on);
            assert_eq!((cut.cost, cut.wishes.len()), (whole.cost, whole.wishes.len()));
            assert_eq!(cut.unplaced, whole.unplaced[..cut.unplaced.len()]);
            assert_eq!(cut.more_unplaced, 4 - cut.unplaced.len());
            for (cut, whole) in cut.wishes.iter().zip(&whole.wishes) {
                assert!(cut.mend == Mend::NotSought || cut == whole, "after {asked}: {cut:?} {whole:?}");
            }
            if cut == whole {
                break;
            }
            asked += 1;
        }
        assert!(asked > 20, "{asked}");
    }
}
