//! Runs cargo on a plugin's crate.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::TARGET;
use crate::error::BuildError;
use crate::toolchain::Toolchain;

/// How plugins are optimised: small enough to send around, fast enough to matter. Given on the command line, so that any crate
/// gets it; a workspace that has the same profile in its Cargo.toml shares what either builds.
const PROFILE: [&str; 6] = [
    "profile.plugin.inherits='release'",
    "profile.plugin.opt-level=3",
    "profile.plugin.lto='fat'",
    "profile.plugin.codegen-units=1",
    "profile.plugin.panic='abort'",
    "profile.plugin.strip='debuginfo'",
];

/// Where the compiler's words go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// To this process's standard error, as they come.
    Shown,
    /// Into the error, if there is one.
    Kept,
}

/// A plugin to build.
#[derive(Debug, Clone)]
pub struct Build {
    folder: PathBuf,
    target_folder: Option<PathBuf>,
    output: Output,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The component.
    pub component: PathBuf,
    /// The crate's folder, where the rest of the package is.
    pub folder: PathBuf,
}

impl Build {
    /// The plugin whose crate is in `folder`.
    pub fn of(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), target_folder: None, output: Output::Shown }
    }

    /// Builds below another folder. Keep one for all plugins, apart from the host's: they share most of what they are built from.
    /// Otherwise it is `wasm` in the crate's (or its workspace's) own target folder.
    #[must_use]
    pub fn target_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.target_folder = Some(folder.into());
        self
    }

    /// Where the compiler's words go; shown if nothing is said.
    #[must_use]
    pub const fn output(mut self, output: Output) -> Self {
        self.output = output;
        self
    }

    /// Builds it. What is built already and did not change takes a moment.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn run(&self, toolchain: &Toolchain) -> Result<Built, BuildError> {
        let folder = self.folder.canonicalize().map_err(|_| BuildError::NoCrate(self.folder.clone()))?;
        let manifest = folder.join("Cargo.toml");
        if !manifest.is_file() {
            return Err(BuildError::NoCrate(folder));
        }
        let target_folder = match &self.target_folder {
            Some(target_folder) => target_folder.clone(),
            None => own_target_folder(toolchain.program(), &folder, &manifest)?.join("wasm"),
        };
        let mut command = toolchain.cargo("build");
        command.args([
            "--profile",
            "plugin",
            "--target",
            TARGET,
            "--lib",
            "--message-format",
            "json-render-diagnostics",
            "--manifest-path",
        ]);
        command.arg(&manifest).current_dir(&folder).env("CARGO_TARGET_DIR", target_folder);
        for setting in PROFILE {
            command.args(["--config", setting]);
        }
        let (succeeded, component, output) = self.watch(command, &manifest)?;
        if !succeeded {
            return Err(BuildError::DoesNotCompile { folder, output });
        }
        component.map_or_else(
            || Err(BuildError::NoComponent(folder.clone())),
            |component| Ok(Built { component, folder: folder.clone() }),
        )
    }

    /// Runs cargo and picks the component out of what it reports.
    fn watch(&self, mut command: Command, manifest: &Path) -> Result<(bool, Option<PathBuf>, String), BuildError> {
        let failed = |source| BuildError::NotStarted { program: "cargo".to_owned(), source };
        let errors = if self.output == Output::Shown { Stdio::inherit() } else { Stdio::piped() };
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors).spawn().map_err(failed)?;
        // Standard error has a thread of its own: a full pipe on either side would stop both.
        let said = child.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                stderr.read_to_end(&mut bytes).map(|_| String::from_utf8_lossy(&bytes).into_owned())
            })
        });
        let mut component = None;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines() {
                component = artifact(&line.map_err(failed)?, manifest).or(component);
            }
        }
        let status = child.wait().map_err(failed)?;
        let output = said.and_then(|thread| thread.join().ok()).transpose().map_err(failed)?.unwrap_or_default();
        Ok((status.success(), component, output))
    }
}

/// The component, if this line of cargo's report names it.
fn artifact(line: &str, manifest: &Path) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Artifact {
        reason: String,
        manifest_path: Option<PathBuf>,
        #[serde(default)]
        filenames: Vec<PathBuf>,
    }
    let artifact: Artifact = serde_json::from_str(line).ok()?;
    let ours = artifact.reason == "compiler-artifact" && artifact.manifest_path.as_deref() == Some(manifest);
    artifact.filenames.into_iter().find(|file| ours && file.extension().is_some_and(|extension| extension == "wasm"))
}

/// Where cargo would put what it builds from this crate.
fn own_target_folder(cargo: &Path, folder: &Path, manifest: &Path) -> Result<PathBuf, BuildError> {
    #[derive(Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
        .arg(manifest)
        .current_dir(folder)
        .output()
        .map_err(|source| BuildError::NotStarted { program: cargo.display().to_string(), source })?;
    let unreadable = |output: String| BuildError::Unreadable { folder: folder.to_owned(), output };
    if !output.status.success() {
        return Err(unreadable(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout).map_err(|error| unreadable(error.to_string()))?;
    Ok(metadata.target_directory)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn the_component_is_the_crates_own_and_no_dependencys() {
        let manifest = Path::new("/p/Cargo.toml");
        let line = |path: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"{path}","filenames":["/t/libp.rlib","/t/p.wasm"]}}"#
            )
        };
        assert_eq!(artifact(&line("/p/Cargo.toml"), manifest), Some("/t/p.wasm".into()));
        assert_eq!(artifact(&line("/q/Cargo.toml"), manifest), None);
        assert_eq!(artifact(r#"{"reason":"build-finished","success":true}"#, manifest), None);
        assert_eq!(artifact("warning: not json", manifest), None);
    }

    #[test]
    fn a_folder_without_a_crate_is_named() {
        let empty = std::env::temp_dir();
        let Ok(toolchain) = Toolchain::find() else {
            // Past the test runner, which swallows what a passing test prints.
            let line = format!("skipped: no toolchain builds for {TARGET} here\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            return;
        };
        let missing = empty.join("no-such-plugin");
        let error = Build::of(&missing).run(&toolchain).map_err(|error| error.to_string());
        assert_eq!(error, Err(format!("{} is no Rust plugin: it has no Cargo.toml", missing.display())));
    }

    #[test]
    fn every_error_says_what_to_do() {
        expect_test::expect![
            "nothing here builds for wasm32-wasip2: rustc has no library for it. Run `rustup target add wasm32-wasip2`; where that is not possible, on Debian: `apt-get install --no-install-recommends rustc-web cargo-web rust-web-src wasi-libc`"
        ]
        .assert_eq(&BuildError::NoToolchain { reason: "rustc has no library for it".to_owned() }.to_string());
    }
}
