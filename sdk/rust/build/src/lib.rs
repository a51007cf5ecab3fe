//! Builds a plugin's crate to a WebAssembly component.
//!
//! Plugins target `wasm32-wasip2`. Where rustup can install that target nothing else is needed; where it cannot, Debian's second
//! Rust with its library's sources does. [`Toolchain::find`] knows both and says what to install where neither is there;
//! [`Build`] runs cargo with the settings every plugin is built with, so that a plugin's own crate needs no profile.
//!
//! This crate knows no host: what it makes is a component, which `conman_runtime::package` turns into a package.

mod build;
mod error;
mod toolchain;

pub use build::{Build, Built, Output};
pub use error::BuildError;
pub use toolchain::{DEBIAN_PACKAGES, Kind, Toolchain};

/// What plugins are built for.
pub const TARGET: &str = "wasm32-wasip2";
