//! Schemas grow by numbered steps.

use crate::common::{Place, limit, migration, on_both, plugin_id};
use conman_kernel::sql::{Access, Migration, SqlError, Value, read};

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
