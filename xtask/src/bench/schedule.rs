//! The timetabling solver: makes the problems of the plan, fetches the peer into an environment of its own, and has `conman schedule
//! bench` measure both.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use crate::command::{answers, cargo, command, headline, output, remark, run as run_command};
use crate::{python, workspace};

/// The peer, from PyPI. It is never part of the product.
const PEER: &str = "ortools==9.15.6755";

/// The conventions of the plan: `(name, arguments of conv_gen.py before and after the name of the file)`.
const CONVENTIONS: &[(&str, &str, &[&str])] = &[
    ("hours-5000", "1", &[]),
    ("hours-5000-tight", "1", &["--tight"]),
    ("hours-20000", "1", &["--hours", "20000", "--rooms", "400"]),
    ("hours-500", "1", &["--hours", "500", "--rooms", "12"]),
    ("sessions-50-1", "1", &["--hours", "75", "--rooms", "3"]),
    ("sessions-50-2", "2", &["--hours", "75", "--rooms", "3"]),
    ("sessions-50-3", "3", &["--hours", "75", "--rooms", "3"]),
    ("sessions-50-4", "4", &["--hours", "75", "--rooms", "3"]),
    ("sessions-50-5", "5", &["--hours", "75", "--rooms", "3"]),
];

/// Measure the timetabling solver
#[derive(Args)]
pub struct Arguments {
    /// Only this section of the plan; may be given more than once
    #[arg(long, value_name = "SECTION")]
    only: Vec<String>,
    /// How many problems are solved side by side: at most as many as there are cores nobody else uses
    #[arg(long, default_value_t = 1)]
    jobs: u16,
    /// Leave OR-Tools out
    #[arg(long, conflicts_with = "peer_only")]
    no_peer: bool,
    /// Measure OR-Tools alone
    #[arg(long)]
    peer_only: bool,
    /// What is measured
    #[arg(long, default_value = "docs/benchmarks/scheduling.toml")]
    plan: PathBuf,
    /// Where the figures go, next to a table; those of other sections stay as they are
    #[arg(long, default_value = "docs/benchmarks/scheduling.json")]
    json: PathBuf,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = workspace::target().join("bench-schedule");
    let problems = folder.join("problems");
    let Some(shared) = Shared::find() else { return Ok(()) };
    headline("building conman");
    run_command(cargo().args(["build", "--release", "--workspace", "--bin", "conman"]))?;
    headline("making problems");
    fs::create_dir_all(&problems)?;
    shared.make(&problems)?;
    let mut bench = command(workspace::target().join("release/conman"));
    bench.args(["schedule", "bench", "--plan"]).arg(&arguments.plan).arg("--folder").arg(&problems);
    bench.args(["--jobs", &arguments.jobs.to_string(), "--note", &build()?]).arg("-o").arg(&arguments.json);
    bench.arg("--keep").arg(folder.join("solutions"));
    bench.arg("--checker").arg(format!("python3 {}", from_root(&shared.tool("schedule_check.py")).display()));
    bench.args(arguments.only.iter().flat_map(|section| ["--only", section.as_str()]));
    if !arguments.no_peer {
        match peer(&folder.join("peer")) {
            Ok(peer) => {
                bench.arg("--peer").arg(format!("cp-sat={peer}"));
                bench.args(arguments.peer_only.then_some("--peers-only"));
            }
            Err(error) if arguments.peer_only => return Err(error),
            Err(error) => remark(&format!("skipped: OR-Tools, because {error:#}")),
        }
    }
    headline("measuring; in full this takes hours");
    run_command(&mut bench)
}

/// What the figures depend on: the command's crates with their dependencies and profile, and what makes problems and asks the peer.
const MEASURED: &[&str] = &[
    "host",
    "sdk",
    "wit",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo",
    "rust-toolchain.toml",
    "xtask/src/bench",
    "xtask/peers",
];

/// What was built: its commit, with a mark when the sources are no longer those of it, and the compiler.
fn build() -> anyhow::Result<String> {
    let commit = output(command("git").args(["rev-parse", "--short", "HEAD"]))?;
    let changed = output(command("git").args(["status", "--porcelain", "--"]).args(MEASURED))?;
    let mark = if changed.trim().is_empty() { "" } else { ", changed since" };
    let rustc = output(command("rustc").arg("--version"))?;
    Ok(format!("commit {}{mark}, {}", commit.trim(), rustc.trim()))
}

/// How the peer is called, in an environment in the target folder.
fn peer(environment: &Path) -> anyhow::Result<String> {
    let python = python::with(PEER, environment)?;
    Ok(format!("{} xtask/peers/cp_sat.py", from_root(&python).display()))
}

/// As seen from the workspace's root, where everything runs. Commands are split at spaces, which the way to there may have.
fn from_root(path: &Path) -> &Path {
    let root = workspace::root();
    path.strip_prefix(root).unwrap_or(path)
}

/// The material beside this repository, with which problems are made and solutions checked.
struct Shared(PathBuf);

impl Shared {
    /// Where it lies; says what is missing.
    fn find() -> Option<Self> {
        let shared = Self(workspace::root().join("../shared"));
        let needed = ["conv_gen.py", "ctt_to_problem.py", "schedule_check.py"].map(|tool| shared.tool(tool));
        let missing = needed.into_iter().chain([shared.competition()]).find(|path| !path.exists());
        match missing {
            Some(missing) => remark(&format!("skipped: there is no {}", missing.display())),
            None if !answers("python3", "--version") => remark("skipped: python3 is not installed"),
            None => return Some(shared),
        }
        None
    }

    fn tool(&self, name: &str) -> PathBuf {
        self.0.join("tools").join(name)
    }

    fn competition(&self) -> PathBuf {
        self.0.join("data/benchmarks/cb-ctt")
    }

    /// The problems of the plan, as far as they are not there yet as they would be made now.
    fn make(&self, folder: &Path) -> anyhow::Result<()> {
        for number in 1..=21 {
            let name = format!("comp{number:02}");
            let (tool, source) = (self.tool("ctt_to_problem.py"), self.competition().join(format!("{name}.ctt")));
            let from = made_from(&[], &[&tool, &source])?;
            whole(&folder.join(&name), &from, |unfinished| {
                let problem = output(command("python3").arg(&tool).arg(&source))?;
                Ok(fs::write(unfinished, problem)?)
            })?;
        }
        let tool = self.tool("conv_gen.py");
        for (name, seed, more) in CONVENTIONS {
            let from = made_from(&[&[*seed], *more].concat(), &[&tool])?;
            whole(&folder.join(name), &from, |unfinished| {
                run_command(command("python3").arg(&tool).arg(seed).arg(unfinished).args(*more))
            })?;
        }
        Ok(())
    }
}

/// All that decides what a problem looks like: the arguments it is made with, and the whole text of the files.
fn made_from(arguments: &[&str], files: &[&Path]) -> anyhow::Result<String> {
    let mut from = arguments.join(" ");
    for file in files {
        from.push('\n');
        from.push_str(&fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?);
    }
    Ok(from)
}

/// A `.json` file that is there whole or not at all, and made anew when it would be made from something else than what stands beside it.
fn whole(file: &Path, from: &str, make: impl Fn(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let [finished, unfinished, origin] = ["json", "part", "from"].map(|ending| file.with_extension(ending));
    if finished.exists() && fs::read_to_string(&origin).is_ok_and(|was| was == from) {
        return Ok(());
    }
    make(&unfinished)?;
    // Who is stopped in between leaves a problem of unknown origin, which the next one makes again.
    if origin.exists() {
        fs::remove_file(&origin)?;
    }
    fs::rename(unfinished, finished)?;
    Ok(fs::write(origin, from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_made_once_and_again_when_it_would_be_another_one() {
        let folder = std::env::temp_dir().join(format!("conman-xtask-problems-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let problem = folder.join("hours-1");
        let made = |from: &str| {
            let made = std::cell::Cell::new(false);
            whole(&problem, from, |unfinished| {
                made.set(true);
                Ok(fs::write(unfinished, from)?)
            })
            .unwrap();
            assert_eq!(fs::read_to_string(problem.with_extension("json")).unwrap(), from);
            made.get()
        };
        assert!(made("seed 1"));
        assert!(!made("seed 1"));
        assert!(made("seed 2"));
        // One that was made before anybody wrote down from what.
        fs::remove_file(problem.with_extension("from")).unwrap();
        assert!(made("seed 2"));
        // One whose making failed is as it was, and made when it can be.
        assert!(whole(&problem, "seed 3", |_| anyhow::bail!("no python3")).is_err());
        assert!(!made("seed 2"));
        assert!(made("seed 3"));
        fs::remove_dir_all(folder).unwrap();
    }
}
