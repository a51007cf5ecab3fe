//! Reads a solution.

use std::collections::BTreeMap;

use super::assignments;
use super::fields::Fields;
use super::flaw::{Flaws, Report, Stop};
use super::names::Names;
use super::outline::Outline;
use super::place::{Place, quoted};
use super::tape::{Node, Tape};
use crate::cost::{Cost, Terms};
use crate::problem::{Problem, SessionIndex};
use crate::timetable::Timetable;

/// The `format` of solutions.
pub const SOLUTION_FORMAT: &str = "conman-schedule-solution/1";

const KEYS: &[&str] = &["format", "assignments", "unplaced", "cost"];
const UNPLACED_KEYS: &[&str] = &["session", "reasons"];
const REASON_KEYS: &[&str] = &["constraint", "detail"];
const COST_KEYS: &[&str] = &["unplaced", "soft", "terms"];

/// What a solution's document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// Where everything is.
    pub timetable: Timetable,
    /// Why sessions without a place have none. Only theirs are written.
    pub reasons: BTreeMap<SessionIndex, Vec<Reason>>,
    /// What it is said to cost. [`crate::check::cost`] tells what it does cost.
    pub stated: Option<Stated>,
}

/// Why a session has no place.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Reason {
    /// The hard constraint, by its name in the format.
    pub constraint: String,
    /// In words.
    pub detail: String,
}

/// What a solution says of its own cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Sessions without a place.
    pub unplaced: u64,
    /// The soft cost.
    pub soft: u64,
    /// The soft cost by term, where it says it.
    pub terms: Option<Terms>,
}

impl From<Cost> for Stated {
    fn from(cost: Cost) -> Self {
        Self { unplaced: cost.unplaced.into(), soft: cost.soft(), terms: Some(cost.terms) }
    }
}

/// Reads a solution of a problem, or tells all that is wrong with the document. What the timetable breaks is not looked at.
pub fn read_solution(problem: &Problem, document: &[u8]) -> Result<Solution, Flaws> {
    let mut report = Report::default();
    match read(problem, document, &mut report) {
        Ok(solution) => report.unless_flawed(solution),
        Err(Stop) => Err(report.into()),
    }
}

fn read(problem: &Problem, document: &[u8], report: &mut Report) -> Result<Solution, Stop> {
    let outline = Outline::read(document, SOLUTION_FORMAT, KEYS, report)?;
    let sessions = Names::of("session", "sessions", problem.sessions.iter().map(|session| session.id.as_str()));
    let rooms = Names::of("room", "rooms", problem.rooms.iter().map(|room| room.id.as_str()));
    outline.needs("assignments", report);
    let count = problem.sessions.len();
    // A start outside the event can be read; it breaks a hard constraint.
    let places = assignments::read(&outline, "assignments", None, count, (&sessions, &rooms), report)?;
    let timetable = Timetable { places };
    let reasons = unplaced(&outline, &timetable, &sessions, report)?;
    for session in timetable.unplaced().filter(|session| !reasons.contains_key(session)) {
        let id = quoted(problem.sessions.get(session as usize).map_or("", |session| &session.id));
        report.add(
            &Place::DOCUMENT.key("unplaced"),
            format_args!("{id} is neither here nor in \"assignments\""),
            format_args!("add it to one of them"),
        );
    }
    Ok(Solution { timetable, reasons, stated: stated(&outline, report)? })
}

fn unplaced(
    outline: &Outline<'_>,
    timetable: &Timetable,
    sessions: &Names<'_>,
    report: &mut Report,
) -> Result<BTreeMap<SessionIndex, Vec<Reason>>, Stop> {
    let mut unplaced = BTreeMap::new();
    outline.each("unplaced", report, |place, _, node, report| {
        let Some(fields) = Fields::of(node, *place, UNPLACED_KEYS, report) else { return Ok(()) };
        let reasons = fields.list("reasons", report).map(|list| {
            let list_place = fields.at("reasons");
            list.enumerate().filter_map(|(element, node)| reason(node, list_place.index(element), report)).collect()
        });
        let session =
            fields.needed("session", report).and_then(|node| sessions.find(node, &fields.at("session"), report));
        let Some(session) = session else { return Ok(()) };
        let id = fields.needed_text("session", report);
        if timetable.place(session).is_some() {
            let what = format_args!("{} is in \"assignments\", too", quoted(&id));
            report.add(place, what, format_args!("take it out of one of them"));
        } else if unplaced.insert(session, reasons.unwrap_or_default()).is_some() {
            report.add(place, format_args!("{} is in this list twice", quoted(&id)), format_args!("name it once"));
        }
        Ok(())
    })?;
    Ok(unplaced)
}

fn reason(node: Node<'_, '_>, place: Place<'_>, report: &mut Report) -> Option<Reason> {
    let fields = Fields::of(node, place, REASON_KEYS, report)?;
    let constraint = fields.needed_text("constraint", report);
    Some(Reason { constraint, detail: fields.needed_text("detail", report) })
}

fn stated(outline: &Outline<'_>, report: &mut Report) -> Result<Option<Stated>, Stop> {
    let mut tape = Tape::default();
    let node = outline.section("cost", &mut tape, report)?.filter(|node| !node.is_null());
    let fields = node.and_then(|node| Fields::of(node, Place::DOCUMENT.key("cost"), COST_KEYS, report));
    Ok(fields.map(|fields| {
        let terms = fields.given("terms").and_then(|node| terms(node, fields.at("terms"), report));
        let soft = fields.needed("soft", report).map_or(0, |node| report.amount(node, &fields.at("soft")));
        Stated { unplaced: fields.amount("unplaced", report), soft, terms }
    }))
}

fn terms(node: Node<'_, '_>, place: Place<'_>, report: &mut Report) -> Option<Terms> {
    let known = Terms::names();
    let fields = Fields::of(node, place, &known, report)?;
    Some(Terms {
        overlap: fields.amount("overlap", report),
        overflow: fields.amount("overflow", report),
        missing_day: fields.amount("missing_day", report),
        isolated: fields.amount("isolated", report),
        extra_room: fields.amount("extra_room", report),
        unpreferred: fields.amount("unpreferred", report),
        over_day_limit: fields.amount("over_day_limit", report),
        short_gap: fields.amount("short_gap", report),
        moved_time: fields.amount("moved_time", report),
        moved_room: fields.amount("moved_room", report),
    })
}
