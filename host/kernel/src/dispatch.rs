//! The seam to plugins. `graph`, `server` and `bus` reach every feature through [`Dispatcher`] and so know nothing of WebAssembly;
//! the host's own fields are served through the same trait.

use std::sync::Arc;

use async_trait::async_trait;

use crate::actor::Actor;
use crate::convention::Convention;
use crate::event::Event;
use crate::fault::Fault;
use crate::id::{ConventionId, PluginId, RequestId};

/// For whom and where a call runs.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The convention; none for the host's own schema.
    pub convention: Option<Arc<Convention>>,
    /// Who is asking.
    pub actor: Arc<Actor>,
    /// The request it belongs to, quoted in logs and errors.
    pub request: RequestId,
    /// BCP 47 language tags the client prefers, best first; empty when it did not say.
    pub languages: Arc<[String]>,
    /// Repeats of a mutation with the same key answer what the first one answered.
    pub idempotency: Option<IdempotencyKey>,
    /// How many event handlers led here; for a handler itself, those before it.
    pub hops: u32,
}

/// A client's `Idempotency-Key` header: 1 to 128 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Takes the header's text, or nothing if it is no key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let valid = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        valid.then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How a call treats storage and the outside world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// One read-only snapshot; no outside world.
    Query,
    /// One read-write transaction around the call; no outside world.
    Mutation,
    /// Transactions of its own making; the outside world between them.
    Action,
}

impl CallKind {
    /// What a plugin is told.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Action => "action",
        }
    }
}

/// A field to resolve.
#[derive(Debug, Clone)]
pub struct FieldCall {
    /// Who resolves it.
    pub plugin: PluginId,
    /// How it runs.
    pub kind: CallKind,
    /// The type that has the field: `Query`, `Mutation`, `Subscription` or an object type.
    pub type_name: Arc<str>,
    /// The field.
    pub field: Arc<str>,
    /// A JSON object, coerced to the declared types, defaults filled in.
    pub arguments: Arc<str>,
    /// The sub-fields the client wants, as dotted paths in a JSON array: `["id","room.name"]`. A plugin may skip the rest.
    pub selection: Arc<str>,
    /// Where in the response this field stands: tells two uses of one field in a mutation apart for idempotency.
    pub path: Arc<str>,
    /// For a field of `Subscription`: the event that woke it.
    pub event: Option<Arc<Event>>,
}

/// An HTTP request for a plugin's route.
#[derive(Debug, Clone)]
pub struct RouteCall {
    /// Whose route.
    pub plugin: PluginId,
    /// How it runs: `GET` routes are queries; others as the manifest declares.
    pub kind: CallKind,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path below the plugin's own, without a leading slash and percent-decoded: `schedule.xml`.
    pub path: String,
    /// The raw query string, without `?`.
    pub query: String,
    /// Header names in lower case. Never cookies or `authorization`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A plugin's answer to a [`RouteCall`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Each parent's own answer, in the order of the parents.
pub type BatchAnswer = Vec<Result<String, Fault>>;

/// Runs calls on plugins (or on the host's own fields).
#[async_trait]
pub trait Dispatcher: Send + Sync {
    /// Resolves a root field; answers JSON of its declared type.
    ///
    /// # Errors
    /// The plugin's own fault, or the host's about the plugin.
    async fn resolve(&self, scope: &Scope, call: FieldCall) -> Result<String, Fault>;

    /// Resolves one field of many parents at once. Each parent is a JSON object with the type's key fields.
    ///
    /// # Errors
    /// A fault of the whole batch; a parent's own fault is in its place in the answer.
    async fn resolve_batch(&self, scope: &Scope, call: FieldCall, parents: Vec<String>) -> Result<BatchAnswer, Fault>;

    /// Lets a plugin handle an event, at most once in effect.
    ///
    /// # Errors
    /// The plugin's own fault, or the host's about the plugin.
    async fn handle(&self, scope: &Scope, plugin: &PluginId, event: &Event) -> Result<Handled, Fault>;

    /// Lets a plugin answer an HTTP request.
    ///
    /// # Errors
    /// The plugin's own fault, or the host's about the plugin.
    async fn route(&self, scope: &Scope, call: RouteCall) -> Result<RouteAnswer, Fault>;

    /// A number that grows with every committed change of the plugin's data in the scope's convention. An answer computed after
    /// reading revision *r* may be served again as long as the revision is still *r*.
    fn revision(&self, scope: &Scope, plugin: &PluginId) -> u64;
}

/// Is told after every commit of a plugin's transaction, and of the host's own in a plugin's database.
pub trait CommitListener: Send + Sync {
    /// `emitted`: events were committed with it, so that the relay has something to do.
    fn committed(&self, convention: &ConventionId, plugin: &PluginId, emitted: bool);

    /// A job of the scheduler was started, cancelled or forgotten with it. Told besides [`Self::committed`].
    fn ordered(&self, _convention: &ConventionId, _plugin: &PluginId) {}
}

/// Both are told, one after the other.
impl<A: CommitListener, B: CommitListener> CommitListener for (A, B) {
    fn committed(&self, convention: &ConventionId, plugin: &PluginId, emitted: bool) {
        self.0.committed(convention, plugin, emitted);
        self.1.committed(convention, plugin, emitted);
    }

    fn ordered(&self, convention: &ConventionId, plugin: &PluginId) {
        self.0.ordered(convention, plugin);
        self.1.ordered(convention, plugin);
    }
}

/// What became of a delivered event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    /// The handler ran and its effects are committed.
    Now,
    /// It had run before; nothing was done.
    Before,
}
