//! A warm request costs no database call, and what changed is noticed all the same.

use conman_identity::{Declared, NewToken, Who};
use conman_kernel::actor::Actor;
use conman_kernel::convention::ConventionState;

use crate::world::{World, declared, on_both, role};

#[tokio::test]
async fn a_warm_request_does_not_reach_the_database() {
    on_both(async |world: World| {
        let (account, _) = world.person("ada", &world.moon, "staff").await;
        let bearer = world.bearer(&account).await;
        let new = NewToken {
            account: Some(account.id.clone()),
            name: "app".to_owned(),
            scopes: vec!["*".to_owned()],
            convention: None,
            expires_at: None,
        };
        let token = world.identity.create_token(&Actor::system(), &new).await.unwrap();
        let declared = declared(&[("shift.read", &["public"])]);
        let all = async || {
            for bearer in [None, Some(bearer.as_str()), Some(token.secret.reveal())] {
                for convention in [None, Some(&world.moon), Some(&world.mars)] {
                    world.identity.authenticate(bearer, convention, &declared).await.unwrap();
                }
            }
            world.identity.convention_by_slug(&world.moon.slug).await.unwrap().unwrap();
        };
        all().await;
        world.identity.settle().await;
        let before = world.begins();
        for _ in 0..100 {
            all().await;
        }
        world.identity.settle().await;
        assert_eq!(world.begins(), before);
    })
    .await;
}

#[tokio::test]
async fn stamps_are_written_once_a_minute_and_not_per_request() {
    on_both(async |world: World| {
        let (account, _) = world.person("ada", &world.moon, "staff").await;
        let bearer = world.bearer(&account).await;
        let used_at = async || {
            world.identity.settle().await;
            world.identity.sessions(&Actor::system(), &account.id).await.unwrap()[0].used_at
        };
        let signed_in = used_at().await;
        world.pass(59);
        world.actor(&bearer, &world.moon).await;
        assert_eq!(used_at().await, signed_in);
        world.pass(1);
        world.actor(&bearer, &world.moon).await;
        assert_eq!(used_at().await.as_second(), signed_in.as_second() + 60);
    })
    .await;
}

#[tokio::test]
async fn a_role_given_or_taken_counts_for_the_next_request() {
    on_both(async |world: World| {
        let (account, _) = world.person("ada", &world.moon, "attendee").await;
        let bearer = world.bearer(&account).await;
        let is_staff = async || world.actor(&bearer, &world.moon).await.roles.contains(&role("staff"));
        assert!(!is_staff().await);
        world.grant(&account, &World::realm(&world.moon), "staff").await;
        assert!(is_staff().await);
        let realm = World::realm(&world.moon);
        assert!(
            world
                .identity
                .revoke(&Actor::system(), &realm, &Who::Account(account.id.clone()), &role("staff"))
                .await
                .unwrap()
        );
        assert!(!is_staff().await);
    })
    .await;
}

#[tokio::test]
async fn what_another_host_changed_is_noticed_within_seconds() {
    on_both(async |world: World| {
        let other = world.second_host();
        let (account, _) = world.person("ada", &world.moon, "staff").await;
        let bearer = world.bearer(&account).await;
        let actor = world.actor(&bearer, &world.moon).await;
        other.set_convention_state(&Actor::system(), &world.mars.id, ConventionState::Archived).await.unwrap();
        other.sign_out(&bearer).await.unwrap();
        world.pass(5);
        assert_eq!(world.refused(&bearer).await, "unauthenticated");
        let mars = world.identity.convention(&world.mars.id).await.unwrap().unwrap();
        assert_eq!(mars.state, ConventionState::Archived);
        // What an actor made before holds is asked for anew by every management call.
        other.set_account_state(&Actor::system(), &account.id, conman_identity::AccountState::Disabled).await.unwrap();
        assert!(world.identity.overrides(&actor, &world.moon.id).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn other_plugins_permissions_make_another_actor() {
    on_both(async |world: World| {
        let (account, _) = world.person("ada", &world.moon, "staff").await;
        let bearer = world.bearer(&account).await;
        let with = declared(&[("shift.manage", &["staff"])]);
        let may = async |declared: &Declared| {
            let actor = world.identity.authenticate(Some(&bearer), Some(&world.moon), declared).await.unwrap();
            actor.may("shift.manage")
        };
        assert!(!may(&Declared::none()).await);
        assert!(may(&with).await);
        assert!(!may(&Declared::none()).await);
    })
    .await;
}
