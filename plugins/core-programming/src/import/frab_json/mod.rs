//! c3voc's `schedule.json`, as pretalx, frab and the hub write it.
//!
//! The file is read without building a tree of it: days and rooms are walked, and what has to be told with its place is kept as the piece
//! of text it is and read on its own. So one bad event is one finding and not the end of the import.

mod wire;

use serde::Deserialize;
use serde_json::value::RawValue;

use wire::{Conference, Document, EventFields, Number, PersonFields, Reference, Schedule, Track, Word};

use super::frab_xml::named;
use super::{
    FilePart, FilePerson, FileRoom, FileSession, FileTrack, Format, Gatherer, Options, PersonIds, Refusal, moment,
    shortened,
};
use crate::identity;
use crate::model::{Link, Slot};
use crate::place::Offset;
use crate::text;

/// Reads a schedule.
///
/// # Errors
/// When it is not JSON or not a schedule.
pub fn read(text: &str, options: &Options) -> Result<super::File, Refusal> {
    if !text.trim_start().starts_with('{') {
        let offset = text.len() - text.trim_start().len();
        return Err(Refusal::at(text, offset, "this is not the JSON of a schedule: it does not begin with `{`"));
    }
    let document: Document<'_> = parse(text, text)?;
    let raw_schedule =
        document.schedule.ok_or_else(|| Refusal::whole("this is not a schedule.json: it has no \"schedule\""))?.get();
    let schedule: Schedule<'_> = parse(text, raw_schedule)?;
    let raw_conference = schedule
        .conference
        .ok_or_else(|| {
            let at = offset_in(text, raw_schedule);
            Refusal::at(text, at, "this is not a schedule.json: \"schedule\" has no \"conference\"")
        })?
        .get();
    let conference: Conference<'_> = parse(text, raw_conference)?;
    let days = conference.days.ok_or_else(|| {
        let at = offset_in(text, raw_conference);
        Refusal::at(text, at, "this schedule.json has no \"days\"; nothing was read")
    })?;

    let mut gatherer = Gatherer::new(text, Format::FrabJson, options);
    gatherer.set_source(options, "frab");
    gatherer.has_sessions();
    let acronym = conference.acronym.text();
    gatherer.set_source(options, &acronym);
    if let Some(raw) = conference.time_zone_name {
        let zone: Word = parse(text, raw.get())?;
        if let Some(zone) = zone.said().filter(|zone| !zone.is_empty()) {
            gatherer.set_zone(&zone, offset_in(text, raw.get()))?;
        }
    }
    let about = gatherer.conference();
    about.acronym = acronym;
    about.title = conference.title.text();
    about.base_url = schedule.base_url.text();
    about.url = conference.url.text();
    about.timeslot = conference.timeslot_duration.text();

    for raw in conference.tracks.into_iter().flatten() {
        let track: Track = match serde_json::from_str(raw.get()) {
            Ok(track) => track,
            Err(error) => {
                gatherer.note(format!("a track could not be read: {}", sentence(&error)));
                continue;
            }
        };
        gatherer.describe_track(FileTrack {
            name: track.name.text(),
            id: track.guid.0.as_deref().and_then(identity::uuid),
            color: track.color.said(),
            slug: track.slug.said(),
        });
    }
    for raw in conference.rooms.into_iter().flatten().chain(schedule.rooms.into_iter().flatten()) {
        describe_room(&mut gatherer, raw);
    }

    let mut events = Vec::new();
    for day in days {
        let date = day.date.text();
        for (room, raws) in day.rooms.map(|rooms| rooms.0).unwrap_or_default() {
            let room = text::line(&room);
            for raw in raws {
                let offset = offset_in(text, raw.get());
                events.push(event(raw.get(), offset, &room, &date, gatherer.zone()));
                if events.len() > super::MOST_SESSIONS {
                    return Err(Refusal::at(
                        text,
                        offset,
                        format!("the file has more than {} events; split it", super::MOST_SESSIONS),
                    ));
                }
            }
        }
    }

    let mut ids = PersonIds::default();
    for person in events.iter().filter_map(|event| event.people.as_ref()).flatten() {
        if person.guid.is_none() && !person.id.is_empty() {
            ids.see(&person.id, &person.name);
        }
    }
    let source = gatherer.source().to_owned();
    for event in events {
        keep(&mut gatherer, event, &source, &ids)?;
    }
    if let Some(note) = ids.note() {
        gatherer.note(note);
    }
    Ok(gatherer.finish())
}

/// Reads a piece of the whole.
fn parse<'t, T: Deserialize<'t>>(whole: &str, piece: &'t str) -> Result<T, Refusal> {
    serde_json::from_str(piece).map_err(|error| refusal(whole, piece, &error))
}

fn refusal(whole: &str, piece: &str, error: &serde_json::Error) -> Refusal {
    if error.is_eof() {
        return Refusal::at(whole, whole.len(), "the JSON ends in the middle; the file was cut off");
    }
    let mut places = 0;
    for _ in 1..error.line() {
        places = piece.get(places..).and_then(|rest| rest.find('\n')).map_or(piece.len(), |at| places + at + 1);
    }
    let offset = (places + error.column().saturating_sub(1)).min(piece.len()) + offset_in(whole, piece);
    Refusal::at(whole, offset, format!("this is not the JSON of a schedule: {}", sentence(error)))
}

/// serde's message without its own idea of the place.
fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.clone(), |(sentence, _)| sentence.to_owned())
}

/// Where a borrowed piece begins in the whole.
fn offset_in(whole: &str, piece: &str) -> usize {
    (piece.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize).min(whole.len())
}

fn describe_room(gatherer: &mut Gatherer<'_>, raw: &RawValue) {
    let Ok(mut extra) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(raw.get()) else {
        gatherer.note("a room could not be read: it is not an object".to_owned());
        return;
    };
    let mut taken = |key: &str| extra.remove(key).and_then(|value| value.as_str().map(str::to_owned));
    let name = text::line(&taken("name").unwrap_or_default());
    let id = taken("guid").as_deref().and_then(identity::uuid);
    let description = match extra.get("description") {
        // A dictionary by language stays with the other fields.
        Some(serde_json::Value::Object(_)) => None,
        _ => extra.remove("description").map(|value| text::clean(value.as_str().unwrap_or_default())),
    };
    let capacity = extra.remove("capacity").map(|value| value.as_f64().filter(|n| (0.0..1e9).contains(n)).map(rounded));
    extra.retain(|key, value| known_room_field(key) && !value.is_null());
    gatherer.describe_room(FileRoom { name, id, description, capacity, extra: Some(extra), ..FileRoom::default() });
}

#[expect(clippy::cast_possible_truncation, reason = "the caller keeps it within a billion")]
fn rounded(number: f64) -> i64 {
    number.round() as i64
}

/// The fields the format gives a room beyond name, guid, capacity and description.
#[must_use]
pub fn known_room_field(key: &str) -> bool {
    matches!(key, "slug" | "type" | "stream_id" | "url" | "features" | "assembly" | "description")
        || key.starts_with("description_")
}

/// An event before people's ids are known to be unique.
struct Event {
    session: FileSession,
    id: Option<String>,
    given_id: String,
    day: String,
    people: Option<Vec<Somebody>>,
    problem: Option<String>,
}

struct Somebody {
    guid: Option<String>,
    id: String,
    name: String,
    person: FilePerson,
}

fn event(raw: &str, offset: usize, room: &str, day: &str, zone: &jiff::tz::TimeZone) -> Event {
    let mut event = Event {
        session: FileSession { offset: Offset(offset), ..FileSession::default() },
        id: None,
        given_id: String::new(),
        day: day.to_owned(),
        people: None,
        problem: None,
    };
    let read: EventFields = match serde_json::from_str(raw) {
        Ok(read) => read,
        Err(error) => {
            event.problem = Some(sentence(&error));
            return event;
        }
    };
    let session = &mut event.session;
    event.given_id = read.id.given.clone();
    event.id = read.guid.0.as_deref().and_then(identity::uuid);
    session.number = read.id.number;
    session.code = read.code.said().filter(|code| !code.is_empty());
    session.title = read.title.text();
    session.subtitle = read.subtitle.said();
    session.kind = read.kind.said();
    session.language = read.language.said();
    session.abstract_text = read.abstract_text.cleaned();
    session.description = read.description.cleaned();
    session.slug = read.slug.said();
    session.url = read.url.said().map(|url| if url.starts_with("urn:uuid:") { String::new() } else { url });
    session.logo = read.logo.said();
    session.feedback_url = read.feedback_url.said();
    session.origin_url = read.origin_url.said();
    session.track = read.track.said().map(|track| Some(track).filter(|track| !track.is_empty()));
    let named_room = read.room.said().filter(|named| !named.is_empty()).unwrap_or_else(|| room.to_owned());
    session.room = Some(Some(named_room).filter(|room| !room.is_empty()));
    session.links = read.links.map(references);
    session.attachments = read.attachments.map(references);
    let licence = read.recording_license.said();
    if licence.is_some() || read.do_not_record.is_some() {
        let recording = session.recording.get_or_insert_default();
        recording.licence = licence.unwrap_or_default();
        recording.opt_out = read.do_not_record.flatten();
    }
    let wrong_id = wrong_id("its", &read.id)
        .or_else(|| read.persons.iter().flatten().find_map(|person| wrong_id("a person's", &person.id)));
    event.people = read.persons.map(|people| people.into_iter().filter_map(somebody).collect());
    match slot(&read.date.text(), &read.end.text(), &read.duration.text(), zone) {
        Ok(slot) => session.slot = Some(Some(slot)),
        Err(problem) => event.problem = Some(problem),
    }
    if session.title.is_empty() {
        event.problem = Some("it has no title".to_owned());
    }
    if wrong_id.is_some() {
        event.problem = wrong_id;
    }
    event
}

/// An id that is no number is a mistake: taken for a word, it would make the same session twice once it is mended.
fn wrong_id(whose: &str, id: &Number) -> Option<String> {
    (id.number.is_none() && !id.given.is_empty())
        .then(|| format!("{whose} \"id\" is `{}`, but the format has whole numbers there", shortened(&id.given)))
}

fn slot(date: &str, end: &str, duration: &str, zone: &jiff::tz::TimeZone) -> Result<Slot, String> {
    if date.is_empty() {
        return Err("it has no \"date\"".to_owned());
    }
    let start = moment::instant(date, zone)?;
    let seconds = if duration.is_empty() && end.is_empty() {
        return Err("it has neither \"duration\" nor \"end\"".to_owned());
    } else if end.is_empty() {
        moment::duration(duration)?
    } else {
        moment::instant(end, zone)?.as_second() - start.as_second()
    };
    Slot::lasting(start, seconds).ok_or_else(|| moment::bad_slot(seconds))
}

fn somebody(person: PersonFields) -> Option<Somebody> {
    let name =
        person.name.said().filter(|name| !name.is_empty()).or_else(|| person.public_name.said()).unwrap_or_default();
    if name.is_empty() {
        return None;
    }
    let code = person.code.text();
    Some(Somebody {
        guid: person.guid.0.as_deref().and_then(identity::uuid),
        id: person.id.number.map_or(code, |number| number.to_string()),
        person: FilePerson {
            name: name.clone(),
            number: person.id.number,
            biography: person.biography.cleaned(),
            avatar: person.avatar.said(),
            url: person.url.said(),
            links: person.links.map(references),
            ..FilePerson::default()
        },
        name,
    })
}

fn references(raw: Vec<Reference>) -> Vec<Link> {
    raw.into_iter()
        .map(|link| Link { url: link.url.text(), title: link.title.text(), kind: link.kind.text() })
        .filter(|link| !link.url.is_empty())
        .collect()
}

fn keep(gatherer: &mut Gatherer<'_>, event: Event, source: &str, ids: &PersonIds) -> Result<(), Refusal> {
    let Event { mut session, id, given_id, day, people, problem } = event;
    let id = id.or_else(|| (!given_id.is_empty()).then(|| identity::derived(&[source, "session", &given_id])));
    let Some(id) = id else {
        let problem = problem.unwrap_or_else(|| "it has neither guid nor id".to_owned());
        gatherer.unreadable(session.offset.0, None, named(&session.title, &problem));
        return Ok(());
    };
    if let Some(problem) = problem {
        gatherer.unreadable(session.offset.0, Some(id), named(&session.title, &problem));
        return Ok(());
    }
    session.id = id;
    if let Some(Some(slot)) = session.slot {
        gatherer.on_day(slot.start, &day);
    }
    if let Some(Some(room)) = &session.room {
        session.room = Some(gatherer.room(room));
    }
    if let Some(Some(track)) = &session.track {
        session.track = Some(gatherer.track(track));
    }
    session.people = people.map(|people| {
        people
            .into_iter()
            .map(|Somebody { guid, id, name, mut person }| {
                person.by_name = guid.is_none() && id.is_empty();
                (person.id, person.also) = match guid {
                    Some(guid) => (guid, None),
                    None if person.by_name => (identity::derived(&[source, "person-named", &name]), None),
                    None => ids.uuids(source, &id, &name),
                };
                let part = FilePart { person: person.id.clone(), role: None };
                gatherer.person(person);
                part
            })
            .collect()
    });
    gatherer.session(session)
}
