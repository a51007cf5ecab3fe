//! Results as a table for people and JSON for programs. An aim that was missed is shown like one that was reached, and one that
//! could not be measured is named.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::load::Comparison;
use crate::machine::Machine;

/// One figure.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: String,
    /// In `unit`.
    pub(crate) value: f64,
    /// `requests/s`, `µs`, `s`, `MB`.
    pub(crate) unit: &'static str,
    /// What it is compared with, where it is.
    pub(crate) baseline: Option<Baseline>,
    /// What the ratio or the value should reach.
    pub(crate) aim: Aim,
    /// How it was measured, in a few words.
    pub(crate) how: String,
}

/// The same thing done natively in the same run, or a number from elsewhere.
#[derive(Debug, Serialize)]
pub(crate) struct Baseline {
    of: String,
    value: f64,
    /// `value` of the figure by this one: the median of the rounds.
    ratio: f64,
    /// The middle half of the rounds.
    between: Option<(f64, f64)>,
}

/// What a figure should reach.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Aim {
    /// The ratio at least this.
    Ratio(f64),
    /// `value` at most this.
    AtMost(f64),
    /// Nothing: it explains another figure.
    None,
}

impl Figure {
    /// Requests per second next to the same requests to a baseline.
    pub(crate) fn compared(name: String, comparison: &Comparison, of: &str, aim: Aim, how: &str) -> Self {
        let [low, ratio, high] = comparison.ratios();
        let value = comparison.ours.per_second();
        Self {
            name,
            value,
            unit: "requests/s",
            baseline: Some(Baseline {
                of: of.to_owned(),
                value: comparison.theirs.per_second(),
                ratio,
                between: Some((low, high)),
            }),
            aim,
            how: format!(
                "{}, {how}; p50 {:.2} ms, p99 {:.2} ms",
                crate::load::HOW,
                comparison.ours.quantile(0.5),
                comparison.ours.quantile(0.99)
            ),
        }
    }

    /// Requests per second next to a number measured elsewhere.
    pub(crate) fn next_to(name: &str, value: f64, (number, of): (f64, &str), least: f64, how: String) -> Self {
        let baseline = Baseline { of: of.to_owned(), value: number, ratio: value / number, between: None };
        Self { name: name.to_owned(), value, unit: "requests/s", baseline: Some(baseline), aim: Aim::Ratio(least), how }
    }

    /// A figure by itself.
    pub(crate) fn alone(name: impl Into<String>, (value, unit): (f64, &'static str), most: f64, how: String) -> Self {
        Self { name: name.into(), value, unit, baseline: None, aim: Aim::AtMost(most), how }
    }

    /// Whether the aim is reached, where there is one.
    fn reached(&self) -> Option<bool> {
        match (self.aim, &self.baseline) {
            (Aim::Ratio(least), Some(baseline)) => Some(baseline.ratio >= least),
            (Aim::Ratio(_), None) => Some(false),
            (Aim::AtMost(most), _) => Some(self.value <= most),
            (Aim::None, _) => None,
        }
    }
}

#[derive(Debug, Serialize)]
struct Judged {
    #[serde(flatten)]
    figure: Figure,
    reached: Option<bool>,
}

/// All figures of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: Machine,
    figures: Vec<Judged>,
    /// What could not be measured, and why.
    left_out: Vec<String>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { machine: Machine::this(), figures: Vec::new(), left_out: Vec::new() }
    }

    pub(crate) fn add(&mut self, figure: Figure) {
        println!("{}", row(&figure));
        self.figures.push(Judged { reached: figure.reached(), figure });
    }

    pub(crate) fn leave_out(&mut self, what: &str, why: &str) {
        println!("left out: {what}: {why}");
        self.left_out.push(format!("{what}: {why}"));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.figures.is_empty() && self.left_out.is_empty()
    }

    /// Writes `path` as JSON, and the same as a table beside it (`.md`).
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, serde_json::to_string_pretty(self)? + "\n")?;
        std::fs::write(path.with_extension("md"), self.table())?;
        Ok(())
    }

    fn table(&self) -> String {
        let mut text = format!("# Measured by `cargo xtask bench`\n\n{}\n\n", self.machine.line());
        text.push_str(
            "| what | measured | compared with | ratio | aim | reached | how |\n|---|---|---|---|---|---|---|\n",
        );
        for Judged { figure, .. } in &self.figures {
            let _ = writeln!(text, "{}", row(figure));
        }
        for left_out in &self.left_out {
            let _ = writeln!(text, "\nNot measured: {left_out}");
        }
        text
    }
}

fn row(figure: &Figure) -> String {
    let (mut compared, mut ratio) = (String::new(), String::new());
    if let Some(baseline) = &figure.baseline {
        compared = format!("{} {} ({})", rounded(baseline.value), figure.unit, baseline.of);
        ratio = format!("{:.2}", baseline.ratio);
        if let Some((least, most)) = baseline.between {
            let _ = write!(ratio, " ({least:.2} to {most:.2})");
        }
    }
    let aim = match figure.aim {
        Aim::Ratio(least) => format!("ratio ≥ {least}"),
        Aim::AtMost(most) => format!("≤ {most} {}", figure.unit),
        Aim::None => String::new(),
    };
    let reached = match figure.reached() {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    format!(
        "| {} | {} {} | {compared} | {ratio} | {aim} | {reached} | {} |",
        figure.name,
        rounded(figure.value),
        figure.unit,
        figure.how
    )
}

/// Three significant digits.
fn rounded(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
