//! Puts a small host together around the plugins under test.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use conman_bus::{Bus, BusConfig, BusParts};
use conman_graph::{Contribution, EngineConfig, SubscriptionHub, compose};
use conman_kernel::clock::FixedClock;
use conman_kernel::convention::{Convention, ConventionState};
use conman_kernel::id::{ConventionId, OrganizationId};
use conman_runtime::{Allocation, Entropy, Runtime, RuntimeConfig};
use conman_solving::{Desk, DeskConfig, DeskParts, Solver};
use conman_storage::scratch::{Scratch, VARIABLE};
use conman_storage::{Location, Storage};
use jiff::Timestamp;
use jiff::civil::{date, time};
use parking_lot::Mutex;

use crate::folder;
use crate::kit::{Host, Testkit};
use crate::package::{Packed, packed};
use crate::people::admin;
use crate::skip::skipped;
use crate::stand_in::StandIn;
use crate::wiring::{Cast, Heard, Seams};

/// What a kit is made of.
#[derive(Debug, Clone)]
pub struct Setup {
    plugins: Vec<(PathBuf, Option<String>)>,
    stand_ins: Vec<StandIn>,
    convention: Convention,
    now: Timestamp,
    seed: u64,
    engine: Engine,
    solver: Solver,
}

/// What the plugins' databases are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Files in a temporary folder, which is in memory where the system has a folder there.
    Sqlite,
    /// A database of the test's own on the server that `CONMAN_TEST_POSTGRES` names.
    Postgres,
}

/// The engines there are here: SQLite, and PostgreSQL where `CONMAN_TEST_POSTGRES` names a server. Without one it says so.
#[must_use]
pub fn engines() -> Vec<Engine> {
    if std::env::var_os(VARIABLE).is_some() {
        return vec![Engine::Sqlite, Engine::Postgres];
    }
    skipped(format_args!("set {VARIABLE}=postgres://… to run this on PostgreSQL too"));
    vec![Engine::Sqlite]
}

impl Setup {
    /// A kit for the plugin in this folder, in a convention of three days in Berlin: 14 to 16 August 2026, days changing at 05:00. It is
    /// the first day, noon there.
    #[must_use]
    pub fn new(folder: impl AsRef<Path>) -> Self {
        #[expect(clippy::panic, reason = "the text is a short name, as everybody can see")]
        let slug = "testcon".parse().unwrap_or_else(|error| panic!("{error}"));
        let convention = Convention {
            id: ConventionId::from_stored("testcon"),
            slug,
            name: "Testcon".to_owned(),
            organization: OrganizationId::from_stored("testers"),
            time_zone: "Europe/Berlin".to_owned(),
            starts_on: date(2026, 8, 14),
            ends_on: date(2026, 8, 16),
            day_change: time(5, 0, 0, 0),
            state: ConventionState::Live,
        };
        // 2026-08-14T10:00:00Z
        let now = Timestamp::constant(1_786_701_600, 0);
        let (plugins, stand_ins) = (Vec::new(), Vec::new());
        let (engine, solver) = (Engine::Sqlite, conman_solving::solve as Solver);
        Self { plugins, stand_ins, convention, now, seed: 1, engine, solver }.plugin(folder)
    }

    /// Also enables the plugin in this folder.
    #[must_use]
    pub fn plugin(mut self, folder: impl AsRef<Path>) -> Self {
        self.plugins.push((folder.as_ref().to_owned(), None));
        self
    }

    /// Configures the plugin named last.
    #[must_use]
    pub fn config(mut self, config: &serde_json::Value) -> Self {
        if let Some((_, configured)) = self.plugins.last_mut() {
            *configured = Some(config.to_string());
        }
        self
    }

    /// Lets something stand in for a plugin that is not at hand.
    #[must_use]
    pub fn stand_in(mut self, stand_in: StandIn) -> Self {
        self.stand_ins.push(stand_in);
        self
    }

    /// Another convention.
    #[must_use]
    pub fn convention(mut self, convention: Convention) -> Self {
        self.convention = convention;
        self
    }

    /// Changes the convention: its time zone, its days.
    #[must_use]
    pub fn with_convention(mut self, change: impl FnOnce(&mut Convention)) -> Self {
        change(&mut self.convention);
        self
    }

    /// Another time.
    #[must_use]
    pub const fn at(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// Another seed for what plugins draw at random.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// On this engine instead of SQLite: see [`engines`].
    #[must_use]
    pub const fn on(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// Another solver for jobs, such as one that looks at what the real one finds.
    #[must_use]
    pub const fn solver(mut self, solver: Solver) -> Self {
        self.solver = solver;
        self
    }

    /// Builds the plugins (once per test process), enables them and starts.
    ///
    /// # Panics
    /// When a plugin does not build, cannot be enabled, or the schemas do not fit together; the message says what to do.
    pub async fn start(self) -> Testkit {
        match self.try_start().await {
            Ok(kit) => kit,
            #[expect(clippy::panic, reason = "without its plugin a test has nothing to go on with")]
            Err(reason) => panic!("the testkit cannot start: {reason}"),
        }
    }

    /// Like [`Setup::start`], for tests of what is refused.
    ///
    /// # Errors
    /// What does not build, cannot be enabled or does not fit together, and what to do.
    pub async fn try_start(self) -> Result<Testkit, String> {
        let mut packages = Vec::new();
        for (folder, config) in self.plugins {
            let building = tokio::task::spawn_blocking(move || packed(&folder));
            packages.push((building.await.map_err(|error| error.to_string())??, config));
        }
        let folder = folder::temporary().map_err(|error| format!("no temporary folder can be made: {error}"))?;
        let scratch = match self.engine {
            Engine::Sqlite => None,
            Engine::Postgres => {
                let scratch = Scratch::postgres().await.map_err(|error| error.to_string())?;
                Some(scratch.ok_or_else(|| format!("set {VARIABLE}=postgres://… to test on PostgreSQL"))?)
            }
        };
        let location = scratch.as_ref().map_or_else(|| Location::Folder(folder.path().join("data")), Scratch::location);
        let clock = Arc::new(FixedClock::at(self.now));
        let storage = Storage::open(location).await.map_err(|error| error.to_string())?;
        let cache_folder =
            packages.first().map_or_else(|| folder.path().join("cache"), |(packed, _)| packed.cache.clone());
        let config = RuntimeConfig {
            entropy: Entropy::seeded(self.seed),
            // Many kits at once must not reserve a pool's address space each.
            allocation: Allocation::OnDemand { calls: 64 },
            cache_folder,
            ..RuntimeConfig::in_folder(folder.path())
        };
        let runtime = Runtime::open(config, storage.clone(), storage.host(), clock.clone())
            .await
            .map_err(|error| error.to_string())?;
        let convention = Arc::new(self.convention);
        for (packed, config) in packages {
            enable(&runtime, &convention, &packed, config.as_deref()).await?;
        }

        let seams =
            Arc::new(Seams { storage: storage.clone(), runtime: runtime.clone(), convention: Arc::clone(&convention) });
        let stand_ins = self.stand_ins.into_iter().map(|stand_in| (stand_in.plugin.clone(), stand_in)).collect();
        let cast = Arc::new(Cast { runtime: runtime.clone(), stand_ins });
        let real =
            runtime.enabled(&convention.id).into_iter().map(|plugin| (plugin.id().clone(), plugin.sdl().to_owned()));
        let stood = cast.stand_ins.values().map(|stand_in| (stand_in.plugin.clone(), stand_in.sdl.clone()));
        let contributions = real.chain(stood).filter(|(_, sdl)| !sdl.trim().is_empty());
        let schema = compose(contributions.map(|(plugin, sdl)| Contribution { plugin, sdl }).collect())
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;

        for (component, migrations) in
            [(conman_bus::COMPONENT, conman_bus::MIGRATIONS), (conman_solving::COMPONENT, conman_solving::MIGRATIONS)]
        {
            storage.migrate_host(component, migrations).await.map_err(|error| error.to_string())?;
        }
        let hub = SubscriptionHub::new();
        let heard = Arc::new(Heard { events: Mutex::default(), hub: hub.clone() });
        let parts = BusParts {
            database: storage.host(),
            outboxes: seams.clone(),
            subscriptions: seams.clone(),
            scopes: seams.clone(),
            dispatcher: cast.clone(),
            clock: clock.clone(),
            listeners: vec![heard.clone()],
        };
        let bus = Bus::start(parts, BusConfig::default());
        let parts = DeskParts {
            database: storage.host(),
            places: seams,
            clock: clock.clone(),
            progress: Arc::new(hub.clone()),
            commits: Arc::new((runtime.clone(), bus.waker())),
            solver: self.solver,
        };
        let solving = Desk::new(parts, DeskConfig::default());
        solving.begin();
        runtime.on_commit(Arc::new((bus.waker(), solving.waker())));
        let engine = conman_graph::Engine::new(EngineConfig::DEFAULT, clock.clone());
        let host = Host {
            clock,
            runtime,
            cast,
            convention,
            schema,
            engine,
            bus,
            solving,
            heard,
            hub,
            _folder: folder,
            _scratch: scratch,
        };
        Ok(Testkit::new(host, admin()))
    }
}

async fn enable(
    runtime: &Runtime,
    convention: &Convention,
    packed: &Packed,
    config: Option<&str>,
) -> Result<(), String> {
    let by = admin();
    let installed = runtime.install(packed.bytes.clone(), &by).await.map_err(|error| error.to_string())?;
    let enabled = runtime.enable(convention, &installed.id, installed.digest, config, &by).await;
    enabled.map(drop).map_err(|error| format!("{}: {error}", installed.id))
}
