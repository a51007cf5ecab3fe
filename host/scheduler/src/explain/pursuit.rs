//! Several searches for one answer, one after the other: how much of the effort is left for each, and what was best so far.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
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
    /// The longest that a search took to begin: to say what may move, to make its tables, and to put everything where it was.
    beginnings: Duration,
}

/// A part of the effort. Where proposals are counted the time divides nothing, so that it does not matter how long anything takes.
pub(super) struct Stage<'p> {
    pursuit: &'p Pursuit<'p>,
    began: Instant,
    end: Instant,
    iterations: Option<u64>,
    seed: u64,
}

impl<'p> Pursuit<'p> {
    /// `began`: when the solver was called.
    pub(super) fn new(
        homes: &'p Homes<'p>,
        effort: &'p Effort,
        watch: &'p dyn Watch,
        began: Instant,
        within: Option<usize>,
    ) -> Self {
        Self { homes, effort, watch, began, within, state: Mutex::default() }
    }

    /// So much of what is left of the effort, from 0 to 1; none if it is over, or if nothing can be better than the best.
    pub(super) fn stage(&self, share: f64) -> Option<Stage<'_>> {
        let state = self.state();
        let time = self.effort.time.saturating_sub(self.began.elapsed());
        let iterations = self.effort.iterations.map(|all| all.saturating_sub(state.iterations));
        let is_over = time <= state.beginnings * WORTH || iterations == Some(0) || self.watch.is_cancelled();
        if is_over || state.best.values().any(|best| self.within.is_some() && best.price() == (0, 0)) {
            return None;
        }
        let of_time = if iterations.is_some() { time } else { time.mul_f64(share).max(state.beginnings * WORTH) };
        let iterations = iterations.map(|left| ((left as f64 * share) as u64).max(1));
        Some(self.part(of_time, iterations))
    }

    /// All that is left of the time, however good the best is.
    pub(super) fn rest(&self) -> Stage<'_> {
        self.part(self.effort.time.saturating_sub(self.began.elapsed()), None)
    }

    fn part(&self, time: Duration, iterations: Option<u64>) -> Stage<'_> {
        let began = Instant::now();
        Stage { pursuit: self, began, end: began + time, iterations, seed: self.effort.seed }
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
        if self.within.is_some() {
            // One is enough, and they are large.
            if state.best.values().any(|best| (best.price(), best.moves) <= (one.price(), moves)) {
                return;
            }
            state.best.clear();
            let (timetable, iterations) = (one.timetable.clone(), state.iterations + iterations);
            let (counted, elapsed) = (Counted::from(&cost), self.began.elapsed());
            self.watch.better(&Found { timetable, cost, counted, elapsed, iterations });
        } else {
            if state.best.range(..=moves).any(|(_, other)| other.price() <= one.price()) {
                return;
            }
            state.best.retain(|more, other| *more < moves || other.price() < one.price());
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

/// Looks on while one of the searches goes on.
struct Onlooker<'s> {
    stage: &'s Stage<'s>,
    /// How long after the beginning of the stage it told of something first.
    beginning: OnceLock<Duration>,
    counts: OnTheWay,
}

impl Watch for Onlooker<'_> {
    fn better(&self, found: &Found) {
        self.beginning.get_or_init(|| self.stage.began.elapsed());
        if self.counts == OnTheWay::Counts {
            self.stage.pursuit.note(&found.timetable.places, found.iterations);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.stage.pursuit.watch.is_cancelled()
    }
}

/// What is told of on the way of a search depends on the clock. So it counts only where the search's end is as good.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OnTheWay {
    /// The search's cost is the one that is compared, and it finds nothing with too many moves.
    Counts,
    IsNothing,
}

// === impl Stage ===

impl Stage<'_> {
    /// The same with so many proposals at most, and another beginning of chance.
    pub(super) fn round(self, proposals: u64, seed: u64) -> Self {
        let iterations = Some(self.iterations.map_or(proposals, |left| left.min(proposals)));
        Self { iterations, seed, ..self }
    }

    /// Searches from a timetable. Of the stage so much of what is left, from 0 to 1, is for what comes after it.
    pub(super) fn search(&self, problem: &Problem, from: &[Option<Place>], leave: f64, on_the_way: OnTheWay) -> Found {
        let pursuit = self.pursuit;
        let left = self.end.saturating_duration_since(Instant::now());
        let time = if self.is_counted() { left } else { left.mul_f64(1.0 - leave) };
        let effort = Effort { time, iterations: self.iterations, seed: self.seed, ..*pursuit.effort };
        let onlooker = Onlooker { stage: self, beginning: OnceLock::new(), counts: on_the_way };
        let found = resume(problem, &Timetable { places: from.to_vec() }, &effort, &onlooker);
        let mut state = pursuit.state();
        state.iterations += found.iterations;
        state.beginnings = onlooker.beginning.get().copied().unwrap_or_default().max(state.beginnings);
        drop(state);
        pursuit.add(&found.timetable.places);
        found
    }

    /// Whether it ends after a number of proposals.
    pub(super) fn is_counted(&self) -> bool {
        self.pursuit.effort.iterations.is_some()
    }

    pub(super) fn goes_on(&self) -> bool {
        Instant::now() < self.end && !self.pursuit.watch.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::super::domain::Domains;
    use super::*;
    use crate::document::read_problem;

    #[test]
    fn time_is_divided_only_where_proposals_are_not_counted() {
        let document = br#"{"format":"conman-schedule-problem/1","days":1,"slots_per_day":1,
            "rooms":[{"id":"r","capacity":1}],"sessions":[{"id":"s","duration":1}]}"#;
        let problem = read_problem(document).unwrap();
        let domains = Domains::of_each(&problem);
        let homes = Homes::new(&problem, &domains);
        let time = Duration::from_secs(1_000);
        for (iterations, share, least, most) in
            [(None, 0.2, 0, 200), (Some(1_000), 0.2, 900, 1_000), (None, 1.0, 900, 1_000)]
        {
            let effort = Effort { time, iterations, threads: 1.try_into().unwrap(), seed: 1 };
            let pursuit = Pursuit::new(&homes, &effort, &(), Instant::now(), Some(1));
            let stage = pursuit.stage(share).unwrap();
            let lasts = (stage.end - stage.began).as_secs();
            assert!((least..=most).contains(&lasts), "{iterations:?}: {lasts} s");
            assert_eq!(stage.iterations, iterations.map(|all| all / 5));
        }
    }
}
