//! Places for tests to keep databases in: a folder, or a PostgreSQL database of their own, gone afterwards.
//!
//! Tests of every crate that stores something use this to run one body on both engines:
//!
//! ```no_run
//! # async fn demo() -> Result<(), conman_kernel::sql::SqlError> {
//! for scratch in conman_storage::scratch::both().await? {
//!     let storage = conman_storage::Storage::open(scratch.location()).await?;
//! }
//! # Ok(())
//! # }
//! ```

use std::io::Write as _;
use std::path::PathBuf;

use conman_kernel::sql::SqlError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, Row};

use crate::location::Location;

/// The variable that names a PostgreSQL server on which tests may create databases and roles.
pub const VARIABLE: &str = "CONMAN_TEST_POSTGRES";

/// Somewhere to keep databases until it is dropped.
#[derive(Debug)]
pub struct Scratch(Kind);

#[derive(Debug)]
enum Kind {
    Folder(PathBuf),
    Postgres { server: Box<PgConnectOptions>, name: String },
}

/// A folder, and a PostgreSQL database where [`VARIABLE`] names a server. Without one it says so and leaves it out.
///
/// # Errors
/// [`SqlError::Unavailable`] when the server named cannot be used.
pub async fn both() -> Result<Vec<Scratch>, SqlError> {
    let mut places = vec![Scratch::folder()?];
    places.extend(Scratch::postgres().await?);
    Ok(places)
}

impl Scratch {
    /// An empty folder.
    ///
    /// # Errors
    /// [`SqlError::Unavailable`] when it cannot be made.
    pub fn folder() -> Result<Self, SqlError> {
        let folder = std::env::temp_dir().join(unique()?);
        std::fs::create_dir_all(&folder).map_err(|error| SqlError::Unavailable(error.to_string()))?;
        Ok(Self(Kind::Folder(folder)))
    }

    /// An empty PostgreSQL database, or nothing (and a line saying so) without a server.
    ///
    /// # Errors
    /// [`SqlError::Unavailable`] when the server named cannot be used.
    pub async fn postgres() -> Result<Option<Self>, SqlError> {
        let Ok(url) = std::env::var(VARIABLE) else {
            // Not `eprintln!`, which the test runner swallows.
            let _ = writeln!(std::io::stderr(), "skipped: set {VARIABLE}=postgres://… to run this on PostgreSQL too");
            return Ok(None);
        };
        let server: PgConnectOptions = url.parse().map_err(unavailable)?;
        let name = unique()?;
        let mut connection = server.connect().await.map_err(unavailable)?;
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE \"{name}\""))).await.map_err(unavailable)?;
        connection.close().await.map_err(unavailable)?;
        Ok(Some(Self(Kind::Postgres { server: Box::new(server), name })))
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> Location {
        match &self.0 {
            Kind::Folder(folder) => Location::Folder(folder.clone()),
            Kind::Postgres { server, name } => {
                Location::Postgres { url: PgConnectOptions::clone(server).database(name).to_url_lossy().to_string() }
            }
        }
    }

    /// Whether it is on PostgreSQL.
    #[must_use]
    pub const fn is_postgres(&self) -> bool {
        matches!(self.0, Kind::Postgres { .. })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        match &self.0 {
            Kind::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
            Kind::Postgres { server, name } => {
                let (server, name) = (PgConnectOptions::clone(server), name.clone());
                // Dropping cannot wait for a future, so a thread does.
                let thread = std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    if let Ok(runtime) = runtime {
                        let _ = runtime.block_on(drop_database(&server, &name));
                    }
                });
                let _ = thread.join();
            }
        }
    }
}

/// Drops the database, and the roles made for plugin databases in it: those belong to the whole server.
async fn drop_database(server: &PgConnectOptions, name: &str) -> Result<(), sqlx::Error> {
    let roles = roles(server, name).await.unwrap_or_default();
    let mut connection = server.connect().await?;
    connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"))).await?;
    for role in roles {
        connection.execute(AssertSqlSafe(format!("DROP ROLE IF EXISTS \"{role}\""))).await?;
    }
    connection.close().await
}

async fn roles(server: &PgConnectOptions, name: &str) -> Result<Vec<String>, sqlx::Error> {
    let mut connection: PgConnection = server.clone().database(name).connect().await?;
    let rows = connection.fetch_all("SELECT role_name FROM conman.storage_plugin").await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

fn unique() -> Result<String, SqlError> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).map_err(|error| SqlError::Unavailable(error.to_string()))?;
    Ok(format!("conman_test_{}", hex::encode(random)))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unavailable(error: sqlx::Error) -> SqlError {
    SqlError::Unavailable(error.to_string())
}
