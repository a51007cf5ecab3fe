//! Running other programs: said before they run, and a failure names the command.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::workspace;

/// A command in the workspace's root, which sees what it would see without `cargo run`.
///
/// Cargo tells whom it runs about its package in variables. Some build scripts (`ring`'s) have cargo build them anew when these change,
/// and with them all that depends on them: nearly everything, whenever somebody calls cargo by hand and through here in turn.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace::root());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// The cargo that runs this.
pub fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Says a headline before something that takes a while.
pub fn headline(text: &str) {
    let _ = writeln!(std::io::stderr(), "\n── {text}");
}

/// Says a line next to what is answered on standard output.
pub fn remark(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Runs to the end, output passed through.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("could not start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs to the end and answers what it printed.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let shown = shown(command);
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("could not start `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` failed ({})", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether the program answers at all.
pub fn answers(program: impl AsRef<std::ffi::OsStr>, argument: &str) -> bool {
    succeeds(Command::new(program).arg(argument))
}

/// Whether it ends well, whatever it prints.
pub fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Installs packages of the system, or says how.
pub fn install_system_packages(packages: &[&str]) -> anyhow::Result<()> {
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("please install {} with your system's package manager and run this again", packages.join(", "));
    }
    headline(&format!("installing {} from the system's packages", packages.join(", ")));
    let elevated = |arguments: &[&str]| {
        let mut command = if is_root() { Command::new("env") } else { Command::new("sudo") };
        if !is_root() {
            // Where nobody can type a password, asking for one would wait for ever.
            command.args(if std::io::stdin().is_terminal() { &["env"][..] } else { &["--non-interactive", "env"] });
        }
        // Said to `env`, because sudo takes its caller's variables away.
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments);
        command
    };
    let install: Vec<&str> = ["install", "--yes", "--no-install-recommends"].iter().chain(packages).copied().collect();
    // A machine whose package lists are fresh needs no update; a new one does.
    if run(&mut elevated(&install)).is_ok() {
        return Ok(());
    }
    run(&mut elevated(&["update"])).and_then(|()| run(&mut elevated(&install))).with_context(|| {
        format!("could not install them; as root: apt-get install --no-install-recommends {}", packages.join(" "))
    })
}

/// Whose process this is.
pub fn user() -> anyhow::Result<u32> {
    Ok(output(Command::new("id").arg("-u"))?.trim().parse()?)
}

/// Whether we are root, who may install packages but may not run PostgreSQL.
pub fn is_root() -> bool {
    user().is_ok_and(|id| id == 0)
}

fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_do_not_see_the_package_that_runs_them() {
        let about_the_package = |text: &str| text.contains("CARGO_MANIFEST_DIR=") || text.contains("CARGO_PKG_NAME=");
        assert!(about_the_package(&output(&mut Command::new("env")).unwrap()), "cargo test tells it as cargo run does");
        assert!(!about_the_package(&output(&mut command("env")).unwrap()));
    }
}
