//! What could not be delivered, and what people do about it.

use conman_bus::BusError;
use conman_kernel::id::{ConventionId, DeliveryId};

use crate::world::{Act, World, lasting, on_both};

#[tokio::test]
async fn a_dead_letter_keeps_the_event_and_what_went_wrong_and_is_replayed() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        world.script(|_, event, call| match event.payload.as_str() {
            "1" if call <= 3 => Act::Fail(lasting().at("/room").with_detail("a backtrace")),
            _ => Act::Do,
        });
        let bus = world.start();
        world.emit(&[("t.e", "a", "1"), ("t.e", "a", "2")]).await;
        world.wake(&bus);
        world.pass_until_idle(&bus).await;
        let dead = world.dead(&bus).await.remove(0);
        assert_eq!((dead.event.payload.as_str(), dead.event.key.as_str(), dead.attempts), ("1", "a", 3));
        assert_eq!(
            (dead.subscriber.clone(), dead.fault),
            (one.clone(), lasting().at("/room").with_detail("a backtrace"))
        );
        // Nobody of another convention gets at it.
        let other = bus.replay(&ConventionId::new(), &dead.id).await;
        assert!(matches!(other, Err(BusError::NotFound(_))), "{other:?}");
        assert!(bus.discard(&ConventionId::new(), &dead.id).await.is_err());
        assert!(bus.dead_letters(&ConventionId::new(), None, 10).await.unwrap().is_empty());
        bus.replay(&world.convention, &dead.id).await.unwrap();
        bus.idle().await;
        assert_eq!(world.seen(&one).await, ["2", "1"]);
        assert!(world.dead(&bus).await.is_empty());
        assert!(bus.replay(&world.convention, &dead.id).await.is_err(), "it is no dead letter any more");
    })
    .await;
}

#[tokio::test]
async fn a_replay_that_fails_again_is_dead_again() {
    on_both(async |world: World| {
        world.subscriber("one", "t.e").await;
        world.script(|_, _, _| Act::Fail(lasting()));
        let bus = world.start();
        world.emit(&[("t.e", "a", "1")]).await;
        world.wake(&bus);
        world.pass_until_idle(&bus).await;
        let first = world.dead(&bus).await.remove(0);
        bus.replay(&world.convention, &first.id).await.unwrap();
        world.pass_until_idle(&bus).await;
        let again = world.dead(&bus).await.remove(0);
        assert_eq!((again.id, again.attempts, world.handlers.calls()), (first.id, 3, 6));
    })
    .await;
}

#[tokio::test]
async fn replaying_all_keeps_the_order_within_a_key() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        world.script(|_, _, call| if call <= 3 { Act::Fail(lasting()) } else { Act::Do });
        let bus = world.start();
        world.emit(&[("t.e", "a", "1"), ("t.e", "b", "2"), ("t.e", "a", "3"), ("t.e", "a", "4")]).await;
        world.wake(&bus);
        world.pass_until_idle(&bus).await;
        assert_eq!(world.dead(&bus).await.len(), 4);
        assert_eq!(bus.replay_all(&world.convention, Some(&one)).await.unwrap(), 4);
        bus.idle().await;
        assert_eq!(world.seen_of(&one, "a").await, ["1", "3", "4"]);
        assert_eq!(world.seen_of(&one, "b").await, ["2"]);
    })
    .await;
}

#[tokio::test]
async fn dead_letters_are_paged_discarded_and_forgotten_with_their_plugin() {
    on_both(async |world: World| {
        let one = world.subscriber("one", "t.e").await;
        world.script(|_, _, _| Act::Fail(lasting()));
        let bus = world.start();
        world.emit(&[("t.e", "a", "1"), ("t.e", "b", "2"), ("t.e", "c", "3")]).await;
        world.wake(&bus);
        world.pass_until_idle(&bus).await;
        let first = bus.dead_letters(&world.convention, None, 2).await.unwrap();
        let rest = bus.dead_letters(&world.convention, Some(&first[1].id), 2).await.unwrap();
        assert_eq!((first.len(), rest.len()), (2, 1));
        bus.discard(&world.convention, &rest[0].id).await.unwrap();
        let gone = bus.discard(&world.convention, &rest[0].id).await;
        assert!(matches!(gone, Err(BusError::NotFound(_))), "{gone:?}");
        assert!(bus.discard(&world.convention, &DeliveryId::from_stored("nothing")).await.is_err());
        assert_eq!(bus.forget(&world.convention, &one).await.unwrap(), 2);
        assert!(world.dead(&bus).await.is_empty());
    })
    .await;
}
