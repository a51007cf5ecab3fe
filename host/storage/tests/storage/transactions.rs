//! Transactions of plugins and of the host, the same on both engines.

use std::sync::Arc;

use crate::common::{Place, limit, on_both, plugin_id};
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

/// A process that ends drops what is open while nothing can be started any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_may_end_in_the_middle_of_a_transaction() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE shift (id TEXT PRIMARY KEY)").await;
        let ending = tokio::runtime::Runtime::new().unwrap();
        let (tell, begun) = tokio::sync::oneshot::channel();
        let its = Arc::clone(&database);
        ending.spawn(async move {
            let mut open = its.begin(Access::ReadWrite).await.unwrap();
            open.execute("INSERT INTO shift (id) VALUES ($1)", &["a".into()]).await.unwrap();
            tell.send(()).unwrap();
            std::future::pending::<()>().await;
            drop(open);
        });
        begun.await.unwrap();
        tokio::task::spawn_blocking(move || drop(ending)).await.unwrap();
        let mut after = database.begin(Access::ReadWrite).await.unwrap();
        assert_eq!(after.execute("DELETE FROM shift", &[]).await.unwrap(), 0);
        after.commit().await.unwrap();
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

/// PostgreSQL was restarted, or an operator ended the connections: whoever comes next does not notice.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_died_are_replaced() {
    use sqlx::{ConnectOptions, Executor};
    on_both(async |place: &Place| {
        let conman_storage::Location::Postgres { url } = place.scratch.location() else { return };
        let database = place.plugin("CREATE TABLE own (id BIGINT PRIMARY KEY)").await;
        for access in [Access::ReadOnly, Access::ReadWrite] {
            let mut open = Vec::new();
            for _ in 0..3 {
                open.push(database.begin(access).await.unwrap());
            }
            for transaction in open {
                transaction.rollback().await;
            }
            let mut operator = url.parse::<sqlx::postgres::PgConnectOptions>().unwrap().connect().await.unwrap();
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
            operator.execute(end).await.unwrap();
            let mut next = database.begin(access).await.unwrap();
            assert_eq!(next.query("SELECT COUNT(*) AS n FROM own", &[], limit()).await.unwrap().rows, [[Value::Integer(0)]]);
            next.commit().await.unwrap();
            conman_kernel::sql::read(database.host().as_ref(), "SELECT id FROM own", &[]).await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_convention_whose_id_is_no_name_has_no_database() {
    on_both(async |place: &Place| {
        if place.scratch.is_postgres() {
            return;
        }
        let odd = conman_kernel::id::ConventionId::from_stored("../../etc");
        let error = place.storage.plugin(&odd, &plugin_id("conman/test")).await.unwrap_err();
        assert!(matches!(error, SqlError::Refused(_)), "{error:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_select_is_not_executed_and_a_change_may_be_queried() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE own (id BIGINT PRIMARY KEY)").await;
        let mut transaction = database.begin(Access::ReadWrite).await.unwrap();
        let rows = transaction.query("INSERT INTO own (id) VALUES (1)", &[], limit()).await.unwrap();
        assert_eq!((rows.columns.len(), rows.rows.len()), (0, 0));
        let error = transaction.execute("SELECT id FROM own", &[]).await.unwrap_err();
        assert_eq!(error.to_string(), "a SELECT has no effect to execute; use query");
    })
    .await;
}
