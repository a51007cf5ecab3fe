//! Events arrive: in order, at everybody who wants them, and once in effect.

use std::sync::atomic::Ordering;
use std::time::Duration;

use conman_kernel::event::MAX_HOPS;
use conman_kernel::fault::{Fault, code};

use crate::world::{Act, Gate, World, lasting, on_both, passing};

#[tokio::test]
async fn everybody_who_wants_an_event_gets_it_once() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "talk.moved").await;
        let two = world.subscriber("two", "talk.moved").await;
        let other = world.subscriber("other", "talk.held").await;
        let bus = world.start();
        world.emit(&[("talk.moved", "a", "1"), ("talk.gone", "a", "2"), ("talk.moved", "b", "3")]).await;
        world.wake(&bus);
        bus.idle().await;
        for subscriber in [&one, &two] {
            let mut seen = world.seen(subscriber).await;
            seen.sort();
            assert_eq!(seen, ["1", "3"]);
        }
        assert!(world.seen(&other).await.is_empty());
        assert_eq!((world.unsent().await, world.handlers.calls()), (0, 4));
        assert_eq!(*world.heard.0.lock(), ["1", "2", "3"], "listeners hear of all events");
        let figures = bus.figures();
        assert_eq!((figures.relayed, figures.delivered, figures.in_flight), (3, 4, 0));
    })
    .await;
}

#[tokio::test]
async fn what_the_host_does_for_a_plugin_is_told_to_that_plugin_alone() {
    on_both(async |world: World| {
        let own = world.subscriber("publisher", "scheduler.ended").await;
        let other = world.subscriber("other", "scheduler.ended").await;
        let bus = world.start();
        world.emit(&[("scheduler.ended", "a", "1"), ("schedulers.ended", "a", "2")]).await;
        world.wake(&bus);
        bus.idle().await;
        assert_eq!((world.seen(&own).await, world.seen(&other).await), (vec!["1".to_owned()], Vec::new()));
    })
    .await;
}

#[tokio::test]
async fn order_holds_within_a_key_however_often_tries_fail() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        // A third of all events fails twice, a third loses its answer once.
        world.script(|_, event, call| match (event.payload.parse::<u32>().unwrap() % 3, call) {
            (0, 1 | 2) => Act::Fail(passing()),
            (1, 1) => Act::DoAndFail,
            _ => Act::Do,
        });
        let bus = world.start();
        let payloads: Vec<String> = (0..60).map(|n| n.to_string()).collect();
        let keys = ["a", "b", "c", ""];
        for chunk in (0..60).collect::<Vec<usize>>().chunks(7) {
            let events: Vec<_> = chunk.iter().map(|n| ("t.e", keys[n % 4], payloads[*n].as_str())).collect();
            world.emit(&events).await;
            world.wake(&bus);
        }
        world.pass_until_idle(&bus).await;
        for (at, key) in keys.iter().enumerate() {
            let expected: Vec<_> = (0..60).filter(|n| n % 4 == at).map(|n| n.to_string()).collect();
            assert_eq!(world.seen_of(&one, key).await, expected, "key {key:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_failed_try_is_made_again_when_its_time_has_come_and_not_before() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        world.script(|_, _, call| if call <= 3 { Act::Fail(passing()) } else { Act::Do });
        let bus = world.start();
        world.emit(&[("t.e", "a", "1")]).await;
        world.wake(&bus);
        let mut calls = Vec::new();
        for step in [0, 199, 1, 399, 1, 799, 1] {
            world.clock.advance(Duration::from_millis(step));
            bus.settled().await;
            calls.push(world.handlers.calls());
        }
        assert_eq!(calls, [1, 1, 2, 2, 3, 3, 4]);
        assert_eq!(world.seen(&one).await, ["1"]);
        bus.idle().await;
    })
    .await;
}

#[tokio::test]
async fn a_subscriber_that_is_overloaded_for_an_hour_loses_nothing() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        world.script(|_, _, call| match call {
            1..=20 => Act::Fail(Fault::new(code::OVERLOADED, "the breaker is open").retryable()),
            _ => Act::Do,
        });
        let bus = world.start();
        world.emit(&[("t.e", "a", "1"), ("t.e", "a", "2")]).await;
        world.wake(&bus);
        world.pass_until_idle(&bus).await;
        assert_eq!(world.seen(&one).await, ["1", "2"]);
    })
    .await;
}

#[tokio::test]
async fn events_that_go_in_circles_come_to_an_end() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        let bus = world.start();
        world.emit_after(MAX_HOPS - 1, &[("t.e", "a", "last")]).await;
        world.emit_after(MAX_HOPS, &[("t.e", "a", "one too many")]).await;
        world.emit(&[("t.e", "a", "next")]).await;
        world.wake(&bus);
        bus.idle().await;
        assert_eq!(world.seen(&one).await, ["last", "next"]);
        assert_eq!(world.hops(&one).await, ["7", "0"]);
        let dead = world.dead(&bus).await;
        assert_eq!((dead.len(), &dead[0].fault.code, dead[0].attempts), (1, &code::HOP_LIMIT, 0));
    })
    .await;
}

#[tokio::test]
async fn what_is_on_its_way_to_a_disabled_plugin_waits_in_order() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        world.script(|_, _, call| if call == 1 { Act::Fail(passing()) } else { Act::Do });
        let bus = world.start();
        world.emit(&[("t.e", "a", "1"), ("t.e", "a", "2")]).await;
        world.wake(&bus);
        bus.settled().await;
        let wanted = std::mem::take(&mut *world.subscriptions.enabled.lock());
        bus.subscriptions_changed();
        world.clock.advance(Duration::from_secs(1));
        bus.idle().await;
        // Nobody wants this one: it is not kept.
        world.emit(&[("t.e", "a", "3")]).await;
        world.wake(&bus);
        bus.idle().await;
        assert!(world.seen(&one).await.is_empty());
        assert_eq!((world.count(&["held"]).await, world.count(&["waiting"]).await), (1, 1));
        *world.subscriptions.enabled.lock() = wanted;
        world.emit(&[("t.e", "a", "4")]).await;
        world.wake(&bus);
        bus.subscriptions_changed();
        world.pass_until_idle(&bus).await;
        assert_eq!(world.seen(&one).await, ["1", "2", "4"]);
    })
    .await;
}

#[tokio::test]
async fn what_is_emitted_while_a_subscriber_cannot_be_run_waits_for_it() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        world.subscriptions.absent.lock().insert(one.clone());
        let bus = world.start();
        world.emit(&[("t.e", "a", "1"), ("t.e", "a", "2"), ("t.e", "b", "3")]).await;
        world.wake(&bus);
        bus.idle().await;
        assert_eq!((world.handlers.calls(), world.unsent().await), (0, 0));
        assert_eq!((world.count(&["held"]).await, world.count(&["waiting"]).await), (2, 1));
        world.subscriptions.absent.lock().clear();
        bus.subscriptions_changed();
        world.pass_until_idle(&bus).await;
        assert_eq!(world.seen_of(&one, "a").await, ["1", "2"]);
        assert_eq!(world.seen_of(&one, "b").await, ["3"]);
    })
    .await;
}

#[tokio::test]
async fn events_stay_in_their_outbox_while_nobody_knows_who_wants_them() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        world.subscriptions.unknown.store(true, Ordering::SeqCst);
        let bus = world.start();
        world.emit(&[("t.e", "a", "1")]).await;
        world.wake(&bus);
        world.subscriptions.refused.notified().await;
        bus.shutdown().await;
        assert_eq!((world.unsent().await, world.heard.0.lock().len()), (1, 0));
        world.subscriptions.unknown.store(false, Ordering::SeqCst);
        let bus = world.start();
        bus.idle().await;
        assert_eq!((world.unsent().await, world.seen(&one).await), (0, vec!["1".to_owned()]));
    })
    .await;
}

#[tokio::test]
async fn a_panic_costs_one_try() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        world.script(|_, event, call| if event.payload == "1" && call == 1 { Act::Panic } else { Act::Do });
        let bus = world.start();
        world.emit(&[("t.e", "a", "1"), ("t.e", "a", "2")]).await;
        world.wake(&bus);
        world.pass_until_idle(&bus).await;
        assert_eq!(world.seen(&one).await, ["1", "2"]);
    })
    .await;
}

#[tokio::test]
async fn shutting_down_finishes_what_runs_and_starts_nothing_more() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        let gate = Gate::closed();
        let held = gate.clone();
        world.script(move |_, _, _| Act::Wait(held.clone()));
        let bus = world.start();
        world.emit(&[("t.e", "a", "1"), ("t.e", "a", "2")]).await;
        world.wake(&bus);
        world.handlers.until(async || world.handlers.calls() == 1).await;
        let stopping = tokio::spawn({
            let bus = bus.clone();
            async move { bus.shutdown().await }
        });
        gate.open();
        stopping.await.unwrap();
        assert_eq!((world.seen(&one).await, world.handlers.calls()), (vec!["1".to_owned()], 1));
        let bus = world.start();
        bus.idle().await;
        assert_eq!((world.seen(&one).await.len(), world.handlers.calls()), (2, 2));
    })
    .await;
}

#[tokio::test]
async fn many_events_of_many_transactions_all_arrive() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        let bus = world.start();
        let payloads: Vec<String> = (0..250).map(|n| format!("{n:03}")).collect();
        // More than one batch at once.
        let events: Vec<_> = payloads.iter().map(|payload| ("t.e", "a", payload.as_str())).collect();
        world.emit(&events).await;
        world.wake(&bus);
        bus.idle().await;
        assert_eq!(world.seen(&one).await, payloads);
        assert_eq!(world.dead(&bus).await.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_dead_event_lets_the_next_of_its_key_pass() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        world.script(|_, event, _| if event.payload == "1" { Act::Fail(lasting()) } else { Act::Do });
        let bus = world.start();
        world.emit(&[("t.e", "a", "1"), ("t.e", "a", "2")]).await;
        world.wake(&bus);
        bus.settled().await;
        assert!(world.seen(&one).await.is_empty(), "the second waits while the first is retried");
        world.pass_until_idle(&bus).await;
        assert_eq!(world.seen(&one).await, ["2"]);
    })
    .await;
}

#[tokio::test]
async fn what_a_publisher_left_is_taken_over_on_request_or_refused() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        let bus = world.start();
        bus.idle().await;
        world.emit(&[("t.e", "a", "1"), ("t.e", "a", "2")]).await;
        world.stuck.store(true, Ordering::SeqCst);
        assert!(bus.take_over(&world.convention, &world.publisher).await.is_err());
        assert_eq!(world.unsent().await, 2);
        world.stuck.store(false, Ordering::SeqCst);
        // Nobody has told the bus of these events, and nothing but their publisher's outbox knows of them.
        bus.take_over(&world.convention, &world.publisher).await.unwrap();
        assert_eq!(world.unsent().await, 0);
        bus.idle().await;
        assert_eq!(world.seen(&one).await, ["1", "2"]);
        // Nothing is left to take over.
        bus.take_over(&world.convention, &world.publisher).await.unwrap();
        assert_eq!(bus.figures().relayed, 2);
    })
    .await;
}

#[tokio::test]
async fn who_is_taken_over_is_relayed_by_nobody_else_meanwhile() {
    on_both(async |world: World| {
        world.subscriber("one", "t.e").await;
        world.script(|_, _, call| if call == 1 { Act::Fail(passing()) } else { Act::Do });
        let bus = world.start();
        world.emit(&[("t.e", "a", "1")]).await;
        world.wake(&bus);
        bus.settled().await;
        world.emit(&[("t.e", "b", "2")]).await;
        let gate = Gate::closed();
        *world.subscriptions.gate.lock() = Some(gate.clone());
        let waking = async {
            world.subscriptions.waiting.notified().await;
            world.wake(&bus);
            // The first is due again: once it is tried, the bus has also looked at who woke it.
            world.clock.advance(Duration::from_secs(3600));
            bus.look_again();
            world.handlers.until(async || world.handlers.calls() >= 2).await;
            gate.open();
        };
        let (taken_over, ()) = tokio::join!(bus.take_over(&world.convention, &world.publisher), waking);
        taken_over.unwrap();
        world.pass_until_idle(&bus).await;
        assert_eq!(*world.heard.0.lock(), ["1", "2"]);
        assert_eq!(bus.figures().relayed, 2);
    })
    .await;
}
