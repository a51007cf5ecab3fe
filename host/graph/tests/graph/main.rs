//! The graph from outside: contributions in, responses out, plugins answered by functions instead of WebAssembly.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod bounding;
mod caching;
mod composing;
mod executing;
mod failing;
mod federating;
mod plugins;
mod random;
mod subscribing;
mod variables;
