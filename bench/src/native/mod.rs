//! The baseline: the same answers from the same database, through the host's own storage, written directly in Rust with
//! async-graphql and axum, as one would without plugins.

mod programme;
mod schema;
mod sign_up;

pub(crate) use schema::{Native, router};
