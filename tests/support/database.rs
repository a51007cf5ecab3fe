//! A fresh database for a test.

use std::path::Path;
use std::sync::Arc;

use conman_storage::Location;
use conman_storage::scratch::Scratch;

/// A fresh database. A PostgreSQL one, with the roles made for it, is gone when the last handle is.
#[derive(Debug)]
pub struct Database(Option<Arc<Scratch>>);

impl Database {
    /// SQLite files, wherever the data folder will be.
    #[must_use]
    pub const fn sqlite() -> Self {
        Self(None)
    }

    /// A database on the test server; none, with a line saying so, when no server is named.
    pub async fn postgres() -> Option<Self> {
        let scratch = Scratch::postgres().await.expect("the server named by CONMAN_TEST_POSTGRES answers")?;
        Some(Self(Some(Arc::new(scratch))))
    }

    /// The same database for another host.
    #[must_use]
    pub fn shared(&self) -> Self {
        Self(self.0.clone())
    }

    /// The URL to give to a host; none for SQLite.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        match self.0.as_ref()?.location() {
            Location::Postgres { url } => Some(url),
            Location::Folder(_) => None,
        }
    }

    /// Where a host with this data folder keeps its data.
    #[must_use]
    pub fn location(&self, folder: &Path) -> Location {
        match &self.0 {
            Some(scratch) => scratch.location(),
            None => Location::Folder(folder.to_owned()),
        }
    }
}
