//! What figures were measured on: without it they mean nothing.

use std::fmt;
use std::fs;

use serde::{Deserialize, Serialize};

/// A machine, and how busy it was when the measuring began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Machine {
    processor: String,
    cores: usize,
    memory_gib: u64,
    system: String,
    /// Programs that wanted a core, on average of the last minute.
    pub(super) load: f64,
}

impl Machine {
    /// This one, now.
    pub(super) fn this() -> Self {
        let memory = field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory.map_or(0, |kib| kib.div_ceil(1024 * 1024)),
            // Without the name that whoever built the kernel gave it.
            system: format!("{} {}", std::env::consts::OS, release.trim().split('-').next().unwrap_or_default()),
            load: load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or_default(),
        }
    }

    /// Whether others want so many of its cores that so many threads would wait for them.
    pub(super) fn is_busy_for(&self, threads: usize) -> bool {
        self.load + threads as f64 > self.cores as f64 + 0.5
    }
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, memory_gib, system, load } = self;
        write!(f, "{processor}, {cores} cores, {memory_gib} GiB, {}, load before {load:.1}", system.trim())
    }
}
