//! Several searches for one answer, one after the other: how much of the effort is left for each, and what was best so far.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::TradeOff;
use super::homeward::Homes;
use crate::check;
use crate::problem::{Place, Problem};
use crate::solve::{Counted, Effort, Found, Watch, resume};
use crate::timetable::Timetable;

/// A search that has less time than this times what it takes to begin one finds nothing, and is over too late.
const WORTH: u32 = 3;

/// What several searches do together.
pub(super) struct Pursuit<'p> {
    homes: &'p Homes<'p>,
    effort: &'p Effort,
    watch: &'p dyn Watch,
    began: Instant,
    /// So many moves an answer may have; none: what each number of them buys is wanted, and nobody is told before the end.
    within: Option<usize>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By moves: the best with so many. Each is better than all with fewer.
    best: BTreeMap<usize, TradeOff>,
    /// Proposals of all searches that are over.
    iterations: u64,
    /// When the search that goes on began, until it has told of something.
    beginning: Option<Instant>,
    /// The longest that a search took to begin: to make its tables, and to put everything where it was.
    beginnings: Duration,
}

/// A part of the effort.
pub(super) struct Stage<'p> {
    watch: &'p dyn Watch,
    end: Instant,
    effort: Effort,
}

impl<'p> Pursuit<'p> {
    pub(super) fn new(homes: &'p Homes<'p>, effort: &'p Effort, watch: &'p dyn Watch, within: Option<usize>) -> Self {
        Self { homes, effort, watch, began: Instant::now(), within, state: Mutex::default() }
    }

    /// So much of what is left of the effort, from 0 to 1; none if it is over, or if nothing can be better than the best.
    pub(super) fn stage(&self, share: f64) -> Option<Stage<'p>> {
        let state = self.state();
        let time = self.effort.time.saturating_sub(self.began.elapsed());
        let iterations = self.effort.iterations.map(|all| all.saturating_sub(state.iterations));
        let is_over = time <= state.beginnings * WORTH || iterations == Some(0) || self.watch.is_cancelled();
        if is_over || state.best.values().any(|best| self.within.is_some() && best.price() == (0, 0)) {
            return None;
        }
        let time = time.mul_f64(share).max(state.beginnings * WORTH);
        let iterations = iterations.map(|left| ((left as f64 * share) as u64).max(1));
        Some(Stage {
            watch: self.watch,
            end: Instant::now() + time,
            effort: Effort { time, iterations, ..*self.effort },
        })
    }

    /// All that is left of the time, however good the best is.
    pub(super) fn rest(&self) -> Stage<'p> {
        let time = self.effort.time.saturating_sub(self.began.elapsed());
        Stage { watch: self.watch, end: Instant::now() + time, effort: Effort { time, ..*self.effort } }
    }

    /// Searches from a timetable; what is found on the way counts, too, where it has few enough moves.
    pub(super) fn search(&self, problem: &Problem, from: &[Option<Place>], effort: &Effort) -> Found {
        self.state().beginning = Some(Instant::now());
        let found = resume(problem, &Timetable { places: from.to_vec() }, effort, self);
        self.state().iterations += found.iterations;
        found
    }

    /// Notes a timetable, if none with as few moves is as good.
    pub(super) fn add(&self, places: &[Option<Place>]) {
        self.note(places, 0);
    }

    fn note(&self, places: &[Option<Place>], iterations: u64) {
        let moves = self.homes.moves(places);
        if self.within.is_some_and(|most| moves > most) {
            return;
        }
        let timetable = Timetable { places: places.to_vec() };
        let cost = check::cost(self.homes.problem, &timetable);
        let one = TradeOff { moves, unplaced: cost.unplaced, soft: cost.soft(), timetable };
        let mut state = self.state();
        if state.best.range(..=moves).any(|(_, other)| other.price() <= one.price()) {
            return;
        }
        state.best.retain(|more, other| *more < moves || other.price() < one.price());
        let is_best = state.best.range(moves..).next().is_none();
        if is_best && self.within.is_some() {
            let (timetable, iterations) = (one.timetable.clone(), state.iterations + iterations);
            let (counted, elapsed) = (Counted::from(&cost), self.began.elapsed());
            self.watch.better(&Found { timetable, cost, counted, elapsed, iterations });
        }
        state.best.insert(moves, one);
    }

    /// The best of all.
    pub(super) fn best(&self) -> Timetable {
        let state = self.state();
        let best = state.best.values().next_back().map(|best| best.timetable.clone());
        best.unwrap_or_else(|| self.homes.timetable())
    }

    /// The best of all, and what it took to find it.
    pub(super) fn into_found(self) -> Found {
        let (timetable, iterations) = (self.best(), self.state().iterations);
        let cost = check::cost(self.homes.problem, &timetable);
        Found { counted: Counted::from(&cost), cost, timetable, elapsed: self.began.elapsed(), iterations }
    }

    /// The best for each number of moves, each better than those with fewer.
    pub(super) fn into_trade_offs(self) -> Vec<TradeOff> {
        std::mem::take(&mut self.state().best).into_values().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Pursuit<'_> {
    fn better(&self, found: &Found) {
        let mut state = self.state();
        if let Some(beginning) = state.beginning.take() {
            state.beginnings = state.beginnings.max(beginning.elapsed());
        }
        drop(state);
        if self.within.is_some() {
            self.note(&found.timetable.places, found.iterations);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.watch.is_cancelled()
    }
}

// === impl Stage ===

impl Stage<'_> {
    /// For a search that is to leave so much of the stage, from 0 to 1, to what comes after it.
    pub(super) fn search(&self, leave: f64) -> Effort {
        Effort { time: self.effort.time.mul_f64(1.0 - leave), ..self.effort }
    }

    pub(super) fn goes_on(&self) -> bool {
        Instant::now() < self.end && !self.watch.is_cancelled()
    }
}
