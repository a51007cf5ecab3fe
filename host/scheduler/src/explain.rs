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

pub use self::blockers::{Blocker, Count};
use self::blockers::{Blockers, Cause};
use self::domain::Domains;
use self::mend::Found;
pub use self::reschedule::reschedule;
use self::standing::Standing;
pub use self::trade_offs::{TradeOff, trade_offs};
use self::wishes::{Broken, Named};
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
/// So many sessions are named of those that a wish is about, or a reason; of rooms and people as many.
pub const NAMED: usize = 50;
/// Bytes of all that is told of sessions without a place and of wishes: ids may be long.
pub const TOLD_BYTES: usize = 4 << 20;

/// Why a timetable is as it is, with the ids of the problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What it costs.
    pub cost: Total,
    /// What keeps each session without a place from having one, the first 200 in order of the problem, as far as there is time and
    /// room to tell.
    pub unplaced: Vec<Unplaced>,
    /// Sessions without a place besides.
    pub more_unplaced: usize,
    /// The broken wishes that cost most, those first, as far as there is room to tell.
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
    /// The sessions it is about, so many at the most as are named.
    pub sessions: Vec<String>,
    /// Sessions it is about besides.
    pub more_sessions: usize,
    /// Whose wish it is, if it is a person's.
    pub people: Vec<String>,
    /// The rooms that those sessions are in that are named.
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
    explained(&Standing::new(problem, timetable).looking_while(go_on), timetable, TOLD_BYTES)
}

fn explained(standing: &Standing<'_>, timetable: &Timetable, bytes: usize) -> Explanation {
    let (problem, mut left) = (standing.problem, Left(bytes));
    let cost = check::cost(problem, timetable);
    let unplaced = reasons_of(standing, timetable, &mut left, |index, causes| {
        let words = Words(problem);
        let reasons = causes.into_iter().map(|cause| cause.told(words, index)).collect();
        Unplaced { session: words.session_id(index), reasons }
    });
    let (broken, more) = wishes::dearest(standing);
    let mends = mend::cheapest(standing, &Domains::of_each(problem), &broken);
    let mut named = Named::new(standing);
    let all = broken.iter().zip(mends).map(|(broken, found)| wish(standing, &mut named, broken, found));
    let wishes: Vec<_> = all.take_while(|wish| left.has_room_for(wish)).collect();
    Explanation {
        cost: Total { unplaced: cost.unplaced, soft: cost.soft(), terms: cost.terms },
        more_unplaced: (cost.unplaced as usize).saturating_sub(unplaced.len()),
        unplaced,
        more_wishes: more + broken.len() - wishes.len(),
        wishes,
    }
}

/// Bytes that may still be told.
struct Left(usize);

impl Left {
    /// Whether there is room for one more; if so, it takes it.
    fn has_room_for(&mut self, one: &impl Serialize) -> bool {
        let left = serde_json::to_vec(one).ok().and_then(|text| self.0.checked_sub(text.len()));
        left.is_some_and(|left| {
            self.0 = left;
            true
        })
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
    let standing = Standing::new(problem, timetable).looking_while(go_on);
    let reasons = reasons_of(&standing, timetable, &mut Left(TOLD_BYTES), |session, causes| {
        (session, causes.into_iter().map(Cause::reason).collect())
    });
    reasons.into_iter().collect()
}

/// What keeps sessions from having a place, as it is told, as long as there is time and room.
fn reasons_of<T: Serialize>(
    standing: &Standing<'_>,
    timetable: &Timetable,
    left: &mut Left,
    told: impl Fn(SessionIndex, Vec<Cause>) -> T,
) -> Vec<T> {
    let mut blockers = Blockers::new(standing);
    let unplaced = timetable.unplaced().take(UNPLACED_TOLD).take_while(|_| (standing.go_on)());
    let reasons = unplaced.map_while(|session| Some(told(session, blockers.of(session)?)));
    reasons.take_while(|one| left.has_room_for(one)).collect()
}

fn wish(standing: &Standing<'_>, named: &mut Named<'_, '_>, broken: &Broken, found: Found) -> Wish {
    let (words, problem) = (Words(standing.problem), standing.problem);
    let (sessions, more_sessions) = named.of(broken.wish);
    let mut rooms: Vec<_> = sessions.iter().filter_map(|session| Some(standing.place(*session, &[])?.room)).collect();
    rooms.sort_unstable();
    rooms.dedup();
    let mend = match found {
        Found::Moves(change, cost, left) => Mend::Found {
            left,
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
        more_sessions,
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

    #[test]
    fn reasons_are_told_first_and_what_there_is_no_room_for_is_counted() {
        let (problem, timetable) = overbooked();
        let whole = explain(&problem, &timetable);
        let standing = Standing::new(&problem, &timetable);
        let bytes =
            |many: usize| whole.unplaced.iter().take(many).map(|one| serde_json::to_vec(one).unwrap().len()).sum();
        let wish = serde_json::to_vec(&whole.wishes[0]).unwrap().len();
        let cases = [(0, 0, 0), (bytes(1), 1, 0), (bytes(4) + wish - 1, 4, 0), (bytes(4) + wish, 4, 1)];
        for (bytes, unplaced, wishes) in cases {
            let short = explained(&standing, &timetable, bytes);
            assert_eq!((&short.unplaced[..], short.more_unplaced), (&whole.unplaced[..unplaced], 4 - unplaced));
            assert_eq!((&short.wishes[..], short.more_wishes), (&whole.wishes[..wishes], whole.wishes.len() - wishes));
        }
    }

    /// Sixty sessions that want the same slot of one room, in a group that should stand together and on more days than there are.
    #[test]
    fn of_many_sessions_some_are_named_and_the_others_counted() {
        let ids: Vec<_> = (0..60).map(|n| format!("\"s{n}\"")).collect();
        let sessions = ids.iter().map(|id| format!(r#"{{"id":{id},"duration":1}}"#)).collect::<Vec<_>>().join(",");
        let group =
            format!(r#"{{"id":"g","sessions":[{}],"min_days":9,"compact":true,"same_room":true}}"#, ids.join(","));
        let problem = |slots: u32, rooms: &str| {
            let document = format!(
                r#"{{"format":"conman-schedule-problem/1","days":1,"slots_per_day":{slots},"rooms":[{rooms}],
                    "sessions":[{sessions}],"groups":[{group}]}}"#
            );
            read_problem(document.as_bytes()).unwrap()
        };
        // One has no place in a room for 59.
        let short = problem(59, r#"{"id":"r","capacity":1}"#);
        let places = (0..60).map(|session| (session != 58).then_some(Place { start: session % 59, room: 0 })).collect();
        let mut timetable = Timetable { places };
        timetable.places[59] = Some(Place { start: 58, room: 0 });
        let told = explain(&short, &timetable);
        let reason = &told.unplaced[0].reasons[0];
        assert_eq!((reason.constraint, reason.sessions.len(), reason.more_sessions), ("room_busy", NAMED, 60 - NAMED));
        assert!(reason.sessions.contains(&"s58".to_owned()), "{reason:?}");
        let missing = told.wishes.iter().find(|wish| wish.constraint == "missing_day").unwrap();
        assert_eq!((missing.sessions.len(), missing.more_sessions), (NAMED, 59 - NAMED));

        // Each stands alone, and is the first to be named.
        let rooms = (0..60).map(|n| format!(r#"{{"id":"r{n}","capacity":1}}"#)).collect::<Vec<_>>().join(",");
        let wide = problem(120, &rooms);
        let places = (0..60).map(|session| Some(Place { start: 2 * session, room: session })).collect();
        let told = explain(&wide, &Timetable { places });
        let alone: Vec<_> = told.wishes.iter().filter(|wish| wish.constraint == "isolated").collect();
        assert_eq!(alone.len(), 60);
        for (number, wish) in alone.iter().enumerate() {
            assert_eq!((wish.sessions.len(), wish.more_sessions), (NAMED, 60 - NAMED));
            assert_eq!(wish.sessions[0], format!("s{number}"));
            assert_eq!(wish.sessions.iter().collect::<std::collections::BTreeSet<_>>().len(), NAMED);
            assert!(wish.rooms.len() == NAMED, "{wish:?}");
        }
    }
}
