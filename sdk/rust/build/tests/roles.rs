//! A component exports the roles its plugin has and no other, and imports what it uses and nothing else: what the host shows an
//! admin before a plugin is enabled is read from exactly this.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

use std::io::Write as _;
use std::path::Path;

use conman_plugin_build::{Build, Output, Toolchain};
use expect_test::{Expect, expect};
use wasmparser::{Parser, Payload};

fn check(example: &str, expected: Expect) {
    let toolchain = match Toolchain::find() {
        Ok(toolchain) => toolchain,
        // Past the test runner, which swallows what a passing test prints.
        Err(error) => return std::io::stderr().write_all(format!("skipped: {error}\n").as_bytes()).unwrap(),
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../examples").join(example);
    let built = Build::of(folder).output(Output::Kept).run(&toolchain).unwrap_or_else(|error| panic!("{error}"));
    let bytes = std::fs::read(built.component).unwrap();
    let mut lines = Vec::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.unwrap() {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(imports) if depth == 0 => {
                lines.extend(imports.into_iter().map(|import| format!("import {}", import.unwrap().name.name)));
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                lines.extend(exports.into_iter().map(|export| format!("export {}", export.unwrap().name.name)));
            }
            _ => {}
        }
    }
    lines.sort();
    lines.retain(|line| !line.starts_with("import wasi:"));
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn a_plugin_with_fields_has_one_role() {
    check(
        "hello",
        expect![[r#"
        export conman:plugin/resolvers@1.1.0
        import conman:host/clock@1.1.0
        import conman:host/database@1.1.0
        import conman:host/log@1.1.0
        import conman:host/random@1.1.0
        import conman:types/types@1.1.0"#]],
    );
}

#[test]
fn a_plugin_with_everything_has_all_roles() {
    check(
        "greetings",
        expect![[r#"
        export conman:plugin/event-handler@1.1.0
        export conman:plugin/lifecycle@1.1.0
        export conman:plugin/resolvers@1.1.0
        export conman:plugin/routes@1.1.0
        import conman:host/clock@1.1.0
        import conman:host/config@1.1.0
        import conman:host/database@1.1.0
        import conman:host/events@1.1.0
        import conman:host/log@1.1.0
        import conman:host/random@1.1.0
        import conman:host/scheduler@1.1.0
        import conman:types/types@1.1.0"#]],
    );
}
