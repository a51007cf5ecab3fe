//! One call's way into its plugin's log: counts lines, cuts long ones, and says at the end how many were dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use conman_kernel::clock::Clock;
use conman_kernel::id::RequestId;

use crate::log_ring::{LogLevel, LogRing, cut};
use crate::wasi::SharedPartialLines;

/// The log of one call.
pub(crate) struct CallLog {
    ring: Arc<LogRing>,
    clock: Arc<dyn Clock>,
    request: RequestId,
    line_limit: u32,
    byte_limit: usize,
    lines: AtomicU32,
    printed: SharedPartialLines,
}

impl CallLog {
    pub(crate) fn new(
        ring: Arc<LogRing>,
        clock: Arc<dyn Clock>,
        request: RequestId,
        line_limit: u32,
        byte_limit: usize,
    ) -> Self {
        Self {
            ring,
            clock,
            request,
            line_limit,
            byte_limit,
            lines: AtomicU32::new(0),
            printed: SharedPartialLines::default(),
        }
    }

    /// Takes a line of the guest's.
    pub(crate) fn write(&self, level: LogLevel, message: &str, fields: &str) {
        if self.lines.fetch_add(1, Ordering::Relaxed) >= self.line_limit {
            return;
        }
        let kept = cut(message, self.byte_limit);
        // Half a JSON object would be worse than none.
        let kept_fields = if kept.len() + fields.len() <= self.byte_limit { fields } else { "" };
        let dropped = message.len() - kept.len() + fields.len() - kept_fields.len();
        if dropped == 0 {
            self.ring.write(self.clock.now(), level, message, fields, &self.request);
        } else {
            let marked = format!("{kept} … ({dropped} bytes cut)");
            self.ring.write(self.clock.now(), level, &marked, kept_fields, &self.request);
        }
    }

    /// Takes bytes that the guest printed.
    pub(crate) fn print(&self, level: LogLevel, bytes: &[u8]) {
        self.printed.lock().complete(level, bytes, self.byte_limit, |line| self.write(level, line, ""));
    }

    /// Takes a line of the host's about the call; never dropped.
    pub(crate) fn note(&self, level: LogLevel, message: &str) {
        self.ring.write(self.clock.now(), level, message, "", &self.request);
    }

    /// Ends the call: writes out what was printed without a line break, and marks what was dropped.
    pub(crate) fn finish(&self) {
        self.printed.lock().rest(|level, line| self.write(level, line, ""));
        let suppressed = self.lines.load(Ordering::Relaxed).saturating_sub(self.line_limit);
        if suppressed > 0 {
            let limit = self.line_limit;
            self.note(
                LogLevel::Warn,
                &format!("{suppressed} further lines of this call were suppressed; a call may write {limit}"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use conman_kernel::clock::FixedClock;
    use conman_kernel::id::ConventionId;
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_flood_is_cut_and_marked() {
        let ring = Arc::new(LogRing::new(ConventionId::new(), "tests/probe".parse().unwrap()));
        let clock = Arc::new(FixedClock::at(Timestamp::UNIX_EPOCH));
        let log = CallLog::new(Arc::clone(&ring), clock, RequestId::new(), 3, 4);
        for line in ["one", "two two", "tri", "four", "five"] {
            log.write(LogLevel::Info, line, "");
        }
        log.finish();
        let lines: Vec<String> = ring.tail(10).into_iter().map(|line| line.message).collect();
        assert_eq!(
            lines,
            ["one", "two  … (3 bytes cut)", "tri", "2 further lines of this call were suppressed; a call may write 3"]
        );
    }
}
