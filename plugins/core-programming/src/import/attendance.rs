//! Former years' attendance, as a table: how many came to which session, and what was known of it before.
//!
//! UTF-8, commas or semicolons, columns in any order. `attendance` has to be there, and `edition` unless the importer names one. A row
//! without attendance is of a session that nobody counted, and is passed over.

use std::collections::HashMap;

use conman_sdk::spreadsheet::{guarded, unguarded};
use jiff::civil::Date;

use super::csv::{begin, broken, ends_inside_quotes, separator};
use super::{Finding, MOST_SESSIONS, Refusal, encoding, gatherer, shortened};
use crate::identity;
use crate::place::Places;
use crate::text;

/// The columns, as written. Read in any order, in any case.
pub const COLUMNS: [&str; 10] =
    ["edition", "id", "title", "track", "kind", "day", "hour", "capacity", "favourites", "attendance"];

/// A session of a former year that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// Computed out of edition and id, or edition and title.
    pub id: String,
    /// The year, or whatever tells one convention from the next.
    pub edition: String,
    /// What it was called.
    pub title: String,
    /// Its track's name; empty for none.
    pub track: String,
    /// Its kind; empty for none.
    pub kind: String,
    /// The day it was on, counted from 1.
    pub day: Option<i64>,
    /// The local hour it started in.
    pub hour: Option<i64>,
    /// How many its room held.
    pub capacity: Option<i64>,
    /// How many had marked it; nothing where nobody could.
    pub favourites: Option<i64>,
    /// How many came.
    pub attendance: i64,
}

/// What a table says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The sessions that were counted.
    pub sessions: Vec<Past>,
    /// What could not be read, the first of it.
    pub unreadable: Vec<Finding>,
    /// How many rows could not be read.
    pub unreadable_count: usize,
    /// How many rows have no attendance.
    pub uncounted: usize,
    /// What the importer should know.
    pub notes: Vec<String>,
}

/// A row as far as it can be understood alone.
struct Row {
    past: Past,
    date: Option<Date>,
}

/// Reads a table. `edition` is that of rows that name none.
///
/// # Errors
/// When it is no such table, or none of its rows can be read.
pub fn read(bytes: &[u8], edition: &str) -> Result<Table, Refusal> {
    let text = encoding::decode(bytes)?;
    let separator = separator(text);
    let mut reader =
        ::csv::ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| broken(text, &error))?.clone();
    let mut table = Table::default();
    let columns = columns(&headers, edition, &mut table.notes)
        .map_err(|message| Refusal::at(text, begin(text, &headers), message))?;
    if ends_inside_quotes(text, separator) {
        return Err(Refusal::at(
            text,
            text.len(),
            "the file ends inside a quoted cell; it was cut off, or a `\"` is missing",
        ));
    }
    let mut places = Places::of(text);
    let mut rows: Vec<Row> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut record = ::csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| broken(text, &error))? {
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        match row(&record, &columns, edition, &mut seen) {
            Ok(Some(row)) => rows.push(row),
            Ok(None) => table.uncounted += 1,
            Err(message) => {
                table.unreadable_count += 1;
                if table.unreadable.len() < gatherer::LISTED_FINDINGS {
                    table.unreadable.push(Finding { place: places.at(begin(text, &record)), message });
                }
            }
        }
        if rows.len() > MOST_SESSIONS {
            return Err(Refusal::whole(format!(
                "more than {MOST_SESSIONS} sessions are not one convention's; split the file"
            )));
        }
    }
    if let (true, Some(first)) = (rows.is_empty(), table.unreadable.first()) {
        let message = format!("none of its {} rows can be read; the first: {}", table.unreadable_count, first.message);
        return Err(Refusal { place: first.place, message });
    }
    if table.uncounted > 0 {
        table.notes.push(format!("{} rows have no attendance and were passed over", table.uncounted));
    }
    table.sessions = numbered(rows);
    Ok(table)
}

/// Which column stands where.
fn columns(
    headers: &::csv::StringRecord,
    edition: &str,
    notes: &mut Vec<String>,
) -> Result<HashMap<&'static str, usize>, String> {
    let mut columns = HashMap::new();
    for (at, header) in headers.iter().enumerate() {
        let name = text::line(header).to_ascii_lowercase().replace(' ', "_");
        match COLUMNS.into_iter().find(|known| *known == name) {
            Some(known) => {
                if columns.insert(known, at).is_some() {
                    return Err(format!("there are two columns `{known}`; keep one"));
                }
            }
            None if name.is_empty() => {}
            None => notes.push(format!("the column `{}` is not known and was passed over", shortened(header))),
        }
    }
    let known = COLUMNS.join(", ");
    if !columns.contains_key("attendance") {
        return Err(format!("there is no column `attendance`; the first line names the columns: {known}"));
    }
    if edition.is_empty() && !columns.contains_key("edition") {
        return Err("there is no column `edition`; add one, or name the year with ?edition=".to_owned());
    }
    Ok(columns)
}

/// What a row says; nothing where nobody counted.
fn row(
    record: &::csv::StringRecord,
    columns: &HashMap<&'static str, usize>,
    edition: &str,
    seen: &mut HashMap<String, usize>,
) -> Result<Option<Row>, String> {
    let cell = |name: &str| {
        let at = columns.get(name).copied();
        text::line(unguarded(at.and_then(|at| record.get(at)).unwrap_or_default()))
    };
    let title = cell("title");
    let named =
        |problem: String| if title.is_empty() { problem } else { format!("`{}`: {problem}", shortened(&title)) };
    let number = |name: &str, most: i64| -> Result<Option<i64>, String> {
        let text = cell(name);
        match text.parse::<i64>() {
            _ if text.is_empty() => Ok(None),
            Ok(number) if (0..=most).contains(&number) => Ok(Some(number)),
            _ => Err(named(format!("`{}` is no number from 0 to {most} for `{name}`", shortened(&text)))),
        }
    };
    let Some(attendance) = number("attendance", MOST_PEOPLE)? else { return Ok(None) };
    let edition = Some(cell("edition")).filter(|own| !own.is_empty()).unwrap_or_else(|| edition.to_owned());
    if edition.is_empty() {
        return Err(named("it names no `edition`".to_owned()));
    }
    let (day, date) = day(&cell("day")).map_err(named)?;
    let own = cell("id");
    let what = match (own.as_str(), title.as_str()) {
        ("", "") => return Err("it has neither `title` nor `id`".to_owned()),
        ("", title) => identity::derived(&["past-titled", &edition, title]),
        (own, _) => identity::derived(&["past", &edition, own]),
    };
    // A second session of the same title is another session, as long as the table keeps its order.
    let times = seen.entry(what.clone()).and_modify(|times| *times += 1).or_insert(1);
    let id = if *times == 1 { what } else { identity::derived(&[&what, &times.to_string()]) };
    let hour = hour(&cell("hour")).map_err(named)?;
    let (capacity, favourites) = (number("capacity", MOST_PEOPLE)?, number("favourites", MOST_PEOPLE)?);
    let past = Past {
        id,
        edition,
        track: cell("track"),
        kind: cell("kind"),
        day,
        hour,
        capacity,
        favourites,
        attendance,
        title,
    };
    Ok(Some(Row { past, date }))
}

/// More people than this are at no session.
const MOST_PEOPLE: i64 = 1_000_000;

/// The day's number, or its date.
fn day(text: &str) -> Result<(Option<i64>, Option<Date>), String> {
    if text.is_empty() {
        return Ok((None, None));
    }
    match (text.parse::<i64>(), text.parse::<Date>()) {
        (Ok(number), _) if (1..=366).contains(&number) => Ok((Some(number), None)),
        (_, Ok(date)) => Ok((None, Some(date))),
        _ => Err(format!("`{}` is no `day`; write 1 for the first, or 2025-08-14", shortened(text))),
    }
}

/// `20`, or `20:15`.
fn hour(text: &str) -> Result<Option<i64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let (hour, minutes) = text.split_once(':').unwrap_or((text, "0"));
    match (hour.parse::<i64>(), minutes.parse::<i64>()) {
        (Ok(hour @ 0..=23), Ok(0..=59)) => Ok(Some(hour)),
        _ => Err(format!("`{}` is no `hour`; write 20 or 20:15", shortened(text))),
    }
}

/// Dates become numbers, counted from the first date of their edition.
fn numbered(rows: Vec<Row>) -> Vec<Past> {
    let mut first: HashMap<String, Date> = HashMap::new();
    for row in &rows {
        if let Some(date) = row.date {
            first.entry(row.past.edition.clone()).and_modify(|first| *first = date.min(*first)).or_insert(date);
        }
    }
    let number = |mut row: Row| {
        if let (Some(date), Some(first)) = (row.date, first.get(&row.past.edition)) {
            row.past.day = Some(i64::from((date - *first).get_days()) + 1);
        }
        row.past
    };
    rows.into_iter().map(number).collect()
}

/// Writes the table, with the mark Excel needs to see UTF-8.
///
/// # Errors
/// Never in practice: it writes into memory.
pub fn write(sessions: &[Past]) -> Result<Vec<u8>, ::csv::Error> {
    let mut out = "\u{FEFF}".as_bytes().to_vec();
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(&mut out);
    writer.write_record(COLUMNS)?;
    for session in sessions {
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        let cells = [
            session.edition.clone(),
            session.id.clone(),
            session.title.clone(),
            session.track.clone(),
            session.kind.clone(),
            number(session.day),
            number(session.hour),
            number(session.capacity),
            number(session.favourites),
            session.attendance.to_string(),
        ];
        writer.write_record(cells.iter().map(|cell| guarded(cell).into_owned()))?;
    }
    writer.flush()?;
    drop(writer);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn problems(table: &str) -> Vec<String> {
        let table = read(table.as_bytes(), "").unwrap();
        table.unreadable.iter().map(|found| format!("{}: {}", found.place, found.message)).collect()
    }

    #[test]
    fn a_table_reads_back() {
        let text = "Edition;Title;Track;Kind;Day;Hour;Capacity;Favourites;Attendance\r\n\
                    2025;Robots;Science;panel;2025-08-15;20:15;120;40;88\r\n\
                    2025;Robots;Science;panel;2025-08-14;9;;;12\r\n\
                    2024;Tea;;;2;;;;0\r\n\
                    2024;Uncounted;;;;;;;\r\n";
        let table = read(text.as_bytes(), "").unwrap();
        assert_eq!(table.notes, ["1 rows have no attendance and were passed over"]);
        let facts: Vec<_> = table
            .sessions
            .iter()
            .map(|past| (past.edition.as_str(), past.day, past.hour, past.capacity, past.favourites, past.attendance))
            .collect();
        assert_eq!(
            facts,
            [
                ("2025", Some(2), Some(20), Some(120), Some(40), 88),
                ("2025", Some(1), Some(9), None, None, 12),
                ("2024", Some(2), None, None, None, 0)
            ]
        );
        assert_ne!(table.sessions[0].id, table.sessions[1].id, "two of one title");
        let again = read(text.as_bytes(), "").unwrap();
        assert_eq!(again, table, "ids are steady");
        let written = write(&table.sessions).unwrap();
        let back = read(&written, "").unwrap();
        assert_eq!(back.sessions.len(), 3);
        assert_eq!(back.sessions[0].title, "Robots");
    }

    #[test]
    fn what_is_wrong_names_its_line() {
        let table = "edition,title,day,hour,capacity,favourites,attendance\n\
                     2025,Good,1,20,100,3,40\n\
                     2025,A,0,20,100,3,40\n2025,B,1,25,100,3,40\n2025,C,1,20,many,3,40\n2025,D,1,20,100,-3,40\n\
                     2025,E,1,20,100,3,4.5\n,F,1,20,100,3,40\n2025,,1,20,100,3,40\n";
        assert_eq!(
            problems(table),
            [
                "line 3, column 1: `A`: `0` is no `day`; write 1 for the first, or 2025-08-14",
                "line 4, column 1: `B`: `25` is no `hour`; write 20 or 20:15",
                "line 5, column 1: `C`: `many` is no number from 0 to 1000000 for `capacity`",
                "line 6, column 1: `D`: `-3` is no number from 0 to 1000000 for `favourites`",
                "line 7, column 1: `E`: `4.5` is no number from 0 to 1000000 for `attendance`",
                "line 8, column 1: `F`: it names no `edition`",
                "line 9, column 1: it has neither `title` nor `id`",
            ]
        );
    }

    #[test]
    fn what_is_no_such_table_is_refused() {
        for (table, edition, told) in [
            ("title\nx", "2025", "line 1, column 1: there is no column `attendance`"),
            ("title,attendance\nx,3", "", "line 1, column 1: there is no column `edition`; add one, or name the year"),
            ("attendance,attendance\n1,2", "2025", "there are two columns `attendance`"),
            (
                "title,attendance\nx,many",
                "2025",
                "line 2, column 1: none of its 1 rows can be read; the first: `x`: `many`",
            ),
            ("title,attendance\n\"x,3", "2025", "the file ends inside a quoted cell"),
        ] {
            let refused = read(table.as_bytes(), edition).unwrap_err().to_string();
            assert!(refused.contains(told), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in r#"(title|id|attendance|edition|day|"|;|,|\n|\\|[a-z0-9:\[\]üx€-]){0,80}"#) {
            let _ = read(format!("title,attendance,day,hour\n{text}").as_bytes(), "2025");
            let _ = read(text.as_bytes(), "2025");
        }

        #[test]
        fn what_is_written_reads_back(title in "[ -~ü;,\"'=]{1,20}", track in "[ -~ü]{0,9}", people in 0_i64..5000, favourites in proptest::option::of(0_i64..99)) {
            let title = text::line(&format!("x{title}"));
            let past = Past {
                id: "own".to_owned(), edition: "2025".to_owned(), title, track: text::line(&track), kind: String::new(), day: Some(2),
                hour: None, capacity: None, favourites, attendance: people,
            };
            let back = read(&write(std::slice::from_ref(&past)).unwrap(), "").unwrap();
            let expected = Past { id: identity::derived(&["past", "2025", "own"]), ..past };
            prop_assert_eq!(back.sessions, [expected]);
        }
    }
}
