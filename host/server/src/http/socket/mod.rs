//! Subscriptions (and any other operation) over a WebSocket, in the `graphql-transport-ws` protocol.
//!
//! One task owns the socket; each operation is a task of its own that hands its answers over through a bounded channel, so that a client
//! that reads slowly slows its own operations and nobody else's. Who the client is gets asked again from time to time: a token that is
//! revoked ends what it began.

mod conversation;
pub(crate) mod message;

use std::sync::Arc;

use axum::extract::FromRequestParts as _;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse as _, Response};
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::Slug;
use http::request::Parts as Head;

use crate::http::answer::{self, Shape};
use crate::http::caller;
use crate::parts::Parts;
use conversation::Conversation;
use message::{Close, PROTOCOL};

/// Where the operations of a socket go.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    /// The host's own schema.
    Host,
    /// A convention's.
    Convention(String),
}

impl Address {
    /// As a path; nothing when no convention can have that name.
    pub(crate) fn path(&self) -> Option<String> {
        match self {
            Self::Host => Some("/graphql".to_owned()),
            Self::Convention(slug) => slug.parse::<Slug>().ok().map(|slug| format!("/c/{slug}/graphql")),
        }
    }
}

/// Turns a request into a WebSocket. Whether the convention exists, and for this client, is said only after it has said who it is.
pub(crate) async fn upgrade(parts: Arc<Parts>, mut head: Head, address: Address) -> Response {
    let id = caller::request_id(&head);
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut head, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let Ok(permit) = Arc::clone(&parts.sockets).try_acquire_owned() else {
        parts.metrics.refused("sockets");
        let fault =
            Fault::new(code::OVERLOADED, "as many WebSockets are open as this host allows; try again in a moment")
                .retryable();
        return answer::fault(&fault, Shape::Plain, &id);
    };
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .max_message_size(parts.limits.graphql_bytes)
        .max_frame_size(parts.limits.graphql_bytes);
    upgrade.on_upgrade(async move |mut socket| {
        let _permit = permit;
        let _counted = parts.metrics.socket();
        let running = parts.running.token();
        let reason = if socket.protocol().is_some_and(|protocol| protocol == PROTOCOL) {
            Conversation::new(parts, head, address).run(&mut socket).await
        } else {
            Some(Close::PROTOCOL)
        };
        if let Some(reason) = reason {
            close(&mut socket, reason).await;
        }
        drop(running);
    })
}

async fn close(socket: &mut WebSocket, reason: Close) {
    let frame = CloseFrame { code: reason.code, reason: reason.reason.into() };
    let farewell = async {
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            // The other side answers a close with a close; until then it may not have read ours.
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    let _ = tokio::time::timeout(std::time::Duration::from_secs(2), farewell).await;
}
