//! From roles to rights: which roles somebody holds in a realm, and what these allow there.

use std::collections::BTreeSet;

use conman_kernel::actor::{Actor, Permissions, Principal, Role, role};
use conman_kernel::id::{AccountId, ConventionId, TokenId};
use conman_kernel::sql::RowExt as _;

use crate::credential::Grant;
use crate::declared::Declared;
use crate::directory::Directory;
use crate::error::{IdentityError, Result};
use crate::identity::Identity;
use crate::realm::Realm;
use crate::token::Leash;

/// The roles that `grants` give in `realm`: those held there and those inherited from above.
pub(crate) fn roles_in(directory: &Directory, grants: &[Grant], realm: &Realm) -> BTreeSet<Role> {
    let lineage = directory.lineage(realm);
    grants.iter().filter(|grant| lineage.contains(&grant.realm)).map(|grant| grant.role.clone()).collect()
}

/// Whether the roles hold every permission there is.
pub(crate) fn are_all(roles: &BTreeSet<Role>) -> bool {
    roles.iter().any(|held| held.0 == role::ADMIN || held.0 == role::OWNER)
}

/// What `roles` allow in `convention` (or on the host and in organizations, where nothing is overridden).
pub(crate) fn permissions(
    directory: &Directory,
    convention: Option<&ConventionId>,
    roles: &BTreeSet<Role>,
    declared: &Declared,
) -> Permissions {
    if are_all(roles) {
        return Permissions::All;
    }
    let overrides = convention.and_then(|convention| directory.overrides(convention));
    let mut allowed = BTreeSet::new();
    for role in roles {
        let changed = overrides.and_then(|overrides| overrides.get(role));
        let denied = |permission: &str| changed.is_some_and(|changed| changed.get(permission) == Some(&false));
        allowed.extend(declared.of_role(role).filter(|permission| !denied(permission)).map(str::to_owned));
        let granted = changed.into_iter().flatten().filter(|(_, allowed)| **allowed);
        allowed.extend(granted.map(|(permission, _)| permission.clone()));
    }
    Permissions::Only(allowed)
}

/// The roles nobody is given: everybody's, and that of those who are signed in.
pub(crate) fn implied(signed_in: bool) -> BTreeSet<Role> {
    let mut roles = BTreeSet::from([Role(role::PUBLIC.to_owned())]);
    if signed_in {
        roles.insert(Role(role::SIGNED_IN.to_owned()));
    }
    roles
}

/// What a principal holds in one realm.
#[derive(Debug)]
pub(crate) struct Rights {
    pub(crate) roles: BTreeSet<Role>,
    pub(crate) permissions: Permissions,
}

/// What is known of whoever acts: enough to say what they hold in any realm.
pub(crate) enum Standing {
    /// The host itself.
    System,
    /// Nobody in particular.
    Anonymous,
    /// An account, perhaps by a token.
    Account {
        /// Its memberships; none once it is disabled.
        grants: Vec<Grant>,
        /// What holds the token back.
        leash: Option<Leash>,
    },
}

impl Standing {
    /// The roles held in `realm`, those of everybody not counted. A token bound to a convention knows of no other realm.
    pub(crate) fn held(&self, directory: &Directory, realm: &Realm) -> BTreeSet<Role> {
        match self {
            Self::System | Self::Anonymous => BTreeSet::new(),
            Self::Account { leash: Some(leash), .. } if !leash.covers_realm(realm) => BTreeSet::new(),
            Self::Account { grants, .. } => roles_in(directory, grants, realm),
        }
    }

    /// Whether the realm is any of theirs.
    pub(crate) fn belongs(&self, directory: &Directory, realm: &Realm) -> bool {
        matches!(self, Self::System) || !self.held(directory, realm).is_empty()
    }

    /// What they hold in `realm`, everybody's counted.
    pub(crate) fn rights(&self, directory: &Directory, realm: &Realm) -> Rights {
        let convention = realm.convention();
        let declared = Declared::none();
        let of = |roles: BTreeSet<Role>| Rights {
            permissions: permissions(directory, convention, &roles, &declared),
            roles,
        };
        match self {
            Self::System => Rights { roles: BTreeSet::new(), permissions: Permissions::All },
            Self::Anonymous => of(implied(false)),
            Self::Account { leash, .. } => {
                let rights = of(implied(true).into_iter().chain(self.held(directory, realm)).collect());
                match leash {
                    Some(leash) => leash.hold(rights, convention, &declared, directory),
                    None => rights,
                }
            }
        }
    }
}

impl Identity {
    /// Fails unless whoever acts holds `permission` in `realm`.
    ///
    /// The rights are derived from the principal in that very realm; what `by.permissions` says was computed for another scope. Only the
    /// host's own permissions and overrides count here, not what plugins declare: those are the [`Actor`]'s to answer.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::NotFound`] when there is no such realm, or what the database failed with.
    pub async fn require(&self, by: &Actor, realm: &Realm, permission: &str) -> Result<()> {
        if self.rights(by, realm).await?.permissions.contains(permission) {
            Ok(())
        } else {
            Err(IdentityError::Forbidden { permission: permission.to_owned(), realm: realm.clone() })
        }
    }

    /// What whoever acts holds in `realm`.
    pub(crate) async fn rights(&self, by: &Actor, realm: &Realm) -> Result<Rights> {
        let directory = self.directory().await?;
        if directory.lineage(realm).is_empty() {
            return Err(IdentityError::not_found(realm.kind(), realm.id()));
        }
        Ok(self.standing(by).await?.rights(&directory, realm))
    }

    pub(crate) async fn standing(&self, by: &Actor) -> Result<Standing> {
        Ok(match &by.principal {
            Principal::System => Standing::System,
            Principal::Anonymous => Standing::Anonymous,
            Principal::Account(account) => Standing::Account { grants: self.grants_of(account).await?, leash: None },
            Principal::Token { token, account } => {
                let leash = self.leash_of(token, account).await?.ok_or(IdentityError::Unauthenticated)?;
                Standing::Account { grants: self.grants_of(account).await?, leash: Some(leash) }
            }
        })
    }

    async fn grants_of(&self, account: &AccountId) -> Result<Vec<Grant>> {
        let sql = "SELECT m.realm_kind, m.realm, m.role FROM identity_membership m JOIN identity_account a ON a.id = m.account \
                   WHERE m.account = $1 AND a.state = 'active'";
        let rows = self.read(sql, &[account.as_str().into()]).await?;
        rows.rows.iter().map(|row| Grant::from_row(row)).collect()
    }

    pub(crate) async fn leash_of(&self, token: &TokenId, account: &AccountId) -> Result<Option<Leash>> {
        let sql = "SELECT scopes, convention FROM identity_token WHERE id = $1 AND account = $2 \
                   AND (expires_at IS NULL OR expires_at > $3)";
        let rows = self.read(sql, &[token.as_str().into(), account.as_str().into(), self.now().into()]).await?;
        rows.rows.first().map(|row| Leash::from_stored(row.text(0)?, row.optional_text(1)?)).transpose()
    }
}
