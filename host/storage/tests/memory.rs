//! That a plugin whose statements hold all the memory they can takes none from the others. Alone in its process, whose databases share it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that fails panics"
)]

mod common;

use std::cell::Cell;

use common::{Place, limit, on_both};
use conman_kernel::sql::{Access, Migration, SharedDatabase, SqlError, Value};
use conman_storage::PluginDatabase;
use futures::future::join_all;

const MIB: usize = 1 << 20;

/// Rows of the neighbours: 175², more than fit into what a statement sorts in.
const SIDE: i64 = 175;

const TABLES: &str = "CREATE TABLE side (n BIGINT NOT NULL); CREATE TABLE entry (a BIGINT NOT NULL, b BIGINT NOT NULL, body TEXT NOT NULL)";

const NOTES: &str = "CREATE TABLE note (round BIGINT PRIMARY KEY, body TEXT NOT NULL)";

fn side() -> String {
    let numbers = (0..SIDE).map(|n| format!("({n})")).collect::<Vec<_>>().join(", ");
    format!("INSERT INTO side (n) VALUES {numbers}")
}

/// Holds `columns` times 2 MiB for a moment, then fails: an answer would be held once more while it is read.
async fn hold(database: &PluginDatabase, access: Access, columns: usize) -> SqlError {
    let pieces = (0..columns).map(|n| format!("REPLACE($1, 'a', $2) AS c{n}")).collect::<Vec<_>>().join(", ");
    let moment = "(SELECT COUNT(*) FROM side a CROSS JOIN side b CROSS JOIN side c WHERE a.n + b.n + c.n < 0)";
    let sql = format!("SELECT {pieces}, ABS($3 - {moment}) AS failing FROM side");
    let parameters = ["a".repeat(2 << 10).into(), "b".repeat(1 << 10).into(), Value::Integer(i64::MIN)];
    let mut transaction = database.begin(access).await.unwrap();
    let error = transaction.query(&sql, &parameters, limit()).await.unwrap_err();
    transaction.rollback().await;
    error
}

/// Fills what there is, in ever smaller pieces, until `done`. Answers how often it was refused and how often not.
async fn fill(database: &PluginDatabase, access: Access, done: &Cell<bool>) -> (u32, u32) {
    let (mut refused, mut held, mut columns) = (0, 0, 120);
    while !done.get() {
        let error = hold(database, access, columns).await.to_string();
        if error.contains("integer overflow") {
            held += 1;
            columns = 120;
        } else {
            assert!(error.contains("memory"), "{error}");
            refused += 1;
            columns = (columns / 2).max(1);
        }
    }
    (refused, held)
}

/// Rows in another order than they are stored in.
const SORTED: &str = "SELECT a, b, body FROM entry ORDER BY b, a";

fn is_sorted(rows: &[Vec<Value>]) -> bool {
    let expected = (0..SIDE).flat_map(|b| (0..SIDE).map(move |a| [Value::Integer(a), Value::Integer(b)]));
    rows.iter().map(|row| &row[..2]).eq(expected)
}

async fn sort(database: &PluginDatabase) {
    let mut transaction = database.begin(Access::ReadOnly).await.unwrap();
    let answer = transaction.query(SORTED, &[], limit()).await.unwrap();
    transaction.rollback().await;
    assert!(is_sorted(&answer.rows));
}

async fn read_and_write(host: &SharedDatabase, round: i64) {
    let mut transaction = host.begin(Access::ReadWrite).await.unwrap();
    let note = Value::Text("n".repeat(8 * MIB));
    transaction.execute("INSERT INTO note (round, body) VALUES ($1, $2)", &[round.into(), note.clone()]).await.unwrap();
    transaction.commit().await.unwrap();
    let mut transaction = host.begin(Access::ReadOnly).await.unwrap();
    let answer = transaction.query("SELECT body FROM note WHERE round = $1", &[round.into()], limit()).await.unwrap();
    assert_eq!(answer.rows, [[note]]);
    let answer = transaction.query(SORTED, &[], limit()).await.unwrap();
    assert!(is_sorted(&answer.rows));
    transaction.rollback().await;
}

#[tokio::test]
async fn whoever_holds_all_the_memory_there_is_takes_none_from_the_others() {
    on_both(async |place: &Place| {
        if place.scratch.is_postgres() {
            return;
        }
        let entries =
            "INSERT INTO entry (a, b, body) SELECT x.n, y.n, REPLACE($1, 'x', 'body ') FROM side x CROSS JOIN side y";
        let body = [Value::Text("x".repeat(60))];
        let (hungry, neighbour) = (
            place.plugin_named("conman/hungry", &format!("{TABLES}; {}", side())).await,
            place.plugin_named("conman/neighbour", &format!("{TABLES}; {}", side())).await,
        );
        let mut transaction = neighbour.begin(Access::ReadWrite).await.unwrap();
        transaction.execute(entries, &body).await.unwrap();
        transaction.commit().await.unwrap();
        let migrations = [
            Migration { version: 1, name: "tables", sql: TABLES },
            Migration { version: 2, name: "notes", sql: NOTES },
        ];
        place.storage.migrate_host("memory", &migrations).await.unwrap();
        let host = place.storage.host();
        let mut transaction = host.begin(Access::ReadWrite).await.unwrap();
        transaction.execute(&side(), &[]).await.unwrap();
        transaction.execute(entries, &body).await.unwrap();
        transaction.commit().await.unwrap();

        let done = Cell::new(false);
        let accesses = [Access::ReadWrite, Access::ReadOnly, Access::ReadOnly, Access::ReadOnly, Access::ReadOnly];
        let (filled, ()) = tokio::join!(join_all(accesses.map(|access| fill(&hungry, access, &done))), async {
            for round in 0..5 {
                tokio::join!(sort(&neighbour), sort(&neighbour), read_and_write(&host, round));
            }
            done.set(true);
        });
        let (refused, held) = filled.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        assert!(refused > 0 && held > 0, "refused {refused} times, held {held} times");
    })
    .await;
}
