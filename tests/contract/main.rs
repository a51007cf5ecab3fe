//! `wit/` against its last release: within a major version nothing may change that breaks a built plugin (wit/VERSIONING.md).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod breaking;
mod shape;

use std::fs;
use std::path::{Path, PathBuf};

use breaking::breaking_changes;
use shape::Shape;

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

/// The newest released contract, by version.
fn newest_release() -> PathBuf {
    let mut releases: Vec<(Vec<u32>, PathBuf)> = fs::read_dir(wit().join("released"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
            Some((version, entry.path()))
        })
        .collect();
    releases.sort();
    releases.pop().expect("wit/released holds at least one release").1
}

#[test]
fn the_contract_does_not_break_plugins_built_for_the_last_release() {
    let breaking = breaking_changes(&Shape::of_folder(&newest_release()), &Shape::of_folder(&wit()));
    assert!(breaking.is_empty(), "these break built plugins; see wit/VERSIONING.md:\n{}", breaking.join("\n"));
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
