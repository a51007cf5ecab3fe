//! Transactions of plugins and of the host, the same on both engines.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that fails panics"
)]

mod common;

use common::{Place, limit, on_both};
use conman_kernel::sql::{Access, SqlError, Value};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_stays_and_what_is_not_does_not() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE shift (id TEXT PRIMARY KEY, needed BIGINT NOT NULL)").await;
        let mut kept = database.begin(Access::ReadWrite).await.unwrap();
        assert_eq!(
            kept.execute(
                "INSERT INTO shift (id, needed) VALUES ($1, $2), ($3, $4)",
                &["a".into(), 1_i64.into(), "b".into(), 2_i64.into()]
            )
            .await
            .unwrap(),
            2
        );
        kept.commit().await.unwrap();
        let mut undone = database.begin(Access::ReadWrite).await.unwrap();
        undone.execute("DELETE FROM shift", &[]).await.unwrap();
        undone.rollback().await;
        let mut dropped = database.begin(Access::ReadWrite).await.unwrap();
        dropped.execute("DELETE FROM shift", &[]).await.unwrap();
        drop(dropped);
        let mut reading = database.begin(Access::ReadOnly).await.unwrap();
        let rows = reading.query("SELECT id, needed FROM shift ORDER BY id", &[], limit()).await.unwrap();
        assert_eq!(rows.columns, ["id", "needed"]);
        assert_eq!(rows.rows, [vec![Value::from("a"), Value::Integer(1)], vec!["b".into(), Value::Integer(2)]]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_transaction_cannot_write() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE shift (id TEXT PRIMARY KEY)").await;
        let mut reading = database.begin(Access::ReadOnly).await.unwrap();
        let error = reading.execute("DELETE FROM shift", &[]).await.unwrap_err();
        assert!(matches!(error, SqlError::ReadOnly(_)), "{error:?}");
    })
    .await;
}
