//! What is asked of the solver and what it answers.

use std::num::NonZeroU16;
use std::time::Duration;

use crate::cost::Cost;
use crate::document::Stated;
use crate::problem::Problem;
use crate::search;
use crate::timetable::Timetable;

/// Looks for the best timetable that the effort allows: as many sessions placed as possible, at the least cost. No timetable it
/// finds breaks a hard constraint.
pub fn solve(problem: &Problem, effort: &Effort, watch: &dyn Watch) -> Found {
    search::search(problem, &problem.incumbent, effort, watch)
}

/// Like [`solve()`], but goes on from a timetable instead of from where sessions are in the incumbent: what it has of places that are
/// still possible is where the search begins. Nothing worse is found.
pub fn resume(problem: &Problem, from: &Timetable, effort: &Effort, watch: &dyn Watch) -> Found {
    search::search(problem, &from.places, effort, watch)
}

/// The most bytes that a search of a problem with so many threads needs, besides the problem itself and what whoever looks on keeps.
///
/// A short document can ask for a great deal: so many sessions, and so many slots.
pub fn memory(problem: &Problem, threads: NonZeroU16) -> u64 {
    search::memory(problem, threads.get())
}

/// How long and how to search.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// When to stop at the latest.
    pub time: Duration,
    /// After how many proposals to stop. With one thread and this given, the same seed gives the same timetable, as long as `time`
    /// is not what ended it.
    pub iterations: Option<u64>,
    /// How many threads search side by side.
    pub threads: NonZeroU16,
    /// Where chance begins.
    pub seed: u64,
}

/// Who looks on while a problem is solved. Called from the searching threads: what is done here costs search.
pub trait Watch: Sync {
    /// A better timetable than any before.
    fn better(&self, found: &Found);

    /// Whether to stop now and answer the best so far.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Nobody looks on.
impl Watch for () {
    fn better(&self, _found: &Found) {}
}

/// What a search counts on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Sessions without a place.
    pub unplaced: u32,
    /// The soft cost.
    pub soft: u64,
}

impl From<&Cost> for Counted {
    fn from(cost: &Cost) -> Self {
        Self { unplaced: cost.unplaced, soft: cost.soft() }
    }
}

/// A timetable, and what it took to find it.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where everything is.
    pub timetable: Timetable,
    /// What it costs, worked out anew from the timetable and the problem alone.
    pub cost: Cost,
    /// What whoever found it had counted until then, change by change: the same, or it is wrong about what it found.
    pub counted: Counted,
    /// Since the solver was called.
    pub elapsed: Duration,
    /// Proposals looked at until then, of all threads.
    pub iterations: u64,
}

impl Found {
    /// What a document says it costs: the figures as they were counted, so that whoever works them out anew looks at those, too.
    pub fn stated(&self) -> Stated {
        let Counted { unplaced, soft } = self.counted;
        Stated { unplaced: unplaced.into(), soft, ..Stated::from(self.cost) }
    }
}
