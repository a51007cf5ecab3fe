//! Many at once: nobody is lost, and nobody gets in twice.

use std::sync::Arc;
use std::time::Duration;

use crate::common::{Place, limit, migration, on_both, plugin_id};
use conman_kernel::digest::Digest;
use conman_kernel::event::Event;
use conman_kernel::id::EventId;
use conman_kernel::sql::{Access, Migration, SqlError, TRIES, Value, read};
use conman_storage::{AnswerKey, PluginDatabase, PluginTransaction, Storage, StoredAnswer};
use futures::future::join_all;

/// What the runtime does around a mutation: again on a serialization conflict, a few times.
async fn mutate<T>(
    database: &PluginDatabase,
    body: impl AsyncFn(&mut PluginTransaction) -> Result<T, SqlError>,
) -> Result<T, SqlError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let mut transaction = database.begin(Access::ReadWrite).await?;
        let outcome = match body(&mut transaction).await {
            Ok(answer) => transaction.commit().await.map(|()| answer),
            Err(error) => {
                transaction.rollback().await;
                Err(error)
            }
        };
        match outcome {
            Err(error) if error.is_serialization() && tries < TRIES => {}
            outcome => return outcome,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_sign_ups_for_ten_places_give_ten() {
    on_both(async |place: &Place| {
        let database = place
            .plugin(
                "CREATE TABLE shift (id TEXT PRIMARY KEY, needed BIGINT NOT NULL);
                 CREATE TABLE entry (id TEXT PRIMARY KEY, shift TEXT NOT NULL REFERENCES shift (id), person TEXT NOT NULL);
                 CREATE INDEX entry_shift ON entry (shift);
                 INSERT INTO shift (id, needed) VALUES ('door', 10)",
            )
            .await;
        let tasks: Vec<_> = (0..200)
            .map(|person| {
                let database = Arc::clone(&database);
                async move {
                    mutate(&database, async |transaction| {
                        let taken = transaction.query("SELECT COUNT(*) AS n FROM entry WHERE shift = 'door'", &[], limit()).await?;
                        let needed = transaction.query("SELECT needed FROM shift WHERE id = 'door'", &[], limit()).await?;
                        let ([Value::Integer(taken)], [Value::Integer(needed)]) = (taken.rows[0].as_slice(), needed.rows[0].as_slice()) else {
                            panic!("no numbers");
                        };
                        if taken >= needed {
                            return Ok(false);
                        }
                        let values = [format!("e{person}").into(), format!("p{person}").into()];
                        transaction.execute("INSERT INTO entry (id, shift, person) VALUES ($1, 'door', $2)", &values).await?;
                        Ok(true)
                    })
                    .await
                }
            })
            .collect();
        let mut in_ = 0;
        for outcome in join_all(tasks).await {
            in_ += u32::from(outcome.expect("everybody gets an answer"));
        }
        assert_eq!(in_, 10);
        let rows = read(database.host().as_ref(), "SELECT COUNT(*) AS n FROM entry", &[]).await.unwrap();
        assert_eq!(rows.rows, [[Value::Integer(10)]]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn counting_up_concurrently_loses_nothing() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL); INSERT INTO counter (id, n) VALUES (1, 0)").await;
        let tasks: Vec<_> = (0..60)
            .map(|_| {
                let database = Arc::clone(&database);
                async move {
                    mutate(&database, async |transaction| transaction.execute("UPDATE counter SET n = n + 1 WHERE id = 1", &[]).await).await
                }
            })
            .collect();
        for outcome in join_all(tasks).await {
            assert_eq!(outcome.unwrap(), 1);
        }
        let rows = read(database.host().as_ref(), "SELECT n FROM counter", &[]).await.unwrap();
        assert_eq!(rows.rows, [[Value::Integer(60)]]);
    })
    .await;
}

fn event(key: &str, payload: &str) -> Event {
    Event {
        id: EventId::new(),
        topic: "test.happened".to_owned(),
        key: key.to_owned(),
        payload: payload.to_owned(),
        publisher: plugin_id("conman/test"),
        emitted_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        hops: 3,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_leave_with_the_transaction_or_not_at_all() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE own (id TEXT PRIMARY KEY)").await;
        let mut undone = database.begin(Access::ReadWrite).await.unwrap();
        undone.emit(&event("k", "undone")).await.unwrap();
        undone.rollback().await;
        let mut kept = database.begin(Access::ReadWrite).await.unwrap();
        kept.emit(&event("k", "first")).await.unwrap();
        kept.emit(&event("k", "second")).await.unwrap();
        kept.commit().await.unwrap();
        let rows = read(
            database.host().as_ref(),
            "SELECT topic, key, payload, emitted_at, hops FROM conman_outbox ORDER BY seq",
            &[],
        )
        .await
        .unwrap();
        let row = |payload: &str| {
            vec![
                "test.happened".into(),
                "k".into(),
                payload.into(),
                Value::Integer(1_767_225_600_000),
                Value::Integer(3),
            ]
        };
        assert_eq!(rows.rows, [row("first"), row("second")]);
        let mut reading = database.begin(Access::ReadOnly).await.unwrap();
        assert!(matches!(reading.emit(&event("k", "x")).await, Err(SqlError::ReadOnly(_))));
    })
    .await;
}

/// Each transaction writes down how many committed before it; the outbox has to have them in that order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn events_with_one_key_are_numbered_in_the_order_of_commit() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL); INSERT INTO counter (id, n) VALUES (1, 0)").await;
        let tasks: Vec<_> = (0..40)
            .map(|_| {
                let database = Arc::clone(&database);
                async move {
                    mutate(&database, async |transaction| {
                        let rows = transaction.query("UPDATE counter SET n = n + 1 WHERE id = 1 RETURNING n", &[], limit()).await?;
                        let [Value::Integer(n)] = rows.rows[0].as_slice() else { panic!("no number") };
                        transaction.emit(&event("k", &n.to_string())).await
                    })
                    .await
                }
            })
            .collect();
        for outcome in join_all(tasks).await {
            outcome.unwrap();
        }
        let rows = read(database.host().as_ref(), "SELECT payload FROM conman_outbox ORDER BY seq", &[]).await.unwrap();
        let wanted: Vec<Vec<Value>> = (1..=40).map(|n| vec![Value::Text(n.to_string())]).collect();
        assert_eq!(rows.rows, wanted);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_event_is_handled_once_however_often_it_comes() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE effect (id TEXT PRIMARY KEY)").await;
        let id = EventId::new();
        let tasks: Vec<_> = (0..20)
            .map(|n| {
                let (database, id) = (Arc::clone(&database), id.clone());
                async move {
                    mutate(&database, async |transaction| {
                        let first = transaction.handled(&id).await?;
                        if first {
                            transaction.execute("INSERT INTO effect (id) VALUES ($1)", &[n.to_string().into()]).await?;
                        }
                        Ok(first)
                    })
                    .await
                }
            })
            .collect();
        let mut first = 0;
        for outcome in join_all(tasks).await {
            first += u32::from(outcome.unwrap());
        }
        assert_eq!(first, 1);
        let rows = read(database.host().as_ref(), "SELECT COUNT(*) AS n FROM effect", &[]).await.unwrap();
        assert_eq!(rows.rows, [[Value::Integer(1)]]);
        let mut undone = database.begin(Access::ReadWrite).await.unwrap();
        let other = EventId::new();
        assert!(undone.handled(&other).await.unwrap());
        undone.rollback().await;
        let mut again = database.begin(Access::ReadWrite).await.unwrap();
        assert!(again.handled(&other).await.unwrap(), "what was rolled back was not handled");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_repeated_mutation_answers_what_the_first_one_did() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE effect (id TEXT PRIMARY KEY)").await;
        let tasks: Vec<_> = (0..24)
            .map(|n: u32| {
                let database = Arc::clone(&database);
                async move {
                    // Four keys, six repeats each.
                    let key =
                        AnswerKey { actor: "a".to_owned(), key: format!("key{}", n % 4), path: "signUp".to_owned() };
                    mutate(&database, async |transaction| {
                        if let Some(found) = transaction.answer(&key).await? {
                            assert_eq!(found.arguments, Digest::of(b"{}"));
                            return Ok((key.key.clone(), found.answer));
                        }
                        transaction.execute("INSERT INTO effect (id) VALUES ($1)", &[n.to_string().into()]).await?;
                        let answered_at = "2026-01-01T00:00:00.123Z".parse().unwrap();
                        let answer = StoredAnswer { arguments: Digest::of(b"{}"), answer: n.to_string(), answered_at };
                        transaction.remember(&key, &answer).await?;
                        Ok((key.key.clone(), answer.answer))
                    })
                    .await
                }
            })
            .collect();
        let mut answers = std::collections::BTreeMap::new();
        for outcome in join_all(tasks).await {
            let (key, answer) = outcome.unwrap();
            assert_eq!(answers.entry(key).or_insert(answer.clone()), &answer);
        }
        assert_eq!(answers.len(), 4);
        let rows = read(database.host().as_ref(), "SELECT COUNT(*) AS n FROM effect", &[]).await.unwrap();
        assert_eq!(rows.rows, [[Value::Integer(4)]]);
        let later = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(database.prune(later, later, later).await.unwrap(), 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_stays_as_it_was() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE own (id BIGINT PRIMARY KEY)").await;
        let count = "SELECT COUNT(*) AS n FROM own";
        let mut before = database.begin(Access::ReadOnly).await.unwrap();
        assert_eq!(before.query(count, &[], limit()).await.unwrap().rows, [[Value::Integer(0)]]);
        let mut writing = database.begin(Access::ReadWrite).await.unwrap();
        writing.execute("INSERT INTO own (id) VALUES (1)", &[]).await.unwrap();
        writing.commit().await.unwrap();
        assert_eq!(before.query(count, &[], limit()).await.unwrap().rows, [[Value::Integer(0)]]);
        let mut after = database.begin(Access::ReadOnly).await.unwrap();
        assert_eq!(after.query(count, &[], limit()).await.unwrap().rows, [[Value::Integer(1)]]);
    })
    .await;
}

/// A caller that goes away in the middle of a long statement blocks nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_abandoned_statement_gives_way() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE own (id BIGINT PRIMARY KEY)").await;
        let places: Vec<_> = (1..=2000).map(|n| format!("(${n})")).collect();
        let values: Vec<_> = (1..=2000).map(Value::Integer).collect();
        mutate(&database, async |transaction| {
            transaction.execute(&format!("INSERT INTO own (id) VALUES {}", places.join(", ")), &values).await
        })
        .await
        .unwrap();
        let endless =
            "SELECT COUNT(*) AS n FROM own AS a CROSS JOIN own AS b CROSS JOIN own AS c WHERE a.id + b.id + c.id = $1";
        for access in [Access::ReadWrite, Access::ReadOnly] {
            for _ in 0..6 {
                let mut transaction = database.begin(access).await.unwrap();
                let call = transaction.query(endless, &[Value::Integer(-1)], limit());
                assert!(tokio::time::timeout(Duration::from_millis(50), call).await.is_err(), "it is endless");
            }
        }
        let done = tokio::time::timeout(
            Duration::from_secs(8),
            mutate(&database, async |transaction| transaction.execute("DELETE FROM own WHERE id = 1", &[]).await),
        );
        assert_eq!(done.await.expect("in time").unwrap(), 1);
    })
    .await;
}

/// Readers that have `SELECT *` prepared meet every version of the table whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_migration_under_load_hurts_nobody() {
    on_both(async |place: &Place| {
        let database = place.plugin("CREATE TABLE own (id BIGINT PRIMARY KEY); INSERT INTO own (id) VALUES (1)").await;
        let growing = async {
            let mut steps =
                vec![migration(1, "CREATE TABLE own (id BIGINT PRIMARY KEY); INSERT INTO own (id) VALUES (1)")];
            for version in 2..=8 {
                steps.push(migration(
                    version,
                    &format!("ALTER TABLE own ADD COLUMN c{version} BIGINT NOT NULL DEFAULT {version}"),
                ));
                assert_eq!(database.migrate(&steps).await.unwrap(), [version]);
            }
        };
        let reading = async |access: Access| {
            let mut widest = 0;
            while widest < 8 {
                let mut transaction = database.begin(access).await.unwrap();
                let outcome = transaction.query("SELECT * FROM own", &[], limit()).await;
                transaction.rollback().await;
                match outcome {
                    Ok(rows) => {
                        assert_eq!(rows.columns.len(), rows.rows[0].len());
                        assert!(rows.columns.len() >= widest, "the table only grows");
                        widest = rows.columns.len();
                    }
                    Err(error) => assert!(error.is_serialization(), "{error:?}"),
                }
            }
        };
        let all = async {
            tokio::join!(growing, reading(Access::ReadOnly), reading(Access::ReadOnly), reading(Access::ReadWrite))
        };
        tokio::time::timeout(Duration::from_secs(60), all).await.expect("in time");
    })
    .await;
}

const STEPS: &[Migration] = &[
    Migration {
        version: 1,
        name: "first",
        sql: "CREATE TABLE demo_a (id TEXT PRIMARY KEY); INSERT INTO demo_a (id) VALUES ('once')",
    },
    Migration { version: 2, name: "second", sql: "CREATE TABLE demo_b (id TEXT PRIMARY KEY)" },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hosts_that_start_together_migrate_once() {
    on_both(async |place: &Place| {
        let tasks: Vec<_> = (0..6)
            .map(|_| {
                let (location, convention) = (place.scratch.location(), place.convention.clone());
                async move {
                    let storage = Storage::open(location).await?;
                    storage.migrate_host("demo", STEPS).await?;
                    let database = storage.plugin(&convention, &plugin_id("conman/raced")).await?;
                    database
                        .migrate(&[migration(
                            1,
                            "CREATE TABLE own (id TEXT PRIMARY KEY); INSERT INTO own (id) VALUES ('once')",
                        )])
                        .await
                }
            })
            .collect();
        let mut applied = 0;
        for outcome in join_all(tasks).await {
            match outcome {
                Ok(versions) => applied += versions.len(),
                // Two processes on one folder do not happen (the command locks it); should they, the later one fails whole.
                Err(error) => {
                    assert!(!place.scratch.is_postgres() && error.to_string().contains("already exists"), "{error:?}")
                }
            }
        }
        assert_eq!(applied, 1);
        let rows = read(place.storage.host().as_ref(), "SELECT id FROM demo_a", &[]).await.unwrap();
        assert_eq!(rows.rows, [[Value::from("once")]]);
        let database = place.storage.plugin(&place.convention, &plugin_id("conman/raced")).await.unwrap();
        let rows = read(database.host().as_ref(), "SELECT id FROM own", &[]).await.unwrap();
        assert_eq!(rows.rows, [[Value::from("once")]]);
    })
    .await;
}
