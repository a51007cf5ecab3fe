//! The one place where bytes become machine code without the compiler.
#![expect(unsafe_code, reason = "wasmtime cannot check that serialized code is its own; the caller vouches for it")]

use wasmtime::Engine;
use wasmtime::component::Component;

/// Loads code that this host compiled.
///
/// `payload` must have been written by [`Component::serialize`] in this host's own cache folder and have passed its checksum.
pub(super) fn component(engine: &Engine, payload: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: only `super::load` calls this, with a payload whose checksum matched, from a folder that only the host writes to;
    // wasmtime itself checks that version, settings and processor features are those of `engine`.
    unsafe { Component::deserialize(engine, payload) }
}
