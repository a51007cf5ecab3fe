//! One socket's conversation: what is said, by whom, and what is running.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::RequestId;
use futures::StreamExt as _;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use http::request::Parts as Head;
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::Address;
use super::message::{self, ClientMessage, Close, InitPayload};
use crate::conventions::Open;
use crate::http::graphql::{self, Place};
use crate::parts::Parts;

/// Answers that may wait to be written before operations have to.
const WAITING: usize = 64;
/// How long a client may take to read one answer.
const WRITE: Duration = Duration::from_secs(20);

/// Something an operation has to say.
struct Said {
    id: String,
    /// Tells it from an earlier operation with the same id.
    serial: u64,
    text: String,
    last: bool,
}

struct Running {
    serial: u64,
    task: AbortHandle,
}

pub(super) struct Conversation {
    parts: Arc<Parts>,
    head: Head,
    address: Address,
    /// Known once the client has said who it is.
    place: Option<Arc<Place>>,
    running: HashMap<String, Running>,
    serial: u64,
    /// When the client must have said who it is, and later when it is asked again.
    look: Instant,
    /// Whether the client has said anything since it was last asked.
    heard: bool,
    say: mpsc::Sender<Said>,
    said: mpsc::Receiver<Said>,
}

/// Goes on, or ends with a reason (none when the client has gone).
type Next = ControlFlow<Option<Close>>;

impl Conversation {
    pub(super) fn new(parts: Arc<Parts>, head: Head, address: Address) -> Self {
        let (say, said) = mpsc::channel(WAITING);
        let look = Instant::now() + parts.limits.socket_init;
        Self { parts, head, address, place: None, running: HashMap::new(), serial: 0, look, heard: true, say, said }
    }

    /// Talks until one side has had enough; answers why the socket is to be closed.
    pub(super) async fn run(mut self, socket: &mut WebSocket) -> Option<Close> {
        let ended = loop {
            if let ControlFlow::Break(ended) = self.step(socket).await {
                break ended;
            }
        };
        for running in self.running.values() {
            running.task.abort();
        }
        ended
    }

    async fn step(&mut self, socket: &mut WebSocket) -> Next {
        let (stop, replaced) = (self.parts.stop.clone(), self.place.as_ref().map(|place| Arc::clone(&place.open)));
        let event = tokio::select! {
            () = stop.cancelled() => return ControlFlow::Break(Some(Close::GOING_AWAY)),
            () = was_replaced(replaced.as_deref()) => return ControlFlow::Break(Some(Close::RESTART)),
            Some(said) = self.said.recv() => Event::Said(said),
            received = socket.recv() => Event::Received(received),
            () = tokio::time::sleep_until(self.look) => Event::Look,
        };
        match event {
            Event::Said(said) => self.pass_on(said, socket).await,
            Event::Received(Some(Ok(message))) => self.hear(message, socket).await,
            Event::Received(_) => ControlFlow::Break(None),
            Event::Look if self.place.is_none() => ControlFlow::Break(Some(Close::INIT_TIMEOUT)),
            Event::Look => self.still_there(socket).await,
        }
    }

    async fn pass_on(&mut self, said: Said, socket: &mut WebSocket) -> Next {
        if self.running.get(&said.id).is_none_or(|running| running.serial != said.serial) {
            // It was ended by the client while this was under way.
            return ControlFlow::Continue(());
        }
        if said.last {
            self.running.remove(&said.id);
        }
        write(socket, said.text).await
    }

    async fn hear(&mut self, message: Message, socket: &mut WebSocket) -> Next {
        self.heard = true;
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => return ControlFlow::Break(None),
            Message::Ping(_) | Message::Pong(_) => return ControlFlow::Continue(()),
            Message::Binary(_) => return ControlFlow::Break(Some(Close::BAD_REQUEST)),
        };
        let Some(message) = ClientMessage::parse(&text) else {
            return ControlFlow::Break(Some(Close::BAD_REQUEST));
        };
        match message {
            ClientMessage::ConnectionInit { .. } if self.place.is_some() => {
                ControlFlow::Break(Some(Close::TOO_MANY_INITS))
            }
            ClientMessage::ConnectionInit { payload } => self.begin(payload, socket).await,
            ClientMessage::Ping { payload } => write(socket, message::pong(payload.as_deref())).await,
            ClientMessage::Pong => ControlFlow::Continue(()),
            ClientMessage::Subscribe { id, payload } => self.subscribe(id, &payload, socket).await,
            ClientMessage::Complete { id } => {
                if let Some(running) = self.running.remove(&id) {
                    running.task.abort();
                }
                ControlFlow::Continue(())
            }
        }
    }

    /// The client says who it is: in the message, or in the headers the socket began with.
    async fn begin(&mut self, payload: InitPayload, socket: &mut WebSocket) -> Next {
        if let Some(token) = payload.token() {
            let Ok(header) = HeaderValue::try_from(format!("Bearer {token}")) else {
                return ControlFlow::Break(Some(Close::FORBIDDEN));
            };
            self.head.headers.insert(AUTHORIZATION, header);
        }
        match self.look_up().await {
            Ok(place) => {
                self.place = Some(Arc::new(place));
                self.look = Instant::now() + self.parts.limits.socket_ping;
                write(socket, message::ack()).await
            }
            Err(fault) => ControlFlow::Break(Some(refusal(&fault))),
        }
    }

    async fn look_up(&self) -> Result<Place, Fault> {
        match &self.address {
            Address::Host => graphql::host_place(&self.parts, &self.head).await,
            Address::Convention(slug) => graphql::convention_place(&self.parts, &self.head, slug).await,
        }
    }

    async fn subscribe(&mut self, id: String, payload: &RawValue, socket: &mut WebSocket) -> Next {
        if self.place.is_none() {
            return ControlFlow::Break(Some(Close::UNAUTHORIZED));
        }
        // Each operation is asked for by whoever the client is now, in the convention as it is now.
        let place = match self.look_again().await {
            Ok(place) => place,
            Err(close) => return ControlFlow::Break(Some(close)),
        };
        if self.running.contains_key(&id) {
            return ControlFlow::Break(Some(Close::DUPLICATE));
        }
        if self.running.len() >= self.parts.limits.socket_operations {
            let fault = Fault::new(
                code::QUOTA,
                format!("{} operations run on this socket already; complete one first", self.running.len()),
            );
            return write(socket, message::error(&id, &graphql::errors(&fault, &place.scope.request))).await;
        }
        let operation = match graphql::parse(payload.get().as_bytes()) {
            Ok(operation) => operation,
            Err(_) => return ControlFlow::Break(Some(Close::BAD_REQUEST)),
        };
        self.serial += 1;
        let (say, serial, name) = (self.say.clone(), self.serial, id.clone());
        let parts = Arc::clone(&self.parts);
        let task = tokio::spawn(async move {
            let _counted = parts.metrics.subscription();
            // Each operation is a request of its own in logs and errors.
            let scope = conman_kernel::dispatch::Scope { request: RequestId::new(), ..place.scope.clone() };
            match graphql::start(&parts, &place, scope, operation).await {
                Ok(mut answers) => {
                    while let Some(answer) = answers.next().await {
                        let said = Said { text: message::next(&name, &answer), id: name.clone(), serial, last: false };
                        if say.send(said).await.is_err() {
                            return;
                        }
                    }
                    let _ = say.send(Said { text: message::complete(&name), id: name, serial, last: true }).await;
                }
                Err(errors) => {
                    let _ = say.send(Said { text: message::error(&name, &errors), id: name, serial, last: true }).await;
                }
            }
        });
        self.running.insert(id, Running { serial: self.serial, task: task.abort_handle() });
        ControlFlow::Continue(())
    }

    /// From time to time: is the client still there, and still who it was?
    async fn still_there(&mut self, socket: &mut WebSocket) -> Next {
        if !std::mem::replace(&mut self.heard, false) {
            return ControlFlow::Break(None);
        }
        self.look = Instant::now() + self.parts.limits.socket_ping;
        match self.look_again().await {
            Ok(_) => write(socket, message::ping()).await,
            Err(close) => ControlFlow::Break(Some(close)),
        }
    }

    /// Where the client is, looked up anew. Once it is somebody else, or the convention has changed, what runs would run as it was.
    async fn look_again(&mut self) -> Result<Arc<Place>, Close> {
        let now = self.look_up().await.map_err(|fault| refusal(&fault))?;
        let same = self.place.as_ref().is_some_and(|before| {
            before.scope.actor == now.scope.actor
                && before.scope.convention == now.scope.convention
                && Arc::ptr_eq(&before.open, &now.open)
        });
        if !same {
            return Err(Close::RESTART);
        }
        let now = Arc::new(now);
        self.place = Some(Arc::clone(&now));
        Ok(now)
    }
}

enum Event {
    Said(Said),
    Received(Option<Result<Message, axum::Error>>),
    Look,
}

async fn was_replaced(open: Option<&Open>) {
    match open {
        Some(open) => open.replaced.cancelled().await,
        None => std::future::pending().await,
    }
}

fn refusal(fault: &Fault) -> Close {
    if fault.code == code::INTERNAL || fault.code == code::UNAVAILABLE { Close::INTERNAL } else { Close::FORBIDDEN }
}

async fn write(socket: &mut WebSocket, text: String) -> Next {
    match tokio::time::timeout(WRITE, socket.send(Message::Text(text.into()))).await {
        Ok(Ok(())) => ControlFlow::Continue(()),
        Ok(Err(_)) => ControlFlow::Break(None),
        Err(_) => ControlFlow::Break(Some(Close::SLOW)),
    }
}
