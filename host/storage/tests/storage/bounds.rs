//! What a plugin's statements may make the host hold in memory.

use crate::common::{Place, limit, on_both};
use conman_kernel::sql::{Access, SqlError, Value};
use conman_storage::PluginDatabase;

const MIB: usize = 1 << 20;

async fn error_of(database: &PluginDatabase, sql: &str, parameters: &[Value]) -> Option<SqlError> {
    let mut transaction = database.begin(Access::ReadWrite).await.unwrap();
    let outcome = transaction.query(sql, parameters, limit()).await;
    transaction.rollback().await;
    outcome.err()
}

#[tokio::test]
async fn what_a_statement_answers_is_let_go_where_only_its_effect_is_wanted() {
    on_both(async |place: &Place| {
        let numbers = (0..1_001).map(|n| format!("({n})")).collect::<Vec<_>>().join(", ");
        let tables =
            format!("CREATE TABLE few (n BIGINT); CREATE TABLE many (n BIGINT); INSERT INTO few (n) VALUES {numbers}");
        let database = place.plugin(&tables).await;
        let mut transaction = database.begin(Access::ReadWrite).await.unwrap();
        // More rows than the host itself would read.
        let sql = "INSERT INTO many (n) SELECT a.n FROM few a CROSS JOIN few b RETURNING n, n AS again";
        assert_eq!(transaction.execute(sql, &[]).await.unwrap(), 1_001 * 1_001);
        transaction.rollback().await;
    })
    .await;
}

#[tokio::test]
async fn a_value_that_would_be_too_long_is_refused() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE t (body TEXT)").await;
        for value in [Value::Text("x".repeat(32 * MIB + 1)), Value::Bytes(vec![0; 32 * MIB + 1])] {
            let error = error_of(&database, "SELECT LENGTH($1)", &[value]).await.unwrap();
            assert_eq!(error.to_string(), "parameter $1 is longer than 32 MiB; store it in pieces");
        }
        // PostgreSQL has a limit of its own, which cannot be set.
        if !place.scratch.is_postgres() {
            let (a, b) = (Value::Text("a".repeat(8 << 10)), Value::Text("b".repeat(8 << 10)));
            for sql in [
                "SELECT LENGTH(REPLACE($1, 'a', $2))",
                "SELECT LENGTH(s.x || s.x) FROM (SELECT REPLACE($1, 'a', $2) AS x) s",
                "INSERT INTO t (body) VALUES (REPLACE($1, 'a', $2))",
            ] {
                let error = error_of(&database, sql, &[a.clone(), b.clone()]).await.unwrap();
                assert!(error.to_string().contains("longer than 32 MiB"), "{sql}: {error}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_answer_has_only_so_many_columns() {
    on_both(async |place: &Place| {
        if place.scratch.is_postgres() {
            return;
        }
        let database = place.plugin("CREATE TABLE t (body TEXT)").await;
        let columns = |count: usize| format!("SELECT {} FROM t", vec!["body"; count].join(", "));
        assert!(error_of(&database, &columns(200), &[]).await.is_none());
        let error = error_of(&database, &columns(201), &[]).await.unwrap();
        assert!(error.to_string().contains("too many columns"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_row_larger_than_a_database_may_hold_fails_and_nothing_else() {
    on_both(async |place: &Place| {
        if place.scratch.is_postgres() {
            return;
        }
        let database = place.plugin("CREATE TABLE t (body TEXT)").await;
        let columns: Vec<_> = (0..200).map(|n| format!("REPLACE($1, 'a', $2) AS c{n}")).collect();
        let parameters = [Value::Text("a".repeat(4 << 10)), Value::Text("b".repeat(4 << 10))];
        let error = error_of(&database, &format!("SELECT {}", columns.join(", ")), &parameters).await.unwrap();
        assert!(matches!(error, SqlError::Statement(_)), "{error}");
        assert!(error.to_string().contains("this database may hold 256 MiB at once"), "{error}");
        assert!(error_of(&database, "SELECT body FROM t", &[]).await.is_none());
    })
    .await;
}
