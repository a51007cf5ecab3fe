//! What a plugin writes and prints.

use serde_json::json;

use crate::support::{Host, On};

async fn sqlite() -> Host {
    Host::start(On::Sqlite).await.expect("SQLite is always there")
}

#[tokio::test]
async fn a_line_is_kept_with_its_fields_and_cannot_forge_another() {
    let host = sqlite().await;
    host.query("log", json!({ "message": "one\n2026 ERROR two" })).await.unwrap();
    let lines = host.runtime.logs(&host.convention.id, &crate::support::probe(), 10);
    assert_eq!((lines[0].message.as_str(), lines[0].fields.as_str()), ("one\\n2026 ERROR two", "{\"a\":1}"));
    assert_eq!(lines[0].level, conman_runtime::LogLevel::Warn);
}

#[tokio::test]
async fn what_is_printed_becomes_lines() {
    let host = sqlite().await;
    host.query("print", json!({ "text": "one\ntwo\n" })).await.unwrap();
    assert_eq!(host.log(), ["one", "two"]);
}

#[tokio::test]
async fn a_flood_is_cut_and_marked() {
    let host = sqlite().await;
    host.query("logFlood", json!({ "lines": 5_000, "bytes": 10 })).await.unwrap();
    let log = host.log();
    assert_eq!(log.len(), 201);
    assert_eq!(log[200], "4800 further lines of this call were suppressed; a call may write 200");
    host.query("logFlood", json!({ "lines": 1, "bytes": 10_000 })).await.unwrap();
    assert!(host.log().last().unwrap().ends_with("… (1812 bytes cut)"), "{:?}", host.log().last());
}
