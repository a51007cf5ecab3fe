//! Sessions as points: their track, kind, hour and day as numbered levels, their counts as logarithms.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Features, Observation, log, precise};
use crate::identity;
use crate::text;

/// What levels there are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Of {
    /// Tracks.
    Track,
    /// Kinds.
    Kind,
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Titles.
    Title,
}

impl Of {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Track, Self::Kind, Self::Hour, Self::Day, Self::Title];
}

/// One of the tracks, say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level {
    /// What it is.
    pub of: Of,
    /// Which.
    pub number: usize,
}

/// What a count is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// What all sessions have in common.
    Base,
    /// How many marked it.
    Favourites,
    /// Its track, kind, hour, day or title.
    Level(Level),
}

/// A session as models see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// How many marked it, where that is known.
    pub favourites: Option<Favourites>,
    /// The hour it starts in.
    pub hour: Option<i64>,
    /// Its levels; a level that nobody was counted in is none.
    pub levels: Vec<Level>,
}

/// How many marked a session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Favourites {
    /// Whether anybody did.
    pub any: bool,
    /// The logarithm of how many.
    pub log: f64,
}

/// A session that was counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What was known before.
    pub point: Point,
    /// How many came.
    pub people: f64,
    /// The same as a logarithm.
    pub log: f64,
    /// In which fifth it is held out.
    pub fifth: usize,
    /// Which edition it belongs to: its place in [`Known::editions`].
    pub edition: usize,
}

/// Into how many parts the counted sessions are split.
pub const FIFTHS: usize = 5;

/// Everything counted.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// By id.
    pub rows: Vec<Row>,
    /// The editions in order, and how many of each.
    pub editions: Vec<(String, usize)>,
    names: HashMap<Of, Vec<String>>,
    /// By name, folded and in every way it was written.
    numbers: HashMap<Of, HashMap<String, usize>>,
}

impl Known {
    /// Puts observations into order and numbers.
    #[must_use]
    pub fn of(observations: &[Observation]) -> Self {
        let mut order: Vec<&Observation> = observations.iter().collect();
        order.sort_by(|a, b| a.id.cmp(&b.id));
        let mut known = Self::default();
        for observation in &order {
            for of in Of::ALL {
                if let Some(written) = written(&observation.features, of) {
                    known.number(of, &written);
                }
            }
        }
        let mut editions: Vec<&str> = order.iter().map(|observation| observation.edition.as_str()).collect();
        editions.sort_unstable();
        editions.dedup();
        known.editions = editions.iter().map(|&edition| (edition.to_owned(), 0)).collect();
        let rows = order
            .iter()
            .map(|observation| Row {
                point: known.point(&observation.features),
                people: precise(observation.attendance),
                log: log(observation.attendance),
                fifth: usize::try_from(identity::number(&observation.id)).unwrap_or_default() % FIFTHS,
                edition: editions.binary_search(&observation.edition.as_str()).unwrap_or_default(),
            })
            .collect();
        known.rows = rows;
        for row in &known.rows {
            if let Some((_, count)) = known.editions.get_mut(row.edition) {
                *count += 1;
            }
        }
        known
    }

    /// Numbers a level. Folding a name takes a while, so it is done once for each way of writing it.
    fn number(&mut self, of: Of, written: &str) {
        let numbers = self.numbers.entry(of).or_default();
        if numbers.contains_key(written) {
            return;
        }
        let names = self.names.entry(of).or_default();
        let number = *numbers.entry(folded(written)).or_insert_with(|| {
            names.push(written.to_owned());
            names.len() - 1
        });
        numbers.insert(written.to_owned(), number);
    }

    /// A session among what was counted.
    #[must_use]
    pub fn point(&self, features: &Features) -> Point {
        let level = |of| {
            let written = written(features, of)?;
            let numbers = self.numbers.get(&of)?;
            let number = numbers.get(written.as_ref()).or_else(|| numbers.get(&folded(&written)))?;
            Some(Level { of, number: *number })
        };
        Point {
            favourites: features.favourites.map(|favourites| Favourites { any: favourites > 0, log: log(favourites) }),
            hour: features.hour,
            levels: Of::ALL.into_iter().filter_map(level).collect(),
        }
    }

    /// How many levels there are.
    #[must_use]
    pub fn count(&self, of: Of) -> usize {
        self.names.get(&of).map_or(0, Vec::len)
    }

    /// A level, for people.
    #[must_use]
    pub fn name(&self, of: Of, number: usize) -> String {
        let name = self.names.get(&of).and_then(|names| names.get(number)).map_or("", String::as_str);
        match of {
            Of::Track => format!("track {name}"),
            Of::Kind => format!("kind {name}"),
            Of::Title => format!("counted before: {name}"),
            Of::Hour => format!("from {name} o’clock"),
            Of::Day => name.to_owned(),
        }
    }
}

impl Point {
    /// Its level of this sort.
    #[must_use]
    pub fn level(&self, of: Of) -> Option<usize> {
        self.levels.iter().find(|level| level.of == of).map(|level| level.number)
    }
}

/// A name that is one.
fn named(name: &str) -> Option<Cow<'_, str>> {
    Some(name.trim()).filter(|name| !name.is_empty()).map(Cow::Borrowed)
}

/// How a level is written.
fn written(features: &Features, of: Of) -> Option<Cow<'_, str>> {
    match of {
        Of::Track => named(&features.track),
        Of::Kind => named(&features.kind),
        Of::Title => named(&features.title),
        Of::Hour => features.hour.map(|hour| Cow::Owned(hour.to_string())),
        Of::Day => features.day.map(|day| Cow::Borrowed(day.as_str())),
    }
}

/// Names of different years are the same in any case and without accents, as long as something is left of them then.
fn folded(name: &str) -> String {
    let folded = text::fold(name);
    if folded.is_empty() { name.to_lowercase() } else { folded }
}
