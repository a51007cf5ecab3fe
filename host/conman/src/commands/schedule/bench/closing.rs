//! A room that is closed for a day: what is left of a problem when it has been solved and then that happens.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use conman_scheduler::document::read_solution;
use conman_scheduler::problem::{Problem, RoomIndex};
use conman_scheduler::timetable::Timetable;
use serde_json::{Value, json};

use super::plan::Closing;
use crate::commands::{read_file, schedule};
use crate::failure::{Failure, Kind};

/// Writes the problem that is left of one and its solution when the room and day with the most sessions, the one with the second most,
/// and so on, is closed: the solution is the incumbent.
pub(super) fn close(closing: &Closing, nth: usize, [base, solution, output]: [&Path; 3]) -> Result<(), Failure> {
    let document = read_file(base)?;
    let problem = schedule::problem(base, &document)?;
    let solved = read_file(solution)?;
    let timetable = read_solution(&problem, &solved).map_err(|flaws| schedule::flawed(solution, &flaws))?.timetable;
    let Some((room, day)) = fullest(&problem, &timetable, nth) else {
        let text = format!("{}: no room and day can be closed, because nothing is placed", base.display());
        return Err(Failure::new(Kind::Failed, text));
    };
    let parsed = |document: &[u8]| {
        serde_json::from_slice::<Value>(document).map_err(|error| Failure::new(Kind::Failed, error.to_string()))
    };
    let (mut closed, mut solved) = (parsed(&document)?, parsed(&solved)?);
    let its_room = closed.get_mut("rooms").and_then(|rooms| rooms.get_mut(room as usize));
    if let Some(its_room) = its_room.and_then(Value::as_object_mut) {
        its_room.insert("open".to_owned(), json!(open_without(&problem, room, day)));
    }
    if let Some(closed) = closed.as_object_mut() {
        let incumbent = solved.get_mut("assignments").map(Value::take).unwrap_or_default();
        closed.insert("incumbent".to_owned(), incumbent);
        let mut weights = closed.get("weights").and_then(Value::as_object).cloned().unwrap_or_default();
        for term in ["moved_time", "moved_room"] {
            weights.insert(term.to_owned(), closing.moved.into());
        }
        closed.insert("weights".to_owned(), Value::Object(weights));
    }
    std::fs::write(output, closed.to_string())?;
    Ok(())
}

/// The room and day with the most sessions, or the next ones after it. Of equals the first is first.
fn fullest(problem: &Problem, timetable: &Timetable, nth: usize) -> Option<(RoomIndex, u32)> {
    let mut counts: BTreeMap<(RoomIndex, u32), usize> = BTreeMap::new();
    for place in timetable.places.iter().flatten() {
        *counts.entry((place.room, problem.calendar.day_of(place.start))).or_default() += 1;
    }
    let mut places: Vec<_> = counts.into_iter().collect();
    places.sort_by_key(|(_, count)| Reverse(*count));
    places.get(nth % places.len().max(1)).map(|(place, _)| *place)
}

/// When a room is open, without a day.
fn open_without(problem: &Problem, room: RoomIndex, day: u32) -> Vec<[u32; 2]> {
    let slots = problem.calendar.slots_per_day;
    let closed = day * slots..(day + 1) * slots;
    let open = problem.rooms.get(room as usize).map_or(&[][..], |room| &room.open);
    let parts = |range: &Range<u32>| [range.start..range.end.min(closed.start), range.start.max(closed.end)..range.end];
    open.iter().flat_map(parts).filter(|part| !part.is_empty()).map(|part| [part.start, part.end]).collect()
}

#[cfg(test)]
mod tests {
    use conman_scheduler::document::read_problem;

    use super::*;

    #[test]
    fn what_is_left_is_the_problem_with_its_solution_and_without_the_fullest_day() {
        let folder = tempfile::tempdir().unwrap();
        let [base, solution, output] = ["base", "solution", "output"].map(|name| folder.path().join(name));
        let session = |id: &str| json!({ "id": id, "duration": 1 });
        let problem = json!({
            "format": "conman-schedule-problem/1", "days": 3, "slots_per_day": 4,
            "rooms": [{ "id": "r0", "capacity": 0 }, { "id": "r1", "capacity": 0, "open": [[1, 7], [9, 12]] }],
            "sessions": [session("s0"), session("s1"), session("s2")], "weights": { "overlap": 3 },
        });
        let place = |session: &str, start: u32, room: &str| json!({ "session": session, "start": start, "room": room });
        let places = json!([place("s0", 0, "r0"), place("s1", 5, "r1"), place("s2", 6, "r1")]);
        std::fs::write(&base, problem.to_string()).unwrap();
        let document = json!({ "format": "conman-schedule-solution/1", "assignments": places, "unplaced": [] });
        std::fs::write(&solution, document.to_string()).unwrap();
        let closing = Closing { prepare: 1.0, moved: 7 };
        let closed = |nth| {
            close(&closing, nth, [&base, &solution, &output]).unwrap();
            let closed = std::fs::read(&output).unwrap();
            read_problem(&closed).unwrap();
            serde_json::from_slice::<Value>(&closed).unwrap()
        };
        let first = closed(0);
        assert_eq!(first["rooms"][1]["open"], json!([[1, 4], [9, 12]]));
        assert_eq!(first["incumbent"], places);
        assert_eq!(first["weights"], json!({ "overlap": 3, "moved_time": 7, "moved_room": 7 }));
        let second = closed(1);
        assert_eq!(second["rooms"][0]["open"], json!([[4, 12]]));
        assert_eq!(second["rooms"][1]["open"], json!([[1, 7], [9, 12]]));
    }
}
