//! Schemas grow by numbered steps; databases come and go.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that fails panics"
)]

mod common;

use common::{Place, limit, migration, on_both, plugin_id};
use conman_kernel::event::Event;
use conman_kernel::id::{EventId, PluginId};
use conman_kernel::sql::{Access, Migration, SqlError, Value, read};
use conman_storage::{Storage, Unsent};

#[tokio::test(flavor = "multi_thread")]
async fn each_step_runs_once_in_order() {
    on_both(async |place: &Place| {
        let database = place.storage.plugin(&place.convention, &plugin_id("conman/grow")).await.unwrap();
        let first = migration(1, "CREATE TABLE a (id TEXT PRIMARY KEY, n BIGINT); INSERT INTO a (id, n) VALUES ('x', 1)");
        let second = migration(
            2,
            "ALTER TABLE a ADD COLUMN flag BOOLEAN NOT NULL DEFAULT FALSE; ALTER TABLE a ADD score DOUBLE PRECISION DEFAULT 0;
             ALTER TABLE a RENAME COLUMN n TO amount; CREATE UNIQUE INDEX a_amount ON a (amount DESC, LOWER(id)) WHERE amount > 0;
             CREATE TABLE b (id TEXT, a TEXT, PRIMARY KEY (id, a), FOREIGN KEY (a) REFERENCES a (id) ON DELETE SET NULL)",
        );
        let third = migration(3, "DROP TABLE b; DROP INDEX a_amount; ALTER TABLE a DROP COLUMN score; ALTER TABLE a RENAME TO c");
        assert_eq!(database.migrate(std::slice::from_ref(&first)).await.unwrap(), [1]);
        // A connection that has statements of the older schema prepared.
        let mut old = database.begin(Access::ReadWrite).await.unwrap();
        assert_eq!(old.query("SELECT * FROM a", &[], limit()).await.unwrap().columns, ["id", "n"]);
        old.commit().await.unwrap();
        let steps = [first, second, third];
        assert_eq!(database.migrate(&steps[..2]).await.unwrap(), [2]);
        let mut new = database.begin(Access::ReadWrite).await.unwrap();
        let rows = new.query("SELECT * FROM a", &[], limit()).await.unwrap();
        assert_eq!(rows.columns, ["id", "amount", "flag", "score"]);
        assert_eq!(rows.rows, [["x".into(), Value::Integer(1), Value::Boolean(false), Value::Real(0.0)]]);
        new.rollback().await;
        assert_eq!(database.migrate(&steps).await.unwrap(), [3]);
        assert_eq!(database.migrate(&steps).await.unwrap(), [0_u32; 0]);
        let rows = read(database.host().as_ref(), "SELECT * FROM c", &[]).await.unwrap();
        assert_eq!(rows.columns, ["id", "amount", "flag"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_leaves_nothing_and_says_which_it_was() {
    on_both(async |place: &Place| {
        let database = place.storage.plugin(&place.convention, &plugin_id("conman/fail")).await.unwrap();
        let steps = [
            migration(1, "CREATE TABLE a (id TEXT PRIMARY KEY)"),
            migration(2, "CREATE TABLE b (id TEXT PRIMARY KEY); INSERT INTO b (id) VALUES ('x'); INSERT INTO b (id) VALUES ('x')"),
        ];
        let error = database.migrate(&steps).await.unwrap_err();
        assert!(matches!(&error, SqlError::Constraint(text) if text.starts_with("migration 2 (test): ")), "{error:?}");
        let mut transaction = database.begin(Access::ReadWrite).await.unwrap();
        assert!(transaction.query("SELECT id FROM b", &[], limit()).await.is_err());
        drop(transaction);
        let mended = [steps[0].clone(), migration(2, "CREATE TABLE b (id TEXT PRIMARY KEY)")];
        assert_eq!(database.migrate(&mended).await.unwrap(), [2]);
        for (sql, wanted) in [
            ("CREATE TABLE x (id INTEGER PRIMARY KEY)", "migration 3 (test): `INTEGER` is no portable type (column id); the types are TEXT, BIGINT, BOOLEAN, DOUBLE PRECISION and BYTEA"),
            ("CREATE TABLE conman_x (id TEXT)", "migration 3 (test): `conman_x` is reserved: names starting with `conman_` belong to the host"),
            ("this is no SQL", "migration 3 (test): sql parser error: Expected: an SQL statement, found: this"),
        ] {
            let error = database.migrate(&[mended[0].clone(), mended[1].clone(), migration(3, sql)]).await.unwrap_err();
            assert_eq!(error.to_string(), wanted);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_or_missing_step_is_noticed() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE a (id TEXT PRIMARY KEY)").await;
        let error = database.migrate(&[migration(1, "CREATE TABLE a (id BIGINT PRIMARY KEY)")]).await.unwrap_err();
        assert!(error.to_string().contains("has been edited after it ran"), "{error}");
        let error = database.migrate(&[migration(2, "CREATE TABLE a (id BIGINT PRIMARY KEY)")]).await.unwrap_err();
        assert!(error.to_string().contains("number them from 1 without gaps"), "{error}");
        let step = |sql| [Migration { version: 1, name: "one", sql }];
        place.storage.migrate_host("demo", &step("CREATE TABLE demo_x (id TEXT PRIMARY KEY)")).await.unwrap();
        place.storage.migrate_host("demo", &step("CREATE TABLE demo_x (id TEXT PRIMARY KEY)")).await.unwrap();
        place.storage.migrate_host("other", &step("CREATE TABLE other_x (id TEXT PRIMARY KEY)")).await.unwrap();
        let error =
            place.storage.migrate_host("demo", &step("CREATE TABLE demo_y (id TEXT PRIMARY KEY)")).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the host's own tables (demo, migration 1 one) were made by another build of the host, as before 0.1.0; those are not \
             upgraded: start with a new data folder, or on PostgreSQL with a new database"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_are_listed_purged_and_made_anew() {
    on_both(async |place: &Place| {
        let (one, two) = (plugin_id("conman/one"), plugin_id("conman/two"));
        assert_eq!(place.storage.list(&place.convention).await.unwrap(), []);
        assert!(!place.storage.has(&place.convention, &one).await.unwrap());
        let kept = place.plugin_named("conman/one", "CREATE TABLE a (id TEXT PRIMARY KEY)").await;
        place.plugin_named("conman/two", "CREATE TABLE a (id TEXT PRIMARY KEY)").await;
        assert_eq!(place.storage.list(&place.convention).await.unwrap(), [one.clone(), two.clone()]);
        let mut writing = kept.begin(Access::ReadWrite).await.unwrap();
        writing.execute("INSERT INTO a (id) VALUES ('x')", &[]).await.unwrap();
        writing.commit().await.unwrap();
        place.storage.purge(&place.convention, &one, Unsent::Kept).await.unwrap();
        assert!(matches!(kept.begin(Access::ReadOnly).await, Err(SqlError::Unavailable(_))));
        assert_eq!(place.storage.list(&place.convention).await.unwrap(), [two]);
        assert!(!place.storage.has(&place.convention, &one).await.unwrap());
        place.storage.purge(&place.convention, &one, Unsent::Kept).await.unwrap();
        let anew = place.plugin_named("conman/one", "CREATE TABLE a (id TEXT PRIMARY KEY)").await;
        let rows = read(anew.host().as_ref(), "SELECT id FROM a", &[]).await.unwrap();
        assert_eq!(rows.rows.len(), 0);
    })
    .await;
}

fn told(plugin: &PluginId) -> Event {
    Event {
        id: EventId::new(),
        topic: "t.e".to_owned(),
        key: String::new(),
        payload: "{}".to_owned(),
        publisher: plugin.clone(),
        emitted_at: "2026-08-14T10:00:00Z".parse().unwrap(),
        hops: 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_to_others_keeps_a_database_from_being_purged() {
    on_both(async |place: &Place| {
        let id = plugin_id("conman/test");
        let database = place.plugin("CREATE TABLE a (id TEXT PRIMARY KEY)").await;
        let mut telling = database.begin(Access::ReadWrite).await.unwrap();
        telling.emit(&told(&id)).await.unwrap();
        telling.commit().await.unwrap();
        let refused = place.storage.purge(&place.convention, &id, Unsent::Kept).await;
        assert!(matches!(refused, Err(SqlError::Serialization(_))), "{refused:?}");
        let kept = place.storage.existing(&place.convention, &id).await.unwrap().unwrap();
        let rows = read(kept.host().as_ref(), "SELECT COUNT(*) FROM conman_outbox", &[]).await.unwrap();
        assert_eq!(rows.rows, [[Value::Integer(1)]]);
        place.storage.purge(&place.convention, &id, Unsent::Lost).await.unwrap();
        assert!(place.storage.existing(&place.convention, &id).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_host_tells_during_a_purge_is_not_lost() {
    on_both(async |place: &Place| {
        // A folder belongs to one host.
        if !place.scratch.is_postgres() {
            return;
        }
        let id = plugin_id("conman/test");
        place.plugin("CREATE TABLE a (id TEXT PRIMARY KEY)").await;
        let other = Storage::open(place.scratch.location()).await.unwrap();
        let database = other.plugin(&place.convention, &id).await.unwrap();
        let mut telling = database.begin(Access::ReadWrite).await.unwrap();
        telling.emit(&told(&id)).await.unwrap();
        let purging = place.storage.purge(&place.convention, &id, Unsent::Kept);
        let (refused, committed) = tokio::join!(purging, telling.commit());
        committed.unwrap();
        assert!(matches!(refused, Err(SqlError::Serialization(_))), "{refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_another_host_has_purged_is_gone_and_made_anew_is_another() {
    on_both(async |place: &Place| {
        if !place.scratch.is_postgres() {
            return;
        }
        let id = plugin_id("conman/test");
        let table = "CREATE TABLE a (id TEXT PRIMARY KEY)";
        let stale = place.plugin(table).await;
        stale.begin(Access::ReadWrite).await.unwrap().rollback().await;
        let other = Storage::open(place.scratch.location()).await.unwrap();
        other.purge(&place.convention, &id, Unsent::Kept).await.unwrap();
        assert!(!place.storage.has(&place.convention, &id).await.unwrap());
        assert!(place.storage.existing(&place.convention, &id).await.unwrap().is_none());
        place.storage.purge(&place.convention, &id, Unsent::Kept).await.unwrap();

        place.plugin(table).await;
        other.plugin(&place.convention, &id).await.unwrap();
        other.purge(&place.convention, &id, Unsent::Kept).await.unwrap();
        let anew = other.plugin(&place.convention, &id).await.unwrap();
        anew.migrate(&[migration(1, table)]).await.unwrap();
        for database in [
            place.storage.plugin(&place.convention, &id).await.unwrap(),
            place.storage.existing(&place.convention, &id).await.unwrap().unwrap(),
        ] {
            let mut writing = database.begin(Access::ReadWrite).await.unwrap();
            writing.execute("INSERT INTO a (id) VALUES ('x')", &[]).await.unwrap();
            writing.rollback().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_is_there_after_reopening() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE a (id TEXT PRIMARY KEY)").await;
        let mut writing = database.begin(Access::ReadWrite).await.unwrap();
        writing.execute("INSERT INTO a (id) VALUES ('x')", &[]).await.unwrap();
        writing.commit().await.unwrap();
        let reopened = Storage::open(place.scratch.location()).await.unwrap();
        assert!(reopened.has(&place.convention, &plugin_id("conman/test")).await.unwrap());
        let database = reopened.plugin(&place.convention, &plugin_id("conman/test")).await.unwrap();
        let rows = read(database.host().as_ref(), "SELECT id FROM a", &[]).await.unwrap();
        assert_eq!(rows.rows, [[Value::from("x")]]);
    })
    .await;
}
