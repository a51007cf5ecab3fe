//! One convention's people learn nothing of another convention, whatever they ask.

use std::time::Duration;

use conman_tests::volunteers::{self, SIGN_UP, shift, taken};
use conman_tests::{Client, Database, TestHost, misbehaving, on_each_database};
use serde_json::{Value, json};

/// Makes an event that the probe fails to handle until it is given up, and answers the dead letter's id.
async fn dead_letter(admin: &Client, slug: &str) -> String {
    let payload = json!({ "steps": [["fail", "NO"]] }).to_string();
    let steps = json!([["emit", "probe.told", "key", payload]]);
    let _ = admin
        .convention(slug, "mutation($steps: JSON!) { script(steps: $steps) }", json!({ "steps": steps }))
        .await
        .data();
    let waiting = async {
        loop {
            if let [letter] = dead_letters(admin, slug).await.as_slice() {
                return letter.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("the event is given up")
}

async fn dead_letters(admin: &Client, slug: &str) -> Vec<String> {
    let letters = admin.convention(slug, "{ deadLetters { id } }", json!({})).await;
    let letters = letters.data()["deadLetters"].as_array().unwrap().clone();
    letters.iter().map(|letter| letter["id"].as_str().unwrap().to_owned()).collect()
}

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
    async fn ids_of_one_convention_mean_nothing_to_those_who_may_everything_in_another(database: Database) {
        let host = TestHost::start(database).await;
        for slug in ["one", "two"] {
            volunteers::convention(&host.system(), slug).await;
            let live = "mutation { setConventionState(state: LIVE) { state } }";
            let _ = host.system().convention(slug, live, json!({})).await.data();
            for plugin in ["core-programming", "core-volunteer"] {
                host.enable(slug, plugin).await;
            }
            host.enable_package(slug, misbehaving()).await;
        }
        let one = host.person("one", "ada", "admin").await;
        let two = host.person("two", "eve", "admin").await;
        // So that what is not found is not found for want of the id, not of everything.
        let own = shift(&two, "two", 3).await;

        let shift = shift(&one, "one", 3).await;
        let entry = one.convention("one", SIGN_UP, json!({ "shift": shift, "account": "volunteer-1" })).await;
        let entry = entry.data()["signUp"]["id"].as_str().unwrap().to_owned();
        let letter = dead_letter(&one, "one").await;
        let token = one.convention("one", r#"mutation { createToken(name: "display") { id secret } }"#, json!({})).await;
        let token = &token.data()["createToken"];
        let ids = json!({ "shift": shift, "entry": entry, "letter": letter, "token": token["id"] });

        let read = two.convention("two", "query($shift: ID!) { shift(id: $shift) { title entries { id } } }", ids.clone()).await;
        assert_eq!(read.json["data"]["shift"], Value::Null, "{}", read.text);
        for operation in [
            "mutation($shift: ID!) { signUp(shift: $shift, account: \"volunteer-2\") { id } }",
            "mutation($shift: ID!) { cancelShift(id: $shift) { id } }",
            "mutation($shift: ID!) { deleteShift(id: $shift) }",
            "mutation($shift: ID!) { updateShift(id: $shift, patch: { title: \"Mine\" }) { id } }",
            "mutation($entry: ID!) { withdraw(entry: $entry) { id } }",
            "mutation($entry: ID!) { checkInEntry(entry: $entry) { account { id } } }",
            "mutation($letter: ID!) { replayEvent(id: $letter) }",
            "mutation($letter: ID!) { discardEvent(id: $letter) }",
            "mutation($token: ID!) { revokeToken(id: $token) }",
        ] {
            let refused = two.convention("two", operation, ids.clone()).await;
            assert_eq!(refused.code().to_lowercase().replace('_', "-"), "not-found", "{operation}: {}", refused.text);
        }
        // A token that was made in one convention is nobody in the other.
        let with_token = host.anonymous().with_token(token["secret"].as_str().unwrap());
        let elsewhere = with_token.convention("two", "{ auditTrail { items { id } } }", json!({})).await;
        assert!(["forbidden", "unauthenticated"].contains(&elsewhere.code()), "{}", elsewhere.text);

        // All of it is there as it was, and the ids were right.
        assert_eq!(taken(&one, "one", &shift).await, ["volunteer-1"]);
        assert_eq!(taken(&two, "two", &own).await, Vec::<String>::new());
        assert_eq!(dead_letters(&one, "one").await, [letter.as_str()]);
        assert_eq!(dead_letters(&two, "two").await, Vec::<String>::new());
        let _ = with_token.convention("one", "{ auditTrail { items { id } } }", json!({})).await.data();
        for operation in [
            "mutation($letter: ID!) { discardEvent(id: $letter) }",
            "mutation($entry: ID!) { withdraw(entry: $entry) { id } }",
            "mutation($shift: ID!) { deleteShift(id: $shift) }",
            "mutation($token: ID!) { revokeToken(id: $token) }",
        ] {
            let _ = one.convention("one", operation, ids.clone()).await.data();
        }
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
