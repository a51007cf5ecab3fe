//! Adds up what the test runners said, so that a long run ends in a few lines.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::command::remark;

/// A test that cannot run here says so on standard error, in a line that begins with this, and passes.
const SKIPPED: &str = "skipped: ";

/// Passed, failed and ignored tests of one or more runs, and what was skipped.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// Each line with how often it was said.
    skipped: BTreeMap<String, u64>,
}

impl Summary {
    /// Runs a `cargo test`, passes its output through and adds its results. A failure to build counts as one failed test, so that
    /// the sum cannot look green.
    pub fn run(&mut self, command: &mut Command) -> anyhow::Result<()> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("could not start {command:?}"))?;
        let before = self.failed;
        let (stdout, stderr) = (child.stdout.take().context("no pipe")?, child.stderr.take().context("no pipe")?);
        let remarks = std::thread::spawn(move || {
            let mut remarks = Vec::new();
            each_line(stderr, |line| {
                remark(line);
                remarks.push(line.to_owned());
                Ok(())
            })?;
            anyhow::Ok(remarks)
        });
        each_line(stdout, |line| {
            writeln!(std::io::stdout(), "{line}")?;
            self.read(line);
            Ok(())
        })?;
        for line in remarks.join().map_err(|_| anyhow::anyhow!("nobody reads the remarks"))?? {
            self.read_remark(&line);
        }
        if !child.wait()?.success() && self.failed == before {
            self.failed += 1;
        }
        Ok(())
    }

    /// Says that something cannot be checked here, in a line that begins with `skipped: `, and counts it.
    pub fn skip(&mut self, line: &str) {
        remark(line);
        self.read_remark(line);
    }

    fn read_remark(&mut self, line: &str) {
        if line.starts_with(SKIPPED) {
            *self.skipped.entry(line.to_owned()).or_default() += 1;
        }
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
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }

    /// Whether nothing failed and something ran.
    pub const fn is_green(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

/// Not every test prints UTF-8.
fn each_line(from: impl std::io::Read, mut each: impl FnMut(&str) -> anyhow::Result<()>) -> anyhow::Result<()> {
    for line in BufReader::new(from).split(b'\n') {
        each(&String::from_utf8_lossy(&line?))?;
    }
    Ok(())
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (line, times) in &self.skipped {
            if *times == 1 {
                writeln!(f, "{line}")?;
            } else {
                writeln!(f, "{line} ({times} times)")?;
            }
        }
        let skipped = self.ignored + self.skipped.values().sum::<u64>();
        write!(f, "{} passed, {} failed, {skipped} skipped", self.passed, self.failed)
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
    fn what_tests_say_they_skip_is_counted_and_repeated() {
        let mut summary = Summary::default();
        summary.read("test result: ok. 2 passed; 0 failed; 1 ignored");
        for line in ["skipped: no data", "warning: skipped: nothing", "skipped: no server", "skipped: no data"] {
            summary.read_remark(line);
        }
        let expected = "skipped: no data (2 times)\nskipped: no server\n2 passed, 0 failed, 4 skipped";
        assert_eq!(summary.to_string(), expected);
        assert!(summary.is_green());
    }

    #[test]
    fn a_run_that_fails_without_a_failed_test_is_not_green() {
        let mut summary = Summary { passed: 2, ..Summary::default() };
        summary.run(Command::new("sh").args(["-c", "exit 1"])).unwrap();
        assert!(!summary.is_green());
    }

    #[test]
    fn a_run_without_tests_is_not_green() {
        assert!(!Summary::default().is_green());
    }
}
