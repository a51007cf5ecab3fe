//! The programme of a convention: rooms, tracks, sessions, people, releases, conflicts, favourites, imports and exports.
//!
//! The modules below are plain Rust without host calls; `cargo test -p core-programming` tests them natively.

pub mod changes;
pub mod conflicts;
pub mod export;
pub mod identity;
pub mod import;
pub mod model;
pub mod place;
pub mod text;
