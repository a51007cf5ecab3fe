//! How many people will come to a session: expected from favourites, title, track, kind, hour and day, and from how many came to others.
//!
//! Two ways of expecting are compared on sessions that neither has seen: a plain [`baseline`], which anybody can follow with a pocket
//! calculator, and a learned model ([`ridge`]). The model is used where it is better there ([`trial`]), else the baseline is, and
//! either says by which factors it comes to its count. Everything is counted on a logarithmic scale, where factors add up: half as
//! many and twice as many are equally far off, in a nook as in the great hall.
//!
//! Plain data without a database; the same sessions give the same figures, in whatever order they come.

pub mod baseline;
pub mod fits;
pub mod points;
pub mod ridge;
pub mod trial;

use baseline::Baseline;
use points::{Factor, Known, Level};
use ridge::Model;
pub use trial::{Comparison, Errors, Grouping, HeldOut, Report, Trial};

/// What is known of a session before it happens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Features {
    /// How many marked it, where marks were possible.
    pub favourites: Option<i64>,
    /// What it is called: some sessions come back every year. Empty for none.
    pub title: String,
    /// The track's name; empty for none.
    pub track: String,
    /// Its kind; empty for none.
    pub kind: String,
    /// The local hour it starts in.
    pub hour: Option<i64>,
    /// Which of the days it is on.
    pub day: Option<Day>,
}

/// A day of a convention, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Day {
    /// People still arrive.
    First,
    /// Any in between.
    Middle,
    /// People leave already.
    Last,
}

impl Day {
    /// The day of this number, counted from 1, of so many. The only day of a convention is as good as any.
    #[must_use]
    pub const fn of(number: i64, days: i64) -> Self {
        match number {
            _ if days <= 1 => Self::Middle,
            1 => Self::First,
            _ if number >= days => Self::Last,
            _ => Self::Middle,
        }
    }

    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first day",
            Self::Middle => "day between",
            Self::Last => "last day",
        }
    }
}

/// A session of which somebody counted who came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Steady: it decides in which fifth the session is held out.
    pub id: String,
    /// The convention or year it belongs to.
    pub edition: String,
    /// What was known before.
    pub features: Features,
    /// How many its room holds.
    pub capacity: Option<i64>,
    /// How many came.
    pub attendance: i64,
}

impl Observation {
    /// Whether its room was full, so that more might have come.
    #[must_use]
    pub fn was_full(&self) -> bool {
        self.capacity.is_some_and(|capacity| capacity > 0 && self.attendance * 20 >= capacity * 19)
    }
}

/// Where a count comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Organisers said it.
    Given,
    /// The plain way.
    Baseline,
    /// The learned model.
    Learned,
}

impl Source {
    /// As stored and told.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Baseline => "baseline",
            Self::Learned => "learned",
        }
    }
}

/// Something that makes a count what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// What it is, for people.
    pub factor: String,
    /// What the count is multiplied by; the first one's is a count.
    pub times: f64,
}

/// How many are expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// As likely more come as fewer.
    pub count: f64,
    /// One of ten times fewer come.
    pub low: f64,
    /// One of ten times more come.
    pub high: f64,
    /// Who says so.
    pub from: Source,
    /// Why: these multiplied are the count.
    pub because: Vec<Effect>,
}

/// A session somebody asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Its id.
    pub id: String,
    /// What organisers say.
    pub given: Option<i64>,
    /// What is known of it.
    pub features: Features,
}

/// The expectations of all these sessions, in their order; none where nothing at all is known.
#[must_use]
pub fn expected(asked: &[Ask], observations: &[Observation]) -> Vec<Option<Expectation>> {
    let demand = Demand::learn(observations);
    asked.iter().map(|ask| demand.expect(ask)).collect()
}

/// What was learned of how many come.
#[derive(Debug)]
pub struct Demand {
    known: Known,
    baseline: Baseline,
    /// Where it is used.
    model: Option<Model>,
    spread: trial::Spreads,
    report: Report,
}

impl Demand {
    /// Learns from what was counted, and finds out how well.
    #[must_use]
    pub fn learn(observations: &[Observation]) -> Self {
        let known = Known::of(observations);
        let baseline = Baseline::fit(known.rows.iter());
        let tried = trial::run(&known, observations);
        Self { baseline, model: tried.model, spread: tried.spreads, report: tried.report, known }
    }

    /// What was compared, and which way is used.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// How many are expected in a session; nothing where nothing at all is known.
    #[must_use]
    pub fn expect(&self, ask: &Ask) -> Option<Expectation> {
        if let Some(given) = ask.given {
            let count = precise(given);
            let because = vec![Effect { factor: "said by organisers".to_owned(), times: count }];
            return Some(Expectation { count, low: count, high: count, from: Source::Given, because });
        }
        if self.known.rows.is_empty() {
            return without_attendance(&ask.features);
        }
        let point = self.known.point(&ask.features);
        let learned = self.model.as_ref().filter(|_| !self.report.prefers_baseline(&point));
        let (from, factors) = match learned {
            Some(model) => (Source::Learned, model.explain(&point)),
            None => (Source::Baseline, self.baseline.explain(&point)),
        };
        let spread = self.spread.of(from);
        let log: f64 = factors.iter().map(|(_, log)| log).sum();
        let because = factors
            .into_iter()
            .map(|(factor, log)| Effect { factor: self.known.describe(factor, &ask.features), times: log.exp() })
            .collect();
        let count = log.exp();
        Some(Expectation { count, low: count * spread.low.exp(), high: count * spread.high.exp(), from, because })
    }
}

/// Without any attendance a favourite counts as one person, which is a guess, and without favourites there is nothing to go by.
fn without_attendance(features: &Features) -> Option<Expectation> {
    let favourites = features.favourites.filter(|favourites| *favourites > 0)?;
    let count = precise(favourites);
    Some(Expectation {
        count,
        low: count / 2.0,
        high: count * 2.0,
        from: Source::Baseline,
        because: vec![
            Effect { factor: favourites_factor(favourites), times: count },
            Effect { factor: "one person for each, as no attendance is known".to_owned(), times: 1.0 },
        ],
    })
}

fn favourites_factor(favourites: i64) -> String {
    match favourites {
        0 => "no favourites".to_owned(),
        1 => "1 favourite".to_owned(),
        many => format!("{many} favourites"),
    }
}

impl Known {
    fn describe(&self, factor: Factor, features: &Features) -> String {
        match factor {
            Factor::Base => "any session".to_owned(),
            Factor::Favourites => favourites_factor(features.favourites.unwrap_or_default()),
            Factor::Level(Level { of, number }) => self.name(of, number),
        }
    }
}

/// A count as people count, for sums with logarithms. Counts are far below what this could not hold.
fn precise(count: i64) -> f64 {
    count as f64
}

/// A number of people on the logarithmic scale. Nobody counts as half a person, which has a logarithm.
fn log(people: i64) -> f64 {
    precise(people).max(0.5).ln()
}
