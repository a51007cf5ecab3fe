//! Who changed what, from what to what. Rows are only ever added; a change of identity writes its own in the same transaction.

use std::sync::Arc;

use conman_kernel::actor::Actor;
use conman_kernel::clock::Clock;
use conman_kernel::id::{ConventionId, DeedIds};
use conman_kernel::sql::{Conditions, RowExt as _, SharedDatabase, SqlError, Transaction, Value, transaction};
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::declared::names;
use crate::error::{IdentityError, Result};
use crate::identity::Identity;
use crate::input::word;
use crate::page::PageRequest;
use crate::realm::Realm;

/// Something somebody did.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed<'a> {
    /// What was done: `plugin.enable`.
    pub action: &'a str,
    /// To what: `plugin:conman/night-market`, `account:01j…`.
    pub target: String,
    /// In which convention; none for the host's own things.
    pub convention: Option<ConventionId>,
    /// How it was; `null` when it was not.
    pub before: Json,
    /// How it is; `null` when it is no more. Never secrets.
    pub after: Json,
}

/// A row of the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Sorts by time.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// [`Actor::key`].
    pub actor: String,
    /// The actor's name at that time.
    pub actor_name: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub target: String,
    /// In which convention.
    pub convention: Option<ConventionId>,
    /// How it was.
    pub before: Json,
    /// How it is.
    pub after: Json,
}

/// Which part of the trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only this convention's. Without it: everything, which takes the permission on the host itself.
    pub convention: Option<ConventionId>,
    /// Only this [`Actor::key`]'s.
    pub actor: Option<String>,
    /// Only this action; with a dot at the end, all actions that begin so: `plugin.`.
    pub action: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// Writes the trail. Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    database: SharedDatabase,
    clock: Arc<dyn Clock>,
    ids: Arc<DeedIds>,
}

impl Audit {
    pub(crate) fn new(database: SharedDatabase, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock, ids: Arc::default() }
    }

    /// Writes a row in a transaction of its own.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn record(&self, by: &Actor, deed: &Deed<'_>) -> Result<()> {
        let parameters = Arc::new(self.row(by, deed));
        transaction(self.database.as_ref(), |transaction| {
            let parameters = Arc::clone(&parameters);
            Box::pin(async move { transaction.execute(INSERT, &parameters).await.map(drop) })
        })
        .await?;
        Ok(())
    }

    /// Writes a row in the caller's transaction on the host's database: it is there when the deed is, and only then.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn write(&self, transaction: &mut dyn Transaction, by: &Actor, deed: &Deed<'_>) -> Result<(), SqlError> {
        transaction.execute(INSERT, &self.row(by, deed)).await.map(drop)
    }

    fn row(&self, by: &Actor, deed: &Deed<'_>) -> Vec<Value> {
        let at = self.clock.now();
        vec![
            self.ids.next(at).into(),
            at.into(),
            by.key().into(),
            by.name.as_str().into(),
            deed.action.into(),
            deed.target.as_str().into(),
            deed.convention.as_ref().map(ConventionId::as_str).into(),
            serde_json::json!({ "before": deed.before, "after": deed.after }).to_string().into(),
        ]
    }
}

const INSERT: &str = "INSERT INTO identity_audit (id, at, actor, actor_name, action, target, convention, detail) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

impl Identity {
    /// The trail, newest first: a page, and one entry more where there is one, so that other trails can be woven in before
    /// [`PageRequest::cut`].
    ///
    /// # Errors
    /// Without `audit.read` in the convention asked for (or on the host, when none is), and what the database failed with.
    pub async fn audit_trail(&self, by: &Actor, filter: &AuditFilter, page: &PageRequest) -> Result<Vec<AuditEntry>> {
        let realm = filter.convention.clone().map_or_else(Realm::host, Realm::Convention);
        self.require(by, &realm, names::AUDIT_READ).await?;
        let mut wanted = Conditions::default();
        wanted.add_some("convention =", filter.convention.as_ref().map(ConventionId::as_str));
        wanted.add_some("actor =", filter.actor.as_deref());
        match filter.action.as_deref() {
            Some(prefix) if prefix.ends_with('.') => {
                word(prefix, "/action")?;
                wanted.add("action LIKE", format!("{prefix}%"));
            }
            Some(action) => wanted.add("action =", action),
            None => {}
        }
        wanted.add_some("at >=", filter.since);
        wanted.add_some("at <", filter.until);
        wanted.add_some("id <", page.after.as_deref());
        let sql = format!(
            "SELECT id, at, actor, actor_name, action, target, convention, detail FROM identity_audit{} ORDER BY id DESC LIMIT {}",
            wanted.clause(),
            page.reading()
        );
        let rows = self.read(&sql, wanted.parameters()).await?;
        rows.rows.iter().map(|row| entry(row)).collect()
    }
}

fn entry(row: &[Value]) -> Result<AuditEntry> {
    let mut detail: Json = serde_json::from_str(row.text(7)?)
        .map_err(|error| IdentityError::Internal(format!("the detail of an audit row is damaged: {error}")))?;
    Ok(AuditEntry {
        id: row.text(0)?.to_owned(),
        at: row.timestamp(1)?,
        actor: row.text(2)?.to_owned(),
        actor_name: row.text(3)?.to_owned(),
        action: row.text(4)?.to_owned(),
        target: row.text(5)?.to_owned(),
        convention: row.optional_text(6)?.map(ConventionId::from_stored),
        before: detail.get_mut("before").map(Json::take).unwrap_or_default(),
        after: detail.get_mut("after").map(Json::take).unwrap_or_default(),
    })
}
