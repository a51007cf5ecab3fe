//! One convention's people learn nothing of another convention, whatever they ask.

use conman_tests::{Database, TestHost, on_each_database};
use serde_json::json;

on_each_database! {
    async fn a_role_in_one_convention_is_none_in_another(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("one").await;
        host.convention("two").await;
        let admin = host.person("one", "ada", "admin").await;
        let everything = async |slug: &str| {
            let me = admin.convention(slug, "{ me { everything roles } }", json!({})).await;
            me.data()["me"]["everything"].as_bool().unwrap()
        };
        assert!(everything("one").await);
        assert!(!everything("two").await);
        for operation in [
            "{ members { items { email } } }",
            "{ auditTrail { items { id } } }",
            "{ deadLetters { id } }",
            "{ packages { id } }",
            r#"{ pluginLogs(plugin: "examples/hello") { message } }"#,
            "mutation { setConventionState(state: ARCHIVED) { id } }",
            r#"mutation { enablePlugin(id: "examples/hello") { id } }"#,
            r#"mutation { replayEvent(id: "x") }"#,
        ] {
            assert_eq!(admin.convention("two", operation, json!({})).await.code(), "forbidden", "{operation}");
        }
        // Nor does a header make one convention's address speak for another.
        let elsewhere = admin.with_header("x-convention".parse().unwrap(), "one").with_header("x-forwarded-prefix".parse().unwrap(), "/c/one");
        assert_eq!(elsewhere.convention("two", "{ auditTrail { items { id } } }", json!({})).await.code(), "forbidden");
    }
}

on_each_database! {
    async fn a_draft_does_not_exist_for_those_who_have_no_part_in_it(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("live").await;
        let outsider = host.person("live", "oscar", "admin").await;
        let operation = r#"mutation { createConvention(slug: "secret", name: "Secret", timeZone: "UTC", startsOn: "2026-01-01", endsOn: "2026-01-02") { id } }"#;
        let _ = host.system().host(operation, json!({})).await.data();
        for client in [&outsider, &host.anonymous()] {
            let draft = client.convention("secret", "{ convention { name } }", json!({})).await;
            let nothing = client.convention("nothing", "{ convention { name } }", json!({})).await;
            assert_eq!((draft.status, draft.code()), (404, "not-found"));
            assert_eq!(draft.message().replace("secret", "nothing"), nothing.message());
            let listed = client.host(r#"{ conventions { slug } convention(slug: "secret") { id } }"#, json!({})).await;
            assert_eq!(listed.data(), &json!({ "conventions": [{ "slug": "live" }], "convention": null }));
        }
        assert_eq!(host.system().convention("secret", "{ convention { name } }", json!({})).await.data()["convention"]["name"], "Secret");
    }
}

on_each_database! {
    async fn a_plugins_data_stays_in_its_convention(database: Database) {
        let host = TestHost::start(database).await;
        for slug in ["one", "two"] {
            host.convention(slug).await;
            host.enable(slug, "hello").await;
        }
        let visitor = host.person("one", "vera", "attendee").await;
        let _ = visitor.convention("one", r#"mutation { sign(name: "Vera") { id } }"#, json!({})).await.data();
        let guests = async |slug: &str| visitor.convention(slug, "{ guests { name } }", json!({})).await.data()["guests"].clone();
        assert_eq!(guests("one").await, json!([{ "name": "Vera" }]));
        assert_eq!(guests("two").await, json!([]));
    }
}

on_each_database! {
    async fn what_is_archived_is_read_and_not_changed(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "hello").await;
        let admin = host.person("con", "ada", "admin").await;
        let sign = r#"mutation { sign(name: "Ada") { name } }"#;
        let _ = admin.convention("con", sign, json!({})).await.data();
        let _ = admin.convention("con", "mutation { setConventionState(state: ARCHIVED) { id } }", json!({})).await.data();
        let late = admin.convention("con", sign, json!({})).await;
        assert_eq!(late.code(), "forbidden", "{}", late.text);
        let guests = admin.convention("con", "{ guests { name } }", json!({})).await;
        assert_eq!(guests.data()["guests"], json!([{ "name": "Ada" }]));
        let _ = admin.convention("con", "mutation { setConventionState(state: LIVE) { id } }", json!({})).await.data();
        let _ = admin.convention("con", sign, json!({})).await.data();
    }
}
