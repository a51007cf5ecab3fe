//! Because of whom a session cannot start earlier or later: what it comes after and what comes after it, followed to where that begins.

use std::collections::HashSet;
use std::ops::Range;

use super::domain::Domains;
use super::standing::Standing;
use crate::problem::{SessionIndex, Slot};

/// Pairs of sessions, the one that comes first and the one after it, that leave some sessions the starts they have: of each one on
/// either side binds it, another that one, and so on.
pub(super) fn binding(
    standing: &Standing<'_>,
    domains: &Domains<'_>,
    bound: &[SessionIndex],
) -> Vec<(SessionIndex, SessionIndex)> {
    let mut pairs = Vec::new();
    let mut followed = HashSet::new();
    for session in bound {
        let mut next = Some(*session);
        while let Some(at) = next.filter(|at| followed.insert(*at) && (standing.go_on)()) {
            next = binds_before(standing, domains, at);
            pairs.extend(next.map(|before| (before, at)));
        }
    }
    followed.clear();
    for session in bound {
        let mut next = Some(*session);
        while let Some(at) = next.filter(|at| followed.insert(*at) && (standing.go_on)()) {
            next = binds_after(standing, domains, at);
            pairs.extend(next.map(|after| (at, after)));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// What a session that could else start earlier has to wait for.
fn binds_before(standing: &Standing<'_>, domains: &Domains<'_>, session: SessionIndex) -> Option<SessionIndex> {
    let sessions = &standing.problem.sessions;
    let from = domains.chain(session).start;
    let binds = |before: &SessionIndex| {
        let start = first_from(&domains.starts_unchained(*before), domains.chain(*before).start);
        start.is_some_and(|start| start + sessions[*before as usize].duration == from)
    };
    let could = domains.starts_unchained(session).iter().any(|range| range.start < from);
    could.then(|| sessions[session as usize].after.iter().copied().find(binds)).flatten()
}

/// What a session that could else start later has to be over for.
fn binds_after(standing: &Standing<'_>, domains: &Domains<'_>, session: SessionIndex) -> Option<SessionIndex> {
    let to = domains.chain(session).end;
    let duration = standing.problem.sessions[session as usize].duration;
    let binds = |after: &SessionIndex| {
        let start = last_before(&domains.starts_unchained(*after), domains.chain(*after).end);
        start.is_some_and(|start| (start + 1).saturating_sub(duration) == to)
    };
    let could = domains.starts_unchained(session).iter().any(|range| range.end > to);
    could.then(|| standing.successors[session as usize].iter().copied().find(binds)).flatten()
}

fn first_from(starts: &[Range<Slot>], from: Slot) -> Option<Slot> {
    starts.iter().find(|range| range.end > from).map(|range| range.start.max(from))
}

fn last_before(starts: &[Range<Slot>], to: Slot) -> Option<Slot> {
    starts.iter().rev().find(|range| range.start < to).map(|range| range.end.min(to) - 1)
}
