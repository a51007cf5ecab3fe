//! The fuzz target, a workspace of its own, which includes files of the scheduler's tests: whoever changes these sees here what it breaks.

use crate::command::{cargo, run, succeeds};
use crate::summary::Summary;
use crate::workspace;

const MANIFEST: [&str; 2] = ["--manifest-path", "fuzz/Cargo.toml"];

pub fn check(summary: &mut Summary) -> anyhow::Result<()> {
    run(cargo().arg("fmt").args(MANIFEST).arg("--check"))?;
    let mut check = cargo();
    check
        .args(["check", "--quiet", "--locked"])
        .args(MANIFEST)
        .arg("--target-dir")
        .arg(workspace::target().join("fuzz"));
    // Nothing is linked here, so that libFuzzer need not be built: with a library of one's own it is not.
    let Err(error) = run(check.env("CUSTOM_LIBFUZZER_PATH", "fuzz/libFuzzer.a")) else { return Ok(()) };
    if succeeds(cargo().arg("fetch").args(MANIFEST)) {
        return Err(error);
    }
    summary.skip("skipped: the fuzz target, because what it needs cannot be fetched from here");
    Ok(())
}
