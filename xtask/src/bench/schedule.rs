//! The timetabling solver: makes the problems of the plan, fetches the peer into an environment of its own, and has `conman schedule
//! bench` measure both.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use crate::command::{answers, cargo, command, headline, output, remark, run as run_command, succeeds};
use crate::workspace;

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

/// What was built: its commit, with a mark when the sources are no longer those of it.
fn build() -> anyhow::Result<String> {
    let commit = output(command("git").args(["rev-parse", "--short", "HEAD"]))?;
    // What this writes is in docs and no part of the build.
    let changed = output(command("git").args(["status", "--porcelain", "--", "host/scheduler", "host/conman"]))?;
    let mark = if changed.trim().is_empty() { "" } else { ", changed since" };
    let rustc = output(command("rustc").arg("--version"))?;
    Ok(format!("commit {}{mark}, {}", commit.trim(), rustc.trim()))
}

/// How the peer is called, in an environment in the target folder.
fn peer(environment: &Path) -> anyhow::Result<String> {
    let python = environment.join("bin/python");
    if !succeeds(command(&python).args(["-c", "import ortools.sat.python.cp_model"])) {
        headline(&format!("fetching {PEER} into the target folder (once)"));
        run_command(command("python3").args(["-m", "venv"]).arg(environment))?;
        run_command(command(&python).args(["-m", "pip", "install", "--quiet", PEER]))
            .with_context(|| format!("{PEER} cannot be installed"))?;
    }
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

    /// The problems of the plan, as far as they are not there yet.
    fn make(&self, folder: &Path) -> anyhow::Result<()> {
        for number in 1..=21 {
            let name = format!("comp{number:02}");
            whole(&folder.join(&name), |unfinished| {
                let source = self.competition().join(format!("{name}.ctt"));
                let problem = output(command("python3").arg(self.tool("ctt_to_problem.py")).arg(source))?;
                Ok(fs::write(unfinished, problem)?)
            })?;
        }
        for (name, seed, more) in CONVENTIONS {
            whole(&folder.join(name), |unfinished| {
                let mut generate = command("python3");
                generate.arg(self.tool("conv_gen.py")).arg(seed).arg(unfinished).args(*more);
                run_command(&mut generate)
            })?;
        }
        Ok(())
    }
}

/// A `.json` file that is there whole or not at all.
fn whole(file: &Path, make: impl Fn(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (finished, unfinished) = (file.with_extension("json"), file.with_extension("part"));
    if finished.exists() {
        return Ok(());
    }
    make(&unfinished)?;
    Ok(fs::rename(unfinished, finished)?)
}
