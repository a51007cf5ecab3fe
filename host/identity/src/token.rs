//! API tokens: secrets for programs, with an end and a leash. A token does what its account may do, as far as its scopes reach.

use conman_kernel::actor::{Actor, Permissions, Principal};
use conman_kernel::id::{AccountId, ConventionId, TokenId};
use conman_kernel::sql::{RowExt as _, Value};
use jiff::Timestamp;
use serde_json::json;

use crate::audit::Deed;
use crate::change::Touches;
use crate::declared::{Declared, names};
use crate::directory::Directory;
use crate::error::{IdentityError, Result};
use crate::identity::Identity;
use crate::input;
use crate::realm::Realm;
use crate::rights::{Rights, implied, permissions};
use crate::secret::{Secret, TOKEN};

/// The scope that reaches everything.
const EVERYTHING: &str = "*";

/// What a token is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Whose; none for whoever asks. Only the host itself makes tokens for others.
    pub account: Option<AccountId>,
    /// What it is for, for the person who will read the list: `badge printer at the door`.
    pub name: String,
    /// Permissions (`shift.manage`), patterns (`shift.*`), or `*` for all that the account may do.
    pub scopes: Vec<String>,
    /// The one convention it works in; none for all of the account's.
    pub convention: Option<ConventionId>,
    /// When it ends; none for never.
    pub expires_at: Option<Timestamp>,
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub account: AccountId,
    /// What it is for.
    pub name: String,
    /// How far it reaches.
    pub scopes: Vec<String>,
    /// The one convention it works in.
    pub convention: Option<ConventionId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to about a minute.
    pub used_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// A new token and the secret that is shown this once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedToken {
    /// What the program sends as `Authorization: Bearer …`.
    pub secret: Secret,
    /// The token.
    pub token: ApiToken,
}

/// How far a token reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leash {
    scopes: Vec<String>,
    convention: Option<ConventionId>,
}

impl Leash {
    pub(crate) fn from_stored(scopes: &str, convention: Option<&str>) -> Result<Self> {
        let scopes = serde_json::from_str(scopes)
            .map_err(|error| IdentityError::Internal(format!("the scopes of a token are damaged: {error}")))?;
        Ok(Self { scopes, convention: convention.map(ConventionId::from_stored) })
    }

    /// Whether the token works in this convention at all.
    pub(crate) fn reaches(&self, convention: &ConventionId) -> bool {
        self.convention.as_ref().is_none_or(|bound| bound == convention)
    }

    /// Whether the token works in this realm at all; a bound one works in its convention only.
    pub(crate) fn covers_realm(&self, realm: &Realm) -> bool {
        self.convention.as_ref().is_none_or(|bound| realm.convention() == Some(bound))
    }

    /// What remains of its account's rights. What everybody may do remains in any case: leaving the token away would give it back.
    ///
    /// A token that does not reach everything loses its account's roles, so that a plugin which looks at roles cannot be led past
    /// the permissions.
    pub(crate) fn hold(
        &self,
        rights: Rights,
        convention: Option<&ConventionId>,
        declared: &Declared,
        directory: &Directory,
    ) -> Rights {
        let in_reach = match (&self.convention, convention) {
            (None, _) => true,
            (Some(bound), Some(convention)) => bound == convention,
            (Some(_), None) => false,
        };
        if in_reach && self.scopes.iter().any(|scope| scope == EVERYTHING) {
            return rights;
        }
        let mut held = match permissions(directory, convention, &implied(false), declared) {
            Permissions::Only(everybodys) => everybodys,
            Permissions::All => return rights,
        };
        if in_reach {
            let named = self.scopes.iter().map(String::as_str);
            // An admin has permissions that nobody lists, so that exact names count beside those that are declared.
            let candidates = declared.all().chain(named.filter(|scope| !scope.ends_with('*')));
            let covered = candidates.filter(|permission| self.scopes.iter().any(|scope| covers(scope, permission)));
            held.extend(covered.filter(|permission| rights.permissions.contains(permission)).map(str::to_owned));
            // Overrides may grant what is declared nowhere any more.
            if let Permissions::Only(all) = &rights.permissions {
                held.extend(all.iter().filter(|permission| self.scopes.iter().any(|s| covers(s, permission))).cloned());
            }
        }
        Rights { roles: implied(true), permissions: Permissions::Only(held) }
    }
}

fn covers(scope: &str, permission: &str) -> bool {
    match scope.strip_suffix('*') {
        Some(prefix) => permission.len() > prefix.len() && permission.starts_with(prefix),
        None => scope == permission,
    }
}

fn check_scopes(scopes: &[String]) -> Result<()> {
    if scopes.is_empty() || scopes.len() > 100 {
        return Err(IdentityError::invalid(
            "/scopes",
            "a token has 1 to 100 scopes; write `*` for everything you may do",
        ));
    }
    scopes.iter().filter(|scope| *scope != EVERYTHING).try_for_each(|scope| match scope.strip_suffix(".*") {
        Some(prefix) => input::word(prefix, "/scopes"),
        None => input::word(scope, "/scopes"),
    })
}

impl Identity {
    /// Makes a token. A token may make others only with the scope `*`, so that none reaches further than its maker.
    ///
    /// # Errors
    /// When nobody is signed in, the input is wrong, the account is unknown, or the convention is none of the account's.
    pub async fn create_token(&self, by: &Actor, new: &NewToken) -> Result<CreatedToken> {
        let name = input::name(&new.name, "/name")?;
        check_scopes(&new.scopes)?;
        let now = self.now();
        if new.expires_at.is_some_and(|at| at <= now) {
            return Err(IdentityError::invalid("/expiresAt", "the token would have ended already; choose a later end"));
        }
        let account = match (&by.principal, by.account(), &new.account) {
            (Principal::System, _, Some(account)) => account.clone(),
            (_, Some(own), wanted) if wanted.as_ref().is_none_or(|wanted| wanted == own) => own.clone(),
            (Principal::System, _, None) => {
                return Err(IdentityError::invalid("/account", "say whose token it is to be"));
            }
            (Principal::Anonymous, ..) => return Err(IdentityError::Unauthenticated),
            _ => return Err(IdentityError::OutOfReach("tokens can be made for oneself only")),
        };
        if let Principal::Token { .. } = by.principal {
            self.require_unleashed(by).await?;
        }
        let known = match &new.convention {
            Some(convention) => self.directory().await?.conventions.contains_key(convention),
            None => true,
        };
        if !known {
            let convention = new.convention.as_ref().map_or("", ConventionId::as_str);
            return Err(IdentityError::not_found("convention", convention));
        }
        let secret = Secret::bearer(TOKEN)?;
        let token = ApiToken {
            id: TokenId::new(),
            account,
            name,
            scopes: new.scopes.clone(),
            convention: new.convention.clone(),
            created_at: now,
            used_at: None,
            expires_at: new.expires_at.and_then(|at| Timestamp::from_millisecond(at.as_millisecond()).ok()),
        };
        self.store_token(by, &secret, &token).await?;
        Ok(CreatedToken { secret, token })
    }

    async fn store_token(&self, by: &Actor, secret: &Secret, token: &ApiToken) -> Result<()> {
        self.change(by, Touches::Nothing, |mut change| {
            Box::pin(async move {
                let account = token.account.as_str();
                let rows = change
                    .query("SELECT id FROM identity_account WHERE id = $1 AND state = 'active'", &[account.into()])
                    .await?;
                if rows.rows.is_empty() {
                    return Err(IdentityError::not_found("account", account));
                }
                let sql = "INSERT INTO identity_token (id, secret, account, name, scopes, convention, created_at, used_at, expires_at) \
                           VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8)";
                let parameters = [
                    token.id.as_str().into(),
                    secret.digest().to_string().into(),
                    account.into(),
                    token.name.as_str().into(),
                    json!(token.scopes).to_string().into(),
                    token.convention.as_ref().map(ConventionId::as_str).into(),
                    token.created_at.into(),
                    token.expires_at.into(),
                ];
                change.execute(sql, &parameters).await?;
                change.tell(deed("token.create", token)).await
            })
        })
        .await
    }

    /// An account's tokens, newest first. Others' are seen with `token.manage` on the host.
    ///
    /// # Errors
    /// Without that permission, and what the database failed with.
    pub async fn tokens(&self, by: &Actor, account: &AccountId) -> Result<Vec<ApiToken>> {
        self.require_own(by, account, names::TOKEN_MANAGE).await?;
        let sql = format!("SELECT {COLUMNS} FROM identity_token WHERE account = $1 ORDER BY id DESC");
        let rows = self.read(&sql, &[account.as_str().into()]).await?;
        rows.rows.iter().map(|row| from_row(row)).collect()
    }

    /// Ends a token at once.
    ///
    /// # Errors
    /// When there is no such token, or it is somebody else's and `token.manage` is missing.
    pub async fn revoke_token(&self, by: &Actor, id: &TokenId) -> Result<()> {
        let sql = format!("SELECT {COLUMNS} FROM identity_token WHERE id = $1");
        let rows = self.read(&sql, &[id.as_str().into()]).await?;
        let Some(row) = rows.rows.first() else { return Err(IdentityError::not_found("token", id)) };
        let token = &from_row(row)?;
        if self.require_own(by, &token.account, names::TOKEN_MANAGE).await.is_err() {
            // Whose tokens exist is nobody else's business.
            return Err(IdentityError::not_found("token", id));
        }
        self.change(by, Touches::Accounts, |mut change| {
            Box::pin(async move {
                change.execute("DELETE FROM identity_token WHERE id = $1", &[id.as_str().into()]).await?;
                change
                    .tell(Deed { before: deed("", token).after, after: json!(null), ..deed("token.revoke", token) })
                    .await
            })
        })
        .await
    }

    /// Passes the account itself (not one of its tokens that do not reach everything), and who holds `permission` on the host.
    pub(crate) async fn require_own(&self, by: &Actor, account: &AccountId, permission: &str) -> Result<()> {
        match &by.principal {
            Principal::Account(own) if own == account => Ok(()),
            Principal::Token { account: own, .. } if own == account && self.require_unleashed(by).await.is_ok() => {
                Ok(())
            }
            _ => self.require(by, &Realm::host(), permission).await,
        }
    }

    /// Fails when `by` is a token that does not reach everything its account may do.
    async fn require_unleashed(&self, by: &Actor) -> Result<()> {
        let Principal::Token { token, account } = &by.principal else { return Ok(()) };
        let leash = self.leash_of(token, account).await?.ok_or(IdentityError::Unauthenticated)?;
        if leash.convention.is_none() && leash.scopes.iter().any(|scope| scope == EVERYTHING) {
            Ok(())
        } else {
            Err(IdentityError::OutOfReach("this API token may not do that; sign in, or use a token with the scope `*`"))
        }
    }
}

const COLUMNS: &str = "id, account, name, scopes, convention, created_at, used_at, expires_at";

fn from_row(row: &[Value]) -> Result<ApiToken> {
    let leash = Leash::from_stored(row.text(3)?, row.optional_text(4)?)?;
    let instant = |column: usize| -> Result<Option<Timestamp>> {
        Ok(match row.optional_integer(column)? {
            Some(_) => Some(row.timestamp(column)?),
            None => None,
        })
    };
    Ok(ApiToken {
        id: TokenId::from_stored(row.text(0)?),
        account: AccountId::from_stored(row.text(1)?),
        name: row.text(2)?.to_owned(),
        scopes: leash.scopes,
        convention: leash.convention,
        created_at: row.timestamp(5)?,
        used_at: instant(6)?,
        expires_at: instant(7)?,
    })
}

fn deed<'a>(action: &'a str, token: &ApiToken) -> Deed<'a> {
    Deed {
        action,
        target: format!("token:{}", token.id),
        convention: token.convention.clone(),
        before: json!(null),
        after: json!({
            "account": token.account,
            "name": token.name,
            "scopes": token.scopes,
            "expiresAt": token.expires_at.map(|at| at.to_string()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_what_is_below_it() {
        assert!(covers("shift.*", "shift.manage"));
        assert!(!covers("shift.*", "shifts.manage"));
        assert!(!covers("shift.*", "shift."));
        assert!(covers("*", "anything"));
        assert!(!covers("shift.manage", "shift.manage.all"));
    }
}
