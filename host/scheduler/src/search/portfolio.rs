//! Several threads that search side by side, each from another seed, and now and then go on from the best that any of them has found.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::anneal;
use super::best::Best;
use super::clock::Clock;
use super::model::Model;
use super::moves::Walker;
use super::state::State;
use crate::check;
use crate::problem::{Place, Problem};
use crate::solve::{Counted, Effort, Found, Watch};
use crate::timetable::Timetable;

/// Looks for the best timetable that the effort allows, beginning with what is possible of `from`.
pub(crate) fn search(problem: &Problem, from: &[Option<Place>], effort: &Effort, watch: &dyn Watch) -> Found {
    let began = Instant::now();
    let model = Model::new(problem);
    let stop = AtomicBool::new(false);
    let threads = u64::from(effort.threads.get());
    let board = Board::new(model.problem, watch);
    // Each thread makes its share of the proposals; the first makes what is left over.
    let share = |thread: u64| {
        let iterations =
            effort.iterations.map(|all| if thread == 0 { all - all / threads * (threads - 1) } else { all / threads });
        Effort { iterations, seed: effort.seed.wrapping_add(thread), ..*effort }
    };
    let search = |thread: u64| {
        let mut clock = Clock::new(began, share(thread), watch, &stop);
        let mut walker = Walker::new(State::new(&model), Rng::with_seed(share(thread).seed));
        let mut best = anneal::place_all(&mut walker, from, &clock);
        board.offer(&best, &clock);
        anneal::anneal(&mut walker, &mut best, &mut clock, &board, threads > 1);
        board.finish(&best, &clock);
    };
    thread::scope(|scope| {
        for thread in 1..threads {
            let search = &search;
            scope.spawn(move || search(thread));
        }
        search(0);
    });
    board.into_found(began.elapsed())
}

/// Where all threads write what they find.
pub(crate) struct Board<'p> {
    problem: &'p Problem,
    watch: &'p dyn Watch,
    leader: Mutex<Leader>,
}

struct Leader {
    places: Vec<Option<Place>>,
    rank: (u32, i64),
    /// Proposals made by threads that have ended.
    proposals: u64,
    /// When somebody may be told of something better next.
    next: Duration,
    /// Whether nobody has been told of the leader yet.
    untold: bool,
}

impl<'p> Board<'p> {
    fn new(problem: &'p Problem, watch: &'p dyn Watch) -> Self {
        let leader = Leader {
            places: Vec::new(),
            rank: (u32::MAX, i64::MAX),
            proposals: 0,
            next: Duration::ZERO,
            untold: false,
        };
        Self { problem, watch, leader: Mutex::new(leader) }
    }

    /// Takes what a thread has found, if it is better than all before. Answers whether it is still to be told: then offer it again.
    pub(crate) fn offer(&self, best: &Best, clock: &Clock<'_>) -> bool {
        /// For each moment spent on telling, this many are spent on searching.
        const SEARCHING: u32 = 50;
        let mut leader = self.leader.lock().unwrap_or_else(PoisonError::into_inner);
        if best.rank() < leader.rank {
            leader.rank = best.rank();
            leader.places.clear();
            leader.places.extend_from_slice(best.places());
            leader.untold = true;
        }
        let now = clock.elapsed();
        if leader.untold && now >= leader.next {
            leader.untold = false;
            self.watch.better(&self.found(&leader, now, clock.proposals()));
            let after = clock.elapsed();
            leader.next = after + (after - now) * SEARCHING;
        }
        leader.untold
    }

    /// The best that any thread has found, if it is better than this one's.
    pub(crate) fn better_than(&self, rank: (u32, i64)) -> Option<Vec<Option<Place>>> {
        let leader = self.leader.lock().unwrap_or_else(PoisonError::into_inner);
        (leader.rank < rank).then(|| leader.places.clone())
    }

    fn finish(&self, best: &Best, clock: &Clock<'_>) {
        let mut leader = self.leader.lock().unwrap_or_else(PoisonError::into_inner);
        if best.rank() < leader.rank {
            leader.rank = best.rank();
            leader.places.clear();
            leader.places.extend_from_slice(best.places());
        }
        leader.proposals += clock.proposals();
    }

    fn into_found(self, elapsed: Duration) -> Found {
        let leader = self.leader.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.found(&leader, elapsed, leader.proposals);
        self.watch.better(&found);
        found
    }

    fn found(&self, leader: &Leader, elapsed: Duration, iterations: u64) -> Found {
        let timetable = Timetable { places: leader.places.clone() };
        let (unplaced, soft) = leader.rank;
        let counted = Counted { unplaced, soft: u64::try_from(soft).unwrap_or(u64::MAX) };
        Found { cost: check::cost(self.problem, &timetable), counted, timetable, elapsed, iterations }
    }
}
