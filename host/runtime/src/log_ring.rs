//! What a plugin says: to the host's log, and to the last lines kept per convention and plugin.
//!
//! A guest's text is a stranger's: control characters are escaped, so that it can neither forge another line nor drive a terminal.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use conman_kernel::id::{ConventionId, PluginId, RequestId};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;

/// How loud a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// For whoever debugs the plugin step by step.
    Trace,
    /// For whoever debugs the plugin.
    Debug,
    /// Worth knowing.
    Info,
    /// Worth looking into.
    Warn,
    /// Broken.
    Error,
}

/// One line of a plugin's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// Grows by one per line; a gap means that the ring dropped older lines.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// How loud.
    pub level: LogLevel,
    /// The text, control characters escaped.
    pub message: String,
    /// A JSON object, as the plugin wrote it, control characters escaped; empty when it gave none.
    pub fields: String,
    /// The request that led to it.
    pub request: RequestId,
}

/// At most this many lines are kept, and at most this many bytes of them.
const LINES: usize = 1_000;
const BYTES: usize = 1 << 20;

/// The last lines of one plugin in one convention.
#[derive(Debug)]
pub(crate) struct LogRing {
    convention: ConventionId,
    plugin: PluginId,
    next: AtomicU64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<LogLine>,
    bytes: usize,
}

impl LogRing {
    pub(crate) fn new(convention: ConventionId, plugin: PluginId) -> Self {
        Self { convention, plugin, next: AtomicU64::new(0), kept: Mutex::default() }
    }

    /// Takes a line. `message` and `fields` may hold anything.
    pub(crate) fn write(&self, at: Timestamp, level: LogLevel, message: &str, fields: &str, request: &RequestId) {
        let (message, fields) = (escaped(message), escaped(fields));
        let (plugin, convention) = (self.plugin.as_str(), self.convention.as_str());
        match level {
            LogLevel::Trace => tracing::trace!(target: "plugin", plugin, convention, %request, fields, "{message}"),
            LogLevel::Debug => tracing::debug!(target: "plugin", plugin, convention, %request, fields, "{message}"),
            LogLevel::Info => tracing::info!(target: "plugin", plugin, convention, %request, fields, "{message}"),
            LogLevel::Warn => tracing::warn!(target: "plugin", plugin, convention, %request, fields, "{message}"),
            LogLevel::Error => tracing::error!(target: "plugin", plugin, convention, %request, fields, "{message}"),
        }
        let mut kept = self.kept.lock();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        kept.bytes += message.len() + fields.len();
        kept.lines.push_back(LogLine { number, at, level, message, fields, request: request.clone() });
        while kept.lines.len() > LINES || kept.bytes > BYTES {
            let Some(dropped) = kept.lines.pop_front() else { break };
            kept.bytes -= dropped.message.len() + dropped.fields.len();
        }
    }

    /// The last `count` lines, oldest first.
    pub(crate) fn tail(&self, count: usize) -> Vec<LogLine> {
        let kept = self.kept.lock();
        kept.lines.iter().skip(kept.lines.len().saturating_sub(count)).cloned().collect()
    }
}

/// `text` on one line: control characters and what reverses reading direction are written as escapes.
fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => line.push('\t'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(line, "{}", c.escape_unicode());
            }
            c if c.is_control() => {
                let _ = write!(line, "{}", c.escape_default());
            }
            c => line.push(c),
        }
    }
    line
}

/// The longest prefix of `text` with at most `bytes` bytes that ends between two characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> LogRing {
        LogRing::new(ConventionId::new(), "tests/probe".parse().unwrap())
    }

    #[test]
    fn a_line_cannot_forge_another_or_drive_a_terminal() {
        assert_eq!(escaped("a\nERROR b\u{1b}[2J\u{202e}"), "a\\nERROR b\\u{1b}[2J\\u{202e}");
    }

    #[test]
    fn the_ring_keeps_the_newest_and_numbers_tell_what_is_gone() {
        let ring = ring();
        for n in 0..1_500 {
            ring.write(Timestamp::UNIX_EPOCH, LogLevel::Info, &n.to_string(), "", &RequestId::new());
        }
        let tail = ring.tail(2_000);
        assert_eq!((tail.len(), tail[0].number, tail[999].message.as_str()), (1_000, 500, "1499"));
    }

    #[test]
    fn long_lines_push_out_more() {
        let ring = ring();
        for _ in 0..300 {
            ring.write(Timestamp::UNIX_EPOCH, LogLevel::Info, &"x".repeat(8 << 10), "", &RequestId::new());
        }
        assert_eq!(ring.tail(usize::MAX).len(), BYTES / (8 << 10));
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 99), "aé");
    }
}
