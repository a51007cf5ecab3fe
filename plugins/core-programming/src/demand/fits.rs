//! Every session expected by somebody who does not know it: models and means of all sessions but some.

use nalgebra::DVector;

use super::baseline::Baseline;
use super::points::{FIFTHS, Known, Row};
use super::ridge::{Case, Columns, STRENGTHS, Sums};
use super::trial::{Expected, FEWEST_IN_EDITION};

/// What was learned at each of the strengths.
type ByStrength = Vec<Option<DVector<f64>>>;

/// Models of all sessions without one or two of the fifths, each fitted once.
#[derive(Debug)]
pub struct Fits<'k> {
    known: &'k Known,
    columns: &'k Columns,
    cases: Vec<Case<'k>>,
    all: Sums,
    /// By the two fifths left out, the smaller first; the same twice for one alone.
    without: Vec<((usize, usize), ByStrength)>,
}

impl<'k> Fits<'k> {
    /// Fits them all.
    #[must_use]
    pub fn of(known: &'k Known, columns: &'k Columns) -> Self {
        let cases: Vec<Case<'k>> = known.rows.iter().map(|row| Case::of(columns, row)).collect();
        let part = |fifth| Sums::of(columns, cases.iter().filter(move |case| case.row.fifth == fifth));
        let parts: Vec<Sums> = (0..FIFTHS).map(part).collect();
        let mut all = Sums::of(columns, [].iter());
        for part in &parts {
            all.add(part);
        }
        let solved = |sums: &Sums| -> ByStrength { STRENGTHS.iter().map(|strength| sums.solve(*strength)).collect() };
        let mut without = Vec::new();
        for (one, part) in parts.iter().enumerate() {
            let rest = all.without(part);
            without.push(((one, one), solved(&rest)));
            for (other, part) in parts.iter().enumerate().skip(one + 1) {
                without.push(((one, other), solved(&rest.without(part))));
            }
        }
        Self { known, columns, cases, all, without }
    }

    /// What all sessions teach at this strength.
    #[must_use]
    pub fn of_all(&self, strength: usize) -> Option<DVector<f64>> {
        self.all.solve(*STRENGTHS.get(strength)?)
    }

    fn weights(&self, one: usize, other: usize, strength: usize) -> Option<&DVector<f64>> {
        let pair = (one.min(other), one.max(other));
        let (_, by_strength) = self.without.iter().find(|(parts, _)| *parts == pair)?;
        by_strength.get(strength)?.as_ref()
    }

    /// The strength that did best on fifths held out, `unseen` not even looked at.
    #[must_use]
    pub fn best(&self, unseen: Option<usize>) -> Option<usize> {
        let mut best = None;
        let mut least = f64::INFINITY;
        for strength in 0..STRENGTHS.len() {
            let error: Option<f64> = self
                .cases
                .iter()
                .filter(|case| Some(case.row.fifth) != unseen)
                .map(|case| {
                    let weights = self.weights(case.row.fifth, unseen.unwrap_or(case.row.fifth), strength)?;
                    Some((case.row.log - case.predict(weights)).abs())
                })
                .sum();
            if let Some(error) = error
                && error < least
            {
                least = error;
                best = Some(strength);
            }
        }
        best
    }

    /// Each fifth from the other four.
    #[must_use]
    pub fn fifths(&self) -> Vec<Expected<'k>> {
        let mut expected = Vec::with_capacity(self.cases.len());
        for fifth in 0..FIFTHS {
            let Some(weights) = self.best(Some(fifth)).and_then(|strength| self.weights(fifth, fifth, strength)) else {
                continue;
            };
            self.expect(|row| row.fifth == fifth, weights, &mut expected);
        }
        expected
    }

    /// Each edition from the others; nothing where there is only one. How strongly the model is held back was found with all of them.
    #[must_use]
    pub fn editions(&self, strength: usize) -> Vec<Expected<'k>> {
        let editions = self.known.editions.iter().enumerate();
        let large = editions.filter(|(_, (_, sessions))| *sessions >= FEWEST_IN_EDITION).map(|(edition, _)| edition);
        let large: Vec<usize> = large.collect();
        let mut expected = Vec::new();
        if large.len() < 2 {
            return expected;
        }
        for edition in large {
            let within = Sums::of(self.columns, self.cases.iter().filter(|case| case.row.edition == edition));
            let rest = self.all.without(&within);
            if let Some(weights) = STRENGTHS.get(strength).and_then(|strength| rest.solve(*strength)) {
                self.expect(|row| row.edition == edition, &weights, &mut expected);
            }
        }
        expected
    }

    /// Those held out, from the others.
    fn expect(&self, held_out: impl Fn(&Row) -> bool, weights: &DVector<f64>, expected: &mut Vec<Expected<'k>>) {
        let baseline = Baseline::fit(self.known.rows.iter().filter(|row| !held_out(row)));
        let cases = self.cases.iter().filter(|case| held_out(case.row));
        expected.extend(cases.map(|case| Expected {
            row: case.row,
            baseline: baseline.predict(&case.row.point),
            learned: case.predict(weights),
        }));
    }
}
