//! What a bearer secret proves, kept in memory for a moment so that a warm request needs no database.
//!
//! Everything kept carries the generation in which its reading began. Whoever changes what accounts may do raises the generation
//! after the commit; what was read before is then no longer believed, also when the reader was overtaken and stores it late.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use conman_kernel::actor::{Principal, Role};
use conman_kernel::digest::Digest;
use conman_kernel::id::{AccountId, TokenId};
use conman_kernel::sql::{Access, RowExt as _, RowLimit, Transaction, Value};
use jiff::Timestamp;
use moka::sync::Cache;

use crate::error::Result;
use crate::identity::{Identity, later, recent};
use crate::realm::Realm;
use crate::secret;
use crate::token::Leash;

/// A role held in a realm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) realm: Realm,
    pub(crate) role: Role,
}

impl Grant {
    pub(crate) fn from_row(row: &[Value]) -> Result<Self> {
        Ok(Self { realm: Realm::from_stored(row.text(0)?, row.text(1)?)?, role: Role(row.text(2)?.to_owned()) })
    }
}

/// What a bearer secret proves.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) principal: Principal,
    pub(crate) name: String,
    pub(crate) grants: Vec<Grant>,
    /// What holds a token back; none for a session.
    pub(crate) leash: Option<Leash>,
    /// When it ends in any case.
    expires_at: Timestamp,
    /// Whether it also ends by lying idle.
    idles: bool,
    /// When it was last used, in milliseconds, and when that was last written down.
    used_at: AtomicI64,
    stamped_at: AtomicI64,
    generation: u64,
    read_at: Timestamp,
}

/// The credentials of late, by the digest of their secret.
pub(crate) struct Credentials {
    kept: Cache<Digest, Arc<Credential>>,
    generation: AtomicU64,
}

impl Credentials {
    pub(crate) fn new(capacity: u64) -> Self {
        Self { kept: Cache::new(capacity), generation: AtomicU64::new(0) }
    }

    /// Believes nothing any more that was read before.
    pub(crate) fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }
}

impl Identity {
    /// What the secret proves now; nothing when it is unknown, expired or revoked.
    pub(crate) async fn credential(&self, bearer: &str) -> Result<Option<Arc<Credential>>> {
        // What is no secret of ours need not reach the database.
        if bearer.len() > 64 || !(bearer.starts_with(secret::SESSION) || bearer.starts_with(secret::TOKEN)) {
            return Ok(None);
        }
        let digest = secret::digest(bearer);
        let now = self.now();
        let credentials = self.credentials();
        let kept = credentials.kept.get(&digest).filter(|kept| {
            kept.generation == credentials.generation() && recent(kept.read_at, now, self.config().notice_within)
        });
        let credential = match kept {
            Some(kept) => kept,
            None => {
                let generation = credentials.generation();
                let Some(read) = self.read_credential(bearer, &digest, generation, now).await? else { return Ok(None) };
                let read = Arc::new(read);
                credentials.kept.insert(digest, Arc::clone(&read));
                read
            }
        };
        let used_at = Timestamp::from_millisecond(credential.used_at.load(Ordering::Relaxed)).unwrap_or(Timestamp::MIN);
        let idle_for = self.config().session_idle;
        if now >= credential.expires_at || (credential.idles && now >= later(used_at, idle_for)) {
            return Ok(None);
        }
        self.stamp(&credential, digest, now);
        Ok(Some(credential))
    }

    async fn read_credential(
        &self,
        bearer: &str,
        digest: &Digest,
        generation: u64,
        now: Timestamp,
    ) -> Result<Option<Credential>> {
        let mut transaction = self.database().begin(Access::ReadOnly).await?;
        let outcome = if bearer.starts_with(secret::SESSION) {
            read_session(transaction.as_mut(), digest, generation, now).await
        } else {
            read_token(transaction.as_mut(), digest, generation, now).await
        };
        transaction.rollback().await;
        outcome
    }

    /// Remembers the use, and now and then writes it down beside the request.
    fn stamp(&self, credential: &Credential, digest: Digest, now: Timestamp) {
        let at = now.as_millisecond();
        credential.used_at.fetch_max(at, Ordering::Relaxed);
        let every = i64::try_from(self.config().stamp_every.as_millis()).unwrap_or(i64::MAX);
        let stamped = credential.stamped_at.load(Ordering::Relaxed);
        if at.saturating_sub(stamped) < every {
            return;
        }
        // Of several requests at once, the one that moves the stamp writes it.
        if credential.stamped_at.compare_exchange(stamped, at, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let table = if credential.leash.is_some() { "identity_token" } else { "identity_session" };
        let database = Arc::clone(self.database());
        self.stamps().spawn(async move {
            if let Err(error) = write_stamp(database.as_ref(), table, &digest, now).await {
                tracing::warn!(%error, table, "a last-used stamp could not be written; the session may end early");
            }
        });
    }
}

async fn write_stamp(
    database: &dyn conman_kernel::sql::Database,
    table: &'static str,
    digest: &Digest,
    now: Timestamp,
) -> Result<(), conman_kernel::sql::SqlError> {
    let sql: Arc<str> =
        format!("UPDATE {table} SET used_at = $1 WHERE secret = $2 AND (used_at IS NULL OR used_at < $1)").into();
    let secret = digest.to_string();
    conman_kernel::sql::transaction(database, |transaction| {
        let (sql, secret) = (Arc::clone(&sql), secret.clone());
        Box::pin(async move { transaction.execute(&sql, &[now.into(), secret.into()]).await.map(drop) })
    })
    .await
}

async fn read_session(
    transaction: &mut dyn Transaction,
    digest: &Digest,
    generation: u64,
    read_at: Timestamp,
) -> Result<Option<Credential>> {
    let sql = "SELECT s.account, a.name, s.used_at, s.expires_at FROM identity_session s \
               JOIN identity_account a ON a.id = s.account WHERE s.secret = $1 AND a.state = 'active'";
    let rows = transaction.query(sql, &[digest.to_string().into()], RowLimit::HOST).await?;
    let Some(row) = rows.rows.first() else { return Ok(None) };
    let account = AccountId::from_stored(row.text(0)?);
    let used_at = row.integer(2)?;
    Ok(Some(Credential {
        grants: read_grants(transaction, &account).await?,
        principal: Principal::Account(account),
        name: row.text(1)?.to_owned(),
        leash: None,
        expires_at: row.timestamp(3)?,
        idles: true,
        used_at: AtomicI64::new(used_at),
        stamped_at: AtomicI64::new(used_at),
        generation,
        read_at,
    }))
}

async fn read_token(
    transaction: &mut dyn Transaction,
    digest: &Digest,
    generation: u64,
    read_at: Timestamp,
) -> Result<Option<Credential>> {
    let sql = "SELECT t.id, t.account, a.name, t.scopes, t.convention, t.used_at, t.expires_at FROM identity_token t \
               JOIN identity_account a ON a.id = t.account WHERE t.secret = $1 AND a.state = 'active'";
    let rows = transaction.query(sql, &[digest.to_string().into()], RowLimit::HOST).await?;
    let Some(row) = rows.rows.first() else { return Ok(None) };
    let account = AccountId::from_stored(row.text(1)?);
    // A token that was never used is stamped at its first use.
    let used_at = row.optional_integer(5)?.unwrap_or(0);
    let expires_at = match row.optional_integer(6)? {
        Some(_) => row.timestamp(6)?,
        None => Timestamp::MAX,
    };
    Ok(Some(Credential {
        grants: read_grants(transaction, &account).await?,
        principal: Principal::Token { token: TokenId::from_stored(row.text(0)?), account },
        name: row.text(2)?.to_owned(),
        leash: Some(Leash::from_stored(row.text(3)?, row.optional_text(4)?)?),
        expires_at,
        idles: false,
        used_at: AtomicI64::new(used_at),
        stamped_at: AtomicI64::new(used_at),
        generation,
        read_at,
    }))
}

async fn read_grants(transaction: &mut dyn Transaction, account: &AccountId) -> Result<Vec<Grant>> {
    let sql = "SELECT realm_kind, realm, role FROM identity_membership WHERE account = $1";
    let rows = transaction.query(sql, &[account.as_str().into()], RowLimit::HOST).await?;
    rows.rows.iter().map(|row| Grant::from_row(row)).collect()
}
