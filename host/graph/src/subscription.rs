//! Subscriptions: events wake fields of `Subscription`; the plugin says what, if anything, each subscriber hears.
//!
//! Subscribers that ask for the same field with the same arguments as the same actor form a group, for which the plugin is called
//! once per event; what each selected is projected for each. Every queue is bounded: who falls behind is closed with an error that
//! says so, and can subscribe again.

use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use conman_kernel::dispatch::{Dispatcher, FieldCall, Scope};
use conman_kernel::event::{Event, EventListener, TopicPattern};
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::{ConventionId, PluginId};
use futures::Stream;
use futures::stream::{self, BoxStream, StreamExt as _};
use parking_lot::Mutex;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::compose::ComposedSchema;
use crate::engine::{Engine, Ready, actor_key};
use crate::error::{GraphError, refusal};
use crate::execute::{Execution, denied};
use crate::model::Root;
use crate::operation::plan::{Call, RootField, RootSource};
use crate::request::{Request, Response};

/// Answers a subscriber may be behind, and events a group may be.
const QUEUE: usize = 256;

/// Where events come in and subscribers wait for them. Cheap to clone.
#[derive(Clone)]
pub struct SubscriptionHub(Arc<Hub>);

struct Hub {
    queue: usize,
    ids: AtomicU64,
    groups: Mutex<HashMap<GroupKey, Group>>,
}

/// What subscribers must share to share calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct GroupKey {
    convention: ConventionId,
    generation: u64,
    plugin: PluginId,
    field: Arc<str>,
    arguments: Arc<str>,
    /// With roles and permissions: a group is asked for as its first member is, so the others must be no less and no more.
    actor: String,
    languages: Arc<[String]>,
}

struct Group {
    topics: Vec<TopicPattern>,
    events: Sender<Arc<Event>>,
    members: HashMap<u64, Member>,
}

type Answer = Arc<Result<String, Fault>>;

struct Member {
    /// The paths it selected.
    selection: BTreeSet<String>,
    answers: Sender<Answer>,
    /// Why it was closed, for it to say last.
    closed: Arc<Mutex<Option<Fault>>>,
}

/// Responses to one subscriber, as bytes, each `{"data":…}`. When the host ends it, the last says why: `{"errors":[…]}`.
pub struct Subscription(BoxStream<'static, Bytes>);

impl Stream for Subscription {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.0.poll_next_unpin(cx)
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subscription")
    }
}

impl Default for SubscriptionHub {
    fn default() -> Self {
        Self::new()
    }
}

impl SubscriptionHub {
    /// A hub without subscribers.
    #[must_use]
    pub fn new() -> Self {
        Self::with_queue(QUEUE)
    }

    /// A hub whose subscribers may be at most `queue` answers behind.
    #[must_use]
    pub fn with_queue(queue: usize) -> Self {
        Self(Arc::new(Hub { queue: queue.max(1), ids: AtomicU64::new(1), groups: Mutex::new(HashMap::new()) }))
    }

    /// Wakes everybody in the convention who waits for the event's topic. Never waits for them.
    pub fn publish(&self, convention: &ConventionId, event: &Event) {
        let mut shared: Option<Arc<Event>> = None;
        for (key, group) in &mut *self.0.groups.lock() {
            if key.convention != *convention
                || !event.concerns(&key.plugin)
                || !group.topics.iter().any(|topic| topic.matches(&event.topic))
            {
                continue;
            }
            let event = shared.get_or_insert_with(|| Arc::new(event.clone()));
            if let Err(TrySendError::Full(_)) = group.events.try_send(Arc::clone(event)) {
                let plugin = &key.plugin;
                let message = format!(
                    "`{plugin}` answers events slower than they come, so this subscription was closed; load what you need and subscribe again"
                );
                close_all(group, &Fault::new(code::OVERLOADED, message).retryable());
            }
        }
    }

    /// Ends all subscriptions of a convention, each with `reason` as its last word; for when its schema changes or the host stops.
    pub fn close(&self, convention: &ConventionId, reason: &Fault) {
        self.0.groups.lock().retain(|key, group| {
            if key.convention != *convention {
                return true;
            }
            close_all(group, reason);
            false
        });
    }

    /// How many subscribers a convention has.
    #[must_use]
    pub fn subscribers(&self, convention: &ConventionId) -> usize {
        self.0
            .groups
            .lock()
            .iter()
            .filter(|(key, _)| key.convention == *convention)
            .map(|(_, group)| group.members.len())
            .sum()
    }

    fn join(
        &self,
        key: &GroupKey,
        topics: &[TopicPattern],
        call: &Call,
        scope: &Scope,
        dispatcher: &Arc<dyn Dispatcher>,
    ) -> (Receiver<Answer>, Seat) {
        let (answers, receiver) = mpsc::channel(self.0.queue);
        let closed = Arc::new(Mutex::new(None));
        let id = self.0.ids.fetch_add(1, Ordering::Relaxed);
        let member = Member {
            selection: serde_json::from_str(&call.selection).unwrap_or_default(),
            answers,
            closed: Arc::clone(&closed),
        };
        let mut groups = self.0.groups.lock();
        let group = groups.entry(key.clone()).or_insert_with(|| {
            let (events, waiting) = mpsc::channel(self.0.queue);
            let caller = Caller {
                hub: self.clone(),
                key: key.clone(),
                type_name: Arc::clone(&call.type_name),
                path: Arc::clone(&call.path),
                scope: scope.clone(),
                dispatcher: Arc::clone(dispatcher),
            };
            tokio::spawn(caller.run(waiting));
            Group { topics: topics.to_vec(), events, members: HashMap::new() }
        });
        group.members.insert(id, member);
        (receiver, Seat { hub: self.clone(), key: key.clone(), id, closed })
    }
}

impl EventListener for SubscriptionHub {
    fn published(&self, convention: &ConventionId, event: &Event) {
        self.publish(convention, event);
    }
}

fn close_all(group: &mut Group, reason: &Fault) {
    for (_, member) in group.members.drain() {
        *member.closed.lock() = Some(reason.clone());
    }
}

/// Calls the plugin for one group, one event after another.
struct Caller {
    hub: SubscriptionHub,
    key: GroupKey,
    type_name: Arc<str>,
    path: Arc<str>,
    scope: Scope,
    dispatcher: Arc<dyn Dispatcher>,
}

impl Caller {
    /// Ends when the group is gone: its sender of events goes with it.
    async fn run(self, mut events: Receiver<Arc<Event>>) {
        while let Some(event) = events.recv().await {
            let Some(selection) = self.selection() else { continue };
            let call = FieldCall {
                plugin: self.key.plugin.clone(),
                kind: conman_kernel::dispatch::CallKind::Query,
                type_name: Arc::clone(&self.type_name),
                field: Arc::clone(&self.key.field),
                arguments: Arc::clone(&self.key.arguments),
                selection,
                path: Arc::clone(&self.path),
                event: Some(event),
            };
            match self.dispatcher.resolve(&self.scope, call).await {
                Ok(text) if text.trim() == "null" => {}
                answer => self.deliver(&Arc::new(answer)),
            }
        }
    }

    /// What any of the members selected; nothing when there are none.
    fn selection(&self) -> Option<Arc<str>> {
        let groups = self.hub.0.groups.lock();
        let members = &groups.get(&self.key)?.members;
        let paths: BTreeSet<&String> = members.values().flat_map(|member| &member.selection).collect();
        (!members.is_empty())
            .then(|| serde_json::Value::from_iter(paths.into_iter().map(String::as_str)).to_string().into())
    }

    fn deliver(&self, answer: &Answer) {
        let mut groups = self.hub.0.groups.lock();
        let Some(group) = groups.get_mut(&self.key) else { return };
        group.members.retain(|_, member| match member.answers.try_send(Arc::clone(answer)) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                let message = format!(
                    "this subscription fell {} answers behind and was closed; load what you need and subscribe again",
                    self.hub.0.queue
                );
                *member.closed.lock() = Some(Fault::new(code::OVERLOADED, message).retryable());
                false
            }
            Err(TrySendError::Closed(_)) => false,
        });
    }
}

/// A subscriber's place in its group, given up when dropped.
struct Seat {
    hub: SubscriptionHub,
    key: GroupKey,
    id: u64,
    closed: Arc<Mutex<Option<Fault>>>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut groups = self.hub.0.groups.lock();
        let Some(group) = groups.get_mut(&self.key) else { return };
        group.members.remove(&self.id);
        if group.members.is_empty() {
            groups.remove(&self.key);
        }
    }
}

/// A subscriber between two answers.
struct Subscriber {
    schema: ComposedSchema,
    ready: Ready,
    scope: Scope,
    dispatcher: Arc<dyn Dispatcher>,
    answers: Receiver<Answer>,
    seat: Seat,
    ended: bool,
}

impl Subscriber {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        if self.ended {
            return None;
        }
        let Some(answer) = self.answers.recv().await else {
            let reason = self.seat.closed.lock().take()?;
            self.ended = true;
            let response = refusal(&[GraphError::from_fault(&reason, None)], &self.scope.request);
            return Some((response.body, self));
        };
        let response = {
            let field: &RootField = self.ready.plan.fields.first()?;
            let execution =
                Execution::new(&self.schema, &self.ready.plan, &self.ready.variables, &self.scope, &*self.dispatcher);
            let outcome = execution.finish(field, (*answer).clone()).await;
            execution.respond(&[outcome])
        };
        Some((response.body, self))
    }
}

impl Engine {
    /// Starts a subscription. Permissions are checked now; the caller ends the stream when the actor loses them.
    ///
    /// # Errors
    /// The response to send: the operation is not valid, is no subscription, or is not for this actor.
    pub async fn subscribe(
        &self,
        schema: &ComposedSchema,
        request: &Request,
        scope: Scope,
        dispatcher: Arc<dyn Dispatcher>,
        hub: &SubscriptionHub,
    ) -> Result<Subscription, Response> {
        let refuse = |errors: &[GraphError]| refusal(errors, &scope.request);
        let ready = self.ready(schema, request).await.map_err(|errors| refuse(&errors))?;
        if ready.plan.root != Root::Subscription {
            return Err(refuse(&[GraphError::invalid("this is no subscription; send it as a request")]));
        }
        let [RootField { source: RootSource::Call(call), permission, plugin, .. }] = ready.plan.fields.as_slice()
        else {
            return Err(refuse(&[GraphError::invalid("a subscription has exactly one field; start one for each")]));
        };
        let Some(convention) = &scope.convention else {
            return Err(refuse(&[GraphError::invalid("subscriptions belong to a convention; use its own address")]));
        };
        let (key, topics) = {
            let execution = Execution::new(schema, &ready.plan, &ready.variables, &scope, &*dispatcher);
            if !execution.may_see(*permission) {
                let name = permission.and_then(|id| ready.plan.permissions.get(id)).map_or("", |name| name);
                return Err(refuse(&[GraphError::from_fault(&denied(&scope, name), plugin.as_ref())]));
            }
            let prepared = execution
                .field_call(call, None)
                .map_err(|fault| refuse(&[GraphError::from_fault(&fault, plugin.as_ref())]))?;
            let key = GroupKey {
                convention: convention.id.clone(),
                generation: schema.generation(),
                plugin: prepared.plugin,
                field: prepared.field,
                arguments: prepared.arguments,
                actor: actor_key(&scope.actor),
                languages: Arc::clone(&scope.languages),
            };
            (key, schema.model().subscription.get(&call.field).map(|field| field.topics.as_slice()).unwrap_or_default())
        };
        let (answers, seat) = hub.join(&key, topics, call, &scope, &dispatcher);
        let subscriber = Subscriber { schema: schema.clone(), ready, scope, dispatcher, answers, seat, ended: false };
        Ok(Subscription(stream::unfold(subscriber, Subscriber::next).boxed()))
    }
}
