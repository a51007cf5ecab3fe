//! Our own table: what organisers edit in a spreadsheet.
//!
//! UTF-8, with or without the mark Excel wants; separated by commas or, as Excel writes it in half of Europe, semicolons. The first
//! line names the columns, in any order: see [`COLUMNS`]. `title` has to be there. A cell that is empty says "nothing"; a column
//! that is missing says nothing at all.
//!
//! Spreadsheets run cells that begin with `=`, `+`, `-` or `@`; so such cells are written with a `'` before them, which is taken
//! away again here.

use conman_sdk::spreadsheet::unguarded;

use super::frab_xml::named;
use super::{FilePart, FilePerson, FileSession, Format, Gatherer, Options, Refusal, moment};
use crate::identity;
use crate::model::{Environment, LONGEST_SECONDS, MOST_MINUTES, Role, Slot, State};
use crate::place::Offset;
use crate::text;

/// The columns, as written. Read in any order, in any case.
pub const COLUMNS: [&str; 24] = [
    "id",
    "number",
    "code",
    "slug",
    "title",
    "subtitle",
    "kind",
    "state",
    "environment",
    "language",
    "track",
    "room",
    "start",
    "end",
    MINUTES,
    "people",
    "person_ids",
    "tags",
    "url",
    "audience",
    "needs",
    "setup",
    "teardown",
    "abstract",
];
/// Those of them that the work in progress alone has: in a table of the released programme they are left out, because an empty cell
/// would say "none".
pub const REQUIREMENTS: [&str; 4] = [MINUTES, "needs", "setup", "teardown"];
/// The last column, apart because it is the longest; and how long a session takes: instead of its end, or as long as it has no time.
pub const DESCRIPTION: &str = "description";
const MINUTES: &str = "minutes";

/// Reads a table.
///
/// # Errors
/// When it is not CSV or has no `title` column.
pub fn read(text: &str, options: &Options) -> Result<super::File, Refusal> {
    let mut gatherer = Gatherer::new(text, Format::Csv, options);
    gatherer.set_source(options, "csv");
    gatherer.has_sessions();
    let separator = separator(text);
    let mut reader =
        ::csv::ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| broken(text, &error))?.clone();
    let columns =
        Columns::of(&headers, &mut gatherer).map_err(|message| Refusal::at(text, begin(text, &headers), message))?;
    if ends_inside_quotes(text, separator) {
        return Err(Refusal::at(
            text,
            text.len(),
            "the file ends inside a quoted cell; it was cut off, or a `\"` is missing",
        ));
    }
    let mut record = ::csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(broken(text, &error)),
        }
        row(&mut gatherer, &Row { columns: &columns, record: &record }, begin(text, &record))?;
    }
    Ok(gatherer.finish())
}

/// Commas, or semicolons where the first line has more of them.
pub(super) fn separator(text: &str) -> u8 {
    let first_line = text.lines().next().unwrap_or_default();
    if first_line.matches(';').count() > first_line.matches(',').count() { b';' } else { b',' }
}

/// Where a line of the table begins: the reader's position is before the line ends it skips.
pub(super) fn begin(text: &str, record: &::csv::StringRecord) -> usize {
    let offset = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
    offset + text.get(offset..).map_or(0, |rest| rest.len() - rest.trim_start_matches(['\r', '\n']).len())
}

pub(super) fn broken(text: &str, error: &::csv::Error) -> Refusal {
    let offset = error.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
    Refusal::at(text, offset, format!("this is not a table: {error}"))
}

/// Whether a quoted cell is still open at the end: the reader itself takes the rest of the file as that cell.
pub(super) fn ends_inside_quotes(text: &str, separator: u8) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum At {
        CellStart,
        Plain,
        Quoted,
        QuoteInQuoted,
    }
    let mut at = At::CellStart;
    for byte in text.bytes() {
        let ends_cell = byte == separator || byte == b'\n' || byte == b'\r';
        at = match (at, byte) {
            (At::CellStart, b'"') | (At::QuoteInQuoted, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::QuoteInQuoted,
            (At::Quoted, _) => At::Quoted,
            _ if ends_cell => At::CellStart,
            _ => At::Plain,
        };
    }
    at == At::Quoted
}

/// Which column stands where.
struct Columns(Vec<(String, usize)>);

impl Columns {
    /// What is wrong with the header line, where it is refused.
    fn of(headers: &::csv::StringRecord, gatherer: &mut Gatherer<'_>) -> Result<Self, String> {
        let mut columns = Vec::new();
        for (at, header) in headers.iter().enumerate() {
            let name = text::line(header).to_ascii_lowercase().replace(' ', "_");
            if name.is_empty() {
                continue;
            }
            if !COLUMNS.contains(&name.as_str()) && name != DESCRIPTION && name != MINUTES {
                gatherer.note(format!("the column `{}` is not known and was passed over", super::shortened(header)));
            } else if columns.iter().any(|(known, _)| *known == name) {
                return Err(format!("there are two columns `{name}`; keep one"));
            } else {
                columns.push((name, at));
            }
        }
        if columns.iter().any(|(name, _)| name == "title") {
            Ok(Self(columns))
        } else {
            let known = COLUMNS.join(", ");
            Err(format!("there is no column `title`; the first line names the columns: {known}, {DESCRIPTION}"))
        }
    }
}

struct Row<'r> {
    columns: &'r Columns,
    record: &'r ::csv::StringRecord,
}

impl Row<'_> {
    /// The cell; `None` when there is no such column.
    fn cell(&self, name: &str) -> Option<&str> {
        let (_, at) = self.columns.0.iter().find(|(known, _)| known == name)?;
        Some(unguarded(self.record.get(*at).unwrap_or_default()))
    }

    fn line(&self, name: &str) -> Option<String> {
        self.cell(name).map(text::line)
    }
}

fn row(gatherer: &mut Gatherer<'_>, row: &Row<'_>, offset: usize) -> Result<(), Refusal> {
    if row.record.iter().all(|cell| cell.trim().is_empty()) {
        return Ok(());
    }
    let title = row.line("title").unwrap_or_default();
    let given = row.line("id").unwrap_or_default();
    let source = gatherer.source().to_owned();
    let id = match (identity::uuid(&given), given.as_str()) {
        (Some(uuid), _) => uuid,
        (None, "") => identity::derived(&[&source, "session-titled", &title]),
        (None, given) => identity::derived(&[&source, "session", given]),
    };
    match session(gatherer, row, &source, &title, offset) {
        Ok(mut session) => {
            session.id = id;
            gatherer.session(session)
        }
        Err(problem) => {
            // A row without title and id could be any.
            let id = (!title.is_empty() || !given.is_empty()).then_some(id);
            gatherer.unreadable(offset, id, named(&title, &problem));
            Ok(())
        }
    }
}

fn session(
    gatherer: &mut Gatherer<'_>,
    row: &Row<'_>,
    source: &str,
    title: &str,
    offset: usize,
) -> Result<FileSession, String> {
    if title.is_empty() {
        return Err("it has no title".to_owned());
    }
    let mut session = FileSession {
        offset: Offset(offset),
        title: title.to_owned(),
        number: optional_number(row, "number")?.flatten(),
        code: row.line("code"),
        slug: row.line("slug"),
        subtitle: row.line("subtitle"),
        abstract_text: row.cell("abstract").map(text::clean),
        description: row.cell(DESCRIPTION).map(text::clean),
        kind: row.line("kind"),
        language: row.line("language"),
        url: row.line("url"),
        audience: optional_number(row, "audience")?,
        needs: row.cell("needs").map(|cell| text::each_once(lines(cell))),
        setup_minutes: minutes(row, "setup")?,
        teardown_minutes: minutes(row, "teardown")?,
        tags: row.cell("tags").map(lines),
        slot: slot(row, gatherer)?,
        ..FileSession::default()
    };
    if session.slot.flatten().is_none() {
        session.minutes = length(row)?;
    }
    if let Some(word) = row.line("state").filter(|word| !word.is_empty()) {
        session.state = Some(word.parse::<State>().map_err(|error| error.to_string())?);
    }
    if let Some(word) = row.line("environment").filter(|word| !word.is_empty()) {
        session.environment =
            Some(word.replace([' ', '-'], "_").parse::<Environment>().map_err(|error| error.to_string())?);
    }
    session.people = people(gatherer, row, source)?;
    session.track = row.line("track").map(|name| gatherer.track(&name));
    session.room = row.line("room").map(|name| gatherer.room(&name));
    Ok(session)
}

fn optional_number(row: &Row<'_>, column: &str) -> Result<Option<Option<i64>>, String> {
    match row.line(column).as_deref() {
        None => Ok(None),
        Some("") => Ok(Some(None)),
        Some(text) => match text.parse::<i64>() {
            Ok(number) if number >= 0 => Ok(Some(Some(number))),
            _ => Err(format!("`{}` is no number for `{column}`", super::shortened(text))),
        },
    }
}

/// Minutes a room is needed besides; none for an empty cell.
fn minutes(row: &Row<'_>, column: &str) -> Result<Option<i64>, String> {
    match optional_number(row, column)? {
        Some(Some(minutes)) if minutes > MOST_MINUTES => {
            Err(format!("`{column}` is {minutes} minutes; at most {MOST_MINUTES} are kept"))
        }
        said => Ok(said.map(Option::unwrap_or_default)),
    }
}

fn slot(row: &Row<'_>, gatherer: &Gatherer<'_>) -> Result<Option<Option<Slot>>, String> {
    let start = match row.line("start").as_deref() {
        None => return Ok(None),
        Some("") => return Ok(Some(None)),
        Some(text) => moment::instant(text, gatherer.zone())?,
    };
    let end = row.line("end").filter(|text| !text.is_empty());
    let minutes = row.line(MINUTES).filter(|text| !text.is_empty());
    let seconds = match (end, minutes) {
        (Some(end), _) => moment::instant(&end, gatherer.zone())?.as_second() - start.as_second(),
        (None, Some(minutes)) => number_of_minutes(&minutes)?.saturating_mul(60),
        (None, None) => return Err("it starts but has neither `end` nor `minutes`".to_owned()),
    };
    Slot::lasting(start, seconds).map(|slot| Some(Some(slot))).ok_or_else(|| moment::bad_slot(seconds))
}

/// How long a session without a time takes; an empty cell says nothing of it.
fn length(row: &Row<'_>) -> Result<Option<i64>, String> {
    let Some(text) = row.line(MINUTES).filter(|text| !text.is_empty()) else { return Ok(None) };
    let minutes = number_of_minutes(&text)?;
    let seconds = minutes.saturating_mul(60);
    if (1..=LONGEST_SECONDS).contains(&seconds) { Ok(Some(minutes)) } else { Err(moment::bad_slot(seconds)) }
}

fn number_of_minutes(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("`{}` is no number of minutes", super::shortened(text)))
}

/// `Ann Lee; Bob Ray [moderator]`, with the ids, if any, in the same order in a column of their own.
fn people(gatherer: &mut Gatherer<'_>, row: &Row<'_>, source: &str) -> Result<Option<Vec<FilePart>>, String> {
    let Some(cell) = row.cell("people") else { return Ok(None) };
    let ids = row.cell("person_ids").map(split).unwrap_or_default();
    let mut parts = Vec::new();
    let mut people = Vec::new();
    for (at, entry) in split(cell).into_iter().enumerate() {
        let (name, role) = named_role(&entry)?;
        if name.is_empty() {
            continue;
        }
        let given = ids.get(at).map(|id| text::line(id)).unwrap_or_default();
        let by_name = given.is_empty();
        let id = match identity::uuid(&given) {
            Some(uuid) => uuid,
            None if by_name => identity::derived(&[source, "person-named", &name]),
            None => identity::derived(&[source, "person", &given]),
        };
        parts.push(FilePart { person: id.clone(), role });
        people.push(FilePerson { id, by_name, name, ..FilePerson::default() });
    }
    // Only once the whole cell could be read: an unreadable row leaves nobody behind.
    for person in people {
        gatherer.person(person);
    }
    Ok(Some(parts))
}

fn named_role(entry: &str) -> Result<(String, Option<Role>), String> {
    match entry.trim_end().strip_suffix(']').and_then(|entry| entry.rsplit_once('[')) {
        // A bracket that was escaped belongs to the name.
        Some((name, word)) if !name.ends_with('\\') => {
            let role = word.parse::<Role>().map_err(|error| error.to_string())?;
            Ok((text::line(&unescaped(name)), Some(role)))
        }
        _ => Ok((text::line(&unescaped(entry)), None)),
    }
}

/// The entries of a cell, between `;`. A `\` takes the next character's meaning; it stays before brackets for [`named_role`].
fn split(cell: &str) -> Vec<String> {
    let mut entries = Vec::new();
    let mut entry = String::new();
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                entry.push('\\');
                entry.extend(chars.next());
            }
            ';' => entries.push(std::mem::take(&mut entry)),
            c => entry.push(c),
        }
    }
    entries.push(entry);
    entries
}

/// The entries of a cell as lines, without empty ones.
fn lines(cell: &str) -> Vec<String> {
    split(cell).iter().map(|entry| text::line(&unescaped(entry))).filter(|entry| !entry.is_empty()).collect()
}

fn unescaped(entry: &str) -> String {
    let mut out = String::with_capacity(entry.len());
    let mut chars = entry.chars();
    while let Some(c) = chars.next() {
        if c == '\\' { out.extend(chars.next()) } else { out.push(c) }
    }
    out
}

/// One entry, so that it reads back as it is.
#[must_use]
pub fn escaped(entry: &str) -> String {
    let mut out = String::with_capacity(entry.len());
    for c in entry.chars() {
        if matches!(c, ';' | '\\' | '[' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_read_back() {
        for name in ["Ann Lee", "A; B", "[x]", "x [moderator]", "back\\slash", "a\\;b]"] {
            let cell = format!("{} [reserve];{}", escaped(name), escaped(name));
            let entries = split(&cell);
            let read: Vec<_> = entries.iter().map(|entry| named_role(entry).unwrap()).collect();
            assert_eq!(read, [(name.to_owned(), Some(Role::Reserve)), (name.to_owned(), None)]);
        }
    }

    #[test]
    fn an_open_quote_is_found() {
        assert!(ends_inside_quotes("title\n\"cut", b','));
        assert!(!ends_inside_quotes("title,x\n\"a\"\"b\",c\"d\n", b','));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in r#"(title|id|start|people|"|;|,|\n|\\|[a-z0-9:\[\]üx€-]){0,80}"#) {
            let options = Options::new(jiff::tz::TimeZone::UTC, jiff::civil::Time::midnight());
            let _ = read(&format!("title,start,end,people\n{text}"), &options);
            let _ = read(&text, &options);
        }
    }
}
