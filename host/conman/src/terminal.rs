//! What the command shows: tables and progress for people, JSON for programs.
//!
//! Answers go to standard output, everything about how it is going to standard error, so that `conman … --json | jq` works.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table, TableComponent};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::Value;

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

    /// Shows that something is going on until the answer is dropped. Nothing is shown to programs.
    pub(crate) fn progress(self, what: impl Into<Cow<'static, str>>) -> Progress {
        let shown = self.format == Format::People && std::io::stderr().is_terminal();
        let bar = if shown { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(100));
        Progress(bar)
    }
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

/// Something that is going on.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Says what is going on now.
    pub(crate) fn step(&self, what: impl Into<Cow<'static, str>>) {
        self.0.set_message(what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
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
