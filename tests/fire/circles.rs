//! Events whose handlers emit the next one.

use conman_tests::{Database, TestHost, on_each_database, until};
use serde_json::json;

on_each_database! {
    async fn a_chain_of_events_passes_through_eight_handlers_and_ends(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        crate::misbehaviour::enable_probe(&host.system()).await;
        let admin = host.person("con", "ada", "admin").await;
        let steps = json!([["emit", "probe.told", "key", r#"{"again":true}"#]]);
        let _ = admin.convention("con", "mutation($steps: JSON!) { script(steps: $steps) }", json!({ "steps": steps })).await.data();
        // The event that is one too many is kept for somebody to look at.
        let dead = until("the chain to end", async || {
            let answer = admin.convention("con", "{ deadLetters { topic code attempts } }", json!({})).await;
            Some(answer.data()["deadLetters"].clone()).filter(|letters| *letters != json!([]))
        });
        assert_eq!(dead.await, json!([{ "topic": "probe.told", "code": "hop-limit", "attempts": 0 }]));
        // Every handler has written a note.
        let count = json!([["query", "SELECT COUNT(*) FROM note"]]);
        let notes = admin.convention("con", "query($steps: JSON!) { script(steps: $steps) }", json!({ "steps": count })).await;
        assert_eq!(notes.data()["script"], json!([[[8]]]));
    }
}
