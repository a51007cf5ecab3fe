//! The tree of organizations, the conventions in it, and roles that are inherited downwards.

use conman_identity::{ConventionChange, Declared, IdentityError, MAX_DEPTH, Organization, Realm};
use conman_kernel::actor::{Actor, Permissions};
use conman_kernel::convention::ConventionState;

use crate::world::{World, convention_of, declared, on_both, role};

async fn chain(world: &World, from: &Organization, length: usize) -> Vec<Organization> {
    let mut chain = vec![from.clone()];
    for n in 0..length {
        let parent = chain.last().unwrap().id.clone();
        chain.push(world.identity.create_organization(&Actor::system(), &parent, &format!("O{n}")).await.unwrap());
    }
    chain
}

#[tokio::test]
async fn the_tree_grows_so_deep_and_no_deeper() {
    on_both(async |world: World| {
        // The root and Society are two already.
        let chain = chain(&world, &world.organization, MAX_DEPTH - 2).await;
        let deepest = chain.last().unwrap();
        let deeper = world.identity.create_organization(&Actor::system(), &deepest.id, "too deep").await;
        assert!(matches!(deeper, Err(IdentityError::Refused(_))), "{deeper:?}");
        // Nor by moving.
        let other =
            world.identity.create_organization(&Actor::system(), &world.organization.id, "other").await.unwrap();
        let moved = world.identity.move_organization(&Actor::system(), &other.id, &deepest.id).await;
        assert!(matches!(moved, Err(IdentityError::Refused(_))), "{moved:?}");
        let under = world.identity.move_organization(&Actor::system(), &chain[1].id, &other.id).await;
        assert!(matches!(under, Err(IdentityError::Refused(_))), "{under:?}");
    })
    .await;
}

#[tokio::test]
async fn nothing_comes_to_stand_below_itself() {
    on_both(async |world: World| {
        let chain = chain(&world, &world.organization, 3).await;
        for below in &chain {
            let moved = world.identity.move_organization(&Actor::system(), &chain[0].id, &below.id).await;
            assert!(matches!(moved, Err(IdentityError::Refused(_))), "{moved:?}");
        }
        // Two moves that only together would close a circle: one of them fails.
        let a = world.identity.create_organization(&Actor::system(), &world.organization.id, "a").await.unwrap();
        let b = world.identity.create_organization(&Actor::system(), &world.organization.id, "b").await.unwrap();
        let other = world.second_host();
        let system = Actor::system();
        let (one, two) = tokio::join!(
            world.identity.move_organization(&system, &a.id, &b.id),
            other.move_organization(&system, &b.id, &a.id),
        );
        assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1, "{one:?} {two:?}");
    })
    .await;
}

#[tokio::test]
async fn roles_are_inherited_downwards_and_not_upwards_or_sideways() {
    on_both(async |world: World| {
        let part = world.identity.create_organization(&Actor::system(), &world.organization.id, "Part").await.unwrap();
        let venus =
            world.identity.create_convention(&Actor::system(), &convention_of(&part.id, "venus")).await.unwrap();
        let ada = world.account("ada").await;
        world.grant(&ada, &Realm::Organization(part.id.clone()), "staff").await;
        world.grant(&ada, &World::realm(&world.moon), "volunteer").await;
        let bearer = world.bearer(&ada).await;
        let roles = async |convention| {
            let actor = world.actor(&bearer, convention).await;
            actor.roles.iter().map(|role| role.0.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(roles(&venus).await, "public signed-in staff");
        assert_eq!(roles(&world.moon).await, "public signed-in volunteer");
        assert_eq!(roles(&world.mars).await, "public signed-in");
        // Moving the part under another takes what was inherited along.
        world.grant(&ada, &Realm::Organization(world.organization.id.clone()), "admin").await;
        assert_eq!(roles(&venus).await, "admin public signed-in staff");
        let Realm::Organization(root) = Realm::host() else { unreachable!() };
        world.identity.move_organization(&Actor::system(), &part.id, &root).await.unwrap();
        assert_eq!(roles(&venus).await, "public signed-in staff");
    })
    .await;
}

#[tokio::test]
async fn plugins_permissions_go_by_role_and_conventions_override_them() {
    on_both(async |world: World| {
        let declared = declared(&[("shift.manage", &["department-head"]), ("shift.read", &["public"])]);
        let (ada, _) = world.person("ada", &world.moon, "department-head").await;
        world.grant(&ada, &World::realm(&world.mars), "department-head").await;
        let bearer = world.bearer(&ada).await;
        let may = async |convention, permission: &str| {
            let actor = world.identity.authenticate(Some(&bearer), Some(convention), &declared).await.unwrap();
            actor.may(permission)
        };
        assert!(may(&world.moon, "shift.manage").await && may(&world.moon, "shift.read").await);
        let (system, moon) = (Actor::system(), &world.moon);
        let set = async |name: &str, permission: &str, allowed| {
            world.identity.set_override(&system, &moon.id, &role(name), permission, allowed).await.unwrap();
        };
        set("department-head", "shift.manage", Some(false)).await;
        set("department-head", "room.manage", Some(true)).await;
        assert!(!may(&world.moon, "shift.manage").await && may(&world.moon, "room.manage").await);
        assert!(may(&world.mars, "shift.manage").await, "one convention's overrides are its own");
        set("public", "shift.read", Some(false)).await;
        assert!(!may(&world.moon, "shift.read").await);
        assert_eq!(world.identity.overrides(&system, &moon.id).await.unwrap().len(), 3);
        set("department-head", "shift.manage", None).await;
        assert!(may(&world.moon, "shift.manage").await);
    })
    .await;
}

#[tokio::test]
async fn only_owners_appoint_admins_and_the_host_keeps_an_owner() {
    on_both(async |world: World| {
        let (bob, _) = world.person("bob", &world.moon, "volunteer").await;
        let (_, admin) = world.person("admin", &world.moon, "admin").await;
        let (_, owner) = world.person("owner", &world.moon, "owner").await;
        let realm = World::realm(&world.moon);
        let who = conman_identity::Who::Account(bob.id.clone());
        world.identity.grant(&admin, &realm, &who, &role("department-head")).await.unwrap();
        for appointed in ["admin", "owner"] {
            let outcome = world.identity.grant(&admin, &realm, &who, &role(appointed)).await;
            assert!(matches!(outcome, Err(IdentityError::Forbidden { .. })), "{outcome:?}");
        }
        world.identity.grant(&owner, &realm, &who, &role("admin")).await.unwrap();
        assert!(world.identity.grant(&owner, &realm, &who, &role("public")).await.is_err());
        world.grant(&bob, &Realm::host(), "owner").await;
        let last = world.identity.revoke(&Actor::system(), &Realm::host(), &who, &role("owner")).await;
        assert!(matches!(last, Err(IdentityError::Refused(_))), "{last:?}");
    })
    .await;
}

#[tokio::test]
async fn a_convention_is_changed_and_found_under_its_new_name() {
    on_both(async |world: World| {
        let (_, admin) = world.person("admin", &world.moon, "admin").await;
        let change = ConventionChange {
            slug: Some("luna".to_owned()),
            time_zone: Some("america/new_york".to_owned()),
            ..ConventionChange::default()
        };
        let changed = world.identity.update_convention(&admin, &world.moon.id, &change).await.unwrap();
        assert_eq!((changed.name.as_str(), changed.time_zone.as_str()), ("MOON", "America/New_York"));
        assert!(world.identity.convention_by_slug(&"moon".parse().unwrap()).await.unwrap().is_none());
        let found = world.identity.convention_by_slug(&"luna".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(*found, changed);
        let taken = ConventionChange { slug: Some("mars".to_owned()), ..ConventionChange::default() };
        let taken = world.identity.update_convention(&admin, &world.moon.id, &taken).await;
        assert!(matches!(taken, Err(IdentityError::AlreadyExists { .. })), "{taken:?}");
        let archived =
            world.identity.set_convention_state(&admin, &world.moon.id, ConventionState::Archived).await.unwrap();
        assert_eq!(archived.state, ConventionState::Archived);
        let draft = world.identity.set_convention_state(&admin, &world.moon.id, ConventionState::Draft).await;
        assert!(matches!(draft, Err(IdentityError::Refused(_))), "{draft:?}");
    })
    .await;
}

#[tokio::test]
async fn a_draft_is_there_for_its_people_only() {
    on_both(async |world: World| {
        let draft =
            world.identity.create_convention(&Actor::system(), &convention_of(&world.organization.id, "venus")).await;
        let draft = draft.unwrap();
        let (_, stranger) = world.person("bob", &world.moon, "admin").await;
        let ada = world.account("ada").await;
        world.grant(&ada, &Realm::Organization(world.organization.id.clone()), "staff").await;
        let bearer = world.bearer(&ada).await;
        let actor = world.actor(&bearer, &draft).await;
        assert_eq!(actor.permissions, Permissions::Only(["member.read".to_owned()].into()));
        let anonymous = world.identity.authenticate(None, Some(&draft), &Declared::none()).await.unwrap_err();
        assert_eq!(anonymous.code.as_str(), "not-found");
        let seen = async |actor: &Actor| {
            let seen = world.identity.conventions(actor).await.unwrap();
            seen.iter().map(|convention| convention.slug.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(seen(&actor).await, "mars moon venus");
        assert_eq!(seen(&stranger).await, "mars moon");
        world.identity.set_convention_state(&Actor::system(), &draft.id, ConventionState::Live).await.unwrap();
        world.identity.authenticate(None, Some(&draft), &Declared::none()).await.unwrap();
    })
    .await;
}
