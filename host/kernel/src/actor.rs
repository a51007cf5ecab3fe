//! Who is asking, and what they may do. Every request has an actor; nobody in particular is [`Principal::Anonymous`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, PluginId, TokenId};

/// Who acts, with the permissions they have in the scope of the request (a convention, or the host).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who it is.
    pub principal: Principal,
    /// The name people see; empty for nobody.
    pub name: String,
    /// The roles held here, inherited ones included.
    pub roles: BTreeSet<Role>,
    /// What those roles allow here.
    pub permissions: Permissions,
}

/// Who it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// Not signed in.
    Anonymous,
    /// A person, by session.
    Account(AccountId),
    /// A program, by a token that a person made.
    Token {
        /// The token.
        token: TokenId,
        /// Whose it is.
        account: AccountId,
    },
    /// The host itself: event delivery, jobs, the command line on the data folder.
    System,
}

/// A role's name: the built-in ones are in [`role`]; conventions and plugins bring more.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Role(pub String);

/// Names of the built-in roles.
pub mod role {
    /// Everybody, signed in or not.
    pub const PUBLIC: &str = "public";
    /// Everybody who is signed in.
    pub const SIGNED_IN: &str = "signed-in";
    /// Comes to the convention.
    pub const ATTENDEE: &str = "attendee";
    /// Helps at the convention.
    pub const VOLUNTEER: &str = "volunteer";
    /// Plans and runs a part of it.
    pub const STAFF: &str = "staff";
    /// May do everything in a convention or organization.
    pub const ADMIN: &str = "admin";
    /// An admin who may also appoint admins.
    pub const OWNER: &str = "owner";
}

/// A set of permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permissions {
    /// Every permission there is or will be: admins, and the host itself.
    All,
    /// These.
    Only(BTreeSet<String>),
}

impl Permissions {
    /// No permission at all.
    #[must_use]
    pub const fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// Whether `permission` is in the set.
    #[must_use]
    pub fn contains(&self, permission: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(set) => set.contains(permission),
        }
    }
}

impl Actor {
    /// The host itself.
    #[must_use]
    pub fn system() -> Self {
        Self {
            principal: Principal::System,
            name: "system".to_owned(),
            roles: BTreeSet::new(),
            permissions: Permissions::All,
        }
    }

    /// Nobody in particular, with what everybody may do.
    #[must_use]
    pub fn anonymous(permissions: Permissions) -> Self {
        Self {
            principal: Principal::Anonymous,
            name: String::new(),
            roles: BTreeSet::from([Role(role::PUBLIC.to_owned())]),
            permissions,
        }
    }

    /// Whether this actor may do what `permission` names.
    #[must_use]
    pub fn may(&self, permission: &str) -> bool {
        self.permissions.contains(permission)
    }

    /// The account behind the actor, if a person is.
    #[must_use]
    pub const fn account(&self) -> Option<&AccountId> {
        match &self.principal {
            Principal::Account(account) | Principal::Token { account, .. } => Some(account),
            Principal::Anonymous | Principal::System => None,
        }
    }

    /// A stable text for keys, audit rows and rate limits: `account:…`, `token:…`, `anonymous`, `system`.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.principal {
            Principal::Anonymous => "anonymous".to_owned(),
            Principal::Account(account) => format!("account:{account}"),
            Principal::Token { token, .. } => format!("token:{token}"),
            Principal::System => "system".to_owned(),
        }
    }

    /// What a plugin is told of the principal: `anonymous`, `account`, `token` or `system`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.principal {
            Principal::Anonymous => "anonymous",
            Principal::Account(_) => "account",
            Principal::Token { .. } => "token",
            Principal::System => "system",
        }
    }
}

/// A permission that a plugin introduces, and who has it by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredPermission {
    /// Its name, `shift.manage`.
    pub name: String,
    /// Who declares it.
    pub plugin: PluginId,
    /// Roles that have it unless the convention says otherwise.
    pub default_roles: Vec<Role>,
}
