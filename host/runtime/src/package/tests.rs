use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

const MANIFEST_TEXT: &str = r#"schema = 1

[plugin]
id = "conman/night-market"
version = "1.4.0"
name = "Volunteers"
summary = "Departments, shifts, sign-up, hours and rewards"
license = "Apache-2.0"
category = "feature"

[compat]
host-api = "^1.0"

[needs]
database = true
events.publish = ["volunteer.*"]
events.subscribe = [{ topic = "programming.sessions.changed", reason = "shifts follow the programme" }]
http = [{ host = "api.example.com", reason = "maps" }]
secrets = ["api-key"]
devices = ["printer"]
calls = ["payment-provider"]
graph = ["person.name"]

[provides]
points = ["shift-source"]

[permissions]
"shift.manage" = { roles = ["department-head"] }

[limits]
memory-mib = 32

[[routes]]
method = "POST"
path = "import/csv"
permission = "shift.manage"
body-mib = 32

[[routes]]
method = "GET"
path = "shifts/*"

[[formats]]
id = "csv"
name = "CSV"
extensions = ["csv"]
import = "import/csv"
export = "shifts/all.csv"
"#;

/// A component with nothing in it.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

fn parts() -> Parts {
    Parts {
        manifest: MANIFEST_TEXT.to_owned(),
        schema: Some("type Query { a: Int }".to_owned()),
        config_schema: Some("{}".to_owned()),
        migrations: vec![("0002_more.sql".into(), "B".into()), ("0001_notes.sql".into(), "A".into())],
        ui: None,
        locales: vec![("de".into(), "{}".into())],
        assets: vec![("icon.png".into(), vec![1, 2, 3])],
    }
}

/// What is in an asset's section.
fn asset<'b>(bytes: &'b [u8], path: &str) -> Option<&'b [u8]> {
    let found =
        Sections::of(bytes).unwrap().map(Result::unwrap).find(|section| section.name.strip_prefix(ASSET) == Some(path));
    found.map(|section| section.data)
}

#[test]
fn what_was_packed_is_read_back() {
    let (bytes, package) = pack(EMPTY, &parts()).unwrap();
    assert_eq!(read(&bytes).unwrap(), package);
    assert_eq!(package.manifest.about.id.as_str(), "conman/night-market");
    assert_eq!(
        package.migrations.iter().map(|m| (m.version, m.sql.as_str())).collect::<Vec<_>>(),
        [(1, "A"), (2, "B")]
    );
    assert_eq!(package.manifest.needs.events.subscribe[0].reason.as_deref(), Some("shifts follow the programme"));
    assert_eq!(package.manifest.route("GET", "shifts/42").unwrap().kind, conman_kernel::dispatch::CallKind::Query);
    assert!(package.manifest.route("GET", "import/csv").is_none());
    assert_eq!(asset(&bytes, "icon.png"), Some(&[1, 2, 3][..]));
    assert_eq!(asset(&bytes, "nothing"), None);
}

#[test]
fn packing_a_package_again_replaces_what_it_held() {
    let (once, _) = pack(EMPTY, &parts()).unwrap();
    let (twice, _) = pack(&once, &parts()).unwrap();
    assert_eq!(once, twice);
}

fn check_manifest(from: &str, to: &str, expected: Expect) {
    assert!(MANIFEST_TEXT.contains(from), "{from}");
    expected.assert_eq(&Manifest::parse(&MANIFEST_TEXT.replacen(from, to, 1)).unwrap_err().to_string());
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    check_manifest(
        "database = true",
        "databse = true",
        expect![
            "plugin.toml:15: unknown field `databse`, expected one of `database`, `scheduler`, `events`, `http`, `secrets`, `devices`, `calls`, `graph`; remove it or correct its name"
        ],
    );
}

#[test]
fn a_wrong_id_says_how_to_write_one() {
    check_manifest(
        "conman/night-market",
        "Volunteers",
        expect![
            "plugin.toml:4: `Volunteers` is not a plugin id; write `publisher/name`, each 2 to 40 lower-case letters, digits or `-`, starting with a letter"
        ],
    );
}

#[test]
fn a_wrong_topic_says_how_to_write_one() {
    check_manifest(
        "\"volunteer.*\"",
        "\"*\"",
        expect![
            "plugin.toml:16: `*` is not a topic; write lower-case words with dots, like `volunteer.shift.moved`, or `volunteer.*` for all below"
        ],
    );
}

#[test]
fn topics_of_the_hosts_own_are_not_for_plugins_to_tell() {
    check_manifest(
        "\"volunteer.*\"",
        "\"scheduler.ended\"",
        expect![
            "plugin.toml:16: `scheduler.ended` is told by the host alone; give the topic another first word, or subscribe to it"
        ],
    );
}

#[test]
fn a_newer_schema_is_refused() {
    check_manifest("schema = 1", "schema = 2", expect!["plugin.toml:1: this host reads manifests with schema = 1"]);
}

#[test]
fn a_route_with_an_undeclared_permission_names_the_line_to_add() {
    check_manifest(
        "permission = \"shift.manage\"",
        "permission = \"shift.import\"",
        expect![[
            r#"plugin.toml:33: the permission "shift.import" is declared nowhere; add "shift.import" = { roles = ["staff"] } under [permissions]"#
        ]],
    );
}

#[test]
fn a_format_needs_its_route() {
    check_manifest(
        "import = \"import/csv\"",
        "import = \"import/xls\"",
        expect![[r#"plugin.toml:43: import = "import/xls" is no POST route of this plugin; add it under [[routes]]"#]],
    );
}

#[test]
fn a_get_route_cannot_write() {
    check_manifest(
        "method = \"GET\"",
        "method = \"GET\"\nkind = \"mutation\"",
        expect!["plugin.toml:39: a GET route only reads; remove `kind`, or make it a POST"],
    );
}

fn check_package(change: impl FnOnce(&mut Parts), expected: Expect) {
    let mut parts = parts();
    change(&mut parts);
    expected.assert_eq(&pack(EMPTY, &parts).unwrap_err().to_string());
}

#[test]
fn migrations_are_numbered_without_gaps() {
    check_package(
        |parts| parts.migrations[0].0 = "0003_more.sql".into(),
        expect![
            "migrations/0003_more.sql: the number should be 0002; number migrations from 0001, each once and without gaps"
        ],
    );
    check_package(
        |parts| parts.migrations[0].0 = "2-more.sql".into(),
        expect![
            "migrations/2-more.sql: name it like `0001_notes.sql`: four digits, `_`, lower-case letters, digits and `_`"
        ],
    );
}

#[test]
fn a_text_may_have_a_mebibyte() {
    check_package(
        |parts| parts.schema = Some("#".repeat(MAX_TEXT_BYTES + 1)),
        expect!["the section `conman:schema` has 1048577 bytes; a text may have 1048576 (1 MiB)"],
    );
}

#[test]
fn two_sections_of_one_name_are_refused() {
    check_package(
        |parts| parts.locales.push(("de".into(), "{}".into())),
        expect!["the section `conman:locale/de` is there twice; build the plugin again from its folder"],
    );
}

#[test]
fn what_is_no_component_is_refused() {
    expect!["this is no WebAssembly component (it is a core module); build the plugin for wasm32-wasip2, or with `conman plugin build`"]
        .assert_eq(&read(b"\0asm\x01\0\0\0").unwrap_err().to_string());
    expect!["the section `conman:manifest` is missing; build the plugin with `conman plugin build`, which writes it"]
        .assert_eq(&read(EMPTY).unwrap_err().to_string());
}

#[test]
fn unknown_sections_are_ignored() {
    let (mut bytes, package) = pack(EMPTY, &parts()).unwrap();
    sections::append(&mut bytes, "conman:future", &[0xff, 0xfe]);
    sections::append(&mut bytes, "producers", b"anything");
    assert_eq!(read(&bytes).unwrap(), package);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
        let _ = read(&[EMPTY, &bytes].concat());
        let _ = pack(&[EMPTY, &bytes].concat(), &parts());
    }

    #[test]
    fn no_damage_makes_the_reader_panic(at in any::<prop::sample::Index>(), to in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let (mut bytes, _) = pack(EMPTY, &parts()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = to;
        let _ = read(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        let _ = read(&bytes);
    }

    #[test]
    fn any_assets_are_read_back(content in proptest::collection::vec(any::<u8>(), 0..300), name in "[a-z]{1,200}") {
        let mut parts = parts();
        parts.assets = vec![(name.clone(), content.clone())];
        let (bytes, _) = pack(EMPTY, &parts).unwrap();
        prop_assert_eq!(asset(&bytes, &name), Some(&content[..]));
    }

    #[test]
    fn no_text_makes_the_manifest_panic(text in "\\PC{0,200}", at in any::<prop::sample::Index>()) {
        let _ = Manifest::parse(&text);
        let mut mangled = MANIFEST_TEXT.to_owned();
        let at = at.index(mangled.len());
        if mangled.is_char_boundary(at) { mangled.insert_str(at, &text); }
        let _ = Manifest::parse(&mangled);
    }
}
