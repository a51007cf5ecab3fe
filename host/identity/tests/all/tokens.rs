//! API tokens: what they reach, and what not.

use conman_identity::{CreatedToken, Declared, IdentityError, NewToken, PageRequest, Realm, permission};
use conman_kernel::actor::{Actor, Permissions};
use conman_kernel::convention::Convention;

use crate::world::{World, declared, on_both, role};

fn token(scopes: &[&str]) -> NewToken {
    NewToken {
        account: None,
        name: "badge printer".to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        convention: None,
        expires_at: None,
    }
}

fn shifts() -> Declared {
    declared(&[("shift.manage", &["staff"]), ("shift.read", &["public"]), ("room.manage", &["staff"])])
}

async fn allowed(world: &World, made: &CreatedToken, convention: &Convention) -> Vec<String> {
    let bearer = Some(made.secret.reveal());
    let actor = world.identity.authenticate(bearer, Some(convention), &shifts()).await.unwrap();
    match &actor.permissions {
        Permissions::All => vec!["everything".to_owned()],
        Permissions::Only(set) => set.iter().cloned().collect(),
    }
}

#[tokio::test]
async fn a_token_does_what_its_account_and_its_scopes_both_allow() {
    on_both(async |world: World| {
        let (_, staff) = world.person("staff", &world.moon, "staff").await;
        let pattern = world.identity.create_token(&staff, &token(&["shift.*"])).await.unwrap();
        assert_eq!(allowed(&world, &pattern, &world.moon).await, ["shift.manage", "shift.read"]);
        // What the account may not do there, its token may not either.
        assert_eq!(allowed(&world, &pattern, &world.mars).await, ["shift.read"]);
        let beyond = world.identity.create_token(&staff, &token(&["plugin.manage"])).await.unwrap();
        assert_eq!(allowed(&world, &beyond, &world.moon).await, ["shift.read"]);
        let (_, admin) = world.person("admin", &world.moon, "admin").await;
        let everything = world.identity.create_token(&admin, &token(&["*"])).await.unwrap();
        assert_eq!(allowed(&world, &everything, &world.moon).await, ["everything"]);
        let some = world.identity.create_token(&admin, &token(&["room.manage", "audit.read"])).await.unwrap();
        assert_eq!(allowed(&world, &some, &world.moon).await, ["audit.read", "room.manage", "shift.read"]);
    })
    .await;
}

#[tokio::test]
async fn a_token_that_does_not_reach_everything_carries_no_roles() {
    on_both(async |world: World| {
        let (_, admin) = world.person("admin", &world.moon, "admin").await;
        let made = world.identity.create_token(&admin, &token(&["shift.*"])).await.unwrap();
        let actor = world.actor(made.secret.reveal(), &world.moon).await;
        assert!(!actor.roles.contains(&role("admin")), "{:?}", actor.roles);
    })
    .await;
}

#[tokio::test]
async fn a_bound_token_works_in_its_convention_only() {
    on_both(async |world: World| {
        let (account, _) = world.person("ada", &world.moon, "admin").await;
        world.grant(&account, &World::realm(&world.mars), "admin").await;
        let new =
            NewToken { account: Some(account.id.clone()), convention: Some(world.moon.id.clone()), ..token(&["*"]) };
        let made = world.identity.create_token(&Actor::system(), &new).await.unwrap();
        assert_eq!(allowed(&world, &made, &world.moon).await, ["everything"]);
        let bearer = Some(made.secret.reveal());
        let fault = world.identity.authenticate(bearer, Some(&world.mars), &Declared::none()).await.unwrap_err();
        assert_eq!(fault.code.as_str(), "forbidden");
        // Nor does it by naming the other convention in a call that is done for it.
        let actor = world.actor(made.secret.reveal(), &world.moon).await;
        world.identity.members(&actor, &World::realm(&world.moon), &PageRequest::default()).await.unwrap();
        let other = world.identity.members(&actor, &World::realm(&world.mars), &PageRequest::default()).await;
        assert!(matches!(other, Err(IdentityError::Forbidden { .. })), "{other:?}");
        let host = world.identity.authenticate(bearer, None, &Declared::none()).await.unwrap();
        assert_eq!(host.permissions, Permissions::none());
    })
    .await;
}

#[tokio::test]
async fn a_revoked_or_expired_token_stops_at_once() {
    on_both(async |world: World| {
        let (account, staff) = world.person("staff", &world.moon, "staff").await;
        let made = world.identity.create_token(&staff, &token(&["*"])).await.unwrap();
        world.actor(made.secret.reveal(), &world.moon).await;
        world.identity.settle().await;
        let listed = world.identity.tokens(&staff, &account.id).await.unwrap();
        assert!(listed[0].used_at.is_some(), "{listed:?}");
        world.identity.revoke_token(&staff, &made.token.id).await.unwrap();
        assert_eq!(world.refused(made.secret.reveal()).await, "unauthenticated");
        let end = conman_kernel::clock::Clock::now(world.clock.as_ref())
            .saturating_add(std::time::Duration::from_secs(2))
            .unwrap();
        let brief = NewToken { expires_at: Some(end), ..token(&["*"]) };
        let brief = world.identity.create_token(&staff, &brief).await.unwrap();
        world.actor(brief.secret.reveal(), &world.moon).await;
        world.pass(2);
        assert_eq!(world.refused(brief.secret.reveal()).await, "unauthenticated");
        assert_eq!(world.identity.sweep().await.unwrap().tokens, 1);
    })
    .await;
}

#[tokio::test]
async fn nobody_makes_or_sees_others_tokens() {
    on_both(async |world: World| {
        let (ada, ada_actor) = world.person("ada", &world.moon, "staff").await;
        let (_, bob) = world.person("bob", &world.moon, "admin").await;
        let made = world.identity.create_token(&ada_actor, &token(&["shift.*"])).await.unwrap();
        let for_ada = NewToken { account: Some(ada.id.clone()), ..token(&["*"]) };
        assert!(world.identity.create_token(&bob, &for_ada).await.is_err());
        assert!(world.identity.tokens(&bob, &ada.id).await.is_err());
        let revoked = world.identity.revoke_token(&bob, &made.token.id).await;
        assert!(matches!(revoked, Err(IdentityError::NotFound { .. })), "{revoked:?}");
        // A narrow token cannot make itself a wide one.
        let narrow = world.actor(made.secret.reveal(), &world.moon).await;
        let wide = world.identity.create_token(&narrow, &token(&["*"])).await;
        assert!(matches!(wide, Err(IdentityError::OutOfReach(_))), "{wide:?}");
        world.grant(&ada, &Realm::host(), "host-support").await;
        assert!(world.identity.require(&narrow, &Realm::host(), permission::TOKEN_MANAGE).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn scopes_that_are_none_are_refused() {
    on_both(async |world: World| {
        let (_, staff) = world.person("staff", &world.moon, "staff").await;
        for bad in [&[] as &[&str], &[""], &["Shift.*"], &["*.manage"], &["shift.manage;"]] {
            let outcome = world.identity.create_token(&staff, &token(bad)).await;
            assert!(matches!(outcome, Err(IdentityError::Invalid { pointer: "/scopes", .. })), "{bad:?}");
        }
    })
    .await;
}
