//! `conman schedule`: solves timetabling problems, checks and explains solutions, and measures solvers, on this machine and without a
//! host.

mod bench;
mod check;
mod explain;
mod memory;
mod onlooker;
mod solve;

use std::io::Read as _;
use std::path::Path;

use conman_scheduler::cost::Cost;
use conman_scheduler::document::{Flaws, Solution, limits, read_problem, read_solution};
use conman_scheduler::problem::Problem;
use indicatif::HumanCount;
use serde_json::{Map, Value, json};

use crate::arguments::ScheduleCommand;
use crate::commands::read_file;
use crate::failure::{Failure, Outcome};
use crate::terminal::Terminal;

pub(crate) async fn run(command: ScheduleCommand, terminal: Terminal) -> Outcome {
    match command {
        ScheduleCommand::Solve(solve) => solve::run(solve, terminal).await,
        ScheduleCommand::Check(check) => check::run(&check, terminal),
        ScheduleCommand::Explain(explain) => explain::run(&explain, terminal),
        ScheduleCommand::Bench(bench) => bench::run(*bench, terminal).await,
    }
}

/// Whether a path stands for standard input or output.
fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A document's bytes.
fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    if !is_standard(path) {
        return read_file(path);
    }
    let mut bytes = Vec::new();
    // One more than can be read, so that what is longer is told to be.
    std::io::stdin().lock().take(limits::BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A problem and a solution of it.
fn both(problem: &Path, solution: &Path) -> Result<(Problem, Solution), Failure> {
    if is_standard(problem) && is_standard(solution) {
        return Err(Failure::usage(
            "only one of problem and solution can come from standard input; name a file for the other",
        ));
    }
    let read = self::problem(problem, &bytes(problem)?)?;
    let document = bytes(solution)?;
    let solved = read_solution(&read, &document).map_err(|flaws| flawed(solution, &flaws))?;
    Ok((read, solved))
}

fn problem(path: &Path, document: &[u8]) -> Result<Problem, Failure> {
    read_problem(document).map_err(|flaws| flawed(path, &flaws))
}

/// What is wrong with a document, for people and for programs.
fn flawed(path: &Path, flaws: &Flaws) -> Failure {
    let name = if is_standard(path) { "standard input".into() } else { path.to_string_lossy() };
    Failure {
        details: Some(json!({ "flaws": flaws.first, "more": flaws.more })),
        ..Failure::invalid(format!("{name} cannot be used:\n{flaws}"))
    }
}

fn cost_json(cost: &Cost) -> Value {
    let terms = cost.terms.in_order().into_iter().filter(|(_, amount)| *amount > 0);
    let terms: Map<_, _> = terms.map(|(name, amount)| (name.to_owned(), amount.into())).collect();
    json!({ "unplaced": cost.unplaced, "soft": cost.soft(), "terms": terms })
}

/// The broken wishes, for people; nothing when there are none.
fn cost_table(cost: &Cost, terminal: Terminal) -> Outcome {
    let terms: Vec<_> = cost.terms.in_order().into_iter().filter(|(_, amount)| *amount > 0).collect();
    if terms.is_empty() {
        return Ok(());
    }
    terminal.table(["Broken wishes", "Cost"], terms.into_iter().map(|(name, amount)| [name.to_owned(), count(amount)]))
}

/// `3 unplaced, soft cost 1,234`
fn cost_text(unplaced: u64, soft: u64) -> String {
    format!("{} unplaced, soft cost {}", count(unplaced), count(soft))
}

/// `1,234`
fn count(number: u64) -> String {
    HumanCount(number).to_string()
}
