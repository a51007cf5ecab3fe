//! A plugin that uses all the processor it can get, and a neighbour that answers all the same. A binary of its own: beside other
//! tests the processor would be theirs.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
#![allow(dead_code, unused_macros, unused_imports, reason = "the other tests use the rest of the support")]

#[path = "../runtime/support.rs"]
mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use conman_kernel::dispatch::{CallKind, Scope};
use conman_kernel::fault::code;
use serde_json::{Value, json};

use support::{Host, On, convention};

/// How long a neighbour's answer may take.
const AT_MOST: Duration = Duration::from_millis(100);
/// What else the machine is doing is nobody's fault here, so one answer in ten may be late, but none by this much: a neighbour that has to
/// wait for the loops is late nearly every time, and one that waits for their end as long as they may last.
const NEVER: Duration = Duration::from_secs(1);
/// Of so many answers, at least, one in ten is more than one.
const ANSWERS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_neighbour_answers_while_others_loop() {
    // Four tables of 300 rows make eight thousand million: the database is not through with them when the call's time is over.
    let product = "SELECT COUNT(*) FROM note a CROSS JOIN note b CROSS JOIN note c CROSS JOIN note d";
    for on in [On::Sqlite, On::Postgres] {
        check(on, "spin", json!({})).await;
        check(on, "script", json!({ "steps": [["query", product]] })).await;
    }
}

async fn check(on: On, field: &str, arguments: Value) {
    let mut took = Vec::new();
    for _ in 0..10 {
        let Some(host) = Host::start_with(on, |config| config.breaker.breakdowns = 100).await else { return };
        took.extend(answers_beside(&host, field, &arguments).await);
        if took.len() >= ANSWERS {
            break;
        }
    }
    let late = took.iter().filter(|took| **took > AT_MOST).count();
    assert!(took.len() >= ANSWERS && late <= took.len() / 10, "{on:?}, beside {field}: {late} were late of {took:?}");
    assert!(took.iter().all(|took| *took < NEVER), "{on:?}, beside {field}: {took:?}");
}

/// How long a neighbour's answers take while at least eight of sixteen calls loop.
async fn answers_beside(host: &Host, field: &str, arguments: &Value) -> Vec<Duration> {
    let notes: Vec<_> = (0..300).map(|n| format!("('{n}', 'x')")).collect();
    let insert = format!("INSERT INTO note (id, body) VALUES {}", notes.join(", "));
    host.script(CallKind::Mutation, json!([["execute", insert]])).await.unwrap();
    let neighbour = Arc::new(convention("neighbour"));
    host.enable_in(&neighbour, None).await.unwrap();
    let scope = Scope { convention: Some(neighbour), ..host.scope() };
    let count = json!({ "steps": [["query", "SELECT COUNT(*) FROM note"]] });
    let ask = || host.field_in(&scope, CallKind::Query, "script", count.clone());
    ask().await.unwrap();

    let loops = futures::future::join_all((0..16).map(|_| host.query(field, arguments.clone())));
    let asking = async {
        while host.runtime.running() < 16 {
            tokio::task::yield_now().await;
        }
        let mut took = Vec::new();
        while host.runtime.running() > 8 {
            let asked = Instant::now();
            assert_eq!(ask().await, Ok(json!([[[0]]])));
            took.push(asked.elapsed());
        }
        took
    };
    let (loops, took) = futures::join!(loops, asking);
    for outcome in loops {
        let fault = outcome.unwrap_err();
        assert!([code::CPU_LIMIT, code::TIMEOUT, code::OVERLOADED].contains(&fault.code), "{fault}");
    }
    took
}
