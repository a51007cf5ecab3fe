//! `conman schedule bench`: measures the solver, and others beside it, on problems that are files.
//!
//! A plan says what is measured ([`plan`]); each problem is solved with each seed by a process of its own ([`solver`]), and what it
//! writes is checked before it counts ([`run`]). What is measured section by section is kept in one document ([`results`]), from which
//! the table is written ([`table`]).

mod closing;
mod figure;
mod jobs;
mod machine;
mod plan;
mod results;
mod run;
mod solver;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use self::jobs::side_by_side;
use self::machine::Machine;
use self::plan::{Plan, Section};
use self::results::{Circumstances, Measured, Results};
use self::run::Run;
use self::solver::Solver;
use crate::arguments;
use crate::commands::read_file;
use crate::failure::{Failure, Kind, Outcome};
use crate::terminal::Terminal;

pub(super) async fn run(arguments: arguments::Bench, terminal: Terminal) -> Outcome {
    let measured = tokio::task::spawn_blocking(move || bench(&arguments, terminal)).await;
    measured.map_err(|error| Failure::new(Kind::Failed, format!("the measuring failed: {error}")))?
}

fn bench(arguments: &arguments::Bench, terminal: Terminal) -> Outcome {
    let plan = match &arguments.plan {
        Some(file) => Plan::read(file)?,
        None => Plan::of_problems(arguments)?,
    };
    let output = arguments.output.as_deref();
    if let Some(output) = output.filter(|output| output.extension().is_none_or(|ending| ending != "json")) {
        return Err(Failure::usage(format!("-o {}: name a file that ends in .json", output.display())));
    }
    let mut results = Results::of(&plan, output)?;
    if !arguments.table {
        measure_all(arguments, &plan, &mut results, terminal)?;
    } else if let Some(output) = output {
        results.write(&plan, output)?;
    }
    terminal.answer(&results.json()?)?;
    if let Some(output) = output {
        terminal.say(format!("wrote {} and {}", output.display(), output.with_extension("md").display()))?;
    }
    Ok(())
}

/// Measures the sections that are asked for. What has been measured is written after each, so that a failure loses nothing.
fn measure_all(arguments: &arguments::Bench, plan: &Plan, results: &mut Results, terminal: Terminal) -> Outcome {
    let sections = plan.select(&arguments.only)?;
    let beside = arguments.plan.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    let problems = arguments.folder.clone().or(beside).unwrap_or_default();
    look_at(plan, &sections, &problems)?;
    let (own, peers) = (Solver::own()?, peers(&arguments.peer)?);
    let temporary = tempfile::tempdir()?;
    let solutions = arguments.keep.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(solutions)?;
    let checker: Option<Vec<_>> =
        arguments.checker.as_ref().map(|checker| checker.split_whitespace().map(str::to_owned).collect());
    let bench = run::Bench { problems: &problems, solutions, own: &own, checker: checker.as_deref() };
    let circumstances = Circumstances {
        date: jiff::Zoned::now().date().to_string(),
        version: None,
        note: arguments.note.clone(),
        machine: Machine::this(),
        jobs: arguments.jobs.get(),
    };
    warn_if_busy(&circumstances.machine, &sections, arguments.jobs.get(), terminal);
    let mut rows = Vec::new();
    for section in sections {
        let solvers = (!arguments.peers_only).then_some(&own).into_iter().chain(peers.iter().filter(|_| section.peers));
        for solver in solvers {
            let measured = measure(&bench, plan, section, solver, &circumstances, terminal)?;
            rows.extend(table::rows(section, &solver.name, &measured));
            results.set(section, &solver.name, measured);
            if let Some(output) = &arguments.output {
                results.write(plan, output)?;
            }
        }
    }
    terminal.table(table::HEAD, rows)
}

/// Measures one section with one solver.
fn measure(
    bench: &run::Bench<'_>,
    plan: &Plan,
    section: &Section,
    solver: &Solver,
    circumstances: &Circumstances,
    terminal: Terminal,
) -> Result<Measured, Failure> {
    let (problems, seeds) = (plan.problems(section), section.how.seeds.len());
    let _progress =
        terminal.progress(format!("{}: {}, {} problems, {seeds} seeds", section.name, solver.name, problems.len()));
    let task = |index: usize| problems.get(index / seeds).map(|problem| (problem, index % seeds));
    let done = side_by_side(problems.len() * seeds, usize::from(circumstances.jobs), |index| {
        let measured =
            task(index).map(|(problem, nth)| bench.measure(solver, (&section.name, &section.how), problem, nth));
        measured.transpose()
    })?;
    let mut runs: BTreeMap<String, Vec<Run>> = BTreeMap::new();
    // What is said of this build is not said of others.
    let note = solver.version.as_ref().and(circumstances.note.clone());
    let mut version = solver.version.clone();
    for (index, (run, told)) in done.into_iter().enumerate().filter_map(|(index, done)| Some((index, done?))) {
        version = version.or(told);
        if let Some((problem, _)) = task(index) {
            runs.entry(problem.name()).or_default().push(run);
        }
    }
    let version = Some(version.unwrap_or_else(|| solver.name.clone()));
    let circumstances = Circumstances { version, note, ..circumstances.clone() };
    Ok(Measured { how: section.how.clone(), circumstances, runs })
}

/// Reads every problem once, so that nothing is found wrong after hours.
fn look_at(plan: &Plan, sections: &[&Section], folder: &Path) -> Outcome {
    let mut files: Vec<PathBuf> = Vec::new();
    for section in sections {
        files.extend(plan.problems(section).iter().map(|problem| folder.join(&problem.file)));
    }
    files.sort();
    files.dedup();
    files.iter().try_for_each(|file| super::problem(file, &read_file(file)?).map(|_| ()))
}

fn peers(named: &[String]) -> Result<Vec<Solver>, Failure> {
    let peers = named.iter().map(|peer| Solver::peer(peer)).collect::<Result<Vec<_>, _>>()?;
    let mut names: Vec<_> = peers.iter().map(|peer| &peer.name).collect();
    names.sort();
    names.dedup();
    if names.len() < peers.len() { Err(Failure::usage("two peers have the same name")) } else { Ok(peers) }
}

fn warn_if_busy(machine: &Machine, sections: &[&Section], jobs: u16, terminal: Terminal) {
    let threads = sections.iter().map(|section| section.how.threads.get()).max().unwrap_or(1);
    let threads = usize::from(jobs) * usize::from(threads);
    if machine.is_busy_for(threads) {
        let load = machine.load;
        terminal.warn(&format!(
            "there are not enough cores for {threads} threads beside what else runs (load {load:.1}): what is measured is worse than it is"
        ));
    }
}
