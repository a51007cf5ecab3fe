//! The contract as it was released. A release stays as it was, whatever happens to `wit/`.

use std::fs;
use std::path::{Path, PathBuf};

use semver::Version;
use sha2::{Digest as _, Sha256};

/// Every release and the SHA-256 of its files. Whoever releases adds a line; a line that is there is never changed, because plugins
/// were built for what it stands for.
const RELEASES: &[(&str, &str)] = &[("1.0.0", "f9764c7cdcdc43c9ea6c7bb173d3c49495d817bc65319e1416d21f170d5c60c0")];

pub(crate) fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

/// Where a release is kept.
pub(crate) fn folder(version: &Version) -> PathBuf {
    wit().join("released").join(version.to_string())
}

/// The versions that `wit/released` holds.
pub(crate) fn versions() -> Vec<Version> {
    let entries = fs::read_dir(wit().join("released")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect()
}

/// The newest of those with the same major version: what a contract of `version` may not break. None for the first of its major version,
/// which is there to break things.
pub(crate) fn predecessor(version: &Version, released: &[Version]) -> Option<Version> {
    released.iter().filter(|release| release.major == version.major).max().cloned()
}

/// Of all files below the folder: their paths and texts, by path.
fn digest(folder: &Path) -> String {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    let mut digest = Sha256::new();
    for file in files {
        let (path, text) = (file.strip_prefix(folder).unwrap().to_str().unwrap(), fs::read(&file).unwrap());
        digest.update(format!("{path} {}\n", text.len()));
        digest.update(text);
    }
    hex::encode(digest.finalize())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

#[test]
fn what_was_released_stays_as_it_was() {
    let mut there = versions();
    there.sort();
    let known: Vec<Version> = RELEASES.iter().map(|(version, _)| version.parse().unwrap()).collect();
    assert_eq!(there, known, "wit/released and the list of releases name different versions");
    for ((version, expected), folder) in RELEASES.iter().zip(known.iter().map(folder)) {
        assert_eq!(digest(&folder), *expected, "wit/released/{version} was changed; make the change in wit/ instead");
    }
}

#[test]
fn a_contract_follows_the_newest_release_of_its_major_version() {
    let released = ["1.0.0", "1.10.0", "1.9.0", "2.0.0"].map(|version| version.parse().unwrap());
    for (version, expected) in [("1.11.0", Some("1.10.0")), ("2.1.0", Some("2.0.0")), ("3.0.0", None)] {
        let found = predecessor(&version.parse().unwrap(), &released).map(|version| version.to_string());
        assert_eq!(found.as_deref(), expected, "{version}");
    }
}
