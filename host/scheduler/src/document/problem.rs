//! Reads a problem.

use super::flaw::{Flaws, Report, Stop};
use super::limits;
use super::names::Features;
use super::outline::Outline;
use super::place::Place;
use super::tape::{Tape, Value};
use super::{assignments, circles, groups, measures, pairs, people, rooms, sessions, sums, weights};
use crate::problem::{Calendar, CapacityRule, Problem};

/// The `format` of problems.
pub const PROBLEM_FORMAT: &str = "conman-schedule-problem/1";

const KEYS: &[&str] = &[
    "format",
    "name",
    "days",
    "slots_per_day",
    "slot_minutes",
    "rooms",
    "people",
    "sessions",
    "conflicts",
    "overlap",
    "groups",
    "capacity",
    "incumbent",
    "weights",
];

/// Reads a problem, or tells all that is wrong with the document.
pub fn read_problem(document: &[u8]) -> Result<Problem, Flaws> {
    let mut report = Report::default();
    match read(document, &mut report) {
        Ok(problem) => report.unless_flawed(problem),
        Err(Stop) => Err(report.into()),
    }
}

fn read(document: &[u8], report: &mut Report) -> Result<Problem, Stop> {
    let outline = Outline::read(document, PROBLEM_FORMAT, KEYS, report)?;
    let calendar = calendar(&outline, report)?;
    let mut features = Features::default();
    let (rooms, room_names) = rooms::read(&outline, calendar, &mut features, report)?;
    let (people, person_names) = people::read(&outline, calendar, report)?;
    let referred = sessions::Referred { rooms: &room_names, people: &person_names };
    let (sessions, session_names) = sessions::read(&outline, calendar, &referred, &mut features, report)?;
    circles::refuse(&sessions, report);
    let problem = Problem {
        name: name(&outline, report)?,
        calendar,
        features: features.names,
        rooms,
        people,
        conflicts: pairs::conflicts(&outline, &session_names, report)?,
        overlap: pairs::overlap(&outline, &session_names, report)?,
        groups: groups::read(&outline, &session_names, report)?,
        capacity: capacity(&outline, report)?,
        incumbent: assignments::read(
            &outline,
            "incumbent",
            Some(calendar.horizon()),
            sessions.len(),
            (&session_names, &room_names),
            report,
        )?,
        weights: weights::read(&outline, report)?,
        sessions,
    };
    // Of what is flawed, what was read may be something else than was meant.
    if report.count() == 0 {
        measures::refuse(&problem, report);
        sums::refuse(&problem, report);
    }
    Ok(problem)
}

fn calendar(outline: &Outline<'_>, report: &mut Report) -> Result<Calendar, Stop> {
    let before = report.count();
    let number = |key, most, report: &mut Report| {
        let mut tape = Tape::default();
        let node = outline.section(key, &mut tape, report)?.filter(|node| !node.is_null());
        Ok(node.map(|node| report.whole(node, &Place::DOCUMENT.key(key), 1..=most)))
    };
    let days = number("days", limits::HORIZON, report)?;
    let slots_per_day = number("slots_per_day", limits::HORIZON, report)?;
    let slot_minutes = number("slot_minutes", limits::NUMBER, report)?.unwrap_or(30);
    outline.needs("days", report);
    outline.needs("slots_per_day", report);
    if let (Some(days), Some(slots_per_day)) = (days, slots_per_day)
        && report.count() == before
    {
        if u64::from(days) * u64::from(slots_per_day) <= u64::from(limits::HORIZON) {
            return Ok(Calendar { days, slots_per_day, slot_minutes });
        }
        report.add(
            &Place::DOCUMENT.key("days"),
            format_args!("{days} days of {slots_per_day} slots are more than {} slots", limits::HORIZON),
            format_args!("make slots longer, or days fewer"),
        );
    }
    // With another calendar's slots nothing else could be told; with these, most things can.
    Ok(Calendar { days: 1, slots_per_day: limits::HORIZON, slot_minutes })
}

fn name(outline: &Outline<'_>, report: &mut Report) -> Result<String, Stop> {
    let mut tape = Tape::default();
    let node = outline.section("name", &mut tape, report)?.filter(|node| !node.is_null());
    let text = node.and_then(|node| report.text(node, &Place::DOCUMENT.key("name")));
    Ok(text.map(|text| text.clone().into_owned()).unwrap_or_default())
}

fn capacity(outline: &Outline<'_>, report: &mut Report) -> Result<CapacityRule, Stop> {
    let mut tape = Tape::default();
    let Some(node) = outline.section("capacity", &mut tape, report)? else { return Ok(CapacityRule::Hard) };
    match node.value() {
        Value::Text(text) if text == "soft" => return Ok(CapacityRule::Soft),
        Value::Text(text) if text == "hard" => {}
        _ => report.unlike(&Place::DOCUMENT.key("capacity"), node, format_args!("\"hard\" or \"soft\"")),
    }
    Ok(CapacityRule::Hard)
}
