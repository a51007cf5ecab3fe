//! Where a kit keeps its files: in memory, where the system has a folder there.
//!
//! A database of SQLite's own kind in memory would be another one than a host's: it has no write-ahead log, so whoever reads would wait
//! for whoever writes, and no file, so it would be gone with its last idle connection. Files in a folder in memory behave as a host's do,
//! and syncing them costs nothing.

use std::io;

use tempfile::TempDir;

/// Linux' folder in memory.
const MEMORY: &str = "/dev/shm";

/// A new folder, in memory if it can be.
pub(crate) fn temporary() -> io::Result<TempDir> {
    if has_room()
        && let Ok(folder) = tempfile::Builder::new().prefix("conman-testkit-").tempdir_in(MEMORY)
    {
        return Ok(folder);
    }
    tempfile::tempdir()
}

/// Whether the folder in memory is there and the largest imports of many tests at once fit. Containers often have only 64 MiB there.
fn has_room() -> bool {
    const ENOUGH: u64 = 1 << 30;
    #[cfg(unix)]
    let room = rustix::fs::statvfs(MEMORY).map_or(0, |there| there.f_bavail.saturating_mul(there.f_frsize));
    #[cfg(not(unix))]
    let room = 0;
    room >= ENOUGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_in_memory_where_there_is_room() {
        let folder = temporary().unwrap();
        if has_room() {
            assert!(folder.path().starts_with(MEMORY), "{}", folder.path().display());
        } else {
            crate::skipped(format_args!("{MEMORY} is not there or small"));
            assert!(folder.path().is_dir());
        }
    }
}
