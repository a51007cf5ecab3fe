//! Writes a solution: the same solution is always the same bytes, a line for each session, so that two can be compared line by line.

use std::io::{self, Write};

use serde::Serialize;

use super::solution::{Reason, SOLUTION_FORMAT, Solution};
use crate::cost::Terms;
use crate::problem::Problem;

#[derive(Serialize)]
struct Assignment<'a> {
    session: &'a str,
    start: u32,
    room: &'a str,
}

#[derive(Serialize)]
struct Unplaced<'a> {
    session: &'a str,
    reasons: &'a [Reason],
}

/// A solution's document. Sessions are in the order of the problem.
pub fn write_solution(problem: &Problem, solution: &Solution) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into memory does not fail.
    let _ = write(problem, solution, &mut bytes);
    bytes
}

fn write(problem: &Problem, solution: &Solution, out: &mut Vec<u8>) -> io::Result<()> {
    let sessions = || (0u32..).zip(&problem.sessions);
    let assignments = sessions().filter_map(|(position, session)| {
        let place = solution.timetable.place(position)?;
        let room = problem.rooms.get(place.room as usize)?;
        Some(Assignment { session: &session.id, start: place.start, room: &room.id })
    });
    let unplaced =
        sessions().filter(|(position, _)| solution.timetable.place(*position).is_none()).map(|(position, session)| {
            Unplaced { session: &session.id, reasons: solution.reasons.get(&position).map_or(&[], Vec::as_slice) }
        });
    write!(out, "{{\n  \"format\": \"{SOLUTION_FORMAT}\",\n  \"assignments\": ")?;
    write_list(assignments, out)?;
    out.write_all(b",\n  \"unplaced\": ")?;
    write_list(unplaced, out)?;
    if let Some(stated) = &solution.stated {
        write!(out, ",\n  \"cost\": {{\"unplaced\": {}, \"soft\": {}", stated.unplaced, stated.soft)?;
        if let Some(terms) = &stated.terms {
            write_terms(terms, out)?;
        }
        out.write_all(b"}")?;
    }
    out.write_all(b"\n}\n")
}

fn write_list(list: impl Iterator<Item = impl Serialize>, out: &mut Vec<u8>) -> io::Result<()> {
    let mut separator = "[\n    ";
    let mut end = "[]";
    for element in list {
        out.write_all(separator.as_bytes())?;
        serde_json::to_writer(&mut *out, &element)?;
        separator = ",\n    ";
        end = "\n  ]";
    }
    out.write_all(end.as_bytes())
}

/// Those that are not 0.
fn write_terms(terms: &Terms, out: &mut Vec<u8>) -> io::Result<()> {
    out.write_all(b", \"terms\": {")?;
    let mut separator = "";
    for (name, amount) in terms.in_order().into_iter().filter(|(_, amount)| *amount > 0) {
        write!(out, "{separator}\"{name}\": {amount}")?;
        separator = ", ";
    }
    out.write_all(b"}")
}
