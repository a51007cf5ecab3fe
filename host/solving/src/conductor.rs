//! The one task per host that decides which job is worked on next. It looks where something may have changed, takes the turns of
//! conventions in which jobs wait, starts as many as there are threads for, and sleeps until somebody wakes it.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use conman_kernel::fault::{Code, Fault};
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{Database, SharedDatabase, SqlError};
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::board::{Board, Control, Key, Place, Wish};
use crate::course::Course;
use crate::ledger::{self, End, Fence, OpenJob, Taken};
use crate::limits::INTERRUPTIONS;
use crate::parts::{DeskConfig, DeskParts};
use crate::run::Run;
use crate::standing::{fault_json, payload, state};
use crate::turn;

/// How long after something failed it is tried again.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// The code of a job that was left unfinished time and again.
const INTERRUPTED: Code = Code::new("interrupted");

pub(crate) struct Conductor {
    parts: DeskParts,
    config: DeskConfig,
    board: Arc<Board>,
    /// Cancelled when the desk is dropped without shutdown: everything stops where it is, as in a crash.
    dropped: CancellationToken,
    /// Jobs that have not ended, as they were when last looked at.
    open: BTreeMap<ConventionId, BTreeMap<PluginId, Vec<OpenJob>>>,
    /// The conventions in which there are any, in the order in which they come to it.
    ring: VecDeque<ConventionId>,
    /// Which plugins a job was taken up of in conventions in which there are any, the last one with the highest number.
    taken: BTreeMap<ConventionId, HashMap<PluginId, u64>>,
    /// Turns that are this host's.
    turns: HashSet<ConventionId>,
    /// Conventions that another host has the turn of, and when to ask again.
    elsewhere: HashMap<ConventionId, Instant>,
    next_poll: Instant,
    next_keep: Instant,
    not_before: Option<Instant>,
    /// Whether the turns that a killed host of this name had are given back.
    freed: bool,
}

impl Conductor {
    pub(crate) fn new(parts: DeskParts, config: DeskConfig, board: Arc<Board>, dropped: CancellationToken) -> Self {
        Self {
            parts,
            config,
            board,
            dropped,
            open: BTreeMap::new(),
            ring: VecDeque::new(),
            taken: BTreeMap::new(),
            turns: HashSet::new(),
            elsewhere: HashMap::new(),
            next_poll: Instant::now(),
            next_keep: Instant::now(),
            not_before: None,
            freed: false,
        }
    }

    /// Works until shut down or dropped.
    pub(crate) async fn run(mut self) {
        let dropped = self.dropped.clone();
        tokio::select! {
            () = dropped.cancelled() => {}
            () = self.work() => {}
        }
    }

    async fn work(&mut self) {
        loop {
            self.board.note(|papers| papers.working = true);
            if let Err(error) = self.turn_to_everything().await {
                tracing::warn!(%error, "the scheduler's jobs cannot be looked after; trying again");
                self.not_before = Some(Instant::now() + AFTER_FAILURE);
            } else {
                self.not_before = None;
            }
            if self.rest() {
                self.give_turns_back().await;
                return;
            }
            let attention = self.board.attention();
            let pause = self.pause();
            tokio::select! {
                () = attention => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn turn_to_everything(&mut self) -> Result<(), SqlError> {
        let stopping = self.board.read(|papers| papers.stopping);
        self.keep_turns().await;
        if stopping {
            return Ok(());
        }
        if !self.freed {
            turn::give_back_all(self.parts.database.as_ref(), &self.config.host).await?;
            self.freed = true;
        }
        if Instant::now() >= self.next_poll {
            let all = self.parts.places.all().await?;
            self.board.note(|papers| papers.dirty.extend(all));
            self.next_poll = Instant::now() + self.config.poll;
        }
        self.look_around().await;
        self.board.note(|papers| papers.looked = true);
        self.fill().await
    }

    /// Notes what is known; answers whether everything is put back and the desk is to stop.
    fn rest(&self) -> bool {
        let running = |key: &Key, papers: &crate::board::Papers| papers.runs.contains_key(key);
        self.board.note(|papers| {
            papers.working = false;
            let open = self.open.iter().flat_map(|(convention, plugins)| {
                plugins.iter().flat_map(move |(plugin, jobs)| {
                    jobs.iter().map(move |job| ((convention.clone(), plugin.clone()), job.id.clone()))
                })
            });
            papers.waiting = open.filter(|key| !running(key, papers)).count();
            papers.stopping && papers.runs.is_empty()
        })
    }

    /// How long there is nothing to do unless somebody comes.
    fn pause(&self) -> Duration {
        let keep = (!self.turns.is_empty()).then_some(self.next_keep);
        let asked = self.elsewhere.values().copied().min();
        let next = [Some(self.next_poll), keep, asked].into_iter().flatten().min().unwrap_or(self.next_poll);
        self.not_before.unwrap_or(next).saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    // --- what there is to do

    /// Looks wherever something may have changed. Where that fails it is left to the next poll.
    async fn look_around(&mut self) {
        for place in self.board.note(|papers| std::mem::take(&mut papers.dirty)) {
            if let Err(error) = self.look(&place).await {
                tracing::warn!(convention = %place.0, plugin = %place.1, %error, "a plugin's jobs cannot be read");
                if let Some(plugins) = self.open.get_mut(&place.0) {
                    plugins.remove(&place.1);
                }
            }
        }
    }

    async fn look(&mut self, place: &Place) -> Result<(), SqlError> {
        let (convention, plugin) = place;
        // Whatever happened to them, who works on them finds out.
        self.board.read(|papers| {
            papers.runs.iter().filter(|((of, _), _)| of == place).for_each(|(_, control)| control.nudge());
        });
        let mut jobs = match self.parts.places.open(convention, plugin).await? {
            Some(database) => self.jobs_left(database.as_ref(), place).await?,
            None => Vec::new(),
        };
        jobs.sort_by(|one, other| one.id.cmp(&other.id));
        let plugins = self.open.entry(convention.clone()).or_default();
        match jobs.is_empty() {
            true => plugins.remove(plugin).map(drop),
            false => plugins.insert(plugin.clone(), jobs).map(drop),
        };
        if !self.ring.contains(convention) {
            self.ring.push_back(convention.clone());
        }
        Ok(())
    }

    /// The jobs of a place that are to be worked on; those that are not are ended.
    async fn jobs_left(&self, database: &dyn Database, place: &Place) -> Result<Vec<OpenJob>, SqlError> {
        let jobs = ledger::open(database).await?;
        if jobs.is_empty() {
            return Ok(jobs);
        }
        let enabled = self.parts.places.is_enabled(&place.0, &place.1).await?;
        let mut left = Vec::new();
        for job in jobs {
            let fence = match (enabled, job.cancelled && !job.taken) {
                (false, _) => Fence::Open,
                (true, true) => Fence::Waiting,
                (true, false) => {
                    left.push(job);
                    continue;
                }
            };
            end_unfinished(&self.parts, &self.board, database, place, &job.id, fence).await?;
        }
        Ok(left)
    }

    // --- turns

    /// Prolongs the turns that this host has. Who lost one must not go on.
    async fn keep_turns(&mut self) {
        if self.turns.is_empty() || Instant::now() < self.next_keep {
            return;
        }
        self.next_keep = Instant::now() + self.config.turn / 3;
        let ends_at = self.turn_ends();
        for convention in self.turns.clone() {
            match turn::keep(self.parts.database.as_ref(), &convention, &self.config.host, ends_at).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(%convention, "another host has taken over the convention's jobs");
                    self.turns.remove(&convention);
                    self.board.read(|papers| {
                        let of_it = papers.runs.iter().filter(|(((of, _), _), _)| *of == convention);
                        of_it.for_each(|(_, control)| control.ask(Wish::LetGo));
                    });
                }
                Err(error) => {
                    tracing::warn!(%convention, %error, "a convention's turn cannot be prolonged; trying again")
                }
            }
        }
    }

    fn turn_ends(&self) -> Timestamp {
        self.now().saturating_add(self.config.turn).unwrap_or(Timestamp::MAX)
    }

    async fn give_turns_back(&mut self) {
        for convention in std::mem::take(&mut self.turns) {
            if let Err(error) = turn::give_back(self.parts.database.as_ref(), &convention, &self.config.host).await {
                tracing::warn!(%convention, %error, "a convention's turn cannot be given back; it ends by itself");
            }
        }
    }

    /// Whether this host has the convention's turn, taken now if nobody has it. After another host had it, what is known is out of date.
    async fn has_turn(&mut self, convention: &ConventionId) -> Result<bool, SqlError> {
        if self.turns.contains(convention) {
            return Ok(true);
        }
        if self.elsewhere.get(convention).is_some_and(|at| Instant::now() < *at) {
            return Ok(false);
        }
        let (now, ends_at) = (self.now(), self.turn_ends());
        if !turn::take(self.parts.database.as_ref(), convention, &self.config.host, now, ends_at).await? {
            self.elsewhere.insert(convention.clone(), Instant::now() + self.config.turn / 3);
            return Ok(false);
        }
        if self.elsewhere.remove(convention).is_some() {
            let places = self.open.get(convention).into_iter().flat_map(BTreeMap::keys);
            let places: Vec<Place> = places.map(|plugin| (convention.clone(), plugin.clone())).collect();
            for place in places {
                self.look(&place).await?;
            }
        }
        if self.turns.is_empty() {
            self.next_keep = Instant::now() + self.config.turn / 3;
        }
        self.turns.insert(convention.clone());
        Ok(true)
    }

    // --- starting

    /// Starts as many jobs as there are threads for, convention by convention.
    async fn fill(&mut self) -> Result<(), SqlError> {
        for _ in 0..self.ring.len() {
            let Some(convention) = self.ring.pop_front() else { break };
            let at_work = self.board.read(|papers| papers.runs.keys().any(|((of, _), _)| *of == convention));
            if at_work {
                self.ring.push_back(convention);
                continue;
            }
            if self.open.get(&convention).is_none_or(BTreeMap::is_empty) {
                self.leave(&convention).await?;
                continue;
            }
            // Those who had to wait stay in front.
            if self.free_threads() == 0 {
                self.ring.push_front(convention);
                break;
            }
            self.ring.push_back(convention.clone());
            if self.has_turn(&convention).await? {
                self.start_one(&convention).await?;
            }
        }
        Ok(())
    }

    fn free_threads(&self) -> u16 {
        self.config.threads.max(1).saturating_sub(self.board.read(crate::board::Papers::threads))
    }

    /// Nothing is left to do in the convention.
    async fn leave(&mut self, convention: &ConventionId) -> Result<(), SqlError> {
        self.open.remove(convention);
        self.taken.remove(convention);
        self.elsewhere.remove(convention);
        if self.turns.remove(convention) {
            turn::give_back(self.parts.database.as_ref(), convention, &self.config.host).await?;
        }
        Ok(())
    }

    /// What was begun first; then what was started first of the plugin that has waited longest for its turn.
    fn next_of(&self, convention: &ConventionId) -> Option<(Place, OpenJob)> {
        let plugins = self.open.get(convention)?;
        let jobs = plugins.iter().flat_map(|(plugin, jobs)| jobs.iter().map(move |job| (plugin, job)));
        let taken = self.taken.get(convention);
        let last = |plugin| taken.and_then(|taken| taken.get(plugin)).copied().unwrap_or_default();
        let (plugin, job) =
            jobs.min_by_key(|(plugin, job)| if job.taken { (0, 0, &job.id) } else { (1, last(*plugin), &job.id) })?;
        Some(((convention.clone(), plugin.clone()), job.clone()))
    }

    async fn start_one(&mut self, convention: &ConventionId) -> Result<(), SqlError> {
        let Some((place, job)) = self.next_of(convention) else { return Ok(()) };
        let Some(database) = self.parts.places.open(&place.0, &place.1).await? else {
            self.look_again(place);
            return Ok(());
        };
        if job.cancelled {
            // Whoever worked on it died before it could end it.
            self.look_again(place.clone());
            return end_unfinished(&self.parts, &self.board, database.as_ref(), &place, &job.id, Fence::Open).await;
        }
        // Before it is taken up: who withdraws a plugin waits for what stands here.
        let control = Arc::new(Control::new(job.threads.min(self.free_threads()).max(1)));
        let key = (place, job.id);
        self.board.note(|papers| papers.runs.insert(key.clone(), Arc::clone(&control)));
        let begun = self.take_up(&key, &database, control).await;
        let (convention, plugin) = &key.0;
        let taken = self.taken.entry(convention.clone()).or_default();
        let next = taken.values().max().copied().unwrap_or_default() + 1;
        taken.insert(plugin.clone(), next);
        if !matches!(begun, Ok(true)) {
            self.board.note(|papers| papers.runs.remove(&key));
            self.look_again(key.0);
        }
        begun.map(drop)
    }

    fn look_again(&self, place: Place) {
        self.board.put(|papers| papers.dirty.insert(place));
    }

    /// Takes a job up, if it is there to be worked on.
    async fn take_up(&self, key: &Key, database: &SharedDatabase, control: Arc<Control>) -> Result<bool, SqlError> {
        let (place, id) = key;
        if !self.parts.places.is_enabled(&place.0, &place.1).await? {
            return Ok(false);
        }
        let taken = ledger::take(database.as_ref(), id, &self.config.host, self.now()).await?;
        let Some(taken) = taken else { return Ok(false) };
        if taken.unfinished >= i64::from(INTERRUPTIONS) {
            give_up(&self.parts, &self.board, database.as_ref(), key, &taken).await?;
            return Ok(false);
        }
        tracing::info!(convention = %place.0, plugin = %place.1, job = %id, tries = taken.tries, "a job of the scheduler is worked on");
        let run = Run {
            parts: self.parts.clone(),
            config: self.config.clone(),
            board: Arc::clone(&self.board),
            database: Arc::clone(database),
            key: key.clone(),
            control,
            taken,
        };
        let dropped = self.dropped.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = dropped.cancelled() => {}
                () = run.go() => {}
            }
        });
        Ok(true)
    }
}

impl Drop for Conductor {
    /// However it ends, nobody must wait for it any longer.
    fn drop(&mut self) {
        self.board.note(|papers| papers.stopped = true);
    }
}

/// Ends a job as cancelled that nobody works on, or nobody is to work on.
pub(crate) async fn end_unfinished(
    parts: &DeskParts,
    board: &Board,
    database: &dyn Database,
    (convention, plugin): &Place,
    id: &str,
    fence: Fence,
) -> Result<(), SqlError> {
    let told = payload(id, state::CANCELLED, &Course::default(), None, None);
    let end = End { state: state::CANCELLED, course: None, best: None, fault: None, payload: told };
    if ledger::end(database, plugin, id, fence, end, parts.clock.now()).await? {
        board.counters.cancelled.fetch_add(1, Ordering::Relaxed);
        tracing::info!(%convention, %plugin, job = id, "a job of the scheduler is cancelled");
        parts.commits.committed(convention, plugin, true);
    }
    Ok(())
}

/// Ends a job that was left unfinished time and again.
async fn give_up(
    parts: &DeskParts,
    board: &Board,
    database: &dyn Database,
    ((convention, plugin), id): &Key,
    taken: &Taken,
) -> Result<(), SqlError> {
    let fault = Fault::new(
        INTERRUPTED,
        format!(
            "this job was left unfinished {INTERRUPTIONS} times: the host stopped while it worked on it, for which it may be the reason, \
             or could not write how it ended; look into the host's log, and try a smaller problem"
        ),
    );
    let course = Course::read(taken.course.as_deref());
    let told = payload(id, state::FAILED, &course, None, Some(&fault));
    let fault = Some(fault_json(&fault).to_string());
    let end = End { state: state::FAILED, course: None, best: None, fault, payload: told };
    if ledger::end(database, plugin, id, Fence::Taken(taken.tries), end, parts.clock.now()).await? {
        board.counters.failed.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%convention, %plugin, job = %id, "a job of the scheduler is given up: it was left unfinished too often");
        parts.commits.committed(convention, plugin, true);
    }
    Ok(())
}
