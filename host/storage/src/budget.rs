//! How many connections may be open at once, over all databases of one [`crate::Storage`].
//!
//! A thousand idle conventions must cost next to nothing and a thousand busy ones must not take the machine (or the
//! PostgreSQL server) down. So every open connection, busy or idle, holds one place of a budget; idle ones are closed
//! after a while, and earlier when somebody waits for a place.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use conman_kernel::sql::SqlError;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long an unused connection stays open.
pub(crate) const IDLE: Duration = Duration::from_secs(30);

/// How long anybody waits for a connection.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Something that keeps idle connections.
pub(crate) trait Idling: Send + Sync {
    /// Closes the connections unused since before `since`.
    fn close_idle(&self, since: Instant);
    /// Closes one unused connection; whether there was one.
    fn close_one(&self) -> bool;
}

/// The places there are.
pub(crate) struct Budget {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    pools: Mutex<Vec<Weak<dyn Idling>>>,
}

impl Budget {
    pub(crate) fn new(places: usize) -> Arc<Self> {
        Arc::new(Self {
            places: Arc::new(Semaphore::new(places)),
            waiting: AtomicUsize::new(0),
            pools: Mutex::new(Vec::new()),
        })
    }

    /// Lets `pool` be asked to give up idle connections.
    pub(crate) fn register(&self, pool: Weak<dyn Idling>) {
        self.pools.lock().push(pool);
    }

    /// Whether a returned connection had better be closed, because somebody waits for its place.
    pub(crate) fn is_short(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// A place for one more connection.
    pub(crate) async fn place(&self) -> Result<OwnedSemaphorePermit, SqlError> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let _waiting = Waiting::join(&self.waiting);
        self.relieve();
        match tokio::time::timeout(PATIENCE, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(SqlError::Unavailable("storage is closing".to_owned())),
            Err(_) => Err(SqlError::Unavailable("all database connections are busy".to_owned())),
        }
    }

    /// Closes one idle connection somewhere.
    fn relieve(&self) {
        let pools: Vec<_> = self.pools.lock().iter().filter_map(Weak::upgrade).collect();
        let _ = pools.iter().any(|pool| pool.close_one());
    }

    /// Closes what has been idle for long, and forgets pools that are gone.
    pub(crate) fn sweep(&self) {
        let Some(since) = Instant::now().checked_sub(IDLE) else { return };
        let pools: Vec<_> = {
            let mut pools = self.pools.lock();
            pools.retain(|pool| pool.strong_count() > 0);
            pools.iter().filter_map(Weak::upgrade).collect()
        };
        for pool in pools {
            pool.close_idle(since);
        }
    }

    /// Sweeps for as long as the budget is used by anybody.
    pub(crate) fn keep_swept(self: &Arc<Self>) {
        let budget = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(IDLE / 4);
            loop {
                interval.tick().await;
                let Some(budget) = budget.upgrade() else { return };
                budget.sweep();
            }
        });
    }
}

/// Counts one who waits, also when the waiting is given up.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn join(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
