//! The machine: is there room on the disk, can plugins be built here?

use std::path::Path;

use crate::doctor::Finding;
use crate::terminal::size;

const TIGHT: u64 = 1 << 30;
const FULL: u64 = 100 << 20;

pub(crate) fn look(data: &Path) -> Vec<Finding> {
    vec![disk(data), toolchain()]
}

fn disk(data: &Path) -> Finding {
    let subject = "disk";
    // A folder that is yet to be made will be on the disk of the nearest folder above.
    let existing = data.ancestors().find(|path| path.exists()).unwrap_or_else(|| Path::new("."));
    let free = match rustix::fs::statvfs(existing) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => {
            return Finding::remark(subject, format!("cannot tell how full it is: {error}"), "look yourself: df -h");
        }
    };
    let what = format!("{} free at {}", size(usize::try_from(free).unwrap_or(usize::MAX)), existing.display());
    match free {
        ..FULL => Finding::problem(subject, what, "make room now: databases cannot grow"),
        FULL..TIGHT => Finding::remark(subject, what, "make room soon"),
        _ => Finding::fine(subject, what),
    }
}

fn toolchain() -> Finding {
    let subject = "toolchain";
    match conman_plugin_build::Toolchain::find() {
        Ok(toolchain) => Finding::fine(subject, format!("plugins can be built here: {toolchain}")),
        Err(error) => Finding::remark(
            subject,
            format!("plugins cannot be built here: {error}"),
            "only needed to build plugins; what to install is said on the left",
        ),
    }
}
