//! What people wish for their days: not too many sessions, and time between them.

use crate::search::model::{Model, NONE};

/// What a session that has no place yet costs its people's days, if it gets this start.
pub(super) fn price(model: &Model<'_>, starts: &[u32], session: usize, start: u32) -> i64 {
    let mut price = 0;
    for &at in model.limits.of_session.of(session) {
        price += price_for(model, starts, at as usize, session, start);
    }
    price
}

fn price_for(model: &Model<'_>, starts: &[u32], at: usize, session: usize, start: u32) -> i64 {
    let limit = &model.limits.people[at];
    let day = start as usize / model.slots_per_day;
    let end = model.shape[session].span(start).end as u32;
    let (mut others, mut before, mut after) = (0, None::<u32>, None::<u32>);
    for &other in model.limits.sessions.of(at) {
        let begin = starts[other as usize];
        if begin == NONE || other as usize == session || begin as usize / model.slots_per_day != day {
            continue;
        }
        others += 1;
        if begin < start {
            let ended = model.shape[other as usize].span(begin).end as u32;
            before = Some(before.map_or(ended, |latest| latest.max(ended)));
        } else {
            after = Some(after.map_or(begin, |earliest| earliest.min(begin)));
        }
    }
    let mut price = if others >= limit.max_per_day { model.limits.over_day_weight as i64 } else { 0 };
    if limit.min_gap > 0 {
        let short = |from: Option<u32>, until: Option<u32>| match (from, until) {
            (Some(from), Some(until)) => i64::from(until - from < limit.min_gap),
            _ => 0,
        };
        let shorter = short(before, Some(start)) + short(Some(end), after) - short(before, after);
        price += shorter * model.limits.short_gap_weight as i64;
    }
    price
}
