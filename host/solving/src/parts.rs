//! What the desk is put together from. Everything it needs of others is one of these narrow traits.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use conman_kernel::clock::Clock;
use conman_kernel::dispatch::CommitListener;
use conman_kernel::event::EventListener;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{SharedDatabase, SqlError};

use crate::solver::Solver;

/// Where jobs are: the databases in which plugins' transactions leave them.
#[async_trait]
pub trait Places: Send + Sync {
    /// The database that holds this plugin's `conman_solve`; none when it is gone. None is made.
    ///
    /// # Errors
    /// When it cannot be opened.
    async fn open(&self, convention: &ConventionId, plugin: &PluginId) -> Result<Option<SharedDatabase>, SqlError>;

    /// Every plugin's database there is, those of disabled ones included: what they left open is to be ended.
    ///
    /// # Errors
    /// When the list cannot be read.
    async fn all(&self) -> Result<Vec<(ConventionId, PluginId)>, SqlError>;

    /// Whether the plugin is enabled in the convention, by whichever host: else nobody is to work for it.
    ///
    /// # Errors
    /// When that cannot be told.
    async fn is_enabled(&self, convention: &ConventionId, plugin: &PluginId) -> Result<bool, SqlError>;
}

/// What the desk is put together from.
#[derive(Clone)]
pub struct DeskParts {
    /// The hosts' own database, in which [`MIGRATIONS`](crate::MIGRATIONS) have run.
    pub database: SharedDatabase,
    /// Where jobs are.
    pub places: Arc<dyn Places>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Who hears how far jobs have come, just now: it is worth nothing a moment later.
    pub progress: Arc<dyn EventListener>,
    /// Who is told that a job has ended: what was told of it before is out of date, and an event lies in the plugin's outbox.
    pub commits: Arc<dyn CommitListener>,
    /// Who solves them: [`solve`](crate::solve()), unless a test needs one that behaves as it is told.
    pub solver: Solver,
}

/// How the desk works.
#[derive(Debug, Clone)]
pub struct DeskConfig {
    /// This host's name, as the event bus has it: what it had in hand when it was killed it goes on with at once.
    pub host: String,
    /// How many threads search at once, for all jobs.
    pub threads: u16,
    /// How often everything is looked at without being asked: what other hosts left, what a lost wake-up missed.
    pub poll: Duration,
    /// How long a convention's turn lasts when its host dies. It is prolonged three times in that time.
    pub turn: Duration,
    /// How often subscriptions hear of a job at the most.
    pub tell: Duration,
    /// How often the best timetable of a job is stored at the most.
    pub store: Duration,
}

impl Default for DeskConfig {
    /// Half of the processors, and one at least: calls of plugins need the others.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            host: "host".to_owned(),
            threads: u16::try_from(processors / 2).unwrap_or(u16::MAX).max(1),
            poll: Duration::from_secs(30),
            turn: Duration::from_secs(15),
            tell: Duration::from_millis(250),
            store: Duration::from_secs(1),
        }
    }
}
