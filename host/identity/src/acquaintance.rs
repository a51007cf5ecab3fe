//! Whose names are told in a convention besides those of the people who hold a role there: of those who did something in it, and of
//! those whose role was taken. What they did stays, and so it has to be said whose it was.

use std::collections::HashMap;

use conman_kernel::actor::Actor;
use conman_kernel::id::{AccountId, ConventionId};
use conman_kernel::sql::{RowExt as _, Value};
use moka::sync::Cache;

use crate::change::{Change, Touches};
use crate::error::Result;
use crate::identity::Identity;
use crate::membership::is_implied;
use crate::realm::Realm;

/// Those of late, so that they are written down once.
pub(crate) struct Acquaintances(Cache<(ConventionId, AccountId), ()>);

impl Acquaintances {
    pub(crate) fn new(capacity: u64) -> Self {
        Self(Cache::new(capacity))
    }
}

impl Identity {
    /// Remembers that somebody who holds no role in the convention is about to do something there.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn meet(&self, by: &Actor, convention: &ConventionId) -> Result<()> {
        let Some(account) = by.account() else { return Ok(()) };
        if by.roles.iter().any(|role| !is_implied(role)) {
            return Ok(());
        }
        let key = (convention.clone(), account.clone());
        if self.acquaintances().0.contains_key(&key) {
            return Ok(());
        }
        let realm = &Realm::Convention(convention.clone());
        self.change(by, Touches::Nothing, |mut change| {
            Box::pin(async move { acquaint(&mut change, account, realm).await })
        })
        .await?;
        self.acquaintances().0.insert(key, ());
        Ok(())
    }

    /// The names of those of `ids` who hold or held a role in the convention, inherited ones included, or did something in it: what
    /// others there may learn of them.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn names(&self, convention: &ConventionId, ids: &[AccountId]) -> Result<HashMap<AccountId, String>> {
        let lineage = self.directory().await?.lineage(&Realm::Convention(convention.clone()));
        let mut names = HashMap::with_capacity(ids.len());
        if lineage.is_empty() {
            return Ok(names);
        }
        // Few enough parameters for every database.
        for ids in ids.chunks(500) {
            let mut parameters: Vec<Value> = ids.iter().map(|id| id.as_str().into()).collect();
            let accounts = placeholders(1, ids.len());
            parameters.extend(lineage.iter().map(|realm| Value::from(realm.id())));
            let realms = placeholders(ids.len() + 1, lineage.len());
            let sql = format!(
                "SELECT a.id, a.name FROM identity_account a WHERE a.id IN ({accounts}) AND (\
                 EXISTS (SELECT m.account FROM identity_membership m WHERE m.account = a.id AND m.realm IN ({realms})) OR \
                 EXISTS (SELECT k.account FROM identity_acquaintance k WHERE k.account = a.id AND k.realm IN ({realms})))"
            );
            for row in &self.read(&sql, &parameters).await?.rows {
                names.insert(AccountId::from_stored(row.text(0)?), row.text(1)?.to_owned());
            }
        }
        Ok(names)
    }
}

/// Writes somebody down.
pub(crate) async fn acquaint(change: &mut Change<'_, '_>, account: &AccountId, realm: &Realm) -> Result<()> {
    let sql = "INSERT INTO identity_acquaintance (account, realm_kind, realm) VALUES ($1, $2, $3) \
               ON CONFLICT (account, realm_kind, realm) DO NOTHING";
    change.execute(sql, &[account.as_str().into(), realm.kind().into(), realm.id().into()]).await.map(drop)
}

/// `$first, $first+1, …`
fn placeholders(first: usize, count: usize) -> String {
    (first..first + count).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ")
}
