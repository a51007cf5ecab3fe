//! The seam at which the scheduler's jobs meet the rest of the host.

use async_trait::async_trait;
use conman_bus::Outboxes as _;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{SharedDatabase, SqlError};
use conman_runtime::Runtime;
use conman_solving::Places;

use crate::events::PluginOutboxes;

/// Where jobs are: where events are, too.
pub(crate) struct JobPlaces {
    pub(crate) databases: PluginOutboxes,
    pub(crate) runtime: Runtime,
}

#[async_trait]
impl Places for JobPlaces {
    async fn open(&self, convention: &ConventionId, plugin: &PluginId) -> Result<Option<SharedDatabase>, SqlError> {
        self.databases.open(convention, plugin).await
    }

    async fn all(&self) -> Result<Vec<(ConventionId, PluginId)>, SqlError> {
        self.databases.all().await
    }

    async fn is_enabled(&self, convention: &ConventionId, plugin: &PluginId) -> Result<bool, SqlError> {
        self.runtime.is_enabled(convention, plugin).await
    }
}
