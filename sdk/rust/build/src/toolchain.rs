//! Which compiler on this machine can build for WebAssembly.
//!
//! First choice is the Rust on the PATH, if its library for the target is installed. Second is Debian's `rustc-web` with the
//! matching sources: it builds the standard library along, with the linker that the first Rust brings.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::TARGET;
use crate::error::BuildError;

/// What makes a Debian machine able to build plugins.
pub const DEBIAN_PACKAGES: &str = "rustc-web cargo-web rust-web-src wasi-libc";

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std";
const DEBIAN_LIBC: &str = "/usr/lib/wasm32-wasi";

/// A way to build for WebAssembly.
#[derive(Debug, Clone)]
pub struct Toolchain {
    kind: Kind,
    cargo: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(&'static str, OsString)>,
}

/// Where a toolchain comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The Rust on the PATH, with the target installed.
    Installed,
    /// Debian's compiler and library sources, with the PATH's linker.
    Debian,
}

impl Toolchain {
    /// Looks for one.
    ///
    /// # Errors
    /// [`BuildError::NoToolchain`] says what to install.
    pub fn find() -> Result<Self, BuildError> {
        let installed = match Self::installed() {
            Ok(toolchain) => return Ok(toolchain),
            Err(reason) => reason,
        };
        Self::debian().map_err(|debian| BuildError::NoToolchain { reason: format!("{installed}, and {debian}") })
    }

    /// Where it comes from.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// A cargo command, prepared: add what to build.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = Command::new(&self.cargo);
        command.arg(subcommand).args(&self.arguments);
        // Flags and wrappers meant for the host's code: coverage, a CPU's own instructions, clippy.
        for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"] {
            command.env_remove(variable);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The program that reads a crate's metadata; the same cargo builds it.
    pub(crate) fn program(&self) -> &Path {
        &self.cargo
    }

    fn installed() -> Result<Self, String> {
        let rustc = rustc();
        let libraries = ask(&rustc, &["--print", "target-libdir", "--target", TARGET])?;
        let std_is_there = Path::new(&libraries).read_dir().is_ok_and(|mut files| {
            files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-")))
        });
        if !std_is_there {
            return Err(format!("{} has no library for it", rustc.display()));
        }
        Ok(Self { kind: Kind::Installed, cargo: cargo(), arguments: Vec::new(), environment: Vec::new() })
    }

    fn debian() -> Result<Self, String> {
        for needed in [DEBIAN_CARGO, DEBIAN_RUSTC, DEBIAN_SOURCES, DEBIAN_LIBC] {
            if !Path::new(needed).exists() {
                return Err(format!("{needed} is missing"));
            }
        }
        let (linker, folders) = linker()?;
        let mut path: Vec<PathBuf> = folders;
        path.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
        let path = env::join_paths(path).map_err(|error| format!("the PATH cannot be extended: {error}"))?;
        Ok(Self {
            kind: Kind::Debian,
            cargo: DEBIAN_CARGO.into(),
            arguments: ["-Z", "build-std=std,panic_abort"].map(String::from).to_vec(),
            environment: vec![
                ("PATH", path),
                ("RUSTC", DEBIAN_RUSTC.into()),
                // build-std is what this compiler is packaged for, and unstable by name.
                ("RUSTC_BOOTSTRAP", "1".into()),
                ("CARGO_TARGET_WASM32_WASIP2_LINKER", linker.into()),
                ("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", format!("-L {DEBIAN_LIBC}").into()),
            ],
        })
    }
}

/// For people: which cargo is used, and with what.
impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Installed => write!(f, "{} with the installed target {TARGET}", self.cargo.display()),
            Kind::Debian => write!(f, "{} with the library's sources in {DEBIAN_SOURCES}", self.cargo.display()),
        }
    }
}

/// `wasm-component-ld`, and the folders it and the linker it calls are in: on the PATH, or inside rustup's toolchain.
fn linker() -> Result<(PathBuf, Vec<PathBuf>), String> {
    const LINKER: &str = "wasm-component-ld";
    if let Some(path) = env::var_os("PATH")
        && let Some(found) = env::split_paths(&path).map(|folder| folder.join(LINKER)).find(|file| file.is_file())
    {
        return Ok((found, Vec::new()));
    }
    let rustc = rustc();
    let sysroot = ask(&rustc, &["--print", "sysroot"])?;
    let host = ask(&rustc, &["-vV"])?
        .lines()
        .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
        .unwrap_or_default();
    let folder = Path::new(&sysroot).join("lib/rustlib").join(host).join("bin");
    let linker = folder.join(LINKER);
    if linker.is_file() {
        let inner = folder.join("gcc-ld");
        Ok((linker, vec![folder, inner]))
    } else {
        Err(format!("the linker {LINKER} is neither on the PATH nor in {}; rustup's Rust brings it", folder.display()))
    }
}

/// What rustc answers on its standard output.
fn ask(rustc: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(rustc)
        .args(arguments)
        .output()
        .map_err(|error| format!("{} could not be started: {error}", rustc.display()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(format!("{} {} failed", rustc.display(), arguments.join(" ")))
    }
}

/// cargo tells its children which one it is.
fn cargo() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

fn rustc() -> PathBuf {
    env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from)
}
