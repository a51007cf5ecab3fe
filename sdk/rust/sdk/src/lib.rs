//! Writing a ConManagement plugin in Rust.
//!
//! A plugin starts with its schema. [`plugin!`] reads `plugin.toml` and `schema.graphql` beside the crate's `Cargo.toml` and
//! declares the plugin's type and a module `schema`: a struct for every object, input, set of arguments and key, an enum for every
//! enum, and a trait for every place where fields need code. Implementing those traits is writing the plugin; a field without its
//! resolver does not compile.
//!
//! `examples/hello` is a whole plugin in thirty lines.
//!
//! What the host offers are modules of functions: [`database`], [`events`], [`scheduler`], [`config`], [`clock`], [`random`], and
//! `tracing`'s macros for the log. They work inside a component; natively, in unit tests, they panic when called, and everything else works.

#[doc(hidden)]
pub mod bindings;

pub mod batch;
pub mod database;
pub mod events;
pub mod scheduler;
pub mod spreadsheet;

mod context;
mod convention;
mod datetime;
mod error;
mod host;
mod http;
mod log;
mod maybe;
#[doc(hidden)]
pub mod rt;

pub use conman_sdk_macros::{FromRow, plugin};
pub use context::{Actor, ActorKind, CallKind, Context, Selection};
pub use convention::{Convention, day_of, day_start};
pub use datetime::DateTime;
pub use error::{Error, Result};
pub use events::Event;
pub use host::{clock, config, random};
pub use http::{Request, Response};
pub use maybe::Maybe;
pub use {jiff, serde, serde_json, tracing};

use serde::de::DeserializeOwned;

/// Handles the events that `needs.events.subscribe` in `plugin.toml` names.
#[diagnostic::on_unimplemented(
    message = "`{Self}` handles no events, but its plugin.toml subscribes to some",
    note = "write `impl EventHandler for {Self}`, or take `needs.events.subscribe` out of plugin.toml"
)]
pub trait EventHandler {
    /// Handles one event. Runs as a mutation; its effects happen once although delivery may repeat.
    ///
    /// # Errors
    /// An error undoes the effects; the host tries again later, and in the end puts the event on the dead-letter list.
    fn handle(ctx: &Context, event: &Event) -> Result<()>;
}

/// Checks a configuration before it is taken; used with `plugin!(Name, lifecycle)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is declared with `lifecycle` but does not check its configuration",
    note = "write `impl Lifecycle for {Self}`, or take `lifecycle` out of `plugin!`"
)]
pub trait Lifecycle {
    /// The configuration.
    type Config: DeserializeOwned;

    /// Checks what JSON Schema cannot. It is asked before a version's migrations run, so its tables may not be there.
    ///
    /// # Errors
    /// Every finding, each with its place: `Error::invalid("…").at("/rooms/3")`.
    fn validate_config(ctx: &Context, config: Self::Config) -> Result<(), Vec<Error>>;
}

/// What nearly every plugin's file starts with.
pub mod prelude {
    pub use crate::batch::{self, Batch};
    pub use crate::database::{self, FromRow, FromValue, Json, ToValue, Value};
    pub use crate::{
        Actor, ActorKind, CallKind, Context, Convention, DateTime, Error, Event, EventHandler, Lifecycle, Maybe,
        Request, Response, Result, Selection, clock, config, events, params, random, row,
    };
    pub use conman_sdk_macros::FromRow;
    pub use jiff::Timestamp;
    pub use jiff::civil::{Date, Time};
    pub use serde::{Deserialize, Serialize};
    pub use {jiff, serde_json, tracing};
}
