//! How jobs end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use conman_kernel::event::SCHEDULER_ENDED;
use conman_solving::Solver;
use conman_solving::limits::KEPT_JOBS;
use serde_json::json;

use crate::world::{World, broken, lying, miscounting, on_both, plugin, steady, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_solved_and_told_of_once() {
    on_both(async |world: World| {
        let one = plugin("one");
        let desk = world.desk("host", steady);
        let id = world.start(&one, 10.0, Some(20)).await;
        world.wake(&desk, &one);
        world.until(&one, &id, "done").await;
        desk.idle().await;

        let solution: serde_json::Value = serde_json::from_str(&world.solution(&one, &id).await.unwrap()).unwrap();
        assert_eq!(solution["cost"], json!({ "unplaced": 1, "soft": 9980, "terms": { "overlap": 9980 } }));
        let told = world.told(&one).await;
        assert_eq!(told.len(), 1);
        let (topic, key, payload, hops) = &told[0];
        assert_eq!((topic.as_str(), key, hops), (SCHEDULER_ENDED, &id, &3));
        assert_eq!((&payload["job"], &payload["state"], &payload["soft"]), (&json!(id), &json!("done"), &json!(9980)));
        assert_eq!((world.problems(&one).await, world.turns().await), (0, 0), "nothing is left that nobody needs");

        let progress = world.news.progress.lock();
        let falls = progress.iter().map(|event| serde_json::from_str::<serde_json::Value>(&event.payload).unwrap());
        let falls: Vec<_> = falls.filter_map(|payload| payload["soft"].as_u64()).collect();
        assert!(falls.len() > 1 && falls.is_sorted_by(|one, next| one >= next), "{falls:?}");
        assert!(progress.iter().all(|event| event.key == id && event.publisher == one));
        assert_eq!(world.news.ended.load(Ordering::SeqCst), 1);
        let figures = desk.figures();
        assert_eq!((figures.done, figures.running, figures.waiting), (1, 0, 0));
        assert!(figures.searched >= Duration::from_millis(200), "{figures:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_ends_at_once_with_what_there_is() {
    on_both(async |world: World| {
        let one = plugin("one");
        let desk = world.desk("host", steady);
        let (running, waiting) = (world.start(&one, 60.0, None).await, world.start(&one, 60.0, None).await);
        world.wake(&desk, &one);
        world.under_way(&one, &running).await;
        assert_eq!(world.state(&one, &waiting).await, "queued", "one job at a time");
        world.cancel(&one, &waiting).await;
        world.wake(&desk, &one);
        world.until(&one, &waiting, "cancelled").await;
        assert_eq!(world.state(&one, &running).await, "running");
        world.cancel(&one, &running).await;
        world.wake(&desk, &one);
        world.until(&one, &running, "cancelled").await;
        desk.idle().await;
        assert!(world.solution(&one, &running).await.is_some());
        assert_eq!(world.solution(&one, &waiting).await, None);
        let states: Vec<_> =
            world.told(&one).await.into_iter().map(|(_, key, payload, _)| (key, payload["state"].clone())).collect();
        assert_eq!(states, [(waiting, json!("cancelled")), (running, json!("cancelled"))]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_solver_that_breaks_fails_its_job_and_nothing_else() {
    on_both(async |world: World| {
        let one = plugin("one");
        let desk = world.desk("host", broken);
        let id = world.start(&one, 1.0, None).await;
        world.until(&one, &id, "failed").await;
        desk.idle().await;
        let job = world.job(&one, &id).await.unwrap();
        assert!(job.fault.unwrap().contains("solver-failed"));
        assert_eq!(world.told(&one).await[0].2["error"]["code"], "solver-failed");
        assert_eq!(desk.figures().failed, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_rule_or_is_counted_wrongly_is_neither_told_nor_stored() {
    on_both(async |world: World| {
        let one = plugin("one");
        let solvers: [(Solver, _); 2] =
            [(lying, "one day"), (miscounting, "1 without a place and a cost of 8999, and there are 1 and it is 9000")];
        for (solver, told) in solvers {
            let desk = world.desk("host", solver);
            let id = world.start(&one, 1.0, None).await;
            world.until(&one, &id, "failed").await;
            desk.idle().await;
            let fault = world.job(&one, &id).await.unwrap().fault.unwrap();
            assert!(fault.contains("solver-failed") && fault.contains(told), "{fault}");
            // What it found before is kept.
            let solution: serde_json::Value = serde_json::from_str(&world.solution(&one, &id).await.unwrap()).unwrap();
            assert_eq!((&solution["assignments"], &solution["cost"]["soft"]), (&json!([]), &json!(10_000)));
            desk.shutdown().await;
        }
        let progress = world.news.progress.lock();
        assert!(progress.iter().all(|event| !event.payload.contains("\"soft\":9000")), "{progress:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_forgotten_ends_and_nobody_is_told() {
    on_both(async |world: World| {
        let one = plugin("one");
        let desk = world.desk("host", steady);
        let id = world.start(&one, 60.0, None).await;
        world.under_way(&one, &id).await;
        until("it to be forgotten", async || {
            let mut transaction = world.write(&one).await;
            transaction.forget_solve(&id).await.is_ok() && transaction.commit().await.is_ok()
        })
        .await;
        world.wake(&desk, &one);
        desk.idle().await;
        assert_eq!((world.state(&one, &id).await.as_str(), world.told(&one).await.len()), ("gone", 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_plugin_that_is_disabled_end() {
    on_both(async |world: World| {
        let (one, two) = (plugin("one"), plugin("two"));
        let desk = world.desk("host", steady);
        let (running, waiting) = (world.start(&one, 60.0, None).await, world.start(&one, 60.0, None).await);
        world.under_way(&one, &running).await;
        world.disable(&one);
        desk.withdraw(&world.convention, &one).await;
        assert_eq!(world.state(&one, &running).await, "cancelled");
        assert_eq!(world.state(&one, &waiting).await, "cancelled");
        assert_eq!(desk.figures().running, 0);
        // Nothing of it is written any more, so that its database can go.
        world.purge(&one).await;

        // What another host, or nobody, has told of is found.
        let found = world.start(&two, 60.0, None).await;
        world.under_way(&two, &found).await;
        world.disable(&two);
        world.until(&two, &found, "cancelled").await;
        desk.idle().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_ended_jobs_are_kept_than_may() {
    on_both(async |world: World| {
        let one = plugin("one");
        let desk = world.desk("host", steady);
        let mut all = Vec::new();
        for _ in 0..KEPT_JOBS + 2 {
            let id = world.start(&one, 1.0, Some(1)).await;
            world.wake(&desk, &one);
            world.until(&one, &id, "done").await;
            all.push(id);
        }
        assert_eq!(world.state(&one, &all[1]).await, "gone");
        assert_eq!(world.state(&one, &all[2]).await, "done");
    })
    .await;
}
