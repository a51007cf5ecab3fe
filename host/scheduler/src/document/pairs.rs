//! Reads the lists of pairs, the longest of a document.

use super::flaw::{Report, Stop};
use super::limits;
use super::names::Names;
use super::outline::Outline;
use super::place::{Place, quoted};
use super::tape::Node;
use crate::problem::SessionIndex;

pub(super) fn conflicts(
    outline: &Outline<'_>,
    sessions: &Names<'_>,
    report: &mut Report,
) -> Result<Vec<(SessionIndex, SessionIndex)>, Stop> {
    let mut pairs = Vec::new();
    outline.each("conflicts", report, |place, position, node, report| {
        if position >= limits::PAIRS {
            return Err(report.beyond(place, "pairs", limits::PAIRS));
        }
        if let Some([one, other]) = report.two(node, place, "[session, session]") {
            pairs.extend(pair(one, other, sessions, place, report));
        }
        Ok(())
    })?;
    pairs.sort_unstable();
    pairs.dedup();
    Ok(pairs)
}

pub(super) fn overlap(
    outline: &Outline<'_>,
    sessions: &Names<'_>,
    report: &mut Report,
) -> Result<Vec<(SessionIndex, SessionIndex, u32)>, Stop> {
    let mut pairs = Vec::new();
    outline.each("overlap", report, |place, position, node, report| {
        if position >= limits::PAIRS {
            return Err(report.beyond(place, "pairs", limits::PAIRS));
        }
        if let Some([one, other, number]) = report.three(node, place, "[session, session, number]") {
            let number = report.whole(number, &place.index(2), 0..=limits::NUMBER);
            let pair = pair(one, other, sessions, place, report);
            pairs.extend(pair.filter(|_| number > 0).map(|(one, other)| (one, other, number)));
        }
        Ok(())
    })?;
    pairs.sort_unstable_by_key(|(one, other, _)| u64::from(*one) << 32 | u64::from(*other));
    pairs.dedup_by(|next, pair| {
        let is_same = (next.0, next.1) == (pair.0, pair.1);
        if is_same {
            // What is too much for the number is too much for a session, and refused as such.
            pair.2 = pair.2.saturating_add(next.2);
        }
        is_same
    });
    Ok(pairs)
}

/// A pair of sessions, the smaller position first.
fn pair(
    one: Node<'_, '_>,
    other: Node<'_, '_>,
    sessions: &Names<'_>,
    place: &Place<'_>,
    report: &mut Report,
) -> Option<(SessionIndex, SessionIndex)> {
    let first = sessions.find(one, &place.index(0), report);
    let second = sessions.find(other, &place.index(1), report);
    let (first, second) = (first?, second?);
    if first == second {
        let id = one.text().unwrap_or_default();
        report.add(place, format_args!("pairs {} with itself", quoted(id)), format_args!("take it out"));
        return None;
    }
    Some((first.min(second), first.max(second)))
}
