//! What the command shows: tables and progress for people, JSON for programs.
//!
//! Answers go to standard output, everything about how it is going to standard error, so that `conman … --json | jq` works.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table, TableComponent};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome};

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    People,
    Json,
}

/// The terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    pub(crate) format: Format,
}

impl Terminal {
    /// A line for people; programs are told by [`Self::answer`].
    pub(crate) fn say(self, text: impl AsRef<str>) -> Outcome {
        if self.format == Format::People {
            self.print(text.as_ref())?;
        }
        Ok(())
    }

    /// A value for programs; people are told by [`Self::say`] and [`Self::table`].
    pub(crate) fn answer(self, value: &Value) -> Outcome {
        if self.format == Format::Json {
            self.print(&pretty(value))?;
        }
        Ok(())
    }

    /// Bytes or JSON that is the answer whoever reads it.
    pub(crate) fn print(self, text: &str) -> Outcome {
        self.bytes(text.as_bytes())?;
        self.bytes(b"\n")
    }

    pub(crate) fn bytes(self, bytes: &[u8]) -> Outcome {
        match std::io::stdout().lock().write_all(bytes) {
            // Whoever read has read enough: `conman … | head`.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(Failure::from),
        }
    }

    /// A remark that is not part of the answer.
    pub(crate) fn note(self, text: &str) {
        if self.format == Format::People {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    /// What has to be known to read the answer rightly, for people and for programs.
    pub(crate) fn warn(self, text: &str) {
        let line = match self.format {
            Format::People => text.to_owned(),
            Format::Json => json!({ "warning": text }).to_string(),
        };
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }

    /// A table for people.
    pub(crate) fn table<const N: usize>(self, head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Outcome {
        if self.format == Format::Json {
            return Ok(());
        }
        let mut table = new_table(&head);
        for row in rows {
            table.add_row(row);
        }
        self.print(&table.trim_fmt())
    }

    /// Shows that something is going on until the answer is dropped, once it has gone on for a moment. Nothing is shown to programs.
    pub(crate) fn progress(self, what: impl Into<Cow<'static, str>>) -> Progress {
        let bar = ProgressBar::hidden();
        bar.set_style(style(SPINNER));
        bar.set_message(what);
        let shown = self.format == Format::People && std::io::stderr().is_terminal();
        Progress { showing: shown.then(|| Showing::later(&bar)), bar }
    }
}

const SPINNER: &str = "{spinner} {msg} {elapsed}";
const BAR: &str = "{spinner} {msg} [{bar:20}] {binary_bytes}/{binary_total_bytes} {eta}";
const LASTING: &str = "{spinner} {msg} [{bar:20}] {elapsed} of {prefix}";

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// An empty table in the command's style, as wide as the terminal: a line under the head, none between rows.
pub(crate) fn new_table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(head.to_vec());
    for part in [
        TableComponent::HorizontalLines,
        TableComponent::LeftBorderIntersections,
        TableComponent::RightBorderIntersections,
        TableComponent::MiddleIntersections,
        TableComponent::TopBorder,
        TableComponent::TopBorderIntersections,
        TableComponent::TopLeftCorner,
        TableComponent::TopRightCorner,
        TableComponent::BottomBorder,
        TableComponent::BottomBorderIntersections,
        TableComponent::BottomLeftCorner,
        TableComponent::BottomRightCorner,
    ] {
        table.remove_style(part);
    }
    table
}

/// What takes less is over before anybody could read about it.
const MOMENT: Duration = Duration::from_secs(1);

/// Something that is going on.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    showing: Option<Showing>,
}

impl Progress {
    /// So many bytes are to be moved from here on: a bar for as long as they are.
    pub(crate) fn moving(&self, total: u64) -> Moving {
        self.bar.set_position(0);
        self.bar.set_length(total);
        self.bar.set_style(style(BAR));
        Moving(self.bar.clone())
    }

    /// It ends after a time at the latest, if there is a limit, and can say how far it has come.
    pub(crate) fn lasting(&self, limit: Option<Duration>) -> Lasting {
        if let Some(limit) = limit {
            self.bar.set_length(milliseconds(limit));
            self.bar.set_prefix(format!("{limit:?}"));
            self.bar.set_style(style(LASTING));
        }
        Lasting(self.bar.clone())
    }
}

/// Something that goes on for a time.
#[derive(Debug)]
pub(crate) struct Lasting(ProgressBar);

impl Lasting {
    /// What it has come to after so long.
    pub(crate) fn at(&self, elapsed: Duration, what: String) {
        self.0.set_position(milliseconds(elapsed));
        self.0.set_message(what);
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Drop for Progress {
    fn drop(&mut self) {
        // First nobody is to begin to show it.
        self.showing = None;
        self.bar.finish_and_clear();
    }
}

/// Bytes on their way. When it is dropped they have arrived, and how long the rest takes is not known.
#[derive(Debug)]
pub(crate) struct Moving(ProgressBar);

impl Moving {
    /// So many more have gone.
    pub(crate) fn moved(&self, bytes: usize) {
        self.0.inc(bytes as u64);
    }
}

impl Drop for Moving {
    fn drop(&mut self) {
        self.0.set_style(style(SPINNER));
    }
}

/// A thread that waits for a moment before it lets a bar be seen.
#[derive(Debug)]
struct Showing {
    over: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Showing {
    fn later(bar: &ProgressBar) -> Self {
        let (over, waiting) = mpsc::channel();
        let bar = bar.clone();
        let thread = std::thread::spawn(move || {
            if waiting.recv_timeout(MOMENT) == Err(RecvTimeoutError::Timeout) {
                bar.set_draw_target(ProgressDrawTarget::stderr());
                bar.enable_steady_tick(Duration::from_millis(100));
            }
        });
        Self { over: Some(over), thread: Some(thread) }
    }
}

impl Drop for Showing {
    fn drop(&mut self) {
        self.over = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// JSON for reading.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A JSON value as a table's cell.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            match fields.get("name").or_else(|| fields.get("title")).or_else(|| fields.get("id")) {
                Some(name) => cell(name),
                None => value.to_string(),
            }
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// `1.4 MiB`
pub(crate) fn size(bytes: usize) -> String {
    indicatif::BinaryBytes(bytes as u64).to_string()
}
