//! Measurements, in a release build.

use clap::Args;

use crate::command::{self, headline};
use crate::{plugins, services, workspace};

/// What to measure.
#[derive(Args)]
pub struct Arguments {
    /// Only measurements whose name contains this
    filter: Option<String>,
    /// Where the results go, as JSON next to a table
    #[arg(long, default_value = "docs/benchmarks/latest.json")]
    json: std::path::PathBuf,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let postgres = services::postgres(services::Durability::On)?;
    let built = plugins::build(plugins::Build::Release, plugins::Which::All)?;
    headline("measuring; this takes minutes");
    command::run(
        command::command(workspace::target().join("release/conman-bench"))
            .arg("--json")
            .arg(&arguments.json)
            .args(arguments.filter.iter())
            .env(services::VARIABLE, postgres)
            .env(plugins::VARIABLE, built.packages),
    )
}
