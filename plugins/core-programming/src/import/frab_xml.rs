//! frab's `schedule.xml`, in the dialects of frab, pretalx, c3voc and FOSDEM.
//!
//! `<schedule>` holds `<conference>`, perhaps `<tracks>`, and `<day>`s of `<room>`s of `<event>`s. An event's own `<date>` with its
//! offset says when it is; the day it stands under is only compared. The room an event names counts, not the one it stands in
//! (in 36C3's merged file 87 differ, and the event is right). One person id may stand for several people: see
//! [`PersonIds`](super::PersonIds).

use jiff::tz::TimeZone;

use super::xml_pull::{Element, Pull, Step};
use super::{
    FilePart, FilePerson, FileRoom, FileSession, FileTrack, Format, Gatherer, Options, PersonIds, Refusal, moment,
    shortened,
};
use crate::identity;
use crate::model::{Link, Recording, Slot};
use crate::place::Offset;
use crate::text;

/// Reads a schedule.
///
/// # Errors
/// When it is not XML, not a schedule, or unsafe.
pub fn read(text: &str, options: &Options) -> Result<super::File, Refusal> {
    let mut reading = Reading {
        text,
        pull: Pull::new(text),
        gatherer: Gatherer::new(text, Format::FrabXml, options),
        events: Vec::new(),
        ids: PersonIds::default(),
    };
    let begin = match reading.pull.step()? {
        Step::Open(root) if root.name == "schedule" => root.offset,
        Step::Open(root) => {
            let message =
                format!("this is not a frab schedule: it begins with <{}>, not <schedule>", shortened(&root.name));
            return Err(Refusal::at(text, root.offset, message));
        }
        Step::Close | Step::End => return Err(Refusal::whole("this is not a frab schedule: there is no <schedule>")),
    };
    reading.gatherer.set_source(options, "frab");
    reading.schedule(options, begin)?;
    reading.finish()
}

struct Reading<'t> {
    text: &'t str,
    pull: Pull<'t>,
    gatherer: Gatherer<'t>,
    events: Vec<Event>,
    ids: PersonIds,
}

/// An event before people's ids are known to be unique, and the file's zone is known.
#[derive(Default)]
struct Event {
    session: FileSession,
    guid: String,
    id: String,
    day: String,
    people: Option<Vec<PersonElement>>,
    date: Option<String>,
    duration: Option<String>,
}

struct PersonElement {
    guid: Option<String>,
    id: String,
    name: String,
}

impl Reading<'_> {
    fn schedule(&mut self, options: &Options, begin: usize) -> Result<(), Refusal> {
        let mut days = 0_usize;
        loop {
            match self.pull.step()? {
                Step::Open(element) => match element.name.as_str() {
                    "conference" => self.conference(options)?,
                    "tracks" => self.tracks()?,
                    "day" => {
                        days += 1;
                        self.day(&element)?;
                    }
                    _ => self.pull.skip()?,
                },
                Step::Close => {}
                Step::End => break,
            }
        }
        if days == 0 {
            return Err(Refusal::at(self.text, begin, "this schedule has no <day>; nothing was read"));
        }
        self.gatherer.has_sessions();
        Ok(())
    }

    fn conference(&mut self, options: &Options) -> Result<(), Refusal> {
        loop {
            let element = match self.pull.step()? {
                Step::Open(element) => element,
                Step::Close | Step::End => return Ok(()),
            };
            if element.name == "track" {
                let name = element.attribute("name").map(str::to_owned);
                let inner = self.pull.text()?;
                self.gatherer.describe_track(FileTrack {
                    name: text::line(name.as_deref().unwrap_or(&inner)),
                    id: None,
                    color: element.attribute("color").map(text::line),
                    slug: element.attribute("slug").map(text::line),
                });
                continue;
            }
            let value = text::line(&self.pull.text()?);
            let conference = self.gatherer.conference();
            match element.name.as_str() {
                "acronym" => {
                    conference.acronym.clone_from(&value);
                    self.gatherer.set_source(options, &value);
                }
                "title" => conference.title = value,
                "base_url" => conference.base_url = value,
                "url" => conference.url = value,
                "timeslot_duration" => conference.timeslot = value,
                "time_zone_name" if !value.is_empty() => self.gatherer.set_zone(&value, element.offset)?,
                _ => {}
            }
        }
    }

    fn tracks(&mut self) -> Result<(), Refusal> {
        loop {
            match self.pull.step()? {
                Step::Open(element) => {
                    let name = element.attribute("name").map(str::to_owned);
                    let inner = self.pull.text()?;
                    self.gatherer.track(name.as_deref().unwrap_or(&inner));
                }
                Step::Close | Step::End => return Ok(()),
            }
        }
    }

    fn day(&mut self, day: &Element) -> Result<(), Refusal> {
        let date = day.attribute("date").unwrap_or_default().to_owned();
        loop {
            match self.pull.step()? {
                Step::Open(room) if room.name == "room" => self.room(&room, &date)?,
                Step::Open(event) if event.name == "event" => self.event(&event, "", &date)?,
                Step::Open(_) => self.pull.skip()?,
                Step::Close | Step::End => return Ok(()),
            }
        }
    }

    fn room(&mut self, room: &Element, date: &str) -> Result<(), Refusal> {
        let name = text::line(room.attribute("name").unwrap_or_default());
        let id = room.attribute("guid").and_then(identity::uuid);
        let mut described = false;
        loop {
            match self.pull.step()? {
                Step::Open(event) if event.name == "event" => {
                    if !described {
                        described = true;
                        if id.is_some() {
                            self.gatherer.describe_room(FileRoom {
                                name: name.clone(),
                                id: id.clone(),
                                ..FileRoom::default()
                            });
                        }
                    }
                    self.event(&event, &name, date)?;
                }
                Step::Open(_) => self.pull.skip()?,
                Step::Close | Step::End => return Ok(()),
            }
        }
    }

    fn event(&mut self, element: &Element, room: &str, day: &str) -> Result<(), Refusal> {
        let mut event = Event {
            guid: element.attribute("guid").unwrap_or_default().to_owned(),
            id: element.attribute("id").unwrap_or_default().trim().to_owned(),
            day: day.to_owned(),
            ..Event::default()
        };
        let session = &mut event.session;
        session.offset = Offset(element.offset);
        session.number = event.id.parse().ok();
        session.code = element.attribute("code").map(text::line).filter(|code| !code.is_empty());
        session.room = Some(if room.is_empty() { None } else { Some(room.to_owned()) });
        while let Step::Open(field) = self.pull.step()? {
            match field.name.as_str() {
                "persons" => event.people = Some(self.persons()?),
                "links" => session.links = Some(self.references("link")?),
                "attachments" => session.attachments = Some(self.references("attachment")?),
                "recording" => session.recording = Some(self.recording()?),
                name => {
                    let value = self.pull.text()?;
                    match name {
                        "date" => event.date = Some(value),
                        "duration" => event.duration = Some(value),
                        "room" => {
                            let named = text::line(&value);
                            if !named.is_empty() {
                                session.room = Some(Some(named));
                            }
                        }
                        "title" => session.title = text::line(&value),
                        "subtitle" => session.subtitle = Some(text::line(&value)),
                        "type" => session.kind = Some(text::line(&value)),
                        "language" => session.language = Some(text::line(&value)),
                        "track" => session.track = Some(Some(text::line(&value)).filter(|track| !track.is_empty())),
                        "abstract" => session.abstract_text = Some(text::clean(&value)),
                        "description" => session.description = Some(text::clean(&value)),
                        "slug" => session.slug = Some(text::line(&value)),
                        "url" => session.url = Some(text::line(&value)),
                        "logo" => session.logo = Some(text::line(&value)),
                        "feedback_url" => session.feedback_url = Some(text::line(&value)),
                        "origin_url" => session.origin_url = Some(text::line(&value)),
                        "video_download_url" => session.video_url = Some(text::line(&value)),
                        _ => {}
                    }
                }
            }
        }
        for person in event.people.iter().flatten() {
            if person.guid.is_none() && !person.id.is_empty() {
                self.ids.see(&person.id, &person.name);
            }
        }
        self.events.push(event);
        if self.events.len() > super::MOST_SESSIONS {
            return Err(Refusal::at(
                self.text,
                element.offset,
                format!("the file has more than {} events; split it", super::MOST_SESSIONS),
            ));
        }
        Ok(())
    }

    fn persons(&mut self) -> Result<Vec<PersonElement>, Refusal> {
        let mut people = Vec::new();
        loop {
            match self.pull.step()? {
                Step::Open(person) => {
                    let name = text::line(&self.pull.text()?);
                    if !name.is_empty() {
                        people.push(PersonElement {
                            guid: person.attribute("guid").and_then(identity::uuid),
                            id: text::line(person.attribute("id").unwrap_or_default()),
                            name,
                        });
                    }
                }
                Step::Close | Step::End => return Ok(people),
            }
        }
    }

    fn references(&mut self, wanted: &str) -> Result<Vec<Link>, Refusal> {
        let mut links = Vec::new();
        loop {
            match self.pull.step()? {
                Step::Open(link) if link.name == wanted => {
                    let inner = text::line(&self.pull.text()?);
                    let kind = text::line(link.attribute("type").unwrap_or_default());
                    // Some writers put the address inside instead of into `href`.
                    let link = match link.attribute("href").map(text::line).filter(|href| !href.is_empty()) {
                        Some(url) => Link { url, title: inner, kind },
                        None => Link { url: inner, title: String::new(), kind },
                    };
                    if !link.url.is_empty() {
                        links.push(link);
                    }
                }
                Step::Open(_) => self.pull.skip()?,
                Step::Close | Step::End => return Ok(links),
            }
        }
    }

    fn recording(&mut self) -> Result<Recording, Refusal> {
        let mut recording = Recording::default();
        loop {
            match self.pull.step()? {
                Step::Open(field) => {
                    let value = text::line(&self.pull.text()?);
                    match (field.name.as_str(), value.as_str()) {
                        ("license", _) => recording.licence = value,
                        ("optout", "true" | "1") => recording.opt_out = Some(true),
                        ("optout", "false" | "0") => recording.opt_out = Some(false),
                        _ => {}
                    }
                }
                Step::Close | Step::End => return Ok(recording),
            }
        }
    }

    fn finish(mut self) -> Result<super::File, Refusal> {
        let source = self.gatherer.source().to_owned();
        for event in self.events {
            let Event { mut session, guid, id, day, people, date, duration } = event;
            let id = match (identity::uuid(&guid), guid.trim(), id.as_str()) {
                (Some(uuid), _, _) => Some(uuid),
                (None, "", "") => None,
                (None, "", id) => Some(identity::derived(&[&source, "session", id])),
                (None, guid, _) => Some(identity::derived(&[&source, "session", guid])),
            };
            let Some(id) = id else {
                self.gatherer.unreadable(session.offset.0, None, named(&session.title, "it has neither guid nor id"));
                continue;
            };
            let slot = if session.title.is_empty() {
                Err("it has no title".to_owned())
            } else {
                slot(date.as_deref(), duration.as_deref(), self.gatherer.zone())
            };
            let slot = match slot {
                Ok(slot) => slot,
                Err(problem) => {
                    self.gatherer.unreadable(session.offset.0, Some(id), named(&session.title, &problem));
                    continue;
                }
            };
            session.id = id;
            session.slot = Some(Some(slot));
            self.gatherer.on_day(slot.start, &day);
            if let Some(Some(room)) = &session.room {
                session.room = Some(self.gatherer.room(room));
            }
            if let Some(Some(track)) = &session.track {
                session.track = Some(self.gatherer.track(track));
            }
            let mut parts = people.as_ref().map(|_| Vec::new());
            for person in people.into_iter().flatten() {
                let by_name = person.guid.is_none() && person.id.is_empty();
                let (id, also) = match person.guid {
                    Some(guid) => (guid, None),
                    None if by_name => (identity::derived(&[&source, "person-named", &person.name]), None),
                    None => self.ids.uuids(&source, &person.id, &person.name),
                };
                parts.get_or_insert_default().push(FilePart { person: id.clone(), role: None });
                self.gatherer.person(FilePerson {
                    id,
                    also,
                    by_name,
                    number: person.id.parse().ok(),
                    name: person.name,
                    ..FilePerson::default()
                });
            }
            session.people = parts;
            self.gatherer.session(session)?;
        }
        if let Some(note) = self.ids.note() {
            self.gatherer.note(note);
        }
        Ok(self.gatherer.finish())
    }
}

/// Read only now, because the file's zone may stand after its events.
fn slot(date: Option<&str>, duration: Option<&str>, zone: &TimeZone) -> Result<Slot, String> {
    let start = moment::instant(date.ok_or("it has no <date>")?, zone)?;
    let seconds = moment::duration(duration.ok_or("it has no <duration>")?)?;
    Slot::lasting(start, seconds).ok_or_else(|| moment::bad_slot(seconds))
}

/// A message about a session, with enough of its title.
pub(super) fn named(title: &str, problem: &str) -> String {
    if title.is_empty() {
        format!("a session could not be read: {problem}")
    } else {
        format!("session `{}`: {problem}", shortened(title))
    }
}
