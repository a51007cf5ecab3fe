//! Compiled code, kept on disk by the package's digest and by everything the code depends on (wasmtime's version and settings, the
//! processor). The folder is the host's own: nothing that comes from outside is ever loaded as machine code.
//!
//! A file carries a checksum of its own. A file that was cut or changed is compiled anew, and so is one that wasmtime refuses.

mod trusted;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use conman_kernel::digest::Digest;
use wasmtime::component::Component;

use crate::engine::Engine;
use crate::whole_file;

/// Why there is no compiled code.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The component does not compile.
    #[error("the component does not compile: {0}")]
    Refused(String),
    /// The compiler's thread ended without an answer.
    #[error("the compiler gave up: {0}")]
    GaveUp(String),
}

/// Where compiled code is kept.
pub(crate) struct CompiledCode {
    engine: Arc<Engine>,
    folder: PathBuf,
}

/// Before the payload: the mark, and the payload's SHA-256.
const MARK: &[u8; 8] = b"conman\x00\x01";
const HEADER: usize = MARK.len() + 32;

impl CompiledCode {
    pub(crate) fn new(engine: Arc<Engine>, cache_folder: &Path) -> Self {
        let folder = cache_folder.join(engine.compatibility());
        Self { engine, folder }
    }

    /// The compiled component with this digest, from disk or from the compiler.
    pub(crate) async fn component(
        &self,
        digest: Digest,
        bytes: impl FnOnce() -> std::io::Result<Vec<u8>> + Send + 'static,
    ) -> Result<Component, CompileError> {
        let (engine, file) = (Arc::clone(&self.engine), self.folder.join(format!("{digest}.code")));
        let task = tokio::task::spawn_blocking(move || {
            if let Some(component) = load(&engine, &file) {
                return Ok(component);
            }
            let bytes = bytes().map_err(|error| CompileError::GaveUp(error.to_string()))?;
            let component = Component::new(engine.wasmtime(), bytes)
                .map_err(|error| CompileError::Refused(format!("{error:#}")))?;
            match component.serialize() {
                Ok(payload) => {
                    if let Err(error) = store(&file, &payload) {
                        tracing::warn!(file = %file.display(), %error, "compiled code could not be kept; the next start compiles it again");
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "compiled code could not be written down; the next start compiles it again")
                }
            }
            Ok(component)
        });
        task.await.map_err(|error| CompileError::GaveUp(error.to_string()))?
    }
}

fn load(engine: &Engine, file: &Path) -> Option<Component> {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "compiled code cannot be read; compiling again");
            return None;
        }
    };
    let Some(payload) = verified(&bytes) else {
        tracing::warn!(file = %file.display(), "compiled code is damaged; compiling again");
        return None;
    };
    match trusted::component(engine.wasmtime(), payload) {
        Ok(component) => Some(component),
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "compiled code does not fit this engine; compiling again");
            None
        }
    }
}

fn verified(bytes: &[u8]) -> Option<&[u8]> {
    let (header, payload) = bytes.split_at_checked(HEADER)?;
    let checksum = header.strip_prefix(MARK)?;
    (Digest::of(payload).as_bytes() == checksum).then_some(payload)
}

fn store(file: &Path, payload: &[u8]) -> std::io::Result<()> {
    whole_file::write(file, &[MARK, Digest::of(payload).as_bytes(), payload])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Allocation;

    /// The smallest component: nothing in it.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    #[tokio::test]
    async fn damaged_code_is_compiled_again() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Arc::new(Engine::new(Allocation::OnDemand { calls: 4 }).unwrap());
        let code = CompiledCode::new(engine, folder.path());
        let digest = Digest::of(EMPTY);
        let file = code.folder.join(format!("{digest}.code"));

        code.component(digest, || Ok(EMPTY.to_vec())).await.unwrap();
        let whole = std::fs::read(&file).unwrap();
        code.component(digest, || panic!("it is on disk")).await.unwrap();

        for damaged in [&whole[..whole.len() / 2], &[], &[&whole[..HEADER + 9], b"x", &whole[HEADER + 10..]].concat()] {
            std::fs::write(&file, damaged).unwrap();
            assert!(load(&code.engine, &file).is_none());
            code.component(digest, || Ok(EMPTY.to_vec())).await.unwrap();
            assert_eq!(std::fs::read(&file).unwrap(), whole);
        }
    }
}
