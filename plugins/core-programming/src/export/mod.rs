//! Writing programmes into files.
//!
//! What a format can say of a session is decided in one place, [`said`]: writers write it, and imports compare against it, which is
//! why importing an export changes nothing even where the format is poorer than the programme.

pub mod csv;
pub mod days;
pub mod frab_json;
pub mod frab_xml;
pub mod icalendar;
pub mod said;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::model::Programme;

/// Who an export is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Everybody: what was released.
    Public,
    /// Those who make the programme: the work in progress.
    Organisers,
}

/// What an export is of.
#[derive(Debug, Clone)]
pub struct Edition<'p> {
    /// The programme: only what shall be exported.
    pub programme: &'p Programme,
    /// Who it is for.
    pub readers: Readers,
    /// What the convention is called.
    pub title: &'p str,
    /// Its short name.
    pub slug: &'p str,
    /// Its zone.
    pub zone: TimeZone,
    /// When its days end.
    pub day_change: Time,
    /// Its first day.
    pub starts_on: Date,
    /// Its last day.
    pub ends_on: Date,
    /// Which release.
    pub version: String,
    /// When that was made.
    pub made_at: Timestamp,
}

impl Edition<'_> {
    /// The programme's acronym, else the convention's short name.
    #[must_use]
    pub fn acronym(&self) -> &str {
        let own = self.programme.conference.acronym.as_str();
        if own.is_empty() { self.slug } else { own }
    }

    /// The programme's title, else the convention's.
    #[must_use]
    pub fn headline(&self) -> &str {
        let own = self.programme.conference.title.as_str();
        if own.is_empty() { self.title } else { own }
    }

    /// RFC 3339 with the zone's offset: `2026-08-14T20:15:00+02:00`.
    #[must_use]
    pub fn moment(&self, at: Timestamp) -> String {
        let offset = self.zone.to_offset(at);
        at.display_with_offset(offset).to_string()
    }
}
