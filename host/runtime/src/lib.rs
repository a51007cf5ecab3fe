//! Runs plugins: sandboxed WebAssembly components that reach nothing but what they were granted.
//!
//! [`Runtime`] installs packages, enables plugins in conventions, and runs calls through the kernel's
//! [`Dispatcher`](conman_kernel::dispatch::Dispatcher). A call gets a permit, a task of its own, fresh instances with hard limits, and
//! a transaction by its kind; whatever it does, the host and its neighbours go on. This is the only crate that names wasmtime.

mod administration;
mod bindings;
mod breaker;
mod call;
mod call_log;
mod capability;
mod compiled;
mod cpu;
mod dispatch;
mod doing;
mod enabled;
mod engine;
mod entropy;
mod faults;
mod figures;
mod guest;
mod host_functions;
mod idempotency;
mod inventory;
mod limits;
mod log_ring;
mod memory;
pub mod package;
mod purging;
mod roles;
mod runtime;
mod standing;
mod state;
mod ticker;
mod transactions;
mod wasi;
mod whole_file;

pub use breaker::BreakerConfig;
pub use capability::{Capability, HOST_API, ImportError};
pub use compiled::CompileError;
pub use engine::{Allocation, EngineError};
pub use entropy::Entropy;
pub use figures::{CallObserver, CallSort, RuntimeFigures};
pub use inventory::{
    AbsentPlugin, EnableError, EnabledPlugin, InstallError, Installed, InstalledPackage, MIGRATIONS, Wanted,
};
pub use limits::{Budget, Limits};
pub use log_ring::{LogLevel, LogLine};
pub use purging::Purging;
pub use roles::ExportError;
pub use runtime::{Runtime, RuntimeConfig, RuntimeError};
