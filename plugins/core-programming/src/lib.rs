//! The programme of a convention: rooms, tracks, sessions, people, releases, conflicts, favourites, expected audiences, planned timetables, imports and exports.
//!
//! [`model`], [`import`], [`export`], [`changes`], [`conflicts`], [`demand`] and [`scheduling`] are plain Rust without host calls;
//! `cargo test -p core-programming` tests them natively. [`store`], [`graph`] and [`routes`] need the host.

pub mod changes;
pub mod conflicts;
pub mod demand;
pub mod export;
pub mod graph;
pub mod identity;
pub mod import;
pub mod model;
pub mod place;
pub mod planned;
pub mod routes;
pub mod scheduling;
pub mod store;
pub mod text;

use conman_sdk::prelude::*;

conman_sdk::plugin!(Programming, lifecycle);

impl Lifecycle for Programming {
    type Config = conflicts::Rules;

    fn validate_config(_: &Context, rules: conflicts::Rules) -> Result<(), Vec<Error>> {
        let empty = rules.moderated_kinds.iter().enumerate().filter(|(_, kind)| kind.trim().is_empty());
        let findings: Vec<Error> = empty
            .map(|(at, _)| {
                Error::invalid("An empty kind matches nothing; remove it.").at(format!("/moderatedKinds/{at}"))
            })
            .collect();
        if findings.is_empty() { Ok(()) } else { Err(findings) }
    }
}
