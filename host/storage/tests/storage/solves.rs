//! Jobs of the scheduler are there exactly when what started them is, and seen alike on both engines.

use crate::common::{Place, on_both};
use conman_kernel::sql::{Access, read};
use conman_storage::{NewSolve, PluginDatabase, PluginTransaction};
use jiff::Timestamp;

const TABLE: &str = "CREATE TABLE own (id BIGINT PRIMARY KEY)";

fn job(id: &str) -> NewSolve {
    NewSolve {
        id: id.to_owned(),
        problem: "{\"days\":1}".to_owned(),
        options: "{}".to_owned(),
        hops: 2,
        at: Timestamp::from_second(1_800_000_000).unwrap(),
    }
}

async fn writing(database: &PluginDatabase) -> PluginTransaction {
    database.begin(Access::ReadWrite).await.unwrap()
}

async fn state(database: &PluginDatabase, id: &str) -> Option<String> {
    let mut transaction = database.begin(Access::ReadOnly).await.unwrap();
    let found = transaction.solve(id).await.unwrap();
    transaction.rollback().await;
    found.map(|solve| solve.state)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_comes_and_goes_with_its_transaction() {
    on_both(async |place: &Place| {
        let database = place.plugin(TABLE).await;
        let mut undone = writing(&database).await;
        assert!(undone.begin_solve(job("a"), 8).await.unwrap());
        assert_eq!(undone.solve("a").await.unwrap().unwrap().state, "queued", "seen by whoever started it");
        undone.rollback().await;
        assert_eq!(state(&database, "a").await, None);

        let mut kept = writing(&database).await;
        assert!(kept.begin_solve(job("a"), 8).await.unwrap() && kept.has_written());
        kept.commit().await.unwrap();
        let mut asking = database.begin(Access::ReadOnly).await.unwrap();
        let found = asking.solve("a").await.unwrap().unwrap();
        assert_eq!(
            (found.cancelled, found.course, found.started_at, found.created_at),
            (false, None, None, job("a").at)
        );
        assert_eq!((asking.solution("a").await.unwrap(), asking.solution("b").await.unwrap()), (None, None));
        drop(asking);

        let mut ending = writing(&database).await;
        assert!(ending.cancel_solve("a").await.unwrap());
        assert!(!ending.cancel_solve("b").await.unwrap());
        assert!(ending.solve("a").await.unwrap().unwrap().cancelled);
        assert!(ending.forget_solve("a").await.unwrap() && !ending.forget_solve("a").await.unwrap());
        ending.commit().await.unwrap();
        let left = read(database.host().as_ref(), "SELECT id FROM conman_solve_problem", &[]).await.unwrap();
        assert_eq!((state(&database, "a").await, left.rows.len()), (None, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_wait_than_may_however_many_come_at_once() {
    on_both(async |place: &Place| {
        let database = place.plugin(TABLE).await;
        let start = async |id: &str| {
            // As a call is run again that lost a conflict.
            loop {
                let mut transaction = writing(&database).await;
                let begun = transaction.begin_solve(job(id), 3).await;
                match begun {
                    Ok(begun) => match transaction.commit().await {
                        Ok(()) => return begun,
                        Err(error) if error.is_serialization() => {}
                        Err(error) => panic!("{error}"),
                    },
                    Err(error) if error.is_serialization() => transaction.rollback().await,
                    Err(error) => panic!("{error}"),
                }
            }
        };
        let all = tokio::join!(start("a"), start("b"), start("c"), start("d"), start("e"));
        let begun = [all.0, all.1, all.2, all.3, all.4].into_iter().filter(|begun| *begun).count();
        let rows = read(database.host().as_ref(), "SELECT id FROM conman_solve", &[]).await.unwrap();
        assert_eq!((begun, rows.rows.len()), (3, 3));
    })
    .await;
}
