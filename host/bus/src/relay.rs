//! Empties one publisher's outbox: copies events to the carrier, tells listeners, and only then deletes what it copied.

use conman_kernel::event::{Event, TopicPattern};
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{Database, SqlError};

use crate::carrier::{Carrier, Consignment};
use crate::outbox;
use crate::parts::BusParts;

/// Relays until the outbox is empty; answers how many events there were.
///
/// One that is not there (any more) is empty. It may stop anywhere and be run again: events that had been copied are copied onto
/// themselves, listeners hear of them twice.
pub(crate) async fn relay(
    parts: &BusParts,
    carrier: &dyn Carrier,
    convention: &ConventionId,
    publisher: &PluginId,
    batch: u32,
) -> Result<u64, SqlError> {
    let Some(database) = parts.outboxes.open(convention, publisher).await? else { return Ok(0) };
    match empty(parts, carrier, convention, publisher, database.as_ref(), batch).await {
        // It was purged meanwhile, perhaps by another host.
        Err(_) if matches!(parts.outboxes.has(convention, publisher).await, Ok(false)) => Ok(0),
        outcome => outcome,
    }
}

async fn empty(
    parts: &BusParts,
    carrier: &dyn Carrier,
    convention: &ConventionId,
    publisher: &PluginId,
    database: &dyn Database,
    batch: u32,
) -> Result<u64, SqlError> {
    let mut relayed = 0;
    loop {
        let events = outbox::oldest(database, publisher, batch).await?;
        if events.is_empty() {
            return Ok(relayed);
        }
        let owed = parts.subscriptions.owed(convention).await?;
        let wanted = events
            .iter()
            .map(|event| (event.clone(), subscribers(&owed, event)))
            .filter(|(_, subscribers)| !subscribers.is_empty())
            .collect::<Vec<_>>();
        if !wanted.is_empty() {
            carrier.carry(Consignment { convention: convention.clone(), events: wanted }).await?;
        }
        for event in &events {
            for listener in &parts.listeners {
                listener.published(convention, event);
            }
        }
        let ids: Vec<_> = events.iter().map(|event| event.id.clone()).collect();
        outbox::delete(database, &ids).await?;
        relayed += u64::try_from(events.len()).unwrap_or(u64::MAX);
        if events.len() < usize::try_from(batch).unwrap_or(usize::MAX) {
            return Ok(relayed);
        }
    }
}

fn subscribers(owed: &[(PluginId, Vec<TopicPattern>)], event: &Event) -> Vec<PluginId> {
    let wants = |(plugin, patterns): &&(PluginId, Vec<TopicPattern>)| {
        event.concerns(plugin) && patterns.iter().any(|pattern| pattern.matches(&event.topic))
    };
    owed.iter().filter(wants).map(|(plugin, _)| plugin.clone()).collect()
}
