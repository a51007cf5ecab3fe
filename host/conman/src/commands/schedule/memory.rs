//! How much memory this process has taken.

/// The most it has had at any moment, in bytes, where the system tells.
pub(super) fn peak() -> Option<u64> {
    peak_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// `VmHWM:     7044 kB`
fn peak_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_in_bytes() {
        assert_eq!(peak_in("Name:\tconman\nVmHWM:\t    7044 kB\nVmRSS:\t    1 kB\n"), Some(7044 * 1024));
        assert_eq!(peak_in("Name:\tconman\n"), None);
    }
}
