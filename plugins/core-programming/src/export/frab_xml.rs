//! frab's `schedule.xml`, valid against c3voc's XSD.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use quick_xml::escape::escape;

use super::Edition;
use super::days::{RoomOfDay, days};
use super::said::{self, Names, is_uri};
use crate::import::{FileSession, Format, moment};
use crate::model::{Link, Part, Person, Slot};

/// Writes the schedule.
#[must_use]
pub fn write(edition: &Edition<'_>) -> String {
    let programme = edition.programme;
    let names = Names::of(programme);
    let people: HashMap<&str, &Person> = programme.people.iter().map(|person| (person.id.as_str(), person)).collect();
    let mut line_ups: HashMap<&str, Vec<&Part>> = HashMap::new();
    for part in programme.parts.iter().filter(|part| part.role.announced()) {
        line_ups.entry(&part.session).or_default().push(part);
    }
    let mut out = Writer::default();
    out.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<schedule>\n");
    out.raw(concat!("  <generator name=\"ConManagement\" version=\"", env!("CARGO_PKG_VERSION"), "\"/>\n"));
    out.element(1, "version", &edition.version);
    let days = days(edition);
    out.conference(edition, days.len());
    let (mut codes, mut slugs) = (HashSet::new(), HashSet::new());
    for day in &days {
        let (start, end) = (edition.moment(day.start), edition.moment(day.end));
        let _ =
            writeln!(out.0, "  <day index=\"{}\" date=\"{}\" start=\"{start}\" end=\"{end}\">", day.index, day.date);
        for RoomOfDay { room, sessions } in &day.rooms {
            match room {
                Some(room) => {
                    let _ = writeln!(out.0, "    <room name=\"{}\" guid=\"{}\">", escape(room.name.as_str()), room.id);
                }
                None => out.raw("    <room name=\"\">\n"),
            }
            for (session, slot) in sessions {
                let mut said = said::session(session, Format::FrabXml, &names);
                // Codes and slugs have to be unique in the file; in real programmes they are not.
                said.code = said.code.filter(|code| codes.insert(code.clone()));
                said.slug = said.slug.filter(|slug| slugs.insert(slug.clone()));
                let line_up = line_ups.get(session.id.as_str()).map(Vec::as_slice).unwrap_or_default();
                let persons: Vec<&Person> =
                    line_up.iter().filter_map(|part| people.get(part.person.as_str()).copied()).collect();
                out.event(edition, &said, *slot, &persons);
            }
            out.raw("    </room>\n");
        }
        out.raw("  </day>\n");
    }
    out.raw("</schedule>\n");
    out.0
}

/// Writing to a `String` cannot fail, so `write!`'s results are dropped.
#[derive(Default)]
struct Writer(String);

impl Writer {
    fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }

    fn element(&mut self, depth: usize, name: &str, text: &str) {
        let _ = writeln!(self.0, "{:width$}<{name}>{}</{name}>", "", escape(text), width = depth * 2);
    }

    fn optional(&mut self, depth: usize, name: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.element(depth, name, text);
        }
    }

    fn conference(&mut self, edition: &Edition<'_>, days: usize) {
        let about = &edition.programme.conference;
        self.raw("  <conference>\n");
        let acronym = edition.acronym();
        if acronym.len() >= 4
            && acronym.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
        {
            self.element(2, "acronym", acronym);
        }
        self.element(2, "title", edition.headline());
        self.element(2, "start", &edition.starts_on.to_string());
        self.element(2, "end", &edition.ends_on.to_string());
        self.element(2, "days", &days.to_string());
        self.element(2, "timeslot_duration", timeslot(&about.timeslot));
        self.optional(2, "base_url", web(&about.base_url));
        self.optional(2, "url", web(&about.url));
        self.optional(2, "time_zone_name", edition.zone.iana_name());
        for track in &edition.programme.tracks {
            let _ = write!(self.0, "    <track name=\"{}\"", escape(track.name.as_str()));
            if is_color(&track.color) {
                let _ = write!(self.0, " color=\"{}\"", track.color);
            }
            if is_track_slug(&track.slug) {
                let _ = write!(self.0, " slug=\"{}\"", track.slug);
            }
            self.raw("/>\n");
        }
        self.raw("  </conference>\n");
    }

    fn event(&mut self, edition: &Edition<'_>, said: &FileSession, slot: Slot, persons: &[&Person]) {
        let _ = write!(self.0, "      <event guid=\"{}\" id=\"{}\"", said.id, said.number.unwrap_or(1));
        if let Some(code) = &said.code {
            let _ = write!(self.0, " code=\"{code}\"");
        }
        self.raw(">\n");
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        self.element(4, "date", &edition.moment(slot.start));
        let local = edition.zone.to_datetime(slot.start);
        let start = if local.second() == 0 { local.strftime("%H:%M") } else { local.strftime("%H:%M:%S") };
        self.element(4, "start", &start.to_string());
        self.element(4, "duration", &moment::duration_text(slot.seconds()));
        self.element(4, "room", said.room.as_ref().and_then(Option::as_deref).unwrap_or_default());
        self.optional(4, "slug", said.slug.as_deref());
        self.element(4, "title", &said.title);
        self.element(4, "subtitle", &text(&said.subtitle));
        self.element(4, "track", said.track.as_ref().and_then(Option::as_deref).unwrap_or_default());
        self.element(4, "type", &text(&said.kind));
        self.element(4, "language", &text(&said.language));
        self.element(4, "abstract", &text(&said.abstract_text));
        self.element(4, "description", &text(&said.description));
        self.optional(4, "logo", said.logo.as_deref());
        if let Some(recording) = &said.recording {
            self.raw("        <recording>\n");
            self.element(5, "license", &recording.licence);
            self.element(5, "optout", if recording.opt_out == Some(true) { "true" } else { "false" });
            self.raw("        </recording>\n");
        }
        self.raw("        <persons>\n");
        for person in persons {
            let _ = write!(self.0, "          <person guid=\"{}\"", person.id);
            if let Some(number) = person.number {
                let _ = write!(self.0, " id=\"{number}\"");
            }
            let _ = writeln!(self.0, ">{}</person>", escape(person.name.as_str()));
        }
        self.raw("        </persons>\n");
        self.references("links", "link", said.links.as_deref().unwrap_or_default());
        self.references("attachments", "attachment", said.attachments.as_deref().unwrap_or_default());
        self.optional(4, "video_download_url", said.video_url.as_deref());
        self.optional(4, "url", said.url.as_deref());
        self.optional(4, "feedback_url", said.feedback_url.as_deref());
        self.optional(4, "origin_url", said.origin_url.as_deref());
        self.raw("      </event>\n");
    }

    fn references(&mut self, list: &str, item: &str, links: &[Link]) {
        let _ = writeln!(self.0, "        <{list}>");
        for link in links {
            let _ = write!(self.0, "          <{item} href=\"{}\"", escape(link.url.as_str()));
            if !link.kind.is_empty() {
                let _ = write!(self.0, " type=\"{}\"", escape(link.kind.as_str()));
            }
            let _ = writeln!(self.0, ">{}</{item}>", escape(link.title.as_str()));
        }
        let _ = writeln!(self.0, "        </{list}>");
    }
}

fn web(url: &str) -> Option<&str> {
    (is_uri(url) && url.starts_with("http")).then_some(url)
}

/// The programme's grid, if it is one; else five minutes.
pub(super) fn timeslot(stored: &str) -> &str {
    let digits =
        stored.split(':').all(|part| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    if digits && moment::duration(stored).is_ok() && stored.len() >= 4 { stored } else { "00:05" }
}

fn is_color(color: &str) -> bool {
    color.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_track_slug(slug: &str) -> bool {
    slug.len() >= 2
        && slug.starts_with(|c: char| c.is_ascii_lowercase())
        && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
