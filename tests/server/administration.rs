//! Looking after a host: what admins change, who may not, and what is written down of it.

use std::time::Duration;

use conman_tests::{Client, Database, Socket, TestHost, misbehaving, on_each_database, until};
use serde_json::{Value, json};

fn keyed(client: &Client, key: &str) -> Client {
    client.with_header("idempotency-key".parse().unwrap(), key)
}

on_each_database! {
    async fn an_admin_of_a_convention_takes_roles_back(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        let admin = host.person("con", "ada", "admin").await;
        host.person("con", "vera", "volunteer").await;
        let revoke = r#"mutation { revokeRole(email: "vera@con.example", role: "volunteer") }"#;
        assert_eq!(admin.convention("con", revoke, json!({})).await.data()["revokeRole"], true);
        assert_eq!(admin.convention("con", revoke, json!({})).await.data()["revokeRole"], false);
    }
}

on_each_database! {
    async fn a_token_that_may_do_little_knows_whose_it_is(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        let vera = host.person("con", "vera", "volunteer").await;
        let made = vera.convention("con", r#"mutation { createToken(name: "display", scopes: ["member.read"]) { secret } }"#, json!({})).await;
        let program = host.anonymous().with_token(made.data()["createToken"]["secret"].as_str().unwrap());
        let me = program.convention("con", "{ me { kind email account { name } } }", json!({})).await;
        assert_eq!(me.data()["me"], json!({ "kind": "token", "email": "vera@con.example", "account": { "name": "vera" } }));
    }
}

on_each_database! {
    async fn a_conventions_facts_can_be_corrected(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        let admin = host.person("con", "ada", "admin").await;
        let vera = host.person("con", "vera", "volunteer").await;
        let update = r#"mutation { updateConvention(name: "The Con", timeZone: "Europe/Vienna", endsOn: "2026-08-17") { name slug timeZone startsOn endsOn } }"#;
        assert_eq!(vera.convention("con", update, json!({})).await.code(), "forbidden");
        let mut socket = Socket::begin(host.address(), "/c/con/graphql", vera.token().as_deref()).await;
        let updated = admin.convention("con", update, json!({})).await;
        let facts = json!({ "name": "The Con", "slug": "con", "timeZone": "Europe/Vienna", "startsOn": "2026-08-14", "endsOn": "2026-08-17" });
        assert_eq!(updated.data()["updateConvention"], facts);
        // Who was connected begins anew, so that nothing goes on with the old facts.
        socket.subscribe("1", "{ convention { name } }").await;
        assert_eq!(socket.closed().await, 1012);
        let wrong = admin.convention("con", r#"mutation { updateConvention(endsOn: "2026-08-01") { name } }"#, json!({})).await;
        assert_eq!((wrong.code(), &wrong.json["errors"][0]["extensions"]["pointer"]), ("invalid", &json!("/endsOn")));
        let _ = admin.convention("con", r#"mutation { updateConvention(slug: "convention") { slug } }"#, json!({})).await.data();
        assert_eq!(admin.convention("con", "{ me { kind } }", json!({})).await.code(), "not-found");
        assert_eq!(admin.convention("convention", "{ me { kind } }", json!({})).await.data()["me"]["kind"], "account");
    }
}

on_each_database! {
    async fn what_is_archived_is_not_changed_over_an_old_socket_either(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "hello").await;
        let admin = host.person("con", "ada", "admin").await;
        let mut socket = Socket::begin(host.address(), "/c/con/graphql", admin.token().as_deref()).await;
        let _ = admin.convention("con", "mutation { setConventionState(state: ARCHIVED) { id } }", json!({})).await.data();
        socket.subscribe("1", r#"mutation { sign(name: "Late") { name } }"#).await;
        assert_eq!(socket.closed().await, 1012);
        let mut again = Socket::begin(host.address(), "/c/con/graphql", admin.token().as_deref()).await;
        again.subscribe("1", r#"mutation { sign(name: "Late") { name } }"#).await;
        assert_eq!(again.hear().await["payload"]["errors"][0]["extensions"]["code"], "forbidden");
        let guests = admin.convention("con", "{ guests { name } }", json!({})).await;
        assert_eq!(guests.data()["guests"], json!([]));
    }
}

on_each_database! {
    async fn an_idle_socket_ends_with_the_conventions_old_facts(database: Database) {
        let host = TestHost::start_with(database, |config| config.limits.socket_ping = Duration::from_millis(200)).await;
        host.convention("con").await;
        let mut socket = Socket::begin(host.address(), "/c/con/graphql", None).await;
        let _ = host.system().convention("con", "mutation { setConventionState(state: ARCHIVED) { id } }", json!({})).await.data();
        assert_eq!(socket.closed().await, 1012);
    }
}

on_each_database! {
    async fn an_idempotency_key_is_honoured_or_refused_and_never_ignored(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "hello").await;
        host.enable("con", "probe").await;
        let admin = host.person("con", "ada", "admin").await;
        // The host's own mutations remember none.
        let grant = r#"mutation { grantRole(email: "ada@con.example", role: "staff") }"#;
        let refused = keyed(&admin, "k1").convention("con", grant, json!({})).await;
        assert_eq!(refused.code(), "invalid", "{}", refused.text);
        assert!(refused.message().contains("Idempotency-Key"), "{}", refused.message());
        // Nobody in particular could be answered with what somebody else did.
        let sign = r#"mutation { sign(name: "Nobody") { id } }"#;
        assert_eq!(keyed(&host.anonymous(), "k1").convention("con", sign, json!({})).await.code(), "unauthenticated");
        // Reading needs none, and may carry one.
        let _ = keyed(&host.anonymous(), "k1").convention("con", "{ guests { name } }", json!({})).await.data();
        // A plugin's route happens once.
        let notes = keyed(&admin, "k1");
        let first = notes.post("/c/con/x/probe/write", "a note").await;
        let again = notes.post("/c/con/x/probe/write", "a note").await;
        assert_eq!((first.status, &first.text), (200, &again.text));
        let other = notes.post("/c/con/x/probe/write", "another note").await;
        assert_eq!((other.status, other.code()), (409, "idempotency-mismatch"));
    }
}

on_each_database! {
    async fn sessions_are_seen_and_ended(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        let vera = host.person("con", "vera", "volunteer").await;
        let elsewhere = host.anonymous().sign_in("vera@con.example", "a long enough passphrase").await;
        let other = host.person("con", "otto", "admin").await;
        let listed = vera.host("{ signIns { id agent createdAt usedAt expiresAt } }", json!({})).await;
        assert_eq!(listed.data()["signIns"].as_array().unwrap().len(), 2);
        assert_eq!(host.anonymous().host("{ signIns { id } }", json!({})).await.code(), "unauthenticated");
        let others = r#"mutation { signOutEverywhere(account: "vera@con.example") }"#;
        assert_eq!(other.host(others, json!({})).await.code(), "forbidden");
        assert_eq!(elsewhere.host("mutation { signOutEverywhere }", json!({})).await.data()["signOutEverywhere"], 2);
        for gone in [&vera, &elsewhere] {
            assert_eq!(gone.host("{ me { kind } }", json!({})).await.code(), "unauthenticated");
        }
        let system = host.system();
        let _ = host.anonymous().sign_in("vera@con.example", "a long enough passphrase").await;
        assert_eq!(system.host(others, json!({})).await.data()["signOutEverywhere"], 1);
    }
}

on_each_database! {
    async fn names_and_places_of_accounts_and_organizations_can_be_corrected(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        let vera = host.person("con", "vera", "volunteer").await;
        let renamed = vera.host(r#"mutation { renameAccount(name: "Vera V.") { name } }"#, json!({})).await;
        assert_eq!(renamed.data()["renameAccount"]["name"], "Vera V.");
        let system = host.system();
        let made = async |name: &str| {
            let made = system.host("mutation($name: String!) { createOrganization(name: $name) { id } }", json!({ "name": name })).await;
            made.data()["createOrganization"]["id"].clone()
        };
        let (club, part) = (made("Klub").await, made("Part").await);
        let _ = system.host(r#"mutation($id: ID!) { renameOrganization(id: $id, name: "Club") { id } }"#, json!({ "id": club })).await.data();
        let operation = "mutation($id: ID!, $parent: ID!) { moveOrganization(id: $id, parent: $parent) { parent } }";
        let moved = system.host(operation, json!({ "id": part, "parent": club })).await;
        assert_eq!(moved.data()["moveOrganization"]["parent"], club);
        let all = system.host("{ organizations { name parent } }", json!({})).await;
        assert!(all.data()["organizations"].as_array().unwrap().contains(&json!({ "name": "Part", "parent": club })), "{}", all.text);
        assert!(all.text.contains("\"Club\""), "{}", all.text);
    }
}

on_each_database! {
    async fn a_convention_decides_what_a_role_may_do(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "probe").await;
        let admin = host.person("con", "ada", "admin").await;
        let guest = host.person("con", "gus", "attendee").await;
        let written = async || guest.post("/c/con/x/probe/write", "note").await.status;
        assert_eq!(written().await, 403);
        let set = "mutation($allowed: Boolean) { setPermission(role: \"attendee\", permission: \"probe.poke\", allowed: $allowed) }";
        assert_eq!(guest.convention("con", set, json!({ "allowed": true })).await.code(), "forbidden");
        let _ = admin.convention("con", set, json!({ "allowed": true })).await.data();
        assert_eq!(written().await, 200);
        let told = admin.convention("con", "{ permissionOverrides { role permission allowed } }", json!({})).await;
        assert_eq!(told.data()["permissionOverrides"], json!([{ "role": "attendee", "permission": "probe.poke", "allowed": true }]));
        let _ = admin.convention("con", set, json!({})).await.data();
        assert_eq!(written().await, 403);
    }
}

on_each_database! {
    async fn a_package_that_is_enabled_nowhere_can_be_taken_off_the_host(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "hello").await;
        let system = host.system();
        let listed = system.host("{ packages { digest } }", json!({})).await;
        let digest = listed.data()["packages"][0]["digest"].clone();
        let uninstall = async || system.host("mutation($digest: String!) { uninstallPackage(digest: $digest) }", json!({ "digest": digest })).await;
        assert_eq!(uninstall().await.code(), "conflict");
        let _ = system.convention("con", r#"mutation { disablePlugin(id: "examples/hello") }"#, json!({})).await.data();
        assert_eq!(uninstall().await.data()["uninstallPackage"], true);
        assert_eq!(uninstall().await.code(), "not-found");
        let trail = system.host("{ packages { id } auditTrail(first: 1) { items { action target } } }", json!({})).await;
        assert_eq!(trail.data()["packages"], json!([]));
        let newest = &trail.data()["auditTrail"]["items"][0];
        assert_eq!(newest, &json!({ "action": "package.uninstalled", "target": "package:examples/hello" }));
    }
}

on_each_database! {
    async fn a_changed_configuration_is_in_the_trail_by_its_keys(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "probe").await;
        let admin = host.person("con", "ada", "admin").await;
        let _ = admin.convention("con", r#"mutation { enablePlugin(id: "tests/probe", config: { colour: "secret" }) { id } }"#, json!({})).await.data();
        let trail = admin.convention("con", "{ auditTrail(first: 1) { items { action after } } }", json!({})).await;
        let newest = &trail.data()["auditTrail"]["items"][0];
        assert_eq!((&newest["action"], &newest["after"]["configured"]), (&json!("plugin.enabled"), &json!(["colour"])));
        assert!(!trail.text.contains("secret"), "{}", trail.text);
    }
}

async fn becomes(ask: impl AsyncFn() -> Vec<String>, expected: &[&str]) {
    until(&format!("{expected:?}"), async || (ask().await == expected).then_some(())).await;
}

on_each_database! {
    async fn dead_letters_are_delivered_again_one_by_one_or_all_at_once(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable_package("con", misbehaving()).await;
        let admin = host.person("con", "ada", "admin").await;
        let vera = host.person("con", "vera", "volunteer").await;
        let script = async |steps: Value| {
            let ran = admin.convention("con", "mutation($steps: JSON!) { script(steps: $steps) }", json!({ "steps": steps })).await;
            ran.data()["script"].clone()
        };
        // Each event is handled by putting a note in a place, and all places are taken.
        for place in ["a", "b", "c"] {
            let put = json!({ "steps": [["execute", format!("INSERT INTO note (id, body) VALUES ('{place}', 'handled')")], ["must"]] });
            let take = json!(["execute", format!("INSERT INTO note (id, body) VALUES ('{place}', 'taken')")]);
            assert_eq!(script(json!([take, ["emit", "probe.told", place, put.to_string()]])).await, json!([1, "emitted"]));
        }
        let handled = async || {
            let rows = script(json!([["query", "SELECT id FROM note WHERE body = 'handled' ORDER BY id"]])).await;
            rows[0].as_array().unwrap().iter().map(|row| row[0].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let letters = async || {
            let dead = admin.convention("con", "{ deadLetters { id key plugin code attempts } }", json!({})).await;
            dead.data()["deadLetters"].as_array().unwrap().clone()
        };
        let dead = async || {
            let mut keys: Vec<_> = letters().await.iter().map(|letter| letter["key"].as_str().unwrap().to_owned()).collect();
            keys.sort();
            keys
        };
        becomes(dead, &["a", "b", "c"]).await;
        let letter = letters().await.into_iter().find(|letter| letter["key"] == "a").unwrap();
        assert_eq!((&letter["plugin"], &letter["code"], &letter["attempts"]), (&json!("tests/probe"), &json!("sql-constraint"), &json!(3)));

        let all = r#"mutation { replayEvents(plugin: "tests/probe") }"#;
        assert_eq!(vera.convention("con", all, json!({})).await.code(), "forbidden");
        let others = admin.convention("con", r#"mutation { replayEvents(plugin: "tests/other") }"#, json!({})).await;
        assert_eq!(others.data()["replayEvents"], 0);
        let wrong = admin.convention("con", r#"mutation { replayEvents(plugin: "nothing") }"#, json!({})).await;
        assert_eq!((wrong.code(), &wrong.json["errors"][0]["extensions"]["pointer"]), ("invalid", &json!("/plugin")));
        assert!(handled().await.is_empty());

        script(json!([["execute", "DELETE FROM note WHERE body = 'taken' AND id <> 'c'"]])).await;
        let one = admin.convention("con", "mutation($id: ID!) { replayEvent(id: $id) }", json!({ "id": letter["id"] })).await;
        assert_eq!(one.data()["replayEvent"], true);
        becomes(handled, &["a"]).await;
        // One of the two that are left fails once more, and is dead again.
        assert_eq!(admin.convention("con", all, json!({})).await.data()["replayEvents"], 2);
        becomes(handled, &["a", "b"]).await;
        becomes(dead, &["c"]).await;
        script(json!([["execute", "DELETE FROM note WHERE body = 'taken'"]])).await;
        assert_eq!(admin.convention("con", "mutation { replayEvents }", json!({})).await.data()["replayEvents"], 1);
        becomes(handled, &["a", "b", "c"]).await;
        assert_eq!(admin.convention("con", all, json!({})).await.data()["replayEvents"], 0);
    }
}

on_each_database! {
    async fn who_did_something_is_known_by_name_without_a_role(database: Database) {
        let host = TestHost::start(database).await;
        for slug in ["con", "other"] {
            host.convention(slug).await;
            host.enable(slug, "hello").await;
        }
        let reader = host.person("con", "rita", "volunteer").await;
        // Signed in, and without any role in the convention.
        let visitor = host.person("other", "otto", "attendee").await;
        let id = visitor.host("{ me { account { id } } }", json!({})).await.data()["me"]["account"]["id"].clone();
        let name = async || {
            let entities = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Account { name } } }";
            let answer = reader.convention("con", entities, json!({ "r": [{ "__typename": "Account", "id": id }] })).await;
            answer.data()["_entities"][0].clone()
        };
        assert_eq!(name().await, Value::Null);
        let _ = visitor.convention("con", r#"mutation { sign(name: "Otto") { id } }"#, json!({})).await.data();
        assert_eq!(name().await, json!({ "name": "otto" }));
    }
}

on_each_database! {
    async fn nothing_of_a_plugin_is_told_by_key_to_those_who_may_not_see_it(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.enable("con", "core-programming").await;
        host.enable("con", "core-volunteer").await;
        let admin = host.person("con", "ada", "admin").await;
        let made = admin.convention("con", r#"mutation { createDepartment(input: { name: "Door" }) { id } }"#, json!({})).await;
        let key = json!({ "r": [{ "__typename": "Department", "id": made.data()["createDepartment"]["id"] }] });
        let entities = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Department { name heads { id } } } }";
        let nobody = host.anonymous().convention("con", entities, key.clone()).await;
        assert_eq!((nobody.code(), &nobody.json["data"]["_entities"]), ("unauthenticated", &json!([null])), "{}", nobody.text);
        let seen = admin.convention("con", entities, key).await;
        assert_eq!(seen.data()["_entities"], json!([{ "name": "Door", "heads": [] }]));
    }
}
