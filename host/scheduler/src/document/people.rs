//! Reads `people`.

use super::fields::Fields;
use super::flaw::{Report, Stop};
use super::limits;
use super::names::Names;
use super::outline::Outline;
use super::rooms::always;
use crate::problem::{Calendar, Person};

const KEYS: &[&str] = &["id", "available", "preferred", "max_per_day", "min_gap"];

pub(super) fn read<'de>(
    outline: &Outline<'de>,
    calendar: Calendar,
    report: &mut Report,
) -> Result<(Vec<Person>, Names<'de>), Stop> {
    let mut people = Vec::new();
    let mut names = Names::new("person", "people");
    outline.each("people", report, |place, position, node, report| {
        if position >= limits::PEOPLE {
            return Err(report.beyond(place, "people", limits::PEOPLE));
        }
        let Some(fields) = Fields::of(node, *place, KEYS, report) else {
            names.miss();
            return Ok(());
        };
        people.push(Person {
            id: names.read(&fields, position, report),
            available: fields.ranges("available", calendar.horizon(), report).unwrap_or_else(|| always(calendar)),
            preferred: fields.ranges("preferred", calendar.horizon(), report),
            max_per_day: fields.whole("max_per_day", 0..=limits::NUMBER, report),
            min_gap: fields.whole("min_gap", 0..=limits::NUMBER, report).unwrap_or(0),
        });
        Ok(())
    })?;
    Ok((people, names))
}
