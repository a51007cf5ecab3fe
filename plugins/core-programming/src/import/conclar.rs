//! ConClár: the data of Planorama and Grenadine as ConClár loads it.
//!
//! A bare list of sessions (as published by Chicon 8), an object `{ schemaVersion: 2, program: […], people: […] }`, or either as JSONP.
//! Tags have categories: `Area` is the track, `Environment` says whether a session is in person, virtual (also when only streamed)
//! or hybrid; the rest stay tags.

use super::konopas::{Dialect, sections};
use super::{Format, Gatherer, Options, Refusal};

/// Reads ConClár data.
///
/// # Errors
/// When it is not data, or has neither sessions nor people.
pub fn read(text: &str, options: &Options) -> Result<super::File, Refusal> {
    let mut gatherer = Gatherer::new(text, Format::Conclar, options);
    gatherer.set_source(options, "conclar");
    sections(text, gatherer, &Dialect { conclar: true })
}
