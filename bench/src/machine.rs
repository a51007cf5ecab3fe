//! What the figures were measured on: without it they mean nothing.

use std::fs;

use serde::Serialize;

/// The machine and the build.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory_gib: u64,
    kernel: String,
    rustc: String,
    commit: String,
    date: String,
}

impl Machine {
    pub(crate) fn this() -> Self {
        let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
        let memory = field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
        Self {
            processor,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory.map_or(0, |kib| kib.div_ceil(1024 * 1024)),
            kernel: kernel(),
            rustc: said("rustc", &["--version"]),
            commit: said("git", &["describe", "--always", "--dirty", "--exclude", "*"]),
            date: jiff::Zoned::now().date().to_string(),
        }
    }

    pub(crate) fn line(&self) -> String {
        format!(
            "{}, {} cores, {} GiB, Linux {}, {}, commit {}, {}",
            self.processor, self.cores, self.memory_gib, self.kernel, self.rustc, self.commit, self.date
        )
    }
}

/// The kernel's version, without the name that whoever built it gave it.
fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    release.trim().split('-').next().unwrap_or_default().to_owned()
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = std::process::Command::new(program).args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}
