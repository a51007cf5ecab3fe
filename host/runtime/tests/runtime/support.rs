//! A host with the probe plugin enabled in one convention.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use conman_kernel::actor::Actor;
use conman_kernel::clock::FixedClock;
use conman_kernel::convention::{Convention, ConventionState};
use conman_kernel::dispatch::{CallKind, Dispatcher, FieldCall, IdempotencyKey, Scope};
use conman_kernel::event::Event;
use conman_kernel::fault::Fault;
use conman_kernel::id::{ConventionId, EventId, OrganizationId, PluginId, RequestId};
use conman_kernel::sql::{RowLimit, Value as SqlValue};
use conman_plugin_build::{Build, Output, Toolchain};
use conman_runtime::package::{Parts, pack};
use conman_runtime::{EnableError, EnabledPlugin, Entropy, Runtime, RuntimeConfig, Wanted};
use conman_storage::Storage;
use conman_storage::scratch::Scratch;
use serde_json::{Value, json};

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Sqlite,
    Postgres,
}

/// Makes a test of `body` for each database.
macro_rules! on_both {
    ($(#[$attribute:meta])* async fn $name:ident($host:ident) $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn body($host: crate::support::Host) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                if let Some(host) = crate::support::Host::start(crate::support::On::Sqlite).await {
                    body(host).await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(host) = crate::support::Host::start(crate::support::On::Postgres).await {
                    body(host).await;
                }
            }
        }
    };
}
pub(crate) use on_both;

/// The probe, as a package. Built once per run of the tests.
pub(crate) static PROBE: LazyLock<Vec<u8>> = LazyLock::new(|| packed("probe"));

/// A guest of `tests/guests`, built and packed.
pub(crate) fn packed(guest: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests").join(guest);
    let toolchain = Toolchain::find().expect("a toolchain for WebAssembly");
    let built = Build::of(&folder).output(Output::Kept).run(&toolchain).expect("the guest builds");
    let component = std::fs::read(built.component).expect("the component");
    pack(&component, &Parts::of_folder(&folder).expect("the guest's folder")).expect("a package").0
}

/// The probe's component with a manifest of the test's own.
pub(crate) fn probe_with(change: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests/probe");
    let mut parts = Parts::of_folder(&folder).expect("the probe's folder");
    change(&mut parts);
    pack(&PROBE, &parts).expect("a package").0
}

#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) runtime: Runtime,
    pub(crate) storage: Storage,
    pub(crate) convention: Arc<Convention>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) config: RuntimeConfig,
    /// Removed with the host.
    #[allow(dead_code, reason = "held, never looked at")]
    pub(crate) folder: Arc<tempfile::TempDir>,
    pub(crate) scratch: Arc<Scratch>,
}

pub(crate) fn probe() -> PluginId {
    "tests/probe".parse().unwrap()
}

pub(crate) fn convention(slug: &str) -> Convention {
    Convention {
        id: ConventionId::new(),
        slug: slug.parse().unwrap(),
        name: "Sample".to_owned(),
        organization: OrganizationId::new(),
        time_zone: "Europe/Berlin".to_owned(),
        starts_on: jiff::civil::date(2026, 8, 14),
        ends_on: jiff::civil::date(2026, 8, 16),
        day_change: jiff::civil::time(5, 0, 0, 0),
        state: ConventionState::Live,
    }
}

/// Code that other tests compiled is found again; it depends on nothing but the bytes and the engine.
fn cache_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled")
}

impl Host {
    /// A host with the probe installed and enabled; none when the database is not to be had.
    pub(crate) async fn start(on: On) -> Option<Self> {
        Self::start_with(on, |_| {}).await
    }

    pub(crate) async fn start_with(on: On, change: impl FnOnce(&mut RuntimeConfig)) -> Option<Self> {
        let host = Self::empty(on, change).await?;
        host.runtime.install(PROBE.clone(), &Actor::system()).await.expect("the probe installs");
        host.enable(None).await.expect("the probe is enabled");
        Some(host)
    }

    /// Enables the probe that was installed last.
    pub(crate) async fn enable(&self, config: Option<&str>) -> Result<EnabledPlugin, EnableError> {
        self.enable_in(&self.convention, config).await
    }

    pub(crate) async fn enable_in(
        &self,
        convention: &Convention,
        config: Option<&str>,
    ) -> Result<EnabledPlugin, EnableError> {
        let digest = self.runtime.choose(&convention.id, &probe(), Wanted::Newest).await?;
        self.runtime.enable(convention, &probe(), digest, config, &Actor::system()).await
    }

    pub(crate) async fn empty(on: On, change: impl FnOnce(&mut RuntimeConfig)) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let scratch = match on {
            On::Sqlite => Scratch::folder(),
            On::Postgres => Scratch::postgres().await.transpose()?,
        };
        let scratch = scratch.expect("somewhere for databases");
        let storage = Storage::open(scratch.location()).await.expect("storage");
        let clock = Arc::new(FixedClock::at("2026-08-14T10:00:00Z".parse().unwrap()));
        let mut config = RuntimeConfig::in_folder(folder.path());
        config.cache_folder = cache_folder();
        config.entropy = Entropy::seeded(1);
        change(&mut config);
        let runtime = Self::open(&config, &storage, &clock).await;
        Some(Self {
            runtime,
            storage,
            convention: Arc::new(convention("sample")),
            clock,
            config,
            folder: Arc::new(folder),
            scratch: Arc::new(scratch),
        })
    }

    async fn open(config: &RuntimeConfig, storage: &Storage, clock: &Arc<FixedClock>) -> Runtime {
        let clock: Arc<dyn conman_kernel::clock::Clock> = clock.clone();
        Runtime::open(config.clone(), storage.clone(), storage.host(), clock).await.expect("a runtime")
    }

    /// The same host after a restart.
    pub(crate) async fn restarted(&self) -> Runtime {
        let runtime = Self::open(&self.config, &self.storage, &self.clock).await;
        assert_eq!(runtime.absent(&self.convention.id).await.unwrap(), []);
        runtime
    }

    /// Another host on the same database, with its packages in `folder`.
    pub(crate) async fn another(&self, folder: &Path) -> Self {
        let config = RuntimeConfig { packages_folder: folder.to_owned(), ..self.config.clone() };
        let runtime = Self::open(&config, &self.storage, &self.clock).await;
        Self { runtime, config, ..self.clone() }
    }

    /// Another host on the same database, with storage of its own, as in another process.
    pub(crate) async fn elsewhere(&self) -> Self {
        let storage = Storage::open(self.scratch.location()).await.expect("storage");
        let runtime = Self::open(&self.config, &storage, &self.clock).await;
        Self { runtime, storage, ..self.clone() }
    }

    pub(crate) fn scope(&self) -> Scope {
        Scope {
            convention: Some(Arc::clone(&self.convention)),
            actor: Arc::new(Actor::system()),
            request: RequestId::new(),
            languages: Arc::from(["de".to_owned()]),
            idempotency: None,
            hops: 0,
        }
    }

    pub(crate) fn scope_with_key(&self, key: &str) -> Scope {
        Scope { idempotency: IdempotencyKey::parse(key), ..self.scope() }
    }

    pub(crate) async fn field_in(
        &self,
        scope: &Scope,
        kind: CallKind,
        field: &str,
        arguments: Value,
    ) -> Result<Value, Fault> {
        let call = field_call(kind, field, &arguments);
        self.runtime.resolve(scope, call).await.map(|json| serde_json::from_str(&json).expect("JSON"))
    }

    pub(crate) async fn query(&self, field: &str, arguments: Value) -> Result<Value, Fault> {
        self.field_in(&self.scope(), CallKind::Query, field, arguments).await
    }

    /// Runs a script in a call of `kind`; answers the outcome of each step.
    pub(crate) async fn script(&self, kind: CallKind, steps: Value) -> Result<Value, Fault> {
        self.field_in(&self.scope(), kind, "script", json!({ "steps": steps })).await
    }

    /// Ids and bodies of all notes, as the host sees them.
    pub(crate) async fn notes(&self) -> Vec<(String, String)> {
        let rows = self.rows("SELECT id, body FROM note ORDER BY id").await;
        rows.into_iter().map(|row| (text(&row[0]), text(&row[1]))).collect()
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let rows = self.rows(&format!("SELECT COUNT(*) FROM {table}")).await;
        let SqlValue::Integer(count) = rows[0][0] else { panic!("a count") };
        count
    }

    async fn rows(&self, sql: &str) -> Vec<Vec<SqlValue>> {
        let database = self.storage.plugin(&self.convention.id, &probe()).await.unwrap().host();
        let mut transaction = database.begin(conman_kernel::sql::Access::ReadOnly).await.unwrap();
        transaction.query(sql, &[], RowLimit::HOST).await.unwrap().rows
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.runtime.logs(&self.convention.id, &probe(), 1000).into_iter().map(|line| line.message).collect()
    }
}

fn text(value: &SqlValue) -> String {
    match value {
        SqlValue::Text(text) => text.clone(),
        other => panic!("no text: {other:?}"),
    }
}

pub(crate) fn field_call(kind: CallKind, field: &str, arguments: &Value) -> FieldCall {
    FieldCall {
        plugin: probe(),
        kind,
        type_name: if kind == CallKind::Query { "Query".into() } else { "Mutation".into() },
        field: field.into(),
        arguments: arguments.to_string().into(),
        selection: "[]".into(),
        path: field.into(),
        event: None,
    }
}

pub(crate) fn event(topic: &str, payload: &str, hops: u32) -> Event {
    Event {
        id: EventId::new(),
        topic: topic.to_owned(),
        key: "k".to_owned(),
        payload: payload.to_owned(),
        publisher: probe(),
        emitted_at: "2026-08-14T10:00:00Z".parse().unwrap(),
        hops,
    }
}
