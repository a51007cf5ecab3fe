//! The learned model: a ridge regression on the logarithm of how many came, so that what it learns are factors.
//!
//! Each track, kind, hour and day has a factor, and so has a title that comes back; favourites have a power. All are drawn towards "no
//! effect", the more so the fewer sessions speak for them (Hoerl and Kennard 1970). How strongly is one of [`STRENGTHS`], whichever did
//! best on held-out sessions.
//!
//! A session touches eight columns of at most a hundred. So the normal equations are summed up out of these, once for each part of the
//! data: what was learned without a part is one subtraction and one Cholesky decomposition (nalgebra's) away, and some ninety models
//! are fitted in the time one dense fit would take.

use std::collections::HashMap;

use nalgebra::{Cholesky, DMatrix, DVector};

use super::baseline::mean;
use super::points::{Factor, Favourites, Known, Level, Of, Point, Row};

/// How strongly effects are drawn towards none: as if so many sessions of the ordinary sort spoke against each.
pub const STRENGTHS: [f64; 6] = [0.3, 1.0, 3.0, 10.0, 30.0, 100.0];
/// A level has to have so many sessions to have an effect of its own.
const fn fewest(of: Of) -> usize {
    match of {
        Of::Title => 2,
        Of::Track | Of::Kind | Of::Hour | Of::Day => 3,
    }
}
/// So many levels have effects at most: those of the most sessions.
const fn most(of: Of) -> usize {
    match of {
        Of::Track => 30,
        Of::Kind => 12,
        Of::Hour => 24,
        Of::Day => 3,
        Of::Title => 30,
    }
}
/// The columns before those of levels: the base, the logarithm of favourites, and whether there are none.
const BASE: usize = 0;
const FAVOURITES: usize = 1;
const NO_FAVOURITES: usize = 2;
const FIRST_LEVEL: usize = 3;

/// Which column says what.
#[derive(Debug, Clone)]
pub struct Columns {
    levels: HashMap<Level, usize>,
    count: usize,
    /// The mean of the logarithms of favourites, and how far they usually are from it.
    centre: f64,
    scale: f64,
}

impl Columns {
    /// For these sessions; how many came to them plays no part.
    #[must_use]
    pub fn of(known: &Known) -> Self {
        let mut levels = HashMap::new();
        let mut count = FIRST_LEVEL;
        for of in Of::ALL {
            let mut sessions = vec![0_usize; known.count(of)];
            for number in known.rows.iter().filter_map(|row| row.point.level(of)) {
                if let Some(sessions) = sessions.get_mut(number) {
                    *sessions += 1;
                }
            }
            let mut often: Vec<(usize, usize)> =
                sessions.into_iter().enumerate().filter(|(_, sessions)| *sessions >= fewest(of)).collect();
            often.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
            for (number, _) in often.into_iter().take(most(of)) {
                levels.insert(Level { of, number }, count);
                count += 1;
            }
        }
        let logs =
            || known.rows.iter().filter_map(|row| row.point.favourites).filter(|some| some.any).map(|some| some.log);
        let centre = mean(logs()).unwrap_or_default();
        let scale = mean(logs().map(|log| (log - centre).powi(2))).unwrap_or_default().sqrt().max(0.1);
        Self { levels, count, centre, scale }
    }

    /// What of a session is not nothing.
    fn cells<'s>(&'s self, point: &'s Point) -> impl Iterator<Item = (usize, f64, Factor)> + 's {
        let favourites = point.favourites.map(|Favourites { any, log }| {
            // Where nobody marked a session, that is another thing than half a mark.
            if any { (FAVOURITES, (log - self.centre) / self.scale) } else { (NO_FAVOURITES, 1.0) }
        });
        let favourites = favourites.map(|(column, value)| (column, value, Factor::Favourites));
        let levels = point.levels.iter().filter_map(|level| {
            let column = self.levels.get(level)?;
            Some((*column, 1.0, Factor::Level(*level)))
        });
        [(BASE, 1.0, Factor::Base)].into_iter().chain(favourites).chain(levels)
    }
}

/// A counted session with what of it is not nothing, looked up once.
#[derive(Debug)]
pub struct Case<'k> {
    /// The session.
    pub row: &'k Row,
    cells: Vec<(usize, f64)>,
}

impl<'k> Case<'k> {
    /// In these columns.
    #[must_use]
    pub fn of(columns: &Columns, row: &'k Row) -> Self {
        Self { row, cells: columns.cells(&row.point).map(|(column, value, _)| (column, value)).collect() }
    }

    /// How many come by these weights, as a logarithm.
    #[must_use]
    pub fn predict(&self, weights: &DVector<f64>) -> f64 {
        self.cells.iter().map(|(column, value)| value * weight(weights, *column)).sum()
    }
}

/// The normal equations of some sessions.
#[derive(Debug, Clone)]
pub struct Sums {
    products: DMatrix<f64>,
    targets: DVector<f64>,
}

impl Sums {
    /// Of these sessions.
    #[must_use]
    pub fn of<'c, 'k: 'c>(columns: &Columns, cases: impl Iterator<Item = &'c Case<'k>>) -> Self {
        let mut products = DMatrix::zeros(columns.count, columns.count);
        let mut targets = DVector::zeros(columns.count);
        for case in cases {
            for (one, value) in &case.cells {
                add(targets.get_mut(*one), value * case.row.log);
                for (other, factor) in &case.cells {
                    add(products.get_mut((*one, *other)), value * factor);
                }
            }
        }
        Self { products, targets }
    }

    /// With the sessions of another.
    pub fn add(&mut self, other: &Self) {
        self.products += &other.products;
        self.targets += &other.targets;
    }

    /// Without the sessions of another.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self { products: &self.products - &other.products, targets: &self.targets - &other.targets }
    }

    /// What these sessions teach; nothing where there are none.
    #[must_use]
    pub fn solve(&self, strength: f64) -> Option<DVector<f64>> {
        let mut products = self.products.clone();
        for column in 0..products.nrows() {
            let held_back = match column {
                // The base is free; so nearly is the power of favourites, which every session speaks for.
                BASE => 0.0,
                FAVOURITES => strength * 0.1,
                _ => strength,
            };
            add(products.get_mut((column, column)), held_back);
        }
        Cholesky::new(products).map(|decomposed| decomposed.solve(&self.targets))
    }
}

/// What was learned.
#[derive(Debug, Clone)]
pub struct Model {
    columns: Columns,
    weights: DVector<f64>,
}

impl Model {
    /// Out of what was learned for these columns.
    #[must_use]
    pub const fn new(columns: Columns, weights: DVector<f64>) -> Self {
        Self { columns, weights }
    }

    /// What a session's count is made of.
    #[must_use]
    pub fn explain(&self, point: &Point) -> Vec<(Factor, f64)> {
        let cells = self.columns.cells(point);
        cells.map(|(column, value, factor)| (factor, value * weight(&self.weights, column))).collect()
    }

    /// What it learned of levels, and the power of favourites.
    #[must_use]
    pub fn effects(&self) -> (Vec<(Level, f64)>, f64) {
        let mut levels: Vec<(Level, f64)> =
            self.columns.levels.iter().map(|(level, column)| (*level, weight(&self.weights, *column))).collect();
        levels.sort_by_key(|(level, _)| *level);
        (levels, weight(&self.weights, FAVOURITES) / self.columns.scale)
    }
}

/// Columns are numbered by [`Columns`], so there is always a cell.
fn add(cell: Option<&mut f64>, value: f64) {
    if let Some(cell) = cell {
        *cell += value;
    }
}

fn weight(weights: &DVector<f64>, column: usize) -> f64 {
    weights.get(column).copied().unwrap_or_default()
}
