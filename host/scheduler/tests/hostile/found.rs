//! Documents that were found to break a promise, each in a file of `found`. They are mended, and stay so.

use std::fs;
use std::path::Path;

use crate::promises;

#[test]
fn what_was_found_is_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/found");
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty());
    files.iter().for_each(|file| promises::either(&fs::read(file).unwrap()));
}
