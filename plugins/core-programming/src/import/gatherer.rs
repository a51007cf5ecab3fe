//! Gathers a [`File`] while a reader reads: names and people once, findings with their places, repeated ids told apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use conman_sdk::day_of;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::{
    File, FilePart, FilePerson, FileRoom, FileSession, FileTrack, Finding, Format, MOST_SESSIONS, Options, Refusal,
    moment, shortened,
};
use crate::identity;
use crate::model::Conference;
use crate::place::{Offset, Places};
use crate::text;

/// At most so many findings are listed; all are counted.
pub const LISTED_FINDINGS: usize = 200;

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
    /// The importer named the zone.
    zone_chosen: bool,
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
            zone: options.chosen_zone.as_ref().unwrap_or(&options.zone).clone(),
            zone_chosen: options.chosen_zone.is_some(),
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

    /// The file names its zone; what the importer chose goes before.
    ///
    /// # Errors
    /// When there is no such zone, and the importer chose none.
    pub fn set_zone(&mut self, name: &str, offset: usize) -> Result<(), Refusal> {
        let named = moment::zone(name);
        if self.zone_chosen {
            if named.as_ref().is_none_or(|zone| zone.iana_name() != self.zone.iana_name()) {
                let chosen = self.zone.iana_name().unwrap_or("the one asked for").to_owned();
                self.note(format!(
                    "the file's time zone is `{}`; times without an offset are read in {chosen}, as asked",
                    shortened(name)
                ));
            }
            return Ok(());
        }
        match named {
            Some(zone) => {
                if zone.iana_name() != self.zone.iana_name() {
                    self.note(format!("times without an offset are read in the file's time zone, {}", name.trim()));
                }
                self.zone = zone;
                Ok(())
            }
            None => Err(Refusal {
                place: self.places.at(offset),
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
        let Offset(offset) = session.offset;
        let sessions = self.file.sessions.get_or_insert_default();
        sessions.push(session);
        if sessions.len() > MOST_SESSIONS {
            return Err(Refusal {
                place: self.places.at(offset),
                message: format!("the file has more than {MOST_SESSIONS} sessions; split it"),
            });
        }
        Ok(())
    }

    /// The file puts something that starts then on this day; where the convention's own day change says otherwise, it is told.
    pub fn on_day(&mut self, start: Timestamp, day: &str) {
        let Ok(day) = day.trim().parse::<Date>() else { return };
        if day_of(start, &self.home, self.day_change) != day {
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
