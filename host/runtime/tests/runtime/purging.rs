//! What a disabled plugin has stored, removed for good.

use conman_kernel::dispatch::CallKind;
use conman_runtime::EnableError;
use conman_storage::Unsent;
use serde_json::json;

use crate::support::{Host, On, on_both, probe};

#[tokio::test(flavor = "multi_thread")]
async fn what_another_host_has_purged_and_enabled_again_works_here_as_it_is_now() {
    let Some(host) = Host::start(On::Postgres).await else { return };
    let other = host.elsewhere().await;
    let insert = json!([["execute", "INSERT INTO note (id, body) VALUES ('a', 'b')"]]);
    other.script(CallKind::Mutation, insert.clone()).await.unwrap();
    let purge = async |host: &Host| {
        let purging = host.runtime.begin_purge(&host.convention.id, &probe()).await.unwrap();
        purging.finish(Unsent::Kept).await
    };
    host.runtime.disable(&host.convention.id, &probe()).await.unwrap();
    purge(&host).await.unwrap();
    host.clock.advance(std::time::Duration::from_secs(1));
    host.enable(None).await.unwrap();

    assert_eq!(other.runtime.refresh().await.unwrap(), std::slice::from_ref(&host.convention.id));
    other.script(CallKind::Mutation, insert).await.unwrap();
    assert_eq!((host.notes().await.len(), other.notes().await.len()), (1, 1));
    // And what one has purged, the other finds purged.
    host.runtime.disable(&host.convention.id, &probe()).await.unwrap();
    purge(&host).await.unwrap();
    purge(&other).await.unwrap();
}

on_both! {
    async fn a_purge_waits_for_what_runs(host) {
        let running = host.script(CallKind::Mutation, json!([["sleep", 300], ["emit", "probe.told", "k", "{}"]]));
        let purging = async {
            while host.runtime.running() == 0 {
                tokio::task::yield_now().await;
            }
            host.runtime.disable(&host.convention.id, &probe()).await.unwrap();
            let purging = host.runtime.begin_purge(&host.convention.id, &probe()).await.unwrap();
            // What it told last can still be read.
            assert_eq!(host.count("conman_outbox").await, 1);
            purging.finish(Unsent::Lost).await.unwrap();
        };
        let (answer, ()) = futures::join!(running, purging);
        assert_eq!(answer, Ok(json!(["slept", "emitted"])));
        host.enable(None).await.unwrap();
        assert_eq!(host.count("conman_outbox").await, 0);
    }
}

on_both! {
    async fn what_is_being_purged_is_neither_enabled_nor_purged_again_here(host) {
        let id = &host.convention.id;
        host.runtime.disable(id, &probe()).await.unwrap();
        let begin = async || host.runtime.begin_purge(id, &probe()).await;
        let purging = begin().await.unwrap();
        assert!(matches!(host.enable(None).await, Err(EnableError::Purging(_))));
        assert!(matches!(begin().await, Err(EnableError::Purging(_))));
        // Given up, too, it is over.
        drop(purging);
        begin().await.unwrap().finish(Unsent::Kept).await.unwrap();
        host.enable(None).await.unwrap();
        assert_eq!(host.query("ok", json!({})).await, Ok(json!("ok")));
    }
}

on_both! {
    async fn what_is_enabled_again_meanwhile_stays(host) {
        host.script(CallKind::Mutation, json!([["execute", "INSERT INTO note (id, body) VALUES ('a', 'b')"]])).await.unwrap();
        let id = &host.convention.id;
        assert!(matches!(host.runtime.begin_purge(id, &probe()).await, Err(EnableError::InUse(_))));
        host.runtime.disable(id, &probe()).await.unwrap();
        let purging = host.runtime.begin_purge(id, &probe()).await.unwrap();
        // Elsewhere, where nothing is held up by the purge.
        let elsewhere = Host { runtime: host.restarted().await, ..host.clone() };
        elsewhere.enable(None).await.unwrap();
        assert!(matches!(purging.finish(Unsent::Kept).await, Err(EnableError::InUse(_))));
        assert_eq!(host.notes().await.len(), 1);
    }
}
