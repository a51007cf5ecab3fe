//! Simulated annealing: at first much worse moves are accepted as well, then less and less bad ones, until only better ones are.

use std::time::Duration;

use super::best::Best;
use super::clock::{Clock, TURN};
use super::construct;
use super::moves::Walker;
use super::portfolio::Board;
use crate::problem::Place;

/// How often, in the course of a search, a thread looks whether another has found something better to go on from.
const MEETINGS: f64 = 8.0;

/// How often, at the beginning, other sessions may lose their places to one that has none, whatever that costs.
const BOLDNESS: f64 = 0.25;

/// A turn that takes longer than this has slow steps.
const SLOW: Duration = Duration::from_millis(1);

/// Puts sessions where they were, and gives places to the others, as far as there are any and can be found in a reasonable time.
pub(crate) fn place_all(walker: &mut Walker<'_>, from: &[Option<Place>], clock: &Clock<'_>) -> Best {
    construct::restore(&mut walker.state, from);
    let mut best = Best::new(&mut walker.state);
    construct::construct(&mut walker.state, &mut walker.random, &|| !clock.is_over(), |state| {
        best.offer(state);
    });
    best.offer(&mut walker.state);
    if walker.state.rank() > best.rank() {
        walker.state.become_like(best.places());
    }
    best
}

/// Looks for better timetables until the clock says stop. Tells the board of each that is better than the ones before; `together`:
/// with other threads, whose better ones it goes on from now and then.
pub(crate) fn anneal(
    walker: &mut Walker<'_>,
    best: &mut Best,
    clock: &mut Clock<'_>,
    board: &Board<'_>,
    together: bool,
) {
    let scale = Scale::new(walker, clock);
    let mut cycle = Cycle::first(clock, walker.state.model.movable.len());
    let mut meetings = 0.0;
    let mut untold = false;
    // Where steps take long, the clock is looked at after each, or else too many would be made past the end.
    let mut slow = true;
    loop {
        let spent = clock.spent();
        if best.rank() == (0, 0) {
            clock.stop();
        }
        if spent >= 1.0 || best.rank() == (0, 0) || !walker.can_move() {
            return;
        }
        let mut share = cycle.share(clock.proposals(), spent);
        if share >= 1.0 {
            cycle = cycle.next(clock.proposals(), spent);
            share = 0.0;
        }
        walker.cool(scale.temperature(&cycle, share), BOLDNESS * (1.0 - share).powi(2));
        if together && spent * MEETINGS >= meetings + 1.0 {
            meetings += 1.0;
            if let Some(places) = board.better_than(best.rank()) {
                walker.state.become_like(&places);
            }
        }
        let began = clock.elapsed();
        for _ in 0..TURN {
            walker.step();
            untold |= best.offer(&mut walker.state);
            if slow && clock.is_over() {
                break;
            }
        }
        slow = clock.elapsed() - began > SLOW;
        clock.tick(TURN);
        if untold {
            untold = board.offer(best, clock);
        }
    }
}

/// One cooling. The first are short, so that something good is there soon and small problems are begun anew often enough; each is
/// several times as long as the one before, so that most of the effort goes into the last.
struct Cycle {
    /// Which it is, from 0.
    number: i32,
    /// Proposals at its beginning, and how many it makes; `None`: it is the last, and makes as many as there is time for.
    from: u64,
    length: Option<u64>,
    /// How much of the effort was spent at its beginning.
    spent: f64,
}

impl Cycle {
    const FIRST: u64 = 100;
    const LONGER: u64 = 6;

    fn first(clock: &Clock<'_>, movable: usize) -> Self {
        Self { number: 0, from: clock.proposals(), length: Some(Self::FIRST * movable as u64), spent: clock.spent() }
    }

    fn next(&self, proposals: u64, spent: f64) -> Self {
        let length = (proposals - self.from) * Self::LONGER;
        Self { number: self.number + 1, from: proposals, length: Some(length), spent }
    }

    /// How far it has come, from 0 to 1.
    fn share(&mut self, proposals: u64, spent: f64) -> f64 {
        /// How far it must have come to tell how much of the effort it will take.
        const TELLING: f64 = 0.05;
        let of_effort = (spent - self.spent) / (1.0 - self.spent);
        if let Some(length) = self.length {
            let of_length = (proposals - self.from) as f64 / length as f64;
            let takes = of_effort / of_length.max(f64::MIN_POSITIVE);
            if of_length < TELLING || takes * (1 + Self::LONGER) as f64 <= 1.0 {
                return of_length.max(of_effort);
            }
            // There is no time for a longer one after it.
            self.length = None;
        }
        of_effort
    }
}

/// By how much worse random moves make things it is told how hot to begin and how cold to end.
struct Scale {
    median: f64,
    small: f64,
    /// Whether moves look at what they cost before they are proposed.
    choosy: bool,
}

impl Scale {
    fn new(walker: &mut Walker<'_>, clock: &Clock<'_>) -> Self {
        const SAMPLES: usize = 4000;
        let worse = walker.sample(SAMPLES, || !clock.is_over());
        let quantile = |share: usize| worse.get(worse.len() / share).copied().unwrap_or(1) as f64;
        Self { median: quantile(2), small: quantile(20), choosy: walker.is_choosy() }
    }

    /// The temperature of a cycle that has come so far.
    fn temperature(&self, cycle: &Cycle, share: f64) -> f64 {
        // Who chooses among all starts by their costs gets about at low temperatures, and wastes time at high ones, if time is short.
        let hot = self.median * if self.choosy { (0.1 * 3f64.powi(cycle.number)).min(1.0) } else { 1.0 };
        let cold = self.small * 0.07;
        hot.max(5.0 * cold).powf(1.0 - share) * cold.powf(share)
    }
}
