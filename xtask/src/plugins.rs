//! Builds plugins and examples into packages, with the same command a third party uses.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{cargo, command, headline, run};
use crate::{machine, workspace};

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
            Self::Release => &["build", "--release", "--workspace", "--bin", "conman", "--bin", "conman-bench"],
        }
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::Command | Self::Suites => "debug",
            Self::Release => "release",
        }
    }
}

/// Which packages are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// What a convention would enable.
    Features,
    /// Examples and the suites' guests too.
    All,
}

impl Which {
    const fn parents(self) -> &'static [&'static str] {
        match self {
            Self::Features => &["plugins"],
            Self::All => &["plugins", "examples", "tests/guests"],
        }
    }
}

/// What was built.
pub struct Built {
    /// The command.
    pub conman: PathBuf,
    /// The folder that holds the packages.
    pub packages: PathBuf,
}

/// Builds the command, and with it the packages.
pub fn build(with: Build, which: Which) -> anyhow::Result<Built> {
    // Before the host, which takes minutes.
    machine::wasm_toolchain()?;
    headline("building conman");
    run(cargo().args(with.arguments()))?;
    let conman = workspace::target().join(with.folder()).join("conman");
    let packages = workspace::target().join("plugins");
    fs::create_dir_all(&packages)?;
    for source in sources(which)? {
        headline(&format!("building {}", source.display()));
        run(command(&conman).args(["plugin", "build"]).arg(&source).arg("--output").arg(&packages))?;
    }
    Ok(Built { conman, packages })
}

/// Every folder that has a manifest.
fn sources(which: Which) -> anyhow::Result<Vec<PathBuf>> {
    let mut sources = Vec::new();
    for parent in which.parents() {
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
