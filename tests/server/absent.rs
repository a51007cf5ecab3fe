//! Plugins that are enabled and whose package is lost: the host runs without them, leaves them room, and has them back with their package.

use std::path::PathBuf;

use conman_kernel::sql::{Value, transaction};
use conman_storage::Storage;
use conman_tests::{Client, Database, TestHost, on_each_database, package, repacked, until};
use serde_json::json;

const GUESTS: &str = "{ guests { name } }";

fn hello() -> Vec<u8> {
    std::fs::read(package("hello")).unwrap()
}

/// A host with a plugin that is enabled and whose package's file is gone; answers where that was.
async fn without_hello(database: Database) -> (TestHost, PathBuf) {
    let mut host = TestHost::start(database).await;
    host.convention("con").await;
    host.enable("con", "hello").await;
    let _ = host.system().convention("con", r#"mutation { sign(name: "Vera") { id } }"#, json!({})).await.data();
    let lost = lose_the_package(&mut host).await;
    assert_eq!(host.system().convention("con", GUESTS, json!({})).await.code(), "graphql-invalid");
    (host, lost)
}

/// Starts the host anew without the file of the only package that it has.
async fn lose_the_package(host: &mut TestHost) -> PathBuf {
    let listed = host.system().host("{ packages { digest } }", json!({})).await;
    let digest = listed.data()["packages"][0]["digest"].as_str().unwrap().to_owned();
    let file = host.folder().join("packages").join(format!("{digest}.wasm"));
    std::fs::remove_file(&file).unwrap();
    assert!(host.restart().await.is_clean());
    file
}

async fn enable(system: &Client, id: &str) -> conman_tests::Answer {
    system.convention("con", "mutation($id: String!) { enablePlugin(id: $id) { id } }", json!({ "id": id })).await
}

on_each_database! {
    async fn a_lost_plugin_is_back_as_soon_as_its_package_is_installed_again(database: Database) {
        let (host, _) = without_hello(database).await;
        host.install(hello()).await;
        let guests = host.system().convention("con", GUESTS, json!({})).await;
        assert_eq!(guests.data()["guests"], json!([{ "name": "Vera" }]));
    }
}

on_each_database! {
    async fn what_is_lost_is_looked_for_from_time_to_time(database: Database) {
        let (host, lost) = without_hello(database).await;
        std::fs::write(lost, hello()).unwrap();
        let guests = until("the plugin to be back", async || {
            let guests = host.system().convention("con", GUESTS, json!({})).await;
            guests.code().is_empty().then_some(guests)
        });
        assert_eq!(guests.await.data()["guests"], json!([{ "name": "Vera" }]));
    }
}

on_each_database! {
    async fn what_would_not_fit_a_lost_plugin_is_refused_until_that_is_disabled(database: Database) {
        let (host, _) = without_hello(database).await;
        let system = host.system();
        // The same fields under another name, and other fields under the same name.
        let twin = repacked("hello", |parts| parts.manifest = parts.manifest.replace("examples/hello", "elsewhere/twin"));
        let namesake = repacked("probe", |parts| parts.manifest = parts.manifest.replace("tests/probe", "elsewhere/hello"));
        for package in [twin, namesake] {
            let id = host.install(package).await;
            let refused = enable(&system, &id).await;
            assert_eq!(refused.code(), "conflict", "{}", refused.text);
            assert!(refused.message().contains("examples/hello") && refused.message().contains("disable it"), "{}", refused.message());
        }
        // Who gets along with it is not refused.
        host.enable("con", "probe").await;
        let _ = system.convention("con", r#"mutation { disablePlugin(id: "examples/hello") }"#, json!({})).await.data();
        assert_eq!(enable(&system, "elsewhere/twin").await.data()["enablePlugin"]["id"], "elsewhere/twin");
        assert_eq!(system.convention("con", GUESTS, json!({})).await.data()["guests"], json!([]));
    }
}

on_each_database! {
    async fn permissions_of_a_lost_plugin_are_not_given_to_others(database: Database) {
        let mut host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "probe").await;
        lose_the_package(&mut host).await;
        let other = repacked("probe", |parts| {
            parts.manifest = parts.manifest.replace("tests/probe", "elsewhere/other");
            parts.schema = None;
        });
        let id = host.install(other).await;
        let refused = enable(&host.system(), &id).await;
        assert_eq!(refused.code(), "conflict", "{}", refused.text);
        assert!(refused.message().contains("probe.poke") && refused.message().contains("tests/probe"), "{}", refused.message());
    }
}

on_each_database! {
    async fn a_package_that_cannot_be_read_hides_no_other(database: Database) {
        let host = TestHost::start(database).await;
        host.install(hello()).await;
        let probe = host.install(std::fs::read(package("probe")).unwrap()).await;
        let storage = Storage::open(host.database().location(host.folder())).await.unwrap();
        transaction(storage.host().as_ref(), |transaction| {
            let parameters: [Value; 2] = ["schema = 99".into(), probe.as_str().into()];
            Box::pin(async move {
                transaction.execute("UPDATE runtime_package SET manifest = $1 WHERE plugin = $2", &parameters).await
            })
        })
        .await
        .unwrap();
        let listed = host.system().host("{ packages { id name damage } }", json!({})).await;
        let packages = listed.data()["packages"].as_array().unwrap();
        let of = |id: &str| packages.iter().find(|package| package["id"] == id).unwrap();
        assert_eq!(of("examples/hello")["damage"], json!(null));
        assert_eq!(of("tests/probe")["name"], "tests/probe");
        assert!(of("tests/probe")["damage"].as_str().unwrap().contains("plugin.toml:1"), "{}", listed.text);
    }
}
