//! Repeats with the same key.

use conman_kernel::dispatch::{CallKind, Dispatcher as _, RouteCall};
use conman_kernel::fault::code;
use serde_json::json;

use crate::support::{on_both, probe};

const INSERT: &str = "INSERT INTO note (id, body) VALUES ($1, $2)";

on_both! {
    async fn a_repeat_answers_what_the_first_answered(host) {
        let scope = host.scope_with_key("k1");
        let arguments = json!({ "steps": [["execute", INSERT, "a", "b"], ["query", "SELECT COUNT(*) FROM note"]] });
        let first = host.field_in(&scope, CallKind::Mutation, "script", arguments.clone()).await.unwrap();
        // Run again, it would break the primary key.
        let again = host.field_in(&scope, CallKind::Mutation, "script", arguments.clone()).await.unwrap();
        assert_eq!((first, host.notes().await.len()), (again, 1));

        let fault = host.field_in(&scope, CallKind::Mutation, "script", json!({ "steps": [] })).await.unwrap_err();
        assert_eq!(fault.code, code::IDEMPOTENCY_MISMATCH);

        let other_key = host.scope_with_key("k2");
        let outcome = host.field_in(&other_key, CallKind::Mutation, "script", arguments).await;
        assert_eq!(outcome.unwrap_err().code, code::SQL_CONSTRAINT, "another key runs it anew");
    }
}

on_both! {
    async fn a_failed_call_is_not_remembered(host) {
        let scope = host.scope_with_key("k1");
        host.field_in(&scope, CallKind::Mutation, "fail", json!({ "code": "NO" })).await.unwrap_err();
        assert_eq!(host.count("conman_answer").await, 0);
        host.field_in(&scope, CallKind::Mutation, "script", json!({ "steps": [] })).await.unwrap();
        assert_eq!(host.count("conman_answer").await, 1);
    }
}

on_both! {
    async fn twins_at_the_same_moment_have_one_effect(host) {
        for round in 0..5 {
            let scope = host.scope_with_key(&format!("twins-{round}"));
            let arguments = json!({ "steps": [
                ["query", "SELECT COUNT(*) FROM note"],
                ["execute", "INSERT INTO note (id, body) SELECT 'n' || COUNT(*), 'x' FROM note"],
                ["query", "SELECT COUNT(*) FROM note"],
            ] });
            let all = futures::future::join_all((0..8).map(|_| host.field_in(&scope, CallKind::Mutation, "script", arguments.clone()))).await;
            let first = all[0].clone().unwrap();
            assert!(all.iter().all(|answer| answer.as_ref() == Ok(&first)), "{all:?}");
            assert_eq!(host.count("note").await, round + 1);
        }
    }
}

on_both! {
    async fn twin_actions_run_once(host) {
        let scope = host.scope_with_key("action");
        let arguments = json!({ "steps": [["begin"], ["execute", "INSERT INTO note (id, body) SELECT 'n' || COUNT(*), 'x' FROM note"], ["commit"]] });
        let all = futures::future::join_all((0..8).map(|_| host.field_in(&scope, CallKind::Action, "script", arguments.clone()))).await;
        assert!(all.iter().all(Result::is_ok), "{all:?}");
        assert_eq!(host.count("note").await, 1);
        let fault = host.field_in(&scope, CallKind::Action, "script", json!({ "steps": [] })).await.unwrap_err();
        assert_eq!(fault.code, code::IDEMPOTENCY_MISMATCH);
    }
}

on_both! {
    async fn a_route_asked_again_answers_what_it_answered_first(host) {
        for (kind, key, written) in [(CallKind::Mutation, "k1", 1), (CallKind::Action, "k2", 2)] {
            let scope = host.scope_with_key(key);
            let call = |body: &[u8]| RouteCall {
                plugin: probe(),
                kind,
                method: "POST".to_owned(),
                path: "write".to_owned(),
                query: String::new(),
                headers: Vec::new(),
                body: body.to_vec(),
            };
            let first = host.runtime.route(&scope, call(b"note")).await.unwrap();
            assert_eq!(host.runtime.route(&scope, call(b"note")).await.unwrap(), first);
            assert_eq!(host.count("note").await, written, "{kind:?}");
            let other = host.runtime.route(&scope, call(b"another")).await;
            assert_eq!(other.unwrap_err().code, code::IDEMPOTENCY_MISMATCH);
        }
    }
}
