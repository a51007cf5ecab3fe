//! How a host is set up.

use std::sync::Arc;
use std::time::Duration;

use conman_kernel::clock::{Clock, SystemClock};

use crate::data_folder::DataFolder;
use crate::listen::ConnectionLimits;

/// Everything a host has to be told.
#[derive(Clone)]
pub struct HostConfig {
    /// Where its files are.
    pub folder: DataFolder,
    /// Keeps databases in this PostgreSQL instead of in the folder: `postgres://user:password@host:port/database`.
    pub postgres: Option<String>,
    /// For whom it runs.
    pub mode: Mode,
    /// Whether a reverse proxy in front sets `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// How long running calls may take to finish when the host stops.
    pub grace: Duration,
    /// What requests may use.
    pub limits: Limits,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// For whom a host runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// For a convention.
    Production,
    /// For developers: GraphiQL at every GraphQL address.
    Development,
}

/// What requests may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections.
    pub connections: ConnectionLimits,
    /// Requests answered at once; more are turned away.
    pub requests: usize,
    /// Bytes of a GraphQL request.
    pub graphql_bytes: usize,
    /// How long a request's body may take to arrive, for each begun MiB.
    pub body: Duration,
    /// How long a WebSocket may take to say who it is.
    pub socket_init: Duration,
    /// How often a WebSocket is asked whether it is still there, and who it is.
    pub socket_ping: Duration,
    /// Operations running at once on one WebSocket.
    pub socket_operations: usize,
    /// WebSockets open at once.
    pub sockets: usize,
}

impl Limits {
    /// What a host on the open network allows.
    pub const STANDARD: Self = Self {
        connections: ConnectionLimits::STANDARD,
        requests: 1024,
        graphql_bytes: 1 << 20,
        body: Duration::from_secs(15),
        socket_init: Duration::from_secs(10),
        socket_ping: Duration::from_secs(25),
        socket_operations: 32,
        sockets: 2048,
    };
}

impl HostConfig {
    /// A production host on `folder`, with the limits of one on the open network.
    #[must_use]
    pub fn new(folder: DataFolder, postgres: Option<String>) -> Self {
        Self {
            folder,
            postgres,
            mode: Mode::Production,
            behind_proxy: false,
            grace: Duration::from_secs(30),
            limits: Limits::STANDARD,
            clock: Arc::new(SystemClock),
        }
    }
}

impl std::fmt::Debug for HostConfig {
    /// Without the PostgreSQL URL, which holds a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostConfig")
            .field("folder", &self.folder)
            .field("postgres", &self.postgres.is_some())
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
