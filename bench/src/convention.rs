//! A host with the real plugins on a database of its own, and the same databases opened for the baseline.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use axum::body::{Body, to_bytes};
use axum::response::Response;
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::SharedDatabase;
use conman_server::{DataFolder, Host, HostConfig, Running};
use conman_storage::Storage;
use conman_tests::Database;
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// The convention's time zone.
pub(crate) const ZONE: &str = "America/Chicago";
/// Its short name.
pub(crate) const SLUG: &str = "bench";

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// An open host with one live convention.
pub(crate) struct Convention {
    pub(crate) host: Host,
    storage: Storage,
    id: ConventionId,
    folder: TempDir,
    database: Database,
}

impl Convention {
    /// A convention without plugins.
    pub(crate) async fn empty(engine: Engine) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = match engine {
            Engine::Sqlite => Database::sqlite(),
            Engine::Postgres => {
                Database::postgres().await.context("run this through `cargo xtask bench`, which starts PostgreSQL")?
            }
        };
        let host = open_host(folder.path(), &database).await?;
        let create = "mutation($slug: String!, $zone: String!) { createConvention(slug: $slug, name: $slug, timeZone: $zone, \
            startsOn: \"2030-09-01\", endsOn: \"2030-09-05\") { id } }";
        let made = system(&host, "/graphql", create, json!({ "slug": SLUG, "zone": ZONE })).await?;
        let id = made["createConvention"]["id"].as_str().context("no convention")?.to_owned();
        let storage = Storage::open(database.location(folder.path())).await?;
        let convention = Self { host, storage, id: ConventionId::from_stored(id), folder, database };
        convention.system("mutation { setConventionState(state: LIVE) { id } }", json!({})).await?;
        Ok(convention)
    }

    /// With these plugins.
    pub(crate) async fn with(engine: Engine, plugins: &[&str]) -> anyhow::Result<Self> {
        let convention = Self::empty(engine).await?;
        for plugin in plugins {
            convention.enable(plugin).await?;
        }
        Ok(convention)
    }

    /// Installs and enables a package, and answers when both are done.
    pub(crate) async fn enable(&self, plugin: &str) -> anyhow::Result<()> {
        let bytes = std::fs::read(package(plugin)?)?;
        let request = Request::post("/api/packages").body(Body::from(bytes))?;
        let installed: Value = serde_json::from_slice(&body(self.host.answer_as_system(request).await).await?)?;
        let enable = "mutation($id: String!) { enablePlugin(id: $id) { id } }";
        self.system(enable, json!({ "id": installed["id"] })).await?;
        Ok(())
    }

    /// Runs an operation in the host's own name.
    pub(crate) async fn system(&self, operation: &str, variables: Value) -> anyhow::Result<Value> {
        system(&self.host, &path(), operation, variables).await
    }

    /// Sends a file to an import route and answers its report.
    pub(crate) async fn import(&self, route: &str, file: Vec<u8>) -> anyhow::Result<Value> {
        let request = Request::post(format!("/c/{SLUG}/x/core-programming/{route}")).body(Body::from(file))?;
        Ok(serde_json::from_slice(&body(self.host.answer_as_system(request).await).await?)?)
    }

    /// The token of an account with a role here.
    pub(crate) async fn token(&self, role: &str) -> anyhow::Result<String> {
        let email = format!("{role}@bench.example");
        let create = "mutation($email: String!) { createAccount(email: $email, name: \"Bench\") { email } }";
        system(&self.host, "/graphql", create, json!({ "email": email })).await?;
        let grant = "mutation($email: String!, $role: String!) { grantRole(email: $email, role: $role) }";
        self.system(grant, json!({ "email": email, "role": role })).await?;
        let token = "mutation($email: String!) { createToken(name: \"bench\", account: $email) { secret } }";
        let made = self.system(token, json!({ "email": email })).await?;
        Ok(made["createToken"]["secret"].as_str().context("no token")?.to_owned())
    }

    /// The plugin's database, for the baseline.
    pub(crate) async fn database(&self, plugin: &str) -> anyhow::Result<SharedDatabase> {
        let plugin: PluginId = format!("conman/{plugin}").parse()?;
        Ok(self.storage.plugin(&self.id, &plugin).await?.host())
    }

    /// The PostgreSQL it is kept in, if it is.
    pub(crate) fn postgres(&self) -> Option<String> {
        self.database.url()
    }

    /// The host on a socket of its own, until it is stopped; what is kept must be held for as long.
    pub(crate) async fn serve(convention: Arc<Self>) -> anyhow::Result<(Running, SocketAddr, (TempDir, Database))> {
        let convention = Arc::into_inner(convention).context("a load still holds the convention")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok((convention.host.serve(listener).await?, address, (convention.folder, convention.database)))
    }

    /// Closes the host, so that the next measurement is alone; what it kept can be opened again.
    pub(crate) async fn close(convention: impl Into<Arc<Self>>) -> anyhow::Result<(TempDir, Database)> {
        let convention = Arc::into_inner(convention.into()).context("a load still holds the convention")?;
        convention.host.close().await;
        Ok((convention.folder, convention.database))
    }
}

/// Where its GraphQL is.
pub(crate) fn path() -> String {
    format!("/c/{SLUG}/graphql")
}

/// Opens a host as it would run in production.
pub(crate) async fn open_host(folder: &Path, database: &Database) -> anyhow::Result<Host> {
    Ok(Host::open(HostConfig::new(DataFolder::at(folder), database.url())).await?)
}

/// A GraphQL request, as sent by a client.
pub(crate) fn request(path: &str, token: Option<&str>, body: &Value) -> anyhow::Result<Request<Body>> {
    let mut request = Request::post(path).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    Ok(request.body(Body::from(body.to_string()))?)
}

/// The whole body of a response that says 200.
pub(crate) async fn body(response: Response) -> anyhow::Result<axum::body::Bytes> {
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await?;
    ensure!(status == 200, "answered {status}: {}", String::from_utf8_lossy(&bytes));
    Ok(bytes)
}

async fn system(host: &Host, path: &str, operation: &str, variables: Value) -> anyhow::Result<Value> {
    let request = request(path, None, &json!({ "query": operation, "variables": variables }))?;
    let mut answer: Value = serde_json::from_slice(&body(host.answer_as_system(request).await).await?)?;
    if !answer["errors"].is_null() {
        bail!("{operation}: {}", answer["errors"]);
    }
    Ok(answer["data"].take())
}

/// A built package; `cargo xtask bench` says where they are.
fn package(plugin: &str) -> anyhow::Result<PathBuf> {
    let folder =
        std::env::var_os("CONMAN_PLUGINS").context("run this through `cargo xtask bench`, which builds the plugins")?;
    Ok(PathBuf::from(folder).join(format!("{plugin}.wasm")))
}
