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

/// Each row of the table, and the constants it is made of. Where it says `each`, there is one like it of each.
fn rows() -> Vec<(&'static [&'static str], String)> {
    let of = |number: usize| grouped(number as u64);
    let row = |of: &str, most: String| format!("| {of} | {most} |");
    let things = [limits::SESSIONS, limits::ROOMS, limits::PEOPLE, limits::GROUPS].map(of).join(", ");
    let slots = [limits::SESSION_SLOTS, limits::ROOM_SLOTS, limits::PERSON_SLOTS, limits::GROUP_SLOTS];
    let (rooms, lengths) =
        ("rooms times sessions; rooms times groups", "different lengths of sessions, times rooms, times slots");
    let references = "references in the lists of sessions and groups, and ranges, all together";
    let overlap = "numbers of all pairs of one session, times the weight of `overlap`";
    let unpreferred = "slots of one session that any of its people may not prefer, times the weight of `unpreferred`";
    let document = format!("{} GiB; {} bytes", limits::BYTES >> 30, of(limits::TEXT_BYTES));
    vec![
        (&["SESSIONS", "ROOMS", "PEOPLE", "GROUPS"], row("sessions, rooms, people, groups", things)),
        (&["FEATURES"], row("different names of features", of(limits::FEATURES))),
        (&["HORIZON"], row("slots of the event", grouped(limits::HORIZON.into()))),
        (
            &["SESSION_SLOTS", "ROOM_SLOTS", "PERSON_SLOTS", "GROUP_SLOTS"],
            row("slots times sessions, rooms, people, groups", slots.map(grouped).join(", ")),
        ),
        (&["SESSION_ROOMS"], row(rooms, grouped(limits::SESSION_ROOMS) + " each")),
        (&["GROUP_ROOMS"], row(rooms, grouped(limits::GROUP_ROOMS) + " each")),
        (&["LENGTH_ROOM_SLOTS"], row(lengths, grouped(limits::LENGTH_ROOM_SLOTS))),
        (&["PAIRS"], row("pairs of `overlap`; of `conflicts`", of(limits::PAIRS) + " each")),
        (&["ENTRIES"], row(references, of(limits::ENTRIES))),
        (&["AFTER"], row("references in `after`, all together", of(limits::AFTER))),
        (&["NUMBER"], row("numbers of `overlap`, weights, other numbers", grouped(limits::NUMBER.into()))),
        (&["SEATS"], row("`capacity` and `audience`", grouped(limits::SEATS.into()))),
        (&["OVERLAP_OF_SESSION"], row(overlap, grouped(limits::OVERLAP_OF_SESSION))),
        (&["UNPREFERRED_OF_SESSION"], row(unpreferred, grouped(limits::UNPREFERRED_OF_SESSION))),
        (
            &["CONFLICTS_OF_SESSION"],
            row("pairs of `conflicts` that one session is in", grouped(limits::CONFLICTS_OF_SESSION.into())),
        ),
        (&["BYTES", "TEXT_BYTES"], row("the document; a text in it", document)),
    ]
}

#[test]
fn the_documents_table_names_every_limit() {
    assert_eq!(limits::BYTES % (1 << 30), 0);
    let (table, rows) = (include_str!("../../../../docs/scheduling.md"), rows());
    for (names, row) in &rows {
        assert!(table.lines().any(|line| line == row), "{names:?}: no row {row}");
    }
    let constants =
        include_str!("../../src/document/limits.rs").lines().filter_map(|line| line.strip_prefix("pub const "));
    let mut constants: Vec<_> = constants.filter_map(|line| Some(line.split_once(':')?.0)).collect();
    let mut known: Vec<_> = rows.iter().flat_map(|(names, _)| *names).copied().collect();
    constants.sort_unstable();
    known.sort_unstable();
    assert_eq!(constants, known);
}
