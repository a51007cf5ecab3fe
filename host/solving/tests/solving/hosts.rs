//! Several hosts on one database, and several plugins in one convention.

use std::time::Duration;

use conman_kernel::id::PluginId;
use parking_lot::Mutex;

use crate::world::{World, on_both, plugin, steady, until};

/// Waits until all these jobs are done; answers which were seen to run, one after the other.
async fn ran(jobs: &[(&World, &PluginId, String)]) -> Vec<usize> {
    let ran = Mutex::new(Vec::new());
    until("all jobs to end", async || {
        let (mut running, mut done) = (Vec::new(), 0);
        for (at, (world, plugin, id)) in jobs.iter().enumerate() {
            match world.state(plugin, id).await.as_str() {
                "running" => running.push(at),
                "done" => done += 1,
                _ => {}
            }
        }
        ran.lock().extend(running);
        done == jobs.len()
    })
    .await;
    let mut ran = ran.into_inner();
    ran.dedup();
    ran
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_convention_one_job_runs_at_a_time_in_the_order_they_were_started() {
    on_both(async |world: World| {
        let (one, two) = (plugin("one"), plugin("two"));
        let mut jobs = Vec::new();
        for plugin in [&one, &two, &one] {
            jobs.push((&world, plugin, world.start(plugin, 0.4, None).await));
        }
        let desks = [world.desk("here", steady), world.desk("there", steady)];
        assert_eq!(ran(&jobs).await, [0, 1, 2]);
        for (world, plugin, id) in &jobs {
            assert_eq!(world.tries(plugin, id).await, 1, "each was taken up once");
        }
        for desk in &desks {
            desk.shutdown().await;
        }
        assert_eq!(world.told(&one).await.len() + world.told(&two).await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_starts_many_jobs_does_not_keep_its_neighbour_waiting() {
    on_both(async |world: World| {
        let (one, two) = (plugin("one"), plugin("two"));
        let mut jobs = Vec::new();
        for plugin in [&one, &one, &one, &two] {
            jobs.push((&world, plugin, world.start(plugin, 0.4, None).await));
        }
        let desk = world.desk("host", steady);
        assert_eq!(ran(&jobs).await, [0, 3, 1, 2]);
        desk.idle().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conventions_share_a_hosts_threads_in_turn() {
    on_both(async |here: World| {
        let (there, one) = (here.another(), plugin("one"));
        let mut jobs = Vec::new();
        for world in [&here, &here, &there, &there] {
            jobs.push((world, &one, world.start(&one, 0.4, None).await));
        }
        let desk = here.desk_of("host", steady, 1);
        // One after the other, and each convention when the other has had its turn. Which comes first is chance: ids decide.
        let ran = ran(&jobs).await;
        assert!(ran == [0, 2, 1, 3] || ran == [2, 0, 3, 1], "{ran:?}");
        desk.idle().await;
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

/// It has not seen yet that its turn is over, so that only the number by which it works tells it.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_whose_job_another_has_taken_up_writes_nothing_more() {
    on_both(async |world: World| {
        let one = plugin("one");
        let _desk = world.desk("here", steady);
        let id = world.start(&one, 60.0, None).await;
        world.under_way(&one, &id).await;
        world.take_up(&one, &id, "there").await;
        // It lets go of the job and, since the turn is still its own, begins anew.
        until("the job to be taken up again", async || world.tries(&one, &id).await == 3).await;
        world.cancel(&one, &id).await;
        world.until(&one, &id, "cancelled").await;
        assert_eq!((world.tries(&one, &id).await, world.told(&one).await.len()), (3, 1));
    })
    .await;
}
