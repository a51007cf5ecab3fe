//! `conman:host/random`.

use ulid::Ulid;

use crate::bindings::host::random::Host;
use crate::state::CallState;

/// The contract's limit.
const MOST_BYTES: u32 = 4096;

impl Host for CallState {
    fn bytes(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length.min(MOST_BYTES))?];
        self.surroundings.entropy.fill(&mut bytes);
        Ok(bytes)
    }

    fn id(&mut self) -> wasmtime::Result<String> {
        let mut random = [0; 16];
        self.surroundings.entropy.fill(&mut random);
        let milliseconds = u64::try_from(self.surroundings.clock.now().as_millisecond()).unwrap_or_default();
        Ok(Ulid::from_parts(milliseconds, u128::from_le_bytes(random)).to_string().to_lowercase())
    }
}
