//! `conman:host/log`.

use crate::bindings::host::log::{Host, Level};
use crate::log_ring::LogLevel;
use crate::state::CallState;

impl Host for CallState {
    fn write(&mut self, level: Level, message: String, fields: String) -> wasmtime::Result<()> {
        let level = match level {
            Level::Trace => LogLevel::Trace,
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        };
        self.log.write(level, &message, &fields);
        Ok(())
    }
}
