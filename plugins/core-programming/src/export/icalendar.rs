//! iCalendar (RFC 5545): the whole programme, one person's, or what somebody marked.
//!
//! Events keep their UID through every release, times carry a zone that the file defines, lines are folded at 75 octets.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::{Dst, Offset, TimeZone};

use super::Edition;
use crate::model::{Person, Role, Room, Session, Slot, State};
use crate::text;

/// Writes a calendar of the edition's placed sessions; cancelled ones are there, marked so.
#[must_use]
pub fn write(edition: &Edition<'_>, name: &str, sequence: i64) -> String {
    let programme = edition.programme;
    let mut sessions: Vec<(&Session, Slot)> = programme
        .sessions
        .iter()
        .filter(|session| session.state != State::Draft)
        .filter_map(|session| Some((session, session.slot?)))
        .collect();
    sessions.sort_by(|(a, at), (b, bt)| (at.start, &a.id).cmp(&(bt.start, &b.id)));
    let rooms: HashMap<&str, &Room> = programme.rooms.iter().map(|room| (room.id.as_str(), room)).collect();
    let tracks: HashMap<&str, &str> =
        programme.tracks.iter().map(|track| (track.id.as_str(), track.name.as_str())).collect();
    let people: HashMap<&str, &Person> = programme.people.iter().map(|person| (person.id.as_str(), person)).collect();
    let mut line_ups: HashMap<&str, Vec<(&Person, Role)>> = HashMap::new();
    for part in programme.parts.iter().filter(|part| part.role.announced()) {
        if let Some(person) = people.get(part.person.as_str()) {
            line_ups.entry(&part.session).or_default().push((person, part.role));
        }
    }

    let mut out = Calendar::default();
    out.line("BEGIN:VCALENDAR");
    out.line("VERSION:2.0");
    out.line("PRODID:-//ConManagement//core-programming//EN");
    out.line("CALSCALE:GREGORIAN");
    out.line("METHOD:PUBLISH");
    out.property("X-WR-CALNAME", name);
    let zone = Zone::of(&edition.zone);
    let span = sessions.iter().map(|(_, slot)| slot.start).min().zip(sessions.iter().map(|(_, slot)| slot.end).max());
    if let (Some(zone), Some((first, last))) = (&zone, span) {
        out.property("X-WR-TIMEZONE", zone.name);
        zone.define(&mut out, first, last);
    }
    for (session, slot) in sessions {
        out.line("BEGIN:VEVENT");
        out.line(&format!("UID:{}@conmanagement", session.id));
        out.line(&format!("DTSTAMP:{}", utc(edition.made_at)));
        out.line(&format!("SEQUENCE:{sequence}"));
        out.moment("DTSTART", zone.as_ref(), slot.start);
        out.moment("DTEND", zone.as_ref(), slot.end);
        let title = if session.subtitle.is_empty() {
            session.title.clone()
        } else {
            format!("{}: {}", session.title, session.subtitle)
        };
        out.property("SUMMARY", &title);
        if let Some(room) = session.room.as_deref().and_then(|id| rooms.get(id)) {
            let place = if room.area.is_empty() { room.name.clone() } else { format!("{}, {}", room.name, room.area) };
            out.property("LOCATION", &place);
        }
        let description = describe(session, line_ups.get(session.id.as_str()).map(Vec::as_slice).unwrap_or_default());
        if !description.is_empty() {
            out.property("DESCRIPTION", &description);
        }
        if let Some(track) = session.track.as_deref().and_then(|id| tracks.get(id)) {
            out.property("CATEGORIES", track);
        }
        if super::said::is_uri(&session.url) {
            out.line(&format!("URL:{}", session.url));
        }
        out.line(if session.state == State::Cancelled { "STATUS:CANCELLED" } else { "STATUS:CONFIRMED" });
        out.line("END:VEVENT");
    }
    out.line("END:VCALENDAR");
    out.0
}

fn describe(session: &Session, line_up: &[(&Person, Role)]) -> String {
    let names: Vec<String> = line_up
        .iter()
        .map(
            |(person, role)| {
                if *role == Role::Moderator { format!("{} (moderator)", person.name) } else { person.name.clone() }
            },
        )
        .collect();
    let paragraphs = [names.join(", "), text::plain(&session.abstract_text), text::plain(&session.description)];
    paragraphs.into_iter().filter(|paragraph| !paragraph.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// A zone worth defining: UTC needs no definition.
struct Zone<'z> {
    name: &'z str,
    zone: &'z TimeZone,
}

impl<'z> Zone<'z> {
    fn of(zone: &'z TimeZone) -> Option<Self> {
        let name = zone.iana_name().filter(|name| !matches!(*name, "UTC" | "Etc/UTC"))?;
        Some(Self { name, zone })
    }

    /// One observance per change of offset that matters between `first` and `last`.
    fn define(&self, out: &mut Calendar, first: Timestamp, last: Timestamp) {
        out.line("BEGIN:VTIMEZONE");
        out.line(&format!("TZID:{}", self.name));
        let before = self.zone.preceding(first).next();
        match &before {
            Some(change) => {
                self.observance(out, change.timestamp(), change.offset(), change.abbreviation(), change.dst())
            }
            None => {
                let offset = self.zone.to_offset(first);
                out.line("BEGIN:STANDARD");
                out.line("DTSTART:19700101T000000");
                out.line(&format!("TZOFFSETFROM:{}", clock(offset)));
                out.line(&format!("TZOFFSETTO:{}", clock(offset)));
                out.line("END:STANDARD");
            }
        }
        for change in self.zone.following(first) {
            if change.timestamp() > last {
                break;
            }
            self.observance(out, change.timestamp(), change.offset(), change.abbreviation(), change.dst());
        }
        out.line("END:VTIMEZONE");
    }

    fn observance(&self, out: &mut Calendar, at: Timestamp, to: Offset, name: &str, dst: Dst) {
        let just_before = Timestamp::from_second(at.as_second() - 1).unwrap_or(at);
        let from = self.zone.to_offset(just_before);
        let kind = if dst == Dst::Yes { "DAYLIGHT" } else { "STANDARD" };
        out.line(&format!("BEGIN:{kind}"));
        // The onset is told in the local time of before.
        out.line(&format!("DTSTART:{}", from.to_datetime(at).strftime("%Y%m%dT%H%M%S")));
        out.line(&format!("TZOFFSETFROM:{}", clock(from)));
        out.line(&format!("TZOFFSETTO:{}", clock(to)));
        out.property("TZNAME", name);
        out.line(&format!("END:{kind}"));
    }
}

fn clock(offset: Offset) -> String {
    let seconds = offset.seconds();
    let (sign, seconds) = if seconds < 0 { ('-', -seconds) } else { ('+', seconds) };
    let rest = seconds % 60;
    let text = format!("{sign}{:02}{:02}", seconds / 3600, seconds / 60 % 60);
    if rest == 0 { text } else { format!("{text}{rest:02}") }
}

fn utc(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[derive(Default)]
struct Calendar(String);

impl Calendar {
    /// A content line, folded at 75 octets between characters.
    fn line(&mut self, line: &str) {
        let mut length = 0;
        for c in line.chars() {
            if length + c.len_utf8() > 75 {
                self.0.push_str("\r\n ");
                length = 1;
            }
            self.0.push(c);
            length += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    /// A property whose value is text.
    fn property(&mut self, name: &str, value: &str) {
        let mut line = String::with_capacity(name.len() + value.len() + 8);
        line.push_str(name);
        line.push(':');
        for c in value.chars() {
            match c {
                '\\' | ';' | ',' => {
                    line.push('\\');
                    line.push(c);
                }
                '\n' => line.push_str("\\n"),
                '\r' => {}
                '\t' => line.push(' '),
                c => line.push(c),
            }
        }
        self.line(&line);
    }

    /// A time in the zone; in UTC where the local time would be ambiguous.
    fn moment(&mut self, name: &str, zone: Option<&Zone<'_>>, at: Timestamp) {
        if let Some(zone) = zone {
            let local = zone.zone.to_datetime(at);
            if zone.zone.to_ambiguous_timestamp(local).compatible().is_ok_and(|back| back.as_second() == at.as_second())
            {
                self.line(&format!("{name};TZID={}:{}", zone.name, local.strftime("%Y%m%dT%H%M%S")));
                return;
            }
        }
        self.line(&format!("{name}:{}", utc(at)));
    }
}
