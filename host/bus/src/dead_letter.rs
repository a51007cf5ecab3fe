//! What could not be delivered, for the people who look after it.

use std::sync::Arc;

use conman_kernel::event::Event;
use conman_kernel::fault::Fault;
use conman_kernel::id::{ConventionId, DeliveryId, PluginId};
use conman_kernel::sql::{RowExt as _, RowLimit, SqlError, Transaction, Value, read, transaction};
use jiff::Timestamp;

use crate::bus::Bus;
use crate::delivery::{self, EVENT_COLUMNS, count, fault_from_stored};
use crate::error::BusError;
use crate::ledger::{is_occupied, promote};

/// An event that a subscriber did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its name.
    pub id: DeliveryId,
    /// Where.
    pub convention: ConventionId,
    /// Who did not take it.
    pub subscriber: PluginId,
    /// The event.
    pub event: Event,
    /// What the last try failed with. Its detail is for the log and the operator.
    pub fault: Fault,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up.
    pub died_at: Timestamp,
}

impl Bus {
    /// A convention's dead letters, newest event first; `after` is the last one of the page before.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn dead_letters(
        &self,
        convention: &ConventionId,
        after: Option<&DeliveryId>,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, BusError> {
        let mut parameters: Vec<Value> = vec![convention.as_str().into()];
        let mut older = "";
        if let Some(after) = after {
            parameters.push(after.as_str().into());
            older = " AND id < $2";
        }
        let sql = format!(
            "SELECT {EVENT_COLUMNS}, id, subscriber, fault, attempts, due_at FROM bus_delivery \
             WHERE convention = $1 AND state = 'dead'{older} ORDER BY id DESC LIMIT {}",
            limit.clamp(1, 1000)
        );
        let rows = read(self.database().as_ref(), &sql, &parameters).await?;
        rows.rows.iter().map(|row| dead_letter(convention, row).map_err(BusError::from)).collect()
    }

    /// Tries a dead letter again, as if it never had been tried. Where its lane is busy, it goes next.
    ///
    /// # Errors
    /// [`BusError::NotFound`] when that convention has no such dead letter, and what the database failed with.
    pub async fn replay(&self, convention: &ConventionId, id: &DeliveryId) -> Result<(), BusError> {
        let now = self.now();
        let found = self
            .transaction(convention, id, move |transaction, convention, id| {
                Box::pin(async move {
                    let sql = "SELECT lane FROM bus_delivery WHERE convention = $1 AND id = $2 AND state = 'dead'";
                    let rows = transaction
                        .query(sql, &[convention.as_str().into(), id.as_str().into()], RowLimit::HOST)
                        .await?;
                    let Some(row) = rows.rows.first() else { return Ok(false) };
                    revive(transaction, id.as_str(), row.text(0)?, now).await?;
                    Ok(true)
                })
            })
            .await?;
        self.look_again();
        if found { Ok(()) } else { Err(BusError::NotFound(id.clone())) }
    }

    /// Tries all dead letters of a convention again, in their order, or all of one subscriber; answers how many.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn replay_all(&self, convention: &ConventionId, subscriber: Option<&PluginId>) -> Result<u64, BusError> {
        let now = self.now();
        let mut parameters: Vec<Value> = vec![convention.as_str().into()];
        let mut only = "";
        if let Some(subscriber) = subscriber {
            parameters.push(subscriber.as_str().into());
            only = " AND subscriber = $2";
        }
        let sql: Arc<str> = format!(
            "SELECT id, lane FROM bus_delivery WHERE convention = $1 AND state = 'dead'{only} ORDER BY position, id"
        )
        .into();
        let parameters: Arc<[Value]> = parameters.into();
        let revived = transaction(self.database().as_ref(), |transaction| {
            let (sql, parameters) = (Arc::clone(&sql), Arc::clone(&parameters));
            Box::pin(async move {
                let rows = transaction.query(&sql, &parameters, RowLimit::HOST).await?;
                for row in &rows.rows {
                    revive(transaction, row.text(0)?, row.text(1)?, now).await?;
                }
                Ok(u64::try_from(rows.rows.len()).unwrap_or(u64::MAX))
            })
        })
        .await?;
        self.look_again();
        Ok(revived)
    }

    /// Throws a dead letter away.
    ///
    /// # Errors
    /// [`BusError::NotFound`] when that convention has no such dead letter, and what the database failed with.
    pub async fn discard(&self, convention: &ConventionId, id: &DeliveryId) -> Result<(), BusError> {
        let found = self
            .transaction(convention, id, |transaction, convention, id| {
                Box::pin(async move {
                    let sql = "DELETE FROM bus_delivery WHERE convention = $1 AND id = $2 AND state = 'dead'";
                    let deleted = transaction.execute(sql, &[convention.as_str().into(), id.as_str().into()]).await?;
                    Ok(deleted > 0)
                })
            })
            .await?;
        if found { Ok(()) } else { Err(BusError::NotFound(id.clone())) }
    }

    /// Drops everything on its way to a plugin whose data in the convention is purged; answers how many deliveries.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn forget(&self, convention: &ConventionId, subscriber: &PluginId) -> Result<u64, BusError> {
        let parameters: Arc<[Value]> = [convention.as_str().into(), subscriber.as_str().into()].into();
        let forgotten = transaction(self.database().as_ref(), |transaction| {
            let parameters = Arc::clone(&parameters);
            Box::pin(async move {
                let sql = "DELETE FROM bus_delivery WHERE convention = $1 AND subscriber = $2 AND state <> 'done'";
                transaction.execute(sql, &parameters).await
            })
        })
        .await?;
        self.look_again();
        Ok(forgotten)
    }

    async fn transaction<F>(&self, convention: &ConventionId, id: &DeliveryId, work: F) -> Result<bool, SqlError>
    where
        F: for<'t> Fn(&'t mut dyn Transaction, ConventionId, DeliveryId) -> conman_kernel::sql::Work<'t, bool>
            + Send
            + Sync,
    {
        let (convention, id) = (convention.clone(), id.clone());
        transaction(self.database().as_ref(), |transaction| work(transaction, convention.clone(), id.clone())).await
    }
}

async fn revive(transaction: &mut dyn Transaction, id: &str, lane: &str, now: Timestamp) -> Result<(), SqlError> {
    let busy = is_occupied(transaction, lane).await?;
    // Its position is older than that of those waiting, so that it is the next to be promoted.
    let sql = "UPDATE bus_delivery SET state = 'waiting', due_at = $1, owner = NULL, attempts = 0, deferrals = 0 WHERE id = $2";
    transaction.execute(sql, &[now.into(), id.into()]).await?;
    if busy { Ok(()) } else { promote(transaction, lane, now).await }
}

fn dead_letter(convention: &ConventionId, row: &[Value]) -> Result<DeadLetter, SqlError> {
    Ok(DeadLetter {
        event: delivery::event(row)?,
        id: DeliveryId::from_stored(row.text(7)?),
        convention: convention.clone(),
        subscriber: delivery::plugin(row.text(8)?)?,
        fault: fault_from_stored(row.text(9)?)?,
        attempts: count(row.integer(10)?),
        died_at: row.timestamp(11)?,
    })
}
