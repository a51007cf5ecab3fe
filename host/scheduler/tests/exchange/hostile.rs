//! Whatever the bytes, the reader answers, and what it accepts can be relied on.

use conman_scheduler::check::{broken, cost};
use conman_scheduler::document::{Solution, read_problem, read_solution, write_solution};
use conman_scheduler::problem::Problem;
use proptest::prelude::*;

use crate::sample::{self, Chance};

/// Pieces of which hostile documents are made.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "NaN",
    "4294967296",
    "18446744073709551616",
    "0.5",
    "\\u0000",
    "\\ud800",
    "\"id\"",
    "\"s3\"",
    "\"r3\"",
    "[0,1]",
    "[[1,0]]",
    "\"after\":[\"s3\"],",
    "\"days\":0,",
    "1000000",
    "{}",
    "[]",
    " ",
    "\u{feff}",
    "é",
];

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

/// A document with pieces put in, put over others and cut out.
fn mutated(document: &str, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = document.as_bytes().to_vec();
    for _ in 0..=chance.below(3) {
        let from = chance.below(bytes.len() as u64 + 1) as usize;
        let to = (from + chance.below(12) as usize).min(bytes.len());
        let piece = PIECES[chance.below(PIECES.len() as u64) as usize].as_bytes().to_vec();
        match chance.below(8) {
            0 => _ = bytes.splice(from..to, []),
            1 => _ = bytes.splice(from..from, piece),
            2 => _ = bytes.splice(from..to, piece),
            3 => bytes.iter_mut().skip(from).take(1).for_each(|byte| *byte = chance.below(256) as u8),
            4 if chance.below(4) == 0 => bytes.truncate(from),
            // A piece from elsewhere in the document.
            4 => _ = bytes.splice(from..from, bytes[..from].iter().rev().take(30).rev().copied().collect::<Vec<_>>()),
            // Another number.
            _ => {
                let digit = bytes.iter_mut().skip(from).find(|byte| byte.is_ascii_digit());
                digit.into_iter().for_each(|digit| *digit = b'0' + chance.below(10) as u8);
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        prop_assert!(read_problem(&bytes).is_err());
    }

    #[test]
    fn pieces_of_json(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        for document in [text.clone(), format!("{{\"format\":\"conman-schedule-problem/1\",\"rooms\":{text}}}"), format!("{{\"format\":\"conman-schedule-problem/1\",{text}}}")] {
            let _ = read_problem(document.as_bytes()).map(|problem| sound(&problem));
        }
    }
}

#[test]
fn a_real_document_with_changes() {
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..4000 {
        let chance = &mut Chance::new(seed);
        match read_problem(&mutated(&sample::problem(seed).to_string(), chance)) {
            Ok(problem) => {
                sound(&problem);
                let timetable = sample::timetable(&problem, chance);
                let _ = (broken(&problem, &timetable), cost(&problem, &timetable));
                accepted += 1;
            }
            Err(flaws) => {
                assert!(!flaws.first.is_empty() && flaws.first.len() <= 20);
                assert!(flaws.to_string().len() < 20_000);
                refused += 1;
            }
        }
    }
    // Otherwise the changes are too coarse or too fine to tell anything.
    assert!(accepted > 100 && refused > 1000, "{accepted} accepted, {refused} refused");
}

#[test]
fn a_real_solution_with_changes() {
    for seed in 0..2000 {
        let chance = &mut Chance::new(seed);
        let problem = read_problem(sample::problem(seed % 50).to_string().as_bytes()).unwrap();
        let timetable = sample::timetable(&problem, chance);
        let stated = Some(cost(&problem, &timetable).into());
        let written = write_solution(&problem, &Solution { timetable, reasons: Default::default(), stated });
        if let Ok(solution) = read_solution(&problem, &mutated(std::str::from_utf8(&written).unwrap(), chance)) {
            assert_eq!(solution.timetable.places.len(), problem.sessions.len());
            let _ = (broken(&problem, &solution.timetable), cost(&problem, &solution.timetable));
        }
    }
}
