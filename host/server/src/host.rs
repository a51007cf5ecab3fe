//! A host: everything wired together, opened on a data folder, serving or not.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use conman_bus::{Bus, BusConfig, BusParts};
use conman_graph::{Engine, EngineConfig, SubscriptionHub};
use conman_identity::{Identity, IdentityConfig, PageRequest};
use conman_kernel::actor::Actor;
use conman_kernel::digest::Digest;
use conman_kernel::fault::Fault;
use conman_kernel::sql::SqlError;
use conman_runtime::{CallObserver, Runtime, RuntimeConfig, RuntimeError};
use conman_solving::{Desk, DeskConfig, DeskParts};
use conman_storage::{Location, Storage};
use http::Request;
use parking_lot::RwLock;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::HostConfig;
use crate::conventions::Conventions;
use crate::data_folder::{Claim, ClaimError, DatabaseKind};
use crate::events::{EnabledSubscriptions, PluginOutboxes, SystemScopes};
use crate::http::{self as web, AsSystem, Front};
use crate::jobs::JobPlaces;
use crate::listen;
use crate::metrics::Metrics;
use crate::parts::Parts;
use crate::stocktaking::Stocktaking;
use crate::upkeep;

/// Under which name the host's own fields are composed with the plugins'.
const HOST_PLUGIN: &str = "conman/host";

/// Why a host does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder cannot be had.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The folder was begun with the other kind of database.
    #[error("{folder} keeps its databases in {kept}; {remedy}")]
    OtherDatabase {
        /// The folder.
        folder: String,
        /// What it was begun with.
        kept: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The database cannot be opened or brought up to date.
    #[error("the host's database: {0}")]
    Database(#[from] SqlError),
    /// The plugins' engine does not start.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A part does not start.
    #[error("{}", with_detail(.0))]
    Fault(Fault),
    /// The listening socket fails.
    #[error("cannot serve: {0}")]
    Socket(#[from] std::io::Error),
    /// Two figures have one name.
    #[error("the figures: {0}")]
    Figures(#[from] prometheus::Error),
}

fn with_detail(fault: &Fault) -> String {
    match &fault.detail {
        Some(detail) => format!("{} ({detail})", fault.message),
        None => fault.message.clone(),
    }
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// An open host.
pub struct Host {
    parts: Arc<Parts>,
    front: Front,
    claim: Claim,
    grace: Duration,
}

impl Host {
    /// Claims the data folder, brings the databases up to date, starts the plugins' engine and the bus.
    ///
    /// # Errors
    /// [`OpenError`] says what is in the way.
    pub async fn open(config: HostConfig) -> Result<Self, OpenError> {
        let claim = config.folder.claim()?;
        let storage = open_storage(&config).await?;
        storage.migrate_host(conman_identity::COMPONENT, conman_identity::MIGRATIONS).await?;
        storage.migrate_host(conman_bus::COMPONENT, conman_bus::MIGRATIONS).await?;
        storage.migrate_host(conman_solving::COMPONENT, conman_solving::MIGRATIONS).await?;

        let clock = Arc::clone(&config.clock);
        let metrics = Arc::new(Metrics::new()?);
        let identity = Identity::new(storage.host(), Arc::clone(&clock), IdentityConfig::default());
        let runtime_config = RuntimeConfig::in_folder(config.folder.path());
        // Plugins that cannot be loaded any more have been logged; the rest of the host is not to suffer from them.
        let runtime = Runtime::open(runtime_config, storage.clone(), storage.host(), Arc::clone(&clock)).await?;
        runtime.on_call(Arc::clone(&metrics) as Arc<dyn CallObserver>);

        let host_plugin = HOST_PLUGIN.parse().map_err(Fault::internal)?;
        let conventions = Arc::new(Conventions::new(identity.clone(), runtime.clone(), host_plugin)?);
        conventions.open_all().await?;

        let hub = SubscriptionHub::new();
        let host_name = claim.host_name()?;
        let bus = Bus::start(
            BusParts {
                database: storage.host(),
                outboxes: Arc::new(PluginOutboxes { storage: storage.clone(), identity: identity.clone() }),
                subscriptions: Arc::new(EnabledSubscriptions(runtime.clone())),
                scopes: Arc::new(SystemScopes(identity.clone())),
                dispatcher: Arc::new(runtime.clone()),
                clock: Arc::clone(&clock),
                listeners: vec![Arc::new(hub.clone())],
            },
            BusConfig { host: host_name.clone(), ..BusConfig::default() },
        );
        let databases = PluginOutboxes { storage: storage.clone(), identity: identity.clone() };
        let solving = Desk::new(
            DeskParts {
                database: storage.host(),
                places: Arc::new(JobPlaces { databases, runtime: runtime.clone() }),
                clock: Arc::clone(&clock),
                progress: Arc::new(hub.clone()),
                commits: Arc::new((runtime.clone(), bus.waker())),
                solver: conman_solving::solve,
            },
            DeskConfig { host: host_name, ..DeskConfig::default() },
        );
        // What a handler commits before this is found when the bus looks for itself; no request has been answered yet.
        runtime.on_commit(Arc::new((bus.waker(), solving.waker())));

        let parts = Arc::new(Parts {
            storage,
            identity,
            runtime,
            bus,
            solving,
            conventions,
            engine: Engine::new(EngineConfig::DEFAULT, Arc::clone(&clock)),
            hub,
            metrics,
            stock: Stocktaking::default(),
            clock,
            mode: config.mode,
            behind_proxy: config.behind_proxy,
            limits: config.limits,
            host_plugin: HOST_PLUGIN.parse().map_err(Fault::internal)?,
            door: RwLock::new(None),
            stop: CancellationToken::new(),
            sockets: Arc::new(Semaphore::new(config.limits.sockets)),
            running: TaskTracker::new(),
        });
        parts.running.spawn(upkeep::forget(Arc::clone(&parts)));
        parts.running.spawn(upkeep::follow(Arc::clone(&parts)));
        let front = web::front(&parts);
        Ok(Self { parts, front, claim, grace: config.grace })
    }

    /// Answers a request in the host's own name: for the command line on the data folder.
    pub async fn answer_as_system(&self, mut request: Request<Body>) -> Response {
        request.extensions_mut().insert(AsSystem);
        self.front.answer(request).await
    }

    /// Answers a request as if it had come through a socket, as whoever its token belongs to: for measurements.
    pub async fn answer(&self, request: Request<Body>) -> Response {
        self.front.answer(request).await
    }

    /// Serves on a bound socket, in the background.
    ///
    /// # Errors
    /// When the socket has no address, or the data folder cannot be written to.
    pub async fn serve(self, listener: TcpListener) -> Result<Running, OpenError> {
        let address = format!("http://{}", listener.local_addr()?);
        let secret = random_secret()?;
        *self.parts.door.write() = Some(Digest::of(secret.as_bytes()));
        self.claim.announce(&address, &secret)?;
        let limits = self.parts.limits.connections;
        let serving = listen::serve(
            listener,
            self.front.clone(),
            Arc::clone(&self.parts.metrics),
            limits,
            self.parts.stop.clone(),
        );
        let serving = tokio::spawn(serving);
        // Not for a command on the data folder, which would be gone before anything came of it.
        self.parts.solving.begin();
        tracing::info!(address, "serving");
        let anybody = self.parts.identity.accounts(&Actor::system(), &PageRequest::first(1)).await;
        if anybody.is_ok_and(|page| page.items.is_empty()) {
            tracing::warn!(
                "nobody can sign in yet; make an account: conman account create EMAIL --name NAME --role owner"
            );
        }
        Ok(Running { host: self, address, serving })
    }

    /// Waits until every event has been handed on, as far as that is possible now, and lets go of the folder.
    pub async fn close(self) -> Finished {
        let settled = tokio::time::timeout(self.grace, self.parts.bus.settled()).await;
        let finished = self.finish().await;
        if settled.is_err() { Finished::Deadline } else { finished }
    }

    async fn finish(self) -> Finished {
        self.parts.stop.cancel();
        self.parts.running.close();
        let finishing = async {
            self.parts.running.wait().await;
            self.parts.solving.shutdown().await;
            // Event handlers first, then calls whose client has hung up: no transaction is to be cut in half.
            self.parts.bus.shutdown().await;
            self.parts.runtime.close().await;
            self.parts.identity.settle().await;
        };
        match tokio::time::timeout(self.grace, finishing).await {
            Ok(()) => Finished::Clean,
            Err(_) => Finished::Deadline,
        }
    }
}

/// How a host ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// Everything that was running has finished.
    Clean,
    /// The time was up first. Nothing is lost: transactions were rolled back, events stay in their outboxes.
    Deadline,
}

impl Finished {
    /// Whether everything has finished.
    #[must_use]
    pub fn is_clean(self) -> bool {
        self == Self::Clean
    }
}

/// A host that serves.
pub struct Running {
    host: Host,
    address: String,
    serving: JoinHandle<()>,
}

impl Running {
    /// Where: `http://127.0.0.1:8080`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Stops accepting, lets running requests, calls and deliveries finish, and lets go of the folder.
    pub async fn stop(self) -> Finished {
        let Self { host, serving, .. } = self;
        host.parts.stop.cancel();
        let grace = host.grace;
        match tokio::time::timeout(grace, serving).await {
            Ok(_) => host.finish().await,
            Err(_) => {
                host.finish().await;
                Finished::Deadline
            }
        }
    }
}

async fn open_storage(config: &HostConfig) -> Result<Storage, OpenError> {
    let (kind, location) = match &config.postgres {
        Some(url) => (DatabaseKind::Postgres, Location::Postgres { url: url.clone() }),
        None => (DatabaseKind::Sqlite, Location::Folder(config.folder.path().to_owned())),
    };
    match config.folder.database_kind() {
        Some(kept) if kept != kind => {
            let remedy = match kept {
                DatabaseKind::Postgres => "name it with --postgres or CONMAN_POSTGRES",
                DatabaseKind::Sqlite => "leave --postgres and CONMAN_POSTGRES out, or use another folder",
            };
            let folder = config.folder.path().display().to_string();
            Err(OpenError::OtherDatabase { folder, kept: kept.as_str(), remedy })
        }
        Some(_) => Ok(Storage::open(location).await?),
        None => {
            let storage = Storage::open(location).await?;
            config.folder.remember_database(kind)?;
            Ok(storage)
        }
    }
}

fn random_secret() -> Result<String, Fault> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Fault::internal(format!("no randomness: {error}")))?;
    Ok(format!("door_{}", hex::encode(bytes)))
}

#[cfg(test)]
mod tests {
    use conman_kernel::clock::{Clock, SystemClock};

    use super::*;
    use crate::DataFolder;

    #[tokio::test]
    async fn a_closed_host_keeps_nothing() {
        let folder = tempfile::tempdir().unwrap();
        // Everything that lives as long as a host does knows the time.
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let kept = Arc::downgrade(&clock);
        let config = HostConfig { clock, ..HostConfig::new(DataFolder::at(folder.path()), None) };
        assert!(Host::open(config).await.unwrap().close().await.is_clean());
        assert_eq!(kept.strong_count(), 0);
    }
}
