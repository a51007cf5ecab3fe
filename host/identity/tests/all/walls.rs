//! One convention's people see nothing of another's, whatever they hold at home.

use conman_identity::{AuditFilter, ConventionChange, IdentityError, PageRequest, Realm, Who};
use conman_kernel::actor::{Actor, Permissions};

use crate::world::{World, on_both, role};

#[tokio::test]
async fn an_owner_of_one_convention_reaches_nothing_of_another() {
    on_both(async |world: World| {
        let (_, owner) = world.person("owner", &world.moon, "owner").await;
        let (victim, _) = world.person("victim", &world.mars, "volunteer").await;
        assert_eq!(owner.permissions, Permissions::All, "at home");
        let (identity, mars) = (&world.identity, World::realm(&world.mars));
        let forbidden = |outcome: Result<(), IdentityError>| {
            assert!(matches!(outcome, Err(IdentityError::Forbidden { .. })), "{outcome:?}");
        };
        forbidden(identity.members(&owner, &mars, &PageRequest::default()).await.map(drop));
        forbidden(identity.overrides(&owner, &world.mars.id).await.map(drop));
        forbidden(identity.set_override(&owner, &world.mars.id, &role("public"), "x.y", Some(true)).await);
        forbidden(identity.update_convention(&owner, &world.mars.id, &ConventionChange::default()).await.map(drop));
        forbidden(identity.grant(&owner, &mars, &Who::Account(victim.id.clone()), &role("staff")).await.map(drop));
        forbidden(identity.revoke(&owner, &mars, &Who::Account(victim.id.clone()), &role("volunteer")).await.map(drop));
        let filter = AuditFilter { convention: Some(world.mars.id.clone()), ..AuditFilter::default() };
        forbidden(identity.audit_trail(&owner, &filter, &PageRequest::default()).await.map(drop));
        forbidden(identity.audit_trail(&owner, &AuditFilter::default(), &PageRequest::default()).await.map(drop));
        forbidden(identity.rename_account(&owner, &victim.id, "x").await.map(drop));
        forbidden(identity.sign_out_everywhere(&owner, &victim.id).await.map(drop));
        forbidden(identity.grant(&owner, &Realm::host(), &Who::Account(victim.id.clone()), &role("x")).await.map(drop));
        // Nor is a name told to those who share no convention.
        let names = identity.names(&world.moon.id, std::slice::from_ref(&victim.id)).await.unwrap();
        assert!(names.is_empty(), "{names:?}");
        let names = identity.names(&world.mars.id, std::slice::from_ref(&victim.id)).await.unwrap();
        assert_eq!(names.get(&victim.id).map(String::as_str), Some("victim"));
    })
    .await;
}

#[tokio::test]
async fn who_did_something_or_held_a_role_is_known_there_and_nowhere_else() {
    on_both(async |world: World| {
        let visitor = world.account("visitor").await;
        let bearer = world.bearer(&visitor).await;
        let actor = world.actor(&bearer, &world.moon).await;
        let (volunteer, _) = world.person("volunteer", &world.moon, "volunteer").await;
        let ids = [visitor.id.clone(), volunteer.id.clone()];
        let named = async |convention: &conman_kernel::convention::Convention| {
            let names = world.identity.names(&convention.id, &ids).await.unwrap();
            let mut names: Vec<_> = names.into_values().collect();
            names.sort();
            names.join(" ")
        };
        assert_eq!(named(&world.moon).await, "volunteer");
        world.identity.meet(&actor, &world.moon.id).await.unwrap();
        world.identity.meet(&actor, &world.moon.id).await.unwrap();
        let (realm, who) = (World::realm(&world.moon), Who::Account(volunteer.id.clone()));
        assert!(world.identity.revoke(&Actor::system(), &realm, &who, &role("volunteer")).await.unwrap());
        assert_eq!(named(&world.moon).await, "visitor volunteer");
        assert_eq!(named(&world.mars).await, "");
        // Nobody in particular, and the host itself, are no acquaintances.
        for nobody in [Actor::system(), Actor::anonymous(Permissions::none())] {
            world.identity.meet(&nobody, &world.moon.id).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn permissions_written_into_an_actor_by_hand_count_for_nothing() {
    on_both(async |world: World| {
        let (_, bob) = world.person("bob", &world.moon, "volunteer").await;
        let forged = Actor { permissions: Permissions::All, roles: [role("owner")].into(), ..(*bob).clone() };
        let outcome = world.identity.members(&forged, &World::realm(&world.moon), &PageRequest::default()).await;
        assert!(matches!(outcome, Err(IdentityError::Forbidden { .. })), "{outcome:?}");
    })
    .await;
}

#[tokio::test]
async fn members_are_listed_page_by_page() {
    on_both(async |world: World| {
        let (_, staff) = world.person("staff", &world.moon, "staff").await;
        for name in ["ada", "bob", "cyd"] {
            let account = world.account(name).await;
            world.grant(&account, &World::realm(&world.moon), "volunteer").await;
            world.grant(&account, &World::realm(&world.moon), "attendee").await;
        }
        let mut page = PageRequest::first(3);
        let mut seen = Vec::new();
        loop {
            let members = world.identity.members(&staff, &World::realm(&world.moon), &page).await.unwrap();
            seen.extend(members.items.iter().map(|member| format!("{} {}", member.name, member.role.0)));
            let Some(next) = members.next else { break };
            page.after = Some(next);
        }
        seen.sort();
        let expected = "ada attendee,ada volunteer,bob attendee,bob volunteer,cyd attendee,cyd volunteer,staff staff";
        assert_eq!(seen.join(","), expected);
    })
    .await;
}
