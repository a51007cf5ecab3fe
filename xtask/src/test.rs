//! Every check and every suite.

use clap::Args;

use crate::command::{cargo, headline};
use crate::summary::Summary;
use crate::{machine, plugins, services, tidy};

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
    if !arguments.no_tidy {
        machine::tidy_tools()?;
    }
    machine::checkers();
    let postgres = services::postgres(services::Durability::Off)?;
    let built = plugins::build(plugins::Build::Suites, plugins::Which::All)?;
    let mut summary = Summary::default();
    headline("running every suite, on SQLite and PostgreSQL");
    summary.run(
        cargo()
            .args(["test", "--no-fail-fast"])
            .args((!names_packages(&arguments.rest)).then_some("--workspace"))
            .args(&arguments.rest)
            .env(services::VARIABLE, postgres)
            .env(plugins::VARIABLE, built.packages),
    )?;
    // Last, because clippy checks every dependency anew and a broken test should be seen before that.
    let tidied = if arguments.no_tidy { Ok(()) } else { tidy::run(&mut summary) };
    println!("\n{summary}");
    tidied?;
    if !summary.is_green() {
        anyhow::bail!("some tests failed; their names are above");
    }
    Ok(())
}

/// Whether cargo is told which packages to test. What follows another `--` is for the test binaries.
fn names_packages(rest: &[String]) -> bool {
    let for_cargo = rest.iter().take_while(|argument| *argument != "--");
    for_cargo.into_iter().any(|argument| argument.starts_with("-p") || argument.starts_with("--package"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_named_for_cargo_narrow_what_is_tested() {
        let rest = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for (text, names) in [
            ("-p conman-graph", true),
            ("--lib --package=conman-graph", true),
            ("", false),
            ("--test server sign_up", false),
            ("--test server -- -p", false),
        ] {
            assert_eq!(names_packages(&rest(text)), names, "{text}");
        }
    }
}
