//! Reads `sessions`.

use std::borrow::Cow;

use super::fields::Fields;
use super::flaw::{Report, Stop};
use super::names::{Features, Names, Repeated};
use super::outline::Outline;
use super::place::Place;
use super::{index, limits};
use crate::problem::{Calendar, Pin, Session, SessionIndex};

const KEYS: &[&str] =
    &["id", "duration", "setup", "teardown", "audience", "people", "features", "rooms", "starts", "pin", "after"];
const PIN_KEYS: &[&str] = &["start", "room"];

/// What sessions refer to.
pub(super) struct Referred<'n, 'de> {
    pub(super) rooms: &'n Names<'de>,
    pub(super) people: &'n Names<'de>,
}

/// A session that another comes after, which may stand further on in the document.
struct After<'de> {
    session: SessionIndex,
    /// Where it is in the session's list.
    element: usize,
    before: Cow<'de, str>,
}

pub(super) fn read<'de>(
    outline: &Outline<'de>,
    calendar: Calendar,
    referred: &Referred<'_, 'de>,
    features: &mut Features<'de>,
    report: &mut Report,
) -> Result<(Vec<Session>, Names<'de>), Stop> {
    let mut sessions = Vec::new();
    let mut names = Names::new("session", "sessions");
    let mut after = Vec::new();
    let mut entries = 0;
    outline.needs("sessions", report);
    outline.each("sessions", report, |place, position, node, report| {
        if position >= limits::SESSIONS {
            return Err(report.beyond(place, "sessions", limits::SESSIONS));
        }
        let Some(fields) = Fields::of(node, *place, KEYS, report) else {
            names.miss();
            return Ok(());
        };
        let session = Session {
            id: names.read(&fields, position, report),
            duration: fields.needed_whole("duration", 1..=limits::NUMBER, report),
            setup: fields.whole("setup", 0..=limits::NUMBER, report).unwrap_or(0),
            teardown: fields.whole("teardown", 0..=limits::NUMBER, report).unwrap_or(0),
            audience: fields.whole("audience", 0..=limits::SEATS, report).unwrap_or(0),
            people: referred.people.in_list(&fields, "people", Repeated::Refused, report).unwrap_or_default(),
            features: features.of(&fields, report)?,
            rooms: referred.rooms.in_list(&fields, "rooms", Repeated::Harmless, report),
            starts: fields.ranges("starts", calendar.horizon(), report),
            pin: pin(&fields, calendar, referred.rooms, report),
            after: Vec::new(),
        };
        fits_a_day(&session, place, calendar, report);
        if let Some(list) = fields.list("after", report) {
            for (element, node) in list.enumerate() {
                let before = report.text(node, &fields.at("after").index(element)).cloned();
                after.extend(before.map(|before| After { session: index(position), element, before }));
            }
        }
        entries += session.people.len() + session.features.len();
        entries += session.rooms.as_ref().map_or(0, Vec::len) + session.starts.as_ref().map_or(0, Vec::len);
        sessions.push(session);
        if entries > limits::ENTRIES {
            return Err(report.beyond(place, "people, features, rooms and ranges in all sessions", limits::ENTRIES));
        }
        if after.len() > limits::AFTER {
            return Err(report.beyond(place, "sessions in all lists of \"after\"", limits::AFTER));
        }
        Ok(())
    })?;
    for after in after {
        come_after(&mut sessions, &names, &after, report);
    }
    for session in &mut sessions {
        session.after.sort_unstable();
        session.after.dedup();
    }
    Ok((sessions, names))
}

fn pin(fields: &Fields<'_, '_, '_>, calendar: Calendar, rooms: &Names<'_>, report: &mut Report) -> Pin {
    let place = fields.at("pin");
    let Some(pin) = fields.given("pin").and_then(|node| Fields::of(node, place, PIN_KEYS, report)) else {
        return Pin::default();
    };
    Pin {
        start: pin.found("start").map(|node| report.slot(node, &pin.at("start"), calendar.horizon())),
        room: pin.found("room").and_then(|node| rooms.find(node, &pin.at("room"), report)),
    }
}

fn fits_a_day(session: &Session, place: &Place<'_>, calendar: Calendar, report: &mut Report) {
    let footprint = session.setup + session.duration + session.teardown;
    if footprint > calendar.slots_per_day {
        report.add(
            place,
            format_args!(
                "takes {footprint} slots with its setup and teardown, and a day has {}",
                calendar.slots_per_day
            ),
            format_args!("make it shorter, or two of it"),
        );
    }
}

fn come_after(sessions: &mut [Session], names: &Names<'_>, after: &After<'_>, report: &mut Report) {
    let list = Place::DOCUMENT.key("sessions");
    let session = list.index(after.session as usize);
    let list = session.key("after");
    let place = list.index(after.element);
    let Some(before) = names.find_id(&after.before, &place, report) else { return };
    if before == after.session {
        report.add(&place, format_args!("a session cannot come after itself"), format_args!("take it out"));
    } else if let Some(session) = sessions.get_mut(after.session as usize) {
        session.after.push(before);
    }
}
