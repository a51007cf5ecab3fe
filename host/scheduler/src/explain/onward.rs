//! From few moves to more: what one more move, or one exchange, buys.

use super::domain::Domains;
use super::homeward::Homes;
use super::mend::{self, Found};
use super::standing::Standing;
use super::wishes;
use crate::timetable::Timetable;

/// The timetable after the mend that saves the most for each session it takes from its place in the incumbent, if one saves anything
/// and leads to no more than so many moves.
pub(super) fn step(
    homes: &Homes<'_>,
    timetable: &Timetable,
    domains: &Domains<'_>,
    most: usize,
    go_on: &dyn Fn() -> bool,
) -> Option<Timetable> {
    if !go_on() {
        return None;
    }
    let standing = Standing::new(homes.problem, timetable).looking_while(go_on);
    let (broken, _) = wishes::dearest(&standing);
    let mends = mend::cheapest(&standing, domains, &broken).into_iter().filter_map(|found| match found {
        Found::Moves(change, cost, _) if cost < 0 => Some((change, -cost)),
        _ => None,
    });
    let now = homes.moves(&timetable.places);
    let steps = mends.filter_map(|(change, saved)| {
        let was = |session| standing.place(session, &[]);
        let away = |places: &mut dyn Iterator<Item = bool>| places.filter(|is_away| *is_away).count();
        let before = away(&mut change.iter().map(|(session, _)| homes.is_away(*session, was(*session))));
        let after = away(&mut change.iter().map(|(session, place)| homes.is_away(*session, Some(*place))));
        (now - before + after <= most).then(|| (change, after.saturating_sub(before), saved))
    });
    // What costs no more moves is best; of others, what saves more for each: compared crosswise, without dividing.
    let worth = |(_, more, saved): &(_, usize, i64), (_, other_more, other_saved): &(_, usize, i64)| {
        let crosswise = (i128::from(*saved) * *other_more as i128).cmp(&(i128::from(*other_saved) * *more as i128));
        crosswise.then_with(|| other_more.cmp(more))
    };
    let (change, _, _) = steps.reduce(|best, next| if worth(&next, &best).is_gt() { next } else { best })?;
    let mut next = timetable.clone();
    change.iter().for_each(|(session, place)| next.places[*session as usize] = Some(*place));
    Some(next)
}
