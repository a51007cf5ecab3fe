//! Reading programmes from files.
//!
//! Every reader turns bytes into a [`File`]: what the file says, and no more. A field is `None` where the format or the file does
//! not speak of it, so that an import never wipes what it knows nothing of. What [`crate::changes`] makes of a `File` is the same
//! for every format.
//!
//! A reader fails as a whole (a [`Refusal`]) when the file is not of its format; a single item it cannot understand becomes a
//! [`Finding`] and the rest is read.

pub mod attendance;
pub mod conclar;
pub mod csv;
mod encoding;
pub mod file;
pub mod frab_json;
pub mod frab_xml;
pub mod gatherer;
pub mod js_literal;
pub mod konopas;
pub mod moment;
pub mod person_ids;
pub mod xml_pull;

use std::fmt;

use jiff::civil::Time;
use jiff::tz::TimeZone;

pub use file::{File, FilePart, FilePerson, FileRoom, FileSession, FileTrack};
pub use gatherer::Gatherer;
pub use person_ids::PersonIds;

use crate::place::{Place, Places};
use crate::text;

/// A programme larger than this is not one convention's.
pub const MOST_SESSIONS: usize = 20_000;

/// The formats there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// frab's `schedule.xml`.
    FrabXml,
    /// c3voc's `schedule.json`.
    FrabJson,
    /// KonOpas' JavaScript files.
    Konopas,
    /// ConClár's JSON or JSONP.
    Conclar,
    /// Our own table.
    Csv,
}

impl Format {
    /// Its name in addresses and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FrabXml => "frab-xml",
            Self::FrabJson => "frab-json",
            Self::Konopas => "konopas",
            Self::Conclar => "conclar",
            Self::Csv => "csv",
        }
    }

    /// Reads a file of this format.
    ///
    /// # Errors
    /// A [`Refusal`] with its place when the bytes are not a file of this format.
    pub fn read(self, bytes: &[u8], options: &Options) -> Result<File, Refusal> {
        let text = encoding::decode(bytes)?;
        let file = match self {
            Self::FrabXml => frab_xml::read(text, options),
            Self::FrabJson => frab_json::read(text, options),
            Self::Konopas => konopas::read(text, options),
            Self::Conclar => conclar::read(text, options),
            Self::Csv => csv::read(text, options),
        }?;
        // A file of which no session can be read is not one with a few mistakes.
        match (file.sessions.as_deref(), file.unreadable.first()) {
            (Some([]), Some(first)) => Err(Refusal {
                place: first.place,
                message: format!(
                    "none of its {} sessions can be read; the first: {}",
                    file.unreadable_count, first.message
                ),
            }),
            _ => Ok(file),
        }
    }
}

/// What a reader is told besides the bytes.
#[derive(Debug, Clone)]
pub struct Options {
    /// The convention's zone: that of times that say none, unless the importer or the file names one.
    pub zone: TimeZone,
    /// The zone of times that say none, where the importer names it: before what the file says.
    pub chosen_zone: Option<TimeZone>,
    /// When a day of the convention ends: what is before it belongs to the day before.
    pub day_change: Time,
    /// The source's label, where the importer wants another than the file's own.
    pub source: Option<String>,
}

impl Options {
    /// For a convention in this zone whose days end at this time.
    #[must_use]
    pub const fn new(zone: TimeZone, day_change: Time) -> Self {
        Self { zone, chosen_zone: None, day_change, source: None }
    }
}

/// Why a file was refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where; the beginning of a file that is wrong as a whole.
    pub place: Place,
    /// What is wrong and what to do.
    pub message: String,
}

impl Refusal {
    /// Wrong as a whole: told of its beginning.
    pub fn whole(message: impl Into<String>) -> Self {
        Self { place: Place::START, message: message.into() }
    }

    /// Wrong at an offset.
    pub fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        Self { place: Places::of(text).at(offset), message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// An item that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// Which item and what is wrong with it.
    pub message: String,
}

/// Enough of a text to recognise it in a message.
#[must_use]
pub fn shortened(text: &str) -> String {
    let text = text::line(
        text.get(..text.len().min(400))
            .unwrap_or_else(|| text.split_at(text.char_indices().nth(100).map_or(text.len(), |(at, _)| at)).0),
    );
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", text.split_at(at).0),
        None => text,
    }
}
