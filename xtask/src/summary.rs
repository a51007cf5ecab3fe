//! Adds up what the test runners said, so that a long run ends in one line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use anyhow::Context as _;

/// Passed, failed and ignored tests of one or more runs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Summary {
    /// Runs a `cargo test`, passes its output through and adds its results. A failure to build counts as one failed test, so that
    /// the sum cannot look green.
    pub fn run(&mut self, command: &mut Command) -> anyhow::Result<()> {
        let mut child =
            command.stdout(Stdio::piped()).spawn().with_context(|| format!("could not start {command:?}"))?;
        let before = self.failed;
        let stdout = child.stdout.take().context("no pipe")?;
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            writeln!(std::io::stdout(), "{line}")?;
            self.read(&line);
        }
        if !child.wait()?.success() && self.failed == before {
            self.failed += 1;
        }
        Ok(())
    }

    /// `test result: ok. 12 passed; 0 failed; 1 ignored; …`
    fn read(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        for part in result.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(Ok(count)), Some(kind)) = (words.next().map(str::parse::<u64>), words.next()) else { continue };
            match kind {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.skipped += count,
                _ => {}
            }
        }
    }

    /// Whether nothing failed and something ran.
    pub const fn is_green(self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_binaries_add_up() {
        let mut summary = Summary::default();
        summary.read("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        summary
            .read("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        summary.read("test something ... ok");
        assert_eq!(summary.to_string(), "15 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn a_run_without_tests_is_not_green() {
        assert!(!Summary::default().is_green());
    }
}
