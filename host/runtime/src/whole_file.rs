//! Files that are there whole or not at all, whoever else writes the same one at the same moment.

use std::io::Write as _;
use std::path::Path;

/// Writes `parts` beside the place under a name nobody else takes, and renames: nobody ever reads half a file.
pub(crate) fn write(file: &Path, parts: &[&[u8]]) -> std::io::Result<()> {
    std::fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).map_err(std::io::Error::other)?;
    let beside = file.with_extension(format!("{}.part", hex::encode(random)));
    let written = write_new(&beside, parts).and_then(|()| std::fs::rename(&beside, file));
    if written.is_err() {
        // What could not be written is of no use; the error that is told is the first one.
        drop(std::fs::remove_file(&beside));
    }
    written
}

fn write_new(file: &Path, parts: &[&[u8]]) -> std::io::Result<()> {
    let mut new = std::fs::File::create_new(file)?;
    for part in parts {
        new.write_all(part)?;
    }
    new.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_may_write_the_same_file_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("below/one.wasm");
        std::thread::scope(|scope| {
            let writers: Vec<_> =
                (0..8).map(|_| scope.spawn(|| (0..20).try_for_each(|_| write(&file, &[b"con", b"tent"])))).collect();
            for writer in writers {
                writer.join().unwrap().unwrap();
            }
        });
        assert_eq!(std::fs::read(&file).unwrap(), b"content");
        assert_eq!(std::fs::read_dir(folder.path().join("below")).unwrap().count(), 1, "nothing else is left");
    }
}
