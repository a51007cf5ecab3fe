//! Who may ask.

use std::collections::BTreeSet;

use conman_kernel::actor::{Actor, Permissions, Principal, Role, role};
use conman_kernel::id::AccountId;

/// Somebody signed in, with these permissions and the role `signed-in`. The account's id is the name.
#[must_use]
pub fn person(name: &str, permissions: &[&str]) -> Actor {
    Actor {
        principal: Principal::Account(AccountId::from_stored(name)),
        name: name.to_owned(),
        roles: roles(&[role::PUBLIC, role::SIGNED_IN]),
        permissions: Permissions::Only(permissions.iter().map(|permission| (*permission).to_owned()).collect()),
    }
}

/// Somebody who comes to the convention, without any permission.
#[must_use]
pub fn attendee(name: &str) -> Actor {
    Actor { roles: roles(&[role::PUBLIC, role::SIGNED_IN, role::ATTENDEE]), ..person(name, &[]) }
}

/// Somebody who may do everything: who a kit acts as unless it is told otherwise.
#[must_use]
pub fn admin() -> Actor {
    Actor {
        roles: roles(&[role::PUBLIC, role::SIGNED_IN, role::ADMIN]),
        permissions: Permissions::All,
        ..person("admin", &[])
    }
}

/// Nobody in particular.
#[must_use]
pub fn nobody() -> Actor {
    Actor::anonymous(Permissions::none())
}

fn roles(names: &[&str]) -> BTreeSet<Role> {
    names.iter().map(|name| Role((*name).to_owned())).collect()
}
