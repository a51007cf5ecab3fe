//! The seams at which runtime, bus and stand-ins meet, as the server has them in a host.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use conman_bus::{Outboxes, Scopes, Subscriptions};
use conman_graph::SubscriptionHub;
use conman_kernel::actor::Actor;
use conman_kernel::convention::Convention;
use conman_kernel::dispatch::{BatchAnswer, Dispatcher, FieldCall, Handled, RouteAnswer, RouteCall, Scope};
use conman_kernel::event::{Event, EventListener, TopicPattern};
use conman_kernel::fault::Fault;
use conman_kernel::id::{ConventionId, PluginId, RequestId};
use conman_kernel::sql::{SharedDatabase, SqlError};
use conman_runtime::Runtime;
use conman_solving::Places;
use conman_storage::Storage;
use parking_lot::Mutex;

use crate::stand_in::StandIn;

/// Real plugins run, others are stood in for.
pub(crate) struct Cast {
    pub(crate) runtime: Runtime,
    pub(crate) stand_ins: BTreeMap<PluginId, StandIn>,
}

#[async_trait]
impl Dispatcher for Cast {
    async fn resolve(&self, scope: &Scope, call: FieldCall) -> Result<String, Fault> {
        if self.stand_ins.contains_key(&call.plugin) {
            Ok("null".to_owned())
        } else {
            self.runtime.resolve(scope, call).await
        }
    }

    async fn resolve_batch(&self, scope: &Scope, call: FieldCall, parents: Vec<String>) -> Result<BatchAnswer, Fault> {
        match self.stand_ins.get(&call.plugin) {
            Some(stand_in) => stand_in.resolve_batch(&call, &parents),
            None => self.runtime.resolve_batch(scope, call, parents).await,
        }
    }

    async fn handle(&self, scope: &Scope, plugin: &PluginId, event: &Event) -> Result<Handled, Fault> {
        self.runtime.handle(scope, plugin, event).await
    }

    async fn route(&self, scope: &Scope, call: RouteCall) -> Result<RouteAnswer, Fault> {
        match self.stand_ins.get(&call.plugin) {
            Some(stand_in) => Err(stand_in.no_routes()),
            None => self.runtime.route(scope, call).await,
        }
    }

    fn revision(&self, scope: &Scope, plugin: &PluginId) -> u64 {
        // A stand-in's data never change.
        if self.stand_ins.contains_key(plugin) { 1 } else { self.runtime.revision(scope, plugin) }
    }
}

/// A scope in which somebody asks.
pub(crate) fn scope(convention: &Arc<Convention>, actor: &Arc<Actor>) -> Scope {
    Scope {
        convention: Some(Arc::clone(convention)),
        actor: Arc::clone(actor),
        request: RequestId::new(),
        languages: Arc::default(),
        idempotency: None,
        hops: 0,
    }
}

/// Where the kit's plugins leave their events, who wants them, and as whom.
pub(crate) struct Seams {
    pub(crate) storage: Storage,
    pub(crate) runtime: Runtime,
    pub(crate) convention: Arc<Convention>,
}

#[async_trait]
impl Outboxes for Seams {
    async fn open(&self, convention: &ConventionId, publisher: &PluginId) -> Result<Option<SharedDatabase>, SqlError> {
        Ok(self.storage.existing(convention, publisher).await?.map(|database| database.host()))
    }

    async fn has(&self, convention: &ConventionId, publisher: &PluginId) -> Result<bool, SqlError> {
        self.storage.has(convention, publisher).await
    }

    async fn all(&self) -> Result<Vec<(ConventionId, PluginId)>, SqlError> {
        let enabled = self.runtime.enabled(&self.convention.id);
        Ok(enabled
            .iter()
            .filter(|plugin| plugin.manifest().needs.database.is_some() || plugin.manifest().needs.scheduler.is_some())
            .map(|plugin| (self.convention.id.clone(), plugin.id().clone()))
            .collect())
    }
}

#[async_trait]
impl Subscriptions for Seams {
    async fn owed(&self, convention: &ConventionId) -> Result<Vec<(PluginId, Vec<TopicPattern>)>, SqlError> {
        self.runtime.subscriptions(convention).await
    }

    fn takes(&self, convention: &ConventionId, subscriber: &PluginId, topic: &str) -> bool {
        self.runtime.takes(convention, subscriber, topic)
    }
}

#[async_trait]
impl Scopes for Seams {
    async fn scope(&self, _: &ConventionId, event: &Event) -> Result<Scope, Fault> {
        Ok(Scope { hops: event.hops, ..scope(&self.convention, &Arc::new(Actor::system())) })
    }
}

#[async_trait]
impl Places for Seams {
    async fn open(&self, convention: &ConventionId, plugin: &PluginId) -> Result<Option<SharedDatabase>, SqlError> {
        Outboxes::open(self, convention, plugin).await
    }

    async fn all(&self) -> Result<Vec<(ConventionId, PluginId)>, SqlError> {
        Outboxes::all(self).await
    }

    async fn is_enabled(&self, convention: &ConventionId, plugin: &PluginId) -> Result<bool, SqlError> {
        self.runtime.is_enabled(convention, plugin).await
    }
}

/// Every event that was published, for tests to look at and for subscriptions.
pub(crate) struct Heard {
    pub(crate) events: Mutex<Vec<Event>>,
    pub(crate) hub: SubscriptionHub,
}

impl EventListener for Heard {
    fn published(&self, convention: &ConventionId, event: &Event) {
        let mut heard = self.events.lock();
        // At least once means perhaps twice.
        if !heard.iter().any(|known| known.id == event.id) {
            heard.push(event.clone());
            self.hub.publish(convention, event);
        }
    }
}
