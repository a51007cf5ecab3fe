//! The messages of the `graphql-transport-ws` protocol, and the codes a socket is closed with.
//!
//! Written after <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.

use serde::Deserialize;
use serde_json::value::RawValue;

/// The WebSocket subprotocol.
pub(crate) const PROTOCOL: &str = "graphql-transport-ws";

/// What a client says.
#[derive(Debug)]
pub(crate) enum ClientMessage {
    /// Opens the conversation; the payload may carry the token.
    ConnectionInit { payload: InitPayload },
    /// Is anybody there?
    Ping { payload: Option<Box<RawValue>> },
    /// Yes.
    Pong,
    /// Runs an operation.
    Subscribe { id: String, payload: Box<RawValue> },
    /// Ends an operation.
    Complete { id: String },
}

/// Any message, before its type is looked at. Not a tagged enum, because serde cannot keep a payload as written in one.
#[derive(Deserialize)]
struct Written {
    r#type: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    payload: Option<Box<RawValue>>,
}

impl ClientMessage {
    /// Reads a message; nothing when it is none of the protocol.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let Written { r#type, id, payload } = serde_json::from_str(text).ok()?;
        Some(match r#type.as_str() {
            "connection_init" => {
                let payload = payload.map(|payload| serde_json::from_str::<Option<InitPayload>>(payload.get()));
                Self::ConnectionInit { payload: payload.transpose().ok()?.flatten().unwrap_or_default() }
            }
            "ping" => Self::Ping { payload },
            "pong" => Self::Pong,
            "subscribe" => Self::Subscribe { id: id.filter(|id| !id.is_empty())?, payload: payload? },
            "complete" => Self::Complete { id: id? },
            _ => return None,
        })
    }
}

/// What `connection_init` may carry. Browsers cannot set headers on a WebSocket, so the token comes here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct InitPayload {
    #[serde(alias = "Authorization")]
    authorization: Option<String>,
    token: Option<String>,
}

impl InitPayload {
    /// The bearer token, from either place.
    pub(crate) fn token(&self) -> Option<&str> {
        let from_header = self.authorization.as_deref().and_then(|header| header.strip_prefix("Bearer "));
        from_header.or(self.token.as_deref()).map(str::trim).filter(|token| !token.is_empty())
    }
}

/// Why a socket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Close {
    /// As the protocol numbers them.
    pub(crate) code: u16,
    /// For people.
    pub(crate) reason: &'static str,
}

impl Close {
    pub(crate) const GOING_AWAY: Self = Self { code: 1001, reason: "The host is shutting down" };
    /// Not of the protocol, but what `graphql-ws` clients reconnect after.
    pub(crate) const RESTART: Self =
        Self { code: 1012, reason: "The convention, or what you may do in it, has changed; connect again" };
    pub(crate) const INTERNAL: Self = Self { code: 4500, reason: "Internal server error" };
    pub(crate) const BAD_REQUEST: Self = Self { code: 4400, reason: "Invalid message received" };
    pub(crate) const UNAUTHORIZED: Self = Self { code: 4401, reason: "Unauthorized" };
    pub(crate) const FORBIDDEN: Self = Self { code: 4403, reason: "Forbidden" };
    pub(crate) const PROTOCOL: Self = Self { code: 4406, reason: "Subprotocol not acceptable" };
    pub(crate) const INIT_TIMEOUT: Self = Self { code: 4408, reason: "Connection initialisation timeout" };
    pub(crate) const DUPLICATE: Self = Self { code: 4409, reason: "Subscriber already exists" };
    pub(crate) const TOO_MANY_INITS: Self = Self { code: 4429, reason: "Too many initialisation requests" };
    /// A client that asks without ever reading the answers.
    pub(crate) const SLOW: Self = Self { code: 1013, reason: "The client does not read fast enough" };
}

/// `connection_ack`
pub(crate) fn ack() -> String {
    r#"{"type":"connection_ack"}"#.to_owned()
}

/// `pong`, giving back what `ping` carried.
pub(crate) fn pong(payload: Option<&RawValue>) -> String {
    match payload {
        Some(payload) => format!(r#"{{"type":"pong","payload":{}}}"#, payload.get()),
        None => r#"{"type":"pong"}"#.to_owned(),
    }
}

/// `ping`
pub(crate) fn ping() -> String {
    r#"{"type":"ping"}"#.to_owned()
}

/// `next`, with a GraphQL response.
pub(crate) fn next(id: &str, response: &[u8]) -> String {
    format!(r#"{{"type":"next","id":{},"payload":{}}}"#, quoted(id), String::from_utf8_lossy(response))
}

/// `error`, with a list of GraphQL errors.
pub(crate) fn error(id: &str, errors: &str) -> String {
    format!(r#"{{"type":"error","id":{},"payload":{errors}}}"#, quoted(id))
}

/// `complete`
pub(crate) fn complete(id: &str) -> String {
    format!(r#"{{"type":"complete","id":{}}}"#, quoted(id))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_from_either_place() {
        let token = |json: &str| serde_json::from_str::<InitPayload>(json).unwrap().token().map(str::to_owned);
        assert_eq!(token(r#"{"authorization":"Bearer abc"}"#).as_deref(), Some("abc"));
        assert_eq!(token(r#"{"Authorization":"Bearer abc"}"#).as_deref(), Some("abc"));
        assert_eq!(token(r#"{"token":"abc"}"#).as_deref(), Some("abc"));
        assert_eq!(token(r#"{"authorization":"Basic abc"}"#), None);
        assert_eq!(token("{}"), None);
    }

    #[test]
    fn what_is_no_message_of_the_protocol_does_not_parse() {
        for bad in [r#"{"type":"start","id":"1"}"#, r#"{"type":"subscribe","id":"1"}"#, r#"{"id":"1"}"#, "[]", ""] {
            assert!(ClientMessage::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_payload_is_kept_as_written() {
        let Some(ClientMessage::Subscribe { payload, .. }) =
            ClientMessage::parse(r#"{"payload":{"query": "{ a }"},"type":"subscribe","id":"1"}"#)
        else {
            panic!("no message")
        };
        assert_eq!(payload.get(), r#"{"query": "{ a }"}"#);
        assert!(matches!(
            ClientMessage::parse(r#"{"type":"connection_init"}"#),
            Some(ClientMessage::ConnectionInit { .. })
        ));
        assert!(ClientMessage::parse(r#"{"type":"connection_init","payload":null}"#).is_some());
    }

    #[test]
    fn an_id_is_quoted_as_json() {
        assert_eq!(complete("a\"b"), r#"{"type":"complete","id":"a\"b"}"#);
    }
}
