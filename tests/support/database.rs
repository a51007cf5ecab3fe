//! A fresh database for a test.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::skipped;

/// Names the server that tests make their databases on.
const SERVER: &str = "CONMAN_TEST_POSTGRES";

/// Which engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Files in the data folder.
    Sqlite,
    /// A database of its own on the test server.
    Postgres,
}

/// A fresh database; a PostgreSQL one is dropped with it.
#[derive(Debug)]
pub struct Database {
    server: Option<(String, String)>,
    url: Option<String>,
}

impl Database {
    /// SQLite files, wherever the data folder will be.
    #[must_use]
    pub const fn sqlite() -> Self {
        Self { server: None, url: None }
    }

    /// A database on the test server; none, with a line saying so, when no server is named.
    pub async fn postgres() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var(SERVER) else {
            skipped(&format!("set {SERVER}=postgres://user:password@host:port/database to run this on PostgreSQL"));
            return None;
        };
        let name = format!("conman_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut connection =
            PgConnection::connect(&server).await.expect("the server named by CONMAN_TEST_POSTGRES answers");
        connection.execute(sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await.unwrap();
        connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        let (front, _) = server.rsplit_once('/').expect("the URL names a database");
        let url = format!("{front}/{name}");
        Some(Self { server: Some((server, name)), url: Some(url) })
    }

    /// The same database for another host; it goes when this one is dropped.
    #[must_use]
    pub fn shared(&self) -> Self {
        Self { server: None, url: self.url.clone() }
    }

    /// Which engine it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        if self.url.is_some() { Kind::Postgres } else { Kind::Sqlite }
    }

    /// The URL to give to a host; none for SQLite.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        self.url.clone()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some((server, name)) = self.server.take() else { return };
        // A thread of its own, because a destructor cannot wait inside the test's runtime.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&server).await?;
                connection.execute(sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await?;
                anyhow::Ok(())
            })
        });
        if let Ok(Err(error)) = dropping.join() {
            eprintln!("a test database was left behind: {error}");
        }
    }
}
