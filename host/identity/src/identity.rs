//! The handle everybody holds.

use std::sync::Arc;
use std::time::Duration;

use conman_kernel::clock::Clock;
use conman_kernel::sql::{Migration, SharedDatabase, Value};
use conman_kernel::sql::{Rows, read};
use jiff::Timestamp;
use tokio_util::task::TaskTracker;

use crate::acquaintance::Acquaintances;
use crate::audit::Audit;
use crate::authenticate::Actors;
use crate::credential::Credentials;
use crate::directory::DirectoryCache;
use crate::error::Result;
use crate::password::{PasswordCost, Passwords};
use crate::throttle::{Throttle, ThrottleConfig};

/// The name under which [`MIGRATIONS`] are recorded.
pub const COMPONENT: &str = "identity";

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "identity", sql: include_str!("../migrations/0001_identity.sql") },
    Migration { version: 2, name: "acquaintance", sql: include_str!("../migrations/0002_acquaintance.sql") },
];

/// What an operator may tune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityConfig {
    /// What a password hash costs.
    pub password_cost: PasswordCost,
    /// How many passwords are hashed at once; each takes [`PasswordCost::memory_kib`].
    pub hashes_at_once: usize,
    /// A session ends after so long without use,
    pub session_idle: Duration,
    /// and after so long in any case.
    pub session_life: Duration,
    /// Last-used stamps are written at most so often per session or token.
    pub stamp_every: Duration,
    /// How long a change made by another host on the same database may go unnoticed. Changes made here count at once.
    pub notice_within: Duration,
    /// How many sessions and tokens are kept in memory.
    pub cached: u64,
    /// When failed sign-ins lead to waiting.
    pub throttle: ThrottleConfig,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            password_cost: PasswordCost::OWASP,
            hashes_at_once: 2,
            session_idle: Duration::from_secs(14 * 24 * 3600),
            session_life: Duration::from_secs(90 * 24 * 3600),
            stamp_every: Duration::from_secs(60),
            notice_within: Duration::from_secs(5),
            cached: 50_000,
            throttle: ThrottleConfig::default(),
        }
    }
}

/// Accounts, organizations, conventions, memberships, sessions, tokens and the audit trail. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    database: SharedDatabase,
    clock: Arc<dyn Clock>,
    config: IdentityConfig,
    audit: Audit,
    passwords: Passwords,
    throttle: Throttle,
    directory: DirectoryCache,
    credentials: Credentials,
    actors: Actors,
    acquaintances: Acquaintances,
    stamps: TaskTracker,
}

impl Identity {
    /// Works on the host's database, in which [`MIGRATIONS`] have run.
    #[must_use]
    pub fn new(database: SharedDatabase, clock: Arc<dyn Clock>, config: IdentityConfig) -> Self {
        Self(Arc::new(Inner {
            audit: Audit::new(Arc::clone(&database), Arc::clone(&clock)),
            passwords: Passwords::new(config.password_cost, config.hashes_at_once),
            throttle: Throttle::new(config.throttle.clone()),
            directory: DirectoryCache::new(),
            credentials: Credentials::new(config.cached),
            actors: Actors::new(config.cached),
            acquaintances: Acquaintances::new(config.cached),
            stamps: TaskTracker::new(),
            database,
            clock,
            config,
        }))
    }

    /// The audit trail, for other crates' deeds.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.0.audit
    }

    /// Waits until all last-used stamps that are due have been written.
    pub async fn settle(&self) {
        let stamps = &self.0.stamps;
        stamps.close();
        stamps.wait().await;
        stamps.reopen();
    }

    pub(crate) fn database(&self) -> &SharedDatabase {
        &self.0.database
    }

    pub(crate) fn now(&self) -> Timestamp {
        // To the millisecond, as stored: what is compared must not differ in what the database cannot hold.
        Timestamp::from_millisecond(self.0.clock.now().as_millisecond()).unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn config(&self) -> &IdentityConfig {
        &self.0.config
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub(crate) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    pub(crate) fn directory_cache(&self) -> &DirectoryCache {
        &self.0.directory
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    pub(crate) fn actors(&self) -> &Actors {
        &self.0.actors
    }

    pub(crate) fn acquaintances(&self) -> &Acquaintances {
        &self.0.acquaintances
    }

    pub(crate) fn stamps(&self) -> &TaskTracker {
        &self.0.stamps
    }

    pub(crate) async fn read(&self, sql: &str, parameters: &[Value]) -> Result<Rows> {
        Ok(read(self.database().as_ref(), sql, parameters).await?)
    }
}

/// `at` + `by`, held to what a timestamp can show.
pub(crate) fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// Whether less than `within` lies between the two, in either direction: a clock set back must not freeze a cache.
pub(crate) fn recent(at: Timestamp, now: Timestamp, within: Duration) -> bool {
    now.duration_since(at).unsigned_abs() < within
}
