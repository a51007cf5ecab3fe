//! What statements cost on each engine: the smallest read, the smallest write, and many rows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a benchmark that fails panics"
)]

use std::sync::Arc;

use conman_kernel::id::ConventionId;
use conman_kernel::sql::{Access, RowLimit, Value};
use conman_storage::scratch::{self, Scratch};
use conman_storage::{PluginDatabase, PluginMigration, Storage};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const TABLES: &str = "
    CREATE TABLE session (id TEXT PRIMARY KEY, title TEXT NOT NULL, room BIGINT, starts_at BIGINT, open BOOLEAN NOT NULL);
    CREATE TABLE entry (id BIGINT PRIMARY KEY, session TEXT NOT NULL)";

const LIMIT: RowLimit = RowLimit { rows: 100_000, bytes: 64 << 20 };

async fn prepare(scratch: &Scratch) -> Arc<PluginDatabase> {
    let storage = Storage::open(scratch.location()).await.expect("storage opens");
    let database =
        storage.plugin(&ConventionId::new(), &"conman/bench".parse().expect("an id")).await.expect("a database");
    let tables = PluginMigration { version: 1, name: "tables".to_owned(), sql: TABLES.to_owned() };
    database.migrate(&[tables]).await.expect("tables");
    for chunk in 0..20 {
        insert(&database, chunk * 500, 500).await;
    }
    database
}

async fn insert(database: &PluginDatabase, first: usize, count: usize) {
    let places: Vec<_> = (0..count)
        .map(|row| row * 5)
        .map(|at| format!("(${}, ${}, ${}, ${}, ${})", at + 1, at + 2, at + 3, at + 4, at + 5))
        .collect();
    let sql = format!(
        "INSERT INTO session (id, title, room, starts_at, open) VALUES {} ON CONFLICT (id) DO NOTHING",
        places.join(", ")
    );
    let values: Vec<Value> = (first..first + count)
        .flat_map(|row| {
            let number = i64::try_from(row).unwrap_or(0);
            [
                format!("session-{row}").into(),
                format!("A talk about the number {row}").into(),
                (number % 12).into(),
                (number * 60_000).into(),
                true.into(),
            ]
        })
        .collect();
    let mut writing = database.begin(Access::ReadWrite).await.expect("a transaction");
    writing.execute(&sql, &values).await.expect("rows");
    writing.commit().await.expect("a commit");
}

async fn read(database: &PluginDatabase, sql: &str, parameters: &[Value], wanted: usize) {
    let mut reading = database.begin(Access::ReadOnly).await.expect("a transaction");
    let rows = reading.query(sql, parameters, LIMIT).await.expect("rows");
    assert_eq!(rows.rows.len(), wanted);
    reading.rollback().await;
}

async fn write(database: &PluginDatabase, number: i64) {
    let mut writing = database.begin(Access::ReadWrite).await.expect("a transaction");
    let sql =
        "INSERT INTO entry (id, session) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET session = excluded.session";
    writing.execute(sql, &[number.into(), "session-1".into()]).await.expect("a row");
    writing.commit().await.expect("a commit");
}

fn statements(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    for scratch in runtime.block_on(scratch::both()).expect("scratch places") {
        let engine = if scratch.is_postgres() { "postgres" } else { "sqlite" };
        let database = runtime.block_on(prepare(&scratch));
        let mut group = criterion.benchmark_group(engine);
        group.sample_size(20);
        let id = [Value::from("session-7")];
        group.bench_function("read one row", |bencher| {
            bencher.to_async(&runtime).iter(|| read(&database, "SELECT title FROM session WHERE id = $1", &id, 1));
        });
        group.bench_function("read 50 rows", |bencher| {
            bencher.to_async(&runtime).iter(|| read(&database, "SELECT * FROM session ORDER BY id LIMIT 50", &[], 50));
        });
        group.bench_function("read 10,000 rows", |bencher| {
            bencher.to_async(&runtime).iter(|| read(&database, "SELECT * FROM session", &[], 10_000));
        });
        let mut number = 0;
        group.bench_function("write one row", |bencher| {
            bencher.to_async(&runtime).iter(|| {
                number += 1;
                write(&database, number)
            });
        });
        group.bench_function("write 500 rows", |bencher| {
            bencher.to_async(&runtime).iter(|| insert(&database, 0, 500));
        });
    }
}

criterion_group!(benches, statements);
criterion_main!(benches);
