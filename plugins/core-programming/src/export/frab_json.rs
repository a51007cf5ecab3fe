//! c3voc's `schedule.json`, valid against its JSON Schema.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::Edition;
use super::days::{Day, RoomOfDay, days};
use super::frab_xml::timeslot;
use super::said::{self, Names, is_uri};
use crate::import::frab_json::known_room_field;
use crate::import::{FilePerson, FileSession, Format, moment};
use crate::model::{Link, Part, Person, Room, Slot};

/// Writes the schedule.
///
/// # Errors
/// Never in practice: all keys are texts.
pub fn write(edition: &Edition<'_>) -> Result<String, serde_json::Error> {
    let programme = edition.programme;
    let about = &programme.conference;
    let names = Names::of(programme);
    let people: HashMap<&str, &Person> = programme.people.iter().map(|person| (person.id.as_str(), person)).collect();
    let mut line_ups: HashMap<&str, Vec<&Part>> = HashMap::new();
    for part in programme.parts.iter().filter(|part| part.role.announced()) {
        line_ups.entry(&part.session).or_default().push(part);
    }
    let days = days(edition);
    let mut codes = HashSet::new();
    let document = Document {
        schema: "https://c3voc.de/schedule/schema.json",
        generator: Generator { name: "ConManagement", version: env!("CARGO_PKG_VERSION") },
        schedule: Schedule {
            version: &edition.version,
            base_url: Some(about.base_url.as_str()).filter(|url| is_uri(url)),
            conference: Conference {
                acronym: acronym(edition.acronym()),
                title: edition.headline(),
                start: edition.starts_on.to_string(),
                end: edition.ends_on.to_string(),
                days_count: days.len(),
                timeslot_duration: timeslot(&about.timeslot),
                time_zone_name: edition.zone.iana_name().filter(|name| is_zone_name(name)),
                url: Some(about.url.as_str()).filter(|url| is_uri(url)),
                tracks: programme
                    .tracks
                    .iter()
                    .map(|track| TrackItem {
                        name: &track.name,
                        slug: Some(track.slug.as_str()).filter(|slug| said::is_json_slug(slug)),
                        color: Some(track.color.as_str()).filter(|color| !color.is_empty()),
                    })
                    .collect(),
                rooms: programme.rooms.iter().map(room_item).collect(),
                days: days.iter().map(|day| day_item(edition, day, &names, &people, &line_ups, &mut codes)).collect(),
            },
        },
    };
    serde_json::to_string(&document)
}

/// `^[a-z0-9_-][a-z0-9_]{3,}…$`
fn acronym(own: &str) -> String {
    let mut out: String = own
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '_' })
        .collect();
    while out.len() < 4 {
        out.push('_');
    }
    out
}

/// What the format's pattern takes: `Area/Place…` or anything ending in `UTC`.
fn is_zone_name(name: &str) -> bool {
    let word = |part: &str| {
        let mut bytes = part.bytes();
        bytes.next().is_some_and(|b| b.is_ascii_uppercase()) && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
    };
    name.ends_with("UTC")
        || name.split_once('/').is_some_and(|(area, place)| {
            word(area) && area.bytes().skip(1).all(|b| b.is_ascii_lowercase()) && word(place)
        })
}

fn room_item(room: &Room) -> Map<String, Value> {
    let mut item = Map::new();
    item.insert("name".to_owned(), room.name.clone().into());
    item.insert("guid".to_owned(), room.id.clone().into());
    item.insert("capacity".to_owned(), room.capacity.map_or(Value::Null, Value::from));
    if !room.extra.contains_key("description") {
        item.insert("description".to_owned(), room.description.clone().into());
    }
    for (key, value) in &room.extra {
        if known_room_field(key) {
            item.insert(key.clone(), value.clone());
        }
    }
    item
}

fn day_item<'p>(
    edition: &Edition<'p>,
    day: &Day<'p>,
    names: &Names<'_>,
    people: &HashMap<&str, &'p Person>,
    line_ups: &HashMap<&str, Vec<&Part>>,
    codes: &mut HashSet<String>,
) -> DayItem<'p> {
    let rooms = day.rooms.iter().map(|RoomOfDay { room, sessions }| {
        let events = sessions.iter().map(|(session, slot)| {
            let mut said = said::session(session, Format::FrabJson, names);
            said.code = said.code.filter(|code| codes.insert(code.clone()));
            let line_up = line_ups.get(session.id.as_str()).map(Vec::as_slice).unwrap_or_default();
            let persons = line_up
                .iter()
                .filter_map(|part| people.get(part.person.as_str()))
                .map(|person| said::person(person, Format::FrabJson));
            event(edition, said, *slot, persons.map(person_item).collect())
        });
        (room.map_or("", |room| room.name.as_str()), events.collect())
    });
    DayItem {
        index: day.index,
        date: day.date.to_string(),
        day_start: edition.moment(day.start),
        day_end: edition.moment(day.end),
        rooms: InOrder(rooms.collect()),
    }
}

fn event(edition: &Edition<'_>, said: FileSession, slot: Slot, persons: Vec<PersonItem>) -> Event {
    let id = said.id;
    let url = said.url.filter(|url| !url.is_empty()).unwrap_or_else(|| format!("urn:uuid:{id}"));
    let recording = said.recording;
    let minutes = slot.seconds() / 60;
    Event {
        id: said.number.unwrap_or(1),
        code: said.code,
        logo: said.logo,
        date: edition.moment(slot.start),
        start: edition.zone.to_datetime(slot.start).strftime("%H:%M").to_string(),
        end: edition.moment(slot.end),
        duration: moment::duration_text(minutes * 60),
        room: said.room.flatten().unwrap_or_default(),
        slug: said.slug.unwrap_or_default(),
        url,
        title: said.title,
        subtitle: said.subtitle.unwrap_or_default(),
        track: said.track.flatten(),
        kind: said.kind.unwrap_or_default(),
        language: said.language.unwrap_or_default(),
        abstract_text: said.abstract_text.unwrap_or_default(),
        description: said.description.unwrap_or_default(),
        recording_license: recording.as_ref().map(|recording| recording.licence.clone()),
        do_not_record: recording.map(|recording| recording.opt_out),
        persons,
        links: references(said.links),
        attachments: references(said.attachments),
        feedback_url: said.feedback_url,
        origin_url: said.origin_url,
        guid: id,
    }
}

fn person_item(person: FilePerson) -> PersonItem {
    PersonItem {
        guid: person.id,
        id: person.number,
        name: person.name,
        avatar: person.avatar,
        biography: person.biography,
        url: person.url,
        links: person.links.map(|links| references(Some(links))),
    }
}

fn references(links: Option<Vec<Link>>) -> Vec<Reference> {
    links
        .unwrap_or_default()
        .into_iter()
        .map(|link| Reference { url: link.url, title: link.title, kind: link.kind })
        .collect()
}

// === what the file looks like ===

#[derive(Serialize)]
struct Document<'p> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    generator: Generator,
    schedule: Schedule<'p>,
}

#[derive(Serialize)]
struct Generator {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Schedule<'p> {
    version: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<&'p str>,
    conference: Conference<'p>,
}

#[derive(Serialize)]
struct Conference<'p> {
    acronym: String,
    title: &'p str,
    start: String,
    end: String,
    #[serde(rename = "daysCount")]
    days_count: usize,
    timeslot_duration: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone_name: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'p str>,
    tracks: Vec<TrackItem<'p>>,
    rooms: Vec<Map<String, Value>>,
    days: Vec<DayItem<'p>>,
}

#[derive(Serialize)]
struct TrackItem<'p> {
    name: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    slug: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<&'p str>,
}

#[derive(Serialize)]
struct DayItem<'p> {
    index: usize,
    date: String,
    day_start: String,
    day_end: String,
    rooms: InOrder<'p>,
}

/// An object whose fields keep their order.
struct InOrder<'p>(Vec<(&'p str, Vec<Event>)>);

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, events) in &self.0 {
            map.serialize_entry(name, events)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Event {
    id: i64,
    guid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo: Option<String>,
    date: String,
    start: String,
    end: String,
    duration: String,
    room: String,
    slug: String,
    url: String,
    title: String,
    subtitle: String,
    track: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    language: String,
    #[serde(rename = "abstract")]
    abstract_text: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    recording_license: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    do_not_record: Option<Option<bool>>,
    persons: Vec<PersonItem>,
    links: Vec<Reference>,
    attachments: Vec<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin_url: Option<String>,
}

#[derive(Serialize)]
struct PersonItem {
    guid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    biography: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Vec<Reference>>,
}

#[derive(Serialize)]
struct Reference {
    url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    kind: String,
}
