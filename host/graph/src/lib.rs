//! Composes the GraphQL of all enabled plugins into one schema per convention, and executes operations on it.
//!
//! The GraphQL library parses, validates and answers introspection. Execution is this crate's own: an operation is planned once,
//! each plugin is called once per field whatever the number of parents, and the response is copied from the plugins' JSON by the
//! selection, without a resolver per leaf. It knows plugins only through [`conman_kernel::dispatch::Dispatcher`].
//!
//! - [`compose`] makes a [`ComposedSchema`] of [`Contribution`]s, or says all that is wrong with them.
//! - [`Engine`] executes [`Request`]s: limits first, then calls; it keeps plans and, where `@cache` allows, responses.
//! - [`SubscriptionHub`] brings events to subscriptions.

mod absent;
mod cache;
mod compose;
mod engine;
mod error;
mod execute;
mod json;
mod limits;
mod model;
mod nesting;
mod operation;
mod request;
mod scalar;
mod subscription;
mod suggest;

pub use compose::{ComposeError, ComposedSchema, Contribution, compose, compose_knowing};
pub use engine::{Engine, EngineConfig, OperationKind};
pub use limits::Limits;
pub use model::CacheScope;
pub use request::{CacheControl, Outcome, Request, Response};
pub use subscription::{Subscription, SubscriptionHub};
