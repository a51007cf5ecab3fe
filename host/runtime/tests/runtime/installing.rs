//! Packages in, plugins on, plugins off.

use std::path::{Path, PathBuf};

use conman_kernel::actor::Actor;
use conman_kernel::dispatch::{CallKind, Dispatcher as _, FieldCall, Handled};
use conman_kernel::fault::code;
use conman_kernel::sql::{SqlError, Value, transaction};
use conman_runtime::{EnableError, Wanted};
use conman_storage::{Location, Unsent};
use expect_test::{Expect, expect};
use serde_json::json;

use crate::support::{Host, On, PROBE, event, field_call, on_both, packed, probe, probe_with};

on_both! {
    async fn what_is_enabled_is_there_after_a_restart(host) {
        host.script(CallKind::Mutation, json!([["execute", "INSERT INTO note (id, body) VALUES ('a', 'b')"]])).await.unwrap();
        let restarted = Host { runtime: host.restarted().await, ..host };
        assert_eq!(restarted.query("ok", json!({})).await, Ok(json!("ok")));
        assert_eq!(restarted.runtime.packages().await.unwrap().len(), 1);
        assert_eq!(restarted.notes().await.len(), 1);
    }
}

on_both! {
    async fn an_upgrade_migrates_and_keeps_data_and_configuration(host) {
        host.script(CallKind::Mutation, json!([["execute", "INSERT INTO note (id, body) VALUES ('a', 'b')"]])).await.unwrap();
        host.enable(Some("{\"colour\":\"red\"}")).await.unwrap();
        let newer = probe_with(|parts| {
            parts.manifest = parts.manifest.replace("1.0.0", "1.1.0");
            parts.migrations.push(("0002_colour.sql".to_owned(), "ALTER TABLE note ADD COLUMN colour TEXT;".to_owned()));
        });
        host.clock.advance(std::time::Duration::from_secs(1));
        let installed = host.runtime.install(newer, &Actor::system()).await.unwrap();
        let enabled = host.enable(None).await.unwrap();
        assert_eq!((enabled.version().to_string().as_str(), enabled.digest()), ("1.1.0", installed.digest));
        assert_eq!(host.query("config", json!({})).await.unwrap(), json!({ "colour": "red" }));
        let outcome = host.script(CallKind::Query, json!([["query", "SELECT id, colour FROM note"]])).await.unwrap();
        assert_eq!(outcome, json!([[["a", null]]]));
    }
}

on_both! {
    async fn a_failing_migration_leaves_the_old_version_running(host) {
        let broken = probe_with(|parts| {
            parts.manifest = parts.manifest.replace("1.0.0", "1.1.0");
            parts.migrations.push(("0002_broken.sql".to_owned(), "ALTER TABLE nothing ADD COLUMN colour TEXT;".to_owned()));
        });
        host.clock.advance(std::time::Duration::from_secs(1));
        host.runtime.install(broken, &Actor::system()).await.unwrap();
        let error = host.enable(None).await.unwrap_err();
        assert!(matches!(error, EnableError::Migration(_)), "{error}");
        assert_eq!(host.runtime.enabled(&host.convention.id)[0].version().to_string(), "1.0.0");
        assert_eq!(host.query("ok", json!({})).await, Ok(json!("ok")));
    }
}

on_both! {
    async fn two_hosts_on_one_database_take_over_from_each_other(host) {
        let other = Host { runtime: host.restarted().await, ..host.clone() };
        // Finer than the database keeps it.
        host.clock.advance(std::time::Duration::from_nanos(1_234_567));
        host.enable(Some("{\"colour\":\"red\"}")).await.unwrap();
        assert_eq!(host.runtime.refresh().await.unwrap(), []);
        assert_eq!(other.query("config", json!({})).await, Ok(json!({})));
        assert_eq!(other.runtime.refresh().await.unwrap(), std::slice::from_ref(&host.convention.id));
        assert_eq!(other.query("config", json!({})).await, Ok(json!({ "colour": "red" })));
        assert_eq!(other.runtime.refresh().await.unwrap(), []);
        host.runtime.disable(&host.convention.id, &probe()).await.unwrap();
        other.runtime.refresh().await.unwrap();
        assert_eq!(other.query("ok", json!({})).await.unwrap_err().code, code::NOT_FOUND);
    }
}

on_both! {
    async fn a_refused_configuration_leaves_the_tables_as_the_old_version_knows_them(host) {
        let newer = probe_with(|parts| {
            parts.manifest = parts.manifest.replace("1.0.0", "1.1.0");
            parts.migrations.push(("0002_colour.sql".to_owned(), "ALTER TABLE note ADD COLUMN colour TEXT;".to_owned()));
        });
        host.clock.advance(std::time::Duration::from_secs(1));
        host.runtime.install(newer, &Actor::system()).await.unwrap();
        let error = host.enable(Some("{\"colour\":\"infrared\"}")).await.unwrap_err();
        assert!(matches!(error, EnableError::Config(_)), "{error}");
        assert_eq!(host.runtime.enabled(&host.convention.id)[0].version().to_string(), "1.0.0");
        assert_eq!(host.count("conman_migration").await, 1);
    }
}

#[tokio::test]
async fn which_package_is_enabled_is_said_and_kept() {
    let host = Host::start(On::Sqlite).await.unwrap();
    let old = host.runtime.enabled(&host.convention.id)[0].digest();
    host.clock.advance(std::time::Duration::from_secs(1));
    let newer = probe_with(|parts| parts.manifest = parts.manifest.replace("1.0.0", "1.1.0"));
    let new = host.runtime.install(newer, &Actor::system()).await.unwrap().digest;
    let chosen = async |wanted| host.runtime.choose(&host.convention.id, &probe(), wanted).await;
    assert_eq!(chosen(Wanted::Newest).await.unwrap(), new);
    assert_eq!(chosen(Wanted::Current).await.unwrap(), old);
    assert_eq!(chosen(Wanted::Version("1.0.0")).await.unwrap(), old);
    assert_eq!(chosen(Wanted::Version("1.1.0")).await.unwrap(), new);
    expect!["no package of tests/probe with the version 2.0.0 is installed; `conman plugin list` shows which are"]
        .assert_eq(&chosen(Wanted::Version("2.0.0")).await.unwrap_err().to_string());
    // Where nothing is enabled yet, there is nothing to keep.
    host.runtime.disable(&host.convention.id, &probe()).await.unwrap();
    assert_eq!(chosen(Wanted::Current).await.unwrap(), new);
}

on_both! {
    async fn what_cannot_be_loaded_is_owed_its_events_and_loaded_when_it_can_be(host) {
        let packages = tempfile::tempdir().unwrap();
        let other = host.another(packages.path()).await;
        assert_eq!(other.runtime.refresh().await.unwrap(), []);
        let id = &host.convention.id;
        assert_eq!(other.runtime.subscriptions(id).await.unwrap()[0].0, probe());
        assert!(!other.runtime.takes(id, &probe(), "probe.told"));
        assert!(matches!(other.runtime.begin_purge(id, &probe()).await, Err(EnableError::InUse(_))));

        let file = format!("{}.wasm", host.runtime.enabled(id)[0].digest());
        std::fs::copy(host.config.packages_folder.join(&file), packages.path().join(&file)).unwrap();
        assert_eq!(other.runtime.refresh().await.unwrap(), std::slice::from_ref(id));
        assert!(other.runtime.takes(id, &probe(), "probe.told"));
        assert_eq!(other.query("ok", json!({})).await, Ok(json!("ok")));
        assert_eq!(other.runtime.refresh().await.unwrap(), []);
    }
}

on_both! {
    async fn what_cannot_be_loaded_as_it_is_enabled_now_does_not_go_on_as_it_was(host) {
        let id = &host.convention.id;
        let packages = tempfile::tempdir().unwrap();
        let bring_package = || {
            let file = format!("{}.wasm", host.runtime.enabled(id)[0].digest());
            std::fs::copy(host.config.packages_folder.join(&file), packages.path().join(&file)).unwrap();
        };
        bring_package();
        let other = host.another(packages.path()).await;
        assert_eq!(other.query("ok", json!({})).await, Ok(json!("ok")));

        host.clock.advance(std::time::Duration::from_secs(1));
        let newer = probe_with(|parts| parts.manifest = parts.manifest.replace("1.0.0", "1.1.0"));
        host.runtime.install(newer, &Actor::system()).await.unwrap();
        host.enable(None).await.unwrap();
        assert_eq!(other.runtime.refresh().await.unwrap(), std::slice::from_ref(id));
        assert_eq!(other.runtime.enabled(id).len(), 0);
        assert_eq!(other.runtime.absent(id).await.unwrap()[0].id, probe());
        assert_eq!(other.runtime.refresh().await.unwrap(), []);

        bring_package();
        assert_eq!(other.runtime.refresh().await.unwrap(), std::slice::from_ref(id));
        assert_eq!(other.runtime.enabled(id)[0].version().to_string(), "1.1.0");
    }
}

on_both! {
    async fn a_database_that_is_gone_is_not_begun_anew_unasked(host) {
        let id = &host.convention.id;
        host.storage.purge(id, &probe(), Unsent::Lost).await.unwrap();
        let other = host.elsewhere().await;
        assert_eq!(other.runtime.absent(id).await.unwrap()[0].id, probe());
        assert_eq!(other.runtime.refresh().await.unwrap(), []);
        assert_eq!(other.storage.list(id).await.unwrap(), []);
        // Who is asked is the one who enables it.
        other.enable(None).await.unwrap();
        assert_eq!(other.notes().await, []);
        assert_eq!(other.runtime.absent(id).await.unwrap(), []);
    }
}

on_both! {
    async fn what_cannot_be_loaded_keeps_its_name_and_what_it_adds(host) {
        let packages = tempfile::tempdir().unwrap();
        let other = host.another(packages.path()).await;
        let namesake = probe_with(|parts| parts.manifest = parts.manifest.replace("tests/probe", "elsewhere/probe"));
        let namesake = other.runtime.install(namesake, &Actor::system()).await.unwrap();
        let by = Actor::system();
        let enabling = other.runtime.enable(&host.convention, &namesake.id, namesake.digest, None, &by);
        let error = enabling.await.unwrap_err();
        assert!(matches!(&error, EnableError::NameTaken { other } if *other == probe()), "{error}");

        let absent = other.runtime.absent(&host.convention.id).await.unwrap().remove(0);
        let enabled = host.runtime.enabled(&host.convention.id).remove(0);
        assert_eq!((absent.id, absent.sdl.as_str()), (probe(), enabled.sdl()));
        assert_eq!(absent.permissions, enabled.manifest().declared_permissions());
        assert_eq!(host.runtime.absent(&host.convention.id).await.unwrap(), []);
    }
}

on_both! {
    async fn what_another_version_of_the_host_has_written_down_is_owed_its_events(host) {
        let told = async || {
            let told = host.runtime.subscriptions(&host.convention.id).await?;
            Ok::<_, SqlError>(told.into_iter().map(|(plugin, topics)| (plugin, topics.len())).collect::<Vec<_>>())
        };
        let write = async |column: &str, text: &str| {
            let sql = format!("UPDATE runtime_package SET {column} = $1");
            transaction(host.storage.host().as_ref(), |transaction| {
                let (sql, parameters): (_, [Value; 1]) = (sql.clone(), [text.into()]);
                Box::pin(async move { transaction.execute(&sql, &parameters).await })
            })
            .await
            .unwrap();
        };
        // A manifest that this host cannot read is none of the relay's business.
        write("manifest", "schema = 99").await;
        let packages = tempfile::tempdir().unwrap();
        let other = host.another(packages.path()).await;
        assert_eq!(other.runtime.subscriptions(&host.convention.id).await.unwrap()[0].0, probe());
        assert_eq!(told().await.unwrap(), [(probe(), 2)]);
        // Topics that it cannot read stop it: another host may be able to.
        write("topics", r#"["probe.*", "(probe|others).told"]"#).await;
        let error = told().await.unwrap_err();
        assert!(error.to_string().contains("tests/probe"), "{error}");
        write("topics", "[]").await;
        assert_eq!(told().await.unwrap(), []);
        // To install it again is the remedy.
        other.runtime.install(PROBE.clone(), &Actor::system()).await.unwrap();
        assert_eq!(told().await.unwrap(), [(probe(), 2)]);
    }
}

on_both! {
    async fn what_cannot_be_loaded_keeps_its_configuration(host) {
        host.enable(Some("{\"colour\":\"red\"}")).await.unwrap();
        let packages = tempfile::tempdir().unwrap();
        let other = host.another(packages.path()).await;
        other.runtime.install(PROBE.clone(), &Actor::system()).await.unwrap();
        other.enable(None).await.unwrap();
        assert_eq!(other.query("config", json!({})).await.unwrap(), json!({ "colour": "red" }));
    }
}

on_both! {
    async fn a_package_that_another_host_has_enabled_stays(host) {
        let digest = host.runtime.enabled(&host.convention.id)[0].digest();
        host.runtime.disable(&host.convention.id, &probe()).await.unwrap();
        // It knows nothing of what is enabled here from now on.
        let other = Host { runtime: host.restarted().await, ..host.clone() };
        host.enable(None).await.unwrap();
        let refused = other.runtime.uninstall(&probe(), digest).await;
        assert!(matches!(refused, Err(EnableError::InUse(_))), "{refused:?}");
        assert_eq!(other.runtime.subscriptions(&host.convention.id).await.unwrap()[0].0, probe());
        assert_eq!(host.restarted().await.enabled(&host.convention.id).len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_its_plugins_own_trouble() {
    let host = Host::start(On::Sqlite).await.unwrap();
    let id = &host.convention.id;
    let twin = probe_with(|parts| parts.manifest = parts.manifest.replace("tests/probe", "tests/twin"));
    let twin = host.runtime.install(twin, &Actor::system()).await.unwrap();
    host.runtime.enable(&host.convention, &twin.id, twin.digest, None, &Actor::system()).await.unwrap();
    let file = database_file(&host);
    move_database(&file, None);
    std::fs::write(&file, "no database at all, however long one looks at it").unwrap();

    // A host comes up without it, and takes over what else has changed.
    let other = host.elsewhere().await;
    let at_work = || other.runtime.enabled(id).iter().map(|plugin| plugin.id().clone()).collect::<Vec<_>>();
    assert_eq!(at_work(), std::slice::from_ref(&twin.id));
    assert_eq!(other.runtime.absent(id).await.unwrap()[0].id, probe());
    host.runtime.disable(id, &twin.id).await.unwrap();
    assert_eq!(other.runtime.refresh().await.unwrap(), std::slice::from_ref(id));
    assert_eq!(at_work(), []);
    // It is enabled again, once what was damaged is out of the way.
    std::fs::remove_file(&file).unwrap();
    assert_eq!(other.runtime.refresh().await.unwrap(), []);
    other.enable(None).await.unwrap();
    assert_eq!(other.notes().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_is_at_work_again_as_soon_as_it_is_restored() {
    let host = Host::start(On::Sqlite).await.unwrap();
    let id = &host.convention.id;
    let backup = backed_up(&host).await;
    // Empty, as after a full disk, and yet a database to SQLite.
    let file = database_file(&host);
    std::fs::write(&file, "").unwrap();
    let other = host.elsewhere().await;
    assert_eq!(other.runtime.absent(id).await.unwrap()[0].id, probe());
    assert_eq!(other.runtime.refresh().await.unwrap(), []);
    move_database(&file, None);
    move_database(&backup.path().join("database"), Some(&file));
    assert_eq!(other.runtime.refresh().await.unwrap(), std::slice::from_ref(id));
    assert_eq!(other.notes().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_restored_from_before_an_upgrade_is_migrated() {
    let host = Host::start(On::Sqlite).await.unwrap();
    let backup = backed_up(&host).await;
    let newer = probe_with(|parts| {
        parts.manifest = parts.manifest.replace("1.0.0", "1.1.0");
        parts.migrations.push(("0002_colour.sql".to_owned(), "ALTER TABLE note ADD COLUMN colour TEXT;".to_owned()));
    });
    host.clock.advance(std::time::Duration::from_secs(1));
    host.runtime.install(newer, &Actor::system()).await.unwrap();
    // It stays open: whoever closes a database last takes the log beside it away by its name, which another has by then.
    let upgraded = host.elsewhere().await;
    upgraded.enable(None).await.unwrap();
    let file = database_file(&host);
    move_database(&file, None);
    move_database(&backup.path().join("database"), Some(&file));
    let restored = host.elsewhere().await;
    let found = restored.script(CallKind::Query, json!([["query", "SELECT id, colour FROM note"]])).await;
    assert_eq!(found, Ok(json!([[["a", null]]])));
    drop(upgraded);
}

/// Writes a note, and moves the database away.
async fn backed_up(host: &Host) -> tempfile::TempDir {
    let insert = json!([["execute", "INSERT INTO note (id, body) VALUES ('a', 'b')"]]);
    host.script(CallKind::Mutation, insert).await.unwrap();
    let backup = tempfile::tempdir().unwrap();
    move_database(&database_file(host), Some(&backup.path().join("database")));
    backup
}

fn database_file(host: &Host) -> PathBuf {
    let Location::Folder(folder) = host.scratch.location() else { panic!("a folder") };
    folder.join(format!("conventions/{}/tests+probe.sqlite", host.convention.id))
}

/// Moves a database with what is beside it to another place, or away.
fn move_database(file: &Path, to: Option<&Path>) {
    for suffix in ["", "-wal", "-shm"] {
        let beside = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        let moved = match to {
            Some(to) => std::fs::rename(beside(file), beside(to)),
            None => std::fs::remove_file(beside(file)),
        };
        // What is beside it is not there when nothing is open.
        assert!(moved.is_ok() || !suffix.is_empty(), "{}: {moved:?}", file.display());
    }
}

#[tokio::test]
async fn a_running_call_finishes_on_the_version_it_began_with() {
    let host = Host::start(On::Sqlite).await.unwrap();
    let running = host.script(CallKind::Query, json!([["sleep", 300], ["query", "SELECT COUNT(*) FROM note"]]));
    let disabling = async {
        while host.runtime.running() == 0 {
            tokio::task::yield_now().await;
        }
        host.runtime.disable(&host.convention.id, &probe()).await.unwrap();
        assert_eq!(host.query("ok", json!({})).await.unwrap_err().code, code::NOT_FOUND);
    };
    let (answer, ()) = futures::join!(running, disabling);
    assert_eq!(answer, Ok(json!(["slept", [[0]]])));
    let error = host.runtime.disable(&host.convention.id, &probe()).await.unwrap_err();
    assert!(matches!(error, EnableError::NotEnabled { .. }), "{error}");
    // Data is kept until it is purged.
    host.enable(None).await.unwrap();
    assert_eq!(host.notes().await, []);
}

async fn refusal(package: Vec<u8>) -> String {
    let host = Host::empty(On::Sqlite, |_| {}).await.unwrap();
    host.runtime.install(package, &Actor::system()).await.unwrap_err().to_string()
}

async fn check(from: &str, to: &str, expected: Expect) {
    let package = probe_with(|parts| {
        assert!(parts.manifest.contains(from), "{from}");
        parts.manifest = parts.manifest.replacen(from, to, 1);
    });
    expected.assert_eq(&refusal(package).await);
}

#[tokio::test]
async fn what_is_imported_and_not_asked_for_names_the_line_to_add() {
    check(
        "database = true",
        "",
        expect!["the plugin calls conman:host/database@1.1.0, which plugin.toml does not ask for; add `database = true` under [needs]"],
    )
    .await;
    check(
        "events.publish = [\"probe.*\"]",
        "",
        expect![[r#"the plugin calls conman:host/events@1.1.0, which plugin.toml does not ask for; add `events.publish = ["your-topic.*"]` under [needs]"#]],
    )
    .await;
}

#[tokio::test]
async fn the_scheduler_is_linked_to_those_alone_who_ask_for_it() {
    check(
        "scheduler = true",
        "",
        expect!["the plugin calls conman:host/scheduler@1.1.0, which plugin.toml does not ask for; add `scheduler = true` under [needs]"],
    )
    .await;
}

on_both! {
    async fn a_plugin_built_for_the_first_contract_runs_under_this_one(host) {
        let package = packed("elder");
        let installed = host.runtime.install(package, &Actor::system()).await.unwrap();
        host.runtime.enable(&host.convention, &installed.id, installed.digest, None, &Actor::system()).await.unwrap();
        assert!(host.runtime.takes(&host.convention.id, &installed.id, "elder.spoke"));
        for (kind, type_name) in [(CallKind::Query, "Query"), (CallKind::Mutation, "Mutation")] {
            let call = FieldCall { plugin: installed.id.clone(), type_name: type_name.into(), ..field_call(kind, "elder", &json!({})) };
            assert_eq!(host.runtime.resolve(&host.scope(), call).await.as_deref(), Ok("\"old true\""));
        }
        let spoke = event("elder.spoke", "\"old\"", 0);
        assert_eq!(host.runtime.handle(&host.scope(), &installed.id, &spoke).await, Ok(Handled::Now));
    }
}

#[tokio::test]
async fn another_host_api_is_refused() {
    check(
        "host-api = \"^1.0\"",
        "host-api = \"^2.1\"",
        expect!["the plugin needs host API ^2.1, this host offers 1.1.0; update the host, or change [compat] host-api"],
    )
    .await;
}

#[tokio::test]
async fn what_this_host_cannot_give_is_refused() {
    check(
        "database = true",
        "database = true\nhttp = [{ host = \"api.example.com\", reason = \"maps\" }]",
        expect![
            "plugin.toml asks for needs.http, which this host (API 1.1.0) does not offer; remove it or update the host"
        ],
    )
    .await;
}

#[tokio::test]
async fn damaged_code_is_refused() {
    let mut package = PROBE.clone();
    let middle = package.len() / 3;
    package[middle..middle + 64].fill(0xff);
    let told = refusal(package).await;
    assert!(told.starts_with("the component") || told.starts_with("the file is damaged"), "{told}");
}

#[tokio::test]
async fn the_configuration_is_checked_by_schema_and_by_the_plugin() {
    let host = Host::empty(On::Sqlite, |_| {}).await.unwrap();
    let package = probe_with(|parts| {
        parts.config_schema =
            Some(json!({ "type": "object", "properties": { "colour": { "type": "string" } }, "additionalProperties": false }).to_string());
    });
    host.runtime.install(package, &Actor::system()).await.unwrap();
    let enable = async |config: &str| host.enable(Some(config)).await.map(drop);
    let check =
        async |config: &str, expected: Expect| expected.assert_eq(&enable(config).await.unwrap_err().to_string());
    check("{\"colour\": 1}", expect![[r#"the configuration does not fit: /colour: 1 is not of type "string""#]]).await;
    check("{\"colour\": \"infrared\"}", expect!["the configuration does not fit: /colour: nobody can see infrared"])
        .await;
    check("[]", expect!["the configuration does not fit: it must be a JSON object"]).await;
    enable("{\"colour\": \"red\"}").await.unwrap();
    assert_eq!(host.query("config", json!({})).await.unwrap(), json!({ "colour": "red" }));
}

#[tokio::test]
async fn what_a_server_asks_of_the_enabled_set() {
    let host = Host::start(On::Sqlite).await.unwrap();
    let id = &host.convention.id;
    let enabled = &host.runtime.enabled(id)[0];
    let route = enabled.manifest().route("POST", "write").unwrap();
    assert_eq!(
        (route.kind, route.permission.as_deref(), route.body_limit),
        (CallKind::Mutation, Some("probe.poke"), 2 << 20)
    );
    assert!(enabled.manifest().route("POST", "echo/a").is_none());
    assert_eq!(host.runtime.subscriptions(id).await.unwrap()[0].1[0].as_str(), "probe.*");
    assert!(host.runtime.takes(id, &probe(), "probe.told") && !host.runtime.takes(id, &probe(), "others.told"));
    assert_eq!(host.runtime.permissions(id)[0].name, "probe.poke");
    assert_eq!(host.runtime.conventions(), std::slice::from_ref(id));
    assert!(enabled.sdl().contains("extend type Query"));
    let capabilities: Vec<_> = enabled.capabilities().iter().map(|capability| capability.what.as_str()).collect();
    assert_eq!(
        capabilities,
        ["database", "scheduler", "events.publish probe.*", "events.subscribe probe.*", "events.subscribe scheduler.*"]
    );
    let digest = enabled.digest();
    assert!(matches!(host.runtime.uninstall(&probe(), digest).await, Err(EnableError::InUse(_))));
    host.runtime.disable(id, &probe()).await.unwrap();
    host.runtime.begin_purge(id, &probe()).await.unwrap().finish(Unsent::Kept).await.unwrap();
    host.runtime.uninstall(&probe(), digest).await.unwrap();
    assert_eq!(host.runtime.packages().await.unwrap(), []);
}
