//! Accounts and their passwords.

use conman_identity::{AccountState, Client, Declared, IdentityError, NewToken, PageRequest, Realm};
use conman_kernel::actor::{Actor, Permissions};

use crate::world::{PASSWORD, World, on_both};

#[tokio::test]
async fn an_email_belongs_to_one_account_whatever_its_case() {
    on_both(async |world: World| {
        world.account("ada").await;
        let again = world.identity.create_account(&Actor::system(), "ADA@Example.org", "Ada", Some(PASSWORD)).await;
        assert!(matches!(again, Err(IdentityError::AlreadyExists { .. })), "{again:?}");
        let signed_in = world.identity.sign_in("Ada@EXAMPLE.org", PASSWORD, &Client::default()).await.unwrap();
        assert_eq!(signed_in.account.name, "ada");
    })
    .await;
}

#[tokio::test]
async fn two_hosts_that_make_the_same_account_at_once_make_one() {
    on_both(async |world: World| {
        let (one, other) = (world.identity.clone(), world.second_host());
        let system = Actor::system();
        let (a, b) = tokio::join!(
            one.create_account(&system, "ada@example.org", "Ada", Some(PASSWORD)),
            other.create_account(&system, "ADA@example.org", "Ada", Some(PASSWORD)),
        );
        assert_eq!(u8::from(a.is_ok()) + u8::from(b.is_ok()), 1, "{a:?} {b:?}");
    })
    .await;
}

#[tokio::test]
async fn an_owner_of_the_host_signs_in_with_the_password_that_was_made_and_may_everything() {
    on_both(async |world: World| {
        let made = world.identity.create_account(&Actor::system(), "owner@example.org", "Owner", None).await.unwrap();
        world.grant(&made.account, &Realm::host(), "owner").await;
        let password = made.password.unwrap();
        let signed_in =
            world.identity.sign_in(&made.account.email, password.reveal(), &Client::default()).await.unwrap();
        let actor = world.actor(signed_in.secret.reveal(), &world.moon).await;
        assert_eq!(actor.permissions, Permissions::All);
    })
    .await;
}

#[tokio::test]
async fn disabling_an_account_ends_its_sessions_at_once() {
    on_both(async |world: World| {
        let ada = world.account("ada").await;
        let bearer = world.bearer(&ada).await;
        world.actor(&bearer, &world.moon).await;
        let system = Actor::system();
        world.identity.set_account_state(&system, &ada.id, AccountState::Disabled).await.unwrap();
        assert_eq!(world.refused(&bearer).await, "unauthenticated");
        let again = world.identity.sign_in(&ada.email, PASSWORD, &Client::default()).await;
        assert!(matches!(again, Err(IdentityError::WrongCredentials)), "{again:?}");
        world.identity.set_account_state(&system, &ada.id, AccountState::Active).await.unwrap();
        world.bearer(&ada).await;
    })
    .await;
}

#[tokio::test]
async fn a_changed_password_ends_sessions_and_the_old_one_opens_no_more() {
    on_both(async |world: World| {
        let ada = world.account("ada").await;
        let bearer = world.bearer(&ada).await;
        let actor = world.actor(&bearer, &world.moon).await;
        let wrong = world.identity.change_password(&actor, "not my password", "another long one").await;
        assert!(matches!(wrong, Err(IdentityError::WrongCredentials)), "{wrong:?}");
        let short = world.identity.change_password(&actor, PASSWORD, "short").await;
        assert!(matches!(short, Err(IdentityError::Invalid { pointer: "/password", .. })), "{short:?}");
        world.identity.change_password(&actor, PASSWORD, "another long one").await.unwrap();
        assert_eq!(world.refused(&bearer).await, "unauthenticated");
        assert!(world.identity.sign_in(&ada.email, PASSWORD, &Client::default()).await.is_err());
        world.identity.sign_in(&ada.email, "another long one", &Client::default()).await.unwrap();
        let reset = world.identity.reset_password(&Actor::system(), &ada.id).await.unwrap();
        world.identity.sign_in(&ada.email, reset.reveal(), &Client::default()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn accounts_are_listed_page_by_page_and_only_for_who_manages_them() {
    on_both(async |world: World| {
        for name in ["ada", "bob", "cyd"] {
            world.account(name).await;
        }
        let first = world.identity.accounts(&Actor::system(), &PageRequest::first(2)).await.unwrap();
        let next = PageRequest { after: first.next.clone(), limit: 2 };
        let second = world.identity.accounts(&Actor::system(), &next).await.unwrap();
        let mut names: Vec<_> = first.items.iter().chain(&second.items).map(|account| account.name.clone()).collect();
        names.sort();
        assert_eq!((names.join(" ").as_str(), second.next), ("ada bob cyd", None));
        // An admin of one convention is no admin of the host.
        let (_, admin) = world.person("admin", &world.moon, "admin").await;
        let refused = world.identity.accounts(&admin, &PageRequest::first(2)).await;
        assert!(
            matches!(&refused, Err(IdentityError::Forbidden { realm, .. }) if *realm == Realm::host()),
            "{refused:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn only_an_owner_takes_over_or_shuts_out_those_who_were_appointed() {
    on_both(async |world: World| {
        let host = async |name: &str, held: &str| {
            let account = world.account(name).await;
            world.grant(&account, &Realm::host(), held).await;
            let bearer = world.bearer(&account).await;
            let actor = world.identity.authenticate(Some(&bearer), None, &Declared::none()).await.unwrap();
            (account, actor)
        };
        let (owner, by_owner) = host("owner", "owner").await;
        let (admin, by_admin) = host("admin", "admin").await;
        let (of_moon, _) = world.person("moon-admin", &world.moon, "admin").await;
        let (volunteer, _) = world.person("volunteer", &world.moon, "volunteer").await;
        let identity = &world.identity;
        for appointed in [&owner, &admin, &of_moon] {
            let reset = identity.reset_password(&by_admin, &appointed.id).await.map(drop);
            assert!(matches!(reset, Err(IdentityError::Forbidden { .. })), "{}: {reset:?}", appointed.name);
            world.bearer(appointed).await;
        }
        for appointed in [&owner, &of_moon] {
            let shut_out = identity.set_account_state(&by_admin, &appointed.id, AccountState::Disabled).await;
            assert!(matches!(shut_out, Err(IdentityError::Forbidden { .. })), "{}: {shut_out:?}", appointed.name);
        }
        identity.reset_password(&by_admin, &volunteer.id).await.unwrap();
        identity.set_account_state(&by_admin, &volunteer.id, AccountState::Disabled).await.unwrap();
        identity.reset_password(&by_owner, &of_moon.id).await.unwrap();
        identity.set_account_state(&by_owner, &admin.id, AccountState::Disabled).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_last_owner_cannot_be_shut_out() {
    on_both(async |world: World| {
        let (one, two) = (world.account("one").await, world.account("two").await);
        for owner in [&one, &two] {
            world.grant(owner, &Realm::host(), "owner").await;
        }
        let system = Actor::system();
        world.identity.set_account_state(&system, &one.id, AccountState::Disabled).await.unwrap();
        let last = world.identity.set_account_state(&system, &two.id, AccountState::Disabled).await;
        assert!(matches!(last, Err(IdentityError::Refused(_))), "{last:?}");
        world.bearer(&two).await;
    })
    .await;
}

#[tokio::test]
async fn every_token_knows_whose_it_is() {
    on_both(async |world: World| {
        let (ada, staff) = world.person("ada", &world.moon, "staff").await;
        let narrow = NewToken {
            account: None,
            name: "display".to_owned(),
            scopes: vec!["member.read".to_owned()],
            convention: Some(world.moon.id.clone()),
            expires_at: None,
        };
        let token = world.identity.create_token(&staff, &narrow).await.unwrap();
        let actor = world.actor(token.secret.reveal(), &world.moon).await;
        assert_eq!(world.identity.own_account(&actor).await.unwrap(), Some(ada));
        assert_eq!(world.identity.own_account(&Actor::system()).await.unwrap(), None);
    })
    .await;
}
