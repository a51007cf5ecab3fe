//! KonOpas: `var program = […]; var people = […];`, in one file or two.
//!
//! Both files may be imported one after the other or joined. A file without `program` says nothing of sessions, so it removes none.
//! A place is `loc[0]`, its area `loc[1]`. Times are `datetime`, or `date` and `time` in the convention's zone. See
//! <https://konopas.github.io/data-fmt>.

use super::frab_xml::named;
use super::js_literal::{Literal, Reader};
use super::{FilePart, FilePerson, FileRoom, FileSession, Format, Gatherer, Options, Refusal, moment};
use crate::identity;
use crate::model::{Environment, Link, Role, Slot};
use crate::place::Offset;
use crate::text;

/// Reads KonOpas data.
///
/// # Errors
/// When it is not JavaScript data, or has neither `program` nor `people`.
pub fn read(text: &str, options: &Options) -> Result<super::File, Refusal> {
    let mut gatherer = Gatherer::new(text, Format::Konopas, options);
    gatherer.set_source(options, "konopas");
    sections(text, gatherer, &Dialect { conclar: false })
}

/// How KonOpas' and ConClár's data differ.
pub(super) struct Dialect {
    /// ConClár: tags are objects with categories, and say track and environment.
    pub(super) conclar: bool,
}

/// Reads every list of sessions or people in the file.
pub(super) fn sections(text: &str, gatherer: Gatherer<'_>, dialect: &Dialect) -> Result<super::File, Refusal> {
    let mut sections = Sections { gatherer, dialect, found: false };
    sections.settings(text)?;
    let mut reader = Reader::new(text);
    while let Some(name) = reader.statement()? {
        if reader.at_list()? {
            sections.list(&mut reader, &name)?;
        } else {
            reader.object(
                |reader, key| {
                    if reader.at_list()? { sections.list(reader, &key) } else { reader.any().map(|_| ()) }
                },
            )?;
        }
    }
    if !sections.found {
        return Err(Refusal::whole(
            "there is neither a list of sessions (`program`) nor of people (`people`) in this file",
        ));
    }
    sections.gatherer.mark_shared_places();
    Ok(sections.gatherer.finish())
}

/// What objects around the lists may say besides.
const ZONES: [&str; 4] = ["timezone", "timeZone", "time_zone", "time_zone_name"];
const VERSION: &str = "schemaVersion";

struct Sections<'t> {
    gatherer: Gatherer<'t>,
    dialect: &'t Dialect,
    found: bool,
}

impl Sections<'_> {
    fn list(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<(), Refusal> {
        match name {
            "people" | "participants" => {
                self.found = true;
                reader.list(|offset, item| {
                    self.person(offset, &item);
                    Ok(())
                })
            }
            "program" | "programme" | "sessions" | "items" | "" => {
                self.found = true;
                self.gatherer.has_sessions();
                reader.list(|offset, item| self.item(offset, &item))
            }
            // Under any other name, only what looks like a session counts.
            _ => reader.list(|offset, item| {
                if item.get("title").is_some() && item.get("id").is_some() {
                    self.found = true;
                    self.gatherer.has_sessions();
                    self.item(offset, &item)?;
                }
                Ok(())
            }),
        }
    }

    /// What objects around the lists say besides. Read before the lists, because it may stand after the sessions whose times it is
    /// about.
    fn settings(&mut self, text: &str) -> Result<(), Refusal> {
        if !ZONES.iter().chain([&VERSION]).any(|key| text.contains(key)) {
            return Ok(());
        }
        let mut reader = Reader::new(text);
        while reader.statement()?.is_some() {
            if reader.at_list()? {
                reader.list(|_, _| Ok(()))?;
                continue;
            }
            reader.object(|reader, key| {
                if reader.at_list()? {
                    return reader.list(|_, _| Ok(()));
                }
                let offset = reader.offset();
                let value = reader.any()?;
                self.setting(text, &key, &value, offset)
            })?;
        }
        Ok(())
    }

    fn setting(&mut self, text: &str, key: &str, value: &Literal, offset: usize) -> Result<(), Refusal> {
        match (key, value.word()) {
            (key, Some(zone)) if ZONES.contains(&key) => self.gatherer.set_zone(zone, offset),
            (VERSION, Some(version)) if !matches!(version, "1" | "2") => Err(Refusal::at(
                text,
                offset,
                format!("the file has schemaVersion {}; 1 and 2 are known", super::shortened(version)),
            )),
            _ => Ok(()),
        }
    }

    fn person(&mut self, offset: usize, item: &Literal) {
        let id = word(item, "id");
        let name = match item.get("name") {
            Some(Literal::List(parts)) => {
                let part = |at: usize| parts.get(at).and_then(Literal::word).unwrap_or_default();
                text::line(&[part(2), part(0), part(1), part(3)].join(" "))
            }
            Some(name) => text::line(name.word().unwrap_or_default()),
            None => String::new(),
        };
        if id.is_empty() || name.is_empty() {
            let which = if name.is_empty() { "a person has no name" } else { "a person has no id" };
            self.gatherer.unreadable_person(offset, which.to_owned());
            return;
        }
        let links = item.get("links");
        let link = |key: &str| {
            links.and_then(|links| links.get(key)).and_then(Literal::word).map(text::line).filter(|url| !url.is_empty())
        };
        let others = match links {
            Some(Literal::Object(fields)) => fields
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "photo" | "img" | "url"))
                .filter_map(|(key, value)| {
                    let url = text::line(value.word().unwrap_or_default());
                    (!url.is_empty()).then(|| Link { url, title: String::new(), kind: text::line(key) })
                })
                .collect(),
            _ => Vec::new(),
        };
        self.gatherer.person(FilePerson {
            id: self.person_id(&id),
            number: id.parse().ok(),
            name,
            biography: item.get("bio").map(|bio| text::clean(bio.word().unwrap_or_default())),
            avatar: links.map(|_| link("photo").or_else(|| link("img")).unwrap_or_default()),
            url: links.map(|_| link("url").unwrap_or_default()),
            links: links.map(|_| others),
            ..FilePerson::default()
        });
    }

    fn person_id(&self, id: &str) -> String {
        identity::uuid(id).unwrap_or_else(|| identity::derived(&[self.gatherer.source(), "person", id]))
    }

    fn item(&mut self, offset: usize, item: &Literal) -> Result<(), Refusal> {
        let given = word(item, "id");
        let title = word(item, "title");
        if given.is_empty() {
            self.gatherer.unreadable(offset, None, named(&title, "it has no id"));
            return Ok(());
        }
        let id =
            identity::uuid(&given).unwrap_or_else(|| identity::derived(&[self.gatherer.source(), "session", &given]));
        let slot = if title.is_empty() { Err("it has no title".to_owned()) } else { self.slot(item) };
        let slot = match slot {
            Ok(slot) => slot,
            Err(problem) => {
                self.gatherer.unreadable(offset, Some(id), named(&title, &problem));
                return Ok(());
            }
        };
        let mut session = FileSession {
            offset: Offset(offset),
            number: given.parse().ok(),
            slot: Some(Some(slot)),
            description: item.get("desc").map(|desc| text::clean(desc.word().unwrap_or_default())),
            kind: item.get("format").map(|format| text::line(format.word().unwrap_or_default())),
            id,
            title,
            ..FileSession::default()
        };
        if let Some(loc) = item.get("loc") {
            let mut places = loc.items().iter().filter_map(Literal::word).map(text::line);
            let name = places.next().unwrap_or_default();
            let area = places.filter(|area| !area.is_empty()).collect::<Vec<_>>().join(", ");
            session.room = Some(self.gatherer.describe_room(FileRoom {
                name,
                area: (!area.is_empty()).then_some(area),
                ..FileRoom::default()
            }));
        }
        if let Some(tags) = item.get("tags") {
            self.tags(tags, &mut session);
        }
        if let Some(links) = item.get("links") {
            session.url = links.get("url").and_then(Literal::word).map(text::line);
        }
        if let Some(people) = item.get("people") {
            let mut parts = Vec::new();
            for person in people.items() {
                let id = word(person, "id");
                let name = word(person, "name");
                if id.is_empty() {
                    continue;
                }
                let person_id = self.person_id(&id);
                let role = match person.get("role").and_then(Literal::word).map(str::to_ascii_lowercase).as_deref() {
                    Some("moderator" | "mod" | "m" | "chair") => Role::Moderator,
                    Some("presenter" | "speaker" | "host") => Role::Presenter,
                    Some("reserve" | "reserved") => Role::Reserve,
                    Some("invisible") => Role::Invisible,
                    // KonOpas' habit where there is no role: the moderator's name carries a mark.
                    None if name.ends_with("(M)") || name.ends_with("(moderator)") => Role::Moderator,
                    _ => Role::Participant,
                };
                let plain = name.trim_end_matches("(M)").trim_end_matches("(moderator)").trim();
                // The list of people says how they are called; a session's word counts for those it does not have.
                self.gatherer.person(FilePerson {
                    id: person_id.clone(),
                    number: id.parse().ok(),
                    name: if plain.is_empty() { id.clone() } else { plain.to_owned() },
                    in_passing: true,
                    ..FilePerson::default()
                });
                parts.push(FilePart { person: person_id, role: Some(role) });
            }
            session.people = Some(parts);
        }
        self.gatherer.session(session)
    }

    fn tags(&mut self, tags: &Literal, session: &mut FileSession) {
        let mut words = Vec::new();
        let (mut in_person, mut online, mut hybrid, mut environment_said) = (false, false, false, false);
        for tag in tags.items() {
            let (label, category) = match tag {
                Literal::Object(_) => (word(tag, "label"), word(tag, "category")),
                // Written by some exporters as `category:label`.
                tag => (text::line(tag.word().unwrap_or_default()), String::new()),
            };
            if label.is_empty() {
                continue;
            }
            if self.dialect.conclar {
                match (category.as_str(), label.to_ascii_lowercase().as_str()) {
                    ("Environment", environment) => {
                        environment_said = true;
                        match environment {
                            "in person" | "in-person" => in_person = true,
                            "virtual" | "online" | "streamed" => online = true,
                            "hybrid" => hybrid = true,
                            _ => {}
                        }
                        // "Streamed" is also something to find sessions by.
                        if environment == "streamed" {
                            words.push(label);
                        }
                        continue;
                    }
                    ("Area" | "Track", _) if session.track.is_none() => {
                        session.track = Some(self.gatherer.track(&label));
                        continue;
                    }
                    _ => {}
                }
            }
            if !words.contains(&label) {
                words.push(label);
            }
        }
        if environment_said {
            session.environment = Some(match (hybrid, in_person, online) {
                (true, _, _) | (_, true, true) => Environment::Hybrid,
                (_, false, true) => Environment::Virtual,
                _ => Environment::InPerson,
            });
        }
        session.tags = Some(words);
    }

    fn slot(&self, item: &Literal) -> Result<Slot, String> {
        let start = match item.get("datetime").and_then(Literal::word).filter(|text| !text.trim().is_empty()) {
            Some(text) => moment::instant(text, self.gatherer.zone())?,
            None => {
                let date = word(item, "date");
                let time = word(item, "time");
                if date.is_empty() || time.is_empty() {
                    return Err("it has no datetime, nor date and time".to_owned());
                }
                moment::date_and_time(&date, &time, self.gatherer.zone())?
            }
        };
        let minutes = match item.get("mins") {
            None | Some(Literal::Nothing) => 0,
            Some(mins) => {
                let text = mins.word().unwrap_or_default().trim();
                if text.is_empty() {
                    0
                } else {
                    text.parse::<i64>().map_err(|_| format!("`{}` is no number of minutes", super::shortened(text)))?
                }
            }
        };
        let seconds = minutes.checked_mul(60).unwrap_or(i64::MAX);
        Slot::lasting(start, seconds).ok_or_else(|| moment::bad_slot(seconds))
    }
}

fn word(item: &Literal, key: &str) -> String {
    item.get(key).and_then(Literal::word).map(text::line).unwrap_or_default()
}
