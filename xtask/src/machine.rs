//! What this machine must have before anything is built or tested. What is missing is installed.

use std::fmt::Display;

use anyhow::Context as _;
use conman_plugin_build::{DEBIAN_PACKAGES, TARGET, Toolchain};

use crate::command::{answers, cargo, command, headline, install_system_packages, remark, run, succeeds};

/// Something that builds plugins: the Rust that is there with rustup's library for WebAssembly, or Debian's second Rust.
pub fn wasm_toolchain() -> anyhow::Result<()> {
    let from_rustup = || {
        headline(&format!("installing the target {TARGET}"));
        run(command("rustup").args(["target", "add", TARGET]))
    };
    let from_debian = || install_system_packages(&DEBIAN_PACKAGES.split_whitespace().collect::<Vec<_>>());
    let toolchain = find_or_install(Toolchain::find, &[&from_rustup, &from_debian])?;
    headline(&format!("plugins are built by {toolchain}"));
    Ok(())
}

/// What `cargo xtask tidy` runs. Rustup's minimal profile leaves two of them out.
pub fn tidy_tools() -> anyhow::Result<()> {
    if !answers("git", "--version") {
        install_system_packages(&["git"])?;
    }
    let has = |subcommand: &str| succeeds(cargo().args([subcommand, "--version"]));
    if !(has("fmt") && has("clippy")) {
        headline("installing rustfmt and clippy");
        run(command("rustup").args(["component", "add", "rustfmt", "clippy"]))
            .context("formatting and lints need rustfmt and clippy; please install them for this Rust")?;
    }
    Ok(())
}

/// What suites compare with. A suite that lacks it says so in the sum, so that going on without hides nothing.
pub fn checkers() {
    if answers("xmllint", "--version") {
        return;
    }
    if let Err(error) = install_system_packages(&["libxml2-utils"]) {
        remark(&format!("{error:#}"));
    }
}

/// Looks, and where there is nothing, installs one way after the other until there is. A way that fails is said and passed over.
fn find_or_install<T, E: Display>(
    find: impl Fn() -> Result<T, E>,
    ways: &[&dyn Fn() -> anyhow::Result<()>],
) -> anyhow::Result<T> {
    let mut missing = match find() {
        Ok(found) => return Ok(found),
        Err(reason) => reason,
    };
    for way in ways {
        if let Err(error) = way() {
            remark(&format!("{error:#}"));
            continue;
        }
        match find() {
            Ok(found) => return Ok(found),
            Err(reason) => missing = reason,
        }
    }
    anyhow::bail!("{missing}")
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use anyhow::{anyhow, bail};

    use super::*;

    /// Runs two ways, of which those in `working` lead to a toolchain; answers which were gone and whether there is one at last.
    fn gone(found_before: bool, working: &[&'static str], failing: &[&'static str]) -> (Vec<&'static str>, bool) {
        let (found, gone) = (Cell::new(found_before), RefCell::new(Vec::new()));
        let way = |name: &'static str| {
            gone.borrow_mut().push(name);
            found.set(working.contains(&name));
            if failing.contains(&name) { bail!("{name} is out of reach") } else { Ok(()) }
        };
        let find = || if found.get() { Ok(()) } else { Err(anyhow!("there is none")) };
        let answer = find_or_install(find, &[&|| way("rustup"), &|| way("debian")]).is_ok();
        (gone.take(), answer)
    }

    #[test]
    fn nothing_is_installed_where_a_toolchain_is_there() {
        assert_eq!(gone(true, &[], &[]), (vec![], true));
    }

    #[test]
    fn the_second_way_is_gone_only_where_the_first_does_not_lead_there() {
        assert_eq!(gone(false, &["rustup", "debian"], &[]), (vec!["rustup"], true));
        assert_eq!(gone(false, &["debian"], &["rustup"]), (vec!["rustup", "debian"], true));
        // Rustup is content, and the library is still not where it is looked for.
        assert_eq!(gone(false, &["debian"], &[]), (vec!["rustup", "debian"], true));
    }

    #[test]
    fn without_any_way_there_is_an_error() {
        assert_eq!(gone(false, &[], &["rustup", "debian"]), (vec!["rustup", "debian"], false));
    }
}
