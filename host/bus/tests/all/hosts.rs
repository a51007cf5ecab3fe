//! Several hosts on one database.

use std::sync::Arc;
use std::time::Duration;

use conman_bus::BusConfig;
use conman_kernel::clock::SystemClock;

use crate::world::{Act, Gate, World, on_both};

#[tokio::test]
async fn two_hosts_race_and_every_event_takes_effect_once_and_in_order() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        let two = world.subscriber("two", "t.e").await;
        // Short polls: a host is not told when the other has made room in a lane.
        let config = |host| BusConfig { poll: Duration::from_millis(20), ..world.config(host) };
        let buses = ["left", "right"].map(|host| world.start_as(config(host), Arc::new(SystemClock)));
        let payloads: Vec<String> = (0..100).map(|n| format!("{n:03}")).collect();
        for (n, payload) in payloads.iter().enumerate() {
            world.emit(&[("t.e", ["a", "b", "c"][n % 3], payload)]).await;
            for bus in &buses {
                world.wake(bus);
            }
        }
        let all = async || world.seen(&one).await.len() == 100 && world.seen(&two).await.len() == 100;
        world.handlers.until(all).await;
        for subscriber in [&one, &two] {
            for (at, key) in ["a", "b", "c"].iter().enumerate() {
                let expected: Vec<_> = (0..100).filter(|n| n % 3 == at).map(|n| format!("{n:03}")).collect();
                assert_eq!(world.seen_of(subscriber, key).await, expected);
            }
        }
        for bus in &buses {
            bus.shutdown().await;
        }
        assert_eq!(world.handlers.calls(), 200, "no delivery was handled by both");
    })
    .await;
}

#[tokio::test]
async fn a_claim_outlives_its_host_for_a_while_and_no_longer() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        let never = Gate::closed();
        let held = never.clone();
        world.script(move |_, _, call| if call == 1 { Act::Wait(held.clone()) } else { Act::Do });
        let left = world.start_as(world.config("left"), world.clock.clone());
        world.emit(&[("t.e", "a", "1")]).await;
        world.wake(&left);
        world.handlers.until(async || world.handlers.calls() == 1).await;
        drop(left);
        let right = world.start_as(world.config("right"), world.clock.clone());
        world.clock.advance(Duration::from_secs(59));
        right.settled().await;
        assert_eq!(world.handlers.calls(), 1);
        world.clock.advance(Duration::from_secs(1));
        right.idle().await;
        assert_eq!((world.seen(&one).await, world.handlers.calls()), (vec!["1".to_owned()], 2));
    })
    .await;
}

#[tokio::test]
async fn a_claim_is_prolonged_while_its_handler_runs() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        let gate = Gate::closed();
        let held = gate.clone();
        world.script(move |_, _, _| Act::Wait(held.clone()));
        let left = world.start_as(world.config("left"), world.clock.clone());
        world.emit(&[("t.e", "a", "1")]).await;
        world.wake(&left);
        world.handlers.until(async || world.handlers.calls() == 1).await;
        let right = world.start_as(world.config("right"), world.clock.clone());
        for _ in 0..4 {
            let before = world.claimed_until().await;
            world.clock.advance(Duration::from_secs(45));
            left.look_again();
            while world.claimed_until().await == before {
                tokio::task::yield_now().await;
            }
            right.settled().await;
        }
        assert_eq!(world.handlers.calls(), 1);
        gate.open();
        left.idle().await;
        assert_eq!((world.seen(&one).await, world.handlers.calls()), (vec!["1".to_owned()], 1));
    })
    .await;
}
