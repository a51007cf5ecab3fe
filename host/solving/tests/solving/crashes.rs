//! Hosts that stop or die while they work on a job.

use conman_solving::limits::INTERRUPTIONS;
use serde_json::Value;

use crate::world::{World, on_both, plugin, steady};

async fn elapsed(world: &World, id: &str) -> f64 {
    let course = world.job(&plugin("one"), id).await.unwrap().course.unwrap();
    serde_json::from_str::<Value>(&course).unwrap()["elapsed"].as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_host_dies_goes_on_from_its_best_for_the_rest_of_its_time() {
    on_both(async |world: World| {
        let one = plugin("one");
        let dying = world.desk("host", steady);
        let id = world.start(&one, 2.0, None).await;
        world.under_way(&one, &id).await;
        // Dropped, it stops where it is.
        drop(dying);
        let before = elapsed(&world, &id).await;
        assert!(before < 2.0);

        let desk = world.desk("host", steady);
        world.until(&one, &id, "done").await;
        desk.idle().await;
        assert_eq!((world.tries(&one, &id).await, world.told(&one).await.len()), (2, 1));
        let after = elapsed(&world, &id).await;
        assert!(before < after && after < 2.5, "{before} {after}");
        // Gone on with, the solver begins with less.
        let solution: Value = serde_json::from_str(&world.solution(&one, &id).await.unwrap()).unwrap();
        assert!(solution["cost"]["soft"].as_u64().unwrap() < 1000, "{solution}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_stops_puts_its_job_back_and_that_is_not_held_against_it() {
    on_both(async |world: World| {
        let one = plugin("one");
        let id = world.start(&one, 30.0, None).await;
        for _ in 0..=INTERRUPTIONS {
            let desk = world.desk("host", steady);
            world.until(&one, &id, "running").await;
            desk.shutdown().await;
            assert_eq!((world.state(&one, &id).await.as_str(), world.tries(&one, &id).await), ("queued", 0));
        }
        assert!(world.solution(&one, &id).await.is_some());
        assert_eq!((world.turns().await, world.told(&one).await.len()), (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_every_host_dies_over_is_given_up() {
    on_both(async |world: World| {
        let one = plugin("one");
        let id = world.start(&one, 30.0, None).await;
        for died in 1..=INTERRUPTIONS {
            let desk = world.desk("host", steady);
            while world.tries(&one, &id).await < i64::from(died) {
                tokio::task::yield_now().await;
            }
            drop(desk);
        }
        let desk = world.desk("host", steady);
        world.until(&one, &id, "failed").await;
        desk.idle().await;
        assert_eq!(world.told(&one).await[0].2["error"]["code"], "interrupted");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_cancelled_while_its_host_was_dead_ends() {
    on_both(async |world: World| {
        let one = plugin("one");
        let dying = world.desk("host", steady);
        let id = world.start(&one, 30.0, None).await;
        world.under_way(&one, &id).await;
        drop(dying);
        world.cancel(&one, &id).await;
        let desk = world.desk("host", steady);
        world.until(&one, &id, "cancelled").await;
        desk.idle().await;
        assert!(world.solution(&one, &id).await.is_some());
    })
    .await;
}
