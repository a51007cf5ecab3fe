//! Events: facts others are told when the surrounding transaction commits, and not otherwise.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::conman::host::events as host;
use crate::error::{Error, Result};

/// Emits an event; answers its id. The topic must be in the manifest's `needs.events.publish`; events with one key arrive in order.
///
/// # Errors
/// The host's: `not-granted` for a topic that is not declared, `read-only` inside a query, `quota`.
pub fn emit(topic: &str, key: &str, payload: &impl Serialize) -> Result<String> {
    let payload = serde_json::to_string(payload)
        .map_err(|error| Error::internal(format!("the payload of `{topic}` is no JSON: {error}")))?;
    Ok(host::emit(topic, key, &payload)?)
}

/// A fact somebody emitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The same across retries and replays.
    pub id: String,
    /// `programming.sessions.changed`.
    pub topic: String,
    /// Events of one publisher with the same key arrive in order.
    pub key: String,
    /// `publisher/name` of the plugin that emitted it.
    pub publisher: String,
    /// When.
    pub emitted_at: Timestamp,
    /// JSON.
    pub json: String,
}

impl Event {
    /// The payload, as the type its topic has.
    ///
    /// # Errors
    /// Code `bad-payload` when it is something else.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.json).map_err(|error| {
            Error::new(
                "bad-payload",
                format!("the payload of `{}` from {} does not fit: {error}", self.topic, self.publisher),
            )
        })
    }

    pub(crate) fn from_wire(
        event: crate::bindings::event_handler::exports::conman::plugin::event_handler::Event,
    ) -> Result<Self> {
        Ok(Self {
            emitted_at: instant(event.emitted_at)?,
            id: event.id,
            topic: event.topic,
            key: event.key,
            publisher: event.publisher,
            json: event.payload,
        })
    }

    /// Reads the event a subscription is woken by.
    pub(crate) fn from_json(json: &str) -> Result<Self> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            id: String,
            topic: String,
            key: String,
            payload: Box<serde_json::value::RawValue>,
            publisher: String,
            emitted_at: i64,
        }
        let wire: Wire = serde_json::from_str(json)
            .map_err(|error| Error::internal(format!("the host sent an event that is none: {error}")))?;
        Ok(Self {
            emitted_at: instant(wire.emitted_at)?,
            id: wire.id,
            topic: wire.topic,
            key: wire.key,
            publisher: wire.publisher,
            json: wire.payload.get().to_owned(),
        })
    }
}

fn instant(milliseconds: i64) -> Result<Timestamp> {
    Timestamp::from_millisecond(milliseconds)
        .map_err(|_| Error::internal("the host sent an instant outside the calendar"))
}
