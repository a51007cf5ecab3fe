//! A plugin stays in its own database. Each wall is tried with the other one down.

use crate::common::{Place, limit, migration, on_both, on_both_with, plugin_id};
use conman_kernel::event::Event;
use conman_kernel::id::EventId;
use conman_kernel::sql::{Access, SqlError, Value, read};
use conman_storage::{DeedFilter, PluginDatabase, PluginDeed, Walls};

const PARSER_ALONE: Walls = Walls { parser: true, engine: false };
const ENGINE_ALONE: Walls = Walls { parser: false, engine: true };

fn event(id: &EventId) -> Event {
    Event {
        id: id.clone(),
        topic: "test.happened".to_owned(),
        key: "k".to_owned(),
        payload: "{}".to_owned(),
        publisher: plugin_id("conman/test"),
        emitted_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        hops: 0,
    }
}

fn deed() -> PluginDeed {
    PluginDeed {
        id: "01k".to_owned(),
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
        actor: "account:1".to_owned(),
        actor_name: "Mina".to_owned(),
        action: "open".to_owned(),
        detail: "{}".to_owned(),
    }
}

/// Tries a statement both ways; the error, or nothing if it went through.
async fn attempt(database: &PluginDatabase, sql: &str) -> Option<SqlError> {
    let mut transaction = database.begin(Access::ReadWrite).await.unwrap();
    let outcome = if sql.trim_start().to_lowercase().starts_with("select") || sql.starts_with("WITH") {
        transaction.query(sql, &[], limit()).await.map(drop)
    } else {
        transaction.execute(sql, &[]).await.map(drop)
    };
    transaction.rollback().await;
    outcome.err()
}

/// Where another plugin's table can be found, as each engine would name it.
async fn neighbour(place: &Place) -> String {
    place
        .plugin_named("conman/neighbour", "CREATE TABLE diary (line TEXT); INSERT INTO diary (line) VALUES ('secret')")
        .await;
    if place.scratch.is_postgres() {
        let rows = read(
            place.storage.host().as_ref(),
            "SELECT schema_name FROM storage_plugin WHERE plugin = $1",
            &["conman/neighbour".into()],
        )
        .await
        .unwrap();
        let [Value::Text(schema)] = rows.rows[0].as_slice() else { panic!("no schema") };
        schema.clone()
    } else {
        let conman_storage::Location::Folder(folder) = place.scratch.location() else { panic!("no folder") };
        folder.join("conventions").join(place.convention.as_str()).join("conman+neighbour.sqlite").display().to_string()
    }
}

const ESCAPES: &[&str] = &[
    // The host's tables in the plugin's own database.
    "SELECT id FROM conman_outbox",
    "INSERT INTO conman_outbox (id, topic, key, payload, emitted_at, hops) VALUES ('x', 'x', 'x', '{}', 0, 0)",
    "DELETE FROM conman_handled",
    "UPDATE conman_answer SET answer = '{}'",
    "INSERT INTO conman_migration (version, name, checksum, applied_at) VALUES (9, 'x', 'x', 0)",
    "SELECT actor, detail FROM conman_deed",
    "INSERT INTO conman_deed (id, at, actor, actor_name, action, detail) VALUES ('x', 0, 'account:2', 'x', 'x', '{}')",
    "UPDATE conman_deed SET actor = 'account:2'",
    "DELETE FROM conman_deed",
    "SELECT id, best FROM conman_solve",
    "UPDATE conman_solve SET hops = 0",
    "INSERT INTO conman_solve_problem (id, problem) VALUES ('x', '{}')",
    "SELECT own.id FROM own JOIN conman_deed ON own.id = conman_deed.id",
    "SELECT own.id FROM own JOIN conman_outbox ON TRUE",
    "SELECT id FROM own WHERE id IN (SELECT id FROM conman_outbox)",
    "SELECT (SELECT COUNT(*) FROM conman_answer) AS n",
    "INSERT INTO own (id) SELECT id FROM conman_outbox",
    "SELECT id FROM \"conman_outbox\"",
    "SELECT id FROM Conman_Outbox",
    // The schema.
    "CREATE TABLE mine (id TEXT)",
    "DROP TABLE conman_outbox",
    "DROP TABLE conman_deed",
    "ALTER TABLE conman_outbox ADD COLUMN mine TEXT",
    "CREATE TRIGGER t AFTER INSERT ON own BEGIN DELETE FROM own; END",
    "CREATE TRIGGER t AFTER INSERT ON conman_deed BEGIN DELETE FROM conman_deed; END",
    "CREATE VIEW v AS SELECT id FROM conman_outbox",
];

const SQLITE_ESCAPES: &[&str] = &[
    "ATTACH DATABASE 'NEIGHBOUR' AS other",
    "ATTACH DATABASE ':memory:' AS other",
    "DETACH DATABASE main",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "SELECT name FROM pragma_table_list",
    "SELECT sql FROM sqlite_master",
    "SELECT name FROM main.sqlite_schema",
    "UPDATE sqlite_master SET sql = ''",
    "SELECT id FROM main.conman_outbox",
    "VACUUM INTO 'NEIGHBOUR.copy'",
    "VACUUM",
    "REINDEX",
    "ANALYZE",
    "SELECT load_extension('NEIGHBOUR')",
    "SELECT readfile('NEIGHBOUR')",
    "SELECT writefile('NEIGHBOUR', 'x')",
    "SELECT fts3_tokenizer('x')",
    "SELECT zeroblob(1000000000)",
    "SELECT randomblob(1000000000)",
    "SELECT printf('%1000000000d', 1)",
    "CREATE VIRTUAL TABLE t USING fts5(x)",
    "CREATE TEMP TABLE conman_outbox (id TEXT)",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT s",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT COUNT(*) FROM r",
    "SELECT 1; SELECT id FROM conman_outbox",
    "DELETE FROM own; DELETE FROM conman_outbox",
];

const POSTGRES_ESCAPES: &[&str] = &[
    "SELECT line FROM NEIGHBOUR.diary",
    "INSERT INTO NEIGHBOUR.diary (line) VALUES ('was here')",
    "SELECT password FROM conman.storage_plugin",
    "SELECT secret FROM conman_secret",
    "SELECT conman_emit('guess', 'x', 'x', 'x', '{}', 0, 0)",
    "SELECT conman_handle('guess', 'x', 0)",
    "SELECT conman_remember('guess', 'x', 'x', 'x', 'x', '{}', 0)",
    "SELECT conman_record('guess', 'x', 0, 'account:2', 'x', 'x', '{}')",
    "SELECT conman_migrated('guess', 9, 'x', 'x', 0)",
    "SELECT NEIGHBOUR.conman_emit('guess', 'x', 'x', 'x', '{}', 0, 0)",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_stat_reset()",
    "COPY own TO '/tmp/out'",
    "COPY own FROM PROGRAM 'id'",
    "SET ROLE conman",
    "SET SESSION AUTHORIZATION conman",
    "CREATE ROLE mine SUPERUSER",
    "CREATE SCHEMA mine",
    "CREATE EXTENSION dblink",
    "CREATE DATABASE mine",
    "CREATE FUNCTION f() RETURNS BIGINT LANGUAGE sql AS 'SELECT 1::bigint'",
    "CREATE TEMP TABLE conman_outbox (id TEXT)",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER SYSTEM SET log_statement = 'all'",
    "GRANT ALL ON own TO PUBLIC; SELECT id FROM conman_outbox",
    "DO $$ BEGIN EXECUTE 'SELECT id FROM conman_outbox'; END $$",
    "SELECT line FROM U&\"NEIGHBOUR\".diary",
];

async fn everything_fails(place: &Place, only_refusals: bool) {
    let database = place.plugin("CREATE TABLE own (id TEXT PRIMARY KEY)").await;
    let neighbour = neighbour(place).await;
    let mut emitting = database.begin(Access::ReadWrite).await.unwrap();
    emitting.emit(&event(&EventId::new())).await.unwrap();
    emitting.record(deed()).await.unwrap();
    emitting.commit().await.unwrap();
    let engines = if place.scratch.is_postgres() { POSTGRES_ESCAPES } else { SQLITE_ESCAPES };
    for sql in ESCAPES.iter().chain(engines) {
        let sql = sql.replace("NEIGHBOUR", &neighbour);
        let error = attempt(&database, &sql).await.unwrap_or_else(|| panic!("went through: {sql}"));
        assert!(!only_refusals || matches!(error, SqlError::Refused(_)), "{sql}: {error:?}");
    }
    // The same in a migration.
    let migrations = [migration(1, "CREATE TABLE own (id TEXT PRIMARY KEY)")];
    for sql in ESCAPES.iter().filter(|sql| sql.to_lowercase().contains("conman_")).chain(engines) {
        let sql = sql.replace("NEIGHBOUR", &neighbour);
        // Allowed in a migration while the parser's wall is down: it harms nobody but the plugin itself.
        let own_business = [
            "CREATE TEMP",
            "CREATE FUNCTION",
            "BEGIN",
            "COMMIT",
            "ROLLBACK",
            "SAVEPOINT",
            "REINDEX",
            "DO $$",
            "CREATE VIEW",
        ];
        if !only_refusals && own_business.iter().any(|start| sql.starts_with(start)) {
            continue;
        }
        let mut steps = migrations.to_vec();
        steps.push(migration(2, &sql));
        assert!(database.migrate(&steps).await.is_err(), "migrated: {sql}");
    }
    let outbox = read(database.host().as_ref(), "SELECT COUNT(*) AS n FROM conman_outbox", &[]).await.unwrap();
    assert_eq!(outbox.rows, [[Value::Integer(1)]]);
    assert_eq!(database.deeds(&DeedFilter::default(), 10).await.unwrap(), [deed()]);
    let other = place.storage.plugin(&place.convention, &plugin_id("conman/neighbour")).await.unwrap();
    let diary = read(other.host().as_ref(), "SELECT line FROM diary", &[]).await.unwrap();
    assert_eq!(diary.rows, [[Value::from("secret")]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_escapes_both_walls() {
    on_both(async |place: &Place| everything_fails(place, true).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_escapes_the_parser_alone() {
    on_both_with(PARSER_ALONE, async |place: &Place| everything_fails(place, true).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_escapes_the_database_alone() {
    on_both_with(ENGINE_ALONE, async |place: &Place| everything_fails(place, false).await).await;
}

/// With the parser's wall down a guest may send the very texts the host sends. On SQLite they are in the same connection's
/// cache, so this is where a cached statement would be reached without asking the authorizer.
#[tokio::test(flavor = "multi_thread")]
async fn a_guest_does_not_reach_statements_prepared_for_the_host() {
    on_both_with(ENGINE_ALONE, async |place: &Place| {
        let database = place.plugin("CREATE TABLE own (id TEXT PRIMARY KEY)").await;
        let host_texts = [
            "DELETE FROM conman_handled WHERE handled_at < $1",
            "SELECT id FROM conman_outbox",
            "SELECT version, checksum FROM conman_migration",
            "SELECT id, at, actor, actor_name, action, detail FROM conman_deed ORDER BY id DESC LIMIT 10",
        ];
        let mut host = database.host().begin(Access::ReadWrite).await.unwrap();
        host.execute(host_texts[0], &[Value::Integer(0)]).await.unwrap();
        host.query(host_texts[1], &[], limit()).await.unwrap();
        host.query(host_texts[2], &[], limit()).await.unwrap();
        host.query(host_texts[3], &[], limit()).await.unwrap();
        host.commit().await.unwrap();
        for sql in
            host_texts.iter().map(|text| text.replace("$1", "0")).chain(["COMMIT".to_owned(), "ROLLBACK".to_owned()])
        {
            if place.scratch.is_postgres() && !sql.contains("conman_") {
                continue;
            }
            assert!(attempt(&database, &sql).await.is_some(), "{sql}");
        }
    })
    .await;
}

/// What the role may do while no migration runs: use its rows, and nothing about its tables.
#[tokio::test(flavor = "multi_thread")]
async fn resetting_the_role_leads_nowhere() {
    on_both_with(ENGINE_ALONE, async |place: &Place| {
        if !place.scratch.is_postgres() {
            return;
        }
        let database = place.plugin("CREATE TABLE own (id TEXT PRIMARY KEY)").await;
        let neighbour = neighbour(place).await;
        let mut transaction = database.begin(Access::ReadWrite).await.unwrap();
        transaction.execute("RESET ROLE", &[]).await.unwrap();
        transaction.execute("RESET SESSION AUTHORIZATION", &[]).await.unwrap();
        let who = transaction
            .query(
                "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user",
                &[],
                limit(),
            )
            .await
            .unwrap();
        assert_eq!(who.rows, [vec![Value::Boolean(false); 3]]);
        let error = transaction.query(&format!("SELECT line FROM {neighbour}.diary"), &[], limit()).await.unwrap_err();
        assert!(matches!(error, SqlError::Refused(_)), "{error:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_conventions_rows_are_not_anothers() {
    on_both(async |place: &Place| {
        let here = place.plugin("CREATE TABLE own (id TEXT PRIMARY KEY); INSERT INTO own (id) VALUES ('here')").await;
        let other = conman_kernel::id::ConventionId::new();
        let there = place.storage.plugin(&other, &plugin_id("conman/test")).await.unwrap();
        there
            .migrate(&[migration(1, "CREATE TABLE own (id TEXT PRIMARY KEY); INSERT INTO own (id) VALUES ('there')")])
            .await
            .unwrap();
        for (database, wanted) in [(here, "here"), (there, "there")] {
            let mut reading = database.begin(Access::ReadOnly).await.unwrap();
            let rows = reading.query("SELECT id FROM own", &[], limit()).await.unwrap();
            assert_eq!(rows.rows, [[Value::from(wanted)]]);
        }
    })
    .await;
}
