//! A host in the test's own process, on a data folder of its own.

use std::path::Path;

use conman_server::{DataFolder, Finished, Host, HostConfig, Running};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{Client, Database, package};

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

    /// Makes a live convention.
    pub async fn convention(&self, slug: &str) {
        let operation = r#"mutation($slug: String!) {
            createConvention(slug: $slug, name: $slug, timeZone: "Europe/Berlin", startsOn: "2026-08-14", endsOn: "2026-08-16") { id } }"#;
        let system = self.system();
        let _ = system.host(operation, json!({ "slug": slug })).await.data();
        let _ =
            system.convention(slug, "mutation { setConventionState(state: LIVE) { state } }", json!({})).await.data();
    }

    /// Makes an account with a role in a convention and signs it in.
    pub async fn person(&self, slug: &str, name: &str, role: &str) -> Client {
        let (email, password) = (format!("{name}@{slug}.example"), "a long enough passphrase");
        let system = self.system();
        let operation = "mutation($email: String!, $name: String!, $password: String!) {
            createAccount(email: $email, name: $name, password: $password) { account { id } } }";
        let _ = system.host(operation, json!({ "email": email, "name": name, "password": password })).await.data();
        let operation = "mutation($email: String!, $role: String!) { grantRole(email: $email, role: $role) }";
        let _ = system.convention(slug, operation, json!({ "email": email, "role": role })).await.data();
        self.anonymous().sign_in(&email, password).await
    }

    /// Installs a package; answers the plugin's id.
    pub async fn install(&self, package: Vec<u8>) -> String {
        let answer = self.system().post("/api/packages", package).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json["id"].as_str().unwrap().to_owned()
    }

    /// Installs and enables a package of this repository, by its plugin's name.
    pub async fn enable(&self, slug: &str, name: &str) {
        self.enable_package(slug, std::fs::read(package(name)).unwrap()).await;
    }

    /// Installs and enables a package.
    pub async fn enable_package(&self, slug: &str, package: Vec<u8>) {
        let id = self.install(package).await;
        let answer = self
            .system()
            .convention(slug, "mutation($id: String!) { enablePlugin(id: $id) { id } }", json!({ "id": id }))
            .await;
        assert_eq!(answer.data()["enablePlugin"]["id"], json!(id));
    }
}

async fn serve(folder: &Path, database: &Database, change: impl FnOnce(&mut HostConfig)) -> Running {
    let mut config = HostConfig::new(DataFolder::at(folder), database.url());
    change(&mut config);
    let host = Host::open(config).await.unwrap();
    host.serve(TcpListener::bind("127.0.0.1:0").await.unwrap()).await.unwrap()
}
