//! Signing in, staying signed in, and being kept from guessing.

use std::net::{IpAddr, Ipv4Addr};

use conman_identity::{Client, Declared, IdentityError};
use conman_kernel::actor::Actor;

use crate::world::{PASSWORD, World, on_both};

fn from(last: u8) -> Client {
    Client { address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))), agent: "test".to_owned() }
}

fn waits(outcome: Result<impl Sized, IdentityError>) -> Option<u64> {
    match outcome {
        Err(IdentityError::TooManyTries { wait }) => Some(wait.as_secs()),
        Err(IdentityError::WrongCredentials) | Ok(_) => None,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_session_lives_by_use_and_ends_in_any_case() {
    on_both(async |world: World| {
        let ada = world.account("ada").await;
        let bearer = world.bearer(&ada).await;
        const DAY: u64 = 24 * 3600;
        // Thirteen days apart it never lies idle for fourteen.
        for _ in 0..6 {
            world.pass(13 * DAY);
            world.actor(&bearer, &world.moon).await;
            world.identity.settle().await;
        }
        world.pass(13 * DAY);
        assert_eq!(world.refused(&bearer).await, "unauthenticated", "91 days are too many");
        let other = world.bearer(&ada).await;
        world.pass(14 * DAY);
        assert_eq!(world.refused(&other).await, "unauthenticated", "14 idle days are too many");
        // Stamps lag by up to a minute, so the sweep waits for as long.
        world.pass(60);
        assert_eq!(world.identity.sweep().await.unwrap().sessions, 2);
    })
    .await;
}

#[tokio::test]
async fn signing_out_counts_at_once_and_for_that_session_only() {
    on_both(async |world: World| {
        let ada = world.account("ada").await;
        let (one, two) = (world.bearer(&ada).await, world.bearer(&ada).await);
        world.actor(&one, &world.moon).await;
        let actor = world.actor(&two, &world.moon).await;
        world.identity.sign_out(&one).await.unwrap();
        assert_eq!(world.refused(&one).await, "unauthenticated");
        world.actor(&two, &world.moon).await;
        assert_eq!(world.identity.sessions(&actor, &ada.id).await.unwrap().len(), 1);
        assert_eq!(world.identity.sign_out_everywhere(&actor, &ada.id).await.unwrap(), 1);
        assert_eq!(world.refused(&two).await, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn nothing_but_a_secret_we_made_opens() {
    on_both(async |world: World| {
        let ada = world.account("ada").await;
        let bearer = world.bearer(&ada).await;
        let session = world.identity.sessions(&Actor::system(), &ada.id).await.unwrap().remove(0);
        let unknown = format!("cms_{}", "A".repeat(43));
        for wrong in ["", "cms_", "x", &unknown, &bearer[4..], &session.id, &bearer.to_lowercase()] {
            assert_eq!(world.refused(wrong).await, "unauthenticated", "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn guessing_one_password_gets_slower_and_slower() {
    on_both(async |world: World| {
        let ada = world.account("ada").await;
        // Every try from another address: the email itself is guarded.
        let guess = async |n: u8| waits(world.identity.sign_in(&ada.email, "wrong password", &from(n)).await);
        for n in 0..5 {
            assert_eq!(guess(n).await, None);
        }
        assert_eq!(guess(5).await, Some(2));
        world.pass(2);
        assert_eq!(guess(6).await, None);
        assert_eq!(guess(7).await, Some(4));
        // Neither the right password nor another host opens meanwhile.
        assert_eq!(waits(world.identity.sign_in(&ada.email, PASSWORD, &from(8)).await), Some(4));
        assert_eq!(waits(world.second_host().sign_in(&ada.email, PASSWORD, &from(9)).await), Some(4));
        world.pass(4);
        world.identity.sign_in(&ada.email, PASSWORD, &from(10)).await.unwrap();
        // Being right once wipes the slate.
        for n in 20..25 {
            assert_eq!(guess(n).await, None);
        }
    })
    .await;
}

#[tokio::test]
async fn tries_at_once_are_all_counted() {
    on_both(async |world: World| {
        let ada = world.account("ada").await;
        let mut guesses = tokio::task::JoinSet::new();
        for n in 0..20 {
            let (identity, email) = (world.identity.clone(), ada.email.clone());
            guesses.spawn(async move { identity.sign_in(&email, "wrong password", &from(n)).await.map(drop) });
        }
        let outcomes = guesses.join_all().await;
        let tried = outcomes.iter().filter(|outcome| matches!(outcome, Err(IdentityError::WrongCredentials))).count();
        assert!(tried <= 5, "{tried} of 20 guesses were checked");
    })
    .await;
}

#[tokio::test]
async fn one_password_tried_on_everybody_is_stopped_by_the_address() {
    on_both(async |world: World| {
        let ada = world.account("ada").await;
        for n in 0..30 {
            let email = format!("nobody{n}@example.org");
            assert_eq!(waits(world.identity.sign_in(&email, "Summer2026!!", &from(1)).await), None);
        }
        assert_eq!(waits(world.identity.sign_in(&ada.email, PASSWORD, &from(1)).await), Some(2));
        world.identity.sign_in(&ada.email, PASSWORD, &from(2)).await.unwrap();
        world.pass(2);
        world.identity.sign_in(&ada.email, PASSWORD, &from(1)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_whole_convention_behind_one_address_signs_in_at_once() {
    on_both(async |world: World| {
        let mut accounts = Vec::new();
        for n in 0..40 {
            accounts.push(world.account(&format!("person{n}")).await);
        }
        let mut people = tokio::task::JoinSet::new();
        for account in accounts {
            let identity = world.identity.clone();
            people.spawn(async move { identity.sign_in(&account.email, PASSWORD, &from(1)).await.map(drop) });
        }
        for outcome in people.join_all().await {
            outcome.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn strangers_and_wrong_passwords_get_the_same_answer() {
    on_both(async |world: World| {
        let ada = world.account("ada").await;
        let known = world.identity.sign_in(&ada.email, "wrong password", &from(1)).await.unwrap_err();
        let unknown = world.identity.sign_in("nobody@example.org", "wrong password", &from(1)).await.unwrap_err();
        let no_address = world.identity.sign_in("nobody", "wrong password", &from(1)).await.unwrap_err();
        assert_eq!(known.to_string(), unknown.to_string());
        assert_eq!(known.to_string(), no_address.to_string());
    })
    .await;
}

#[tokio::test]
async fn without_a_secret_one_is_anonymous() {
    on_both(async |world: World| {
        let actor = world.identity.authenticate(None, Some(&world.moon), &Declared::none()).await.unwrap();
        assert_eq!((actor.kind(), actor.account()), ("anonymous", None));
    })
    .await;
}
