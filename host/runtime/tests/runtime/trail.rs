//! What is written down of what people do.

use std::sync::Arc;

use conman_kernel::actor::{Actor, Permissions, Principal};
use conman_kernel::digest::Digest;
use conman_kernel::dispatch::{CallKind, Dispatcher as _, Handled, RouteCall, Scope};
use conman_kernel::id::AccountId;
use conman_storage::{DeedFilter, PluginDeed};
use serde_json::{Value, json};

use crate::support::{Host, event, on_both, probe};

const INSERT: &str = "INSERT INTO note (id, body) VALUES ($1, $2)";

/// Oldest first.
async fn deeds(host: &Host) -> Vec<PluginDeed> {
    let database = host.storage.plugin(&host.convention.id, &probe()).await.unwrap();
    let mut deeds = database.deeds(&DeedFilter::default(), 1000).await.unwrap();
    deeds.reverse();
    deeds
}

fn detail(deed: &PluginDeed) -> Value {
    serde_json::from_str(&deed.detail).unwrap()
}

fn mina(host: &Host) -> Scope {
    let actor = Actor { name: "Mina".to_owned(), ..Actor::anonymous(Permissions::none()) };
    let actor = Actor { principal: Principal::Account(AccountId::from_stored("mina")), ..actor };
    Scope { actor: Arc::new(actor), ..host.scope() }
}

fn insert(id: &str) -> Value {
    json!(["execute", INSERT, id, "b"])
}

on_both! {
    async fn a_mutation_that_is_kept_leaves_one_deed(host) {
        let scope = mina(&host);
        let arguments = json!({ "steps": [insert("a"), insert("b")] });
        host.field_in(&scope, CallKind::Mutation, "script", arguments.clone()).await.unwrap();
        let [deed] = &deeds(&host).await[..] else { panic!("one deed") };
        assert_eq!((deed.actor.as_str(), deed.actor_name.as_str(), deed.action.as_str()), ("account:mina", "Mina", "script"));
        assert_eq!(deed.at.to_string(), "2026-08-14T10:00:00Z");
        assert_eq!(detail(deed), json!({ "arguments": arguments, "request": scope.request }));
    }
}

on_both! {
    async fn what_changes_nothing_leaves_none(host) {
        host.script(CallKind::Query, json!([["query", "SELECT COUNT(*) FROM note"]])).await.unwrap();
        host.script(CallKind::Mutation, json!([["query", "SELECT COUNT(*) FROM note"]])).await.unwrap();
        host.script(CallKind::Mutation, json!([])).await.unwrap();
        for end in ["fail", "trap", "garbage"] {
            host.script(CallKind::Mutation, json!([insert("a"), [end, "NO"]])).await.unwrap_err();
        }
        host.script(CallKind::Mutation, json!([insert("a"), ["execute", "INSERT INTO note (id) VALUES ('a')"]])).await.unwrap_err();
        assert_eq!(deeds(&host).await, []);
    }
}

on_both! {
    async fn what_is_only_announced_is_a_deed(host) {
        host.script(CallKind::Mutation, json!([["emit", "probe.x", "k", "{}"]])).await.unwrap();
        assert_eq!(deeds(&host).await.len(), 1);
    }
}

on_both! {
    async fn handling_an_event_is_nobodys_deed(host) {
        // It makes a note.
        let handled = host.runtime.handle(&host.scope(), &probe(), &event("probe.x", "{}", 0)).await;
        assert_eq!((handled, host.count("note").await), (Ok(Handled::Now), 1));
        assert_eq!(deeds(&host).await, []);
    }
}

on_both! {
    async fn an_action_leaves_a_deed_with_each_commit_that_changes_something(host) {
        let steps = json!([
            ["begin"], insert("a"), ["commit"],
            ["begin"], ["query", "SELECT COUNT(*) FROM note"], ["commit"],
            ["begin"], insert("b"), ["rollback"],
            ["begin"], insert("c"), ["commit"],
            ["begin"], insert("d"), ["trap"],
        ]);
        host.script(CallKind::Action, steps).await.unwrap_err();
        let deeds = deeds(&host).await;
        assert_eq!((deeds.len(), host.count("note").await), (2, 2));
        assert_eq!(deeds[0].detail, deeds[1].detail);
    }
}

on_both! {
    async fn an_answer_given_again_is_no_second_deed(host) {
        for kind in [CallKind::Mutation, CallKind::Action] {
            let scope = host.scope_with_key(kind.as_str());
            let steps = match kind {
                CallKind::Action => json!([["begin"], insert("action"), ["commit"]]),
                _ => json!([insert("mutation")]),
            };
            for _ in 0..2 {
                host.field_in(&scope, kind, "script", json!({ "steps": steps })).await.unwrap();
            }
        }
        assert_eq!(deeds(&host).await.len(), 2);
    }
}

on_both! {
    async fn whoever_has_to_try_again_does_it_once(host) {
        let next = json!([["query", "SELECT COUNT(*) FROM note"], ["sleep", 2], ["execute", "INSERT INTO note (id, body) SELECT 'n' || COUNT(*), 'x' FROM note"]]);
        let all = futures::future::join_all((0..20).map(|_| host.script(CallKind::Mutation, next.clone()))).await;
        assert!(all.iter().all(Result::is_ok), "{all:?}");
        assert_eq!((deeds(&host).await.len(), host.count("note").await), (20, 20));
    }
}

on_both! {
    async fn long_arguments_are_told_by_their_digest(host) {
        // As many bytes as are kept, and one more.
        let arguments = |more: usize| {
            let steps = |body: usize| json!({ "steps": [["execute", INSERT, format!("{more}"), "x".repeat(body)]] });
            steps(2048 + more - steps(0).to_string().len())
        };
        for more in [0, 1] {
            host.field_in(&host.scope(), CallKind::Mutation, "script", arguments(more)).await.unwrap();
        }
        let [whole, cut] = &deeds(&host).await[..] else { panic!("two deeds") };
        assert_eq!(detail(whole)["arguments"], arguments(0));
        let told = detail(cut);
        let digest = Digest::of(arguments(1).to_string().as_bytes());
        assert_eq!((&told["arguments"], &told["bytes"], &told["digest"]), (&Value::Null, &json!(2049), &json!(digest)));
    }
}

on_both! {
    async fn a_routes_body_is_told_by_its_digest(host) {
        let scope = mina(&host);
        let call = RouteCall {
            plugin: probe(),
            kind: CallKind::Mutation,
            method: "POST".to_owned(),
            path: "write".to_owned(),
            query: "dry=\"no\"".to_owned(),
            headers: Vec::new(),
            body: b"somebody's file".to_vec(),
        };
        host.runtime.route(&scope, call.clone()).await.unwrap();
        // A long one is hashed elsewhere, and reaches the plugin all the same.
        let long = vec![b'x'; 1 << 20];
        let answer = host.runtime.route(&scope, RouteCall { body: long.clone(), ..call.clone() }).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer.body), format!("POST write dry=\"no\" {}", long.len()));
        host.runtime.route(&scope, RouteCall { kind: CallKind::Query, method: "GET".to_owned(), path: "echo/x".to_owned(), ..call }).await.unwrap();
        let [deed, of_long] = &deeds(&host).await[..] else { panic!("two deeds") };
        let told = detail(of_long);
        assert_eq!((&told["bytes"], &told["digest"]), (&json!(long.len()), &json!(Digest::of(&long))));
        assert_eq!((deed.actor.as_str(), deed.action.as_str()), ("account:mina", "POST write"));
        let expected = json!({
            "address": "write?dry=\"no\"", "bytes": 15, "digest": Digest::of(b"somebody's file"), "request": scope.request,
        });
        assert_eq!(detail(deed), expected);
    }
}
