//! Sessions: a person signs in with a password and carries an opaque secret from then on.

use std::net::IpAddr;

use conman_kernel::actor::{Actor, Principal};
use conman_kernel::id::{AccountId, TokenId};
use conman_kernel::sql::{RowExt as _, Value};
use jiff::Timestamp;
use serde_json::json;

use crate::account::{self, Account};
use crate::audit::Deed;
use crate::change::Touches;
use crate::declared::names;
use crate::error::{IdentityError, Result};
use crate::identity::{Identity, later};
use crate::input::Email;
use crate::secret::{self, SESSION, Secret};

/// From where somebody signs in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// Its address as the server trusts it: never a header that the client wrote. None on the host's own command line.
    pub address: Option<IpAddr>,
    /// What it calls itself, for the list of one's sessions; cut to 200 characters.
    pub agent: String,
}

/// A session, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub account: AccountId,
    /// What signed in.
    pub agent: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last used, to about a minute.
    pub used_at: Timestamp,
    /// When it ends in any case; it ends earlier when it lies idle.
    pub expires_at: Timestamp,
}

/// A new session and its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// What the client sends from now on.
    pub secret: Secret,
    /// The session.
    pub session: Session,
    /// Who signed in.
    pub account: Account,
}

impl Identity {
    /// Signs somebody in.
    ///
    /// An unknown email, a wrong password and a disabled account look and take alike.
    ///
    /// # Errors
    /// [`IdentityError::WrongCredentials`], [`IdentityError::TooManyTries`], [`IdentityError::Busy`], or what the database failed with.
    pub async fn sign_in(&self, email: &str, password: &str, client: &Client) -> Result<SignedIn> {
        let Ok(email) = Email::parse(email) else { return Err(IdentityError::WrongCredentials) };
        let account = &self.check_password(&email, client.address, password).await?;
        let secret = &Secret::bearer(SESSION)?;
        let now = self.now();
        let session = &Session {
            // A session's id sorts by time and is no secret, like a token's.
            id: TokenId::new().to_string(),
            account: account.id.clone(),
            agent: client.agent.chars().filter(|c| !c.is_control()).take(200).collect(),
            created_at: now,
            used_at: now,
            expires_at: later(now, self.config().session_life),
        };
        let by =
            Actor { name: account.name.clone(), principal: Principal::Account(account.id.clone()), ..Actor::system() };
        self.change(&by, Touches::Nothing, |mut change| {
            Box::pin(async move {
                let sql = "INSERT INTO identity_session (secret, id, account, agent, created_at, used_at, expires_at) \
                           VALUES ($1, $2, $3, $4, $5, $6, $7)";
                let parameters = [
                    secret.digest().to_string().into(),
                    session.id.as_str().into(),
                    session.account.as_str().into(),
                    session.agent.as_str().into(),
                    session.created_at.into(),
                    session.used_at.into(),
                    session.expires_at.into(),
                ];
                change.execute(sql, &parameters).await?;
                let after = json!({ "session": session.id, "agent": session.agent });
                change.tell(deed("session.create", &session.account, json!(null), after)).await
            })
        })
        .await?;
        Ok(SignedIn { secret: secret.clone(), session: session.clone(), account: account.clone() })
    }

    /// The active account with this email, if the password is its own.
    pub(crate) async fn check_password(
        &self,
        email: &Email,
        address: Option<IpAddr>,
        password: &str,
    ) -> Result<Account> {
        let counted = self.count_try(email, address).await?;
        let sql = format!("SELECT {}, password FROM identity_account WHERE email_key = $1", account::COLUMNS);
        let rows = self.read(&sql, &[email.key.as_str().into()]).await?;
        let (account, stored) = match rows.rows.first() {
            Some(row) => (Some(account::from_row(row)?), Some(row.text(5)?.to_owned())),
            None => (None, None),
        };
        let right = self.passwords().verify(password, stored).await?;
        match account {
            Some(account) if right && account.state == account::AccountState::Active => {
                self.count_success(&counted).await?;
                Ok(account)
            }
            _ => {
                self.count_failure(&counted).await?;
                Err(IdentityError::WrongCredentials)
            }
        }
    }

    /// Ends the session, or the API token, that `bearer` opens. Ending what has ended is fine.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn sign_out(&self, bearer: &str) -> Result<()> {
        let Some(credential) = self.credential(bearer).await? else { return Ok(()) };
        let by = Actor { name: credential.name.clone(), principal: credential.principal.clone(), ..Actor::system() };
        let digest = &secret::digest(bearer).to_string();
        let account = by.account().cloned();
        let account = &account;
        self.change(&by, Touches::Accounts, |mut change| {
            Box::pin(async move {
                change.execute("DELETE FROM identity_session WHERE secret = $1", &[digest.into()]).await?;
                change.execute("DELETE FROM identity_token WHERE secret = $1", &[digest.into()]).await?;
                match account {
                    Some(account) => change.tell(deed("session.end", account, json!(null), json!(null))).await,
                    None => Ok(()),
                }
            })
        })
        .await
    }

    /// Ends all of an account's sessions; answers how many. Its API tokens stay.
    ///
    /// # Errors
    /// For others' accounts without `token.manage` on the host, and what the database failed with.
    pub async fn sign_out_everywhere(&self, by: &Actor, account: &AccountId) -> Result<u64> {
        self.require_own(by, account, names::TOKEN_MANAGE).await?;
        self.change(by, Touches::Accounts, |mut change| {
            Box::pin(async move {
                let sql = "DELETE FROM identity_session WHERE account = $1";
                let ended = change.execute(sql, &[account.as_str().into()]).await?;
                let before = json!({ "sessions": ended });
                change.tell(deed("session.end-all", account, before, json!({ "sessions": 0 }))).await?;
                Ok(ended)
            })
        })
        .await
    }

    /// An account's sessions, newest first.
    ///
    /// # Errors
    /// For others' accounts without `token.manage` on the host, and what the database failed with.
    pub async fn sessions(&self, by: &Actor, account: &AccountId) -> Result<Vec<Session>> {
        self.require_own(by, account, names::TOKEN_MANAGE).await?;
        let sql = "SELECT id, account, agent, created_at, used_at, expires_at FROM identity_session \
                   WHERE account = $1 AND expires_at > $2 ORDER BY id DESC";
        let rows = self.read(sql, &[account.as_str().into(), self.now().into()]).await?;
        let read = |row: &Vec<Value>| -> Result<Session> {
            Ok(Session {
                id: row.text(0)?.to_owned(),
                account: AccountId::from_stored(row.text(1)?),
                agent: row.text(2)?.to_owned(),
                created_at: row.timestamp(3)?,
                used_at: row.timestamp(4)?,
                expires_at: row.timestamp(5)?,
            })
        };
        rows.rows.iter().map(read).collect()
    }
}

fn deed<'a>(action: &'a str, account: &AccountId, before: serde_json::Value, after: serde_json::Value) -> Deed<'a> {
    Deed { action, target: format!("account:{account}"), convention: None, before, after }
}
