//! Hosts that stop or die while they work on a job.

use conman_solving::limits::INTERRUPTIONS;
use serde_json::Value;

use crate::world::{World, breaking, forgetful, on_both, plugin, steady};

/// How long was searched, and what the best timetable is said to cost, as it is stored.
async fn course(world: &World, id: &str) -> (f64, u64) {
    let course = world.job(&plugin("one"), id).await.unwrap().course.unwrap();
    let course: Value = serde_json::from_str(&course).unwrap();
    let best = course["costs"].as_array().and_then(|costs| costs.last()).unwrap();
    (course["elapsed"].as_f64().unwrap(), best["soft"].as_u64().unwrap())
}

/// What the stored timetable says it costs.
async fn cost(world: &World, id: &str) -> u64 {
    let solution = world.solution(&plugin("one"), id).await.unwrap();
    serde_json::from_str::<Value>(&solution).unwrap()["cost"]["soft"].as_u64().unwrap()
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
        let (before, best) = course(&world, &id).await;
        assert!(before < 2.0);
        // Nothing better is told of than whoever goes on finds.
        assert_eq!(cost(&world, &id).await, best);

        let desk = world.desk("host", steady);
        world.until(&one, &id, "done").await;
        desk.idle().await;
        assert_eq!((world.tries(&one, &id).await, world.told(&one).await.len()), (2, 1));
        let (after, best) = course(&world, &id).await;
        assert!(before < after && after < 2.5, "{before} {after}");
        // Gone on with, the solver begins with less.
        assert!(best < 1000, "{best}");
        assert_eq!(cost(&world, &id).await, best);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_stops_puts_its_job_back_and_that_is_not_held_against_it() {
    on_both(async |world: World| {
        let one = plugin("one");
        let id = world.start(&one, 30.0, None).await;
        for stopped in 1..=i64::from(INTERRUPTIONS) + 1 {
            let desk = world.desk("host", steady);
            world.until(&one, &id, "running").await;
            desk.shutdown().await;
            // The number it worked by never stands again: should the host, unsure whether it gave the job back, do so once more, it
            // writes nothing.
            assert_eq!((world.state(&one, &id).await.as_str(), world.tries(&one, &id).await), ("queued", stopped));
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
        let error = &world.told(&one).await[0].2["error"];
        assert_eq!(error["code"], "interrupted");
        assert!(error["message"].as_str().unwrap().contains("left unfinished 3 times"), "{error}");
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

#[tokio::test(flavor = "multi_thread")]
async fn nothing_worse_is_answered_than_what_was_stored() {
    on_both(async |world: World| {
        let one = plugin("one");
        let dying = world.desk("host", steady);
        let id = world.start(&one, 1.0, None).await;
        world.under_way(&one, &id).await;
        drop(dying);
        let (before, best) = course(&world, &id).await;
        let desk = world.desk("host", forgetful);
        world.until(&one, &id, "done").await;
        desk.idle().await;
        assert_eq!((course(&world, &id).await.1, cost(&world, &id).await), (best, best), "{before}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_before_the_solver_breaks_is_kept() {
    on_both(async |world: World| {
        let one = plugin("one");
        let desk = world.desk("host", breaking);
        let id = world.start(&one, 1.0, None).await;
        world.until(&one, &id, "failed").await;
        desk.idle().await;
        assert_eq!((course(&world, &id).await.1, cost(&world, &id).await), (10_000, 10_000));
    })
    .await;
}
