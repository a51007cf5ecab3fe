//! Re-solving after a change: what each number of moves buys.
//!
//! The problem is solved several times: with everything held where it is that can stay there, and with moves cheaper from time to
//! time. From each timetable moves are then taken back, the cheapest first, and at last sessions that moved are left out. The first,
//! which has the fewest moves, is also mended further, move by move. Of all timetables on these ways the best for each number of moves
//! is kept.

use std::collections::BTreeMap;
use std::time::Instant;

use super::domain::Domains;
use super::onward;
use super::standing::Standing;
use crate::check;
use crate::problem::{Pin, Place, Problem, SessionIndex};
use crate::solve::{Effort, Found, Watch, solve};
use crate::timetable::Timetable;

/// What a move costs, from one search to the next; in the first only who cannot stay moves at all.
const MOVE_COSTS: [Option<u32>; 6] = [None, Some(1_000), Some(30), Some(8), Some(2), Some(0)];
/// So many timetables are looked at while moves of one are taken back.
const STEPS: usize = 200;
/// So many more moves are looked for, one by one, from the timetable with the fewest.
const ONWARD: usize = 10;

/// A timetable that nothing else found beats with as few moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradeOff {
    /// Sessions of the incumbent that have another place.
    pub moves: usize,
    /// Sessions without a place.
    pub unplaced: u32,
    /// The soft cost, without what moves cost.
    pub soft: u64,
    /// Where everything is.
    pub timetable: Timetable,
}

impl TradeOff {
    /// How many sessions of the incumbent a timetable has elsewhere.
    pub(super) fn moves_of(problem: &Problem, timetable: &Timetable) -> usize {
        moved(problem, timetable).len()
    }
}

/// What can be had instead of the incumbent, from few moves to many: each costs less than the one before, counting sessions without
/// a place first. The effort is that of all searches together. Never empty: the first is the incumbent as far as it can stay.
pub fn trade_offs(problem: &Problem, effort: &Effort, watch: &dyn Watch) -> Vec<TradeOff> {
    let domains = Domains::of_each(problem);
    let mut front = Front { plain: at_cost(problem, 0), best: BTreeMap::new() };
    let began = Instant::now();
    for (at, cost) in (0u32..).zip(MOVE_COSTS) {
        let left = MOVE_COSTS.len() as u32 - at;
        let share = Effort {
            time: effort.time.saturating_sub(began.elapsed()) / left,
            iterations: effort.iterations.map(|iterations| iterations / MOVE_COSTS.len() as u64),
            ..*effort
        };
        let problem = cost.map_or_else(|| held(&front.plain, &domains), |cost| at_cost(problem, cost));
        let found = solve(&problem, &share, &Quietly(watch));
        if at == 0 {
            let until = began.elapsed() + share.time / 2;
            front.go_onward(&domains, found.timetable.clone(), &|| began.elapsed() < until && !watch.is_cancelled());
        }
        front.take_back(&domains, found);
        if watch.is_cancelled() {
            break;
        }
    }
    front.sorted()
}

/// The best timetable found with no more than so many moves from the incumbent.
pub fn reschedule(problem: &Problem, moves: usize, effort: &Effort, watch: &dyn Watch) -> TradeOff {
    let mut all = trade_offs(problem, effort, watch);
    // The first has no move.
    let within = all.iter().take_while(|one| one.moves <= moves).count();
    all.swap_remove(within.saturating_sub(1))
}

/// The problem, with another price of moves.
fn at_cost(problem: &Problem, cost: u32) -> Problem {
    let mut problem = problem.clone();
    (problem.weights.moved_time, problem.weights.moved_room) = (cost, cost);
    problem
}

/// The problem, with all pinned to their places that can stay there together.
fn held(problem: &Problem, domains: &Domains<'_>) -> Problem {
    let can_stay =
        |(session, place): (SessionIndex, &Option<Place>)| place.filter(|place| domains.allow(session, *place));
    let mut stay = Timetable { places: (0u32..).zip(&problem.incumbent).map(can_stay).collect() };
    loop {
        let broken = check::broken(problem, &stay);
        if broken.is_empty() {
            break;
        }
        broken.iter().for_each(|broken| stay.places[broken.session as usize] = None);
    }
    let mut held = problem.clone();
    for (session, place) in held.sessions.iter_mut().zip(&stay.places) {
        if let Some(place) = place {
            session.pin = Pin { start: Some(place.start), room: Some(place.room) };
        }
    }
    held
}

/// Only what ends a search is asked: what one search finds is no answer yet.
struct Quietly<'w>(&'w dyn Watch);

impl Watch for Quietly<'_> {
    fn better(&self, _found: &Found) {}

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// The best timetable for each number of moves.
struct Front {
    /// The problem, with moves for nothing.
    plain: Problem,
    best: BTreeMap<usize, TradeOff>,
}

impl Front {
    fn sorted(self) -> Vec<TradeOff> {
        let mut sorted: Vec<TradeOff> = Vec::new();
        for one in self.best.into_values() {
            if sorted.last().is_none_or(|last| (one.unplaced, one.soft) < (last.unplaced, last.soft)) {
                sorted.push(one);
            }
        }
        sorted
    }

    fn add(&mut self, timetable: &Timetable) {
        let moves = TradeOff::moves_of(&self.plain, timetable);
        let cost = check::cost(&self.plain, timetable);
        let price = (cost.unplaced, cost.soft());
        if self.best.get(&moves).is_none_or(|best| price < (best.unplaced, best.soft)) {
            let (unplaced, soft) = price;
            self.best.insert(moves, TradeOff { moves, unplaced, soft, timetable: timetable.clone() });
        }
    }

    /// Adds timetables with more moves that one leads to, as long as there is time.
    fn go_onward(&mut self, domains: &Domains<'_>, mut timetable: Timetable, go_on: &dyn Fn() -> bool) {
        for _ in 0..ONWARD {
            let Some(next) = onward::step(&self.plain, &timetable, domains, go_on) else { break };
            self.add(&next);
            timetable = next;
        }
    }

    /// Adds a timetable and those with fewer moves that it leads to.
    fn take_back(&mut self, domains: &Domains<'_>, found: Found) {
        let mut timetable = found.timetable;
        self.add(&timetable);
        let at_once = moved(&self.plain, &timetable).len().div_ceil(STEPS).max(1);
        loop {
            let cheapest = ways_back(&self.plain, &timetable, domains);
            if cheapest.is_empty() {
                break;
            }
            for way in cheapest.into_iter().take(at_once) {
                let mut back = timetable.clone();
                way.iter().for_each(|(session, place)| back.places[*session as usize] = Some(*place));
                // Several at once may be in each other's way.
                if at_once == 1 || check::broken(&self.plain, &back).is_empty() {
                    timetable = back;
                }
            }
            self.add(&timetable);
        }
        // What cannot go back goes without a place.
        while let Some(session) = cheapest_to_leave_out(&self.plain, &timetable) {
            timetable.places[session as usize] = None;
            self.add(&timetable);
        }
    }
}

/// Sessions that are elsewhere than in the incumbent.
fn moved(problem: &Problem, timetable: &Timetable) -> Vec<(SessionIndex, Place)> {
    let pairs = (0u32..).zip(problem.incumbent.iter().zip(&timetable.places));
    pairs
        .filter_map(|(session, (was, is))| Some((session, was.filter(|was| is.is_some_and(|is| is != *was))?)))
        .collect()
}

/// For each session that moved: who would have to go back with it, and where to; those first that cost the least.
fn ways_back(problem: &Problem, timetable: &Timetable, domains: &Domains<'_>) -> Vec<Vec<(SessionIndex, Place)>> {
    let standing = Standing::new(problem, timetable);
    let moved: BTreeMap<_, _> = moved(problem, timetable).into_iter().collect();
    let mut ways = Vec::new();
    for (session, place) in &moved {
        let mut way = vec![(*session, *place)];
        let mut at = 0;
        let possible = loop {
            let Some((session, place)) = way.get(at).copied() else { break true };
            at += 1;
            if !domains.allow(session, place) {
                break false;
            }
            let others = standing.in_the_way(session, place).into_iter().map(|other| other.who);
            let others: Vec<_> = others.filter(|who| way.iter().all(|(one, _)| one != who)).collect();
            let back: Vec<_> = others.iter().filter_map(|who| Some((*who, *moved.get(who)?))).collect();
            if back.len() < others.len() {
                break false;
            }
            back.into_iter().for_each(|step| {
                if !way.contains(&step) {
                    way.push(step);
                }
            });
        };
        if possible && standing.is_free(&way) {
            let who: Vec<_> = way.iter().map(|(session, _)| *session).collect();
            let price =
                |change: &[_]| i128::from(standing.cost_in_time(&who, change) + standing.cost_in_rooms(&who, change));
            ways.push((price(&way) - price(&[]), way));
        }
    }
    ways.sort_by_key(|(price, way)| (*price, way.len(), way.first().map(|(session, _)| *session)));
    ways.into_iter().map(|(_, way)| way).collect()
}

/// The session that moved and saves the most when it has no place.
fn cheapest_to_leave_out(problem: &Problem, timetable: &Timetable) -> Option<SessionIndex> {
    let standing = Standing::new(problem, timetable);
    let price =
        |session: SessionIndex| standing.cost_in_time(&[session], &[]) + standing.cost_in_rooms(&[session], &[]);
    moved(problem, timetable).into_iter().map(|(session, _)| session).max_by_key(|session| (price(*session), *session))
}
