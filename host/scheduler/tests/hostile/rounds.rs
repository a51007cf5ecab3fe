//! Documents made by chance, always the same ones: real ones with changes, pieces of JSON, any bytes.

use conman_scheduler::check::cost;
use conman_scheduler::document::{Solution, read_problem, read_solution, write_solution};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::independent::passes;
use crate::memory::taken;
use crate::mutations::mutated;
use crate::sample::{self, Chance};
use crate::{promises, tree};

/// Reading takes so many bytes of memory for each byte of the document, and asks for memory so often. It is a list of empty sessions that takes
/// the most, 144 for each byte; of those there can be no more than 100,000. What a host's largest documents take is measured where they are bounded,
/// in `conman-solving`.
const MEMORY: usize = 150;
const TIMES: usize = 1;
/// What it takes of both however short a document is: a few messages.
const LEAST: usize = 60_000;

#[track_caller]
fn in_measure<T>(document: &[u8], read: impl FnOnce(&[u8]) -> T) {
    let (_, taken) = taken(|| read(document));
    let is_fine = taken.most <= MEMORY * document.len() + LEAST && taken.times <= TIMES * document.len() + LEAST;
    assert!(is_fine, "{taken:?} for {} bytes: {}", document.len(), String::from_utf8_lossy(document));
}

#[test]
fn problems_with_changes() {
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..2_500 {
        let chance = &mut Chance::new(seed);
        let document = mutated(&sample::problem(seed % 500).to_string(), chance);
        in_measure(&document, read_problem);
        match promises::problem(&document) {
            Some((problem, solution)) => {
                let timetable = solution.map(|solution| solution.timetable);
                timetable.iter().for_each(|timetable| passes(&problem, timetable, &cost(&problem, timetable)));
                accepted += 1;
            }
            None => refused += 1,
        }
    }
    // Otherwise the changes are too coarse or too fine to tell anything.
    assert!(accepted > 250 && refused > 1_000, "{accepted} accepted, {refused} refused");
}

#[test]
fn solutions_with_changes() {
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..2_500 {
        let chance = &mut Chance::new(seed);
        let problem = read_problem(sample::problem(seed % 50).to_string().as_bytes()).unwrap();
        let timetable = sample::timetable(&problem, chance);
        let stated = Some(cost(&problem, &timetable).into());
        let written = write_solution(&problem, &Solution { timetable, reasons: Default::default(), stated });
        let document = mutated(std::str::from_utf8(&written).unwrap(), chance);
        in_measure(&document, |document| read_solution(&problem, document));
        match promises::solution(&problem, &document) {
            true => accepted += 1,
            false => refused += 1,
        }
    }
    assert!(accepted > 250 && refused > 1_000, "{accepted} accepted, {refused} refused");
}

/// Lists and texts of which there are very many, which may take no more for each byte than a few do.
#[test]
fn many_of_the_same() {
    let many = 20_000;
    for element in ["0", "[]", "{}", "\"\"", "[0,1]", "{\"id\":0}", "{\"id\":\"s\",\"duration\":1}", "[\"s\",\"s\",1]"]
    {
        for key in
            ["rooms", "people", "sessions", "conflicts", "overlap", "groups", "incumbent", "weights", "days", "x"]
        {
            let list = vec![element; many].join(",");
            for list in [list.clone(), format!("[{list}]"), format!("{{\"id\":[{list}],\"open\":[{list}]}}")] {
                let document = format!(
                    "{{\"format\":\"conman-schedule-problem/1\",\"days\":1,\"slots_per_day\":4,\"{key}\":[{list}]}}"
                );
                in_measure(document.as_bytes(), read_problem);
            }
        }
    }
    let keys: Vec<_> = (0..many).map(|number| format!("\"k{number}\":0")).collect();
    for object in [format!("{{{}}}", keys.join(",")), format!("{{\"sessions\":[{{{}}}]}}", keys.join(","))] {
        in_measure(object.as_bytes(), read_problem);
        let document = object.replacen('{', "{\"format\":\"conman-schedule-problem/1\",", 1);
        in_measure(document.as_bytes(), read_problem);
    }
}

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

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1024, rng_seed: RngSeed::Fixed(2026), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        prop_assert!(promises::problem(&bytes).is_none());
    }

    #[test]
    fn pieces_of_json(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        let format = "\"format\":\"conman-schedule-problem/1\"";
        for document in [text.clone(), format!("{{{format},\"rooms\":{text}}}"), format!("{{{format},{text}}}")] {
            promises::problem(document.as_bytes());
        }
    }
}

/// What tells whether a place is there can tell.
#[test]
fn a_tree_has_its_places() {
    let tree = tree::Tree::of(r#"{"a": [1, {"b/~": 2}], "a": {"c": 3}, "\u0064": [[4, "#);
    for there in ["", "/a", "/a/0", "/a/1/b~1~0", "/a/c", "/d/0/0"] {
        assert!(tree.has(there), "{there}");
    }
    for nowhere in ["a", "/b", "/a/2", "/a/00", "/a/1/b", "/a/c/0", "/d/0/1", "/"] {
        assert!(!tree.has(nowhere), "{nowhere}");
    }
}
