//! Removing what a disabled plugin has stored, in two steps: first nothing of it runs any more, so that whoever wants something of what it
//! left (the bus wants its last events) can take it, and then it is gone.

use std::sync::Arc;

use conman_kernel::id::{ConventionId, PluginId};
use tokio::sync::{MutexGuard, OwnedSemaphorePermit};

use crate::inventory::{EnableError, enabled_in};
use crate::runtime::Runtime;

/// A disabled plugin of which nothing runs, and nothing will while this is held.
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
    /// [`EnableError::InUse`] while it is enabled.
    pub async fn purge(&self, convention: &ConventionId, plugin: &PluginId) -> Result<Purging<'_>, EnableError> {
        let inventory = self.inventory();
        let unchanged = inventory.changing.lock().await;
        // From the database: another host may have enabled it, and what cannot be loaded here is enabled all the same.
        if enabled_in(&inventory.database, convention).await?.iter().any(|row| row.plugin == *plugin) {
            return Err(EnableError::InUse(plugin.clone()));
        }
        let standing = inventory.standings.lock().get(&(convention.clone(), plugin.clone())).cloned();
        let quiet = match standing {
            // All permits at once. Who waits for one still is let in to a database that is gone, and can do nothing there.
            Some(standing) => {
                let all = u32::try_from(inventory.calls_per_plugin).unwrap_or(u32::MAX);
                // Plugins' permits are never closed.
                Arc::clone(&standing.permits).acquire_many_owned(all).await.ok()
            }
            // It has never been loaded since the host started.
            None => None,
        };
        Ok(Purging {
            runtime: self,
            convention: convention.clone(),
            plugin: plugin.clone(),
            _unchanged: unchanged,
            _quiet: quiet,
        })
    }
}

impl Purging<'_> {
    /// Removes everything the plugin has stored.
    ///
    /// # Errors
    /// When the database refuses to let go of it.
    pub async fn finish(self) -> Result<(), EnableError> {
        Ok(self.runtime.inventory().storage.purge(&self.convention, &self.plugin).await?)
    }
}
