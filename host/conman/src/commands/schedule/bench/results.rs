//! What has been measured: a JSON document, into which each measured section is written.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::machine::Machine;
use super::plan::{How, Plan, Section};
use super::run::Run;
use super::table;
use crate::commands::read_file;
use crate::failure::{Failure, Kind, Outcome};
use crate::terminal::pretty;
use crate::whole_file;

const FORMAT: &str = "conman-schedule-bench/1";

/// All that has been measured by a plan.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Results {
    format: String,
    /// By section, by solver.
    sections: BTreeMap<String, BTreeMap<String, Measured>>,
}

/// A section, measured with one solver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) how: How,
    pub(super) circumstances: Circumstances,
    /// By problem, in the order of the seeds.
    pub(super) runs: BTreeMap<String, Vec<Run>>,
}

/// When and where and with what it was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Circumstances {
    pub(super) date: String,
    pub(super) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
    pub(super) machine: Machine,
    /// Problems side by side.
    pub(super) jobs: u16,
}

impl Results {
    /// Those of a file, as far as the plan still has them measured in the same way; none without one.
    pub(super) fn of(plan: &Plan, file: Option<&Path>) -> Result<Self, Failure> {
        let empty = Self { format: FORMAT.to_owned(), sections: BTreeMap::new() };
        let Some(file) = file.filter(|file| file.exists()) else { return Ok(empty) };
        let mut results: Self = serde_json::from_slice(&read_file(file)?).map_err(|error| foreign(file, &error))?;
        if results.format != FORMAT {
            return Err(foreign(file, &format_args!("its format is \"{}\" and not \"{FORMAT}\"", results.format)));
        }
        results.sections.retain(|name, solvers| {
            let section = plan.sections.iter().find(|section| section.name == *name);
            solvers.retain(|_, measured| section.is_some_and(|section| measured.is_of(plan, section)));
            !solvers.is_empty()
        });
        Ok(results)
    }

    pub(super) fn set(&mut self, section: &Section, solver: &str, measured: Measured) {
        self.sections.entry(section.name.clone()).or_default().insert(solver.to_owned(), measured);
    }

    /// What has been measured of a section, this build's solver first.
    pub(super) fn of_section(&self, section: &Section) -> Vec<(&str, &Measured)> {
        let solvers = self.sections.get(&section.name).into_iter().flatten();
        let mut solvers: Vec<_> = solvers.map(|(solver, measured)| (solver.as_str(), measured)).collect();
        solvers.sort_by_key(|(solver, _)| *solver != "conman");
        solvers
    }

    pub(super) fn json(&self) -> Result<Value, Failure> {
        serde_json::to_value(self).map_err(|error| Failure::new(Kind::Failed, error.to_string()))
    }

    /// Writes the file, and the table beside it (`.md`).
    pub(super) fn write(&self, plan: &Plan, file: &Path) -> Outcome {
        let write = |file: &Path, text: String| {
            let cannot = |error| Failure::new(Kind::Failed, format!("cannot write {}: {error}", file.display()));
            whole_file::write(file, text.as_bytes()).map_err(cannot)
        };
        write(file, pretty(&self.json()?) + "\n")?;
        write(&file.with_extension("md"), table::markdown(plan, self))
    }
}

fn foreign(file: &Path, what: &dyn fmt::Display) -> Failure {
    let file = file.display();
    Failure::invalid(format!(
        "{file} is there and is not what this command writes, so it is left alone: {what}; name another file with -o"
    ))
}

impl Measured {
    fn is_of(&self, plan: &Plan, section: &Section) -> bool {
        let mut names: Vec<_> = plan.problems(section).iter().map(super::plan::Listed::name).collect();
        names.sort();
        self.how == section.how && self.runs.keys().eq(names.iter())
    }

    /// For each seed its runs on all problems.
    pub(super) fn by_seed(&self) -> Vec<Vec<&Run>> {
        let nth = |nth: usize| self.runs.values().filter_map(|runs| runs.get(nth)).collect();
        (0..self.how.seeds.len()).map(nth).collect()
    }

    /// For each seed the run on one problem.
    pub(super) fn of_problem(&self, name: &str) -> Vec<Vec<&Run>> {
        self.runs.get(name).into_iter().flatten().map(|run| vec![run]).collect()
    }
}

impl fmt::Display for Circumstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date)?;
        for said in [&self.version, &self.note].into_iter().flatten() {
            write!(f, ", {said}")?;
        }
        let jobs = self.jobs;
        write!(f, ", {}; ", self.machine)?;
        if jobs == 1 { write!(f, "one problem at a time") } else { write!(f, "{jobs} problems side by side") }
    }
}
