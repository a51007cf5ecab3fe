//! Who changed what in a convention, through the host and through plugins.

use conman_tests::volunteers::{self, shift};
use conman_tests::{Client, Database, TestHost, misbehaving, on_each_database};
use serde_json::{Value, json};

const TRAIL: &str =
    "query($first: Int!, $after: String, $actor: String, $action: String, $since: DateTime, $until: DateTime) {
    auditTrail(first: $first, after: $after, actor: $actor, action: $action, since: $since, until: $until) {
        items { id at actor name action target before after } next } }";

async fn page(client: &Client, variables: Value) -> Value {
    client.convention("con", TRAIL, variables).await.data()["auditTrail"].clone()
}

async fn items(client: &Client, variables: Value) -> Vec<Value> {
    page(client, variables).await["items"].as_array().unwrap().clone()
}

const SIGN_UP: &str = "mutation($shift: ID!) { signUp(shift: $shift) { id } }";

fn actions(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["action"].as_str().unwrap()).collect()
}

on_each_database! {
    async fn a_sign_up_is_in_the_conventions_trail_with_who_and_what(database: Database) {
        let host = TestHost::start(database).await;
        volunteers::convention(&host.system(), "con").await;
        let _ = host.system().convention("con", "mutation { setConventionState(state: LIVE) { state } }", json!({})).await.data();
        for plugin in ["core-programming", "core-volunteer"] {
            host.enable("con", plugin).await;
        }
        let admin = host.person("con", "ada", "admin").await;
        let vera = host.person("con", "vera", "volunteer").await;
        let shift = shift(&admin, "con", 3).await;
        let me = vera.convention("con", "{ me { account { id } } }", json!({})).await.data()["me"]["account"]["id"].clone();
        let keyed = vera.with_header("idempotency-key".parse().unwrap(), "k1");
        for _ in 0..2 {
            let _ = keyed.convention("con", SIGN_UP, json!({ "shift": shift })).await.data();
        }
        // A second place on the same shift is refused.
        assert_ne!(vera.convention("con", SIGN_UP, json!({ "shift": shift })).await.code(), "");

        let sign_ups = items(&admin, json!({ "first": 50, "action": "conman/core-volunteer.signUp" })).await;
        let [deed] = &sign_ups[..] else { panic!("{sign_ups:?}") };
        assert_eq!((&deed["name"], &deed["actor"]), (&json!("vera"), &json!(format!("account:{}", me.as_str().unwrap()))));
        assert_eq!((&deed["target"], &deed["before"]), (&json!("plugin:conman/core-volunteer"), &Value::Null));
        assert_eq!(deed["after"]["arguments"]["shift"], json!(shift));
        assert!(deed["after"]["request"].is_string(), "{deed}");
        let all = items(&admin, json!({ "first": 50 })).await;
        assert_eq!(all[0], *deed, "the newest of all");
        assert!(actions(&all).contains(&"plugin.enabled"), "{all:?}");
        assert!(actions(&all).contains(&"conman/core-volunteer.createShift"), "{all:?}");

        let refused = vera.convention("con", TRAIL, json!({ "first": 1, "action": "conman/core-volunteer." })).await;
        assert_eq!(refused.code(), "forbidden");
        // What was done stays done when the plugin is disabled, and goes with everything else of it.
        let change = async |field: &str| {
            let operation = format!("mutation {{ {field}(id: \"conman/core-volunteer\") }}");
            let _ = host.system().convention("con", &operation, json!({})).await.data();
        };
        change("disablePlugin").await;
        assert_eq!(items(&admin, json!({ "first": 50, "action": "conman/core-volunteer.signUp" })).await, sign_ups);
        change("purgePlugin").await;
        let left = items(&admin, json!({ "first": 50 })).await;
        assert_eq!(left[0]["action"], "plugin.purged");
        assert!(!actions(&left).iter().any(|action| action.starts_with("conman/core-volunteer.")), "{left:?}");
    }
}

on_each_database! {
    async fn pages_lose_and_repeat_nothing_of_any_plugin(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "hello").await;
        host.enable_package("con", misbehaving()).await;
        let admin = host.person("con", "ada", "admin").await;
        let vera = host.person("con", "vera", "volunteer").await;
        for n in 0..4 {
            let _ = vera.convention("con", "mutation($n: String!) { sign(name: $n) { id } }", json!({ "n": format!("Vera {n}") })).await.data();
            let steps = json!([["execute", "INSERT INTO note (id, body) VALUES ($1, 'x')", format!("n{n}")]]);
            let _ = vera.convention("con", "mutation($steps: JSON!) { script(steps: $steps) }", json!({ "steps": steps })).await.data();
            let written = admin.post("/c/con/x/probe/write", "a secret file").await;
            assert_eq!(written.status, 200, "{}", written.text);
            let set = "mutation($n: Boolean!) { setPermission(role: \"attendee\", permission: \"probe.poke\", allowed: $n) }";
            let _ = admin.convention("con", set, json!({ "n": n % 2 == 0 })).await.data();
        }
        let all = items(&admin, json!({ "first": 200 })).await;
        let ids: Vec<_> = all.iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert!(ids.is_sorted_by(|a, b| a > b), "{ids:?}");
        let lately = actions(&all);
        assert_eq!(lately[1..4], ["tests/probe.POST write", "tests/probe.script", "examples/hello.sign"]);
        assert!(!json!(all).to_string().contains("a secret file"));
        for (first, action) in [(1, None), (3, None), (7, None), (2, Some("examples/hello.")), (4, Some("examples/hello."))] {
            let (mut paged, mut after) = (Vec::new(), Value::Null);
            loop {
                let page = page(&admin, json!({ "first": first, "after": after, "action": action })).await;
                let items = page["items"].as_array().unwrap().clone();
                assert!(items.len() <= first, "{items:?}");
                paged.extend(items);
                after = page["next"].clone();
                if after.is_null() {
                    break;
                }
            }
            let wanted = all.iter().filter(|item| item["action"].as_str().unwrap().starts_with(action.unwrap_or_default()));
            assert_eq!(paged, wanted.cloned().collect::<Vec<_>>());
        }

        let counted = async |variables: Value| items(&admin, variables).await.len();
        let vera_is = all.iter().find(|item| item["action"] == "examples/hello.sign").unwrap()["actor"].clone();
        assert_eq!(counted(json!({ "first": 50, "action": "examples/hello." })).await, 4);
        assert_eq!(counted(json!({ "first": 50, "action": "tests/probe." })).await, 8);
        assert_eq!(counted(json!({ "first": 50, "action": "tests/probe.POST write" })).await, 4);
        assert_eq!(counted(json!({ "first": 50, "action": "tests/prob" })).await, 0);
        assert_eq!(counted(json!({ "first": 50, "actor": vera_is, "action": "tests/probe.script" })).await, 4);
        assert_eq!(counted(json!({ "first": 50, "actor": vera_is })).await, 8);
        assert_eq!(counted(json!({ "first": 50, "action": "plugin." })).await, 2);
        let middle = &all[5]["at"];
        let (before, since) = (json!({ "first": 200, "until": middle }), json!({ "first": 200, "since": middle }));
        assert_eq!(counted(before).await + counted(since).await, all.len());
        // On the host itself there is what the host was changed by, and what it was changed by alone.
        let on_host = host.system().host(TRAIL, json!({ "first": 200, "action": "plugin." })).await;
        assert_eq!(on_host.data()["auditTrail"]["items"].as_array().unwrap().len(), 2);
        let on_host = host.system().host(TRAIL, json!({ "first": 200, "action": "examples/hello." })).await;
        assert_eq!(on_host.data()["auditTrail"], json!({ "items": [], "next": null }));
    }
}

on_each_database! {
    async fn a_plugin_in_two_conventions_has_two_trails(database: Database) {
        let host = TestHost::start(database).await;
        for slug in ["con", "other"] {
            host.convention(slug).await;
            host.enable(slug, "hello").await;
        }
        let admin = host.person("con", "ada", "admin").await;
        let grant = r#"mutation { grantRole(email: "ada@con.example", role: "admin") }"#;
        let _ = host.system().convention("other", grant, json!({})).await.data();
        for (slug, name) in [("con", "Vera"), ("other", "Otto"), ("con", "Wim")] {
            let _ = admin.convention(slug, "mutation($n: String!) { sign(name: $n) { id } }", json!({ "n": name })).await.data();
        }
        for (slug, names) in [("con", &["Wim", "Vera"][..]), ("other", &["Otto"])] {
            let trail = admin.convention(slug, TRAIL, json!({ "first": 50, "action": "examples/hello." })).await;
            let deeds = trail.data()["auditTrail"]["items"].as_array().unwrap();
            let signed: Vec<_> = deeds.iter().map(|deed| deed["after"]["arguments"]["name"].as_str().unwrap()).collect();
            assert_eq!(signed, names, "{slug}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_cannot_be_read_is_named() {
    let host = TestHost::start(Database::sqlite()).await;
    host.convention("con").await;
    let system = host.system();
    let id = system.convention("con", "{ convention { id } }", json!({})).await.data()["convention"]["id"].clone();
    let folder = host.folder().join("conventions").join(id.as_str().unwrap());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("tests+broken.sqlite"), "no database at all, however long one looks at it").unwrap();
    let answer = system.convention("con", TRAIL, json!({ "first": 1 })).await;
    assert_eq!((answer.code(), &answer.json["data"]["auditTrail"]), ("unavailable", &Value::Null), "{}", answer.text);
    assert!(
        answer.message().starts_with("what was done through tests/broken cannot be read: "),
        "{}",
        answer.message()
    );
    // What does not concern it is told.
    let answer = system.convention("con", TRAIL, json!({ "first": 1, "action": "convention.state" })).await;
    let _ = answer.data();

    // Nobody can tell whether it holds something for others, so that somebody has to give that up.
    let purge =
        "mutation($loseEvents: Boolean! = false) { purgePlugin(id: \"tests/broken\", loseEvents: $loseEvents) }";
    let refused = system.convention("con", purge, json!({})).await;
    assert_eq!(refused.code(), "unavailable", "{}", refused.text);
    assert!(refused.message().contains("nothing was deleted") && refused.message().contains("loseEvents: true"));
    let _ = system.convention("con", purge, json!({ "loseEvents": true })).await.data();
    let left = items(&system, json!({ "first": 1 })).await;
    assert_eq!(
        (&left[0]["action"], &left[0]["after"]),
        (&json!("plugin.purged"), &json!({ "loseEvents": true })),
        "{left:?}"
    );
}
