//! Whoever is slow or broken delays nobody else.

use crate::world::{Act, Gate, World, lasting, on_both, plugin};

#[tokio::test]
async fn a_poisoned_key_stops_neither_other_keys_nor_other_subscribers() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        let two = world.subscriber("two", "t.e").await;
        world.script(|subscriber, event, _| match event.key.as_str() {
            "poison" if *subscriber == plugin("one") => Act::Fail(lasting()),
            _ => Act::Do,
        });
        let bus = world.start();
        world.emit(&[("t.e", "poison", "1"), ("t.e", "poison", "2"), ("t.e", "a", "3"), ("t.e", "b", "4")]).await;
        world.wake(&bus);
        // Without the clock moving: nothing waits for the poisoned key's retries.
        bus.settled().await;
        let sorted = async |subscriber| {
            let mut seen = world.seen(subscriber).await;
            seen.sort();
            seen.join(" ")
        };
        assert_eq!(sorted(&one).await, "3 4");
        assert_eq!(sorted(&two).await, "1 2 3 4");
    })
    .await;
}

#[tokio::test]
async fn a_slow_subscriber_with_many_keys_leaves_places_to_others() {
    on_both(async |world: World| {
        let slow = world.subscriber("a-slow", "t.e").await;
        let quick = world.subscriber("b-quick", "t.e").await;
        let gate = Gate::closed();
        let held = gate.clone();
        world.script(
            move |subscriber, _, _| {
                if *subscriber == plugin("a-slow") { Act::Wait(held.clone()) } else { Act::Do }
            },
        );
        let config = conman_bus::BusConfig { concurrency: 4, per_subscriber: 3, ..world.config("host") };
        let bus = world.start_as(config, world.clock.clone());
        let keys: Vec<String> = (0..50).map(|n| n.to_string()).collect();
        let events: Vec<_> = keys.iter().map(|key| ("t.e", key.as_str(), key.as_str())).collect();
        world.emit(&events).await;
        world.wake(&bus);
        world.handlers.until(async || world.seen(&quick).await.len() == 50).await;
        assert!(world.seen(&slow).await.is_empty());
        gate.open();
        bus.idle().await;
        assert_eq!(world.seen(&slow).await.len(), 50);
    })
    .await;
}
