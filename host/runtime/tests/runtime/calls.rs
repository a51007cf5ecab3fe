//! What a guest is told, and what its answers become.

use conman_kernel::actor::{Actor, Permissions, Principal, Role};
use conman_kernel::dispatch::{CallKind, Dispatcher, RouteCall, Scope};
use conman_kernel::fault::code;
use conman_kernel::id::AccountId;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::support::{Host, On, convention, event, field_call, on_both, probe};

on_both! {
    async fn a_field_is_resolved(host) {
        assert_eq!(host.query("ok", json!({})).await, Ok(json!("ok")));
    }
}

async fn sqlite() -> Host {
    Host::start(On::Sqlite).await.expect("SQLite is always there")
}

#[tokio::test]
async fn the_context_tells_who_asks_and_where() {
    let host = sqlite().await;
    let account = AccountId::new();
    let scope = Scope {
        actor: Arc::new(Actor {
            principal: Principal::Account(account.clone()),
            name: "Mina".to_owned(),
            roles: BTreeSet::from([Role("staff".to_owned())]),
            permissions: Permissions::Only(BTreeSet::from(["probe.poke".to_owned(), "others.secret".to_owned()])),
        }),
        ..host.scope()
    };
    let answer = host.field_in(&scope, CallKind::Query, "echo", json!({ "a": [1, null] })).await.unwrap();
    assert_eq!(
        answer,
        json!({
            "type": "Query", "arguments": { "a": [1, null] }, "selection": "[]", "event": "", "kind": "query",
            // Of the permissions, only those the plugin itself declares.
            "actor": { "kind": "account", "id": account.as_str(), "roles": ["staff"], "permissions": ["probe.poke"] },
            "convention": "sample", "timeZone": "Europe/Berlin", "dayChange": "05:00", "languages": ["de"],
        })
    );
}

#[tokio::test]
async fn the_event_of_a_subscription_is_json() {
    let host = sqlite().await;
    let woke = event("probe.moved", "{\"a\":1}", 0);
    let mut call = field_call(CallKind::Query, "echo", &json!({}));
    call.event = Some(Arc::new(woke.clone()));
    let answer: serde_json::Value =
        serde_json::from_str(&host.runtime.resolve(&host.scope(), call).await.unwrap()).unwrap();
    let told: serde_json::Value = serde_json::from_str(answer["event"].as_str().unwrap()).unwrap();
    assert_eq!(
        told,
        json!({
            "id": woke.id.as_str(), "topic": "probe.moved", "key": "k", "payload": { "a": 1 },
            "publisher": "tests/probe", "emittedAt": woke.emitted_at.as_millisecond(),
        })
    );
}

#[tokio::test]
async fn a_plugins_error_keeps_its_code_place_and_hint() {
    let host = sqlite().await;
    let fault = host.query("fail", json!({ "code": "OCCUPIED" })).await.unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.message.as_str(), fault.retryable, fault.pointer.as_str()),
        ("OCCUPIED", "as you asked", true, "/code")
    );
    let fault = host.query("fail", json!({ "code": "no code at all!" })).await.unwrap_err();
    assert_eq!(fault.code, code::PLUGIN_ERROR);
}

#[tokio::test]
async fn a_batch_answers_each_parent_in_its_place() {
    let host = sqlite().await;
    let parents = vec!["{\"id\":1}".to_owned(), "{\"id\":2}".to_owned(), "{\"id\":3}".to_owned()];
    let batch = async |field| {
        host.runtime.resolve_batch(&host.scope(), field_call(CallKind::Query, field, &json!({})), parents.clone()).await
    };
    assert_eq!(batch("all").await.unwrap().into_iter().map(Result::unwrap).collect::<Vec<_>>(), parents);
    let some = batch("some").await.unwrap();
    assert_eq!((some[0].is_ok(), some[1].as_ref().unwrap_err().code.as_str(), some[2].is_ok()), (true, "odd", true));
    let fault = batch("short").await.unwrap_err();
    assert_eq!(fault.code, code::BAD_ANSWER);
    assert_eq!(fault.message, "the plugin answered 2 of 3 parents; resolve_batch answers each, in their order");
}

#[tokio::test]
async fn time_and_randomness_are_the_hosts() {
    let host = sqlite().await;
    let now = host.query("now", json!({})).await.unwrap();
    assert_eq!(now, json!({ "host": 1_786_701_600_000_u64, "std": 1_786_701_600_000_u64 }));
    let first = host.query("random", json!({})).await.unwrap();
    let second = host.query("random", json!({})).await.unwrap();
    assert_ne!(first["bytes"], second["bytes"]);
    assert_ne!(first["hash"], second["hash"]);
    assert_eq!(first["id"].as_str().unwrap().len(), 26);
}

#[tokio::test]
async fn there_is_no_environment_and_no_file() {
    let host = sqlite().await;
    assert_eq!(
        host.query("environment", json!({})).await.unwrap(),
        json!({ "variables": 0, "arguments": 0, "files": false })
    );
}

on_both! {
    async fn routes_read_and_write(host) {
        let call = |method: &str, path: &str, kind| RouteCall {
            plugin: probe(),
            kind,
            method: method.to_owned(),
            path: path.to_owned(),
            query: "q=1".to_owned(),
            headers: vec![("accept".to_owned(), "*/*".to_owned())],
            body: vec![b'x'; 100_000],
        };
        let answer = host.runtime.route(&host.scope(), call("GET", "echo/a", CallKind::Query)).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"GET echo/a q=1 100000".as_slice()));
        assert_eq!(answer.headers, [("content-type".to_owned(), "text/plain".to_owned())]);
        host.runtime.route(&host.scope(), call("POST", "write", CallKind::Mutation)).await.unwrap();
        assert_eq!(host.notes().await.len(), 1);
    }
}

#[tokio::test]
async fn what_is_not_enabled_is_not_found() {
    let host = sqlite().await;
    let elsewhere = Scope { convention: Some(Arc::new(convention("other"))), ..host.scope() };
    let fault = host.field_in(&elsewhere, CallKind::Query, "ok", json!({})).await.unwrap_err();
    assert_eq!(fault.to_string(), "not-found: the plugin tests/probe is not enabled in other");
    let nowhere = Scope { convention: None, ..host.scope() };
    assert_eq!(host.field_in(&nowhere, CallKind::Query, "ok", json!({})).await.unwrap_err().code, code::NOT_FOUND);
}

#[tokio::test]
async fn a_closed_runtime_finishes_what_runs_and_takes_no_more() {
    let host = sqlite().await;
    let running = host.script(CallKind::Query, json!([["sleep", 200]]));
    let closing = async {
        while host.runtime.running() == 0 {
            tokio::task::yield_now().await;
        }
        host.runtime.close().await;
        assert_eq!(host.runtime.running(), 0);
    };
    let (answer, ()) = futures::join!(running, closing);
    assert_eq!(answer, Ok(json!(["slept"])));
    assert_eq!(host.query("ok", json!({})).await.unwrap_err().code, code::UNAVAILABLE);
}
