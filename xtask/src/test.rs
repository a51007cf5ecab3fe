//! Every check and every suite.

use clap::Args;

use crate::command::{cargo, headline};
use crate::summary::Summary;
use crate::{plugins, services, tidy};

/// What to run.
#[derive(Args)]
pub struct Arguments {
    /// Skip formatting, lints, licences and invariants
    #[arg(long)]
    no_tidy: bool,
    /// Passed on to `cargo test`
    #[arg(last = true)]
    rest: Vec<String>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let postgres = services::postgres(services::Durability::Off)?;
    let plugins = plugins::build(plugins::Build::Suites)?;
    let mut summary = Summary::default();
    headline("running every suite, on SQLite and PostgreSQL");
    summary.run(
        cargo()
            .args(["test", "--workspace", "--no-fail-fast"])
            .args(&arguments.rest)
            .env(services::VARIABLE, postgres)
            .env(plugins::VARIABLE, plugins),
    )?;
    // Last, because clippy checks every dependency anew and a broken test should be seen before that.
    let tidied = if arguments.no_tidy { Ok(()) } else { tidy::run() };
    println!("\n{summary}");
    tidied?;
    if !summary.is_green() {
        anyhow::bail!("some tests failed; their names are above");
    }
    Ok(())
}
