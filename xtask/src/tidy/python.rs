//! What is written in Python, held by ruff: its lints, and its formatting.

use crate::command::{command, output, run};
use crate::summary::Summary;
use crate::{python, workspace};

/// The version that the sources pass.
const RUFF: &str = "ruff==0.17.6";

pub fn check(summary: &mut Summary) -> anyhow::Result<()> {
    let sources = output(command("git").args(["ls-files", "--cached", "--others", "--exclude-standard", "*.py"]))?;
    let python = match python::with(RUFF, &workspace::target().join("tools/ruff")) {
        Ok(python) => python,
        Err(error) => {
            summary.skip(&format!("skipped: what is written in Python, because {error:#}"));
            return Ok(());
        }
    };
    for ruff in [&["check", "--quiet"][..], &["format", "--check"]] {
        run(command(&python).args(["-m", "ruff"]).args(ruff).args(sources.lines()))?;
    }
    Ok(())
}
