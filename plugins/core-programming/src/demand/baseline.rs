//! The plain way: the mean of a session's track, kind and hour, and its favourites times what a favourite was worth, weighed by one number.
//!
//! A group's mean is drawn towards that of all sessions as if [`SHRINK`] more sessions of the ordinary sort were in it, so that a
//! track of two sessions says little. Where sessions of the same title were counted, it is their mean that counts, drawn towards the
//! others as if one more session were as these say. How much favourites count for against the means is the one of [`WEIGHTS`] that would have come
//! closest.

use super::points::{Factor, Level, Of, Point, Row};

/// So many ordinary sessions are added to each group.
pub const SHRINK: f64 = 5.0;
/// What favourites may count for.
pub const WEIGHTS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// What groups there are means of.
const GROUPS: [Of; 3] = [Of::Track, Of::Kind, Of::Hour];

/// What the plain way knows.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    base: f64,
    /// By group and number: how far the level's mean is from the base.
    levels: [Vec<f64>; 3],
    /// By number: how far a title's sessions are from the base in all, and how many they are.
    titles: Vec<(f64, f64)>,
    /// The logarithm of how many came for each favourite.
    ratio: f64,
    weight: f64,
}

impl Baseline {
    /// Takes the means.
    #[must_use]
    pub fn fit<'r>(rows: impl Iterator<Item = &'r Row> + Clone) -> Self {
        let mut baseline = Self { base: mean(rows.clone().map(|row| row.log)).unwrap_or_default(), ..Self::default() };
        for (of, levels) in GROUPS.into_iter().zip(&mut baseline.levels) {
            let sums = sums(of, baseline.base, rows.clone());
            *levels = sums.into_iter().map(|(sum, count)| sum / (count + SHRINK)).collect();
        }
        baseline.titles = sums(Of::Title, baseline.base, rows.clone());
        let worth = rows.clone().filter_map(|row| {
            let favourites = row.point.favourites.filter(|favourites| favourites.any)?;
            Some(row.log - favourites.log)
        });
        if let Some(ratio) = mean(worth) {
            baseline.ratio = ratio;
            let mut least = f64::INFINITY;
            for weight in WEIGHTS {
                let tried = Self { weight, ..baseline.clone() };
                // A session that is its title's only one would else be expected out of itself.
                let apart = |row: &Row| -> f64 { tried.factors(&row.point, Some(row.log)).map(|(_, log)| log).sum() };
                let error: f64 = rows.clone().map(|row| (row.log - apart(row)).abs()).sum();
                if error < least {
                    least = error;
                    baseline.weight = weight;
                }
            }
        }
        baseline
    }

    /// How many come, as a logarithm.
    #[must_use]
    pub fn predict(&self, point: &Point) -> f64 {
        self.factors(point, None).map(|(_, log)| log).sum()
    }

    /// What that is made of.
    #[must_use]
    pub fn explain(&self, point: &Point) -> Vec<(Factor, f64)> {
        self.factors(point, None).filter(|(factor, log)| *factor == Factor::Base || *log != 0.0).collect()
    }

    /// `own` is the count of the session itself, which its title's mean is taken without.
    fn factors<'s>(&'s self, point: &'s Point, own: Option<f64>) -> impl Iterator<Item = (Factor, f64)> + 's {
        let weight = if point.favourites.is_some() { self.weight } else { 0.0 };
        let title = point.level(Of::Title).and_then(|number| {
            let (sum, count) = *self.titles.get(number)?;
            let (sum, count) = own.map_or((sum, count), |own| (sum - (own - self.base), count - 1.0));
            (count > 0.5).then_some((number, sum / count, count / (count + 1.0)))
        });
        let namesakes = (1.0 - weight) * title.map_or(0.0, |(_, _, share)| share);
        let title = title.map(|(number, far, _)| (Factor::Level(Level { of: Of::Title, number }), namesakes * far));
        let share = (1.0 - weight - namesakes) / 3.0;
        let favourites =
            point.favourites.map(|favourites| (Factor::Favourites, weight * (favourites.log + self.ratio - self.base)));
        let levels = GROUPS.into_iter().zip(&self.levels).filter_map(move |(of, levels)| {
            let number = point.level(of)?;
            let far = levels.get(number).copied().unwrap_or_default();
            Some((Factor::Level(Level { of, number }), share * far))
        });
        [(Factor::Base, self.base)].into_iter().chain(favourites).chain(title).chain(levels)
    }
}

/// By number of the level: how far counts are from the base in all, and how many.
fn sums<'r>(of: Of, base: f64, rows: impl Iterator<Item = &'r Row>) -> Vec<(f64, f64)> {
    let mut sums: Vec<(f64, f64)> = Vec::new();
    for row in rows {
        if let Some(number) = row.point.level(of) {
            if sums.len() <= number {
                sums.resize(number + 1, (0.0, 0.0));
            }
            if let Some((sum, count)) = sums.get_mut(number) {
                *sum += row.log - base;
                *count += 1.0;
            }
        }
    }
    sums
}

/// The mean of some numbers.
pub(super) fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = numbers.fold((0.0, 0.0), |(sum, count), number| (sum + number, count + 1.0));
    (count > 0.0).then(|| sum / count)
}
