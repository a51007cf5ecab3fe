//! Publishers with real outboxes, and subscribers that write what they handle into their own database, in the transaction that records
//! the event's id, as the runtime does. What they do beside that, each test says.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use conman_bus::{
    Bus, BusConfig, BusParts, COMPONENT, DeadLetter, Jitter, MIGRATIONS, Outboxes, Scopes, Subscriptions,
};
use conman_kernel::actor::Actor;
use conman_kernel::clock::{Clock, FixedClock};
use conman_kernel::convention::{Convention, ConventionState};
use conman_kernel::dispatch::{
    BatchAnswer, CommitListener as _, Dispatcher, FieldCall, Handled, RouteAnswer, RouteCall, Scope,
};
use conman_kernel::event::{Event, EventListener, TopicPattern};
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::{ConventionId, EventId, OrganizationId, PluginId, RequestId};
use conman_kernel::sql::{Access, Database, RowExt, RowLimit, Rows, SharedDatabase, SqlError, Transaction, Value};
use conman_storage::{PluginMigration, Storage, scratch};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

/// What a subscriber does with an event.
#[derive(Clone)]
pub(crate) enum Act {
    /// Handles it.
    Do,
    /// Fails without effect.
    Fail(Fault),
    /// Handles it, and the answer gets lost.
    DoAndFail,
    /// Waits until the gate opens, then handles it.
    Wait(Gate),
    /// Brings the dispatcher down.
    Panic,
}

/// Closed until it is opened for good.
#[derive(Clone)]
pub(crate) struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    pub(crate) fn closed() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    pub(crate) fn open(&self) {
        self.0.send_replace(true);
    }

    async fn pass(&self) {
        self.0.subscribe().wait_for(|open| *open).await.unwrap();
    }
}

type Script = dyn Fn(&PluginId, &Event, u32) -> Act + Send + Sync;

/// Everything but the bus.
pub(crate) struct World {
    pub(crate) storage: Storage,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) convention: ConventionId,
    pub(crate) publisher: PluginId,
    pub(crate) subscriptions: Arc<Wanted>,
    pub(crate) handlers: Arc<Handlers>,
    pub(crate) heard: Arc<Heard>,
    /// While set, outboxes cannot be deleted from.
    pub(crate) stuck: Arc<AtomicBool>,
}

/// Runs `body` in a world of its own on each database.
pub(crate) async fn on_both(body: impl AsyncFn(World)) {
    for place in scratch::both().await.unwrap() {
        let storage = Storage::open(place.location()).await.unwrap();
        storage.migrate_host(COMPONENT, MIGRATIONS).await.unwrap();
        let world = World::new(storage).await;
        tokio::time::timeout(Duration::from_secs(120), body(world)).await.expect("the bus does not come to rest");
    }
}

pub(crate) fn plugin(name: &str) -> PluginId {
    format!("conman/{name}").parse().unwrap()
}

pub(crate) fn passing() -> Fault {
    Fault::new(code::CONFLICT, "this will pass").retryable()
}

pub(crate) fn lasting() -> Fault {
    Fault::new(code::INVALID, "this will not pass")
}

impl World {
    async fn new(storage: Storage) -> Self {
        let handlers = Arc::new(Handlers {
            storage: storage.clone(),
            script: Mutex::new(Arc::new(|_, _, _| Act::Do)),
            calls: Mutex::default(),
            progress: watch::Sender::new(0),
        });
        let world = Self {
            convention: ConventionId::new(),
            publisher: plugin("publisher"),
            clock: Arc::new(FixedClock::at("2026-08-01T12:00:00Z".parse().unwrap())),
            subscriptions: Arc::new(Wanted::default()),
            heard: Arc::default(),
            stuck: Arc::default(),
            handlers,
            storage,
        };
        world.storage.plugin(&world.convention, &world.publisher).await.unwrap();
        world
    }

    /// A plugin that handles events of `topic`.
    pub(crate) async fn subscriber(&self, name: &str, topic: &str) -> PluginId {
        let id = plugin(name);
        let database = self.storage.plugin(&self.convention, &id).await.unwrap();
        let table = PluginMigration {
            version: 1,
            name: "seen".to_owned(),
            sql: "CREATE TABLE seen (n BIGINT PRIMARY KEY, key TEXT NOT NULL, payload TEXT NOT NULL, hops BIGINT NOT NULL)".to_owned(),
        };
        database.migrate(&[table]).await.unwrap();
        self.subscriptions.enabled.lock().insert((id.clone(), topic.to_owned()));
        id
    }

    pub(crate) fn script(&self, script: impl Fn(&PluginId, &Event, u32) -> Act + Send + Sync + 'static) {
        *self.handlers.script.lock() = Arc::new(script);
    }

    pub(crate) fn config(&self, host: &str) -> BusConfig {
        BusConfig { host: host.to_owned(), jitter: Jitter::none(), ..BusConfig::default() }
    }

    pub(crate) fn start(&self) -> Bus {
        self.start_as(self.config("host"), self.clock.clone())
    }

    pub(crate) fn start_as(&self, config: BusConfig, clock: Arc<dyn Clock>) -> Bus {
        let boxes = Boxes {
            storage: self.storage.clone(),
            all: vec![(self.convention.clone(), self.publisher.clone())],
            stuck: Arc::clone(&self.stuck),
        };
        let parts = BusParts {
            database: self.storage.host(),
            outboxes: Arc::new(boxes),
            subscriptions: self.subscriptions.clone(),
            scopes: Arc::new(AsSystem),
            dispatcher: self.handlers.clone(),
            clock,
            listeners: vec![self.heard.clone()],
        };
        Bus::start(parts, config)
    }

    /// Commits events in one transaction: topic, key and payload of each.
    pub(crate) async fn emit(&self, events: &[(&str, &str, &str)]) {
        self.emit_after(0, events).await;
    }

    pub(crate) async fn emit_after(&self, hops: u32, events: &[(&str, &str, &str)]) {
        let database = self.storage.plugin(&self.convention, &self.publisher).await.unwrap();
        let mut transaction = database.begin(Access::ReadWrite).await.unwrap();
        for (topic, key, payload) in events {
            let event = Event {
                id: EventId::new(),
                topic: (*topic).to_owned(),
                key: (*key).to_owned(),
                payload: (*payload).to_owned(),
                publisher: self.publisher.clone(),
                emitted_at: self.clock.now(),
                hops,
            };
            transaction.emit(&event).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }

    pub(crate) fn wake(&self, bus: &Bus) {
        bus.waker().committed(&self.convention, &self.publisher, true);
    }

    /// The payloads a subscriber handled, in order.
    pub(crate) async fn seen(&self, subscriber: &PluginId) -> Vec<String> {
        self.rows(subscriber, "SELECT payload FROM seen ORDER BY n").await
    }

    /// Those of one key.
    pub(crate) async fn seen_of(&self, subscriber: &PluginId, key: &str) -> Vec<String> {
        let sql = format!("SELECT payload FROM seen WHERE key = '{key}' ORDER BY n");
        self.rows(subscriber, &sql).await
    }

    /// How many handlers each event had passed through before this one.
    pub(crate) async fn hops(&self, subscriber: &PluginId) -> Vec<String> {
        let sql = "SELECT CAST(hops AS TEXT) FROM seen ORDER BY n";
        self.rows(subscriber, sql).await
    }

    /// How many deliveries are in one of these states.
    pub(crate) async fn count(&self, states: &[&str]) -> i64 {
        let states: Vec<_> = states.iter().map(|state| format!("'{state}'")).collect();
        let sql = format!("SELECT COUNT(*) FROM bus_delivery WHERE state IN ({})", states.join(", "));
        let rows = conman_kernel::sql::read(self.storage.host().as_ref(), &sql, &[]).await.unwrap();
        rows.rows[0].integer(0).unwrap()
    }

    /// When the first claim ends.
    pub(crate) async fn claimed_until(&self) -> i64 {
        let sql = "SELECT MIN(due_at) FROM bus_delivery WHERE state = 'ready'";
        let rows = conman_kernel::sql::read(self.storage.host().as_ref(), sql, &[]).await.unwrap();
        rows.rows[0].integer(0).unwrap()
    }

    async fn rows(&self, subscriber: &PluginId, sql: &str) -> Vec<String> {
        let database = self.storage.plugin(&self.convention, subscriber).await.unwrap().host();
        let rows = conman_kernel::sql::read(database.as_ref(), sql, &[]).await.unwrap();
        rows.rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect()
    }

    /// How many events wait in the outbox.
    pub(crate) async fn unsent(&self) -> i64 {
        let database = self.storage.plugin(&self.convention, &self.publisher).await.unwrap().host();
        let rows =
            conman_kernel::sql::read(database.as_ref(), "SELECT COUNT(*) FROM conman_outbox", &[]).await.unwrap();
        rows.rows[0].integer(0).unwrap()
    }

    /// Moves the clock, second by second, until there is nothing left to retry.
    pub(crate) async fn pass_until_idle(&self, bus: &Bus) {
        loop {
            bus.settled().await;
            if self.count(&["ready", "waiting"]).await == 0 {
                return bus.idle().await;
            }
            self.clock.advance(Duration::from_secs(1));
        }
    }

    pub(crate) async fn dead(&self, bus: &Bus) -> Vec<DeadLetter> {
        bus.dead_letters(&self.convention, None, 100).await.unwrap()
    }
}

/// Who wants what.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) enabled: Mutex<HashSet<(PluginId, String)>>,
    /// Those of them that this host cannot run.
    pub(crate) absent: Mutex<HashSet<PluginId>>,
    /// While set, nobody can tell who is enabled.
    pub(crate) unknown: AtomicBool,
    /// Told of everybody who was not told.
    pub(crate) refused: Notify,
    /// Where the next who asks who is enabled waits.
    pub(crate) gate: Mutex<Option<Gate>>,
    /// Told of who waits there.
    pub(crate) waiting: Notify,
}

#[async_trait]
impl Subscriptions for Wanted {
    async fn owed(&self, _: &ConventionId) -> Result<Vec<(PluginId, Vec<TopicPattern>)>, SqlError> {
        if self.unknown.load(Ordering::SeqCst) {
            self.refused.notify_one();
            return Err(SqlError::Unavailable("as the test wants".to_owned()));
        }
        let gate = self.gate.lock().take();
        if let Some(gate) = gate {
            self.waiting.notify_one();
            gate.pass().await;
        }
        let enabled = self.enabled.lock();
        Ok(enabled.iter().map(|(plugin, topic)| (plugin.clone(), vec![topic.parse().unwrap()])).collect())
    }

    fn takes(&self, _: &ConventionId, subscriber: &PluginId, topic: &str) -> bool {
        self.enabled.lock().contains(&(subscriber.clone(), topic.to_owned()))
            && !self.absent.lock().contains(subscriber)
    }
}

struct AsSystem;

#[async_trait]
impl Scopes for AsSystem {
    async fn scope(&self, convention: &ConventionId, event: &Event) -> Result<Scope, Fault> {
        Ok(Scope {
            convention: Some(Arc::new(Convention {
                id: convention.clone(),
                slug: "moon".parse().unwrap(),
                name: "Moon".to_owned(),
                organization: OrganizationId::new(),
                time_zone: "UTC".to_owned(),
                starts_on: "2026-08-07".parse().unwrap(),
                ends_on: "2026-08-09".parse().unwrap(),
                day_change: "06:00".parse().unwrap(),
                state: ConventionState::Live,
            })),
            actor: Arc::new(Actor::system()),
            request: RequestId::new(),
            languages: Arc::new([]),
            idempotency: None,
            hops: event.hops,
        })
    }
}

/// What listeners heard.
#[derive(Default)]
pub(crate) struct Heard(pub(crate) Mutex<Vec<String>>);

impl EventListener for Heard {
    fn published(&self, _: &ConventionId, event: &Event) {
        self.0.lock().push(event.payload.clone());
    }
}

/// The subscribers.
pub(crate) struct Handlers {
    storage: Storage,
    script: Mutex<Arc<Script>>,
    calls: Mutex<HashMap<(PluginId, EventId), u32>>,
    /// Grows with every call that begins and every effect.
    progress: watch::Sender<u64>,
}

impl Handlers {
    pub(crate) fn calls(&self) -> u32 {
        self.calls.lock().values().sum()
    }

    /// Waits until `question` is answered with yes; asked after every step of any handler.
    pub(crate) async fn until(&self, question: impl AsyncFn() -> bool) {
        let mut progress = self.progress.subscribe();
        while !question().await {
            progress.changed().await.unwrap();
        }
    }

    async fn effect(&self, convention: &ConventionId, subscriber: &PluginId, event: &Event, hops: u32) -> Handled {
        let database = self.storage.plugin(convention, subscriber).await.unwrap();
        loop {
            match attempt(&database, event, hops).await {
                Err(error) if error.is_serialization() => {}
                outcome => {
                    self.progress.send_modify(|progress| *progress += 1);
                    return outcome.unwrap();
                }
            }
        }
    }
}

async fn attempt(database: &conman_storage::PluginDatabase, event: &Event, hops: u32) -> Result<Handled, SqlError> {
    let mut transaction = database.begin(Access::ReadWrite).await?;
    if !transaction.handled(&event.id).await? {
        transaction.rollback().await;
        return Ok(Handled::Before);
    }
    let rows = transaction.query("SELECT COUNT(*) FROM seen", &[], RowLimit::HOST).await?;
    let n = rows.rows[0].integer(0)?;
    let sql = "INSERT INTO seen (n, key, payload, hops) VALUES ($1, $2, $3, $4)";
    let parameters = [n.into(), event.key.as_str().into(), event.payload.as_str().into(), hops.into()];
    transaction.execute(sql, &parameters).await?;
    transaction.commit().await?;
    Ok(Handled::Now)
}

#[async_trait]
impl Dispatcher for Handlers {
    async fn resolve(&self, _: &Scope, _: FieldCall) -> Result<String, Fault> {
        unreachable!("the bus resolves no fields")
    }

    async fn resolve_batch(&self, _: &Scope, _: FieldCall, _: Vec<String>) -> Result<BatchAnswer, Fault> {
        unreachable!("the bus resolves no fields")
    }

    async fn handle(&self, scope: &Scope, plugin: &PluginId, event: &Event) -> Result<Handled, Fault> {
        let key = (plugin.clone(), event.id.clone());
        let call = {
            let mut calls = self.calls.lock();
            let call = calls.entry(key).or_default();
            *call += 1;
            *call
        };
        self.progress.send_modify(|progress| *progress += 1);
        let script = Arc::clone(&self.script.lock());
        let convention = scope.convention.as_ref().unwrap().id.clone();
        match script(plugin, event, call) {
            Act::Do => Ok(self.effect(&convention, plugin, event, scope.hops).await),
            Act::Fail(fault) => Err(fault),
            Act::DoAndFail => {
                self.effect(&convention, plugin, event, scope.hops).await;
                Err(passing())
            }
            Act::Wait(gate) => {
                gate.pass().await;
                Ok(self.effect(&convention, plugin, event, scope.hops).await)
            }
            Act::Panic => panic!("as the test wants"),
        }
    }

    async fn route(&self, _: &Scope, _: RouteCall) -> Result<RouteAnswer, Fault> {
        unreachable!("the bus routes nothing")
    }

    fn revision(&self, _: &Scope, _: &PluginId) -> u64 {
        0
    }
}

/// The outboxes, which can be made to get stuck between copying and deleting.
struct Boxes {
    storage: Storage,
    all: Vec<(ConventionId, PluginId)>,
    stuck: Arc<AtomicBool>,
}

#[async_trait]
impl Outboxes for Boxes {
    async fn open(&self, convention: &ConventionId, publisher: &PluginId) -> Result<Option<SharedDatabase>, SqlError> {
        let Some(database) = self.storage.existing(convention, publisher).await? else { return Ok(None) };
        Ok(Some(Arc::new(Sticky { database: database.host(), stuck: Arc::clone(&self.stuck) })))
    }

    async fn has(&self, convention: &ConventionId, publisher: &PluginId) -> Result<bool, SqlError> {
        self.storage.has(convention, publisher).await
    }

    async fn all(&self) -> Result<Vec<(ConventionId, PluginId)>, SqlError> {
        Ok(self.all.clone())
    }
}

struct Sticky {
    database: SharedDatabase,
    stuck: Arc<AtomicBool>,
}

#[async_trait]
impl Database for Sticky {
    async fn begin(&self, access: Access) -> Result<Box<dyn Transaction>, SqlError> {
        let transaction = self.database.begin(access).await?;
        Ok(Box::new(StickyTransaction { transaction, stuck: Arc::clone(&self.stuck) }))
    }
}

struct StickyTransaction {
    transaction: Box<dyn Transaction>,
    stuck: Arc<AtomicBool>,
}

#[async_trait]
impl Transaction for StickyTransaction {
    async fn query(&mut self, sql: &str, parameters: &[Value], limit: RowLimit) -> Result<Rows, SqlError> {
        self.transaction.query(sql, parameters, limit).await
    }

    async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, SqlError> {
        if self.stuck.load(Ordering::SeqCst) {
            return Err(SqlError::Unavailable("as the test wants".to_owned()));
        }
        self.transaction.execute(sql, parameters).await
    }

    async fn commit(self: Box<Self>) -> Result<(), SqlError> {
        self.transaction.commit().await
    }

    async fn rollback(self: Box<Self>) {
        self.transaction.rollback().await;
    }
}
