//! Which way is better, found out on sessions that neither has seen.
//!
//! The counted sessions are split into fifths by a hash of their ids. Each fifth is expected from the other four, how strongly the
//! model is held back included; so every session is expected once by somebody who does not know it. Where two years or more were
//! counted, each year is expected from the others as well: that is what next year will be like, and a model that has only learned how
//! one year was fails there.

use super::baseline::mean;
use super::fits::Fits;
use super::points::{Known, Level, Of, Point, Row};
use super::ridge::{Columns, Model};
use super::{Effect, Observation, Source};

/// So many sessions have to be counted before the model can be chosen.
pub const FEWEST: usize = 40;
/// So many before anything is compared.
const FEWEST_COMPARED: usize = 10;
/// So many make a group worth a line.
const FEWEST_IN_GROUP: usize = 10;
/// So many make an edition that is held out as a whole.
pub(super) const FEWEST_IN_EDITION: usize = 20;
/// By so many standard errors one has to be better to be called so: in all, and in one of many groups.
const SURE: f64 = 2.5;
const SURE_IN_GROUP: f64 = 3.0;
/// Less than this on the logarithmic scale, a thousandth of the count, is no difference.
const NO_DIFFERENCE: f64 = 0.001;
/// Somebody who finds no seat is as bad as so many empty seats.
pub const STANDING: f64 = 3.0;

/// What was held out at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldOut {
    /// A fifth of all sessions.
    Fifths,
    /// A year, or whatever the editions are.
    Editions,
}

/// What sessions are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grouping {
    /// All of them.
    All,
    /// By track.
    Track,
    /// By kind.
    Kind,
    /// By the quarter of the day.
    Time,
    /// By how many favourites they have.
    Favourites,
}

/// How far off a way was; means over sessions.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Errors {
    /// By how many people.
    pub people: f64,
    /// By how much on the logarithmic scale: 0.69 is twice or half as many.
    pub log_ratio: f64,
    /// How many would find no seat, with as many seats as expected people.
    pub standing: f64,
    /// How many seats would be empty.
    pub empty: f64,
}

impl Errors {
    /// What that costs, in empty seats.
    #[must_use]
    pub fn cost(&self) -> f64 {
        self.empty + STANDING * self.standing
    }

    fn of<'t>(trials: impl Iterator<Item = (&'t Row, f64)> + Clone) -> Self {
        let average = |error: &dyn Fn(&Row, f64) -> f64| {
            mean(trials.clone().map(|(row, log)| error(row, log))).unwrap_or_default()
        };
        Self {
            people: average(&|row, log| (row.people - log.exp()).abs()),
            log_ratio: average(&|row, log| (row.log - log).abs()),
            standing: average(&|row, log| (row.people - log.exp()).max(0.0)),
            empty: average(&|row, log| (log.exp() - row.people).max(0.0)),
        }
    }
}

/// Both ways on some sessions.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What the sessions have in common.
    pub by: Grouping,
    /// What it is, for people.
    pub name: String,
    /// Which it is, of tracks and kinds.
    level: Option<Level>,
    /// How many.
    pub sessions: usize,
    /// The plain way.
    pub baseline: Errors,
    /// The model.
    pub learned: Errors,
    /// Which was better beyond doubt.
    pub better: Option<Source>,
}

/// Both ways, with the same sessions held out.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// How.
    pub held_out: HeldOut,
    /// All together first, then group by group.
    pub comparisons: Vec<Comparison>,
}

impl Trial {
    fn overall(&self) -> Option<&Comparison> {
        self.comparisons.first()
    }
}

/// What was found out.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// How many sessions were counted.
    pub sessions: usize,
    /// In which editions, and how many in each.
    pub editions: Vec<(String, usize)>,
    /// Of how many the room was full, so that they say too little.
    pub full_rooms: usize,
    /// Which way is used.
    pub used: Source,
    /// Why, in a sentence.
    pub why: String,
    /// What was compared.
    pub trials: Vec<Trial>,
    /// What the model learned of all sessions; nothing where too few were counted.
    pub effects: Vec<Effect>,
}

impl Report {
    /// Whether the plain way was clearly better in this session's track or kind.
    pub(super) fn prefers_baseline(&self, point: &Point) -> bool {
        self.trials.first().is_some_and(|trial| {
            trial.comparisons.iter().any(|comparison| {
                comparison.better == Some(Source::Baseline)
                    && comparison.level.is_some_and(|level| point.level(level.of) == Some(level.number))
            })
        })
    }
}

/// How far counts lie about what was expected, as logarithms: one of ten is lower, one of ten higher.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Of low counts.
    pub low: f64,
    /// Of high ones.
    pub high: f64,
}

/// The spreads of both ways.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spreads {
    baseline: Spread,
    learned: Spread,
}

impl Spreads {
    /// Of one of them.
    #[must_use]
    pub const fn of(&self, source: Source) -> Spread {
        match source {
            Source::Learned => self.learned,
            Source::Given | Source::Baseline => self.baseline,
        }
    }
}

impl Spread {
    /// Where too few are known to tell: half to double.
    const GUESSED: Self = Self { low: -std::f64::consts::LN_2, high: std::f64::consts::LN_2 };

    fn of(mut far: Vec<f64>) -> Self {
        far.sort_by(f64::total_cmp);
        let tenth = far.len() / 10;
        match (far.get(tenth), far.get(far.len().saturating_sub(tenth + 1))) {
            (Some(low), Some(high)) if far.len() >= 2 * FEWEST_COMPARED => {
                Self { low: low.min(0.0), high: high.max(0.0) }
            }
            _ => Self::GUESSED,
        }
    }
}

/// What a comparison leaves behind.
#[derive(Debug)]
pub struct Outcome {
    /// The model, where it is used.
    pub model: Option<Model>,
    /// How far counts lie about what was expected.
    pub spreads: Spreads,
    /// What to tell.
    pub report: Report,
}

/// Each session as both ways expected it, by people who did not know it.
#[derive(Debug)]
pub struct Expected<'k> {
    /// The session, and how many came.
    pub row: &'k Row,
    /// What the plain way expected, as a logarithm.
    pub baseline: f64,
    /// What the model expected.
    pub learned: f64,
}

/// Compares both ways, and chooses.
#[must_use]
pub fn run(known: &Known, observations: &[Observation]) -> Outcome {
    let mut report = Report {
        sessions: known.rows.len(),
        editions: known.editions.clone(),
        full_rooms: observations.iter().filter(|observation| observation.was_full()).count(),
        used: Source::Baseline,
        why: String::new(),
        trials: Vec::new(),
        effects: Vec::new(),
    };
    let guessed = Spreads { baseline: Spread::GUESSED, learned: Spread::GUESSED };
    let columns = Columns::of(known);
    let fits = (known.rows.len() >= FEWEST_COMPARED).then(|| Fits::of(known, &columns));
    let Some((fits, strength)) = fits.and_then(|fits| fits.best(None).map(|strength| (fits, strength))) else {
        report.why = why(known.rows.len(), &[]).1;
        return Outcome { model: None, spreads: guessed, report };
    };
    let by_fifths = fits.fifths();
    report.trials.push(Trial { held_out: HeldOut::Fifths, comparisons: compare(known, &by_fifths) });
    let by_editions = fits.editions(strength);
    if !by_editions.is_empty() {
        report.trials.push(Trial { held_out: HeldOut::Editions, comparisons: compare(known, &by_editions) });
    }
    let far = |way: fn(&Expected<'_>) -> f64| Spread::of(by_fifths.iter().map(|one| one.row.log - way(one)).collect());
    let spreads = Spreads { baseline: far(|one| one.baseline), learned: far(|one| one.learned) };
    let model = fits.of_all(strength).map(|weights| Model::new(columns.clone(), weights));
    report.effects = model.as_ref().map(|model| effects(known, model)).unwrap_or_default();
    (report.used, report.why) = why(known.rows.len(), &report.trials);
    Outcome { model: model.filter(|_| report.used == Source::Learned), spreads, report }
}

/// The one place that says which way is used.
fn why(sessions: usize, trials: &[Trial]) -> (Source, String) {
    if sessions == 0 {
        let why =
            "No attendance is known, so a favourite counts as one person; record attendance, or import former years'.";
        return (Source::Baseline, why.to_owned());
    }
    if sessions < FEWEST {
        let why = format!("{sessions} sessions were counted; the model is considered from {FEWEST} on.");
        return (Source::Baseline, why);
    }
    let overall = |held_out| trials.iter().find(|trial| trial.held_out == held_out).and_then(Trial::overall);
    let Some(fifths) = overall(HeldOut::Fifths) else {
        return (Source::Baseline, "The model could not be fitted.".to_owned());
    };
    let (plain, learned) = (fifths.baseline, fifths.learned);
    let figures = format!(
        "on sessions held out the model was off by {:.1} people and {:.2} on the log scale, the baseline by {:.1} and {:.2}",
        learned.people, learned.log_ratio, plain.people, plain.log_ratio
    );
    match fifths.better {
        Some(Source::Learned) if learned.people > plain.people => (
            Source::Baseline,
            format!("The baseline is used: {figures}, so the model is better in ratio but not in people."),
        ),
        Some(Source::Learned) => match overall(HeldOut::Editions) {
            Some(years) if years.better != Some(Source::Learned) => (
                Source::Baseline,
                format!(
                    "The baseline is used: the model is better within years, but not clearly so in a year it knows nothing of: it was off by {:.2} \
                     on the log scale, the baseline by {:.2}.",
                    years.learned.log_ratio, years.baseline.log_ratio
                ),
            ),
            _ => (Source::Learned, format!("The model is used: {figures}.")),
        },
        Some(_) => (Source::Baseline, format!("The baseline is used: {figures}.")),
        None => (Source::Baseline, format!("The baseline is used: {figures}, which is too close to tell.")),
    }
}

fn compare(known: &Known, expected: &[Expected<'_>]) -> Vec<Comparison> {
    let mut comparisons = vec![comparison(Grouping::All, "all sessions".to_owned(), None, expected.iter(), SURE)];
    for (by, of) in [(Grouping::Track, Of::Track), (Grouping::Kind, Of::Kind)] {
        for number in 0..known.count(of) {
            let within = expected.iter().filter(move |one| one.row.point.level(of) == Some(number));
            let level = Some(Level { of, number });
            comparisons.push(comparison(by, known.name(of, number), level, within, SURE_IN_GROUP));
        }
    }
    for (quarter, name) in [(0, "from midnight"), (1, "in the morning"), (2, "in the afternoon"), (3, "in the evening")]
    {
        let within = expected.iter().filter(move |one| one.row.point.hour.is_some_and(|hour| hour / 6 == quarter));
        comparisons.push(comparison(Grouping::Time, name.to_owned(), None, within, SURE_IN_GROUP));
    }
    for (from, until, name) in [
        (0.0, 1.0, "no favourites"),
        (1.0, 10.0, "1 to 9 favourites"),
        (10.0, 50.0, "10 to 49 favourites"),
        (50.0, f64::INFINITY, "50 favourites and more"),
    ] {
        let many = |one: &&Expected<'_>| {
            one.row.point.favourites.map(|some| if some.any { some.log.exp().round() } else { 0.0 })
        };
        let within = expected.iter().filter(move |one| many(one).is_some_and(|many| (from..until).contains(&many)));
        comparisons.push(comparison(Grouping::Favourites, name.to_owned(), None, within, SURE_IN_GROUP));
    }
    comparisons.retain(|comparison| comparison.by == Grouping::All || comparison.sessions >= FEWEST_IN_GROUP);
    comparisons
}

fn comparison<'e>(
    by: Grouping,
    name: String,
    level: Option<Level>,
    within: impl Iterator<Item = &'e Expected<'e>>,
    sure: f64,
) -> Comparison {
    let within: Vec<&Expected<'_>> = within.collect();
    let ahead: Vec<f64> =
        within.iter().map(|one| (one.row.log - one.baseline).abs() - (one.row.log - one.learned).abs()).collect();
    Comparison {
        by,
        name,
        level,
        sessions: ahead.len(),
        baseline: Errors::of(within.iter().map(|one| (one.row, one.baseline))),
        learned: Errors::of(within.iter().map(|one| (one.row, one.learned))),
        better: better(&ahead, sure),
    }
}

/// Who was better, by how far the model was ahead session by session.
fn better(ahead: &[f64], sure: f64) -> Option<Source> {
    let average = mean(ahead.iter().copied())?;
    let variance = mean(ahead.iter().map(|ahead| (ahead - average).powi(2)))?;
    let doubt = sure * (variance / super::precise(i64::try_from(ahead.len()).unwrap_or(i64::MAX))).sqrt();
    let doubt = doubt.max(NO_DIFFERENCE);
    match average {
        average if average > doubt => Some(Source::Learned),
        average if average < -doubt => Some(Source::Baseline),
        _ => None,
    }
}

fn effects(known: &Known, model: &Model) -> Vec<Effect> {
    let (levels, power) = model.effects();
    let favourites = Effect { factor: "twice as many favourites".to_owned(), times: 2_f64.powf(power) };
    let levels = levels
        .into_iter()
        .map(|(Level { of, number }, log)| Effect { factor: known.name(of, number), times: log.exp() });
    [favourites].into_iter().chain(levels).collect()
}
