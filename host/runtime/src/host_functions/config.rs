//! `conman:host/config`.

use crate::bindings::host::config::Host;
use crate::state::CallState;

impl Host for CallState {
    fn get(&mut self) -> wasmtime::Result<String> {
        Ok(self.enabled.config.to_string())
    }
}
