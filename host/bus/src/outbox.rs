//! A publisher's outbox: the table in its own database that its transactions add events to.

use std::sync::Arc;

use conman_kernel::event::Event;
use conman_kernel::id::{EventId, PluginId};
use conman_kernel::sql::{Database, RowExt as _, SqlError, Value, read, transaction};

use crate::delivery::count;

/// The oldest events, in the order they were added.
pub(crate) async fn oldest(database: &dyn Database, publisher: &PluginId, limit: u32) -> Result<Vec<Event>, SqlError> {
    let sql = format!("SELECT id, topic, key, payload, emitted_at, hops FROM conman_outbox ORDER BY seq LIMIT {limit}");
    let rows = read(database, &sql, &[]).await?;
    let event = |row: &Vec<Value>| -> Result<Event, SqlError> {
        Ok(Event {
            id: EventId::from_stored(row.text(0)?),
            topic: row.text(1)?.to_owned(),
            key: row.text(2)?.to_owned(),
            payload: row.text(3)?.to_owned(),
            publisher: publisher.clone(),
            emitted_at: row.timestamp(4)?,
            hops: count(row.integer(5)?),
        })
    };
    rows.rows.iter().map(event).collect()
}

/// Deletes events that are safe elsewhere.
pub(crate) async fn delete(database: &dyn Database, events: &[EventId]) -> Result<(), SqlError> {
    if events.is_empty() {
        return Ok(());
    }
    let places = (1..=events.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
    let sql: Arc<str> = format!("DELETE FROM conman_outbox WHERE id IN ({places})").into();
    let parameters: Arc<[Value]> = events.iter().map(|id| id.as_str().into()).collect();
    transaction(database, |transaction| {
        let (sql, parameters) = (Arc::clone(&sql), Arc::clone(&parameters));
        Box::pin(async move { transaction.execute(&sql, &parameters).await.map(drop) })
    })
    .await
}
