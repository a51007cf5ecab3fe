//! Measurements, in a release build.

mod schedule;

use clap::{Args, Subcommand};

use crate::command::{self, headline};
use crate::{plugins, services, workspace};

/// What to measure.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// Only this group: trivial, programme, sign-up, import, cached, export, life or process. Printed, not written
    only: Option<String>,
    /// Where the results of all these groups go, as JSON next to a table
    #[arg(long, default_value = "docs/benchmarks/latest.json")]
    json: std::path::PathBuf,
    #[command(subcommand)]
    apart: Option<Apart>,
}

/// What takes hours, and is measured by itself
#[derive(Subcommand)]
enum Apart {
    /// The timetabling solver, next to OR-Tools CP-SAT, on problems made from ../shared
    Schedule(schedule::Arguments),
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if let Some(Apart::Schedule(arguments)) = &arguments.apart {
        return schedule::run(arguments);
    }
    let postgres = services::postgres(services::Durability::On)?;
    let built = plugins::build(plugins::Build::Release, plugins::Which::All)?;
    headline("measuring; this takes minutes");
    let mut measure = command::command(workspace::target().join("release/conman-bench"));
    match &arguments.only {
        Some(group) => measure.arg(group),
        None => measure.arg("--json").arg(&arguments.json),
    };
    command::run(measure.env(services::VARIABLE, postgres).env(plugins::VARIABLE, built.packages))
}
