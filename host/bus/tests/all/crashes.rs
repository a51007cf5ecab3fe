//! The bus stops between any two of its steps, and goes on.
//!
//! Dropping a bus without shutting it down is such a stop: nothing more is written, as when the process was killed.

use std::sync::atomic::Ordering;

use conman_bus::{BusConfig, BusError, RetrySchedule};
use conman_kernel::dispatch::CommitListener as _;
use conman_kernel::sql::SqlError;
use conman_storage::Unsent;

use crate::world::{Act, Gate, World, on_both, plugin};

#[tokio::test]
async fn between_copying_an_event_and_deleting_it_from_its_outbox() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        world.stuck.store(true, Ordering::SeqCst);
        let bus = world.start();
        world.emit(&[("t.e", "a", "1"), ("t.e", "a", "2")]).await;
        world.wake(&bus);
        while bus.figures().delivered < 2 {
            tokio::task::yield_now().await;
        }
        drop(bus);
        assert_eq!(world.unsent().await, 2);
        world.stuck.store(false, Ordering::SeqCst);
        let bus = world.start();
        bus.idle().await;
        assert_eq!(world.unsent().await, 0);
        assert_eq!(world.seen(&one).await, ["1", "2"]);
        assert_eq!(world.handlers.calls(), 2, "the copies were recognised");
        let heard = world.heard.0.lock().clone();
        assert!(heard.len() >= 4, "listeners hear at least once: {heard:?}");
    })
    .await;
}

#[tokio::test]
async fn between_an_effect_and_writing_down_that_it_happened() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        let gate = Gate::closed();
        let held = gate.clone();
        world.script(move |_, _, call| if call == 1 { Act::Wait(held.clone()) } else { Act::Do });
        let bus = world.start();
        world.emit(&[("t.e", "a", "1"), ("t.e", "a", "2")]).await;
        world.wake(&bus);
        world.handlers.until(async || world.handlers.calls() == 1).await;
        // The handler outlives the bus and commits; nobody hears its answer.
        drop(bus);
        gate.open();
        world.handlers.until(async || world.seen(&one).await.len() == 1).await;
        let bus = world.start();
        bus.idle().await;
        assert_eq!(world.seen(&one).await, ["1", "2"]);
        assert_eq!(world.handlers.calls(), 3, "the first was delivered twice and had effect once");
    })
    .await;
}

#[tokio::test]
async fn before_anything_was_looked_at() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        world.emit(&[("t.e", "a", "1")]).await;
        // Nobody wakes this bus: it finds the outbox full.
        let bus = world.start();
        bus.idle().await;
        assert_eq!(world.seen(&one).await, ["1"]);
    })
    .await;
}

#[tokio::test]
async fn every_time_at_the_same_event_until_that_is_given_up() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        let never = Gate::closed();
        let held = never.clone();
        world.script(move |_, event, _| if event.payload == "1" { Act::Wait(held.clone()) } else { Act::Do });
        world.emit(&[("t.e", "a", "1"), ("t.e", "a", "2")]).await;
        let retry = RetrySchedule { tries: 3, ..RetrySchedule::default() };
        let config = || BusConfig { retry: retry.clone(), ..world.config("host") };
        for crash in 1..=3 {
            let bus = world.start_as(config(), world.clock.clone());
            world.handlers.until(async || world.handlers.calls() == crash).await;
            drop(bus);
        }
        let bus = world.start_as(config(), world.clock.clone());
        bus.idle().await;
        assert_eq!(world.seen(&one).await, ["2"]);
        let dead = world.dead(&bus).await.remove(0);
        assert_eq!((dead.fault.code.as_str(), dead.attempts), ("interrupted", 3));
    })
    .await;
}

#[tokio::test]
async fn what_has_stopped_takes_nothing_over() {
    on_both(async |world: World| {
        world.subscriber("one", "t.e").await;
        let bus = world.start();
        bus.shutdown().await;
        world.emit(&[("t.e", "a", "1")]).await;
        let refused = bus.take_over(&world.convention, &world.publisher).await;
        assert!(matches!(refused, Err(BusError::Sql(SqlError::Unavailable(_)))), "{refused:?}");
        assert_eq!(world.unsent().await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_outbox_that_is_gone_is_empty() {
    on_both(async |world: World| {
        let gone = plugin("gone");
        let bus = world.start();
        bus.waker().committed(&world.convention, &gone, true);
        bus.idle().await;
        bus.take_over(&world.convention, &gone).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_outbox_that_is_purged_during_a_relay_is_empty() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        let bus = world.start();
        bus.idle().await;
        world.emit(&[("t.e", "a", "1")]).await;
        let gate = Gate::closed();
        *world.subscriptions.gate.lock() = Some(gate.clone());
        let purging = async {
            world.subscriptions.waiting.notified().await;
            world.storage.purge(&world.convention, &world.publisher, Unsent::Lost).await.unwrap();
            gate.open();
        };
        let (taken_over, ()) = tokio::join!(bus.take_over(&world.convention, &world.publisher), purging);
        taken_over.unwrap();
        bus.idle().await;
        assert_eq!(world.seen(&one).await, ["1"], "it had been read");
    })
    .await;
}
