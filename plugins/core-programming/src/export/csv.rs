//! Our own table; see [`crate::import::csv`] for its columns.

use std::collections::HashMap;

use conman_sdk::spreadsheet::guarded;

use super::said::{self, Names};
use super::{Edition, Readers};
use crate::import::Format;
use crate::import::csv::{COLUMNS, DESCRIPTION, REQUIREMENTS, escaped};
use crate::model::{Part, Person, Role};

/// Writes the table: every session given, drafts and unplaced ones too, with the mark Excel needs to see UTF-8.
///
/// # Errors
/// Never in practice: it writes into memory.
pub fn write(edition: &Edition<'_>) -> Result<Vec<u8>, ::csv::Error> {
    let programme = edition.programme;
    let names = Names::of(programme);
    let people: HashMap<&str, &Person> = programme.people.iter().map(|person| (person.id.as_str(), person)).collect();
    let mut line_ups: HashMap<&str, Vec<&Part>> = HashMap::new();
    for part in &programme.parts {
        line_ups.entry(&part.session).or_default().push(part);
    }
    let mut out = "\u{FEFF}".as_bytes().to_vec();
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(&mut out);
    let written = |column: &str| edition.readers == Readers::Organisers || !REQUIREMENTS.contains(&column);
    let columns: Vec<&str> = COLUMNS.into_iter().chain([DESCRIPTION]).collect();
    writer.write_record(columns.iter().filter(|column| written(column)))?;
    let mut sessions: Vec<_> = programme.sessions.iter().collect();
    sessions.sort_by(|a, b| (a.slot, &a.id).cmp(&(b.slot, &b.id)));
    for session in sessions {
        let said = said::session(session, Format::Csv, &names);
        let line_up = line_ups.get(session.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        let known: Vec<(&Person, Role)> =
            line_up.iter().filter_map(|part| Some((*people.get(part.person.as_str())?, part.role))).collect();
        let entries: Vec<String> =
            known.iter().map(|(person, role)| format!("{} [{role}]", escaped(&person.name))).collect();
        let ids: Vec<&str> = known.iter().map(|(person, _)| person.id.as_str()).collect();
        let list = |texts: &[String]| texts.iter().map(|text| escaped(text)).collect::<Vec<_>>().join("; ");
        let text = |field: Option<String>| field.unwrap_or_default();
        let cells = [
            said.id,
            session.number.to_string(),
            text(said.code),
            text(said.slug),
            said.title,
            text(said.subtitle),
            text(said.kind),
            session.state.to_string(),
            session.environment.to_string(),
            text(said.language),
            text(said.track.flatten()),
            text(said.room.flatten()),
            text(session.slot.map(|slot| edition.moment(slot.start))),
            text(session.slot.map(|slot| edition.moment(slot.end))),
            text(session.minutes.map(|minutes| minutes.to_string())),
            entries.join("; "),
            ids.join("; "),
            list(&session.tags),
            text(said.url),
            text(session.audience.map(|audience| audience.to_string())),
            list(&session.needs),
            session.setup_minutes.to_string(),
            session.teardown_minutes.to_string(),
            text(said.abstract_text),
            text(said.description),
        ];
        for (cell, _) in cells.iter().zip(&columns).filter(|(_, column)| written(column)) {
            writer.write_field(guarded(cell).as_bytes())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()?;
    drop(writer);
    Ok(out)
}
