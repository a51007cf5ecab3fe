//! Plugins' databases with jobs in them, desks that work on these, and a solver that does as it is told.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use conman_kernel::clock::{Clock as _, FixedClock};
use conman_kernel::dispatch::CommitListener;
use conman_kernel::event::{Event, EventListener};
use conman_kernel::id::{ConventionId, DeedIds, PluginId};
use conman_kernel::sql::{Access, RowExt as _, SharedDatabase, SqlError, Value, read, transaction};
use conman_scheduler::cost::{Cost, Terms};
use conman_scheduler::problem::{Place, Problem};
use conman_scheduler::solve::{Counted, Effort, Found, Watch};
use conman_scheduler::timetable::Timetable;
use conman_solving::{Aim, Desk, DeskConfig, DeskParts, Places, Solver};
use conman_storage::scratch::{self, Scratch};
use conman_storage::{NewSolve, PluginTransaction, Storage, StoredSolve, Unsent};
use parking_lot::Mutex;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const PROBLEM: &str = r#"{"format":"conman-schedule-problem/1","name":"one","days":1,"slots_per_day":4,"slot_minutes":30,
    "rooms":[{"id":"r","capacity":1}],"sessions":[{"id":"s","duration":1}]}"#;

pub(crate) fn plugin(name: &str) -> PluginId {
    format!("tests/{name}").parse().unwrap()
}

/// A timetable that costs so much.
fn found(problem: &Problem, soft: u64, began: Instant, iterations: u64) -> Found {
    let cost = Cost { unplaced: 1, terms: Terms { overlap: soft, ..Terms::default() } };
    Found {
        timetable: Timetable::empty(problem),
        counted: Counted::from(&cost),
        cost,
        elapsed: began.elapsed(),
        iterations,
    }
}

/// Finds something better every ten milliseconds, for as long as it may.
pub(crate) fn steady(problem: &Problem, aim: Aim<'_>, effort: &Effort, watch: &dyn Watch) -> Found {
    let began = Instant::now();
    // Gone on with, it begins with less.
    let mut best = found(problem, if aim.from.is_some() { 1_000 } else { 10_000 }, began, 0);
    while began.elapsed() < effort.time
        && !watch.is_cancelled()
        && effort.iterations.is_none_or(|most| best.iterations < most)
    {
        watch.better(&best);
        std::thread::sleep(Duration::from_millis(10));
        best = found(problem, best.cost.terms.overlap - 1, began, best.iterations + 1);
    }
    best
}

/// Finds only what is worse than anything before.
pub(crate) fn forgetful(problem: &Problem, _: Aim<'_>, _: &Effort, watch: &dyn Watch) -> Found {
    let worse = found(problem, 20_000, Instant::now(), 0);
    watch.better(&worse);
    worse
}

/// Finds something, and breaks.
pub(crate) fn breaking(problem: &Problem, _: Aim<'_>, _: &Effort, watch: &dyn Watch) -> Found {
    watch.better(&found(problem, 10_000, Instant::now(), 0));
    panic!("as it was told")
}

/// Finds something, and then says that it is even cheaper where nobody can be: after the end.
pub(crate) fn lying(problem: &Problem, _: Aim<'_>, _: &Effort, watch: &dyn Watch) -> Found {
    watch.better(&found(problem, 10_000, Instant::now(), 0));
    let mut lie = found(problem, 9_000, Instant::now(), 1);
    lie.timetable.places[0] = Some(Place { start: problem.calendar.horizon(), room: 0 });
    watch.better(&lie);
    lie
}

/// Finds something, and then counts less of something else than it costs.
pub(crate) fn miscounting(problem: &Problem, _: Aim<'_>, _: &Effort, watch: &dyn Watch) -> Found {
    watch.better(&found(problem, 10_000, Instant::now(), 0));
    let mut wrong = found(problem, 9_000, Instant::now(), 1);
    wrong.counted.soft -= 1;
    watch.better(&wrong);
    wrong
}

/// Breaks.
pub(crate) fn broken(_: &Problem, _: Aim<'_>, _: &Effort, _: &dyn Watch) -> Found {
    panic!("as it was told")
}

pub(crate) struct World {
    pub(crate) storage: Storage,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) convention: ConventionId,
    pub(crate) news: Arc<News>,
    /// All there are on this storage.
    conventions: Arc<Mutex<Vec<ConventionId>>>,
    disabled: Arc<Mutex<HashSet<PluginId>>>,
    ids: Arc<DeedIds>,
    scratch: Arc<Scratch>,
}

#[derive(Default)]
pub(crate) struct News {
    pub(crate) progress: Mutex<Vec<Event>>,
    pub(crate) ended: AtomicU32,
}

impl EventListener for News {
    fn published(&self, _: &ConventionId, event: &Event) {
        self.progress.lock().push(event.clone());
    }
}

impl CommitListener for News {
    fn committed(&self, _: &ConventionId, _: &PluginId, emitted: bool) {
        self.ended.fetch_add(u32::from(emitted), Ordering::SeqCst);
    }
}

struct Databases {
    storage: Storage,
    conventions: Arc<Mutex<Vec<ConventionId>>>,
    disabled: Arc<Mutex<HashSet<PluginId>>>,
}

#[async_trait]
impl Places for Databases {
    async fn open(&self, convention: &ConventionId, plugin: &PluginId) -> Result<Option<SharedDatabase>, SqlError> {
        Ok(self.storage.existing(convention, plugin).await?.map(|database| database.host()))
    }

    async fn all(&self) -> Result<Vec<(ConventionId, PluginId)>, SqlError> {
        let mut all = Vec::new();
        let conventions = self.conventions.lock().clone();
        for convention in conventions {
            let plugins = self.storage.list(&convention).await?;
            all.extend(plugins.into_iter().map(|plugin| (convention.clone(), plugin)));
        }
        Ok(all)
    }

    async fn is_enabled(&self, _: &ConventionId, plugin: &PluginId) -> Result<bool, SqlError> {
        Ok(!self.disabled.lock().contains(plugin))
    }
}

/// Runs `body` on SQLite, and on PostgreSQL where there is one.
pub(crate) async fn on_both(body: impl AsyncFn(World)) {
    for scratch in scratch::both().await.unwrap() {
        let storage = Storage::open(scratch.location()).await.unwrap();
        storage.migrate_host(conman_solving::COMPONENT, conman_solving::MIGRATIONS).await.unwrap();
        let convention = ConventionId::new();
        let world = World {
            storage,
            clock: Arc::new(FixedClock::at("2026-08-14T10:00:00Z".parse().unwrap())),
            conventions: Arc::new(Mutex::new(vec![convention.clone()])),
            convention,
            news: Arc::default(),
            disabled: Arc::default(),
            ids: Arc::default(),
            scratch: Arc::new(scratch),
        };
        body(world).await;
    }
}

impl World {
    /// Another convention on the same hosts.
    pub(crate) fn another(&self) -> Self {
        let convention = ConventionId::new();
        self.conventions.lock().push(convention.clone());
        Self {
            storage: self.storage.clone(),
            clock: Arc::clone(&self.clock),
            convention,
            news: Arc::clone(&self.news),
            conventions: Arc::clone(&self.conventions),
            disabled: Arc::clone(&self.disabled),
            ids: Arc::clone(&self.ids),
            scratch: Arc::clone(&self.scratch),
        }
    }

    /// A host that works on jobs, with two threads, looking often.
    pub(crate) fn desk(&self, host: &str, solver: Solver) -> Desk {
        self.desk_of(host, solver, 2)
    }

    pub(crate) fn desk_of(&self, host: &str, solver: Solver, threads: u16) -> Desk {
        let parts = DeskParts {
            database: self.storage.host(),
            places: Arc::new(Databases {
                storage: self.storage.clone(),
                conventions: Arc::clone(&self.conventions),
                disabled: Arc::clone(&self.disabled),
            }),
            clock: self.clock.clone(),
            progress: self.news.clone(),
            commits: self.news.clone(),
            solver,
        };
        let short = Duration::from_millis(100);
        let config = DeskConfig {
            host: host.to_owned(),
            threads,
            poll: short,
            turn: Duration::from_millis(300),
            tell: Duration::from_millis(20),
            store: short,
        };
        let desk = Desk::new(parts, config);
        desk.begin();
        desk
    }

    pub(crate) async fn write(&self, plugin: &PluginId) -> PluginTransaction {
        let database = self.storage.plugin(&self.convention, plugin).await.unwrap();
        database.begin(Access::ReadWrite).await.unwrap()
    }

    /// Starts a job that searches for so long, as a plugin's transaction does; `iterations` may end it sooner.
    pub(crate) async fn start(&self, plugin: &PluginId, seconds: f64, iterations: Option<u64>) -> String {
        let id = self.ids.next("2026-08-14T10:00:00Z".parse().unwrap());
        let iterations = iterations.map_or_else(|| "null".to_owned(), |most| most.to_string());
        let options = format!(r#"{{"seconds":{seconds},"threads":1,"seed":1,"iterations":{iterations}}}"#);
        let at = "2026-08-14T10:00:00Z".parse().unwrap();
        let job = NewSolve { id: id.clone(), problem: PROBLEM.to_owned(), options, hops: 3, at };
        loop {
            let mut transaction = self.write(plugin).await;
            match transaction.begin_solve(job.clone(), 8).await {
                Ok(begun) => assert!(begun),
                Err(error) => {
                    assert!(error.is_serialization(), "{error}");
                    continue;
                }
            }
            match transaction.commit().await {
                Ok(()) => return id,
                Err(error) => assert!(error.is_serialization(), "{error}"),
            }
        }
    }

    /// Cancels a job, as a plugin's transaction does.
    pub(crate) async fn cancel(&self, plugin: &PluginId, id: &str) {
        loop {
            let mut transaction = self.write(plugin).await;
            let cancelled = transaction.cancel_solve(id).await;
            if cancelled.is_ok() && transaction.commit().await.is_ok() {
                return;
            }
        }
    }

    pub(crate) fn disable(&self, plugin: &PluginId) {
        self.disabled.lock().insert(plugin.clone());
    }

    /// Tells a desk of a commit.
    pub(crate) fn wake(&self, desk: &Desk, plugin: &PluginId) {
        desk.waker().ordered(&self.convention, plugin);
    }

    pub(crate) async fn job(&self, plugin: &PluginId, id: &str) -> Option<StoredSolve> {
        let database = self.storage.plugin(&self.convention, plugin).await.unwrap();
        let mut transaction = database.begin(Access::ReadOnly).await.unwrap();
        let found = transaction.solve(id).await.unwrap();
        transaction.rollback().await;
        found
    }

    pub(crate) async fn solution(&self, plugin: &PluginId, id: &str) -> Option<String> {
        let database = self.storage.plugin(&self.convention, plugin).await.unwrap();
        let mut transaction = database.begin(Access::ReadOnly).await.unwrap();
        let found = transaction.solution(id).await.unwrap();
        transaction.rollback().await;
        found
    }

    pub(crate) async fn state(&self, plugin: &PluginId, id: &str) -> String {
        self.job(plugin, id).await.map_or_else(|| "gone".to_owned(), |job| job.state)
    }

    /// Waits until a job is in this state.
    pub(crate) async fn until(&self, plugin: &PluginId, id: &str, state: &str) {
        until(state, async || self.state(plugin, id).await == state).await;
    }

    /// Waits until a job runs and a timetable of it is stored.
    pub(crate) async fn under_way(&self, plugin: &PluginId, id: &str) {
        until("a stored timetable", async || self.solution(plugin, id).await.is_some()).await;
        assert_eq!(self.state(plugin, id).await, "running");
    }

    async fn rows(&self, plugin: &PluginId, sql: &str) -> Vec<Vec<Value>> {
        let database = self.storage.plugin(&self.convention, plugin).await.unwrap().host();
        read(database.as_ref(), sql, &[]).await.unwrap().rows
    }

    /// What lies in the outbox: topic, key, payload and hops.
    pub(crate) async fn told(&self, plugin: &PluginId) -> Vec<(String, String, serde_json::Value, i64)> {
        let rows = self.rows(plugin, "SELECT topic, key, payload, hops FROM conman_outbox ORDER BY seq").await;
        let text = |row: &[Value], at| row.text(at).unwrap().to_owned();
        rows.iter()
            .map(|row| {
                (text(row, 0), text(row, 1), serde_json::from_str(&text(row, 2)).unwrap(), row.integer(3).unwrap())
            })
            .collect()
    }

    /// How many problems are kept.
    pub(crate) async fn problems(&self, plugin: &PluginId) -> usize {
        self.rows(plugin, "SELECT id FROM conman_solve_problem").await.len()
    }

    pub(crate) async fn tries(&self, plugin: &PluginId, id: &str) -> i64 {
        let rows = self.rows(plugin, &format!("SELECT tries FROM conman_solve WHERE id = '{id}'")).await;
        rows[0].integer(0).unwrap()
    }

    /// How many conventions' turns somebody has.
    pub(crate) async fn turns(&self) -> usize {
        read(self.storage.host().as_ref(), "SELECT owner FROM solving_turn", &[]).await.unwrap().rows.len()
    }

    /// Another host takes the convention's turn, for half an hour.
    pub(crate) async fn take_turn(&self, host: &str) {
        let parameters: Arc<[Value]> = [host.into(), (self.clock.now() + Duration::from_secs(1800)).into()].into();
        transaction(self.storage.host().as_ref(), |transaction| {
            let parameters = Arc::clone(&parameters);
            Box::pin(async move {
                transaction.execute("UPDATE solving_turn SET owner = $1, ends_at = $2", &parameters).await
            })
        })
        .await
        .unwrap();
    }

    /// Another host takes a job up that somebody works on.
    pub(crate) async fn take_up(&self, plugin: &PluginId, id: &str, host: &str) {
        let database = self.storage.plugin(&self.convention, plugin).await.unwrap().host();
        let parameters: Arc<[Value]> = [host.into(), id.into()].into();
        transaction(database.as_ref(), |transaction| {
            let parameters = Arc::clone(&parameters);
            Box::pin(async move {
                let sql = "UPDATE conman_solve SET owner = $1, tries = tries + 1 WHERE id = $2 AND state = 'running'";
                transaction.execute(sql, &parameters).await
            })
        })
        .await
        .unwrap();
    }

    pub(crate) async fn purge(&self, plugin: &PluginId) {
        self.storage.purge(&self.convention, plugin, Unsent::Lost).await.unwrap();
    }
}

pub(crate) async fn until(what: &str, question: impl AsyncFn() -> bool) {
    let asking = async {
        while !question().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("waited {PATIENCE:?} for {what}"));
}
