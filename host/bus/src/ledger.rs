//! The table of deliveries. One *turn* does everything at hand in one transaction: takes events over, writes outcomes down, prolongs
//! claims and claims what is due. The busier the bus, the more shares a commit.

use std::sync::Arc;
use std::time::Duration;

use conman_kernel::event::{Event, MAX_HOPS};
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::{ConventionId, DeliveryId, PluginId};
use conman_kernel::sql::{RowExt as _, RowLimit, SqlError, Transaction, Value};
use jiff::Timestamp;

use crate::carrier::Consignment;
use crate::claim::{ClaimPlan, Claimed, claim};
use crate::delivery::{Delivery, DeliveryKey, fault_to_stored, lane};

/// What a turn writes down about a delivery this host had claimed.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: DeliveryKey,
    pub(crate) lane: String,
    /// Which claim it is about: after it was lost and another host claimed the delivery, the entry is void.
    pub(crate) attempts: u32,
    pub(crate) fate: Fate,
}

/// What becomes of it.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// Handled; the lane goes on.
    Done,
    /// To be tried again.
    Again { after: Duration, counted: bool, fault: Fault },
    /// Given up; the lane goes on.
    Dead(Fault),
    /// Kept until its subscriber is back; the lane waits.
    Held,
    /// Still being handled: the claim is prolonged.
    Prolonged,
}

/// Everything at hand.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    pub(crate) now: Timestamp,
    pub(crate) consignments: Vec<Arc<Consignment>>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) claim: ClaimPlan,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Turned {
    pub(crate) claimed: Vec<Delivery>,
    pub(crate) given_up: u64,
    /// When the first ready delivery is due, claimed ones included.
    pub(crate) first_due: Option<Timestamp>,
    /// When the next one becomes due that is not so yet.
    pub(crate) next_due: Option<Timestamp>,
}

impl Turn {
    pub(crate) async fn take(&self, transaction: &mut dyn Transaction) -> Result<Turned, SqlError> {
        if !self.consignments.is_empty() {
            self.take_over(transaction).await?;
        }
        for entry in &self.entries {
            self.enter(transaction, entry).await?;
        }
        let Claimed { deliveries, given_up } = claim(transaction, &self.claim, self.now).await?;
        let first = "SELECT MIN(due_at) FROM bus_delivery WHERE state = 'ready'";
        let next = "SELECT MIN(due_at) FROM bus_delivery WHERE state = 'ready' AND due_at > $1";
        Ok(Turned {
            claimed: deliveries,
            given_up,
            first_due: instant(transaction, first, &[]).await?,
            next_due: instant(transaction, next, &[self.now.into()]).await?,
        })
    }

    /// Adds a row per event and subscriber behind all others of its lane.
    async fn take_over(&self, transaction: &mut dyn Transaction) -> Result<(), SqlError> {
        let rows =
            transaction.query("SELECT COALESCE(MAX(position), 0) FROM bus_delivery", &[], RowLimit::HOST).await?;
        let mut position = rows.rows.first().map(|row| row.integer(0)).transpose()?.unwrap_or_default();
        for consignment in &self.consignments {
            for (event, subscribers) in &consignment.events {
                position += 1;
                for subscriber in subscribers {
                    self.add(transaction, &consignment.convention, event, subscriber, position).await?;
                }
            }
        }
        Ok(())
    }

    async fn add(
        &self,
        transaction: &mut dyn Transaction,
        convention: &ConventionId,
        event: &Event,
        subscriber: &PluginId,
        position: i64,
    ) -> Result<(), SqlError> {
        let lane = lane(convention, subscriber, &event.publisher, &event.key);
        let (state, fault) = if event.hops >= MAX_HOPS {
            let message = format!(
                "the event has passed through {} handlers, each of which emitted another; the plugins go in circles",
                event.hops
            );
            ("dead", Some(fault_to_stored(&Fault::new(code::HOP_LIMIT, message))))
        } else if is_occupied(transaction, &lane).await? {
            ("waiting", None)
        } else {
            ("ready", None)
        };
        let sql = "INSERT INTO bus_delivery (convention, event, subscriber, id, lane, position, publisher, topic, key, payload, \
                   emitted_at, hops, state, due_at, owner, attempts, deferrals, fault) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, NULL, 0, 0, $15) \
                   ON CONFLICT (convention, event, subscriber) DO NOTHING";
        let parameters = [
            convention.as_str().into(),
            event.id.as_str().into(),
            subscriber.as_str().into(),
            DeliveryId::new().as_str().into(),
            lane.into(),
            position.into(),
            event.publisher.as_str().into(),
            event.topic.as_str().into(),
            event.key.as_str().into(),
            event.payload.as_str().into(),
            event.emitted_at.into(),
            event.hops.into(),
            state.into(),
            self.now.into(),
            fault.into(),
        ];
        transaction.execute(sql, &parameters).await.map(drop)
    }

    async fn enter(&self, transaction: &mut dyn Transaction, entry: &Entry) -> Result<(), SqlError> {
        let later = |by: Duration| Value::from(self.now.saturating_add(by).unwrap_or(Timestamp::MAX));
        let (set, mut parameters, goes_on) = match &entry.fate {
            // What was delivered needs no payload; the row stays a while to tell a repeated copy that it is done.
            Fate::Done => ("state = 'done', owner = NULL, payload = '', due_at = $1", vec![self.now.into()], true),
            Fate::Dead(fault) => (
                "state = 'dead', owner = NULL, due_at = $1, fault = $2",
                vec![self.now.into(), fault_to_stored(fault).into()],
                true,
            ),
            Fate::Again { after, counted, fault } => (
                "owner = NULL, due_at = $1, fault = $2, deferrals = deferrals + $3",
                vec![later(*after), fault_to_stored(fault).into(), i64::from(!counted).into()],
                false,
            ),
            Fate::Held => {
                ("state = 'held', owner = NULL, attempts = attempts - 1, due_at = $1", vec![self.now.into()], false)
            }
            Fate::Prolonged => ("due_at = $1", vec![later(self.claim.lasts)], false),
        };
        let first = parameters.len() + 1;
        parameters.extend(entry.key.parameters());
        parameters.extend([self.claim.host.as_str().into(), entry.attempts.into()]);
        let sql = format!(
            "UPDATE bus_delivery SET {set} WHERE convention = ${} AND event = ${} AND subscriber = ${} AND owner = ${} \
             AND attempts = ${} AND state = 'ready'",
            first,
            first + 1,
            first + 2,
            first + 3,
            first + 4
        );
        let touched = transaction.execute(&sql, &parameters).await?;
        if touched == 0 {
            tracing::warn!(event = %entry.key.event, subscriber = %entry.key.subscriber, "a claim was lost before its outcome was written down");
        } else if goes_on {
            promote(transaction, &entry.lane, self.now).await?;
        }
        Ok(())
    }
}

/// Whether anything in the lane is still to be delivered.
pub(crate) async fn is_occupied(transaction: &mut dyn Transaction, lane: &str) -> Result<bool, SqlError> {
    let sql = "SELECT id FROM bus_delivery WHERE lane = $1 AND state IN ('ready', 'waiting', 'held') LIMIT 1";
    Ok(!transaction.query(sql, &[lane.into()], RowLimit::HOST).await?.rows.is_empty())
}

/// Lets the next of a lane become its first.
pub(crate) async fn promote(transaction: &mut dyn Transaction, lane: &str, now: Timestamp) -> Result<(), SqlError> {
    let sql = "UPDATE bus_delivery SET state = 'ready', due_at = $1 WHERE lane = $2 AND state = 'waiting' AND position = \
               (SELECT MIN(position) FROM bus_delivery WHERE lane = $2 AND state = 'waiting')";
    transaction.execute(sql, &[now.into(), lane.into()]).await.map(drop)
}

/// Frees what this host had claimed when it was stopped.
pub(crate) async fn free_own(transaction: &mut dyn Transaction, host: &str, now: Timestamp) -> Result<u64, SqlError> {
    let sql = "UPDATE bus_delivery SET due_at = $1 WHERE state = 'ready' AND owner = $2";
    transaction.execute(sql, &[now.into(), host.into()]).await
}

/// Forgets deliveries done before `before`.
pub(crate) async fn forget_done(transaction: &mut dyn Transaction, before: Timestamp) -> Result<u64, SqlError> {
    transaction.execute("DELETE FROM bus_delivery WHERE state = 'done' AND due_at < $1", &[before.into()]).await
}

/// Whose deliveries are held, and of which topics.
pub(crate) async fn held(transaction: &mut dyn Transaction) -> Result<Vec<(ConventionId, PluginId, String)>, SqlError> {
    let sql = "SELECT DISTINCT convention, subscriber, topic FROM bus_delivery WHERE state = 'held'";
    let rows = transaction.query(sql, &[], RowLimit::HOST).await?;
    rows.rows
        .iter()
        .map(|row| {
            let subscriber = crate::delivery::plugin(row.text(1)?)?;
            Ok((ConventionId::from_stored(row.text(0)?), subscriber, row.text(2)?.to_owned()))
        })
        .collect()
}

/// Lets held deliveries go on.
pub(crate) async fn release(
    transaction: &mut dyn Transaction,
    (convention, subscriber, topic): &(ConventionId, PluginId, String),
    now: Timestamp,
) -> Result<u64, SqlError> {
    let sql = "UPDATE bus_delivery SET state = 'ready', due_at = $1 \
               WHERE state = 'held' AND convention = $2 AND subscriber = $3 AND topic = $4";
    let parameters = [now.into(), convention.as_str().into(), subscriber.as_str().into(), topic.as_str().into()];
    transaction.execute(sql, &parameters).await
}

async fn instant(
    transaction: &mut dyn Transaction,
    sql: &str,
    parameters: &[Value],
) -> Result<Option<Timestamp>, SqlError> {
    let rows = transaction.query(sql, parameters, RowLimit::HOST).await?;
    match rows.rows.first() {
        Some(row) if row.optional_integer(0)?.is_some() => Ok(Some(row.timestamp(0)?)),
        _ => Ok(None),
    }
}
