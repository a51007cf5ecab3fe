//! What a guest may ask the host for: one file per interface of `wit/host`.

mod clock;
mod config;
mod database;
mod events;
mod log;
mod random;
mod scheduler;

use wasmtime::component::{HasSelf, Linker};

use crate::bindings::{host, types};
use crate::capability::Imports;
use crate::state::CallState;

/// The interface has types only; bindings still want somebody who hosts it.
impl types::Host for CallState {}

/// Links what the plugin imports and was granted, and nothing else.
pub(crate) fn add_to_linker(linker: &mut Linker<CallState>, granted: Imports) -> wasmtime::Result<()> {
    let state: fn(&mut CallState) -> &mut CallState = |state| state;
    host::log::add_to_linker::<_, HasSelf<CallState>>(linker, state)?;
    host::clock::add_to_linker::<_, HasSelf<CallState>>(linker, state)?;
    host::random::add_to_linker::<_, HasSelf<CallState>>(linker, state)?;
    host::config::add_to_linker::<_, HasSelf<CallState>>(linker, state)?;
    if granted.database {
        host::database::add_to_linker::<_, HasSelf<CallState>>(linker, state)?;
    }
    if granted.events {
        host::events::add_to_linker::<_, HasSelf<CallState>>(linker, state)?;
    }
    if granted.scheduler {
        host::scheduler::add_to_linker::<_, HasSelf<CallState>>(linker, state)?;
    }
    Ok(())
}
