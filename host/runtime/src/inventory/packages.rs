//! Installed packages: a row each in the host's database, the bytes in a folder by digest.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use conman_kernel::digest::Digest;
use conman_kernel::id::PluginId;
use conman_kernel::sql::{RowExt, SharedDatabase, SqlError, Value, read, transaction};
use jiff::Timestamp;

use crate::package::{Manifest, Package};
use crate::whole_file;

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledPackage {
    /// Which plugin.
    pub id: PluginId,
    /// Its version.
    pub version: String,
    /// The package's SHA-256.
    pub digest: Digest,
    /// `plugin.toml`.
    pub manifest: String,
    /// Bytes.
    pub size: u64,
    /// When it was installed.
    pub installed_at: Timestamp,
    /// Who installed it: an actor's key.
    pub installed_by: String,
}

/// What was written down of a package when it was installed.
pub(crate) struct Noted {
    /// Its manifest, where this host can read it: whoever wrote it may know more.
    pub(crate) manifest: Option<Manifest>,
    /// What it adds to the schema.
    pub(crate) sdl: String,
}

/// Where packages are kept.
pub(crate) struct PackageStore {
    database: SharedDatabase,
    folder: PathBuf,
}

const COLUMNS: &str = "SELECT plugin, version, digest, manifest, size, installed_at, installed_by FROM runtime_package";

impl PackageStore {
    pub(crate) fn new(database: SharedDatabase, folder: &Path) -> Self {
        Self { database, folder: folder.to_owned() }
    }

    pub(crate) fn file(&self, digest: Digest) -> PathBuf {
        self.folder.join(format!("{digest}.wasm"))
    }

    /// Keeps the bytes, then the row: a row always has its file.
    pub(crate) async fn keep(
        &self,
        bytes: Arc<[u8]>,
        digest: Digest,
        package: &Package,
        at: Timestamp,
        by: String,
    ) -> Result<(), super::InstallError> {
        let subscribed = package.manifest.needs.events.subscribe.iter().map(|asked| asked.what.as_str());
        let topics = subscribed.collect::<serde_json::Value>().to_string();
        let (file, size) = (self.file(digest), i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        let written = tokio::task::spawn_blocking(move || whole_file::write(&file, &[&bytes])).await;
        written.map_err(std::io::Error::other)??;
        let row: [Value; 9] = [
            digest.to_string().into(),
            package.manifest.about.id.as_str().into(),
            package.manifest.about.version.to_string().into(),
            package.manifest_text.as_str().into(),
            size.into(),
            at.into(),
            by.into(),
            package.schema.as_str().into(),
            topics.into(),
        ];
        transaction(self.database.as_ref(), |transaction| {
            let row = row.clone();
            Box::pin(async move {
                let sql = "INSERT INTO runtime_package \
                           (digest, plugin, version, manifest, size, installed_at, installed_by, sdl, topics) \
                           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (digest) DO UPDATE SET \
                           manifest = $4, installed_at = $6, installed_by = $7, sdl = $8, topics = $9";
                transaction.execute(sql, &row).await
            })
        })
        .await?;
        Ok(())
    }

    /// All packages, newest first.
    pub(crate) async fn all(&self) -> Result<Vec<InstalledPackage>, SqlError> {
        let rows = read(self.database.as_ref(), &format!("{COLUMNS} ORDER BY installed_at DESC, digest"), &[]).await?;
        rows.rows.iter().map(|row| of_row(row)).collect()
    }

    /// The packages of one plugin, newest first.
    pub(crate) async fn of(&self, plugin: &PluginId) -> Result<Vec<InstalledPackage>, SqlError> {
        let sql = format!("{COLUMNS} WHERE plugin = $1 ORDER BY installed_at DESC, digest");
        let rows = read(self.database.as_ref(), &sql, &[plugin.as_str().into()]).await?;
        rows.rows.iter().map(|row| of_row(row)).collect()
    }

    /// What was written down of a package: it is there even when the package's file is not.
    pub(crate) async fn noted(&self, digest: Digest) -> Result<Noted, SqlError> {
        let sql = "SELECT manifest, sdl FROM runtime_package WHERE digest = $1";
        let rows = read(self.database.as_ref(), sql, &[digest.to_string().into()]).await?;
        let Some(row) = rows.rows.first() else {
            return Ok(Noted { manifest: None, sdl: String::new() });
        };
        Ok(Noted { manifest: Manifest::parse(row.text(0)?).ok(), sdl: row.text(1)?.to_owned() })
    }

    /// The bytes of a package, checked against their digest.
    pub(crate) async fn bytes(&self, digest: Digest) -> std::io::Result<Vec<u8>> {
        let file = self.file(digest);
        tokio::task::spawn_blocking(move || {
            let bytes = std::fs::read(&file)
                .map_err(|error| std::io::Error::new(error.kind(), format!("{}: {error}", file.display())))?;
            if Digest::of(&bytes) == digest {
                return Ok(bytes);
            }
            let message =
                format!("{} is damaged: its content has another digest; install the package again", file.display());
            Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message))
        })
        .await
        .map_err(std::io::Error::other)?
    }

    /// Removes row and file; [`SqlError::Constraint`] of one that is enabled.
    pub(crate) async fn remove(&self, digest: Digest) -> Result<(), SqlError> {
        let text = digest.to_string();
        transaction(self.database.as_ref(), |transaction| {
            let text = text.clone();
            Box::pin(async move {
                transaction.execute("DELETE FROM runtime_package WHERE digest = $1", &[text.into()]).await
            })
        })
        .await?;
        if let Err(error) = tokio::fs::remove_file(self.file(digest)).await {
            tracing::warn!(%digest, %error, "the file of a removed package could not be removed");
        }
        Ok(())
    }
}

fn of_row(row: &[Value]) -> Result<InstalledPackage, SqlError> {
    let unreadable = |error: &dyn std::fmt::Display| SqlError::Statement(format!("runtime_package: {error}"));
    Ok(InstalledPackage {
        id: row.text(0)?.parse().map_err(|error| unreadable(&error))?,
        version: row.text(1)?.to_owned(),
        digest: row.text(2)?.parse().map_err(|error| unreadable(&error))?,
        manifest: row.text(3)?.to_owned(),
        size: u64::try_from(row.integer(4)?).unwrap_or_default(),
        installed_at: row.timestamp(5)?,
        installed_by: row.text(6)?.to_owned(),
    })
}
