//! Why a plugin could not be built, and what to do.

use std::path::PathBuf;

/// Why a plugin could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// This machine cannot build for WebAssembly yet.
    #[error(
        "nothing here builds for {target}: {reason}. Run `rustup target add {target}`; where that is not possible, on Debian: \
         `apt-get install --no-install-recommends {packages}`",
        target = crate::TARGET,
        packages = crate::toolchain::DEBIAN_PACKAGES
    )]
    NoToolchain {
        /// What was looked for and not found.
        reason: String,
    },
    /// A program could not be started.
    #[error("`{program}` could not be started: {source}")]
    NotStarted {
        /// Which.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// There is no crate in the folder.
    #[error("{} is no Rust plugin: it has no Cargo.toml", .0.display())]
    NoCrate(PathBuf),
    /// cargo could not read the crate.
    #[error("cargo cannot read {}:\n{output}", folder.display())]
    Unreadable {
        /// The crate's folder.
        folder: PathBuf,
        /// What cargo said.
        output: String,
    },
    /// The code does not compile.
    #[error("{} does not compile:\n{output}", folder.display())]
    DoesNotCompile {
        /// The crate's folder.
        folder: PathBuf,
        /// What the compiler said; empty when it was shown already.
        output: String,
    },
    /// The crate compiles to something that is no component.
    #[error("{} builds no component; its Cargo.toml needs\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]", .0.display())]
    NoComponent(PathBuf),
}
