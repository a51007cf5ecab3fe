//! From few moves to more: what one more move, or one exchange, buys.

use super::domain::Domains;
use super::mend::{self, Found};
use super::standing::Standing;
use super::wishes;
use super::{TradeOff, WISHES_TOLD};
use crate::problem::Problem;
use crate::timetable::Timetable;

/// The timetable after the mend that saves the most for each session it takes from its place in the incumbent, if one saves anything.
/// `problem`: with moves for nothing.
pub(super) fn step(
    problem: &Problem,
    timetable: &Timetable,
    domains: &Domains<'_>,
    go_on: &dyn Fn() -> bool,
) -> Option<Timetable> {
    let standing = Standing::new(problem, timetable).looking_while(go_on);
    let mut broken = wishes::broken(&standing);
    broken.truncate(WISHES_TOLD);
    let mends = mend::cheapest(&standing, domains, &broken).into_iter().filter_map(|found| match found {
        Found::Moves(change, cost) if cost < 0 => Some((change, -cost)),
        _ => None,
    });
    let steps = mends.map(|(change, saved)| {
        let mut next = timetable.clone();
        change.iter().for_each(|(session, place)| next.places[*session as usize] = Some(*place));
        let more = TradeOff::moves_of(problem, &next).saturating_sub(TradeOff::moves_of(problem, timetable));
        (next, more, saved)
    });
    // What costs no more moves is best; of others, what saves more for each: compared crosswise, without dividing.
    let worth = |a: &(Timetable, usize, i64), b: &(Timetable, usize, i64)| {
        (i128::from(a.2) * b.1 as i128).cmp(&(i128::from(b.2) * a.1 as i128)).then_with(|| b.1.cmp(&a.1))
    };
    steps.reduce(|best, next| if worth(&next, &best).is_gt() { next } else { best }).map(|(next, _, _)| next)
}
