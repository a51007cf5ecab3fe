//! Who holds which role where, and what a convention lets a role do against its declaration.

use std::sync::Arc;

use conman_kernel::actor::{Actor, Role, role};
use conman_kernel::id::{AccountId, ConventionId};
use conman_kernel::sql::{RowExt as _, Value};
use jiff::Timestamp;
use serde_json::json;

use crate::account;
use crate::acquaintance::acquaint;
use crate::audit::Deed;
use crate::change::{Change, Touches};
use crate::declared::{is_host_permission, names};
use crate::directory::Directory;
use crate::error::{IdentityError, Result};
use crate::identity::Identity;
use crate::input::{self, Email};
use crate::page::{Page, PageRequest};
use crate::realm::Realm;
use crate::rights::Standing;

/// A role held by somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Who holds it.
    pub account: AccountId,
    /// Their name.
    pub name: String,
    /// Their email.
    pub email: String,
    /// Where.
    pub realm: Realm,
    /// Which role.
    pub role: Role,
    /// Since when.
    pub granted_at: Timestamp,
}

/// Somebody, by what is known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// By id.
    Account(AccountId),
    /// By email.
    Email(String),
}

/// What a convention says against a permission's declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// For whom.
    pub role: Role,
    /// Which permission.
    pub permission: String,
    /// Whether the role has it.
    pub allowed: bool,
}

impl Identity {
    /// Gives somebody a role. Having it already is fine.
    ///
    /// # Errors
    /// Without `member.manage` in the realm; for `admin` and `owner` without being an owner there; when there is no such account, or the
    /// role is one that everybody has.
    pub async fn grant(&self, by: &Actor, realm: &Realm, who: &Who, role: &Role) -> Result<Membership> {
        self.require_appointing(by, realm, role).await?;
        let now = self.now();
        let granted_by = &by.key();
        self.change(by, Touches::Accounts, |mut change| {
            Box::pin(async move {
                let account = find(&mut change, who).await?;
                insert(&mut change, &account.id, realm, role, granted_by, now).await?;
                Ok(Membership {
                    account: account.id,
                    name: account.name,
                    email: account.email,
                    realm: realm.clone(),
                    role: role.clone(),
                    granted_at: now,
                })
            })
        })
        .await
    }

    /// Takes a role from somebody; answers whether they held it.
    ///
    /// # Errors
    /// As [`Identity::grant`], and when the host would be left without an owner.
    pub async fn revoke(&self, by: &Actor, realm: &Realm, who: &Who, role: &Role) -> Result<bool> {
        self.require_appointing(by, realm, role).await?;
        self.change(by, Touches::Accounts, |mut change| {
            Box::pin(async move {
                let account = &find(&mut change, who).await?.id;
                let sql = "DELETE FROM identity_membership WHERE account = $1 AND realm_kind = $2 AND realm = $3 AND role = $4";
                let parameters =
                    [account.as_str().into(), realm.kind().into(), realm.id().into(), role.0.as_str().into()];
                if change.execute(sql, &parameters).await? == 0 {
                    return Ok(false);
                }
                if *realm == Realm::host() && role.0 == role::OWNER {
                    refuse_ownerless(&mut change).await?;
                }
                acquaint(&mut change, account, realm).await?;
                let before = json!({ "role": role, "realm": realm.to_string() });
                change.tell(deed("member.revoke", account, realm, before, json!(null))).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Who holds a role in the realm itself; those who inherit one from above are listed there.
    ///
    /// # Errors
    /// Without `member.read` or `member.manage` in the realm, and what the database failed with.
    pub async fn members(&self, by: &Actor, realm: &Realm, page: &PageRequest) -> Result<Page<Membership>> {
        let rights = self.rights(by, realm).await?;
        if !rights.permissions.contains(names::MEMBER_MANAGE) && !rights.permissions.contains(names::MEMBER_READ) {
            return Err(IdentityError::Forbidden { permission: names::MEMBER_READ.to_owned(), realm: realm.clone() });
        }
        let (after, after_role) = match page.after.as_deref().map(|after| after.split_once(' ')) {
            None => ("", ""),
            Some(Some(key)) => key,
            Some(None) => {
                return Err(IdentityError::invalid("/after", "this is no place in this list; begin at the first page"));
            }
        };
        let sql = format!(
            "SELECT a.id, a.name, a.email, m.role, m.granted_at FROM identity_membership m JOIN identity_account a ON a.id = m.account \
             WHERE m.realm_kind = $1 AND m.realm = $2 AND (m.account > $3 OR (m.account = $3 AND m.role > $4)) \
             ORDER BY m.account, m.role LIMIT {}",
            page.reading()
        );
        let rows = self.read(&sql, &[realm.kind().into(), realm.id().into(), after.into(), after_role.into()]).await?;
        let read = |row: &Vec<Value>| -> Result<Membership> {
            Ok(Membership {
                account: AccountId::from_stored(row.text(0)?),
                name: row.text(1)?.to_owned(),
                email: row.text(2)?.to_owned(),
                realm: realm.clone(),
                role: Role(row.text(3)?.to_owned()),
                granted_at: row.timestamp(4)?,
            })
        };
        let members = rows.rows.iter().map(read).collect::<Result<Vec<_>>>()?;
        Ok(page.cut(members, |member| format!("{} {}", member.account, member.role.0)))
    }

    /// Lets a convention decide whether a role has a permission, or (`None`) go by the declaration again.
    ///
    /// # Errors
    /// Without being an admin there; when the role is `admin` or `owner`, who have everything; when everybody would get a permission of
    /// the host.
    pub async fn set_override(
        &self,
        by: &Actor,
        convention: &ConventionId,
        role: &Role,
        permission: &str,
        allowed: Option<bool>,
    ) -> Result<()> {
        let realm = &Realm::Convention(convention.clone());
        // Only who has everything may decide who has what: anyone else could give themselves more.
        if self.rights(by, realm).await?.permissions != conman_kernel::actor::Permissions::All {
            return Err(IdentityError::Forbidden {
                permission: "all (the role admin)".to_owned(),
                realm: realm.clone(),
            });
        }
        input::word(&role.0, "/role")?;
        input::word(permission, "/permission")?;
        if is_appointed(role) {
            return Err(IdentityError::Refused(
                "admins and owners have every permission; nothing can be changed about that".to_owned(),
            ));
        }
        if is_implied(role) && is_host_permission(permission) && allowed == Some(true) {
            return Err(IdentityError::Refused(format!(
                "`{permission}` is not for everybody; give it to a role that is granted"
            )));
        }
        self.change(by, Touches::Directory, |mut change| {
            Box::pin(async move {
                let key = [convention.as_str().into(), role.0.as_str().into(), permission.into()];
                let sql =
                    "SELECT allowed FROM identity_override WHERE convention = $1 AND role = $2 AND permission = $3";
                let rows = change.query(sql, &key).await?;
                let before = rows.rows.first().map(|row| row.boolean(0)).transpose()?;
                let sql = "DELETE FROM identity_override WHERE convention = $1 AND role = $2 AND permission = $3";
                change.execute(sql, &key).await?;
                if let Some(allowed) = allowed {
                    let [convention, role, permission] = key;
                    let sql =
                        "INSERT INTO identity_override (convention, role, permission, allowed) VALUES ($1, $2, $3, $4)";
                    change.execute(sql, &[convention, role, permission, allowed.into()]).await?;
                }
                let deed = Deed {
                    action: "permission.override",
                    target: format!("permission:{permission}"),
                    convention: Some(convention.clone()),
                    before: json!({ "role": role, "allowed": before }),
                    after: json!({ "role": role, "allowed": allowed }),
                };
                change.tell(deed).await
            })
        })
        .await
    }

    /// Everything in which a convention goes against declarations.
    ///
    /// # Errors
    /// Without `member.read` or `member.manage` there, and what the database failed with.
    pub async fn overrides(&self, by: &Actor, convention: &ConventionId) -> Result<Vec<Override>> {
        let realm = Realm::Convention(convention.clone());
        let rights = self.rights(by, &realm).await?;
        if !rights.permissions.contains(names::MEMBER_MANAGE) && !rights.permissions.contains(names::MEMBER_READ) {
            return Err(IdentityError::Forbidden { permission: names::MEMBER_READ.to_owned(), realm });
        }
        let sql =
            "SELECT role, permission, allowed FROM identity_override WHERE convention = $1 ORDER BY role, permission";
        let rows = self.read(sql, &[convention.as_str().into()]).await?;
        let read = |row: &Vec<Value>| -> Result<Override> {
            Ok(Override {
                role: Role(row.text(0)?.to_owned()),
                permission: row.text(1)?.to_owned(),
                allowed: row.boolean(2)?,
            })
        };
        rows.rows.iter().map(read).collect()
    }

    /// Admins and owners are made by owners, everybody else by whoever may manage members.
    async fn require_appointing(&self, by: &Actor, realm: &Realm, role: &Role) -> Result<()> {
        input::word(&role.0, "/role")?;
        if is_implied(role) {
            return Err(IdentityError::Refused(format!("everybody has the role `{}`; nobody is given it", role.0)));
        }
        if !is_appointed(role) {
            return self.require(by, realm, names::MEMBER_MANAGE).await;
        }
        let appointer = self.appointer(by).await?;
        if appointer.directory.lineage(realm).is_empty() {
            return Err(IdentityError::not_found(realm.kind(), realm.id()));
        }
        appointer.require_in(realm)
    }

    /// Whoever acts, as somebody who may have appointed others.
    pub(crate) async fn appointer(&self, by: &Actor) -> Result<Appointer> {
        Ok(Appointer { directory: self.directory().await?, standing: self.standing(by).await? })
    }
}

/// Somebody who may appoint admins and owners where they are an owner; the host itself everywhere.
pub(crate) struct Appointer {
    directory: Arc<Directory>,
    standing: Standing,
}

impl Appointer {
    fn require_in(&self, realm: &Realm) -> Result<()> {
        let owns = self.standing.rights(&self.directory, realm).roles.contains(&Role(role::OWNER.to_owned()));
        if owns || matches!(self.standing, Standing::System) {
            return Ok(());
        }
        Err(IdentityError::Forbidden { permission: "all (the role owner)".to_owned(), realm: realm.clone() })
    }

    /// Fails unless they could have appointed somebody to all of these: only then may they take the account over or shut it out.
    pub(crate) fn require_over(&self, appointments: &[Appointment]) -> Result<()> {
        appointments.iter().try_for_each(|appointment| self.require_in(&appointment.realm))
    }
}

/// Where an account is an admin or an owner.
pub(crate) struct Appointment {
    realm: Realm,
    role: Role,
}

impl Appointment {
    pub(crate) fn owns_the_host(&self) -> bool {
        self.realm == Realm::host() && self.role.0 == role::OWNER
    }
}

/// What an account has been appointed to.
pub(crate) async fn appointments(change: &mut Change<'_, '_>, account: &AccountId) -> Result<Vec<Appointment>> {
    let sql = "SELECT realm_kind, realm, role FROM identity_membership WHERE account = $1 AND role IN ($2, $3)";
    let rows = change.query(sql, &[account.as_str().into(), role::ADMIN.into(), role::OWNER.into()]).await?;
    let read = |row: &Vec<Value>| {
        Ok(Appointment { realm: Realm::from_stored(row.text(0)?, row.text(1)?)?, role: Role(row.text(2)?.to_owned()) })
    };
    rows.rows.iter().map(read).collect()
}

/// Whether everybody has the role, or everybody who is signed in.
pub(crate) fn is_implied(held: &Role) -> bool {
    held.0 == role::PUBLIC || held.0 == role::SIGNED_IN
}

fn is_appointed(held: &Role) -> bool {
    held.0 == role::ADMIN || held.0 == role::OWNER
}

async fn find(change: &mut Change<'_, '_>, who: &Who) -> Result<account::Account> {
    let (column, value) = match who {
        Who::Account(id) => ("id", id.to_string()),
        Who::Email(email) => ("email_key", Email::parse(email)?.key),
    };
    let sql = format!("SELECT {} FROM identity_account WHERE {column} = $1", account::COLUMNS);
    let rows = change.query(&sql, &[value.as_str().into()]).await?;
    rows.rows.first().map_or_else(|| Err(IdentityError::not_found("account", &value)), |row| account::from_row(row))
}

/// Stores the role and tells the audit trail, unless it is held already.
async fn insert(
    change: &mut Change<'_, '_>,
    account: &AccountId,
    realm: &Realm,
    role: &Role,
    granted_by: &str,
    at: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO identity_membership (account, realm_kind, realm, role, granted_by, granted_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account, realm_kind, realm, role) DO NOTHING";
    let parameters = [
        account.as_str().into(),
        realm.kind().into(),
        realm.id().into(),
        role.0.as_str().into(),
        granted_by.into(),
        at.into(),
    ];
    if change.execute(sql, &parameters).await? == 0 {
        return Ok(());
    }
    let after = json!({ "role": role, "realm": realm.to_string() });
    change.tell(deed("member.grant", account, realm, json!(null), after)).await
}

/// Fails when nobody is left who owns the host and may sign in.
pub(crate) async fn refuse_ownerless(change: &mut Change<'_, '_>) -> Result<()> {
    let host = Realm::host();
    let sql = "SELECT m.account FROM identity_membership m JOIN identity_account a ON a.id = m.account \
               WHERE m.realm_kind = $1 AND m.realm = $2 AND m.role = $3 AND a.state = 'active' LIMIT 1";
    let rows = change.query(sql, &[host.kind().into(), host.id().into(), role::OWNER.into()]).await?;
    if rows.rows.is_empty() {
        return Err(IdentityError::Refused("this is the host's last owner; make another one first".to_owned()));
    }
    Ok(())
}

fn deed<'a>(
    action: &'a str,
    account: &AccountId,
    realm: &Realm,
    before: serde_json::Value,
    after: serde_json::Value,
) -> Deed<'a> {
    Deed { action, target: format!("account:{account}"), convention: realm.convention().cloned(), before, after }
}
