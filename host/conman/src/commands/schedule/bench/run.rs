//! One problem, solved once by one solver, and its solution looked at.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use conman_scheduler::check::{broken, cost};
use conman_scheduler::document::read_solution;
use conman_scheduler::problem::Problem;
use serde::{Deserialize, Serialize};

use super::closing;
use super::plan::{How, Listed};
use super::solver::{Answer, Solver};
use crate::commands::read_file;
use crate::commands::schedule::{self, check};
use crate::failure::{Failure, Kind};

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) seed: u64,
    pub(super) unplaced: u64,
    pub(super) soft: u64,
    /// What of it is for sessions that are elsewhere than in the incumbent.
    pub(super) moved: u64,
    /// How many those are, where there is an incumbent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) moves: Option<u64>,
    pub(super) seconds: Seconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) iterations: Option<u64>,
    /// In bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) memory: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bound: Option<f64>,
    /// The soft cost after a longer search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) longer: Option<u64>,
}

/// How long what took, in seconds, as far as the solver tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Seconds {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reading: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) building: Option<f64>,
    pub(super) solving: f64,
    /// From the program's start to its end.
    pub(super) process: f64,
    /// From the search's beginning until everything was placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) placed: Option<f64>,
    /// From the search's beginning until the cost had fallen for the last time by 1 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) settled: Option<f64>,
}

/// What a solver is asked.
#[derive(Debug)]
pub(super) struct Task<'a> {
    pub(super) problem: &'a Path,
    pub(super) seconds: f64,
    pub(super) threads: u16,
    pub(super) seed: u64,
    pub(super) output: &'a Path,
}

impl Task<'_> {
    /// After how long a solver is given up. Building a model may well take longer than solving it.
    pub(super) fn patience(&self) -> Duration {
        Duration::try_from_secs_f64(600.0 + 2.0 * self.seconds).unwrap_or(Duration::MAX)
    }
}

impl fmt::Display for Task<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with seed {}", self.problem.display(), self.seed)
    }
}

/// Measures.
#[derive(Debug)]
pub(super) struct Bench<'a> {
    /// Where the problems are.
    pub(super) problems: &'a Path,
    /// Where solutions go.
    pub(super) solutions: &'a Path,
    /// The solver of this build, which also makes timetables for others to go on from.
    pub(super) own: &'a Solver,
    /// Words of a command that looks at every solution.
    pub(super) checker: Option<&'a [String]>,
}

impl Bench<'_> {
    /// Solves a problem of a section with one of its seeds, the first or another. Answers the solver's version, too.
    pub(super) fn measure(
        &self,
        solver: &Solver,
        section: (&str, &How),
        listed: &Listed,
        nth: usize,
    ) -> Result<(Run, Option<String>), Failure> {
        let (name, how) = section;
        let seed = how.seeds.get(nth).copied().unwrap_or_default();
        let file = |what: &str| self.file(&format!("{name}-{}-{}-{seed}{what}.json", solver.name, listed.name()));
        let mut problem = self.problems.join(&listed.file);
        let task = |seconds| (seconds, how.threads.get(), seed);
        if let Some(closing) = &how.closing {
            let (base, output) = (file("-before"), file("-closed"));
            self.solve(self.own, &problem, task(closing.prepare), &base)?;
            closing::close(closing, nth, [&problem, &base, &output])?;
            problem = output;
        }
        let (answer, mut run) = self.solve(solver, &problem, task(how.seconds), &file(""))?;
        if let Some(longer) = how.longer {
            run.longer = Some(self.solve(solver, &problem, task(longer), &file("-longer"))?.1.soft);
        }
        Ok((run, answer.version))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.solutions.join(name)
    }

    /// Lets a solver solve a problem, and looks at the solution.
    fn solve(
        &self,
        solver: &Solver,
        problem: &Path,
        (seconds, threads, seed): (f64, u16, u64),
        output: &Path,
    ) -> Result<(Answer, Run), Failure> {
        // What a run before has left there would be taken for this one's.
        match std::fs::remove_file(output) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let task = Task { problem, seconds, threads, seed, output };
        let answer = solver.solve(&task)?;
        let failed = |what: String| Failure::new(Kind::Failed, format!("{} on {task}: {what}", solver.name));
        let document = std::fs::read(output).map_err(|error| {
            failed(format!("it ended well, but there is no solution in the file it was to write: {error}"))
        })?;
        let read = schedule::problem(problem, &read_file(problem)?)?;
        let run = judge(&read, &document, seed, &answer).map_err(failed)?;
        if let Some(checker) = self.checker {
            ask(checker, problem, output).map_err(failed)?;
        }
        Ok((answer, run))
    }
}

/// Looks at a solution as an outsider would.
fn judge(problem: &Problem, document: &[u8], seed: u64, answer: &Answer) -> Result<Run, String> {
    let solution =
        read_solution(problem, document).map_err(|flaws| format!("its solution cannot be used:\n{flaws}"))?;
    if let Some(broken) = broken(problem, &solution.timetable).first() {
        return Err(format!("its solution breaks hard constraints: {}", broken.describe(problem)));
    }
    let cost = cost(problem, &solution.timetable);
    let wrong = solution.stated.map(|stated| check::wrong_figures(&stated, &cost)).unwrap_or_default();
    if let Some(wrong) = wrong.first() {
        return Err(format!("its solution is not what it says it is: {wrong}"));
    }
    let pairs = || problem.incumbent.iter().zip(&solution.timetable.places);
    let moves = pairs().filter(|(before, now)| before.is_some() && now.is_some() && before != now).count();
    let seconds = answer.seconds.clone();
    Ok(Run {
        seed,
        unplaced: cost.unplaced.into(),
        soft: cost.soft(),
        moved: cost.terms.moved_time + cost.terms.moved_room,
        moves: problem.incumbent.iter().any(Option::is_some).then_some(moves as u64),
        seconds,
        iterations: answer.iterations,
        memory: answer.memory,
        bound: answer.bound,
        longer: None,
    })
}

/// Asks somebody else what a solution is worth.
fn ask(checker: &[String], problem: &Path, solution: &Path) -> Result<(), String> {
    let Some((program, arguments)) = checker.split_first() else { return Ok(()) };
    let asked = Command::new(program).args(arguments).args([problem, solution]).output();
    let said = asked.map_err(|error| format!("the checker {program} cannot be started: {error}"))?;
    if said.status.success() {
        return Ok(());
    }
    let text = [said.stdout, said.stderr].concat();
    Err(format!("the checker finds its solution wrong: {}", String::from_utf8_lossy(&text).trim()))
}
