//! What lies before the conductor: wake-ups, put there by anyone at any time; and what it last knew, from which anyone can tell whether
//! there is anything left to do.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use conman_kernel::id::{ConventionId, PluginId};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Whose jobs: a plugin's in a convention.
pub(crate) type Place = (ConventionId, PluginId);

/// Which job.
pub(crate) type Key = (Place, String);

/// Everything that lies there.
#[derive(Default)]
pub(crate) struct Papers {
    /// Places in which something may have changed.
    pub(crate) dirty: BTreeSet<Place>,
    /// Jobs that are worked on here.
    pub(crate) runs: BTreeMap<Key, Arc<Control>>,
    /// Jobs known to wait, for this host or another.
    pub(crate) waiting: usize,
    /// Whether the conductor is at work on what it took from here.
    pub(crate) working: bool,
    /// Whether it has looked everywhere once.
    pub(crate) looked: bool,
    /// Whether the desk is shutting down.
    pub(crate) stopping: bool,
    /// Whether there is a conductor.
    pub(crate) begun: bool,
    /// Whether it is gone.
    pub(crate) stopped: bool,
}

impl Papers {
    /// Nothing is being done, and nothing left to do.
    pub(crate) fn idle(&self) -> bool {
        self.stopped
            || (self.looked && !self.working && self.dirty.is_empty() && self.runs.is_empty() && self.waiting == 0)
    }

    /// How many threads search.
    pub(crate) fn threads(&self) -> u16 {
        self.runs.values().map(|control| control.threads).sum()
    }
}

/// Where the conductor and everybody else meet.
#[derive(Default)]
pub(crate) struct Board {
    papers: Mutex<Papers>,
    /// Wakes the conductor.
    attention: Notify,
    /// Wakes those who wait.
    changed: Notify,
    pub(crate) counters: Counters,
}

impl Board {
    /// Puts something there and wakes the conductor.
    pub(crate) fn put<T>(&self, change: impl FnOnce(&mut Papers) -> T) -> T {
        let answer = self.note(change);
        self.attention.notify_one();
        answer
    }

    /// Notes what is known and wakes those who wait.
    pub(crate) fn note<T>(&self, change: impl FnOnce(&mut Papers) -> T) -> T {
        let answer = change(&mut self.papers.lock());
        self.changed.notify_waiters();
        answer
    }

    pub(crate) fn read<T>(&self, question: impl FnOnce(&Papers) -> T) -> T {
        question(&self.papers.lock())
    }

    pub(crate) fn attention(&self) -> impl Future<Output = ()> {
        self.attention.notified()
    }

    /// Waits until `question` is answered with yes.
    pub(crate) async fn wait(&self, question: impl Fn(&Papers) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that a change between looking and waiting is not missed.
            changed.as_mut().enable();
            if self.read(&question) {
                return;
            }
            changed.await;
        }
    }
}

/// What is asked of whoever works on a job.
#[derive(Debug)]
pub(crate) struct Control {
    wish: AtomicU8,
    nudge: Notify,
    pub(crate) threads: u16,
}

/// What becomes of a job that is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    /// Go on.
    Work,
    /// The host stops: put it back.
    PutBack,
    /// It is nobody's here any more: write nothing.
    LetGo,
}

impl Control {
    pub(crate) fn new(threads: u16) -> Self {
        Self { wish: AtomicU8::new(0), nudge: Notify::new(), threads }
    }

    /// Asks for something. What was asked for before is not taken back.
    pub(crate) fn ask(&self, wish: Wish) {
        self.wish.fetch_max(wish as u8, Ordering::SeqCst);
        self.nudge.notify_one();
    }

    /// Says that something about the job has changed.
    pub(crate) fn nudge(&self) {
        self.nudge.notify_one();
    }

    pub(crate) fn nudged(&self) -> impl Future<Output = ()> {
        self.nudge.notified()
    }

    pub(crate) fn wish(&self) -> Wish {
        match self.wish.load(Ordering::SeqCst) {
            0 => Wish::Work,
            1 => Wish::PutBack,
            _ => Wish::LetGo,
        }
    }
}

/// What was done since the start, and what is so just now, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Jobs that are worked on here.
    pub running: usize,
    /// Jobs known to wait, for this host or another.
    pub waiting: usize,
    /// Jobs that were solved here,
    pub done: u64,
    /// that ended sooner because somebody wished so,
    pub cancelled: u64,
    /// or that could not be solved.
    pub failed: u64,
    /// How long threads have searched here, added up.
    pub searched: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) done: AtomicU64,
    pub(crate) cancelled: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) searched_ms: AtomicU64,
}

impl Board {
    pub(crate) fn figures(&self) -> Figures {
        let (running, waiting) = self.read(|papers| (papers.runs.len(), papers.waiting));
        let Counters { done, cancelled, failed, searched_ms } = &self.counters;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Figures {
            running,
            waiting,
            done: count(done),
            cancelled: count(cancelled),
            failed: count(failed),
            searched: Duration::from_millis(count(searched_ms)),
        }
    }
}
