//! Which deliveries a host takes on next.
//!
//! Rows are taken in the order they became due, but no subscriber gets more than its share of places: with one claimed up to it, the
//! next query leaves its rows out. So a subscriber with ten thousand slow lanes delays itself only.

use std::collections::HashMap;
use std::time::Duration;

use conman_kernel::fault::{Code, Fault};
use conman_kernel::id::{ConventionId, EventId, PluginId};
use conman_kernel::sql::{RowExt as _, RowLimit, SqlError, Transaction, Value};
use jiff::Timestamp;

use crate::delivery::{self, Delivery, DeliveryKey, EVENT_COLUMNS, count, fault_to_stored};
use crate::ledger::promote;
use crate::retry::RetrySchedule;

/// The code of a delivery whose every try ended with the host.
const INTERRUPTED: Code = Code::new("interrupted");

/// What may be claimed.
#[derive(Debug, Clone)]
pub(crate) struct ClaimPlan {
    pub(crate) host: String,
    pub(crate) places: usize,
    pub(crate) per_subscriber: usize,
    /// Places taken already, by subscriber.
    pub(crate) taken: HashMap<(ConventionId, PluginId), usize>,
    pub(crate) lasts: Duration,
    pub(crate) retry: RetrySchedule,
}

/// What was claimed, and how many were given up instead.
#[derive(Debug, Default)]
pub(crate) struct Claimed {
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) given_up: u64,
}

/// Claims what is due, as far as there are places.
pub(crate) async fn claim(
    transaction: &mut dyn Transaction,
    plan: &ClaimPlan,
    now: Timestamp,
) -> Result<Claimed, SqlError> {
    let mut claimed = Claimed::default();
    let mut taken = plan.taken.clone();
    while claimed.deliveries.len() < plan.places {
        let full: Vec<_> = taken
            .iter()
            .filter(|(_, count)| **count >= plan.per_subscriber)
            .map(|(subscriber, _)| subscriber)
            .collect();
        let rows = due(transaction, &full, plan.places - claimed.deliveries.len(), now).await?;
        let mut progress = false;
        for row in &rows {
            let candidate = read(row)?;
            let places = taken.entry((candidate.key.convention.clone(), candidate.key.subscriber.clone())).or_default();
            if *places >= plan.per_subscriber {
                continue;
            }
            progress = true;
            // An owner that never told an outcome died over it. So may the next: such a delivery has to end, too.
            let interrupted = row.optional_text(9)?.is_some();
            if interrupted && plan.retry.is_used_up(candidate.attempts, candidate.deferrals) {
                give_up(transaction, &candidate, now).await?;
                claimed.given_up += 1;
                continue;
            }
            take(transaction, plan, &candidate, now).await?;
            *places += 1;
            claimed.deliveries.push(Delivery { attempts: candidate.attempts.saturating_add(1), ..candidate });
        }
        if !progress {
            break;
        }
    }
    Ok(claimed)
}

async fn due(
    transaction: &mut dyn Transaction,
    full: &[&(ConventionId, PluginId)],
    limit: usize,
    now: Timestamp,
) -> Result<Vec<Vec<Value>>, SqlError> {
    let mut parameters: Vec<Value> = vec![now.into()];
    let mut others = String::new();
    for (convention, subscriber) in full {
        let at = parameters.len();
        others.push_str(&format!(" AND NOT (convention = ${} AND subscriber = ${})", at + 1, at + 2));
        parameters.extend([convention.as_str().into(), subscriber.as_str().into()]);
    }
    let sql = format!(
        "SELECT {EVENT_COLUMNS}, convention, subscriber, owner, lane, attempts, deferrals FROM bus_delivery \
         WHERE state = 'ready' AND due_at <= $1{others} ORDER BY due_at, position LIMIT {limit}"
    );
    Ok(transaction.query(&sql, &parameters, RowLimit::HOST).await?.rows)
}

fn read(row: &[Value]) -> Result<Delivery, SqlError> {
    let event = delivery::event(row)?;
    Ok(Delivery {
        key: DeliveryKey {
            convention: ConventionId::from_stored(row.text(7)?),
            event: EventId::from_stored(row.text(0)?),
            subscriber: delivery::plugin(row.text(8)?)?,
        },
        lane: row.text(10)?.to_owned(),
        event,
        attempts: count(row.integer(11)?),
        deferrals: count(row.integer(12)?),
    })
}

async fn take(
    transaction: &mut dyn Transaction,
    plan: &ClaimPlan,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<(), SqlError> {
    let [convention, event, subscriber] = delivery.key.parameters();
    let until = now.saturating_add(plan.lasts).unwrap_or(Timestamp::MAX);
    let sql = "UPDATE bus_delivery SET owner = $1, due_at = $2, attempts = attempts + 1 \
               WHERE convention = $3 AND event = $4 AND subscriber = $5";
    let parameters = [plan.host.as_str().into(), until.into(), convention, event, subscriber];
    transaction.execute(sql, &parameters).await.map(drop)
}

async fn give_up(transaction: &mut dyn Transaction, delivery: &Delivery, now: Timestamp) -> Result<(), SqlError> {
    let fault = Fault::new(
        INTERRUPTED,
        "the host stopped every time it handled this event; look into its log before replaying it",
    );
    let [convention, event, subscriber] = delivery.key.parameters();
    let sql = "UPDATE bus_delivery SET state = 'dead', owner = NULL, due_at = $1, fault = $2 \
               WHERE convention = $3 AND event = $4 AND subscriber = $5";
    let parameters = [now.into(), fault_to_stored(&fault).into(), convention, event, subscriber];
    transaction.execute(sql, &parameters).await?;
    promote(transaction, &delivery.lane, now).await
}
