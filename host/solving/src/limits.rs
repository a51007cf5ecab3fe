//! What jobs may use. The host sets the measure; a job may ask for less.

use std::time::Duration;

/// Bytes of a problem, and of a solution that is to be explained.
pub const DOCUMENT_BYTES: usize = 16 << 20;

/// Bytes that the tables of a search of it may take: see [`conman_scheduler::solve::memory`].
pub(crate) const SEARCH_BYTES: u64 = 256 << 20;

/// Seconds that a job searches at the least,
pub const LEAST_SECONDS: f64 = 0.1;

/// at the most,
pub const MOST_SECONDS: f64 = 60.0;

/// and when it does not say.
pub const SECONDS: f64 = 10.0;

/// Threads of one job.
pub const MOST_THREADS: u16 = 2;

/// Jobs of a plugin that may wait in a convention. Counted where they are written down: transactions of two plugins meet nowhere.
pub const WAITING: u32 = 8;

/// Jobs of a plugin that are remembered in a convention after they have ended,
pub const KEPT_JOBS: usize = 20;

/// and for how long.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// So often a job may be left unfinished, by a host that died over it, lost its turn or could not write how it ended. It may be what kills
/// hosts, so then it is given up.
pub const INTERRUPTIONS: u32 = 3;

/// Conventions for whose calls problems and solutions are read at once: one takes up to ten times its bytes for a moment (`tests/measure`).
pub(crate) const READERS: usize = 2;

/// For so long reasons and mends are looked for. For a programme of 5,000 hours it takes half of that.
pub(crate) const EXPLAINING: Duration = Duration::from_secs(1);

/// Broken rules of one solution that are told one by one.
pub(crate) const EXPLAINED: usize = 1000;

/// Bytes of all that is told of them, as ids may be long: besides those of the reasons and wishes.
pub(crate) const BROKEN_BYTES: usize = 1 << 20;

/// Points of a falling cost that are kept.
pub(crate) const POINTS: usize = 64;
