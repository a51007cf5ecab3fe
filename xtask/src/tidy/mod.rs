//! What a reviewer should not have to look for: formatting, lints, licences, and the invariants ARCHITECTURE.md states.

mod deny;
mod dependencies;
mod fuzz;
mod python;
mod sources;

use std::fmt;

use anyhow::bail;

use crate::command::{cargo, headline, run as run_command};
use crate::machine;
use crate::summary::Summary;

/// Something to mend.
pub struct Finding {
    /// `file:line` or a crate.
    place: String,
    /// What is wrong and what to do.
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// What could not be checked here is added to the summary.
pub fn run(summary: &mut Summary) -> anyhow::Result<()> {
    machine::tidy_tools()?;
    headline("formatting");
    run_command(cargo().args(["fmt", "--all", "--check"]))?;
    headline("invariants");
    let mut findings = dependencies::check()?;
    findings.extend(sources::check()?);
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} invariants are broken", findings.len());
    }
    headline("lints");
    run_command(cargo().args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))?;
    headline("the fuzz target");
    fuzz::check(summary)?;
    headline("Python");
    python::check(summary)?;
    headline("licences, sources, duplicates, advisories");
    deny::check(summary)
}
