//! The seams at which the bus meets the rest of the host: where events come from, who handles them and as whom, who else hears of them.

use std::sync::Arc;

use async_trait::async_trait;
use conman_bus::{Outboxes, Scopes, Subscriptions};
use conman_identity::Identity;
use conman_kernel::actor::Actor;
use conman_kernel::dispatch::Scope;
use conman_kernel::event::{Event, TopicPattern};
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::{ConventionId, PluginId, RequestId};
use conman_kernel::sql::{SharedDatabase, SqlError};
use conman_runtime::Runtime;
use conman_storage::Storage;

/// Where plugins' outboxes are.
pub(crate) struct PluginOutboxes {
    pub(crate) storage: Storage,
    pub(crate) identity: Identity,
}

#[async_trait]
impl Outboxes for PluginOutboxes {
    async fn open(&self, convention: &ConventionId, plugin: &PluginId) -> Result<Option<SharedDatabase>, SqlError> {
        Ok(self.storage.existing(convention, plugin).await?.map(|database| database.host()))
    }

    async fn has(&self, convention: &ConventionId, plugin: &PluginId) -> Result<bool, SqlError> {
        self.storage.has(convention, plugin).await
    }

    async fn all(&self) -> Result<Vec<(ConventionId, PluginId)>, SqlError> {
        let mut all = Vec::new();
        let conventions =
            self.identity.all_conventions().await.map_err(|error| SqlError::Unavailable(error.to_string()))?;
        for convention in conventions {
            let plugins = self.storage.list(&convention.id).await?;
            all.extend(plugins.into_iter().map(|plugin| (convention.id.clone(), plugin)));
        }
        Ok(all)
    }
}

/// Which plugins hear of what. Whether their schemas fit together is of no matter here: events are owed all the same.
pub(crate) struct EnabledSubscriptions(pub(crate) Runtime);

#[async_trait]
impl Subscriptions for EnabledSubscriptions {
    async fn owed(&self, convention: &ConventionId) -> Result<Vec<(PluginId, Vec<TopicPattern>)>, SqlError> {
        self.0.subscriptions(convention).await
    }

    fn takes(&self, convention: &ConventionId, subscriber: &PluginId, topic: &str) -> bool {
        self.0.takes(convention, subscriber, topic)
    }
}

/// As whom event handlers run: the host itself.
pub(crate) struct SystemScopes(pub(crate) Identity);

#[async_trait]
impl Scopes for SystemScopes {
    async fn scope(&self, convention: &ConventionId, event: &Event) -> Result<Scope, Fault> {
        let found = self.0.convention(convention).await?;
        let convention = found.ok_or_else(|| {
            Fault::new(code::NOT_FOUND, format!("event {} belongs to a convention that is gone", event.id))
        })?;
        Ok(Scope {
            convention: Some(convention),
            actor: Arc::new(Actor::system()),
            request: RequestId::new(),
            languages: Arc::new([]),
            idempotency: None,
            hops: event.hops,
        })
    }
}

#[cfg(test)]
mod tests {
    use conman_identity::IdentityConfig;
    use conman_kernel::clock::SystemClock;
    use conman_storage::{Location, Unsent};

    use super::*;

    #[tokio::test]
    async fn a_relay_that_overlaps_a_purge_makes_nothing_anew() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::open(Location::Folder(folder.path().to_owned())).await.unwrap();
        let identity = Identity::new(storage.host(), Arc::new(SystemClock), IdentityConfig::default());
        let outboxes = PluginOutboxes { storage: storage.clone(), identity };
        let (convention, plugin) = (ConventionId::new(), "conman/test".parse().unwrap());
        storage.plugin(&convention, &plugin).await.unwrap();
        assert!(outboxes.open(&convention, &plugin).await.unwrap().is_some());
        assert!(outboxes.has(&convention, &plugin).await.unwrap());
        storage.purge(&convention, &plugin, Unsent::Kept).await.unwrap();
        assert!(outboxes.open(&convention, &plugin).await.unwrap().is_none());
        assert!(!outboxes.has(&convention, &plugin).await.unwrap());
        assert_eq!(storage.list(&convention).await.unwrap(), []);
    }
}
