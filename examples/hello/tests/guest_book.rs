//! The guest book, as the component it will run as.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use conman_testkit::{Testkit, json};

#[tokio::test]
async fn who_signs_is_in_the_book() {
    let kit = Testkit::build(env!("CARGO_MANIFEST_DIR")).await;
    for name in ["Ada", "Grace"] {
        kit.run_with("mutation($name: String!) { sign(name: $name) { id } }", json!({ "name": name })).await.unwrap();
        kit.advance_clock(std::time::Duration::from_secs(60));
    }
    let guests = kit.run("{ guests(first: 1) { name signedAt } }").await.unwrap();
    assert_eq!(guests, json!({ "guests": [{ "name": "Grace", "signedAt": "2026-08-14T12:01:00+02:00" }] }));
}

#[tokio::test]
async fn nobody_signs_without_a_name() {
    let kit = Testkit::build(env!("CARGO_MANIFEST_DIR")).await;
    let failure = kit.run(r#"mutation { sign(name: " ") { id } }"#).await.unwrap_err();
    assert_eq!(failure.to_string(), "NO_NAME: Write your name. (field sign) (at /name)");
    assert_eq!(kit.run("{ guests { name } }").await.unwrap(), json!({ "guests": [] }));
}

#[test]
fn a_whole_plugin_is_under_forty_lines() {
    let lines = include_str!("../src/lib.rs").lines().count();
    assert!(lines < 40, "{lines} lines");
}
