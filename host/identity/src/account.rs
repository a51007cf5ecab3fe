//! Accounts: people who can sign in.

use conman_kernel::actor::{Actor, Principal};
use conman_kernel::id::AccountId;
use conman_kernel::sql::{RowExt as _, Value};
use jiff::Timestamp;
use serde_json::json;

use crate::audit::Deed;
use crate::change::{Change, Touches};
use crate::declared::names;
use crate::error::{IdentityError, Result};
use crate::identity::Identity;
use crate::input::{self, Email};
use crate::membership::{Appointer, Appointment, appointments, refuse_ownerless};
use crate::page::{Page, PageRequest};
use crate::password;
use crate::realm::Realm;
use crate::secret::Secret;

/// An account, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// As typed; unique whatever the case.
    pub email: String,
    /// The name people see.
    pub name: String,
    /// Whether it may sign in.
    pub state: AccountState,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountState {
    /// It may.
    Active,
    /// Neither it nor its tokens may; its deeds stay in the audit trail.
    Disabled,
}

impl AccountState {
    /// As stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    fn from_stored(text: &str) -> Result<Self> {
        match text {
            "active" => Ok(Self::Active),
            "disabled" => Ok(Self::Disabled),
            other => Err(IdentityError::Internal(format!("`{other}` is no state of an account"))),
        }
    }
}

/// A new account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedAccount {
    /// The account.
    pub account: Account,
    /// Its password, when one was generated; it is shown this once.
    pub password: Option<Secret>,
}

/// A new account on its way into the database.
pub(crate) struct Draft {
    pub(crate) account: Account,
    email: Email,
    hash: String,
    pub(crate) generated: Option<Secret>,
}

impl Identity {
    /// Makes an account; without a password, one is generated.
    ///
    /// # Errors
    /// Without `account.manage` on the host, when the input is wrong or the email taken, and what the database failed with.
    pub async fn create_account(
        &self,
        by: &Actor,
        email: &str,
        name: &str,
        password: Option<&str>,
    ) -> Result<CreatedAccount> {
        self.require(by, &Realm::host(), names::ACCOUNT_MANAGE).await?;
        let draft = &self.draft_account(email, name, password).await?;
        self.change(by, Touches::Nothing, |mut change| Box::pin(async move { draft.insert(&mut change).await }))
            .await?;
        Ok(CreatedAccount { account: draft.account.clone(), password: draft.generated.clone() })
    }

    /// Checks the input and hashes the password, before any transaction is open.
    async fn draft_account(&self, email: &str, name: &str, password: Option<&str>) -> Result<Draft> {
        let email = Email::parse(email)?;
        let name = input::name(name, "/name")?;
        let generated = match password {
            Some(password) => {
                password::acceptable(password)?;
                None
            }
            None => Some(Secret::password()?),
        };
        let plain = generated.as_ref().map(Secret::reveal).or(password).unwrap_or_default();
        let hash = self.passwords().hash(plain).await?;
        let account = Account {
            id: AccountId::new(),
            email: email.typed.clone(),
            name,
            state: AccountState::Active,
            created_at: self.now(),
        };
        Ok(Draft { account, email, hash, generated })
    }

    /// Whoever asks, as an account: every token of theirs may know whose it is, however little else it may do.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn own_account(&self, by: &Actor) -> Result<Option<Account>> {
        match by.account() {
            Some(id) => Ok(Some(self.find_account(id).await?)),
            None => Ok(None),
        }
    }

    /// The account with this email, in any case of letters.
    ///
    /// # Errors
    /// Without `account.manage` on the host, when there is none, and what the database failed with.
    pub async fn account_by_email(&self, by: &Actor, email: &str) -> Result<Account> {
        self.require(by, &Realm::host(), names::ACCOUNT_MANAGE).await?;
        let email = Email::parse(email)?;
        let sql = format!("SELECT {COLUMNS} FROM identity_account WHERE email_key = $1");
        let rows = self.read(&sql, &[email.key.as_str().into()]).await?;
        rows.rows.first().map_or_else(|| Err(IdentityError::not_found("account", &email.typed)), |row| from_row(row))
    }

    /// All accounts, oldest first.
    ///
    /// # Errors
    /// Without `account.manage` on the host, and what the database failed with.
    pub async fn accounts(&self, by: &Actor, page: &PageRequest) -> Result<Page<Account>> {
        self.require(by, &Realm::host(), names::ACCOUNT_MANAGE).await?;
        let after = page.after.as_deref().unwrap_or_default();
        let sql = format!("SELECT {COLUMNS} FROM identity_account WHERE id > $1 ORDER BY id LIMIT {}", page.reading());
        let rows = self.read(&sql, &[after.into()]).await?;
        let accounts = rows.rows.iter().map(|row| from_row(row)).collect::<Result<Vec<_>>>()?;
        Ok(page.cut(accounts, |account| account.id.to_string()))
    }

    /// Gives an account another name. One may rename oneself.
    ///
    /// # Errors
    /// For others' accounts without `account.manage` on the host, when the name is wrong, and what the database failed with.
    pub async fn rename_account(&self, by: &Actor, id: &AccountId, name: &str) -> Result<Account> {
        self.require_own(by, id, names::ACCOUNT_MANAGE).await?;
        let name = &input::name(name, "/name")?;
        self.change(by, Touches::Accounts, |mut change| {
            Box::pin(async move {
                let before = find(&mut change, id).await?;
                let sql = "UPDATE identity_account SET name = $1 WHERE id = $2";
                change.execute(sql, &[name.as_str().into(), id.as_str().into()]).await?;
                change
                    .tell(deed("account.rename", id, json!({ "name": before.name }), json!({ "name": name })))
                    .await?;
                Ok(Account { name: name.clone(), ..before })
            })
        })
        .await
    }

    /// Disables an account, which ends all its sessions at once, or enables it again.
    ///
    /// # Errors
    /// Without `account.manage` on the host; for admins and owners without being an owner where they are; when somebody disables
    /// themselves or the host's last owner, and what the database failed with.
    pub async fn set_account_state(&self, by: &Actor, id: &AccountId, state: AccountState) -> Result<Account> {
        self.require(by, &Realm::host(), names::ACCOUNT_MANAGE).await?;
        if by.account() == Some(id) && state == AccountState::Disabled {
            return Err(IdentityError::Refused("nobody disables their own account; ask another admin".to_owned()));
        }
        let appointer = &self.appointer(by).await?;
        self.change(by, Touches::Accounts, |mut change| {
            Box::pin(async move {
                let before = find(&mut change, id).await?;
                let appointments = appointments(&mut change, id).await?;
                appointer.require_over(&appointments)?;
                let sql = "UPDATE identity_account SET state = $1 WHERE id = $2";
                change.execute(sql, &[state.as_str().into(), id.as_str().into()]).await?;
                if state == AccountState::Disabled {
                    change.execute("DELETE FROM identity_session WHERE account = $1", &[id.as_str().into()]).await?;
                    if appointments.iter().any(Appointment::owns_the_host) {
                        refuse_ownerless(&mut change).await?;
                    }
                }
                let (was, is) = (json!({ "state": before.state.as_str() }), json!({ "state": state.as_str() }));
                change.tell(deed("account.state", id, was, is)).await?;
                Ok(Account { state, ..before })
            })
        })
        .await
    }

    /// Changes one's own password, which ends all one's other sessions; one's API tokens stay.
    ///
    /// # Errors
    /// [`IdentityError::WrongCredentials`] when `current` is wrong, [`IdentityError::TooManyTries`] when it was wrong too often, and when
    /// `new` is not acceptable.
    pub async fn change_password(&self, by: &Actor, current: &str, new: &str) -> Result<()> {
        let Principal::Account(id) = &by.principal else {
            return Err(IdentityError::OutOfReach("a password is changed by its owner, signed in"));
        };
        password::acceptable(new)?;
        let account = self.find_account(id).await?;
        self.check_password(&Email::parse(&account.email)?, None, current).await?;
        self.store_password(by, id, new, "account.password", None).await
    }

    /// Gives an account a generated password and ends all its sessions.
    ///
    /// # Errors
    /// Without `account.manage` on the host; for admins and owners without being an owner where they are: whoever learns the password
    /// can do all that they can. When there is no such account, and what the database failed with.
    pub async fn reset_password(&self, by: &Actor, id: &AccountId) -> Result<Secret> {
        self.require(by, &Realm::host(), names::ACCOUNT_MANAGE).await?;
        let appointer = self.appointer(by).await?;
        let password = Secret::password()?;
        self.store_password(by, id, password.reveal(), "account.password-reset", Some(&appointer)).await?;
        Ok(password)
    }

    /// With an `appointer`, whoever has been appointed has been so by somebody like them.
    async fn store_password(
        &self,
        by: &Actor,
        id: &AccountId,
        password: &str,
        action: &str,
        appointer: Option<&Appointer>,
    ) -> Result<()> {
        let hash = &self.passwords().hash(password).await?;
        self.change(by, Touches::Accounts, |mut change| {
            Box::pin(async move {
                let before = find(&mut change, id).await?;
                if let Some(appointer) = appointer {
                    appointer.require_over(&appointments(&mut change, id).await?)?;
                }
                let sql = "UPDATE identity_account SET password = $1 WHERE id = $2";
                change.execute(sql, &[hash.as_str().into(), id.as_str().into()]).await?;
                change.execute("DELETE FROM identity_session WHERE account = $1", &[id.as_str().into()]).await?;
                let subject = format!("email:{}", before.email.to_lowercase());
                change.execute("DELETE FROM identity_failure WHERE subject = $1", &[subject.into()]).await?;
                change.tell(deed(action, id, json!(null), json!(null))).await
            })
        })
        .await
    }

    pub(crate) async fn find_account(&self, id: &AccountId) -> Result<Account> {
        let sql = format!("SELECT {COLUMNS} FROM identity_account WHERE id = $1");
        let rows = self.read(&sql, &[id.as_str().into()]).await?;
        rows.rows.first().map_or_else(|| Err(IdentityError::not_found("account", id)), |row| from_row(row))
    }
}

impl Draft {
    async fn insert(&self, change: &mut Change<'_, '_>) -> Result<()> {
        let Self { account, email, hash, .. } = self;
        let taken =
            change.query("SELECT id FROM identity_account WHERE email_key = $1", &[email.key.as_str().into()]).await?;
        if !taken.rows.is_empty() {
            return Err(IdentityError::AlreadyExists { thing: "account", name: email.typed.clone() });
        }
        let sql = "INSERT INTO identity_account (id, email, email_key, name, password, state, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let parameters = [
            account.id.as_str().into(),
            email.typed.as_str().into(),
            email.key.as_str().into(),
            account.name.as_str().into(),
            hash.as_str().into(),
            account.state.as_str().into(),
            account.created_at.into(),
        ];
        change.execute(sql, &parameters).await.map_err(|error| error.or_exists("account", &email.typed))?;
        let after = json!({ "email": account.email, "name": account.name });
        change.tell(deed("account.create", &account.id, json!(null), after)).await
    }
}

async fn find(change: &mut Change<'_, '_>, id: &AccountId) -> Result<Account> {
    let sql = format!("SELECT {COLUMNS} FROM identity_account WHERE id = $1");
    let rows = change.query(&sql, &[id.as_str().into()]).await?;
    rows.rows.first().map_or_else(|| Err(IdentityError::not_found("account", id)), |row| from_row(row))
}

pub(crate) const COLUMNS: &str = "id, email, name, state, created_at";

pub(crate) fn from_row(row: &[Value]) -> Result<Account> {
    Ok(Account {
        id: AccountId::from_stored(row.text(0)?),
        email: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        state: AccountState::from_stored(row.text(3)?)?,
        created_at: row.timestamp(4)?,
    })
}

fn deed<'a>(action: &'a str, id: &AccountId, before: serde_json::Value, after: serde_json::Value) -> Deed<'a> {
    Deed { action, target: format!("account:{id}"), convention: None, before, after }
}
