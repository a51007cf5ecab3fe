//! Guests that loop, hoard, crash, flood or overdo it: the right code for their callers, and their neighbours never notice.

use std::time::{Duration, Instant};

use conman_kernel::dispatch::CallKind;
use conman_kernel::fault::code;
use serde_json::json;

use crate::support::{Host, On, on_both};

const INSERT: &str = "INSERT INTO note (id, body) VALUES ($1, $2)";

async fn sqlite() -> Host {
    Host::start(On::Sqlite).await.expect("SQLite is always there")
}

#[tokio::test]
async fn a_loop_ends_at_its_processor_time() {
    let host = sqlite().await;
    let fault = host.query("spin", json!({})).await.unwrap_err();
    assert_eq!(fault.code, code::CPU_LIMIT);
    assert_eq!(
        fault.message,
        "the plugin used more than 200 ms of processor time, which is what such a call may use; nothing of it was kept"
    );
}

#[tokio::test]
async fn waiting_does_not_use_processor_time() {
    let host = sqlite().await;
    // Longer than a query's 200 ms of processor time.
    assert_eq!(host.script(CallKind::Query, json!([["sleep", 500]])).await, Ok(json!(["slept"])));
}

#[tokio::test]
async fn a_sleeper_is_woken_by_the_wall_clock() {
    let host = sqlite().await;
    let fault = host.script(CallKind::Query, json!([["sleep", 60_000]])).await.unwrap_err();
    assert_eq!(
        (fault.code, fault.message.as_str()),
        (code::TIMEOUT, "the plugin did not answer within 2 s; nothing of this call was kept")
    );
}

#[tokio::test]
async fn memory_ends_at_the_limit() {
    let host = sqlite().await;
    let fault = host.query("hoard", json!({})).await.unwrap_err();
    assert_eq!(
        (fault.code, fault.message.as_str()),
        (
            code::MEMORY_LIMIT,
            "the plugin needed more than the 64 MiB of memory that a call may use; nothing of it was kept"
        )
    );
}

#[tokio::test]
async fn a_crash_is_told_to_the_caller_and_to_the_log() {
    let host = sqlite().await;
    let fault = host.query("trap", json!({})).await.unwrap_err();
    assert_eq!(fault.code, code::PLUGIN_TRAPPED);
    let log = host.log().join("\n");
    assert!(log.contains("a bug in the plugin"), "the panic's own words: {log}");
    assert!(log.contains("wasm backtrace"), "{log}");
    assert!(log.contains("conman_probe"), "symbols: {log}");
}

#[tokio::test]
async fn recursion_ends_at_the_stack() {
    let host = sqlite().await;
    let fault = host.query("recurse", json!({})).await.unwrap_err();
    assert_eq!(fault.code, code::PLUGIN_TRAPPED);
}

#[tokio::test]
async fn large_answers_are_refused() {
    let host = sqlite().await;
    assert_eq!(host.query("big", json!({ "bytes": 4_000_000 })).await.unwrap().as_str().unwrap().len(), 4_000_000);
    let fault = host.query("big", json!({ "bytes": 5_000_000 })).await.unwrap_err();
    assert_eq!(
        (fault.code, fault.message.as_str()),
        (code::QUOTA, "the plugin's answer has 5000002 bytes; 4 MiB are allowed. Ask for less, or in pages")
    );
}

on_both! {
    async fn nothing_stays_of_a_mutation_that_loops_or_hoards(host) {
        let fault = host.script(CallKind::Mutation, json!([["execute", INSERT, "a", "b"], ["spin"]])).await.unwrap_err();
        assert_eq!(fault.code, code::CPU_LIMIT);
        let fault = host.script(CallKind::Mutation, json!([["execute", INSERT, "a", "b"], ["sleep", 60_000]])).await.unwrap_err();
        assert_eq!(fault.code, code::TIMEOUT);
        host.script(CallKind::Mutation, json!([["execute", INSERT, "a", "c"]])).await.expect("the row is not locked");
        assert_eq!(host.notes().await, [("a".to_owned(), "c".to_owned())]);
    }
}

on_both! {
    async fn statements_are_counted(host) {
        let outcome = host.script(CallKind::Query, json!([["repeat", 200, "SELECT id FROM note"]])).await.unwrap();
        assert_eq!(outcome, json!([0]));
        let outcome = host.script(CallKind::Query, json!([["repeat", 201, "SELECT id FROM note"]])).await.unwrap();
        assert_eq!(outcome[0]["error"], "quota");
        assert_eq!(outcome[0]["message"], "a call may run 200 SQL statements; read and write many rows with one statement");
    }
}

on_both! {
    async fn rows_are_counted(host) {
        let values: Vec<String> = (0..250).map(|n| format!("('{n}', 'x')")).collect();
        host.script(CallKind::Mutation, json!([["execute", format!("INSERT INTO note (id, body) VALUES {}", values.join(", "))]])).await.unwrap();
        let cross = "SELECT a.id FROM note a CROSS JOIN note b";
        let outcome = host.script(CallKind::Query, json!([["query", cross]])).await.unwrap();
        assert_eq!(outcome[0]["error"], "quota");
        assert_eq!(outcome[0]["message"], "a call may read 50000 rows or 8 MiB in all; ask for less, with WHERE or LIMIT");
        // What earlier statements read counts too.
        let half = "SELECT a.id FROM note a CROSS JOIN note b LIMIT 30000";
        let outcome = host.script(CallKind::Query, json!([["repeat", 1, half], ["repeat", 1, half]])).await.unwrap();
        assert_eq!((&outcome[0], &outcome[1]["error"]), (&json!(30_000), &json!("quota")));
    }
}

on_both! {
    async fn events_are_counted_and_must_be_granted(host) {
        let many: Vec<_> = (0..101).map(|n| json!(["emit", "probe.x", n.to_string(), "{}"])).collect();
        let outcome = host.script(CallKind::Mutation, many.into()).await.unwrap();
        assert_eq!((&outcome[99], &outcome[100]["error"]), (&json!("emitted"), &json!("quota")));
        assert_eq!(host.count("conman_outbox").await, 100);
        let outcome = host.script(CallKind::Mutation, json!([["emit", "others.x", "", "{}"], ["emit", "probe.X", "", "{}"], ["emit", "probe.x", "", "no json"]])).await.unwrap();
        assert_eq!(outcome[0]["error"], "not-granted");
        assert_eq!(outcome[0]["message"], "the plugin may not emit `others.x`; add events.publish = [\"others.x\"] to [needs] of plugin.toml");
        assert_eq!((&outcome[1]["error"], &outcome[2]["error"]), (&json!("invalid"), &json!("invalid")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_that_breaks_down_again_and_again_is_left_alone() {
    let config = conman_runtime::BreakerConfig {
        breakdowns: 3,
        first_pause: Duration::from_millis(50),
        longest_pause: Duration::from_millis(50),
    };
    let host = Host::start_with(On::Sqlite, |runtime| runtime.breaker = config).await.unwrap();
    for _ in 0..3 {
        assert_eq!(host.query("trap", json!({})).await.unwrap_err().code, code::PLUGIN_TRAPPED);
    }
    assert_eq!(host.query("ok", json!({})).await.unwrap_err().code, code::OVERLOADED);
    // The pause is real time: it is over when a probe gets through.
    let deadline = Instant::now() + Duration::from_secs(5);
    while host.query("ok", json!({})).await.is_err() {
        assert!(Instant::now() < deadline, "no probe got through");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(host.query("ok", json!({})).await, Ok(json!("ok")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_calls_than_permits_wait_and_then_give_up() {
    let host = Host::start_with(On::Sqlite, |runtime| {
        runtime.calls_per_plugin = 2;
        runtime.longest_wait = Duration::from_millis(100);
    })
    .await
    .unwrap();
    let sleepers = futures::future::join_all((0..2).map(|_| host.script(CallKind::Query, json!([["sleep", 1_000]]))));
    let third = async {
        while host.runtime.running() < 2 {
            tokio::task::yield_now().await;
        }
        host.query("ok", json!({})).await
    };
    let (sleepers, third) = futures::join!(sleepers, third);
    assert_eq!(third.unwrap_err().code, code::OVERLOADED);
    assert!(sleepers.iter().all(Result::is_ok));
    assert_eq!(host.query("ok", json!({})).await, Ok(json!("ok")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_wait_for_a_long_writer_do_not_count_as_broken() {
    let host = Host::start_with(On::Sqlite, |runtime| {
        runtime.breaker.breakdowns = 3;
        runtime.limits.mutation.wall = Duration::from_millis(500);
    })
    .await
    .unwrap();
    // An action may take longer than a mutation.
    let steps = json!([["begin"], ["execute", INSERT, "a", "b"], ["log", "wrote"], ["sleep", 2_000], ["commit"]]);
    let writer = host.script(CallKind::Action, steps);
    let waiting = async {
        // The writer has its lock before the others ask for it.
        while host.log() != ["wrote"] {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let one = |n: u32| host.script(CallKind::Mutation, json!([["execute", INSERT, n.to_string(), "b"]]));
        futures::future::join_all((0..6).map(one)).await
    };
    let (writer, waiting) = futures::join!(writer, waiting);
    assert_eq!(writer, Ok(json!(["begun", 1, "logged", "slept", "committed"])));
    for outcome in waiting {
        assert_eq!(outcome.unwrap_err().code, code::OVERLOADED);
    }
    assert_eq!(host.query("ok", json!({})).await, Ok(json!("ok")), "the plugin is not left alone");
}

#[tokio::test]
async fn the_same_bytes_cannot_be_passed_again_and_again() {
    let host = sqlite().await;
    assert_eq!(host.query("repeatBytes", json!({ "times": 10 })).await, Ok(json!(10 << 20)));
    let fault = host.query("repeatBytes", json!({ "times": 100 })).await.unwrap_err();
    assert_eq!(fault.code, code::PLUGIN_TRAPPED);
}
