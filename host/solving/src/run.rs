//! One job being worked on: the search on a thread of its own, and a task beside it that tells how far it has come, stores the best, and
//! stops it when somebody wishes so.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use conman_kernel::event::{Event, SCHEDULER_PROGRESS};
use conman_kernel::fault::{Code, Fault};
use conman_kernel::id::EventId;
use conman_kernel::sql::{SharedDatabase, SqlError};
use conman_scheduler::solve::{Effort, Found};
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior};

use crate::board::{Board, Control, Key, Wish};
use crate::course::{Course, Point};
use crate::documents;
use crate::ledger::{self, End, Fence, Taken};
use crate::lookout::Lookout;
use crate::options::Options;
use crate::parts::{DeskConfig, DeskParts};
use crate::solver::{Aim, Solver};
use crate::standing::{fault_json, payload, state};

/// The code of a job whose search broke.
const SOLVER_FAILED: Code = Code::new("solver-failed");

/// However little is left of its time, a job that was put back is solved.
const LEAST: Duration = Duration::from_millis(50);

/// How often an end is written before it is left to the next look, and how long after one try comes the next.
const PATIENCE: u32 = 5;
const AFTER_FAILURE: Duration = Duration::from_millis(250);

/// A subscriber hears at least so often, so that time is seen to pass.
const SILENCE: Duration = Duration::from_secs(1);

pub(crate) struct Run {
    pub(crate) parts: DeskParts,
    pub(crate) config: DeskConfig,
    pub(crate) board: Arc<Board>,
    pub(crate) database: SharedDatabase,
    pub(crate) key: Key,
    pub(crate) control: Arc<Control>,
    pub(crate) taken: Taken,
}

/// What a search came to: the document of the best timetable, unless an earlier one was better.
type Outcome = Result<Option<String>, Fault>;

/// What a job comes to.
struct Left {
    course: Course,
    best: Option<String>,
    fault: Option<Fault>,
    /// Whether somebody wished it to end.
    cancelled: bool,
    options: Option<Options>,
}

/// What was last told and stored.
struct Told {
    best: Option<Point>,
    at: Instant,
    stored_at: Instant,
    /// Whether the plugin wants the job to end.
    cancelled: bool,
}

/// A place among the runs. However the task ends, it is free for the next.
struct Seat {
    board: Arc<Board>,
    key: Key,
    lookout: Arc<Lookout>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.lookout.cancel();
        self.board.put(|papers| {
            papers.runs.remove(&self.key);
            papers.dirty.insert(self.key.0.clone());
        });
    }
}

impl Run {
    pub(crate) async fn go(mut self) {
        let lookout = Arc::new(Lookout::new(Course::read(self.taken.course.as_deref())));
        let _seat = Seat { board: Arc::clone(&self.board), key: self.key.clone(), lookout: Arc::clone(&lookout) };
        let options = Options::read(&self.taken.options);
        let (outcome, cancelled) = match &options {
            Ok(options) => self.watch(&lookout, options).await,
            Err(fault) => (Err(fault.clone()), false),
        };
        let searched = lookout.course().elapsed - Course::read(self.taken.course.as_deref()).elapsed;
        let searched = Duration::try_from_secs_f64(searched).unwrap_or_default() * u32::from(self.control.threads);
        let milliseconds = u64::try_from(searched.as_millis()).unwrap_or(u64::MAX);
        self.board.counters.searched_ms.fetch_add(milliseconds, Ordering::Relaxed);
        let (course, fresh) = lookout.news();
        let (best, fault) = match outcome {
            Ok(Some(best)) => (Some(best), None),
            // What was found before it broke off, and not stored yet.
            outcome => (self.written(&lookout, fresh).await, outcome.err()),
        };
        let left = Left { course, best, fault, cancelled, options: options.ok() };
        for attempt in 1..=PATIENCE {
            match self.conclude(&left).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(job = %self.key.1, attempt, %error, "the end of a job cannot be written down");
                    tokio::time::sleep(AFTER_FAILURE * attempt).await;
                }
            }
        }
        tracing::error!(job = %self.key.1, "the end of a job cannot be written down; it is gone on with at the next look");
    }

    /// Lets it be searched, and looks on; answers what came of it and whether somebody cancelled it.
    async fn watch(&mut self, lookout: &Arc<Lookout>, options: &Options) -> (Outcome, bool) {
        let mut done = match self.search(lookout, options) {
            Ok(done) => done,
            Err(error) => return (Err(Fault::internal(error)), false),
        };
        let mut ticks = tokio::time::interval(self.config.tell);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let now = Instant::now();
        let mut told = Told { best: None, at: now, stored_at: now, cancelled: false };
        loop {
            let mut nudged = false;
            tokio::select! {
                outcome = &mut done => {
                    let outcome = outcome.unwrap_or_else(|_| Err(broken("its thread ended")));
                    return (outcome, told.cancelled);
                }
                () = self.control.nudged() => nudged = true,
                _ = ticks.tick() => {}
            }
            if self.control.wish() != Wish::Work {
                lookout.cancel();
                continue;
            }
            self.tell(lookout, options, &mut told);
            if nudged || told.stored_at.elapsed() >= self.config.store {
                self.store(lookout, &mut told).await;
            }
        }
    }

    /// Begins the search on a thread of its own.
    fn search(&mut self, lookout: &Arc<Lookout>, options: &Options) -> std::io::Result<oneshot::Receiver<Outcome>> {
        let (answer, done) = oneshot::channel();
        let lookout = Arc::clone(lookout);
        let text = std::mem::take(&mut self.taken.problem);
        let best = self.taken.best.take();
        let before = Course::read(self.taken.course.as_deref());
        let threads = NonZeroU16::new(self.control.threads).unwrap_or(NonZeroU16::MIN);
        let effort = Effort {
            time: Duration::try_from_secs_f64(options.seconds - before.elapsed).unwrap_or_default().max(LEAST),
            iterations: options.iterations.map(|most| most.saturating_sub(before.iterations).max(1)),
            threads,
            seed: options.seed,
        };
        let (solver, moves, control) = (self.parts.solver, options.moves, Arc::clone(&self.control));
        std::thread::Builder::new().name("solve".to_owned()).spawn(move || {
            let searching =
                AssertUnwindSafe(|| search(solver, moves, text, best.as_deref(), &effort, &lookout, &control));
            let outcome = std::panic::catch_unwind(searching).unwrap_or_else(|_| Err(broken("it panicked")));
            // Nobody waits any more when the desk was dropped.
            let _ = answer.send(outcome);
        })?;
        Ok(done)
    }

    /// Lets subscriptions hear how far it has come, when there is something new.
    fn tell(&self, lookout: &Lookout, options: &Options, told: &mut Told) {
        let course = lookout.course();
        let best = course.best();
        if best == told.best && told.at.elapsed() < SILENCE {
            return;
        }
        let ((convention, plugin), id) = &self.key;
        (told.best, told.at) = (best, Instant::now());
        let event = Event {
            id: EventId::new(),
            topic: SCHEDULER_PROGRESS.to_owned(),
            key: id.clone(),
            payload: payload(id, state::RUNNING, &course, Some(options), None),
            publisher: plugin.clone(),
            emitted_at: self.parts.clock.now(),
            hops: self.taken.hops,
        };
        self.parts.progress.published(convention, &event);
    }

    /// Stores the best timetable and how far it has come, and looks whether it is to go on.
    async fn store(&self, lookout: &Arc<Lookout>, told: &mut Told) {
        told.stored_at = Instant::now();
        let (course, fresh) = lookout.news();
        let best = self.written(lookout, fresh.clone()).await;
        match ledger::store(self.database.as_ref(), &self.key.1, self.taken.tries, course.stored(), best).await {
            Ok(Some(false)) => {}
            Ok(Some(true)) => {
                told.cancelled = true;
                lookout.cancel();
            }
            // Forgotten, ended or taken up by another host: whatever is written now is not wanted.
            Ok(None) => {
                self.control.ask(Wish::LetGo);
                lookout.cancel();
            }
            Err(error) => {
                tracing::warn!(job = %self.key.1, %error, "how far a job has come cannot be stored; trying again");
                lookout.take_back(fresh);
            }
        }
    }

    /// The document of a timetable: of a large problem it takes a while to write. Reasons are looked for in the last one only.
    async fn written(&self, lookout: &Arc<Lookout>, found: Option<Arc<Found>>) -> Option<String> {
        let (lookout, found) = (Arc::clone(lookout), found?);
        let writing = tokio::task::spawn_blocking(move || {
            lookout.problem.get().map(|problem| documents::solution_of(problem, &found, BTreeMap::new()))
        });
        writing.await.ok().flatten()
    }

    /// Writes down what came of it.
    async fn conclude(&self, left: &Left) -> Result<(), SqlError> {
        let ((convention, plugin), id) = &self.key;
        let (database, tries) = (self.database.as_ref(), self.taken.tries);
        let Left { course, best, fault, cancelled, options } = left;
        let ended_as = match (self.control.wish(), fault) {
            (Wish::LetGo, _) => return Ok(()),
            (_, Some(_)) => state::FAILED,
            (Wish::PutBack, None) => {
                return ledger::put_back(database, id, tries, course.stored(), best.clone()).await;
            }
            (Wish::Work, None) if *cancelled => state::CANCELLED,
            (Wish::Work, None) => state::DONE,
        };
        let end = End {
            state: ended_as,
            course: Some(course.stored()),
            best: best.clone(),
            fault: fault.as_ref().map(|fault| fault_json(fault).to_string()),
            payload: payload(id, ended_as, course, options.as_ref(), fault.as_ref()),
        };
        if !ledger::end(database, plugin, id, Fence::Taken(tries), end, self.parts.clock.now()).await? {
            return Ok(());
        }
        let counters = &self.board.counters;
        let counter = match ended_as {
            state::DONE => &counters.done,
            state::CANCELLED => &counters.cancelled,
            _ => &counters.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let (elapsed, detail) = (course.elapsed, fault.as_ref().map(ToString::to_string));
        tracing::info!(%convention, %plugin, job = %id, ended_as, elapsed, detail, "a job of the scheduler has ended");
        self.parts.commits.committed(convention, plugin, true);
        Ok(())
    }
}

/// Reads the problem and searches, from the best timetable that was stored; then looks for the reasons of those without a place, unless it
/// is to be gone on with later.
fn search(
    solver: Solver,
    moves: Option<u32>,
    text: String,
    best: Option<&str>,
    effort: &Effort,
    lookout: &Lookout,
    control: &Control,
) -> Outcome {
    let read = documents::problem_of(&text, effort.threads)?;
    drop(text);
    let problem = lookout.problem.get_or_init(|| read);
    let from = best.and_then(|best| documents::timetable_of(problem, best).ok());
    lookout.begin();
    let found = solver(problem, Aim { from: from.as_ref(), moves }, effort, lookout);
    lookout.ended(&found);
    if let Some(what) = lookout.wrong() {
        return Err(broken(what));
    }
    Ok(lookout.is_best(&found).then(|| {
        let reasons = documents::reasons_of(problem, &found.timetable, || control.wish() == Wish::Work);
        documents::solution_of(problem, &found, reasons)
    }))
}

fn broken(how: &str) -> Fault {
    Fault::new(
        SOLVER_FAILED,
        format!(
            "the search broke off ({how}); nothing is wrong with the convention's data. The host's log has the details"
        ),
    )
}
