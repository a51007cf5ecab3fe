//! Simulated annealing: at first much worse moves are accepted as well, then less and less bad ones, until only better ones are.

use super::best::Best;
use super::clock::{Clock, TURN};
use super::construct;
use super::moves::Walker;
use super::portfolio::Board;

/// How often, in the course of a search, a thread looks whether another has found something better to go on from.
const MEETINGS: f64 = 8.0;

/// Puts sessions where they were, and gives places to the others, as far as there are any and can be found in a reasonable time.
pub(crate) fn place_all(walker: &mut Walker<'_>, clock: &Clock<'_>) {
    /// Sessions may on average be thrown out and placed again this often.
    const PATIENCE: usize = 20;
    let most = PATIENCE * walker.state.model.sessions;
    let mut placings = 0;
    construct::restore(&mut walker.state);
    construct::construct(&mut walker.state, &mut walker.random, |_| {
        placings += 1;
        placings <= most && (placings % 16 > 0 || !clock.is_over())
    });
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
    let (hot, cold) = temperatures(walker);
    let from = clock.spent();
    let mut meetings = 0.0;
    loop {
        let spent = clock.spent();
        if spent >= 1.0 || best.rank() == (0, 0) || walker.state.model.movable.is_empty() {
            return;
        }
        let share = (spent - from) / (1.0 - from);
        walker.set_temperature(hot * (cold / hot).powf(share));
        if together && share * MEETINGS >= meetings + 1.0 {
            meetings += 1.0;
            if let Some(places) = board.better_than(best.rank()) {
                walker.state.become_like(&places);
            }
        }
        let mut better = false;
        for _ in 0..TURN {
            walker.step();
            better |= best.offer(&mut walker.state);
        }
        clock.tick(TURN);
        if better {
            board.offer(best, clock);
        }
    }
}

/// From which temperature to which to cool, told by how much worse random moves make things.
fn temperatures(walker: &mut Walker<'_>) -> (f64, f64) {
    const SAMPLES: usize = 4000;
    let worse = walker.sample(SAMPLES);
    let quantile = |share: usize| worse.get(worse.len() / share).copied().unwrap_or(1) as f64;
    let hot = quantile(2) * if walker.state.model.groups.is_empty() { 0.1 } else { 1.0 };
    let cold = quantile(20) * 0.1;
    (hot.max(cold), cold)
}
