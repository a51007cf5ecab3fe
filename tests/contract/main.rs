//! `wit/` against its last release: within a major version nothing may change that breaks a built plugin (wit/VERSIONING.md).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod breaking;
mod released;
mod shape;

use breaking::breaking_changes;
use released::{folder, predecessor, versions, wit};
use shape::Shape;

#[test]
fn the_contract_does_not_break_plugins_built_for_the_last_release() {
    let now = Shape::of_folder(&wit());
    let Some(last) = predecessor(&now.version, &versions()) else { return };
    let breaking = breaking_changes(&Shape::of_folder(&folder(&last)), &now);
    assert!(
        breaking.is_empty(),
        "these break plugins built for {last}; see wit/VERSIONING.md:\n{}",
        breaking.join("\n")
    );
}

/// The newest of all releases, on which the tests of the comparison itself try their edits.
fn newest_release() -> std::path::PathBuf {
    folder(&versions().into_iter().max().expect("wit/released holds at least one release"))
}

/// Each released file with one edit, and what the check must say of it.
#[test]
fn every_kind_of_breaking_change_is_named() {
    let edits = [
        ("types/types.wit", "retryable: bool,", "retryable: bool, cause: string,", "record conman:types/types.error"),
        ("types/types.wit", "pointer: string,", "", "record conman:types/types.error"),
        ("host/log.wit", "        trace,\n", "        trace,\n        notice,\n", "enum conman:host/log.level"),
        ("host/clock.wit", "now: func() -> s64;", "now: func() -> u64;", "function conman:host/clock.now"),
        ("host/clock.wit", "now: func() -> s64;", "at: func() -> s64;", "function conman:host/clock.now"),
        ("plugin/routes.wit", "handle: func(", "more: func(); handle: func(", "interface conman:plugin/routes"),
        ("worlds/worlds.wit", "    import conman:host/clock@1.0.0;\n", "", "world conman:worlds/imports"),
    ];
    let released = Shape::of_folder(&newest_release());
    for (file, from, to, expected) in edits {
        let edited = Shape::of_folder_with(&newest_release(), file, |text| {
            assert!(text.contains(from), "{file} no longer holds `{from}`");
            text.replacen(from, to, 1)
        });
        let breaking = breaking_changes(&released, &edited);
        assert!(breaking.iter().any(|line| line.contains(expected)), "{file}: {breaking:?} does not name {expected}");
    }
}

#[test]
fn growth_is_allowed() {
    let edits = [
        ("host/clock.wit", "now: func() -> s64;", "now: func() -> s64; monotonic: func() -> u64;"),
        ("plugin/lifecycle.wit", "interface lifecycle {", "interface jobs { run: func(); }\n\ninterface lifecycle {"),
        ("worlds/worlds.wit", "world resolvers-role {", "world jobs-role {}\n\nworld resolvers-role {"),
    ];
    let released = Shape::of_folder(&newest_release());
    for (file, from, to) in edits {
        let edited = Shape::of_folder_with(&newest_release(), file, |text| text.replacen(from, to, 1));
        assert_eq!(breaking_changes(&released, &edited), Vec::<String>::new(), "{file}");
    }
}
