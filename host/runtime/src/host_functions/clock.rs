//! `conman:host/clock`.

use crate::bindings::host::clock::Host;
use crate::state::CallState;

impl Host for CallState {
    fn now(&mut self) -> wasmtime::Result<i64> {
        Ok(self.surroundings.clock.now().as_millisecond())
    }
}
