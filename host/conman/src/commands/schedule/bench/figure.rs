//! What is made of runs: for each seed one amount over all problems of a set, and of these the median and the worst.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::plan::Bars;
use super::run::Run;
use crate::commands::schedule::count;

/// What is looked at. Of everything less is better, except of [`Self::Bound`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Figure {
    /// The soft cost, of all problems together.
    Cost,
    /// The same without what moves from the incumbent cost.
    Wishes,
    /// The soft cost that a solver has proven nobody can go below, of all problems together.
    Bound,
    /// Milliseconds until everything is placed, of the problem where that takes longest.
    Placed,
    /// Milliseconds until the cost falls by less than 1 % for the rest of the search, of the problem where that takes longest.
    Settled,
    /// By how many per cent a longer search is cheaper.
    Longer,
    /// Sessions that are elsewhere than in the incumbent, of all problems together.
    Moves,
    /// Milliseconds to read the problem, before the search.
    Reading,
    /// Milliseconds to build a model of the problem, before the search.
    Building,
    /// By how many per cent a search took longer than it should.
    Overshoot,
    /// Megabytes, the most that the solver's process had at any moment.
    Memory,
}

/// An amount. One with fewer unplaced sessions is better, whatever else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Amount {
    pub(super) unplaced: u64,
    /// Infinite: never.
    pub(super) value: f64,
}

/// A figure over all seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Summary {
    pub(super) median: Amount,
    pub(super) worst: Amount,
}

/// Whether a figure is what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reached {
    Aim,
    Gate,
    Missed,
}

impl Figure {
    pub(super) const ALL: [Self; 11] = [
        Self::Cost,
        Self::Wishes,
        Self::Bound,
        Self::Placed,
        Self::Settled,
        Self::Longer,
        Self::Moves,
        Self::Reading,
        Self::Building,
        Self::Overshoot,
        Self::Memory,
    ];

    /// For the table.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Cost => "soft cost",
            Self::Wishes => "soft cost without moves",
            Self::Bound => "proven bound of it",
            Self::Placed => "everything placed",
            Self::Settled => "falls by less than 1 % after",
            Self::Longer => "gained by more time",
            Self::Moves => "moves",
            Self::Reading => "reading, apart",
            Self::Building => "building a model, apart",
            Self::Overshoot => "over its time",
            Self::Memory => "memory, at most",
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Cost | Self::Wishes | Self::Bound | Self::Moves => "",
            Self::Placed | Self::Settled | Self::Reading | Self::Building => " ms",
            Self::Longer | Self::Overshoot => " %",
            Self::Memory => " MB",
        }
    }

    /// `1,234 ms`
    pub(super) fn show(self, value: f64) -> String {
        let number = match self {
            Self::Cost | Self::Wishes | Self::Moves => whole(value),
            // A bound is not to be rounded to something that has not been proven.
            Self::Bound => whole(value.floor()),
            // Plus zero makes -0.0 a plain one.
            _ if value.abs() < 9.95 => format!("{:.1}", (value * 10.0).round() / 10.0 + 0.0),
            _ => whole(value),
        };
        format!("{number}{}", self.unit())
    }

    /// As in the table: with what is not placed.
    pub(super) fn show_amount(self, amount: Amount) -> String {
        match amount {
            Amount { value, .. } if value.is_infinite() => "never".to_owned(),
            Amount { unplaced: 0, value } => self.show(value),
            Amount { unplaced, value } => format!("{} unplaced, {}", count(unplaced), self.show(value)),
        }
    }

    /// For each seed, from its runs on all problems; `None` when the solver does not tell.
    pub(super) fn summary(self, by_seed: &[Vec<&Run>], seconds: f64) -> Option<Summary> {
        let mut amounts: Vec<_> = by_seed.iter().map(|runs| self.amount(runs, seconds)).collect::<Option<_>>()?;
        amounts.sort_by(Amount::order);
        // With an even number of seeds the worse of the two in the middle.
        let (median, worst) = (*amounts.get(amounts.len() / 2)?, *amounts.last()?);
        // Of bounds the least is worst.
        let worst = if self == Self::Bound { *amounts.first()? } else { worst };
        Some(Summary { median, worst })
    }

    fn amount(self, runs: &[&Run], seconds: f64) -> Option<Amount> {
        let sum = |of: &dyn Fn(&Run) -> Option<f64>| runs.iter().map(|run| of(run)).sum::<Option<f64>>();
        let most = |of: &dyn Fn(&Run) -> Option<f64>| {
            runs.iter().map(|run| of(run)).try_fold(f64::NEG_INFINITY, |most, value| Some(most.max(value?)))
        };
        let milliseconds = |seconds: Option<f64>| seconds.map(|seconds| seconds * 1e3);
        // A solver that tells no improvements does not tell when it had placed everything; one that has not done so never had.
        let until = |run: &Run, seconds: Option<f64>| match run.unplaced {
            0 => milliseconds(seconds),
            _ => seconds.or(run.seconds.settled).map(|_| f64::INFINITY),
        };
        let soft = |run: &Run| Some(run.soft as f64);
        let value = match self {
            Self::Cost => sum(&soft),
            // Where nothing can move it says nothing new.
            Self::Wishes => sum(&|run| run.moves.map(|_| run.soft.saturating_sub(run.moved) as f64)),
            Self::Bound => sum(&|run| run.bound),
            Self::Placed => most(&|run| until(run, run.seconds.placed)),
            Self::Settled => most(&|run| milliseconds(run.seconds.settled)),
            Self::Longer => {
                let (soft, longer) = (sum(&soft)?, sum(&|run| run.longer.map(|soft| soft as f64))?);
                Some(if soft > 0.0 { 100.0 * (soft - longer) / soft } else { 0.0 })
            }
            Self::Moves => sum(&|run| run.moves.map(|moves| moves as f64)),
            Self::Reading => most(&|run| milliseconds(run.seconds.reading)),
            Self::Building => most(&|run| milliseconds(run.seconds.building)),
            Self::Overshoot => most(&|run| Some((100.0 * (run.seconds.solving - seconds) / seconds).max(0.0))),
            Self::Memory => most(&|run| run.memory.map(|bytes| bytes as f64 / 1e6)),
        };
        let counts_unplaced = matches!(self, Self::Cost | Self::Wishes | Self::Moves | Self::Longer);
        let unplaced = if counts_unplaced { runs.iter().map(|run| run.unplaced).sum() } else { 0 };
        value.map(|value| Amount { unplaced, value })
    }
}

impl Amount {
    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.unplaced.cmp(&other.unplaced).then(self.value.total_cmp(&other.value))
    }

    fn is_within(self, bar: f64) -> bool {
        self.unplaced == 0 && self.value <= bar
    }
}

impl Summary {
    /// Judged by its median; `None` where there is no bar.
    pub(super) fn reached(self, bars: Bars) -> Option<Reached> {
        match (bars.gate, bars.aim) {
            (None, None) => None,
            (_, Some(aim)) if self.median.is_within(aim) => Some(Reached::Aim),
            (Some(gate), _) if self.median.is_within(gate) => Some(Reached::Gate),
            _ => Some(Reached::Missed),
        }
    }
}

impl Reached {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Aim => "aim",
            Self::Gate => "gate",
            Self::Missed => "no",
        }
    }
}

/// `1,234`
fn whole(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let number = digits.parse().map_or(digits, count);
    if value <= -0.5 { format!("-{number}") } else { number }
}

#[cfg(test)]
mod tests {
    use super::super::run::Seconds;
    use super::*;

    fn run(unplaced: u64, soft: u64) -> Run {
        let seconds = Seconds { solving: 1.02, placed: Some(0.04), settled: Some(0.5), ..Seconds::default() };
        Run { unplaced, soft, seconds, longer: Some(90), ..Run::default() }
    }

    fn summary(figure: Figure, seeds: &[Vec<Run>]) -> Option<Summary> {
        let by_seed: Vec<Vec<&Run>> = seeds.iter().map(|runs| runs.iter().collect()).collect();
        figure.summary(&by_seed, 1.0)
    }

    #[test]
    fn costs_add_up_by_seed_and_what_is_unplaced_comes_first() {
        let seeds = [vec![run(0, 100), run(0, 20)], vec![run(1, 0), run(0, 1)], vec![run(0, 50), run(0, 50)]];
        let found = summary(Figure::Cost, &seeds).unwrap();
        assert_eq!(found.median, Amount { unplaced: 0, value: 120.0 });
        assert_eq!(found.worst, Amount { unplaced: 1, value: 1.0 });
        assert_eq!(Figure::Cost.show_amount(found.worst), "1 unplaced, 1");
        let bars = |gate, aim| Bars { gate, aim };
        assert_eq!(found.reached(bars(Some(120.0), Some(119.0))), Some(Reached::Gate));
        assert_eq!(found.reached(bars(Some(130.0), Some(120.0))), Some(Reached::Aim));
        assert_eq!(found.reached(bars(Some(119.0), None)), Some(Reached::Missed));
        assert_eq!(found.reached(Bars::default()), None);
    }

    #[test]
    fn times_are_those_of_the_problem_that_takes_longest() {
        let mut late = run(0, 0);
        (late.seconds.placed, late.seconds.solving) = (Some(0.2), 1.1);
        let seeds = [vec![run(0, 0), late]];
        assert_eq!(summary(Figure::Placed, &seeds).unwrap().median.value, 200.0);
        assert!((summary(Figure::Overshoot, &seeds).unwrap().median.value - 10.0).abs() < 1e-6);
        assert_eq!(Figure::Placed.show(12.34), "12 ms");
        assert_eq!(Figure::Longer.show(-0.04), "0.0 %");
    }

    #[test]
    fn who_never_places_everything_never_has() {
        let mut without = run(3, 0);
        without.seconds.placed = None;
        let found = summary(Figure::Placed, &[vec![run(0, 0), without.clone()]]).unwrap();
        assert_eq!(Figure::Placed.show_amount(found.worst), "never");
        assert_eq!(found.reached(Bars { gate: Some(100.0), aim: None }), Some(Reached::Missed));
        // One that tells nothing of its way is not judged by it.
        without.seconds.settled = None;
        assert_eq!(summary(Figure::Placed, &[vec![without]]), None);
    }

    #[test]
    fn more_time_helps_by_what_it_saves_of_all() {
        let found = summary(Figure::Longer, &[vec![run(0, 100), run(0, 100)]]).unwrap();
        assert_eq!(found.median.value, 10.0);
    }
}
