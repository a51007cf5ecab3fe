//! Reads `groups`.

use super::fields::Fields;
use super::flaw::{Report, Stop};
use super::limits;
use super::names::{Names, Repeated};
use super::outline::Outline;
use crate::problem::Group;

const KEYS: &[&str] = &["id", "sessions", "min_days", "compact", "same_room"];

pub(super) fn read<'de>(
    outline: &Outline<'de>,
    sessions: &Names<'de>,
    report: &mut Report,
) -> Result<Vec<Group>, Stop> {
    let mut groups = Vec::new();
    let mut names = Names::new("group", "groups");
    let mut members = 0;
    outline.each("groups", report, |place, position, node, report| {
        if position >= limits::GROUPS {
            return Err(report.beyond(place, "groups", limits::GROUPS));
        }
        let Some(fields) = Fields::of(node, *place, KEYS, report) else { return Ok(()) };
        fields.needed("sessions", report);
        let group = Group {
            id: names.read(&fields, position, report),
            sessions: sessions.in_list(&fields, "sessions", Repeated::Refused, report).unwrap_or_default(),
            min_days: fields.whole("min_days", 0..=limits::NUMBER, report).unwrap_or(0),
            compact: fields.flag("compact", report),
            same_room: fields.flag("same_room", report),
        };
        members += group.sessions.len();
        groups.push(group);
        if members > limits::ENTRIES {
            return Err(report.beyond(place, "sessions in all groups", limits::ENTRIES));
        }
        Ok(())
    })?;
    Ok(groups)
}
