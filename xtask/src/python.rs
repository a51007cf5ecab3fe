//! Python programs from PyPI, each in an environment of its own in the target folder. None of them is part of the product.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::command::{command, headline, run, succeeds};

/// The Python of an environment in which a package (`name==version`) is installed; once, while the version stays the same.
pub fn with(package: &str, environment: &Path) -> anyhow::Result<PathBuf> {
    let python = environment.join("bin/python");
    let is_there = "import importlib.metadata, sys; name, version = sys.argv[1].split('=='); \
                    sys.exit(importlib.metadata.version(name) != version)";
    if !succeeds(command(&python).args(["-c", is_there, package])) {
        headline(&format!("fetching {package} into the target folder (once)"));
        run(command("python3").args(["-m", "venv"]).arg(environment))?;
        run(command(&python).args(["-m", "pip", "install", "--quiet", package]))
            .with_context(|| format!("{package} cannot be installed"))?;
    }
    Ok(python)
}
