//! Calendars as another library reads them. What a local time means is taken from the file's own definition of the zone, as a program
//! that knows no zone by its name has to.

use std::collections::HashMap;

use icalendar::{Calendar, CalendarComponent, CalendarDateTime, Component, DatePerhapsTime};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The session it stands for.
    pub session: String,
    /// What it is called.
    pub title: String,
    pub start: Timestamp,
    pub end: Timestamp,
}

/// The events of a calendar, in its order. Whatever a program cannot read, or has to guess, fails the test.
pub fn events(text: &str) -> Vec<Event> {
    let calendar: Calendar = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
    let zones: HashMap<String, Vec<Onset>> = calendar.components.iter().filter_map(zone).collect();
    let read = |component: &CalendarComponent| {
        let event = component.as_event()?;
        let text = |key: &str| event.property_value(key).unwrap_or_else(|| panic!("an event without {key}"));
        Some(Event {
            session: text("UID").strip_suffix("@conmanagement").unwrap().to_owned(),
            title: text("SUMMARY").to_owned(),
            start: moment(event.get_start(), &zones),
            end: moment(event.get_end(), &zones),
        })
    };
    calendar.components.iter().filter_map(read).collect()
}

/// From when on a zone's clocks show what; when is told in the local time of before.
struct Onset {
    from: DateTime,
    offset: Offset,
}

fn zone(component: &CalendarComponent) -> Option<(String, Vec<Onset>)> {
    let CalendarComponent::Other(zone) = component else { return None };
    assert_eq!(zone.component_kind(), "VTIMEZONE");
    let onsets = zone.components().iter().map(|observance| {
        let text = |key: &str| observance.property_value(key).unwrap_or_else(|| panic!("an observance without {key}"));
        offset(text("TZOFFSETFROM"));
        Onset {
            from: DateTime::strptime("%Y%m%dT%H%M%S", text("DTSTART")).unwrap(),
            offset: offset(text("TZOFFSETTO")),
        }
    });
    Some((zone.property_value("TZID").unwrap().to_owned(), onsets.collect()))
}

/// `+0200`, or `-003430`
fn offset(text: &str) -> Offset {
    let (sign, digits) = text.split_at(1);
    assert!(matches!(sign, "+" | "-") && matches!(digits.len(), 4 | 6), "{text} is no offset");
    let sign = if sign == "-" { -1 } else { 1 };
    let part = |at: usize| digits.get(at..at + 2).map_or(0, |digits| digits.parse::<i32>().unwrap());
    Offset::from_seconds(sign * (part(0) * 3600 + part(2) * 60 + part(4))).unwrap()
}

fn moment(at: Option<DatePerhapsTime>, zones: &HashMap<String, Vec<Onset>>) -> Timestamp {
    match at {
        Some(DatePerhapsTime::DateTime(CalendarDateTime::Utc(at))) => Timestamp::from_second(at.timestamp()).unwrap(),
        Some(DatePerhapsTime::DateTime(CalendarDateTime::WithTimezone { date_time, tzid })) => {
            let local: DateTime = date_time.to_string().replace(' ', "T").parse().unwrap();
            let onsets = zones.get(&tzid).unwrap_or_else(|| panic!("{tzid} is not defined"));
            let began = onsets.iter().filter(|onset| onset.from <= local).max_by_key(|onset| onset.from);
            let began = began.unwrap_or_else(|| panic!("{tzid} is not defined at {local}"));
            began.offset.to_timestamp(local).unwrap()
        }
        other => panic!("{other:?} is at no moment in particular"),
    }
}
