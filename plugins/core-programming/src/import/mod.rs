//! Reading programmes from files.
//!
//! Every reader turns bytes into a [`File`]: what the file says, and no more. A field is `None` where the format or the file does
//! not speak of it, so that an import never wipes what it knows nothing of. What [`crate::changes`] makes of a `File` is the same
//! for every format.
//!
//! A reader fails as a whole (a [`Refusal`]) when the file is not of its format; a single item it cannot understand becomes a
//! [`Finding`] and the rest is read.

pub mod conclar;
pub mod csv;
pub mod frab_json;
pub mod frab_xml;
pub mod js_literal;
pub mod konopas;
pub mod moment;
pub mod xml_pull;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::identity;
use crate::model::{Conference, Environment, Link, Recording, Role, Slot, State};
use crate::place::{Offset, Place, Places};
use crate::text;

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
        let text = decode(bytes)?;
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
                place: Some(first.place),
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
    /// The zone of times that say none, unless the file names one: the convention's.
    pub zone: TimeZone,
    /// When a day of the convention ends: what is before it belongs to the day before.
    pub day_change: Time,
    /// The source's label, where the importer wants another than the file's own.
    pub source: Option<String>,
}

impl Options {
    /// For a convention in this zone whose days end at this time.
    #[must_use]
    pub const fn new(zone: TimeZone, day_change: Time) -> Self {
        Self { zone, day_change, source: None }
    }
}

/// Why a file was refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where, if at one place.
    pub place: Option<Place>,
    /// What is wrong and what to do.
    pub message: String,
}

impl Refusal {
    /// Wrong as a whole.
    pub fn whole(message: impl Into<String>) -> Self {
        Self { place: None, message: message.into() }
    }

    /// Wrong at an offset.
    pub fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        Self { place: Some(Places::of(text).at(offset)), message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
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

/// What a file says.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Its format.
    pub format: Format,
    /// Whose programme it is: items this source brought earlier and no longer has are removed.
    pub source: String,
    /// About the whole; empty fields say nothing.
    pub conference: Conference,
    /// Rooms, in order; rooms that only sessions name included.
    pub rooms: Vec<FileRoom>,
    /// Tracks, in order; tracks that only sessions name included.
    pub tracks: Vec<FileTrack>,
    /// People, in order of appearance.
    pub people: Vec<FilePerson>,
    /// Sessions; `None` when the file does not speak of sessions at all.
    pub sessions: Option<Vec<FileSession>>,
    /// What could not be read.
    pub unreadable: Vec<Finding>,
    /// How many could not be read, also beyond those listed.
    pub unreadable_count: usize,
    /// Ids of sessions that are in the file but could not be read: they are not missing from it.
    pub unreadable_ids: BTreeSet<String>,
    /// An unreadable item did not even have an id, so nothing can be said about what is missing.
    pub unreadable_unknown: bool,
    /// What the importer should know.
    pub notes: Vec<String>,
}

/// A room as a file has it: known by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileRoom {
    /// Its name.
    pub name: String,
    /// Its UUID.
    pub id: Option<String>,
    /// Building or area.
    pub area: Option<String>,
    /// Seats.
    pub capacity: Option<Option<i64>>,
    /// About it.
    pub description: Option<String>,
    /// The format's own fields.
    pub extra: Option<serde_json::Map<String, serde_json::Value>>,
    /// Several sessions share the place: taken over for new rooms only.
    pub shared: bool,
}

/// A track as a file has it: known by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileTrack {
    /// Its name.
    pub name: String,
    /// Its UUID.
    pub id: Option<String>,
    /// `#a4a300`.
    pub color: Option<String>,
    /// Words for an address.
    pub slug: Option<String>,
}

/// A person as a file has them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilePerson {
    /// The UUID, given or derived.
    pub id: String,
    /// The id was made from the name alone: an existing person of that name is meant.
    pub by_name: bool,
    /// Only a session mentions them: the name is for when nothing better is known.
    pub in_passing: bool,
    /// The number old systems know them by.
    pub number: Option<i64>,
    /// The name.
    pub name: String,
    /// About them.
    pub biography: Option<String>,
    /// A picture.
    pub avatar: Option<String>,
    /// Their page.
    pub url: Option<String>,
    /// Other places.
    pub links: Option<Vec<Link>>,
}

/// A person in a session, as a file has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// The person's [`FilePerson::id`].
    pub person: String,
    /// As what, if the file says.
    pub role: Option<Role>,
}

/// A session as a file has it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileSession {
    /// Where it stands in the file.
    pub offset: Offset,
    /// The UUID, given or derived.
    pub id: String,
    /// The number.
    pub number: Option<i64>,
    /// The code.
    pub code: Option<String>,
    /// Words for an address.
    pub slug: Option<String>,
    /// Title.
    pub title: String,
    /// Subtitle.
    pub subtitle: Option<String>,
    /// Abstract.
    pub abstract_text: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Kind.
    pub kind: Option<String>,
    /// State; formats without one mean `scheduled`.
    pub state: Option<State>,
    /// Where the audience is.
    pub environment: Option<Environment>,
    /// Language.
    pub language: Option<String>,
    /// The track's name; inner `None` for no track.
    pub track: Option<Option<String>>,
    /// The room's name; inner `None` for no room.
    pub room: Option<Option<String>>,
    /// When; inner `None` for unplaced.
    pub slot: Option<Option<Slot>>,
    /// Its page.
    pub url: Option<String>,
    /// Links.
    pub links: Option<Vec<Link>>,
    /// Files.
    pub attachments: Option<Vec<Link>>,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// Expected audience.
    pub audience: Option<Option<i64>>,
    /// Picture.
    pub logo: Option<String>,
    /// Feedback.
    pub feedback_url: Option<String>,
    /// Origin.
    pub origin_url: Option<String>,
    /// Video.
    pub video_url: Option<String>,
    /// Recording.
    pub recording: Option<Recording>,
    /// Who is in it.
    pub people: Option<Vec<FilePart>>,
}

/// At most so many findings are listed; all are counted.
pub const LISTED_FINDINGS: usize = 200;
/// A programme larger than this is not one convention's.
pub const MOST_SESSIONS: usize = 20_000;

/// Gathers a [`File`] while reading, keeping names and people once.
#[derive(Debug)]
pub struct Gatherer<'t> {
    places: Places<'t>,
    file: File,
    rooms: HashMap<String, usize>,
    tracks: HashMap<String, usize>,
    people: HashMap<String, usize>,
    ids: BTreeMap<String, usize>,
    zone: TimeZone,
    home: TimeZone,
    day_change: Time,
    other_days: usize,
    renamed: BTreeSet<String>,
}

impl<'t> Gatherer<'t> {
    /// For a file of this format.
    #[must_use]
    pub fn new(text: &'t str, format: Format, options: &Options) -> Self {
        Self {
            places: Places::of(text),
            file: File {
                format,
                source: options.source.clone().unwrap_or_else(|| format.as_str().to_owned()),
                conference: Conference::default(),
                rooms: Vec::new(),
                tracks: Vec::new(),
                people: Vec::new(),
                sessions: None,
                unreadable: Vec::new(),
                unreadable_count: 0,
                unreadable_ids: BTreeSet::new(),
                unreadable_unknown: false,
                notes: Vec::new(),
            },
            rooms: HashMap::new(),
            tracks: HashMap::new(),
            people: HashMap::new(),
            ids: BTreeMap::new(),
            zone: options.zone.clone(),
            home: options.zone.clone(),
            day_change: options.day_change,
            other_days: 0,
            renamed: BTreeSet::new(),
        }
    }

    /// The zone of times that say none.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The file names its zone.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn set_zone(&mut self, name: &str, offset: usize) -> Result<(), Refusal> {
        match moment::zone(name) {
            Some(zone) => {
                if zone.iana_name() != self.zone.iana_name() {
                    self.note(format!("times without an offset are read in the file's time zone, {}", name.trim()));
                }
                self.zone = zone;
                Ok(())
            }
            None => Err(Refusal {
                place: Some(self.places.at(offset)),
                message: format!(
                    "`{}` is not a time zone; write one of the IANA names, like Europe/Berlin",
                    shortened(name)
                ),
            }),
        }
    }

    /// What the file says about the whole.
    pub const fn conference(&mut self) -> &mut Conference {
        &mut self.file.conference
    }

    /// The source's label: the importer's choice, else what the file calls itself.
    pub fn set_source(&mut self, options: &Options, own: &str) {
        let own = text::line(own);
        if options.source.is_none() && !own.is_empty() {
            self.file.source = own;
        }
    }

    /// The source's label.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.file.source
    }

    /// Tells the importer something.
    pub fn note(&mut self, note: String) {
        if self.file.notes.len() < LISTED_FINDINGS {
            self.file.notes.push(note);
        }
    }

    /// An item could not be read. `id` is the session's UUID, where at least that could be.
    pub fn unreadable(&mut self, offset: usize, id: Option<String>, message: String) {
        self.file.unreadable_count += 1;
        if self.file.unreadable.len() < LISTED_FINDINGS {
            self.file.unreadable.push(Finding { place: self.places.at(offset), message });
        }
        match id {
            Some(id) => {
                self.file.unreadable_ids.insert(id);
            }
            None => self.file.unreadable_unknown = true,
        }
    }

    /// A person could not be read. They take nothing with them: who is removed follows from sessions.
    pub fn unreadable_person(&mut self, offset: usize, message: String) {
        self.file.unreadable_count += 1;
        if self.file.unreadable.len() < LISTED_FINDINGS {
            self.file.unreadable.push(Finding { place: self.places.at(offset), message });
        }
    }

    /// A room of this name; answers its clean name, or nothing for no name.
    pub fn room(&mut self, name: &str) -> Option<String> {
        self.describe_room(FileRoom { name: text::line(name), ..FileRoom::default() })
    }

    /// A room with all the file says of it.
    pub fn describe_room(&mut self, room: FileRoom) -> Option<String> {
        if room.name.is_empty() {
            return None;
        }
        let name = room.name.clone();
        match self.rooms.get(&name).and_then(|&at| self.file.rooms.get_mut(at)) {
            Some(known) => {
                known.id = room.id.or(known.id.take());
                known.area = room.area.or(known.area.take());
                known.capacity = room.capacity.or(known.capacity.take());
                known.description = room.description.or(known.description.take());
                known.extra = room.extra.or(known.extra.take());
            }
            None => {
                self.rooms.insert(name.clone(), self.file.rooms.len());
                self.file.rooms.push(room);
            }
        }
        Some(name)
    }

    /// A track of this name; answers its clean name, or nothing for no name.
    pub fn track(&mut self, name: &str) -> Option<String> {
        self.describe_track(FileTrack { name: text::line(name), ..FileTrack::default() })
    }

    /// A track with all the file says of it.
    pub fn describe_track(&mut self, track: FileTrack) -> Option<String> {
        if track.name.is_empty() {
            return None;
        }
        let name = track.name.clone();
        match self.tracks.get(&name).and_then(|&at| self.file.tracks.get_mut(at)) {
            Some(known) => {
                known.id = track.id.or(known.id.take());
                known.color = track.color.or(known.color.take());
                known.slug = track.slug.or(known.slug.take());
            }
            None => {
                self.tracks.insert(name.clone(), self.file.tracks.len());
                self.file.tracks.push(track);
            }
        }
        Some(name)
    }

    /// A person; what is said later fills what was not said before. The first name stays.
    pub fn person(&mut self, person: FilePerson) {
        match self.people.get(&person.id).and_then(|&at| self.file.people.get_mut(at)) {
            Some(known) => {
                if known.in_passing && !person.in_passing {
                    known.in_passing = false;
                    known.name = person.name;
                } else if !person.in_passing
                    && known.name != person.name
                    && self.renamed.insert(person.id.clone())
                    && self.file.notes.len() < LISTED_FINDINGS
                {
                    let (first, other) = (shortened(&known.name), shortened(&person.name));
                    self.file.notes.push(format!(
                        "one person is called both `{first}` and `{other}` in the file; the first name is taken"
                    ));
                }
                known.number = known.number.or(person.number);
                known.biography = known.biography.take().or(person.biography);
                known.avatar = known.avatar.take().or(person.avatar);
                known.url = known.url.take().or(person.url);
                known.links = known.links.take().or(person.links);
            }
            None => {
                self.people.insert(person.id.clone(), self.file.people.len());
                self.file.people.push(person);
            }
        }
    }

    /// The file speaks of sessions, be it none.
    pub fn has_sessions(&mut self) {
        self.file.sessions.get_or_insert_default();
    }

    /// A session. A second one with the same id gets an id of its own, steady for its place among them.
    ///
    /// # Errors
    /// When there are more than any convention has.
    pub fn session(&mut self, mut session: FileSession) -> Result<(), Refusal> {
        if let Some(problem) = oversized(&session) {
            self.unreadable(session.offset.0, Some(session.id), problem);
            return Ok(());
        }
        let times = self.ids.entry(session.id.clone()).and_modify(|times| *times += 1).or_insert(1);
        if *times > 1 {
            let own = identity::derived(&[&self.file.source, "session", &session.id, &times.to_string()]);
            let place = self.places.at(session.offset.0);
            let note = format!("{place}: the id {} is used again; this session is kept as {own}", session.id);
            session.id = own;
            self.note(note);
        }
        if let Some(parts) = &mut session.people {
            // Somebody listed twice in one session is in it once; the first mention counts unless only a later one says a role.
            let mut seen: HashMap<String, usize> = HashMap::new();
            let mut kept: Vec<FilePart> = Vec::with_capacity(parts.len());
            for part in parts.drain(..) {
                match seen.get(&part.person).and_then(|&at| kept.get_mut(at)) {
                    Some(first) => first.role = first.role.or(part.role),
                    None => {
                        seen.insert(part.person.clone(), kept.len());
                        kept.push(part);
                    }
                }
            }
            *parts = kept;
        }
        let sessions = self.file.sessions.get_or_insert_default();
        sessions.push(session);
        if sessions.len() > MOST_SESSIONS {
            return Err(Refusal::whole(format!("the file has more than {MOST_SESSIONS} sessions; split it")));
        }
        Ok(())
    }

    /// The file puts something that starts then on this day; where the convention's own day change says otherwise, it is told.
    pub fn on_day(&mut self, start: Timestamp, day: &str) {
        let Ok(day) = day.trim().parse::<Date>() else { return };
        if day_of(start, &self.home, self.day_change) != Some(day) {
            self.other_days += 1;
        }
    }

    /// Rooms of the file in which at least `three` sessions run at once are places to share, not rooms to book.
    pub fn mark_shared_places(&mut self) {
        let mut edges: HashMap<&str, Vec<(i64, i8)>> = HashMap::new();
        for session in self.file.sessions.iter().flatten() {
            if let (Some(Some(room)), Some(Some(slot))) = (&session.room, session.slot)
                && slot.seconds() > 0
            {
                let edges = edges.entry(room.as_str()).or_default();
                edges.push((slot.start.as_second(), 1));
                edges.push((slot.end.as_second(), -1));
            }
        }
        let mut shared: BTreeMap<String, i32> = BTreeMap::new();
        for (room, mut edges) in edges {
            // Ends before starts at the same instant: what follows directly does not overlap.
            edges.sort_unstable();
            let (mut now, mut most) = (0_i32, 0_i32);
            for (_, step) in edges {
                now += i32::from(step);
                most = most.max(now);
            }
            if most >= 3 {
                shared.insert(room.to_owned(), most);
            }
        }
        for (name, most) in shared {
            if let Some(room) = self.rooms.get(&name).and_then(|&at| self.file.rooms.get_mut(at)) {
                room.shared = true;
            }
            self.note(format!(
                "`{}` has up to {most} sessions at once: when new, it is taken as a place several sessions share, without room conflicts",
                shortened(&name)
            ));
        }
    }

    /// What was gathered.
    #[must_use]
    pub fn finish(mut self) -> File {
        if self.other_days > 0 {
            let note = format!(
                "{} sessions stand on another day in the file than here, where days change at {}; set the convention's day change if that is wrong",
                self.other_days,
                self.day_change.strftime("%H:%M")
            );
            self.file.notes.insert(0, note);
        }
        self.file
    }
}

/// The convention's day of an instant: what is before the day change belongs to the day before.
#[must_use]
pub fn day_of(at: Timestamp, zone: &TimeZone, day_change: Time) -> Option<Date> {
    let local = zone.to_datetime(at);
    if local.time() < day_change { local.date().yesterday().ok() } else { Some(local.date()) }
}

/// A field that is too long makes the session unreadable: better told than cut.
fn oversized(session: &FileSession) -> Option<String> {
    let lines = [
        Some(&session.title),
        session.subtitle.as_ref(),
        session.kind.as_ref(),
        session.url.as_ref(),
        session.language.as_ref(),
    ];
    let texts = [session.abstract_text.as_ref(), session.description.as_ref()];
    let worst = lines
        .into_iter()
        .flatten()
        .map(|field| (field.len(), text::LONGEST_LINE))
        .chain(texts.into_iter().flatten().map(|field| (field.len(), text::LONGEST_TEXT)))
        .find(|(length, most)| length > most);
    worst.map(|(length, most)| {
        format!("session `{}`: one of its texts has {length} bytes; at most {most} are kept", shortened(&session.title))
    })
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

/// The bytes as text: UTF-8, with or without its mark. Other encodings are named and refused.
fn decode(bytes: &[u8]) -> Result<&str, Refusal> {
    let save_as = "save the file as UTF-8 and import it again";
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => {
            return Err(Refusal::whole(format!("the file is UTF-32; {save_as}")));
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => return Err(Refusal::whole(format!("the file is UTF-16; {save_as}"))),
        [_, 0, _, 0, ..] | [0, _, 0, _, ..] => {
            return Err(Refusal::whole(format!("the file looks like UTF-16 without its mark; {save_as}")));
        }
        [0x1F, 0x8B, ..] => return Err(Refusal::whole("the file is compressed (gzip); unpack it first")),
        [b'P', b'K', 3, 4, ..] => {
            return Err(Refusal::whole(
                "the file is a ZIP archive (perhaps a spreadsheet); unpack it or save it as CSV",
            ));
        }
        _ => {}
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = error.valid_up_to();
        let before = bytes.get(..good).and_then(|good| std::str::from_utf8(good).ok()).unwrap_or_default();
        let byte = bytes.get(good).copied().unwrap_or_default();
        if error.error_len().is_none() {
            Refusal::at(before, good, "the file ends in the middle of a character; it was cut off")
        } else {
            Refusal::at(
                before,
                good,
                format!(
                    "the byte {byte:#04x} is not UTF-8 here, perhaps the file is ISO 8859-1 or Windows-1252; {save_as}"
                ),
            )
        }
    })?;
    if let Some(at) = text.find('\0') {
        return Err(Refusal::at(text, at, "there is a zero byte in the file; it is not a text file"));
    }
    if text.trim().is_empty() {
        return Err(Refusal::whole("the file is empty"));
    }
    Ok(text)
}

/// The ids of people in formats whose ids are numbers or words.
///
/// Merged files use one number for several people (36C3 uses 0 for 253). Where a number has one name throughout the file, the
/// number tells who it is; where it has several, number and name together do.
#[derive(Debug, Default)]
pub struct PersonIds {
    names: HashMap<String, String>,
    ambiguous: BTreeMap<String, usize>,
}

impl PersonIds {
    /// Has seen this id with this name.
    pub fn see(&mut self, id: &str, name: &str) {
        match self.names.get(id) {
            Some(known) if known != name => *self.ambiguous.entry(id.to_owned()).or_insert(1) += 1,
            Some(_) => {}
            None => {
                self.names.insert(id.to_owned(), name.to_owned());
            }
        }
    }

    /// The UUID of whoever this id and name mean.
    #[must_use]
    pub fn uuid(&self, source: &str, id: &str, name: &str) -> String {
        if self.ambiguous.contains_key(id) {
            identity::derived(&[source, "person", id, name])
        } else {
            identity::derived(&[source, "person", id])
        }
    }

    /// What the importer should know about ids that mean several people.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let first = self.ambiguous.keys().next()?;
        Some(format!(
            "{} person ids (such as `{}`) stand for several people; those are told apart by name",
            self.ambiguous.len(),
            shortened(first)
        ))
    }
}
