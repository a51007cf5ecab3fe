//! Costs that could overflow: refused before anything adds them up.

use super::flaw::Report;
use super::limits;
use super::place::{Place, quoted};
use crate::problem::{CapacityRule, Problem};

/// Refuses a problem whose costs could be too large for the numbers they are kept in.
pub(super) fn refuse(problem: &Problem, report: &mut Report) {
    // Even when overlaps weigh nothing: their numbers are added up before they are multiplied.
    let weight = u64::from(problem.weights.overlap.max(1));
    let mut overlap = vec![0u64; problem.sessions.len()];
    for (one, other, number) in &problem.overlap {
        for session in [one, other] {
            if let Some(sum) = overlap.get_mut(*session as usize) {
                *sum = sum.saturating_add(u64::from(*number) * weight);
            }
        }
    }
    for (session, sum) in problem.sessions.iter().zip(&overlap) {
        if *sum > limits::OVERLAP_OF_SESSION {
            report.add(
                &Place::DOCUMENT.key("overlap"),
                format_args!(
                    "all pairs of {} could cost {sum}, and {} is the most",
                    quoted(&session.id),
                    limits::OVERLAP_OF_SESSION
                ),
                format_args!("make their numbers or the weight of \"overlap\" smaller"),
            );
        }
    }
    for (position, session) in problem.sessions.iter().enumerate() {
        let people = session.people.iter().filter_map(|person| problem.people.get(*person as usize));
        let wishing = people.filter(|person| person.preferred.is_some()).count() as u64;
        let sum = wishing * u64::from(session.duration) * u64::from(problem.weights.unpreferred);
        if sum > limits::UNPREFERRED_OF_SESSION {
            report.add(
                &Place::DOCUMENT.key("sessions").index(position),
                format_args!(
                    "could cost {sum} for the slots that its people do not prefer, and {} is the most",
                    limits::UNPREFERRED_OF_SESSION
                ),
                format_args!("make the weight of \"unpreferred\" smaller"),
            );
        }
    }
    let most = most(problem);
    if most > i64::MAX.unsigned_abs().into() {
        report.add(
            &Place::DOCUMENT.key("weights"),
            format_args!("the soft cost could reach {most}, and {} is the most", i64::MAX),
            format_args!("make weights smaller"),
        );
    }
}

/// More than any timetable can cost.
fn most(problem: &Problem) -> u128 {
    let weights = &problem.weights;
    let sessions = || problem.sessions.iter();
    let taking_part: u128 = sessions().map(|session| session.people.len() as u128).sum();
    let terms = [
        (weights.overlap, problem.overlap.iter().map(|pair| u128::from(pair.2)).sum()),
        (
            weights.overflow,
            match problem.capacity {
                CapacityRule::Hard => 0,
                CapacityRule::Soft => sessions().map(|session| u128::from(session.audience)).sum(),
            },
        ),
        (weights.missing_day, problem.groups.iter().map(|group| u128::from(group.min_days)).sum()),
        (weights.isolated, problem.groups.iter().map(|group| group.sessions.len() as u128).sum()),
        (weights.extra_room, problem.groups.iter().map(|group| group.sessions.len() as u128).sum()),
        (
            weights.unpreferred,
            sessions().map(|session| session.people.len() as u128 * u128::from(session.duration)).sum(),
        ),
        (weights.over_day_limit, taking_part),
        (weights.short_gap, taking_part),
        (weights.moved_time, problem.sessions.len() as u128),
        (weights.moved_room, problem.sessions.len() as u128),
    ];
    terms.into_iter().map(|(weight, amount): (u32, u128)| u128::from(weight) * amount).sum()
}
