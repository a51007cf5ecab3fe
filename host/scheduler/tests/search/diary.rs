//! How searches are asked in tests, and who keeps what they tell.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use conman_scheduler::cost::Cost;
use conman_scheduler::solve::{Effort, Found, Watch};

/// So many proposals, and time enough for them.
pub(crate) fn effort(iterations: u64, seed: u64) -> Effort {
    Effort { time: Duration::from_secs(60), iterations: Some(iterations), threads: 1.try_into().unwrap(), seed }
}

/// The less the better.
pub(crate) fn rank(cost: Cost) -> (u32, u64) {
    (cost.unplaced, cost.soft())
}

/// Keeps all it is told of, to be looked at when all is over, so that the search has the time.
#[derive(Default)]
pub(crate) struct Diary {
    pub(crate) found: Mutex<Vec<Found>>,
    pub(crate) cancelled: AtomicBool,
}

impl Watch for Diary {
    fn better(&self, found: &Found) {
        self.found.lock().unwrap().push(found.clone());
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
