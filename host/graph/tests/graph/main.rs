//! The graph from outside: contributions in, responses out, plugins answered by functions instead of WebAssembly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod composing;
mod executing;
mod plugins;
