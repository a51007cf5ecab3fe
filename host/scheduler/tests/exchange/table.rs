//! The documents say what the reader refuses.

use conman_scheduler::document::limits;

/// `12,000,000`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Of each constant the words that it is told by in the table, and what is said of it.
const ROWS: &[(&str, &str, u64)] = &[
    ("SESSIONS", "| sessions, rooms, people, groups |", limits::SESSIONS as u64),
    ("ROOMS", "| sessions, rooms, people, groups |", limits::ROOMS as u64),
    ("PEOPLE", "| sessions, rooms, people, groups |", limits::PEOPLE as u64),
    ("GROUPS", "| sessions, rooms, people, groups |", limits::GROUPS as u64),
    ("FEATURES", "| different names of features |", limits::FEATURES as u64),
    ("HORIZON", "| slots of the event |", limits::HORIZON as u64),
    ("SESSION_SLOTS", "| slots times sessions, rooms, people, groups |", limits::SESSION_SLOTS),
    ("ROOM_SLOTS", "| slots times sessions, rooms, people, groups |", limits::ROOM_SLOTS),
    ("PERSON_SLOTS", "| slots times sessions, rooms, people, groups |", limits::PERSON_SLOTS),
    ("GROUP_SLOTS", "| slots times sessions, rooms, people, groups |", limits::GROUP_SLOTS),
    ("SESSION_ROOMS", "| rooms times sessions; rooms times groups |", limits::SESSION_ROOMS),
    ("GROUP_ROOMS", "| rooms times sessions; rooms times groups |", limits::GROUP_ROOMS),
    ("LENGTH_ROOM_SLOTS", "| different lengths of sessions, times rooms, times slots |", limits::LENGTH_ROOM_SLOTS),
    ("CONFLICTS_OF_SESSION", "| pairs of `conflicts` that one session is in |", limits::CONFLICTS_OF_SESSION as u64),
    ("PAIRS", "| pairs of `overlap`; of `conflicts` |", limits::PAIRS as u64),
    ("ENTRIES", "| references in the lists of sessions and groups, and ranges, all together |", limits::ENTRIES as u64),
    ("AFTER", "| references in `after`, all together |", limits::AFTER as u64),
    ("SEATS", "| `capacity` and `audience` |", limits::SEATS as u64),
    ("NUMBER", "| numbers of `overlap`, weights, other numbers |", limits::NUMBER as u64),
    (
        "OVERLAP_OF_SESSION",
        "| numbers of all pairs of one session, times the weight of `overlap` |",
        limits::OVERLAP_OF_SESSION,
    ),
    (
        "UNPREFERRED_OF_SESSION",
        "| slots of one session that any of its people may not prefer, times the weight of `unpreferred` |",
        limits::UNPREFERRED_OF_SESSION,
    ),
    ("TEXT_BYTES", "| the document; a text in it |", limits::TEXT_BYTES as u64),
];

#[test]
fn the_documents_table_names_every_limit() {
    let table = include_str!("../../../../docs/scheduling.md");
    for (name, row, number) in ROWS {
        let line = table.lines().find(|line| line.starts_with(row)).unwrap_or_else(|| panic!("{name}: no row {row}"));
        let numbers = line.rsplit_once(" | ").unwrap().1.split([' ', ';']);
        let mut numbers = numbers.map(|number| number.trim_end_matches(','));
        assert!(numbers.any(|told| told == grouped(*number)), "{name}: {} is not in {line}", grouped(*number));
    }
    assert_eq!(limits::BYTES, 1 << 30);
    assert!(table.lines().any(|line| line.starts_with("| the document; a text in it | 1 GiB;")));
    let constants =
        include_str!("../../src/document/limits.rs").lines().filter_map(|line| line.strip_prefix("pub const "));
    let constants: Vec<_> = constants.filter_map(|line| Some(line.split_once(':')?.0)).collect();
    let known: Vec<_> = ROWS.iter().map(|(name, ..)| *name).chain(["BYTES"]).collect();
    assert!(constants.len() > 20 && constants.iter().all(|name| known.contains(name)), "{constants:?}");
}
