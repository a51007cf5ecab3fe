//! Removing what a disabled plugin has stored, in two steps: first nothing of it runs any more, so that whoever wants something of what it
//! left (the bus wants its last events) can take it, and then it is gone.

use std::sync::Arc;

use conman_kernel::id::{ConventionId, PluginId};
use conman_storage::Unsent;
use tokio::sync::{MutexGuard, OwnedSemaphorePermit};

use crate::inventory::{EnableError, enabled_in};
use crate::runtime::Runtime;

/// A disabled plugin of which nothing runs here, and nothing will while this is held. Other hosts on the same database may still be at it for
/// a while; what they tell meanwhile keeps it from being removed.
pub struct Purging<'r> {
    runtime: &'r Runtime,
    convention: ConventionId,
    plugin: PluginId,
    _unchanged: MutexGuard<'r, ()>,
    _quiet: Option<OwnedSemaphorePermit>,
}

impl Runtime {
    /// Begins to remove everything that a disabled plugin has stored in a convention: waits for its running calls. Nothing is removed yet.
    ///
    /// # Errors
    /// [`EnableError::InUse`] while it is enabled, or when it is enabled again meanwhile.
    pub async fn purge(&self, convention: &ConventionId, plugin: &PluginId) -> Result<Purging<'_>, EnableError> {
        let inventory = self.inventory();
        self.require_disabled(convention, plugin).await?;
        let standing = inventory.standing(convention, plugin);
        let all = u32::try_from(inventory.calls_per_plugin).unwrap_or(u32::MAX);
        // All permits at once; they are never closed. Before anything is locked, because calls may take long and everybody else's changes
        // need not wait for them. Who waits for a permit still is let in to a database that is gone, and can do nothing there.
        let quiet = Arc::clone(&standing.permits).acquire_many_owned(all).await.ok();
        let unchanged = inventory.changing.lock().await;
        self.require_disabled(convention, plugin).await?;
        Ok(Purging {
            runtime: self,
            convention: convention.clone(),
            plugin: plugin.clone(),
            _unchanged: unchanged,
            _quiet: quiet,
        })
    }

    /// From the database: another host may have enabled it, and what cannot be loaded here is enabled all the same.
    async fn require_disabled(&self, convention: &ConventionId, plugin: &PluginId) -> Result<(), EnableError> {
        let enabled = enabled_in(&self.inventory().database, convention).await?;
        match enabled.iter().any(|row| row.plugin == *plugin) {
            true => Err(EnableError::InUse(plugin.clone())),
            false => Ok(()),
        }
    }
}

impl Purging<'_> {
    /// Removes everything the plugin has stored.
    ///
    /// # Errors
    /// When the database refuses to let go of it; see [`Storage::purge`](conman_storage::Storage::purge).
    pub async fn finish(self, unsent: Unsent) -> Result<(), EnableError> {
        Ok(self.runtime.inventory().storage.purge(&self.convention, &self.plugin, unsent).await?)
    }
}
