//! A host in the test's own process, on a data folder of its own.

use std::path::Path;

use conman_server::{DataFolder, Finished, Host, HostConfig, Running};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{Client, Database, Operator};

/// A host that serves on an ephemeral port.
pub struct TestHost {
    running: Option<Running>,
    folder: TempDir,
    database: Database,
}

impl TestHost {
    /// Starts one as it would run in production.
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, |_| {}).await
    }

    /// Starts one, changed by `change`.
    pub async fn start_with(database: Database, change: impl FnOnce(&mut HostConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let running = serve(folder.path(), &database, change).await;
        Self { running: Some(running), folder, database }
    }

    /// Stops the host and starts another on the same data.
    pub async fn restart(&mut self) -> Finished {
        let finished = self.running.take().unwrap().stop().await;
        self.running = Some(serve(self.folder.path(), &self.database, |_| {}).await);
        finished
    }

    /// Stops the host; its data stays until this is dropped.
    pub async fn stop(&mut self) -> Finished {
        self.running.take().unwrap().stop().await
    }

    /// Where it serves.
    #[must_use]
    pub fn address(&self) -> &str {
        self.running.as_ref().unwrap().address()
    }

    /// Its data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its database.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// Nobody in particular.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        Client::anonymous(self.address())
    }

    /// Whoever may read the data folder: the host itself.
    #[must_use]
    pub fn system(&self) -> Client {
        let secret = DataFolder::at(self.folder()).door_secret().unwrap().unwrap();
        self.anonymous().with_token(&secret)
    }

    /// Whoever runs the host, and sets up what a test needs.
    #[must_use]
    pub fn operator(&self) -> Operator {
        Operator::new(self.system())
    }

    /// Makes a live convention.
    pub async fn convention(&self, slug: &str) {
        self.operator().convention(slug).await;
    }

    /// Makes an account with a role in a convention and signs it in.
    pub async fn person(&self, slug: &str, name: &str, role: &str) -> Client {
        self.operator().person(slug, name, role).await
    }

    /// Installs a package; answers the plugin's id.
    pub async fn install(&self, package: Vec<u8>) -> String {
        self.operator().install(package).await
    }

    /// Installs and enables a package of this repository, by its plugin's name.
    pub async fn enable(&self, slug: &str, name: &str) {
        self.operator().enable(slug, name).await;
    }

    /// Installs and enables a package.
    pub async fn enable_package(&self, slug: &str, package: Vec<u8>) {
        self.operator().enable_package(slug, package).await;
    }
}

async fn serve(folder: &Path, database: &Database, change: impl FnOnce(&mut HostConfig)) -> Running {
    let mut config = HostConfig::new(DataFolder::at(folder), database.url());
    change(&mut config);
    let host = Host::open(config).await.unwrap();
    host.serve(TcpListener::bind("127.0.0.1:0").await.unwrap()).await.unwrap()
}
