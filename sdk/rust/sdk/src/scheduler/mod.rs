//! The host's timetabling solver: start a job, look how far it has come, take its timetable.
//!
//! A job outlives the call that starts it, its client and the host's process. `plugin.toml` asks for it with `scheduler = true` under
//! `[needs]`, and for the news with `events.subscribe = ["scheduler.ended"]`:
//!
//! ```no_run
//! # use conman_sdk::prelude::*;
//! # use conman_sdk::scheduler::{self, Job, Options, Problem, Room, Session};
//! # fn remember(_: &Job) {}
//! fn plan() -> Result<Job> {
//!     let problem = Problem {
//!         days: 1,
//!         slots_per_day: 16,
//!         slot_minutes: 30,
//!         rooms: vec![Room { id: "hall".into(), capacity: 200, ..Room::default() }],
//!         sessions: vec![Session { id: "opening".into(), duration: 2, ..Session::default() }],
//!         ..Problem::default()
//!     };
//!     let job = scheduler::start(&problem, &Options { seconds: Some(5.0), ..Options::default() })?;
//!     remember(&job);
//!     Ok(job)
//! }
//!
//! // In the event handler. It runs once for each job, in a transaction of its own.
//! fn handle(event: &Event) -> Result<()> {
//!     if event.topic == scheduler::ENDED && event.payload::<scheduler::Progress>()?.state == scheduler::State::Done {
//!         let solution = Job::from_id(&event.key).solution()?;
//!         for place in &solution.assignments {
//!             tracing::info!(session = place.session, start = place.start, room = place.room);
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! For a progress bar let a field of `Subscription` say `@topics(patterns: ["scheduler.*"])`: its resolver is woken by [`PROGRESS`], at most
//! four times a second, and by [`ENDED`]. Both carry a [`Progress`], and the job as the event's key. No other plugin hears of them.

mod explanation;
mod problem;
mod solution;
mod status;

pub use explanation::{Blocked, Blocker, Broken, Count, Explanation, Mend, Move, Wish};
pub use problem::{Capacity, Group, Person, Pin, Problem, Room, Session, Weights};
pub use solution::{Assignment, Cost, Reason, Solution, Unplaced};
pub use status::{Failure, Point, Progress, State, Status};

use serde::{Deserialize, Serialize};

use crate::bindings::conman::host::scheduler as host;
use crate::error::{Error, Result};

/// The topic of which subscriptions hear while a job runs.
pub const PROGRESS: &str = "scheduler.progress";

/// The topic of which subscriptions and the event handler hear when a job has ended.
pub const ENDED: &str = "scheduler.ended";

/// How to search. What is left open the host decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Options {
    /// For how many seconds, 0.1 to 60; 10 if it is left open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// On how many threads, 1 or 2; else one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<u16>,
    /// Where chance begins; else at 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// After how many proposals to stop, for tests: with one thread the same problem, seed and iterations give the same timetable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u64>,
    /// How many at most of the sessions that are somewhere already, in [`Problem::incumbent`], may have another place, or none though they
    /// could have kept theirs; else as many as that is worth to, by the weights of moves. Of those who cannot stay so many get a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moves: Option<u32>,
}

/// A job: its id, in the plugin's own tables a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Job(String);

/// Starts a job when the surrounding transaction commits. The problem is a [`Problem`], or anything that becomes such a document.
///
/// # Errors
/// `invalid` with a JSON pointer into the problem or the options, as the message says; `too-large`; `queue-full`, to be tried again when a
/// job has ended; `read-only` inside a query; `quota`.
pub fn start(problem: &impl Serialize, options: &Options) -> Result<Job> {
    Ok(Job(host::start(&text(problem)?, &text(options)?)?))
}

/// What a solution costs, counted anew; what keeps each session without a place from having one; each broken wish with its cheapest mend;
/// and what it breaks that must not be broken: as the contract's `explain` answers it, within a second or so. The solution may be anybody's:
/// also one that people have changed by hand.
///
/// # Errors
/// As [`start`].
pub fn explain(problem: &impl Serialize, solution: &impl Serialize) -> Result<Explanation> {
    read(&host::explain(&text(problem)?, &text(solution)?)?)
}

impl Job {
    /// The job with this id, as [`Job::id`] and events have it.
    #[must_use]
    pub fn from_id(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0
    }

    /// How far it has come.
    ///
    /// # Errors
    /// `not-found` when the plugin has no such job (any more): of those that have ended the host keeps the last twenty.
    pub fn status(&self) -> Result<Status> {
        read(&host::status(&self.0)?)
    }

    /// Its best timetable so far, or its last.
    ///
    /// # Errors
    /// `not-ready` before there is one; of a job that has ended without one, why; `not-found`.
    pub fn solution(&self) -> Result<Solution> {
        read(&host::solution(&self.0)?)
    }

    /// Ends it, when the surrounding transaction commits, with the best timetable so far. Of one that has ended nothing changes.
    ///
    /// # Errors
    /// `not-found`, `read-only` inside a query.
    pub fn cancel(&self) -> Result<()> {
        Ok(host::cancel(&self.0)?)
    }

    /// Removes it with everything known of it, when the surrounding transaction commits. Nobody is told.
    ///
    /// # Errors
    /// `not-found`, `read-only` inside a query.
    pub fn forget(&self) -> Result<()> {
        Ok(host::forget(&self.0)?)
    }
}

impl std::fmt::Display for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn text(document: &impl Serialize) -> Result<String> {
    serde_json::to_string(document).map_err(|error| Error::internal(format!("the document is no JSON: {error}")))
}

fn read<T: serde::de::DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| Error::internal(format!("the host answered something else: {error}")))
}
