//! Installing, enabling, disabling: live, and refused whole where it does not fit.

use conman_kernel::event::Event;
use conman_kernel::id::{ConventionId, EventId, PluginId};
use conman_kernel::sql::{Access, RowExt as _, read};
use conman_storage::Storage;
use conman_tests::{Database, TestHost, on_each_database, package, repacked, until};
use serde_json::json;

on_each_database! {
    async fn a_plugin_answers_as_soon_as_it_is_enabled_and_no_longer_when_it_is_not(database: Database) {
        let mut host = TestHost::start(database).await;
        host.convention("con").await;
        let visitor = host.person("con", "vera", "attendee").await;
        let ask = "{ guests { name } }";
        assert_eq!(visitor.convention("con", ask, json!({})).await.code(), "graphql-invalid");

        host.enable("con", "hello").await;
        assert_eq!(visitor.convention("con", ask, json!({})).await.data()["guests"], json!([]));
        let _ = visitor.convention("con", r#"mutation { sign(name: "Vera") { id } }"#, json!({})).await.data();

        let system = host.system();
        let _ = system.convention("con", r#"mutation { disablePlugin(id: "examples/hello") }"#, json!({})).await.data();
        let gone = visitor.convention("con", ask, json!({})).await;
        assert_eq!((gone.status, gone.code()), (400, "graphql-invalid"));
        assert!(gone.message().contains("examples/hello"), "{}", gone.message());

        // The data was kept.
        host.enable("con", "hello").await;
        assert_eq!(visitor.convention("con", ask, json!({})).await.data()["guests"], json!([{ "name": "Vera" }]));

        // Until it is purged, for which the plugin has to be disabled.
        let purge = r#"mutation { purgePlugin(id: "examples/hello") }"#;
        assert_eq!(system.convention("con", purge, json!({})).await.code(), "conflict");
        let _ = system.convention("con", r#"mutation { disablePlugin(id: "examples/hello") }"#, json!({})).await.data();
        assert_eq!(visitor.convention("con", purge, json!({})).await.code(), "forbidden");
        let _ = system.convention("con", purge, json!({})).await.data();
        host.enable("con", "hello").await;
        assert_eq!(visitor.convention("con", ask, json!({})).await.data()["guests"], json!([]));
        let _ = visitor.convention("con", r#"mutation { sign(name: "Vera") { id } }"#, json!({})).await.data();

        // And all of it is there after a restart.
        assert!(host.restart().await.is_clean());
        let visitor = host.anonymous().with_token(&visitor.token().unwrap());
        assert_eq!(visitor.convention("con", ask, json!({})).await.data()["guests"], json!([{ "name": "Vera" }]));
    }
}

on_each_database! {
    async fn what_a_plugin_told_before_it_was_purged_reaches_the_others(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "probe").await;
        let listener = repacked("probe", |parts| {
            parts.manifest = parts.manifest.replace("tests/probe", "tests/listener").replace("probe.poke", "listener.poke");
            parts.schema = None;
        });
        host.enable_package("con", listener).await;
        let system = host.system();
        let _ = system.convention("con", r#"mutation { disablePlugin(id: "tests/probe") }"#, json!({})).await.data();
        let convention = system.convention("con", "{ convention { id } }", json!({})).await;
        let convention = ConventionId::from_stored(convention.data()["convention"]["id"].as_str().unwrap());
        let [probe, listener] = ["tests/probe", "tests/listener"].map(|id| id.parse::<PluginId>().unwrap());

        // Committed behind the host's back, so that it lies in the outbox still.
        let location = host.database().location(host.folder());
        let storage = Storage::open(location.clone()).await.unwrap();
        let mut transaction = storage.plugin(&convention, &probe).await.unwrap().begin(Access::ReadWrite).await.unwrap();
        let event = Event {
            id: EventId::new(),
            topic: "probe.told".to_owned(),
            key: "k".to_owned(),
            payload: "{}".to_owned(),
            publisher: probe,
            emitted_at: "2026-08-14T10:00:00Z".parse().unwrap(),
            hops: 0,
        };
        transaction.emit(&event).await.unwrap();
        transaction.commit().await.unwrap();
        drop(storage);
        let _ = system.convention("con", r#"mutation { purgePlugin(id: "tests/probe") }"#, json!({})).await.data();

        let storage = Storage::open(location).await.unwrap();
        let notes = storage.plugin(&convention, &listener).await.unwrap().host();
        let noted = until("the event to be handled", async || {
            let noted = read(notes.as_ref(), "SELECT body FROM note", &[]).await.unwrap();
            noted.rows.first().map(|note| note.text(0).unwrap().to_owned())
        });
        assert_eq!(noted.await, event.id.as_str());
    }
}

on_each_database! {
    async fn what_does_not_fit_is_refused_and_changes_nothing(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "hello").await;
        // The same plugin under another name defines the same fields.
        let twin = repacked("hello", |parts| parts.manifest = parts.manifest.replace("examples/hello", "elsewhere/twin"));
        let installed = host.system().post("/api/packages", twin).await;
        assert_eq!(installed.status, 200, "{}", installed.text);
        let refused = host.system().convention("con", r#"mutation { enablePlugin(id: "elsewhere/twin") { id } }"#, json!({})).await;
        assert_eq!(refused.code(), "conflict", "{}", refused.text);
        assert!(refused.message().contains("examples/hello") && refused.message().contains("elsewhere/twin"), "{}", refused.message());
        let enabled = host.system().convention("con", "{ plugins { id } guests { name } }", json!({})).await;
        assert_eq!(enabled.data(), &json!({ "plugins": [{ "id": "examples/hello" }], "guests": [] }));
    }
}

on_each_database! {
    async fn only_admins_of_the_host_install_and_only_packages(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        let admin_of_convention = host.person("con", "ada", "admin").await;
        let bytes = std::fs::read(package("hello")).unwrap();
        assert_eq!(admin_of_convention.post("/api/packages", bytes.clone()).await.code(), "forbidden");
        assert_eq!(host.anonymous().post("/api/packages", bytes).await.code(), "unauthenticated");
        let refused = host.system().post("/api/packages", "no package").await;
        assert_eq!((refused.status, refused.code()), (400, "invalid"));
        assert!(refused.message().contains("conman plugin build"), "{}", refused.message());
        let missing = host.system().convention("con", r#"mutation { enablePlugin(id: "nobody/nothing") { id } }"#, json!({})).await;
        assert_eq!(missing.code(), "not-found");
        assert!(missing.message().contains("conman plugin install"), "{}", missing.message());
    }
}

on_each_database! {
    async fn a_plugins_log_can_be_read_by_those_who_manage_it(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "hello").await;
        let admin = host.person("con", "ada", "admin").await;
        let signed = admin.convention("con", r#"mutation { sign(name: "Ada") { id } }"#, json!({})).await;
        let _ = signed.data();
        let log = admin.convention("con", r#"{ pluginLogs(plugin: "examples/hello") { level message request } }"#, json!({})).await;
        let line = &log.data()["pluginLogs"][0];
        assert_eq!((&line["level"], &line["message"]), (&json!("info"), &json!("signed")));
        assert_eq!(line["request"], signed.header("x-request-id"));
    }
}

on_each_database! {
    async fn a_mutation_with_a_key_happens_once(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "hello").await;
        let visitor = host.person("con", "vera", "attendee").await;
        let keyed = visitor.with_header("idempotency-key".parse().unwrap(), "once");
        let sign = r#"mutation { sign(name: "Vera") { id } }"#;
        let first = keyed.convention("con", sign, json!({})).await.data().clone();
        assert_eq!(keyed.convention("con", sign, json!({})).await.data(), &first);
        let guests = visitor.convention("con", "{ guests { id } }", json!({})).await;
        assert_eq!(guests.data()["guests"].as_array().unwrap().len(), 1);
        let other = keyed.convention("con", r#"mutation { sign(name: "Someone else") { id } }"#, json!({})).await;
        assert_eq!(other.code(), "idempotency-mismatch", "{}", other.text);
    }
}

on_each_database! {
    async fn a_configuration_is_no_upgrade(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "hello").await;
        let newer = repacked("hello", |parts| parts.manifest = parts.manifest.replacen("version = \"", "version = \"9", 1));
        let installed = host.system().post("/api/packages", newer).await;
        assert_eq!(installed.status, 200, "{}", installed.text);
        let enable = async |arguments: &str| {
            let operation = format!(r#"mutation {{ enablePlugin(id: "examples/hello"{arguments}) {{ version }} }}"#);
            host.system().convention("con", &operation, json!({})).await
        };
        let new = installed.json["version"].as_str().unwrap();
        let old = new.strip_prefix('9').unwrap();
        assert_eq!(enable(", config: {}").await.data()["enablePlugin"]["version"], json!(old));
        assert_eq!(enable("").await.data()["enablePlugin"]["version"], json!(new));
        let back = format!(r#", version: "{old}", config: {{}}"#);
        assert_eq!(enable(&back).await.data()["enablePlugin"]["version"], json!(old));
        assert_eq!(enable(r#", version: "0.0.1""#).await.code(), "not-found");
    }
}

/// Two hosts on one PostgreSQL, each with a folder of its own.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_host_enables_another_takes_over() {
    let Some(database) = Database::postgres().await else { return };
    let one = TestHost::start(database.shared()).await;
    let two = TestHost::start(database.shared()).await;
    one.convention("con").await;
    // Packages are files: each host has to be given them.
    two.install(std::fs::read(package("hello")).unwrap()).await;
    one.enable("con", "hello").await;
    let answered = async || {
        two.anonymous().convention("con", "{ guests { name } }", json!({})).await.json["data"]["guests"].is_array()
    };
    until("the other host to take the plugin over", async || answered().await.then_some(())).await;

    // What the one purges is gone for the other at once, and is there again as the one has made it anew.
    let signed = async || {
        two.anonymous()
            .convention("con", r#"mutation { sign(name: "Vera") { id } }"#, json!({}))
            .await
            .code()
            .is_empty()
    };
    assert!(signed().await);
    let change = async |host: &TestHost, field: &str| {
        let operation = format!(r#"mutation {{ {field}(id: "examples/hello") }}"#);
        let _ = host.system().convention("con", &operation, json!({})).await.data();
    };
    change(&one, "disablePlugin").await;
    change(&one, "purgePlugin").await;
    change(&two, "purgePlugin").await;
    one.enable("con", "hello").await;
    until("the other host to find the plugin's data made anew", async || signed().await.then_some(())).await;
    let guests = one.anonymous().convention("con", "{ guests { name } }", json!({})).await;
    assert_eq!(guests.data()["guests"], json!([{ "name": "Vera" }]));
}
