//! The one door for every chore, used by people and CI alike: `cargo xtask --help`.

mod bench;
mod command;
mod demo;
mod machine;
mod plugins;
mod python;
mod services;
mod summary;
mod test;
mod tidy;
mod workspace;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the ConManagement workspace", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build everything, make the sample convention and serve it on 127.0.0.1:8080
    Demo(demo::Arguments),
    /// Run every check and every suite, on SQLite and on PostgreSQL
    Test(test::Arguments),
    /// Build the plugins and examples into target/plugins
    Plugins,
    /// Start or stop the real servers the suites use
    #[command(subcommand)]
    Services(services::Chore),
    /// Formatting, lints, licences, the fuzz target, Python and the invariants of ARCHITECTURE.md
    Tidy,
    /// Measure, in a release build, next to native baselines and other solvers
    Bench(bench::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().chore {
        Chore::Demo(arguments) => demo::run(&arguments),
        Chore::Test(arguments) => test::run(&arguments),
        Chore::Plugins => plugins::build(plugins::Build::Command, plugins::Which::All).map(|_| ()),
        Chore::Services(chore) => services::run(&chore),
        Chore::Tidy => tidy::run(&mut summary::Summary::default()),
        Chore::Bench(arguments) => bench::run(&arguments),
    }
}
