//! The data folder: is it there, is it only ours, does anybody hold it, do the packages match their digests?

use std::path::Path;
use std::time::SystemTime;

use conman_server::{DataFolder, Held, Owner};

use crate::doctor::Finding;
use crate::terminal::size;

pub(crate) fn look(path: &Path) -> Vec<Finding> {
    let folder = DataFolder::at(path);
    if !folder.exists() {
        let remedy = "name another with --data, or begin one with `conman convention create`";
        return vec![Finding::remark("data folder", format!("{} holds no host yet", path.display()), remedy)];
    }
    let mut findings = vec![access(&folder), lock(&folder), cache(&folder)];
    findings.extend(clock(&folder));
    findings
}

fn access(folder: &DataFolder) -> Finding {
    let subject = "data folder";
    let path = folder.path();
    let shown = path.display();
    let probe = path.join(format!(".probe-{}", std::process::id()));
    if let Err(error) = std::fs::write(&probe, b"") {
        return Finding::problem(
            subject,
            format!("cannot write in {shown}: {error}"),
            format!("give yourself the right: chown -R $USER {shown}"),
        );
    }
    let _ = std::fs::remove_file(&probe);
    match others_may_read(path) {
        true => Finding::problem(
            subject,
            format!("other users of this machine may read {shown}"),
            format!("chmod 700 {shown}"),
        ),
        false => Finding::fine(
            subject,
            format!("{shown}, {}", folder.database_kind().map_or("no database yet", |kind| kind.as_str())),
        ),
    }
}

#[cfg(unix)]
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_path: &Path) -> bool {
    false
}

fn lock(folder: &DataFolder) -> Finding {
    let subject = "lock";
    match folder.owner() {
        Ok(Held::ByNobody) => Finding::fine(subject, "free: commands open the folder themselves"),
        Ok(Held::By(Some(Owner { pid, address: Some(address) }))) => {
            Finding::fine(subject, format!("held by the host at {address} (process {pid})"))
        }
        Ok(Held::By(Some(Owner { pid, address: None }))) => Finding::remark(
            subject,
            format!("held by process {pid}, which serves nobody"),
            "wait until that command has finished",
        ),
        Ok(Held::By(None)) => {
            Finding::remark(subject, "held by a process that does not say which", "wait until it has finished")
        }
        Err(error) => Finding::problem(subject, error.to_string(), "remove the file `lock` while no host is running"),
    }
}

fn cache(folder: &DataFolder) -> Finding {
    let (files, bytes) = contents(&folder.cache());
    let what = format!("compiled code: {} in {files} files", size(bytes));
    if bytes > 2 << 30 {
        return Finding::remark(
            "cache",
            what,
            format!("delete {} while no host is running; it fills again", folder.cache().display()),
        );
    }
    Finding::fine("cache", what)
}

fn contents(folder: &Path) -> (usize, usize) {
    let Ok(entries) = std::fs::read_dir(folder) else { return (0, 0) };
    entries.filter_map(Result::ok).fold((0, 0), |(files, bytes), entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            let (below, more) = contents(&entry.path());
            (files + below, bytes + more)
        }
        Ok(metadata) => (files + 1, bytes + usize::try_from(metadata.len()).unwrap_or(usize::MAX)),
        Err(_) => (files, bytes),
    })
}

/// Sessions end, events wait and ids sort by the clock: one that has gone back would hurt all of them.
fn clock(folder: &DataFolder) -> Option<Finding> {
    let subject = "clock";
    let written = std::fs::metadata(folder.path().join("lock")).and_then(|metadata| metadata.modified()).ok()?;
    let now = SystemTime::now();
    Some(match written.duration_since(now) {
        Ok(ahead) if ahead.as_secs() > 5 => Finding::problem(
            subject,
            format!("the data folder was last used {} s in the future", ahead.as_secs()),
            "set the machine's clock, and keep it set (timedatectl set-ntp true)",
        ),
        _ => Finding::fine(subject, "not behind the data"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Severity;

    fn severities(path: &Path) -> Vec<(&'static str, Severity)> {
        look(path).into_iter().map(|finding| (finding.subject, finding.severity)).collect()
    }

    #[test]
    fn a_folder_that_is_not_there_is_no_problem_yet() {
        assert_eq!(severities(Path::new("/nonexistent/conman")), [("data folder", Severity::Remark)]);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_read_is_a_problem() {
        use std::os::unix::fs::PermissionsExt as _;
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("data");
        let folder = DataFolder::at(&path);
        drop(folder.claim().unwrap());
        folder.remember_database(conman_server::DatabaseKind::Sqlite).unwrap();
        assert!(severities(&path).iter().all(|(_, severity)| *severity == Severity::Fine), "{:?}", look(&path));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(severities(&path).contains(&("data folder", Severity::Problem)));
    }
}
