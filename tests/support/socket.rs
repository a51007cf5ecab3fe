//! A WebSocket client that speaks `graphql-transport-ws`, or on purpose something else.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open WebSocket.
#[derive(Debug)]
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket at a host's path, with the subprotocol.
    pub async fn open(address: &str, path: &str) -> Self {
        Self::open_as(address, path, Some("graphql-transport-ws")).await.unwrap()
    }

    /// Opens a socket with any subprotocol.
    ///
    /// # Errors
    /// When the host refuses.
    pub async fn open_as(address: &str, path: &str, protocol: Option<&str>) -> Result<Self, Box<Error>> {
        let mut request = format!("{}{path}", address.replacen("http", "ws", 1)).into_client_request()?;
        if let Some(protocol) = protocol {
            request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        Ok(Self(connect_async(request).await?.0))
    }

    /// Opens a socket and says who it is.
    pub async fn begin(address: &str, path: &str, token: Option<&str>) -> Self {
        let mut socket = Self::open(address, path).await;
        let payload = token.map_or_else(|| json!({}), |token| json!({ "authorization": format!("Bearer {token}") }));
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket
    }

    /// Sends a message.
    pub async fn say(&mut self, message: Value) {
        self.say_text(&message.to_string()).await;
    }

    /// Sends any text.
    pub async fn say_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// Starts an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
    }

    /// The next message, pings left out.
    #[track_caller]
    pub fn hear(&mut self) -> impl Future<Output = Value> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            loop {
                let message = tokio::time::timeout(PATIENCE, self.0.next()).await;
                match message.unwrap_or_else(|_| panic!("nothing was heard at {caller}")) {
                    Some(Ok(Message::Text(text))) => {
                        let message: Value = serde_json::from_str(&text).unwrap();
                        if message["type"] != "ping" {
                            return message;
                        }
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => panic!("no message but {other:?} at {caller}"),
                }
            }
        }
    }

    /// The code that the host closes the socket with; messages before that are passed over.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("the socket stays open") {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(Message::Close(None))) | None => return 1005,
                Some(Ok(_)) => {}
                Some(Err(error)) => panic!("the socket broke: {error}"),
            }
        }
    }
}
