//! Several hosts on one database, and several plugins in one convention.

use std::time::Duration;

use crate::world::{World, on_both, plugin, steady, until};

#[tokio::test(flavor = "multi_thread")]
async fn in_a_convention_one_job_runs_at_a_time_in_the_order_they_were_started() {
    on_both(async |world: World| {
        let (one, two) = (plugin("one"), plugin("two"));
        let jobs = [
            (&one, world.start(&one, 0.3, None).await),
            (&two, world.start(&two, 0.3, None).await),
            (&one, world.start(&one, 0.3, None).await),
        ];
        let desks = [world.desk("here", steady), world.desk("there", steady)];
        let mut seen = Vec::new();
        until("all jobs to end", async || {
            let mut states = Vec::new();
            for (plugin, id) in &jobs {
                states.push(world.state(plugin, id).await);
            }
            states.iter().all(|state| state == "done")
        })
        .await;
        for (plugin, id) in &jobs {
            let job = world.job(plugin, id).await.unwrap();
            assert_eq!(world.tries(plugin, id).await, 1, "each ran once");
            seen.push((job.started_at, id.clone()));
        }
        for desk in &desks {
            desk.shutdown().await;
        }
        assert_eq!(world.told(&one).await.len() + world.told(&two).await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_takes_over_when_the_turn_has_ended_and_not_before() {
    on_both(async |world: World| {
        let one = plugin("one");
        let dying = world.desk("here", steady);
        let id = world.start(&one, 20.0, Some(200)).await;
        world.under_way(&one, &id).await;
        drop(dying);
        let desk = world.desk("there", steady);
        // It has looked, and found the turn to be another's.
        until("the other host to look", async || desk.figures().waiting == 1).await;
        assert_eq!(world.tries(&one, &id).await, 1);
        world.clock.advance(Duration::from_secs(1));
        world.until(&one, &id, "done").await;
        assert_eq!(world.tries(&one, &id).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_lost_its_turn_writes_nothing_more() {
    on_both(async |world: World| {
        let one = plugin("one");
        let desk = world.desk("here", steady);
        let id = world.start(&one, 20.0, Some(200)).await;
        world.under_way(&one, &id).await;
        // As it is when this host hung for longer than its turn lasted.
        world.take_turn("there").await;
        until("the job to be let go", async || desk.figures().running == 0).await;
        let left = world.job(&one, &id).await.unwrap();
        assert_eq!((left.state.as_str(), world.tries(&one, &id).await), ("running", 1));
        assert_eq!(world.told(&one).await.len(), 0);
        // Nor does it take the job up again before the turn is its own.
        until("it to ask again", async || desk.figures().waiting == 1).await;
        assert_eq!(world.job(&one, &id).await.unwrap(), left);
        world.clock.advance(Duration::from_secs(3600));
        world.until(&one, &id, "done").await;
        assert_eq!((world.tries(&one, &id).await, world.told(&one).await.len()), (2, 1));
    })
    .await;
}
