//! A change of identity: one serializable transaction that holds the change and the audit rows that tell of it, run again on a
//! conflict, and followed by the invalidation of what was cached.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use conman_kernel::actor::Actor;
use conman_kernel::sql::{Access, RowLimit, Rows, TRIES, Transaction, Value};

use crate::audit::{Audit, Deed};
use crate::error::Result;
use crate::identity::Identity;

/// What a change makes stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touches {
    /// Nothing that is cached.
    Nothing,
    /// What accounts may do: their sessions, tokens and memberships.
    Accounts,
    /// Organizations, conventions or overrides; other hosts notice too.
    Directory,
}

/// A change under way. The lifetime `'env` lets the work borrow what surrounds the call.
pub(crate) struct Change<'t, 'env: 't> {
    transaction: &'t mut dyn Transaction,
    audit: &'t Audit,
    by: &'t Actor,
    env: PhantomData<&'env mut &'env ()>,
}

/// What [`Identity::change`] runs.
pub(crate) type Work<'t, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 't>>;

impl Change<'_, '_> {
    pub(crate) async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Rows> {
        Ok(self.transaction.query(sql, parameters, RowLimit::HOST).await?)
    }

    pub(crate) async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64> {
        Ok(self.transaction.execute(sql, parameters).await?)
    }

    /// Writes the audit row that tells of this change.
    pub(crate) async fn tell(&mut self, deed: Deed<'_>) -> Result<()> {
        Ok(self.audit.write(self.transaction, self.by, &deed).await?)
    }
}

impl Identity {
    pub(crate) async fn change<'env, T, F>(&'env self, by: &'env Actor, touches: Touches, mut work: F) -> Result<T>
    where
        T: Send,
        F: for<'t> FnMut(Change<'t, 'env>) -> Work<'t, T> + Send,
    {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.attempt(by, touches, &mut work).await {
                Err(error) if error.is_serialization() && tries < TRIES => {}
                outcome => {
                    // Also after a failure: a commit whose answer was lost may have happened.
                    match touches {
                        Touches::Nothing => {}
                        Touches::Accounts => self.credentials().forget_all(),
                        Touches::Directory => self.directory_cache().forget(),
                    }
                    return outcome;
                }
            }
        }
    }

    async fn attempt<'env, T, F>(&'env self, by: &'env Actor, touches: Touches, work: &mut F) -> Result<T>
    where
        T: Send,
        F: for<'t> FnMut(Change<'t, 'env>) -> Work<'t, T> + Send,
    {
        let mut transaction = self.database().begin(Access::ReadWrite).await?;
        let change = Change { transaction: transaction.as_mut(), audit: self.audit(), by, env: PhantomData };
        let mut outcome = work(change).await;
        if outcome.is_ok() && touches == Touches::Directory {
            let grown =
                transaction.execute("UPDATE identity_directory SET version = version + 1 WHERE id = 1", &[]).await;
            if let Err(error) = grown {
                outcome = Err(error.into());
            }
        }
        match outcome {
            Ok(answer) => {
                transaction.commit().await?;
                Ok(answer)
            }
            Err(error) => {
                transaction.rollback().await;
                Err(error)
            }
        }
    }
}
