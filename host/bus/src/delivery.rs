//! One event on its way to one subscriber.

use conman_kernel::digest::Digest;
use conman_kernel::event::Event;
use conman_kernel::fault::{Code, Fault};
use conman_kernel::id::{ConventionId, EventId, PluginId};
use conman_kernel::sql::{RowExt as _, SqlError, Value};
use serde::{Deserialize, Serialize};

/// What the primary key of a delivery is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct DeliveryKey {
    pub(crate) convention: ConventionId,
    pub(crate) event: EventId,
    pub(crate) subscriber: PluginId,
}

impl DeliveryKey {
    pub(crate) fn parameters(&self) -> [Value; 3] {
        [self.convention.as_str().into(), self.event.as_str().into(), self.subscriber.as_str().into()]
    }
}

/// A delivery as claimed.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) key: DeliveryKey,
    pub(crate) lane: String,
    pub(crate) event: Event,
    /// How often it was claimed, this time included.
    pub(crate) attempts: u32,
    /// How many claims did not count.
    pub(crate) deferrals: u32,
}

/// Within a lane deliveries happen one after the other.
pub(crate) fn lane(convention: &ConventionId, subscriber: &PluginId, publisher: &PluginId, key: &str) -> String {
    // Ids hold no line break, and the key comes last: no two lanes share a text.
    Digest::of(format!("{convention}\n{subscriber}\n{publisher}\n{key}").as_bytes()).to_string()
}

/// The columns that [`event`] reads, beginning with the first.
pub(crate) const EVENT_COLUMNS: &str = "event, topic, key, payload, publisher, emitted_at, hops";

pub(crate) fn event(row: &[Value]) -> Result<Event, SqlError> {
    Ok(Event {
        id: EventId::from_stored(row.text(0)?),
        topic: row.text(1)?.to_owned(),
        key: row.text(2)?.to_owned(),
        payload: row.text(3)?.to_owned(),
        publisher: plugin(row.text(4)?)?,
        emitted_at: row.timestamp(5)?,
        hops: count(row.integer(6)?),
    })
}

pub(crate) fn plugin(text: &str) -> Result<PluginId, SqlError> {
    text.parse().map_err(|error| SqlError::Statement(format!("a stored delivery is damaged: {error}")))
}

/// A stored count; what no count can be is as large as counts get.
pub(crate) fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A fault as stored.
#[derive(Serialize, Deserialize)]
struct StoredFault {
    code: String,
    message: String,
    retryable: bool,
    pointer: String,
    detail: Option<String>,
}

pub(crate) fn fault_to_stored(fault: &Fault) -> String {
    serde_json::json!({
        "code": fault.code,
        "message": fault.message,
        "retryable": fault.retryable,
        "pointer": fault.pointer,
        "detail": fault.detail,
    })
    .to_string()
}

pub(crate) fn fault_from_stored(text: &str) -> Result<Fault, SqlError> {
    let stored: StoredFault = serde_json::from_str(text)
        .map_err(|error| SqlError::Statement(format!("the fault of a stored delivery is damaged: {error}")))?;
    let mut fault = Fault::new(Code::from_plugin(&stored.code), stored.message).at(stored.pointer);
    fault.retryable = stored.retryable;
    fault.detail = stored.detail;
    Ok(fault)
}

#[cfg(test)]
mod tests {
    use conman_kernel::fault::code;

    use super::*;

    #[test]
    fn a_fault_survives_storage() {
        let fault = Fault::new(code::CPU_LIMIT, "too slow").retryable().at("/x").with_detail("at add()");
        assert_eq!(fault_from_stored(&fault_to_stored(&fault)).unwrap(), fault);
    }

    #[test]
    fn lanes_differ_where_anything_differs() {
        let (one, other): (PluginId, PluginId) = ("conman/aa".parse().unwrap(), "conman/bb".parse().unwrap());
        let convention = ConventionId::new();
        let lanes = [
            lane(&convention, &one, &other, "k"),
            lane(&convention, &other, &one, "k"),
            lane(&convention, &one, &other, ""),
            lane(&ConventionId::new(), &one, &other, "k"),
        ];
        assert_eq!(lanes.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    }
}
