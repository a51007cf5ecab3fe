//! Removing what a disabled plugin has stored, in two steps: first nothing of it runs any more, so that whoever wants something of what it
//! left (the bus wants its last events) can take it, and then it is gone.

use std::sync::Arc;

use conman_kernel::id::{ConventionId, PluginId};
use conman_storage::Unsent;
use tokio::sync::{OwnedRwLockWriteGuard, OwnedSemaphorePermit};

use crate::inventory::{EnableError, Inventory, enabled_in};
use crate::runtime::Runtime;
use crate::standing::Standing;

/// A disabled plugin of which nothing runs here, and nothing will while this is held; nor is it enabled here. Other hosts on the same database
/// may still be at it for a while; what they tell meanwhile keeps it from being removed.
#[must_use = "nothing is removed before `finish`"]
pub struct Purging<'r> {
    runtime: &'r Runtime,
    mark: Mark<'r>,
    /// None where nothing of it ever ran.
    quiet: Option<Quiet>,
}

/// That no call runs and nothing is being committed.
struct Quiet {
    _permits: Option<OwnedSemaphorePermit>,
    _lane: OwnedRwLockWriteGuard<()>,
}

/// That a plugin is being purged in a convention, until this is dropped: to enable it would be to wait for calls that end with the purge.
struct Mark<'r> {
    inventory: &'r Inventory,
    key: (ConventionId, PluginId),
}

impl Drop for Mark<'_> {
    fn drop(&mut self) {
        self.inventory.purging.lock().remove(&self.key);
    }
}

impl Inventory {
    /// Refuses what is being purged.
    pub(crate) fn require_not_purging(&self, convention: &ConventionId, plugin: &PluginId) -> Result<(), EnableError> {
        match self.purging.lock().contains(&(convention.clone(), plugin.clone())) {
            true => Err(EnableError::Purging(plugin.clone())),
            false => Ok(()),
        }
    }
}

impl Runtime {
    /// Begins to remove everything that a disabled plugin has stored in a convention: waits for its running calls. Nothing is removed before
    /// [`Purging::finish`], and nobody else's changes wait until then.
    ///
    /// # Errors
    /// [`EnableError::InUse`] while it is enabled, [`EnableError::Purging`] while another purge of it has not ended.
    pub async fn begin_purge(&self, convention: &ConventionId, plugin: &PluginId) -> Result<Purging<'_>, EnableError> {
        let mark = self.mark(convention, plugin).await?;
        let quiet = match self.inventory().known_standing(convention, plugin) {
            Some(standing) => Some(self.quiet(&standing).await),
            None => None,
        };
        Ok(Purging { runtime: self, mark, quiet })
    }

    /// While nobody enables anything: who does has either written so, or is refused.
    async fn mark(&self, convention: &ConventionId, plugin: &PluginId) -> Result<Mark<'_>, EnableError> {
        let inventory = self.inventory();
        let _one = inventory.changing.lock().await;
        self.require_disabled(convention, plugin).await?;
        let key = (convention.clone(), plugin.clone());
        match inventory.purging.lock().insert(key.clone()) {
            true => Ok(Mark { inventory, key }),
            false => Err(EnableError::Purging(plugin.clone())),
        }
    }

    /// Waits until nothing of the plugin runs. Who waits for a permit still is let in to a database that is gone, and can do nothing there.
    async fn quiet(&self, standing: &Standing) -> Quiet {
        let all = u32::try_from(self.inventory().calls_per_plugin).unwrap_or(u32::MAX);
        // All permits at once; they are never closed.
        let permits = Arc::clone(&standing.permits).acquire_many_owned(all).await.ok();
        // An action whose time is up may have left a commit behind that goes on without a permit.
        Quiet { _permits: permits, _lane: Arc::clone(&standing.lane).write_owned().await }
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
    /// [`EnableError::InUse`] when another host has enabled it meanwhile, [`EnableError::Purging`] when it has disabled it again, too, and when
    /// the database refuses to let go of it; see [`Storage::purge`](conman_storage::Storage::purge).
    pub async fn finish(self, unsent: Unsent) -> Result<(), EnableError> {
        let Self { runtime, mark, quiet } = self;
        let (convention, plugin) = &mark.key;
        let inventory = runtime.inventory();
        let _one = inventory.changing.lock().await;
        runtime.require_disabled(convention, plugin).await?;
        // Enabled for the first time and disabled again meanwhile, elsewhere: nobody has waited for what ran here.
        if quiet.is_none() && inventory.known_standing(convention, plugin).is_some() {
            return Err(EnableError::Purging(plugin.clone()));
        }
        Ok(inventory.storage.purge(convention, plugin, unsent).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use conman_kernel::clock::SystemClock;
    use conman_storage::{Location, Storage};

    use super::*;
    use crate::engine::Allocation;
    use crate::runtime::RuntimeConfig;

    struct Place {
        runtime: Runtime,
        convention: ConventionId,
        plugin: PluginId,
        _folder: tempfile::TempDir,
    }

    impl Place {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let storage = Storage::open(Location::Folder(folder.path().to_owned())).await.unwrap();
            let config = RuntimeConfig {
                allocation: Allocation::OnDemand { calls: 2 },
                ..RuntimeConfig::in_folder(folder.path())
            };
            let runtime = Runtime::open(config, storage.clone(), storage.host(), Arc::new(SystemClock)).await.unwrap();
            let (convention, plugin) = (ConventionId::new(), "tests/probe".parse().unwrap());
            Self { runtime, convention, plugin, _folder: folder }
        }

        fn standing(&self) -> Arc<Standing> {
            self.runtime.inventory().standing(&self.convention, &self.plugin)
        }

        fn others_may_change_something(&self) -> bool {
            self.runtime.inventory().changing.try_lock().is_ok()
        }

        /// Runs `meanwhile` to its end; the purge must have begun only after that.
        async fn purge_waits_for(&self, meanwhile: impl Future<Output = ()>) {
            let begun = self.runtime.begin_purge(&self.convention, &self.plugin);
            let mut begun = std::pin::pin!(begun);
            tokio::select! {
                biased;
                _ = &mut begun => panic!("the purge did not wait"),
                () = meanwhile => {}
            }
            begun.await.unwrap().finish(Unsent::Kept).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_purge_that_waits_for_a_call_holds_up_nobody_elses_changes() {
        let place = Place::new().await;
        let standing = place.standing();
        let call = Arc::clone(&standing.permits).acquire_owned().await.unwrap();
        let changes = async {
            // Who waits for all permits has taken those that are free.
            while standing.permits.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            assert!(place.others_may_change_something());
            drop(call);
        };
        place.purge_waits_for(changes).await;
    }

    #[tokio::test]
    async fn a_purge_waits_for_a_commit_that_outlives_its_call() {
        let place = Place::new().await;
        let standing = place.standing();
        let commit = Arc::clone(&standing.lane).read_owned().await;
        let committing = async {
            // The lane is fair: nobody passes the one who waits to have it alone.
            while standing.lane.try_read().is_ok() {
                tokio::task::yield_now().await;
            }
            drop(commit);
        };
        place.purge_waits_for(committing).await;
    }

    #[tokio::test]
    async fn others_change_what_they_like_between_the_steps() {
        let place = Place::new().await;
        let _ = place.standing();
        let purging = place.runtime.begin_purge(&place.convention, &place.plugin).await.unwrap();
        assert!(place.others_may_change_something());
        purging.finish(Unsent::Kept).await.unwrap();
    }

    #[tokio::test]
    async fn what_never_ran_leaves_nothing_behind() {
        let place = Place::new().await;
        let begin = async || place.runtime.begin_purge(&place.convention, &place.plugin).await.unwrap();
        begin().await.finish(Unsent::Kept).await.unwrap();
        assert!(place.runtime.inventory().known_standing(&place.convention, &place.plugin).is_none());
        // What ran for the first time after the first step has not been waited for.
        let purging = begin().await;
        let _ = place.standing();
        assert!(matches!(purging.finish(Unsent::Kept).await, Err(EnableError::Purging(_))));
    }
}
