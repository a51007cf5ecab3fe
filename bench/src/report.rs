//! Results as a table for people and JSON for programs. An aim that was missed is shown like one that was reached.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::machine::Machine;

/// One figure.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: String,
    /// In `unit`.
    pub(crate) value: f64,
    /// `requests/s`, `µs`, `ms`, `s`, `MB`.
    pub(crate) unit: &'static str,
    /// The same thing done natively, or the number it is compared with, in the same run where it could be.
    pub(crate) baseline: Option<f64>,
    /// What that is.
    pub(crate) compared_with: String,
    /// What the ratio or the value should reach.
    pub(crate) aim: Aim,
    /// How it was measured, in a few words.
    pub(crate) how: String,
}

/// What a figure should reach.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Aim {
    /// `value / baseline` at least this.
    Ratio(f64),
    /// `value` at most this.
    AtMost(f64),
}

impl Figure {
    fn ratio(&self) -> Option<f64> {
        self.baseline.map(|baseline| self.value / baseline)
    }

    fn reached(&self) -> Option<bool> {
        match self.aim {
            Aim::Ratio(least) => self.ratio().map(|ratio| ratio >= least),
            Aim::AtMost(most) => Some(self.value <= most),
        }
    }
}

/// All figures of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: Machine,
    figures: Vec<Figure>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { machine: Machine::this(), figures: Vec::new() }
    }

    pub(crate) fn add(&mut self, figure: Figure) {
        println!("{}", row(&figure));
        self.figures.push(figure);
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

    pub(crate) fn table(&self) -> String {
        let mut text = format!("# Measured by `cargo xtask bench`\n\n{}\n\n", self.machine.line());
        text.push_str(
            "| what | measured | compared with | ratio | aim | reached | how |\n|---|---|---|---|---|---|---|\n",
        );
        for figure in &self.figures {
            let _ = writeln!(text, "{}", row(figure));
        }
        text
    }
}

fn row(figure: &Figure) -> String {
    let compared = figure.baseline.map_or_else(String::new, |baseline| {
        format!("{} {} ({})", rounded(baseline), figure.unit, figure.compared_with)
    });
    let aim = match figure.aim {
        Aim::Ratio(least) => format!("ratio ≥ {least}"),
        Aim::AtMost(most) => format!("≤ {most} {}", figure.unit),
    };
    let ratio = figure.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}"));
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
