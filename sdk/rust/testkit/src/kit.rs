//! What a test asks of its plugins.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use conman_bus::Bus;
use conman_graph::{ComposedSchema, Engine, Request, SubscriptionHub};
use conman_kernel::actor::Actor;
use conman_kernel::clock::{Clock, FixedClock};
use conman_kernel::convention::Convention;
use conman_kernel::dispatch::{Dispatcher as _, Handled, IdempotencyKey, RouteAnswer, RouteCall, Scope};
use conman_kernel::event::Event;
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::{EventId, PluginId};
use conman_runtime::{LogLine, Runtime};
use conman_solving::Desk;
use conman_storage::scratch::Scratch;
use jiff::Timestamp;
use serde_json::Value;

use crate::failure::Failure;
use crate::listener::Listener;
use crate::setup::Setup;
use crate::wiring::{Cast, Heard, scope};

/// A small host around the plugins under test, and somebody who asks. Cheap to clone.
#[derive(Clone)]
pub struct Testkit {
    host: Arc<Host>,
    actor: Arc<Actor>,
    languages: Arc<[String]>,
    idempotency: Option<IdempotencyKey>,
}

/// What all of a kit's clones share.
pub(crate) struct Host {
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) runtime: Runtime,
    pub(crate) cast: Arc<Cast>,
    pub(crate) convention: Arc<Convention>,
    pub(crate) schema: ComposedSchema,
    pub(crate) engine: Engine,
    pub(crate) bus: Bus,
    pub(crate) solving: Desk,
    pub(crate) heard: Arc<Heard>,
    pub(crate) hub: SubscriptionHub,
    // Last, because what comes before uses what they hold.
    pub(crate) _folder: tempfile::TempDir,
    pub(crate) _scratch: Option<Scratch>,
}

impl Testkit {
    /// A kit for the plugin in `folder`, with everything as [`Setup::new`] has it.
    ///
    /// # Panics
    /// When the plugin does not build or cannot be enabled; the message says what to do.
    pub async fn build(folder: impl AsRef<Path>) -> Self {
        Setup::new(folder).start().await
    }

    pub(crate) fn new(host: Host, actor: Actor) -> Self {
        Self { host: Arc::new(host), actor: Arc::new(actor), languages: Arc::default(), idempotency: None }
    }

    // --- who asks

    /// The same host, with somebody else asking: see [`crate::person`], [`crate::attendee`], [`crate::nobody`].
    #[must_use]
    pub fn as_actor(&self, actor: Actor) -> Self {
        Self { actor: Arc::new(actor), ..self.clone() }
    }

    /// The same host, with an `Idempotency-Key` on everything asked.
    ///
    /// # Panics
    /// When `key` is none.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        #[expect(clippy::panic, reason = "a wrong fixture ends the test")]
        let key = IdempotencyKey::parse(key).unwrap_or_else(|| panic!("`{key}` is no idempotency key"));
        Self { idempotency: Some(key), ..self.clone() }
    }

    /// The same host, with somebody asking who prefers these languages.
    #[must_use]
    pub fn speaking(&self, languages: &[&str]) -> Self {
        Self { languages: languages.iter().map(|tag| (*tag).to_owned()).collect(), ..self.clone() }
    }

    // --- GraphQL

    /// Runs an operation and answers its `data`.
    ///
    /// # Errors
    /// When the response has any error.
    pub async fn run(&self, operation: &str) -> Result<Value, Failure> {
        self.run_with(operation, Value::Null).await
    }

    /// Runs an operation with variables and answers its `data`.
    ///
    /// # Errors
    /// When the response has any error.
    pub async fn run_with(&self, operation: &str, variables: Value) -> Result<Value, Failure> {
        Failure::of_response(self.response(operation, variables).await)
    }

    /// Runs an operation and answers the whole response.
    ///
    /// # Panics
    /// When the host's response is no JSON, which would be the host's fault.
    pub async fn response(&self, operation: &str, variables: Value) -> Value {
        let request = Request::new(operation).with_variables(variables);
        let host = &self.host;
        let response = host.engine.execute(&host.schema, &request, &self.scope(), &*host.cast).await;
        #[expect(clippy::panic, reason = "a response that is no JSON is a fault of the host, not of the plugin")]
        serde_json::from_slice(&response.body).unwrap_or_else(|error| panic!("the response is no JSON: {error}"))
    }

    /// Starts a subscription: from now on it hears of events.
    ///
    /// # Errors
    /// When the operation is refused.
    pub async fn subscribe(&self, operation: &str) -> Result<Listener, Failure> {
        let host = &self.host;
        let request = Request::new(operation);
        match host.engine.subscribe(&host.schema, &request, self.scope(), host.cast.clone(), &host.hub).await {
            Ok(subscription) => Ok(Listener::new(subscription)),
            Err(response) => Err(Failure::of_bytes(&response.body).err().unwrap_or_default()),
        }
    }

    // --- HTTP

    /// Sends a request for a route, `get("examples-plugin/greetings.csv?day=1")`: the plugin's name, the path, and perhaps a query.
    ///
    /// # Errors
    /// The plugin's own, or what the host refuses.
    pub async fn get(&self, path: &str) -> Result<RouteAnswer, Failure> {
        self.send("GET", path, &[], Vec::new()).await
    }

    /// Sends a body to a route.
    ///
    /// # Errors
    /// The plugin's own, or what the host refuses.
    pub async fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Result<RouteAnswer, Failure> {
        self.send("POST", path, &[], body.into()).await
    }

    /// Sends any request to a route: its permission and the size of its body are held against the manifest, as in a host.
    ///
    /// # Errors
    /// The plugin's own, or what the host refuses.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<RouteAnswer, Failure> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (name, path) = path.split_once('/').unwrap_or((path, ""));
        let enabled = self.host.runtime.enabled(&self.host.convention.id);
        let plugin = enabled.iter().find(|plugin| plugin.id().name() == name);
        let found = plugin.and_then(|plugin| Some((plugin.id().clone(), plugin.manifest().route(method, path)?)));
        let (plugin, route) = found.ok_or_else(|| {
            Fault::new(code::NOT_FOUND, format!("no plugin declares the route {method} {name}/{path}"))
        })?;
        if let Some(permission) = route.permission.as_ref().filter(|permission| !self.actor.may(permission)) {
            return Err(Fault::new(code::FORBIDDEN, format!("this needs the permission `{permission}`")).into());
        }
        if body.len() > route.body_limit {
            return Err(
                Fault::new(code::TOO_LARGE, format!("the route takes {} bytes at most", route.body_limit)).into()
            );
        }
        let call = RouteCall {
            plugin,
            kind: route.kind,
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned())).collect(),
            body,
        };
        Ok(self.host.cast.route(&self.scope(), call).await?)
    }

    // --- events

    /// Lets every plugin that subscribes to `topic` handle an event of `publisher`, and answers whether each did so now.
    /// Nobody listening is an empty answer.
    ///
    /// # Errors
    /// The first handler's error.
    ///
    /// # Panics
    /// When `publisher` is no plugin's id.
    pub async fn emit(
        &self,
        publisher: &str,
        topic: &str,
        key: &str,
        payload: &Value,
    ) -> Result<Vec<Handled>, Failure> {
        #[expect(clippy::panic, reason = "a wrong fixture ends the test")]
        let publisher: PluginId = publisher.parse().unwrap_or_else(|error| panic!("{error}"));
        let event = Event {
            id: EventId::new(),
            topic: topic.to_owned(),
            key: key.to_owned(),
            payload: payload.to_string(),
            publisher,
            emitted_at: self.now(),
            hops: 0,
        };
        self.deliver(&event).await
    }

    /// Lets every plugin that subscribes to it handle this very event, perhaps once more.
    ///
    /// # Errors
    /// The first handler's error.
    pub async fn deliver(&self, event: &Event) -> Result<Vec<Handled>, Failure> {
        let scope = Scope { hops: event.hops, ..scope(&self.host.convention, &Arc::new(Actor::system())) };
        let mut handled = Vec::new();
        let subscriptions = self.host.runtime.subscriptions(&self.host.convention.id).await.map_err(Fault::from)?;
        for (plugin, patterns) in subscriptions {
            if patterns.iter().any(|pattern| pattern.matches(&event.topic)) {
                handled.push(self.host.cast.handle(&scope, &plugin, event).await?);
            }
        }
        Ok(handled)
    }

    /// Waits until everything that plugins emitted has been handled by everybody who listens, as far as it can be before the clock
    /// moves on.
    pub async fn settled(&self) {
        self.host.bus.settled().await;
    }

    /// Waits until every job of the scheduler has ended that plugins started, and until everybody has handled that: also those that are
    /// started meanwhile. The solver searches for real, so give jobs little to do: `iterations` makes them the same every time.
    pub async fn solved(&self) {
        loop {
            self.host.solving.idle().await;
            self.settled().await;
            if self.host.solving.is_idle() {
                return;
            }
        }
    }

    /// Every event the plugins have emitted so far, oldest first. Waits as [`Self::settled`] does.
    pub async fn emitted(&self) -> Vec<Event> {
        self.settled().await;
        self.host.heard.events.lock().clone()
    }

    // --- time, and what is left behind

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.host.clock.now()
    }

    /// Moves the clock forward.
    pub fn advance_clock(&self, by: Duration) {
        self.host.clock.advance(by);
        self.host.bus.look_again();
    }

    /// What a plugin (`publisher/name`) has logged, oldest first.
    ///
    /// # Panics
    /// When `plugin` is no plugin's id.
    #[must_use]
    pub fn logs(&self, plugin: &str) -> Vec<LogLine> {
        #[expect(clippy::panic, reason = "a wrong fixture ends the test")]
        let plugin: PluginId = plugin.parse().unwrap_or_else(|error| panic!("{error}"));
        self.host.runtime.logs(&self.host.convention.id, &plugin, usize::MAX)
    }

    /// The convention.
    #[must_use]
    pub fn convention(&self) -> &Convention {
        &self.host.convention
    }

    /// The scope in which this kit asks.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let languages = Arc::clone(&self.languages);
        Scope { languages, idempotency: self.idempotency.clone(), ..scope(&self.host.convention, &self.actor) }
    }
}
