//! What a file changes in a programme.
//!
//! An import changes only what its file speaks of, and of that only what differs from what the same format would have said of the
//! programme as it is. So importing a file twice, or importing an export, changes nothing.
//!
//! A file lists what is on the schedule. A session that the same source brought earlier, that is on the schedule and no longer in
//! the file, is removed; drafts, cancelled and unplaced sessions, which no such file can list, stay, and so does everything of other
//! sources or made by hand. People, rooms and tracks of that source go when this import took their last session.
//!
//! That a session was called off cannot be said in such a file, so what is cancelled here stays cancelled although it is listed.

mod line_up;
mod removal;
mod report;

use std::collections::{BTreeMap, HashMap, HashSet};

pub use removal::UsedElsewhere;
pub use report::{Counts, Report, Unreadable};

use crate::export::said::{self, Names};
use crate::identity;
use crate::import::{File, FileSession};
use crate::model::{Conference, Environment, Part, Person, Programme, Room, Session, State, Track};

/// The rows to write and to delete.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The conference's new facts, when they differ.
    pub conference: Option<Conference>,
    /// New or changed.
    pub rooms: Vec<Room>,
    /// Those of the changed rooms that have another name now: their ids.
    pub renamed_rooms: Vec<String>,
    /// New or changed.
    pub tracks: Vec<Track>,
    /// New or changed.
    pub people: Vec<Person>,
    /// New or changed.
    pub sessions: Vec<Session>,
    /// Whole line-ups that differ, by session.
    pub line_ups: BTreeMap<String, Vec<Part>>,
    /// Ids.
    pub removed_sessions: Vec<String>,
    /// Ids.
    pub removed_people: Vec<String>,
    /// Ids.
    pub removed_rooms: Vec<String>,
    /// Ids.
    pub removed_tracks: Vec<String>,
    /// What to tell.
    pub report: Report,
}

impl Plan {
    /// Whether nothing would be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conference.is_none()
            && self.report.added.is_empty()
            && self.report.changed.is_empty()
            && self.report.removed.is_empty()
    }
}

/// What matters of sessions that the file cannot touch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Elsewhere {
    /// There are some.
    pub sessions: bool,
    /// Their numbers, as far as the file's sessions could get them.
    pub numbers: HashSet<i64>,
}

/// Compares a file with what it can touch: sessions of its source and those it names, the people in either, all rooms and tracks.
#[must_use]
pub fn plan(existing: &Programme, elsewhere: &Elsewhere, file: &File) -> Plan {
    Planning::new(existing, elsewhere, file).run()
}

struct Planning<'a> {
    existing: &'a Programme,
    elsewhere: &'a Elsewhere,
    file: &'a File,
    plan: Plan,
    rooms: HashMap<&'a str, String>,
    tracks: HashMap<&'a str, String>,
    people: HashMap<&'a str, String>,
}

impl<'a> Planning<'a> {
    fn new(existing: &'a Programme, elsewhere: &'a Elsewhere, file: &'a File) -> Self {
        let sessions = file.sessions.as_deref().unwrap_or_default();
        let report = Report {
            format: file.format.as_str(),
            source: file.source.clone(),
            dry_run: false,
            read: Counts {
                sessions: sessions.len(),
                people: file.people.len(),
                rooms: file.rooms.len(),
                tracks: file.tracks.len(),
                assignments: sessions.iter().filter_map(|session| session.people.as_ref()).map(Vec::len).sum(),
            },
            added: Counts::default(),
            changed: Counts::default(),
            removed: Counts::default(),
            unreadable: file.unreadable.iter().map(Unreadable::from).collect(),
            unreadable_count: file.unreadable_count,
            notes: file.notes.clone(),
            release: None,
        };
        let plan = Plan {
            conference: None,
            rooms: Vec::new(),
            renamed_rooms: Vec::new(),
            tracks: Vec::new(),
            people: Vec::new(),
            sessions: Vec::new(),
            line_ups: BTreeMap::new(),
            removed_sessions: Vec::new(),
            removed_people: Vec::new(),
            removed_rooms: Vec::new(),
            removed_tracks: Vec::new(),
            report,
        };
        Self { existing, elsewhere, file, plan, rooms: HashMap::new(), tracks: HashMap::new(), people: HashMap::new() }
    }

    fn run(mut self) -> Plan {
        self.conference();
        self.compare_rooms();
        self.compare_tracks();
        self.compare_people();
        self.compare_sessions();
        self.tell_states();
        self.plan
    }

    /// The first import names the programme. Later files, such as own exports with made-up names, do not rename it.
    fn conference(&mut self) {
        if self.existing.sessions.is_empty()
            && !self.elsewhere.sessions
            && self.existing.conference == Conference::default()
            && self.file.conference != Conference::default()
        {
            self.plan.conference = Some(self.file.conference.clone());
        }
    }

    fn compare_rooms(&mut self) {
        let by_name: HashMap<&str, &Room> = self.existing.rooms.iter().map(|room| (room.name.as_str(), room)).collect();
        let mut by_id: HashMap<String, &Room> =
            self.existing.rooms.iter().map(|room| (room.id.clone(), room)).collect();
        let names: HashSet<&str> = self.file.rooms.iter().map(|room| room.name.as_str()).collect();
        let mut taken: HashSet<String> = by_id.keys().cloned().collect();
        let last = self.existing.rooms.iter().map(|room| room.position).max().unwrap_or(0);
        let mut positions = last.saturating_add(1)..;
        for said in &self.file.rooms {
            // A known id under a new name is a renamed room, unless the file also has a room of the old name.
            let renamed = || {
                said.id
                    .as_ref()
                    .and_then(|id| by_id.get(id).copied())
                    .filter(|room| !names.contains(room.name.as_str()))
            };
            let known = by_name.get(said.name.as_str()).copied().or_else(renamed);
            let Some(known) = known else {
                let id = said
                    .id
                    .clone()
                    .filter(|id| !taken.contains(id))
                    .unwrap_or_else(|| free_id(&taken, "room", &said.name));
                taken.insert(id.clone());
                let position = positions.next().unwrap_or(last);
                self.rooms.insert(&said.name, id.clone());
                self.plan.report.added.rooms += 1;
                self.plan.rooms.push(Room {
                    id,
                    name: said.name.clone(),
                    position,
                    area: said.area.clone().unwrap_or_default(),
                    capacity: said.capacity.flatten(),
                    exclusive: !said.shared,
                    description: said.description.clone().unwrap_or_default(),
                    extra: said.extra.clone().unwrap_or_default(),
                    source: self.file.source.clone(),
                });
                continue;
            };
            by_id.remove(&known.id);
            self.rooms.insert(&said.name, known.id.clone());
            let mut room = known.clone();
            room.name.clone_from(&said.name);
            take(&mut room.area, said.area.as_ref());
            take(&mut room.capacity, said.capacity.as_ref());
            take(&mut room.description, said.description.as_ref());
            take(&mut room.extra, said.extra.as_ref());
            if room != *known {
                if room.name != known.name {
                    self.plan.renamed_rooms.push(room.id.clone());
                }
                self.plan.report.changed.rooms += 1;
                self.plan.rooms.push(room);
            }
        }
    }

    fn compare_tracks(&mut self) {
        let by_name: HashMap<&str, &Track> =
            self.existing.tracks.iter().map(|track| (track.name.as_str(), track)).collect();
        let mut taken: HashSet<String> = self.existing.tracks.iter().map(|track| track.id.clone()).collect();
        let last = self.existing.tracks.iter().map(|track| track.position).max().unwrap_or(0);
        let mut positions = last.saturating_add(1)..;
        for said in &self.file.tracks {
            let Some(known) = by_name.get(said.name.as_str()).copied() else {
                let id = said
                    .id
                    .clone()
                    .filter(|id| !taken.contains(id))
                    .unwrap_or_else(|| free_id(&taken, "track", &said.name));
                taken.insert(id.clone());
                let position = positions.next().unwrap_or(last);
                self.tracks.insert(&said.name, id.clone());
                self.plan.report.added.tracks += 1;
                self.plan.tracks.push(Track {
                    id,
                    name: said.name.clone(),
                    position,
                    color: said.color.clone().unwrap_or_default(),
                    slug: said.slug.clone().unwrap_or_default(),
                    source: self.file.source.clone(),
                });
                continue;
            };
            self.tracks.insert(&said.name, known.id.clone());
            let mut track = known.clone();
            take(&mut track.color, said.color.as_ref());
            take(&mut track.slug, said.slug.as_ref());
            if track != *known {
                self.plan.report.changed.tracks += 1;
                self.plan.tracks.push(track);
            }
        }
    }

    fn compare_people(&mut self) {
        let by_id: HashMap<&str, &Person> =
            self.existing.people.iter().map(|person| (person.id.as_str(), person)).collect();
        let mut by_name: HashMap<&str, Option<&Person>> = HashMap::new();
        for person in &self.existing.people {
            // Two people of one name: the name alone does not say who is meant.
            by_name.entry(&person.name).and_modify(|known| *known = None).or_insert(Some(person));
        }
        for said in &self.file.people {
            let same_name = || by_name.get(said.name.as_str()).copied().flatten().filter(|_| said.by_name);
            let known_as = |id: &str| by_id.get(id).copied();
            // Whoever has the name is meant, not whoever else was once known by this id.
            let namesake = said.also.as_ref().and_then(|also| {
                [&said.id, also].into_iter().filter_map(|id| known_as(id)).find(|person| person.name == said.name)
            });
            let known = namesake.or_else(|| known_as(&said.id)).or_else(same_name);
            let Some(known) = known else {
                self.people.insert(&said.id, said.id.clone());
                self.plan.report.added.people += 1;
                self.plan.people.push(Person {
                    id: said.id.clone(),
                    number: said.number,
                    name: said.name.clone(),
                    biography: said.biography.clone().unwrap_or_default(),
                    avatar: said.avatar.clone().unwrap_or_default(),
                    url: said.url.clone().unwrap_or_default(),
                    links: said.links.clone().unwrap_or_default(),
                    source: self.file.source.clone(),
                });
                continue;
            };
            self.people.insert(&said.id, known.id.clone());
            let sayable = said::person(known, self.file.format);
            let mut person = known.clone();
            if !said.in_passing {
                person.name.clone_from(&said.name);
            }
            take_if_new(&mut person.biography, said.biography.as_ref(), sayable.biography.as_ref());
            take_if_new(&mut person.avatar, said.avatar.as_ref(), sayable.avatar.as_ref());
            take_if_new(&mut person.url, said.url.as_ref(), sayable.url.as_ref());
            take_if_new(&mut person.links, said.links.as_ref(), sayable.links.as_ref());
            if person != *known {
                self.plan.report.changed.people += 1;
                self.plan.people.push(person);
            }
        }
    }

    fn compare_sessions(&mut self) {
        let Some(sessions) = &self.file.sessions else { return };
        let by_id: HashMap<&str, &Session> =
            self.existing.sessions.iter().map(|session| (session.id.as_str(), session)).collect();
        let mut line_ups: HashMap<&str, Vec<&Part>> = HashMap::new();
        for part in &self.existing.parts {
            line_ups.entry(&part.session).or_default().push(part);
        }
        let mut numbers = self.elsewhere.numbers.clone();
        numbers.extend(self.existing.sessions.iter().map(|session| session.number));
        let names = Names::of(self.existing);
        let mut listed: HashSet<&str> = HashSet::with_capacity(sessions.len());
        for said in sessions {
            listed.insert(&said.id);
            let session = match by_id.get(said.id.as_str()).copied() {
                Some(known) => {
                    let mut session = known.clone();
                    self.merge(&mut session, said, &said::session(known, self.file.format, &names));
                    if session != *known {
                        self.plan.report.changed.sessions += 1;
                        self.plan.sessions.push(session);
                    }
                    known
                }
                None => {
                    let mut session = Session::new(&said.id, free_number(&mut numbers, said), &said.title);
                    session.source.clone_from(&self.file.source);
                    session.environment = Environment::InPerson;
                    self.merge(&mut session, said, &FileSession::default());
                    self.plan.report.added.sessions += 1;
                    self.plan.sessions.push(session);
                    if let Some(parts) = &said.people {
                        self.new_line_up(&said.id, parts);
                    }
                    continue;
                }
            };
            if let Some(parts) = &said.people {
                let line_up = line_ups.get(session.id.as_str()).map(Vec::as_slice).unwrap_or_default();
                self.compare_line_up(&session.id, line_up, parts);
            }
        }
        self.removals(&listed);
    }

    fn merge(&self, session: &mut Session, said: &FileSession, sayable: &FileSession) {
        session.title.clone_from(&said.title);
        take_if_new(&mut session.code, said.code.as_ref(), sayable.code.as_ref());
        take_if_new(&mut session.slug, said.slug.as_ref(), sayable.slug.as_ref());
        take_if_new(&mut session.subtitle, said.subtitle.as_ref(), sayable.subtitle.as_ref());
        take_if_new(&mut session.abstract_text, said.abstract_text.as_ref(), sayable.abstract_text.as_ref());
        take_if_new(&mut session.description, said.description.as_ref(), sayable.description.as_ref());
        take_if_new(&mut session.kind, said.kind.as_ref(), sayable.kind.as_ref());
        take_if_new(&mut session.environment, said.environment.as_ref(), sayable.environment.as_ref());
        take_if_new(&mut session.language, said.language.as_ref(), sayable.language.as_ref());
        take_if_new(&mut session.url, said.url.as_ref(), sayable.url.as_ref());
        take_if_new(&mut session.links, said.links.as_ref(), sayable.links.as_ref());
        take_if_new(&mut session.attachments, said.attachments.as_ref(), sayable.attachments.as_ref());
        take_if_new(&mut session.tags, said.tags.as_ref(), sayable.tags.as_ref());
        take_if_new(&mut session.audience, said.audience.as_ref(), sayable.audience.as_ref());
        take_if_new(&mut session.needs, said.needs.as_ref(), sayable.needs.as_ref());
        take_if_new(&mut session.setup_minutes, said.setup_minutes.as_ref(), sayable.setup_minutes.as_ref());
        take_if_new(&mut session.teardown_minutes, said.teardown_minutes.as_ref(), sayable.teardown_minutes.as_ref());
        take_if_new(&mut session.extra.logo, said.logo.as_ref(), sayable.logo.as_ref());
        take_if_new(&mut session.extra.feedback_url, said.feedback_url.as_ref(), sayable.feedback_url.as_ref());
        take_if_new(&mut session.extra.origin_url, said.origin_url.as_ref(), sayable.origin_url.as_ref());
        take_if_new(&mut session.extra.video_url, said.video_url.as_ref(), sayable.video_url.as_ref());
        take_if_new(&mut session.extra.recording, said.recording.as_ref(), sayable.recording.as_ref());
        if said.slot != sayable.slot {
            match said.slot {
                Some(Some(slot)) => session.set_time(slot),
                Some(None) => session.clear_time(),
                None => {}
            }
        }
        if session.slot.is_none() && said.minutes.is_some() {
            session.minutes = said.minutes;
        }
        if let Some(track) = &said.track {
            session.track = track.as_deref().and_then(|name| self.tracks.get(name).cloned());
        }
        if let Some(room) = &said.room {
            session.room = room.as_deref().and_then(|name| self.rooms.get(name).cloned());
        }
        session.state = match (said.state, said.slot) {
            (Some(state), _) => state,
            (None, Some(Some(_))) if session.state != State::Cancelled => State::Scheduled,
            (None, _) => session.state,
        };
        if session.state == State::Scheduled && session.slot.is_none() {
            session.state = State::Draft;
        }
    }

    /// Where a session's state is not what the file seems to say, its importer should know.
    fn tell_states(&mut self) {
        let cancelled: HashSet<&str> = self
            .existing
            .sessions
            .iter()
            .filter(|session| session.state == State::Cancelled)
            .map(|session| session.id.as_str())
            .collect();
        let (mut called_off, mut timeless) = (0, 0);
        for said in self.file.sessions.iter().flatten() {
            let listed = said.state.is_none() && matches!(said.slot, Some(Some(_)));
            called_off += usize::from(listed && cancelled.contains(said.id.as_str()));
            timeless += usize::from(said.state == Some(State::Scheduled) && matches!(said.slot, Some(None)));
        }
        if called_off > 0 {
            self.plan.report.notes.push(format!(
                "{called_off} of the file's sessions are cancelled here and stay so; change their state to bring them back"
            ));
        }
        if timeless > 0 {
            self.plan.report.notes.push(format!(
                "{timeless} of the file's sessions are `scheduled` without a start, so they are drafts; give them a start"
            ));
        }
    }
}

fn take<T: Clone>(have: &mut T, said: Option<&T>) {
    if let Some(said) = said {
        have.clone_from(said);
    }
}

/// Takes over what a file says, unless it only says what the format would have made of what there is.
fn take_if_new<T: Clone + PartialEq>(have: &mut T, said: Option<&T>, sayable: Option<&T>) {
    if let Some(said) = said
        && Some(said) != sayable
    {
        have.clone_from(said);
    }
}

fn free_id(taken: &HashSet<String>, what: &str, name: &str) -> String {
    let mut id = identity::derived(&[what, name]);
    let mut times = 1;
    while taken.contains(&id) {
        times += 1;
        id = identity::derived(&[what, name, &times.to_string()]);
    }
    id
}

/// The file's number if it is good and free, else one made from the id.
fn free_number(taken: &mut HashSet<i64>, said: &FileSession) -> i64 {
    let mut number = said
        .number
        .filter(|number| *number > 0 && !taken.contains(number))
        .unwrap_or_else(|| identity::number(&said.id));
    while !taken.insert(number) {
        number += 1;
    }
    number
}
