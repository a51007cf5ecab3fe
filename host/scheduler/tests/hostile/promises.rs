//! What holds of all bytes that somebody takes for a problem or a solution. Fuzzing asks for the same as the tests.

use std::collections::BTreeMap;
use std::time::Duration;

use conman_scheduler::check::{broken, cost};
use conman_scheduler::document::{Flaws, Reason, Solution, read_problem, read_solution, write_solution};
use conman_scheduler::explain::{explain, reasons};
use conman_scheduler::problem::Problem;
use conman_scheduler::solve;
use conman_scheduler::solve::Effort;

use crate::sample;
use crate::tree::Tree;

/// Problems with larger tables than this are read and not solved: they only take time.
const SOLVED: usize = 300_000;

/// The same of whatever is found by fuzzing: what begins with a line that is a number is a solution of the sample of that number, all
/// else a problem.
pub fn either(input: &[u8]) {
    match numbered(input) {
        Some((seed, document)) => {
            let sample = sample::problem(seed).to_string();
            let problem = read_problem(sample.as_bytes()).unwrap_or_else(|flaws| panic!("{flaws}"));
            solution(&problem, document);
        }
        None => _ = problem(input),
    }
}

/// The number of a sample, and what somebody takes for a solution of it.
pub fn numbered(input: &[u8]) -> Option<(u64, &[u8])> {
    let end = input.iter().take(30).position(|byte| *byte == b'\n')?;
    let seed = std::str::from_utf8(&input[..end]).ok()?.parse().ok()?;
    Some((seed, &input[end + 1..]))
}

/// What somebody takes for a problem is one, which can be solved and explained, or is refused in words that help.
///
/// Answers the problem and a solution that was found for it.
pub fn problem(document: &[u8]) -> Option<(Problem, Option<Solution>)> {
    match read_problem(document) {
        Ok(problem) => {
            sound(&problem);
            let solution = is_small(&problem).then(|| solved(&problem));
            Some((problem, solution))
        }
        Err(flaws) => {
            refused(document, &flaws);
            None
        }
    }
}

/// What somebody takes for a solution of a problem is one, which can be checked, explained and written again, or is refused in words
/// that help.
pub fn solution(problem: &Problem, document: &[u8]) -> bool {
    match read_solution(problem, document) {
        Ok(solution) => {
            assert_eq!(solution.timetable.places.len(), problem.sessions.len());
            let timetable = &solution.timetable;
            let _ = cost(problem, timetable);
            if broken(problem, timetable).is_empty() {
                let _ = explain(problem, timetable);
            }
            assert_eq!(read_solution(problem, &write_solution(problem, &solution)).as_ref(), Ok(&solution));
            true
        }
        Err(flaws) => {
            refused(document, &flaws);
            false
        }
    }
}

/// Each flaw names a place that is there, says what is wrong with it and what to do about it, and all of them are short.
fn refused(document: &[u8], flaws: &Flaws) {
    assert!(!flaws.first.is_empty() && flaws.first.len() <= 20, "{flaws:#?}");
    assert!(flaws.more == 0 || flaws.first.len() == 20, "{flaws:#?}");
    // Bytes that are no text have no places.
    let tree = Tree::of(std::str::from_utf8(document).unwrap_or(""));
    for flaw in &flaws.first {
        let parent = flaw.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        // Where a document breaks off is the place of what would come next.
        let breaks_off = ["at line", "nested too deeply"].iter().any(|words| flaw.what.contains(words));
        let is_missing = flaw.pointer == "/format" && flaw.what == "is missing"
            || flaw.pointer == "/unplaced" && flaw.what.contains("is neither here nor");
        assert!(
            tree.has(&flaw.pointer) || (breaks_off || is_missing) && tree.has(parent),
            "{flaw:?} is nowhere in {}",
            String::from_utf8_lossy(document)
        );
        assert!(!flaw.what.is_empty() && !flaw.remedy.is_empty(), "{flaw:?}");
        assert!(flaw.to_string().len() < 2_000 && !flaw.to_string().contains(char::is_control), "{flaw}");
    }
}

/// What [`conman_scheduler::problem`] promises of every problem.
fn sound(problem: &Problem) {
    let (sessions, rooms) = (problem.sessions.len(), problem.rooms.len());
    let horizon = problem.calendar.horizon();
    let in_order = |list: &[u32], length: usize| {
        assert!(list.is_sorted_by(|one, next| one < next) && list.iter().all(|position| (*position as usize) < length));
    };
    let ranges = |list: &[std::ops::Range<u32>]| {
        assert!(list.iter().all(|range| range.start < range.end && range.end <= horizon));
        assert!(list.is_sorted_by(|one, next| one.end < next.start));
    };
    for room in &problem.rooms {
        in_order(&room.features, problem.features.len());
        ranges(&room.open);
    }
    for person in &problem.people {
        ranges(&person.available);
        person.preferred.iter().for_each(|preferred| ranges(preferred));
    }
    for session in &problem.sessions {
        assert!(session.duration > 0);
        assert!(session.setup + session.duration + session.teardown <= problem.calendar.slots_per_day);
        in_order(&session.people, problem.people.len());
        in_order(&session.features, problem.features.len());
        in_order(&session.after, sessions);
        session.rooms.iter().for_each(|list| in_order(list, rooms));
        session.starts.iter().for_each(|starts| ranges(starts));
        assert!(session.pin.start.is_none_or(|start| start < horizon));
        assert!(session.pin.room.is_none_or(|room| (room as usize) < rooms));
    }
    assert!(problem.conflicts.is_sorted_by(|one, next| one < next));
    assert!(problem.conflicts.iter().all(|(one, other)| one < other && (*other as usize) < sessions));
    assert!(problem.overlap.is_sorted_by(|one, next| (one.0, one.1) < (next.0, next.1)));
    assert!(
        problem.overlap.iter().all(|(one, other, number)| one < other && (*other as usize) < sessions && *number > 0)
    );
    problem.groups.iter().for_each(|group| in_order(&group.sessions, sessions));
    assert_eq!(problem.incumbent.len(), sessions);
    assert!(problem.incumbent.iter().flatten().all(|place| place.start < horizon && (place.room as usize) < rooms));
}

fn is_small(problem: &Problem) -> bool {
    let things = problem.sessions.len() + problem.rooms.len() + problem.people.len() + problem.groups.len();
    let slots = problem.calendar.horizon() as usize;
    things.saturating_mul(slots + things) <= SOLVED
}

/// Whatever was read can be solved: the solution breaks nothing, costs what it says, and is the same when it is read again.
fn solved(problem: &Problem) -> Solution {
    let effort =
        Effort { time: Duration::from_secs(20), iterations: Some(60), threads: 1.try_into().unwrap(), seed: 1 };
    let found = solve(problem, &effort, &());
    assert_eq!(broken(problem, &found.timetable), []);
    assert_eq!(cost(problem, &found.timetable), found.cost);
    let explained: BTreeMap<u32, Vec<Reason>> = reasons(problem, &found.timetable);
    assert!(explained.len() == found.cost.unplaced.min(200) as usize && explained.values().all(|all| !all.is_empty()));
    let solution = Solution { timetable: found.timetable, reasons: explained, stated: Some(found.cost.into()) };
    let mut again = solution.clone();
    // A session that no reason is given for is listed all the same.
    again.timetable.unplaced().for_each(|session| _ = again.reasons.entry(session).or_default());
    assert_eq!(read_solution(problem, &write_solution(problem, &solution)), Ok(again));
    solution
}
