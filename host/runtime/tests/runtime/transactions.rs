//! Calls are transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use conman_kernel::dispatch::{CallKind, CommitListener, Dispatcher};
use conman_kernel::fault::code;
use conman_kernel::id::{ConventionId, PluginId};
use serde_json::json;

use crate::support::{Host, on_both, probe};

const INSERT: &str = "INSERT INTO note (id, body) VALUES ($1, $2)";
const COUNT: &str = "SELECT COUNT(*) FROM note";

on_both! {
    async fn a_query_sees_one_snapshot_and_cannot_write(host) {
        let outcome = host.script(CallKind::Query, json!([["query", COUNT]])).await.unwrap();
        assert_eq!(outcome, json!([[[0]]]));
        let outcome = host.script(CallKind::Query, json!([["execute", INSERT, "a", "b"]])).await.unwrap();
        assert_eq!(outcome[0]["error"], "read-only");
        let outcome = host.script(CallKind::Query, json!([["emit", "probe.x", "", "{}"], ["begin"], ["commit"], ["rollback"]])).await.unwrap();
        for step in outcome.as_array().unwrap() {
            assert_eq!(step["error"], "read-only");
        }
        assert_eq!(host.notes().await, []);
    }
}

on_both! {
    async fn a_mutation_is_kept_when_it_answers(host) {
        let outcome = host.script(CallKind::Mutation, json!([["execute", INSERT, "a", "one"], ["query", COUNT]])).await.unwrap();
        assert_eq!(outcome, json!([1, [[1]]]));
        assert_eq!(host.notes().await, [("a".to_owned(), "one".to_owned())]);
    }
}

on_both! {
    async fn nothing_of_a_mutation_stays_when_it_errs_or_traps(host) {
        let fault = host.script(CallKind::Mutation, json!([["execute", INSERT, "a", "b"], ["fail", "NOPE"]])).await.unwrap_err();
        assert_eq!(fault.code.as_str(), "NOPE");
        let fault = host.script(CallKind::Mutation, json!([["execute", INSERT, "a", "b"], ["trap"]])).await.unwrap_err();
        assert_eq!(fault.code, code::PLUGIN_TRAPPED);
        let fault = host.script(CallKind::Mutation, json!([["execute", INSERT, "a", "b"], ["garbage"]])).await.unwrap_err();
        assert_eq!(fault.code, code::BAD_ANSWER);
        assert_eq!(host.notes().await, []);
        // And nothing is left locked.
        host.script(CallKind::Mutation, json!([["execute", INSERT, "a", "b"]])).await.unwrap();
    }
}

on_both! {
    async fn a_mutation_cannot_go_on_after_a_failed_statement(host) {
        host.script(CallKind::Mutation, json!([["execute", INSERT, "a", "b"]])).await.unwrap();
        let steps = json!([["execute", INSERT, "c", "d"], ["execute", INSERT, "a", "again"], ["must"]]);
        assert_eq!(host.script(CallKind::Mutation, steps).await.unwrap_err().code, code::SQL_CONSTRAINT);
        // A guest that ignores the refusal is not believed.
        let steps = json!([["execute", INSERT, "c", "d"], ["execute", INSERT, "a", "again"], ["execute", INSERT, "e", "f"]]);
        let fault = host.script(CallKind::Mutation, steps).await.unwrap_err();
        assert_eq!(fault.code, code::SQL_CONSTRAINT);
        assert!(fault.message.starts_with("the plugin went on after a statement had failed, so nothing was kept"), "{fault}");
        assert_eq!(host.notes().await.len(), 1);
    }
}

on_both! {
    async fn a_mutation_cannot_begin_or_commit(host) {
        let outcome = host.script(CallKind::Mutation, json!([["begin"], ["commit"], ["rollback"]])).await.unwrap();
        for step in outcome.as_array().unwrap() {
            assert_eq!(step["error"], "inside-transaction");
        }
    }
}

on_both! {
    async fn an_action_has_the_transactions_it_makes(host) {
        let steps = json!([
            ["query", COUNT],
            ["begin"], ["execute", INSERT, "a", "kept"], ["begin"], ["commit"],
            ["begin"], ["execute", INSERT, "b", "undone"], ["rollback"],
            ["commit"],
            ["emit", "probe.x", "", "{}"],
            ["begin"], ["query", COUNT], ["commit"],
        ]);
        let outcome = host.script(CallKind::Action, steps).await.unwrap();
        let words: Vec<_> = outcome.as_array().unwrap().iter().map(|step| step["error"].as_str().map_or_else(|| step.to_string(), str::to_owned)).collect();
        assert_eq!(words, [
            "no-transaction",
            "\"begun\"", "1", "inside-transaction", "\"committed\"",
            "\"begun\"", "1", "\"rolled back\"",
            "no-transaction",
            "no-transaction",
            "\"begun\"", "[[1]]", "\"committed\"",
        ]);
        assert_eq!(host.notes().await, [("a".to_owned(), "kept".to_owned())]);
    }
}

on_both! {
    async fn what_an_action_committed_stays_when_it_then_fails(host) {
        let steps = json!([["begin"], ["execute", INSERT, "a", "kept"], ["commit"], ["begin"], ["execute", INSERT, "b", "lost"], ["trap"]]);
        assert_eq!(host.script(CallKind::Action, steps).await.unwrap_err().code, code::PLUGIN_TRAPPED);
        let fault = host.script(CallKind::Action, json!([["begin"], ["execute", INSERT, "c", "forgotten"]])).await.unwrap_err();
        assert_eq!(fault.code, code::NO_TRANSACTION);
        assert_eq!(host.notes().await, [("a".to_owned(), "kept".to_owned())]);
    }
}

on_both! {
    async fn everybody_who_counts_up_is_counted(host) {
        host.script(CallKind::Mutation, json!([["execute", INSERT, "counter", "x"]])).await.unwrap();
        // Read, think, write: the pattern that loses updates where transactions are not serializable.
        let up = json!([
            ["query", "SELECT amount FROM note WHERE id = 'counter'"],
            ["sleep", 2],
            ["execute", "UPDATE note SET amount = amount + 1 WHERE id = 'counter' AND amount = (SELECT MAX(amount) FROM note)"],
            ["execute", "INSERT INTO note (id, body, amount) SELECT 'n' || COUNT(*), 'x', 0 FROM note"],
        ]);
        let all = futures::future::join_all((0..40).map(|_| host.script(CallKind::Mutation, up.clone()))).await;
        for outcome in all {
            outcome.expect("nobody loses for good");
        }
        assert_eq!(host.count("note").await, 41);
        let outcome = host.script(CallKind::Query, json!([["query", "SELECT amount FROM note WHERE id = 'counter'"]])).await.unwrap();
        assert_eq!(outcome, json!([[[40]]]));
    }
}

on_both! {
    async fn hanging_up_does_not_cut_a_transaction(host) {
        {
            let call = host.script(CallKind::Mutation, json!([["execute", INSERT, "a", "b"], ["sleep", 100], ["execute", INSERT, "c", "d"]]));
            let mut call = std::pin::pin!(call);
            // Wait until it runs, then hang up.
            while host.runtime.running() == 0 {
                assert!(futures::poll!(call.as_mut()).is_pending());
                tokio::task::yield_now().await;
            }
        }
        host.runtime.close().await;
        assert_eq!(host.notes().await.len(), 2);
    }
}

#[derive(Default)]
struct Heard {
    commits: AtomicU32,
    emitted: AtomicU32,
    ordered: AtomicU32,
}

impl CommitListener for Heard {
    fn committed(&self, _: &ConventionId, plugin: &PluginId, emitted: bool) {
        assert_eq!(*plugin, probe());
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.emitted.fetch_add(u32::from(emitted), Ordering::SeqCst);
    }

    fn ordered(&self, _: &ConventionId, _: &PluginId) {
        self.ordered.fetch_add(1, Ordering::SeqCst);
    }
}

on_both! {
    async fn commits_are_told_and_counted_and_nothing_else_is(host) {
        let heard = Arc::new(Heard::default());
        host.runtime.on_commit(heard.clone());
        let revision = |host: &Host| host.runtime.revision(&host.scope(), &probe());
        let start = revision(&host);

        host.script(CallKind::Query, json!([["query", COUNT]])).await.unwrap();
        host.script(CallKind::Mutation, json!([])).await.unwrap();
        host.script(CallKind::Mutation, json!([["execute", INSERT, "a", "b"], ["fail", "NO"]])).await.unwrap_err();
        assert_eq!((revision(&host), heard.commits.load(Ordering::SeqCst)), (start, 0));

        host.script(CallKind::Mutation, json!([["execute", INSERT, "a", "b"]])).await.unwrap();
        assert_eq!((revision(&host), heard.commits.load(Ordering::SeqCst), heard.emitted.load(Ordering::SeqCst)), (start + 1, 1, 0));

        host.script(CallKind::Action, json!([["begin"], ["emit", "probe.x", "k", "{}"], ["commit"]])).await.unwrap();
        assert_eq!((revision(&host), heard.commits.load(Ordering::SeqCst), heard.emitted.load(Ordering::SeqCst)), (start + 1, 2, 1));

        let problem = crate::solves::problem();
        host.script(CallKind::Mutation, json!([["start", problem, {}], ["fail", "NO"]])).await.unwrap_err();
        assert_eq!(heard.ordered.load(Ordering::SeqCst), 0);
        host.script(CallKind::Mutation, json!([["start", problem, {}], ["must"]])).await.unwrap();
        assert_eq!((heard.ordered.load(Ordering::SeqCst), revision(&host)), (1, start + 2));
    }
}
