//! Builds every plugin and example into packages, with the same command a third party uses.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{cargo, headline, run};
use crate::workspace;

/// Tells the suites where the packages are, so that they need not build them again.
pub const VARIABLE: &str = "CONMAN_PLUGINS";

/// Which build of `conman` builds them. Cargo chooses dependencies' features by what it is asked for, so asking for exactly what comes
/// next is what keeps the heavy ones from being built twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// The command alone.
    Command,
    /// Everything the suites need.
    Suites,
    /// What is measured.
    Release,
}

impl Build {
    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Command => &["build", "--package", "conman"],
            Self::Suites => &["build", "--workspace", "--bins", "--tests"],
            Self::Release => &["build", "--release", "--package", "conman", "--package", "conman-bench"],
        }
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::Command | Self::Suites => "debug",
            Self::Release => "release",
        }
    }
}

/// The command, built.
pub fn conman(build: Build) -> anyhow::Result<PathBuf> {
    headline("building conman");
    run(cargo().args(build.arguments()))?;
    Ok(workspace::target().join(build.folder()).join("conman"))
}

/// Builds all packages and answers the folder that holds them.
pub fn build(with: Build) -> anyhow::Result<PathBuf> {
    let conman = conman(with)?;
    let packages = workspace::target().join("plugins");
    fs::create_dir_all(&packages)?;
    for source in sources()? {
        headline(&format!("building {}", source.display()));
        run(crate::command::command(&conman).args(["plugin", "build"]).arg(&source).arg("--output").arg(&packages))?;
    }
    Ok(packages)
}

/// Every folder of plugins, examples and the suites' guests that has a manifest.
fn sources() -> anyhow::Result<Vec<PathBuf>> {
    let mut sources = Vec::new();
    for parent in ["plugins", "examples", "tests/guests"] {
        for entry in fs::read_dir(workspace::root().join(parent))? {
            let folder = entry?.path();
            if folder.join("plugin.toml").exists() {
                sources.push(Path::new(parent).join(folder.file_name().unwrap_or_default()));
            }
        }
    }
    sources.sort();
    Ok(sources)
}
