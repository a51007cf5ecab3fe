//! The handle everybody holds.

use std::sync::Arc;

use conman_kernel::dispatch::CommitListener;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{Migration, SqlError};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::board::{Board, Figures, Papers, Place, Wish};
use crate::conductor::{Conductor, end_unfinished};
use crate::ledger::{self, Fence};
use crate::parts::{DeskConfig, DeskParts};

/// The name under which [`MIGRATIONS`] are recorded.
pub const COMPONENT: &str = "solving";

/// The tables of this crate in the hosts' own database.
pub const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "turn", sql: include_str!("../migrations/0001_turn.sql") }];

/// Where jobs are worked on. Cheap to clone; when the last clone is dropped without [`Desk::shutdown`], everything stops where it is, and
/// the next start goes on from there.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

/// Tells a desk of commits and does not keep it alive. Cheap to clone.
#[derive(Clone)]
pub struct Waker(Arc<Board>);

struct Inner {
    parts: DeskParts,
    config: DeskConfig,
    board: Arc<Board>,
    dropped: CancellationToken,
    _drop: DropGuard,
}

impl Desk {
    /// A desk at which nobody works yet.
    #[must_use]
    pub fn new(parts: DeskParts, config: DeskConfig) -> Self {
        let dropped = CancellationToken::new();
        let guard = dropped.clone().drop_guard();
        Self(Arc::new(Inner { parts, config, board: Arc::default(), dropped, _drop: guard }))
    }

    /// Begins to work, and goes on with what an earlier desk left. Must be called inside a Tokio runtime; what is called again does nothing.
    pub fn begin(&self) {
        let Inner { parts, config, board, dropped, .. } = &*self.0;
        if board.put(|papers| std::mem::replace(&mut papers.begun, true)) {
            return;
        }
        let conductor = Conductor::new(parts.clone(), config.clone(), Arc::clone(board), dropped.clone());
        tokio::spawn(conductor.run());
    }

    /// What tells this desk of commits.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.0.board))
    }

    /// Ends all jobs of a plugin that is not enabled any more, and waits until nothing of it is worked on here. Other hosts notice within a
    /// moment, as their next write finds the job ended.
    pub async fn withdraw(&self, convention: &ConventionId, plugin: &PluginId) {
        let place: Place = (convention.clone(), plugin.clone());
        if let Err(error) = self.end_all(&place).await {
            tracing::warn!(%convention, %plugin, %error, "jobs of a plugin that is disabled cannot be ended yet; they are not worked on");
        }
        let board = &self.0.board;
        board.read(|papers| {
            let of_place = papers.runs.iter().filter(|((of, _), _)| *of == place);
            of_place.for_each(|(_, control)| control.ask(Wish::LetGo));
        });
        board.wait(|papers| !papers.runs.keys().any(|(of, _)| *of == place)).await;
    }

    async fn end_all(&self, place: &Place) -> Result<(), SqlError> {
        let parts = &self.0.parts;
        let Some(database) = parts.places.open(&place.0, &place.1).await? else { return Ok(()) };
        for job in ledger::open(database.as_ref()).await? {
            end_unfinished(parts, &self.0.board, database.as_ref(), place, &job.id, Fence::Open).await?;
        }
        Ok(())
    }

    /// Waits until every job has ended that there is.
    pub async fn idle(&self) {
        self.0.board.wait(Papers::idle).await;
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.0.board.read(Papers::idle)
    }

    /// Starts nothing more, and puts back what is under way, to be gone on with by the next start.
    pub async fn shutdown(&self) {
        let board = &self.0.board;
        let begun = board.put(|papers| {
            papers.stopping = true;
            papers.runs.values().for_each(|control| control.ask(Wish::PutBack));
            papers.begun
        });
        if begun {
            board.wait(|papers| papers.stopped).await;
        }
    }

    /// What was done since the start, for metrics.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.0.board.figures()
    }
}

impl CommitListener for Waker {
    fn committed(&self, _convention: &ConventionId, _plugin: &PluginId, _emitted: bool) {}

    fn ordered(&self, convention: &ConventionId, plugin: &PluginId) {
        self.0.put(|papers| {
            papers.dirty.insert((convention.clone(), plugin.clone()));
        });
    }
}
