//! Expected audiences, and how well they fit.

use conman_sdk::prelude::*;

use super::wire;
use crate::demand::{Effect, Errors, Expectation, Grouping, HeldOut, Trial};
use crate::schema::*;
use crate::store::demand;

/// How many are expected in sessions.
///
/// # Errors
/// The database's.
pub fn of_sessions(ctx: &Context, sessions: &[SessionKey]) -> Batch<Option<ExpectedAudience>> {
    let expected = demand::expected_in(ctx, sessions.iter().map(|key| key.id.as_str()))?;
    let shown = expected.into_iter().map(|(id, expected)| Ok((id, shown(expected)?))).collect::<Result<Vec<_>>>()?;
    batch::optional(sessions, shown)
}

/// How well expectations fit.
///
/// # Errors
/// The database's.
pub fn report(ctx: &Context) -> Result<DemandReport> {
    let demand = demand::learn(ctx)?;
    let report = demand.report();
    Ok(DemandReport {
        observations: many(report.sessions),
        editions: report
            .editions
            .iter()
            .map(|(name, observations)| DemandEdition { name: name.clone(), observations: many(*observations) })
            .collect(),
        full_rooms: many(report.full_rooms),
        used: wire(report.used.as_str())?,
        why: report.why.clone(),
        trials: report.trials.iter().map(trial).collect::<Result<_>>()?,
        effects: report.effects.iter().map(factor).collect(),
    })
}

fn shown(expected: Expectation) -> Result<ExpectedAudience> {
    Ok(ExpectedAudience {
        count: people(expected.count),
        low: people(expected.low),
        high: people(expected.high),
        from: wire(expected.from.as_str())?,
        because: expected.because.iter().map(factor).collect(),
    })
}

fn factor(effect: &Effect) -> AudienceFactor {
    AudienceFactor { factor: effect.factor.clone(), effect: rounded(effect.times) }
}

fn trial(trial: &Trial) -> Result<DemandTrial> {
    let comparisons = trial.comparisons.iter().map(|comparison| {
        Ok(DemandComparison {
            by: match comparison.by {
                Grouping::All => DemandGrouping::All,
                Grouping::Track => DemandGrouping::Track,
                Grouping::Kind => DemandGrouping::Kind,
                Grouping::Time => DemandGrouping::Time,
                Grouping::Favourites => DemandGrouping::Favourites,
            },
            name: comparison.name.clone(),
            observations: many(comparison.sessions),
            baseline: error(&comparison.baseline),
            learned: error(&comparison.learned),
            better: comparison.better.map(|better| wire(better.as_str())).transpose()?,
        })
    });
    Ok(DemandTrial {
        held_out: match trial.held_out {
            HeldOut::Fifths => DemandHeldOut::Fifths,
            HeldOut::Editions => DemandHeldOut::Editions,
        },
        comparisons: comparisons.collect::<Result<_>>()?,
    })
}

fn error(errors: &Errors) -> DemandError {
    DemandError {
        people: rounded(errors.people),
        log_ratio: rounded(errors.log_ratio),
        standing: rounded(errors.standing),
        empty_seats: rounded(errors.empty),
        cost: rounded(errors.cost()),
    }
}

fn many(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// To the nearest whole person.
fn people(count: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "what is too large becomes the largest number")]
    let count = count.round() as i32;
    count
}

/// To four digits after the point: more of them is noise.
fn rounded(number: f64) -> f64 {
    (number * 10_000.0).round() / 10_000.0
}
