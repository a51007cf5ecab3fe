//! Re-solving after a change: what each number of moves buys.
//!
//! The problem is solved several times: with everything held where it is that can stay there, and with moves cheaper from time to
//! time. From each timetable moves are then taken back, the cheapest first. The first, which has the fewest moves, is also mended
//! further, move by move. Of all timetables on these ways the best for each number of moves is kept.

use std::time::Instant;

use super::domain::Domains;
use super::homeward::{Homes, Homeward};
use super::onward;
use super::pursuit::{OnTheWay, Pursuit};
use crate::problem::Problem;
use crate::solve::{Effort, Watch};
use crate::timetable::Timetable;

/// What a move costs, from one search to the next; in the first only who cannot stay moves at all.
const MOVE_COSTS: [Option<u32>; 6] = [None, Some(1_000), Some(30), Some(8), Some(2), Some(0)];
/// So many more moves are looked for, one by one, from the timetable with the fewest.
const ONWARD: usize = 10;
/// How much of the time of each search is left for what follows from its timetable.
const BACK: f64 = 0.25;

/// A timetable that nothing else found beats with as few moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradeOff {
    /// Sessions of the incumbent that have another place, or that have none though they could have stayed.
    pub moves: usize,
    /// Sessions without a place.
    pub unplaced: u32,
    /// The soft cost, without what moves cost.
    pub soft: u64,
    /// Where everything is.
    pub timetable: Timetable,
}

impl TradeOff {
    /// What it costs, apart from its moves.
    pub(super) fn price(&self) -> (u32, u64) {
        (self.unplaced, self.soft)
    }
}

/// What can be had instead of the incumbent, from few moves to many: each costs less than the one before, counting sessions without
/// a place first. The effort is that of all searches together, with what follows from them. Never empty: the first is the incumbent as
/// far as it can stay.
pub fn trade_offs(problem: &Problem, effort: &Effort, watch: &dyn Watch) -> Vec<TradeOff> {
    let began = Instant::now();
    let plain = at_cost(problem, 0);
    let domains = Domains::of_each(&plain);
    let homes = Homes::new(&plain, &domains);
    let pursuit = Pursuit::new(&homes, effort, watch, began, None);
    pursuit.add(&homes.timetable().places);
    let mut homeward = Homeward::new(&homes, &domains);
    for (at, cost) in MOVE_COSTS.into_iter().enumerate() {
        let Some(stage) = pursuit.stage(1.0 / (MOVE_COSTS.len() - at) as f64) else { break };
        let goes_on = || stage.goes_on();
        let problem =
            cost.map_or_else(|| homes.held(|session| homes.stay(session).is_none()), |cost| at_cost(&plain, cost));
        let found = stage.search(&problem, &plain.incumbent, BACK, OnTheWay::IsNothing).timetable;
        drop(problem);
        if at == 0 {
            let mut next = found.clone();
            for _ in 0..ONWARD {
                let Some(further) = onward::step(&homes, &next, &domains, usize::MAX, &goes_on) else { break };
                pursuit.add(&further.places);
                next = further;
            }
        }
        homeward.set_out(&found.places);
        homeward.go(0, &goes_on, &mut |places| pursuit.add(places));
    }
    pursuit.into_trade_offs()
}

/// The problem, with another price of moves.
pub(super) fn at_cost(problem: &Problem, cost: u32) -> Problem {
    let mut problem = problem.clone();
    (problem.weights.moved_time, problem.weights.moved_room) = (cost, cost);
    problem
}
