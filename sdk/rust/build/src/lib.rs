//! Builds a plugin crate to a WebAssembly component.
