//! The data folder, and the claim that one process has on it.
//!
//! ```text
//! DATA/
//!   lock              held while a process works on the folder; names its id and, when it serves, its address
//!   door              a secret that lets whoever may read this folder in at the running host; new at every start
//!   database          `sqlite` or `postgres`: where the databases are, so that nobody begins a second set by mistake
//!   name              this host's name among hosts on one database, made up at the first start
//!   host.sqlite       the host's own tables (absent when PostgreSQL keeps them)
//!   conventions/…     one database per plugin and convention (absent when PostgreSQL keeps them)
//!   packages/         installed plugins, by digest
//!   cache/            compiled code; may be deleted at any time
//! ```
//!
//! Two processes must never work on one folder: each would cache what the other changes. The operating system's file lock
//! guarantees that, also after a `kill -9`; the text in the file is only there to say who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use conman_kernel::id::RequestId;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

const DATABASE: &str = "database";

/// Where a host keeps its databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    /// In files of the data folder.
    Sqlite,
    /// In a PostgreSQL.
    Postgres,
}

impl DatabaseKind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// Who holds a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The process.
    pub pid: u32,
    /// Where it serves, `http://127.0.0.1:8080`; none while it does not.
    pub address: Option<String>,
}

/// Why a folder could not be claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another process holds it.
    #[error("{} is in use by {}; {}", .folder.display(), describe(.owner), remedy(.owner))]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// Who holds it, as far as it has said.
        owner: Option<Owner>,
    },
    /// The folder or its lock cannot be used.
    #[error("cannot use {}: {source}; check that it is a folder you may write to", .path.display())]
    Unusable {
        /// What could not be used.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

fn describe(owner: &Option<Owner>) -> String {
    match owner {
        Some(Owner { pid, address: Some(address) }) => format!("the host at {address} (process {pid})"),
        Some(Owner { pid, address: None }) => format!("process {pid}"),
        None => "another process".to_owned(),
    }
}

fn remedy(owner: &Option<Owner>) -> String {
    match owner {
        Some(Owner { address: Some(address), .. }) => format!("talk to it with --host {address}, or stop it first"),
        _ => "wait until it has finished, or stop it first".to_owned(),
    }
}

/// A data folder's paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder(PathBuf);

impl DataFolder {
    /// The folder at `path`, which need not exist yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where installed packages are.
    #[must_use]
    pub fn packages(&self) -> PathBuf {
        self.0.join("packages")
    }

    /// Where compiled code is.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.0.join("cache")
    }

    /// Whether a host was ever opened here.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.database_kind().is_some()
    }

    /// Where the databases are; none before a host was opened here.
    #[must_use]
    pub fn database_kind(&self) -> Option<DatabaseKind> {
        match std::fs::read_to_string(self.0.join(DATABASE)).ok()?.trim() {
            "sqlite" => Some(DatabaseKind::Sqlite),
            "postgres" => Some(DatabaseKind::Postgres),
            _ => None,
        }
    }

    /// Writes down where the databases are.
    ///
    /// # Errors
    /// [`ClaimError::Unusable`] when the folder cannot be written to.
    pub fn remember_database(&self, kind: DatabaseKind) -> Result<(), ClaimError> {
        let path = self.0.join(DATABASE);
        std::fs::write(&path, kind.as_str()).map_err(|source| ClaimError::Unusable { path, source })
    }

    fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    fn door(&self) -> PathBuf {
        self.0.join("door")
    }

    /// Who works on the folder right now.
    ///
    /// # Errors
    /// [`ClaimError::Unusable`] when its lock cannot be read.
    pub fn owner(&self) -> Result<Held, ClaimError> {
        let path = self.lock();
        let mut file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Held::ByNobody),
            Err(source) => return Err(ClaimError::Unusable { path, source }),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Held::ByNobody),
            Err(TryLockError::WouldBlock) => Ok(Held::By(read_owner(&mut file))),
            Err(TryLockError::Error(source)) => Err(ClaimError::Unusable { path, source }),
        }
    }

    /// The secret of the host that works on the folder, if it serves.
    ///
    /// # Errors
    /// [`ClaimError::Unusable`] when there is one that this user may not read.
    pub fn door_secret(&self) -> Result<Option<String>, ClaimError> {
        let path = self.door();
        match std::fs::read_to_string(&path) {
            Ok(secret) => Ok(Some(secret.trim().to_owned()).filter(|secret| !secret.is_empty())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ClaimError::Unusable { path, source }),
        }
    }

    /// Makes the folder this process's own, creating it when it is new.
    ///
    /// # Errors
    /// [`ClaimError::InUse`] while another process holds it.
    pub fn claim(&self) -> Result<Claim, ClaimError> {
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |source| ClaimError::Unusable { path, source }
        };
        for folder in [self.0.clone(), self.packages(), self.cache()] {
            std::fs::create_dir_all(&folder).map_err(unusable(&folder))?;
        }
        restrict(&self.0, 0o700).map_err(unusable(&self.0))?;
        let path = self.lock();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(unusable(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ClaimError::InUse { folder: self.0.clone(), owner: read_owner(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(ClaimError::Unusable { path, source }),
        }
        let claim = Claim { folder: self.clone(), file: Mutex::new(file) };
        claim.write(&Owner { pid: std::process::id(), address: None })?;
        Ok(claim)
    }
}

/// Whether a folder is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// It is free.
    ByNobody,
    /// A process holds it; it may not have said yet which.
    By(Option<Owner>),
}

/// The hold on a data folder; let go of when dropped, or when the process ends in whatever way.
#[derive(Debug)]
pub struct Claim {
    folder: DataFolder,
    file: Mutex<File>,
}

impl Claim {
    /// The folder.
    #[must_use]
    pub const fn folder(&self) -> &DataFolder {
        &self.folder
    }

    /// The host's name, the same at every start: what it had begun under that name it goes on with.
    ///
    /// # Errors
    /// [`ClaimError::Unusable`] when the folder cannot be written to.
    pub fn host_name(&self) -> Result<String, ClaimError> {
        let path = self.folder.0.join("name");
        if let Ok(name) = std::fs::read_to_string(&path)
            && !name.trim().is_empty()
        {
            return Ok(name.trim().to_owned());
        }
        let name = format!("host-{}", RequestId::new());
        std::fs::write(&path, &name).map_err(|source| ClaimError::Unusable { path, source })?;
        Ok(name)
    }

    /// Tells other processes on this machine where this one serves, and how those who may read the folder get in.
    ///
    /// # Errors
    /// [`ClaimError::Unusable`] when the folder cannot be written to.
    pub fn announce(&self, address: &str, door_secret: &str) -> Result<(), ClaimError> {
        let path = self.folder.door();
        write_private(&path, door_secret).map_err(|source| ClaimError::Unusable { path, source })?;
        self.write(&Owner { pid: std::process::id(), address: Some(address.to_owned()) })
    }

    fn write(&self, owner: &Owner) -> Result<(), ClaimError> {
        let text = serde_json::to_string(owner).unwrap_or_default();
        let mut file = self.file.lock();
        let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(text.as_bytes()));
        written.and_then(|()| file.flush()).map_err(|source| ClaimError::Unusable { path: self.folder.lock(), source })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Only tidiness: the next claim replaces both, and the lock itself ends with the file handle.
        let _ = std::fs::remove_file(self.folder.door());
        let _ = self.file.lock().set_len(0);
    }
}

fn read_owner(file: &mut File) -> Option<Owner> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(unix)]
fn restrict(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn restrict(_path: &Path, _mode: u32) -> std::io::Result<()> {
    Ok(())
}

/// Writes a file that only this user may read, from its first byte on.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let _ = std::fs::remove_file(path);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_claim_is_refused_and_says_who_holds_the_folder() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(temporary.path().join("data"));
        let claim = folder.claim().unwrap();
        claim.announce("http://127.0.0.1:4711", "secret").unwrap();
        let refused = folder.claim().unwrap_err().to_string();
        assert!(refused.contains("http://127.0.0.1:4711"), "{refused}");
        assert!(refused.contains("--host"), "{refused}");
        let address = Some("http://127.0.0.1:4711".to_owned());
        assert_eq!(folder.owner().unwrap(), Held::By(Some(Owner { pid: std::process::id(), address })));
        assert_eq!(folder.door_secret().unwrap().as_deref(), Some("secret"));
    }

    #[test]
    fn a_claim_ends_when_it_is_dropped() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(temporary.path());
        drop(folder.claim().unwrap());
        assert_eq!(folder.owner().unwrap(), Held::ByNobody);
        assert_eq!(folder.door_secret().unwrap(), None);
        folder.claim().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_the_folder_and_the_door_secret() {
        use std::os::unix::fs::PermissionsExt as _;
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(temporary.path().join("data"));
        let claim = folder.claim().unwrap();
        claim.announce("http://127.0.0.1:1", "secret").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(folder.path()), mode(&folder.door())), (0o700, 0o600));
    }
}
