//! Re-solving after a change with so many moves at most.
//!
//! First everything that can stay is held, so that there is an answer within moments. Then moves are made one by one, and found by
//! searches in which they cost something, from whose timetables those that are too many are taken back. Whatever time is left goes
//! into searches in which only a few sessions may move, no more than there may be moves: those of the best timetable, some of them
//! exchanged for others by chance. Moves that buy nothing are taken back.

use std::time::Instant;

use fastrand::Rng;

use super::domain::Domains;
use super::homeward::{Homes, Homeward};
use super::pursuit::{OnTheWay, Pursuit, Stage};
use super::wishes::{self, Broken};
use super::{onward, trade_offs};
use crate::problem::{Place, Problem, SessionIndex};
use crate::solve::{Effort, Found, Watch};
use crate::timetable::Timetable;

/// What a move costs in searches that may move everything. Cheaper ones lead to more moves.
const MOVE_COSTS: [u32; 4] = [1_000, 30, 8, 2];
/// Of a timetable with more than so many times the moves that there may be, no cheaper ones are looked for;
const TOO_MANY: usize = 4;
/// where there may be fewer than so many, as if it were so many.
const FEW: usize = 4;
/// Shares of what is left of the effort: for who has to move, for moves one by one, and for each price of a move.
const HELD: f64 = 0.2;
const ONWARD: f64 = 0.2;
const PRICED: f64 = 0.15;
/// Moves one by one where proposals are counted, which says nothing of how long these take.
const STEPS: usize = 10;
/// How much of a stage is left for taking moves back.
const BACK: f64 = 0.25;
/// Proposals of a search in which a few sessions may move, for each of them.
const ROUND: u64 = 300;
/// After so many of these in a row in which nobody could move nobody can.
const IDLE: usize = 100;
/// So many of the best timetable's moves are exchanged for others at most.
const EXCHANGED: usize = 3;

/// Looks for the best timetable with no more than so many moves: sessions of the incumbent that have another place, or that have none
/// though they could have stayed. Who has to go for want of moves has no place.
///
/// Of what is found within them `watch` is told as of any search. `from` is a timetable that was found before; nothing worse is found,
/// if it has no more moves.
pub fn reschedule(
    problem: &Problem,
    moves: usize,
    from: Option<&Timetable>,
    effort: &Effort,
    watch: &dyn Watch,
) -> Found {
    let began = Instant::now();
    let domains = Domains::of_each(problem);
    let homes = Homes::new(problem, &domains);
    let pursuit = Pursuit::new(&homes, effort, watch, began, Some(moves));
    pursuit.add(&homes.timetable().places);
    let mut homeward = Homeward::new(&homes, &domains);
    if let (Some(from), Some(stage)) = (from, pursuit.stage(HELD)) {
        homeward.set_out(&from.places);
        homeward.go(moves, &|| stage.goes_on(), &mut |places| pursuit.add(places));
    }
    if incumbents(problem).count() <= moves {
        if let Some(stage) = pursuit.stage(1.0) {
            stage.search(problem, &pursuit.best().places, 0.0, OnTheWay::Counts);
        }
        return pursuit.into_found();
    }
    let mut search = Search {
        moves,
        homes: &homes,
        domains: &domains,
        pursuit: &pursuit,
        homeward,
        random: Rng::with_seed(effort.seed),
    };
    search.held();
    search.onward();
    search.priced();
    search.rounds();
    search.take_back(&pursuit.best(), &pursuit.rest());
    pursuit.into_found()
}

/// The sessions that were somewhere.
fn incumbents(problem: &Problem) -> impl Iterator<Item = SessionIndex> {
    (0u32..).zip(&problem.incumbent).filter(|(_, home)| home.is_some()).map(|(session, _)| session)
}

struct Search<'s> {
    moves: usize,
    homes: &'s Homes<'s>,
    domains: &'s Domains<'s>,
    pursuit: &'s Pursuit<'s>,
    homeward: Homeward<'s>,
    random: Rng,
}

impl Search<'_> {
    /// Only who cannot stay moves.
    fn held(&mut self) {
        let Some(stage) = self.pursuit.stage(HELD) else { return };
        let cannot_stay = |session: &SessionIndex| self.homes.stay(*session).is_none();
        let held = self.homes.held(|session| cannot_stay(&session));
        let on_the_way = match incumbents(self.homes.problem).filter(cannot_stay).count() {
            free if free <= self.moves => OnTheWay::Counts,
            _ => OnTheWay::IsNothing,
        };
        let found = stage.search(&held, &self.pursuit.best().places, BACK, on_the_way);
        drop(held);
        self.take_back(&found.timetable, &stage);
    }

    /// One more move at a time.
    fn onward(&mut self) {
        let Some(stage) = self.pursuit.stage(ONWARD) else { return };
        let mut best = self.pursuit.best();
        let steps = if stage.is_counted() { STEPS } else { usize::MAX };
        for _ in 0..steps {
            let step = onward::step(self.homes, &best, self.domains, self.moves, &|| stage.goes_on());
            let Some(next) = step else { return };
            self.pursuit.add(&next.places);
            best = next;
        }
    }

    /// Everything may move, for a price.
    fn priced(&mut self) {
        for cost in MOVE_COSTS {
            let Some(stage) = self.pursuit.stage(PRICED) else { return };
            let problem = trade_offs::at_cost(self.homes.problem, cost);
            let found = stage.search(&problem, &self.pursuit.best().places, BACK, OnTheWay::IsNothing);
            drop(problem);
            let many = self.homes.moves(&found.timetable.places);
            self.take_back(&found.timetable, &stage);
            if many > TOO_MANY * self.moves.max(FEW) {
                return;
            }
        }
    }

    fn take_back(&mut self, found: &Timetable, stage: &Stage<'_>) {
        self.homeward.set_out(&found.places);
        self.homeward.go(self.moves, &|| stage.goes_on(), &mut |places| self.pursuit.add(places));
    }

    /// Only a few may move, now these, now those.
    fn rounds(&mut self) {
        let all: Vec<SessionIndex> = incumbents(self.homes.problem).collect();
        let new = self.homes.problem.incumbent.len() - all.len();
        let mut best: Vec<Option<Place>> = Vec::new();
        let mut broken = Vec::new();
        let mut idle = 0;
        while let Some(stage) = self.pursuit.stage(1.0).filter(|_| idle < IDLE) {
            let now = self.pursuit.best().places;
            self.homeward.set_out(&now);
            if now != best {
                (broken, _) = wishes::dearest(self.homeward.standing());
                best = now;
            }
            let free = self.few(&all, &broken);
            let held = self.homes.held(|session| free[session as usize]);
            let round = stage.round(ROUND * (self.moves + new).max(1) as u64, self.random.u64(..));
            let found = round.search(&held, self.homeward.standing().places(), 0.0, OnTheWay::Counts);
            idle = if found.iterations > 0 { 0 } else { idle + 1 };
        }
    }

    /// The sessions that may move in a round, by session. The timetable on its way back is then one in which no others have.
    fn few(&mut self, all: &[SessionIndex], broken: &[Broken]) -> Vec<bool> {
        let mut away = self.homes.away(self.homeward.standing().places());
        for _ in 0..self.random.usize(0..=away.len().min(EXCHANGED)) {
            let back = away.swap_remove(self.random.usize(..away.len()));
            self.homeward.take_back(back);
        }
        let places = self.homeward.standing().places();
        let homeless: Vec<_> = all.iter().copied().filter(|session| places[*session as usize].is_none()).collect();
        let mut free = vec![false; places.len()];
        let away = self.homes.away(places);
        away.iter().for_each(|session| free[*session as usize] = true);
        let mut left = self.moves.saturating_sub(away.len());
        // Some are drawn twice.
        for _ in 0..4 * left {
            let drawn = match self.random.u32(0..4) {
                0 => self.random.choice(&homeless).copied(),
                1 => self.random.choice(all).copied(),
                _ => self
                    .random
                    .choice(broken)
                    .and_then(|broken| self.random.choice(broken.wish.sessions(self.homeward.standing()))),
            };
            let Some(drawn) = drawn.filter(|drawn| self.homes.problem.incumbent[*drawn as usize].is_some()) else {
                continue;
            };
            if left > 0 && !std::mem::replace(&mut free[drawn as usize], true) {
                left -= 1;
            }
        }
        free
    }
}
