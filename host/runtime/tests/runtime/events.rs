//! Events: handled once, told on commit, ended when they go in circles.

use conman_kernel::dispatch::{CallKind, Dispatcher, Handled};
use conman_kernel::fault::code;
use serde_json::json;

use crate::support::{event, on_both, probe};

on_both! {
    async fn an_event_has_its_effects_once(host) {
        let told = event("probe.told", "{}", 0);
        let scope = host.scope();
        assert_eq!(host.runtime.handle(&scope, &probe(), &told).await, Ok(Handled::Now));
        assert_eq!(host.runtime.handle(&scope, &probe(), &told).await, Ok(Handled::Before));
        assert_eq!(host.notes().await.len(), 1);
        // At the same moment, too.
        let twice = event("probe.told", "{}", 0);
        let probe = probe();
        let (one, other) = futures::join!(host.runtime.handle(&scope, &probe, &twice), host.runtime.handle(&scope, &probe, &twice));
        let mut both = [one.unwrap(), other.unwrap()];
        both.sort_by_key(|handled| *handled == Handled::Before);
        assert_eq!(both, [Handled::Now, Handled::Before]);
        assert_eq!(host.notes().await.len(), 2);
    }
}

on_both! {
    async fn a_handler_that_fails_may_try_again(host) {
        let told = event("probe.told", "{\"steps\":[[\"fail\",\"LATER\"]]}", 0);
        for _ in 0..2 {
            let fault = host.runtime.handle(&host.scope(), &probe(), &told).await.unwrap_err();
            assert_eq!(fault.code.as_str(), "LATER");
        }
        assert_eq!((host.notes().await.len(), host.count("conman_handled").await), (0, 0));
    }
}

on_both! {
    async fn events_leave_when_the_call_commits_and_count_their_hops(host) {
        host.script(CallKind::Mutation, json!([["emit", "probe.x", "k", "{}"], ["fail", "NO"]])).await.unwrap_err();
        assert_eq!(host.count("conman_outbox").await, 0);
        let emits = "{\"steps\":[[\"emit\",\"probe.next\",\"k\",\"{}\"],[\"must\"]]}";
        host.runtime.handle(&host.scope(), &probe(), &event("probe.told", emits, 7)).await.unwrap();
        assert_eq!(host.count("conman_outbox WHERE hops = 8").await, 1);
        let fault = host.runtime.handle(&host.scope(), &probe(), &event("probe.told", emits, 8)).await.unwrap_err();
        assert_eq!(fault.code, code::HOP_LIMIT);
    }
}
