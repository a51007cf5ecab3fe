//! A few connections to one database, opened when first needed and closed when idle.
//!
//! Those who want a connection queue in order: for SQLite's one writer this queue is what makes two hundred concurrent
//! sign-ups go through one after the other, instead of spinning on the file's lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use async_trait::async_trait;
use conman_kernel::sql::SqlError;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::budget::{Budget, Idling, PATIENCE};

/// Opens connections.
#[async_trait]
pub(crate) trait Connect: Send + Sync + 'static {
    /// What is opened.
    type Connection: Send + 'static;
    /// Opens one.
    async fn connect(&self) -> Result<Self::Connection, SqlError>;
}

/// See the module.
pub(crate) struct Pool<C: Connect> {
    connector: C,
    turns: Arc<Semaphore>,
    budget: Arc<Budget>,
    idle: Mutex<Vec<Idle<C::Connection>>>,
    generation: AtomicU64,
}

struct Open<T> {
    connection: T,
    generation: u64,
    /// Gives the place back when the connection is closed, so it comes after it.
    _place: OwnedSemaphorePermit,
}

struct Idle<T> {
    open: Open<T>,
    since: Instant,
}

/// A connection in use. Dropping it closes the connection; [`Lease::give_back`] keeps it for the next.
pub(crate) struct Lease<C: Connect> {
    open: Open<C::Connection>,
    pool: Arc<Pool<C>>,
    /// Lets the next in the queue go on, so it comes last.
    _turn: OwnedSemaphorePermit,
}

impl<C: Connect> Pool<C> {
    /// A pool of at most `size` connections.
    pub(crate) fn new(connector: C, size: usize, budget: Arc<Budget>) -> Arc<Self> {
        let pool = Arc::new(Self {
            connector,
            turns: Arc::new(Semaphore::new(size)),
            budget,
            idle: Mutex::new(Vec::new()),
            generation: AtomicU64::new(0),
        });
        let weak: Weak<Self> = Arc::downgrade(&pool);
        pool.budget.register(weak);
        pool
    }

    /// `count` turns at once, in the order of asking: of all, nobody else has a connection while they are held.
    pub(crate) async fn turns(&self, count: u32) -> Result<OwnedSemaphorePermit, SqlError> {
        match tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_many_owned(count)).await {
            Ok(Ok(turns)) => Ok(turns),
            Ok(Err(_)) => Err(SqlError::Unavailable("this database was removed".to_owned())),
            Err(_) => Err(SqlError::Serialization("the queue for this database was too long".to_owned())),
        }
    }

    /// A connection, in the order of asking.
    pub(crate) async fn lease(self: &Arc<Self>) -> Result<Lease<C>, SqlError> {
        let turn = self.turns(1).await?;
        let open = match self.take_idle() {
            Some(open) => open,
            None => self.open().await?,
        };
        Ok(Lease { open, pool: Arc::clone(self), _turn: turn })
    }

    fn take_idle(&self) -> Option<Open<C::Connection>> {
        let generation = self.generation.load(Ordering::Acquire);
        let mut idle = self.idle.lock();
        while let Some(Idle { open, .. }) = idle.pop() {
            if open.generation == generation {
                return Some(open);
            }
        }
        None
    }

    async fn open(&self) -> Result<Open<C::Connection>, SqlError> {
        let place = self.budget.place().await?;
        let generation = self.generation.load(Ordering::Acquire);
        let connection = self.connector.connect().await?;
        Ok(Open { connection, generation, _place: place })
    }

    /// Lets no connection opened until now be used again: their prepared statements know an older schema.
    pub(crate) fn renew(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.idle.lock().clear();
    }

    /// Refuses everybody from now on, then waits until the last connection is back.
    pub(crate) async fn close(&self, size: u32) {
        drop(self.turns(size).await);
        self.turns.close();
        self.renew();
    }
}

impl<C: Connect> Idling for Pool<C> {
    fn close_idle(&self, since: Instant) {
        self.idle.lock().retain(|idle| idle.since >= since);
    }

    fn close_one(&self) -> bool {
        let mut idle = self.idle.lock();
        if idle.is_empty() {
            return false;
        }
        drop(idle.remove(0));
        true
    }
}

impl<C: Connect> Lease<C> {
    /// The connection.
    pub(crate) const fn connection(&mut self) -> &mut C::Connection {
        &mut self.open.connection
    }

    /// Keeps the connection for the next.
    pub(crate) fn give_back(self) {
        let Self { open, pool, _turn } = self;
        let current = pool.generation.load(Ordering::Acquire);
        if open.generation == current && !pool.budget.is_short() && !pool.turns.is_closed() {
            pool.idle.lock().push(Idle { open, since: Instant::now() });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    /// Counts what it opens.
    #[derive(Default)]
    struct Counter(AtomicU32);

    #[async_trait]
    impl Connect for Counter {
        type Connection = u32;

        async fn connect(&self) -> Result<u32, SqlError> {
            Ok(self.0.fetch_add(1, Ordering::Relaxed))
        }
    }

    #[tokio::test]
    async fn a_connection_is_opened_when_needed_used_again_and_closed_when_idle() {
        let pool = Pool::new(Counter::default(), 2, Budget::new(9));
        for _ in 0..3 {
            let mut lease = pool.lease().await.unwrap();
            assert_eq!(*lease.connection(), 0);
            lease.give_back();
        }
        pool.close_idle(Instant::now());
        let mut lease = pool.lease().await.unwrap();
        assert_eq!(*lease.connection(), 1);
        drop(lease);
        assert_eq!(*pool.lease().await.unwrap().connection(), 2);
    }

    #[tokio::test]
    async fn an_idle_connection_gives_way_to_another_databases() {
        let budget = Budget::new(1);
        let (one, other) =
            (Pool::new(Counter::default(), 1, Arc::clone(&budget)), Pool::new(Counter::default(), 1, budget));
        one.lease().await.unwrap().give_back();
        other.lease().await.unwrap().give_back();
        assert_eq!((one.idle.lock().len(), other.idle.lock().len()), (0, 1));
    }

    #[tokio::test]
    async fn after_a_migration_older_connections_are_not_used_again() {
        let pool = Pool::new(Counter::default(), 2, Budget::new(9));
        let old = pool.lease().await.unwrap();
        pool.lease().await.unwrap().give_back();
        pool.renew();
        old.give_back();
        assert_eq!(*pool.lease().await.unwrap().connection(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let pool = Pool::new(Counter::default(), 1, Budget::new(9));
        let _held = pool.lease().await.unwrap();
        assert!(matches!(pool.lease().await, Err(SqlError::Serialization(_))));
    }

    #[tokio::test]
    async fn the_queue_is_in_order() {
        let pool = Pool::new(Counter::default(), 1, Budget::new(9));
        let held = pool.lease().await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for number in 0..5 {
            let (pool, order) = (Arc::clone(&pool), Arc::clone(&order));
            waiting.push(tokio::spawn(async move {
                let lease = pool.lease().await.unwrap();
                order.lock().push(number);
                lease.give_back();
            }));
            tokio::task::yield_now().await;
        }
        held.give_back();
        for task in waiting {
            task.await.unwrap();
        }
        assert_eq!(*order.lock(), [0, 1, 2, 3, 4]);
    }
}
