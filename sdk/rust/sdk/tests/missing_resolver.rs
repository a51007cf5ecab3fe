//! What a plugin's author reads when a resolver is missing: the field's name.
//!
//! Compiles small plugins against the library just built, with the compiler itself: cargo would build everything once more.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of `conman_sdk`'s library, and the library: beside this test.
fn library() -> (PathBuf, PathBuf) {
    let folder = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let libraries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("libconman_sdk-") && name.ends_with(".rlib")
    });
    let newest = libraries.max_by_key(|path| path.metadata().unwrap().modified().unwrap()).unwrap();
    (folder, newest)
}

/// Compiles `code` beside the schema in `tests/missing` and answers what the compiler says.
fn compile(code: &str) -> String {
    let (folder, library) = library();
    let scratch = tempfile::tempdir().unwrap();
    let source = scratch.path().join("lib.rs");
    std::fs::write(&source, code).unwrap();
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args([
            "--edition",
            "2024",
            "--crate-type",
            "lib",
            "--crate-name",
            "fixture",
            "--emit",
            "metadata",
            "--out-dir",
        ])
        .arg(scratch.path())
        .arg("--extern")
        .arg(format!("conman_sdk={}", library.display()))
        .arg("-L")
        .arg(format!("dependency={}", folder.display()))
        .arg(&source)
        .env("CARGO_MANIFEST_DIR", Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/missing"))
        .output()
        .unwrap();
    String::from_utf8(output.stderr).unwrap()
}

const WHOLE: &str = "
use conman_sdk::prelude::*;
conman_sdk::plugin!(Clocks);
impl schema::QueryResolvers for Clocks {
    fn now(_: &Context) -> Result<DateTime> { Ok(DateTime::new(clock::now(), jiff::tz::Offset::UTC)) }
    fn zone_offset(_: &Context, args: schema::QueryZoneOffsetArgs) -> Result<i32> { Ok(i32::from(args.summer)) }
}
impl schema::ClockEntity for Clocks {
    fn load(_: &Context, keys: &[schema::ClockKey]) -> Batch<Option<schema::Clock>> { Ok(keys.iter().map(|_| Ok(None)).collect()) }
}
impl schema::ClockFields for Clocks {
    fn ticks(_: &Context, clocks: &[schema::ClockKey]) -> Batch<i64> { Ok(clocks.iter().map(|_| Ok(1)).collect()) }
}
impl EventHandler for Clocks {
    fn handle(_: &Context, _: &Event) -> Result<()> { Ok(()) }
}
impl schema::RouteHandlers for Clocks {
    fn get_time_txt(_: &Context, _: &Request) -> Result<Response> { Ok(Response::ok()) }
}
";

#[track_caller]
fn without(part: &str, said: &str) {
    assert!(WHOLE.contains(part), "the fixture has no `{part}`");
    let output = compile(&WHOLE.replace(part, ""));
    assert!(output.contains(said), "the compiler did not say `{said}` but:\n{output}");
}

#[test]
fn the_whole_plugin_compiles() {
    assert_eq!(compile(WHOLE), "");
}

#[test]
fn a_missing_method_is_named() {
    without(
        "fn zone_offset(_: &Context, args: schema::QueryZoneOffsetArgs) -> Result<i32> { Ok(i32::from(args.summer)) }",
        "not all trait items implemented, missing: `zone_offset`",
    );
    without(
        "fn get_time_txt(_: &Context, _: &Request) -> Result<Response> { Ok(Response::ok()) }",
        "missing: `get_time_txt`",
    );
}

#[test]
fn a_missing_trait_names_its_fields_and_what_to_write() {
    let fields = "impl schema::ClockFields for Clocks {
    fn ticks(_: &Context, clocks: &[schema::ClockKey]) -> Batch<i64> { Ok(clocks.iter().map(|_| Ok(1)).collect()) }
}";
    without(fields, "`Clocks` does not resolve these fields of `Clock`: `ticks`");
    without(fields, "write `impl ClockFields for Clocks`");
    let handler = "impl EventHandler for Clocks {
    fn handle(_: &Context, _: &Event) -> Result<()> { Ok(()) }
}";
    without(handler, "`Clocks` handles no events, but its plugin.toml subscribes to some");
}
