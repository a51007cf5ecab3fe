//! `cargo deny`, installed into the target folder when the machine has none.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use crate::command::{answers, cargo, command, headline, run};
use crate::summary::Summary;
use crate::workspace;

/// The version that `deny.toml` was written for.
const VERSION: &str = "0.20.2";

pub fn check(summary: &mut Summary) -> anyhow::Result<()> {
    let deny = find()?;
    run(command(&deny).args([
        "--log-level",
        "error",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))?;
    // The advisories live in a repository elsewhere. Without a network the check says so instead of passing for done.
    if !command(&deny).args(["--log-level", "off", "fetch", "db"]).stderr(Stdio::null()).status()?.success() {
        summary.skip("skipped: advisories, because the RustSec database cannot be reached from here");
        return Ok(());
    }
    run(command(&deny).args(["--log-level", "error", "check", "advisories"]))
}

fn find() -> anyhow::Result<OsString> {
    if answers("cargo-deny", "--version") {
        return Ok("cargo-deny".into());
    }
    let tools = workspace::target().join("tools");
    let own = tools.join("bin/cargo-deny");
    if !answers(&own, "--version") {
        headline("installing cargo-deny into the target folder (once)");
        let mut install: Command = cargo();
        // Unoptimised, it checks this workspace in seconds and builds in a third of the time.
        run(install
            .args(["install", "--quiet", "--debug", "--locked", "cargo-deny", "--version", VERSION, "--root"])
            .arg(&tools))?;
    }
    Ok(own.into())
}
