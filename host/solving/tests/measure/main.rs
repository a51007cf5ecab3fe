//! What documents may cost a host at the most, in memory and time: a plugin says what is in them.
//!
//! One test after the other: what is counted is what all threads ask for.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../../../scheduler/tests/memory/counting.rs"]
mod counting;

use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use conman_kernel::id::ConventionId;
use conman_solving::documents::Documents;
use serde_json::Value;

static ONE: Mutex<()> = Mutex::new(());

/// Taken before a test makes anything and held until nothing of it is left.
fn alone() -> MutexGuard<'static, ()> {
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn list(count: usize, element: impl Fn(usize) -> String) -> String {
    let mut list = "[".to_owned();
    for number in 0..count {
        let _ = write!(list, "{}{}", if number > 0 { "," } else { "" }, element(number));
    }
    list + "]"
}

/// What a solution is told, the most memory that took, and how long.
fn explained(_: &MutexGuard<'_, ()>, problem: String, solution: String) -> (String, usize, Duration) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (documents, here) = (Documents::default(), ConventionId::new());
    let began = Instant::now();
    let (told, most) = counting::most(|| runtime.block_on(documents.explain(&here, problem, solution)).unwrap());
    (told, most, began.elapsed())
}

fn read(told: &str) -> Value {
    serde_json::from_str(told).unwrap()
}

/// Of a group of thousands, each of whom stands alone, not all are named each time.
#[test]
fn a_hundred_thousand_that_stand_alone() {
    let alone = alone();
    let count = 100_000;
    let sessions = list(count, |n| format!(r#"{{"id":"s{n}","duration":1}}"#));
    let all = list(count, |n| format!("\"s{n}\""));
    let problem = format!(
        r#"{{"format":"conman-schedule-problem/1","days":1,"slots_per_day":2,"rooms":[{{"id":"r","capacity":1}}],
            "sessions":{sessions},"groups":[{{"id":"g","sessions":{all},"compact":true}}]}}"#
    );
    let places = list(count, |n| format!(r#"{{"session":"s{n}","start":0,"room":"r"}}"#));
    let solution = format!(r#"{{"format":"conman-schedule-solution/1","assignments":{places},"unplaced":[]}}"#);
    let (told, most, took) = explained(&alone, problem, solution);
    let told = read(&told);
    let wishes = told["wishes"].as_array().unwrap();
    assert_eq!((wishes.len(), told["more_wishes"].as_u64()), (500, Some(99_500)));
    assert_eq!(
        (wishes[499]["sessions"][0].as_str(), wishes[499]["more_sessions"].as_u64()),
        (Some("s499"), Some(99_950))
    );
    assert!(most < 100_000_000, "{most} bytes");
    assert!(took < Duration::from_millis(1500), "{took:?}");
}

/// Thousands that could be in each of thousands of rooms, half of them without a place: what each could have is not remembered of all.
#[test]
fn thousands_without_a_place() {
    let alone = alone();
    let (count, halls) = (4_000, 2_000);
    let sessions = list(count, |n| format!(r#"{{"id":"s{n}","duration":1}}"#));
    let rooms = list(halls, |n| format!(r#"{{"id":"r{n}","capacity":1}}"#));
    let problem = format!(
        r#"{{"format":"conman-schedule-problem/1","days":1,"slots_per_day":1,"rooms":{rooms},"sessions":{sessions}}}"#
    );
    let places = list(halls, |n| format!(r#"{{"session":"s{n}","start":0,"room":"r{n}"}}"#));
    let without = list(count - halls, |n| format!(r#"{{"session":"s{}","reasons":[]}}"#, halls + n));
    let solution = format!(r#"{{"format":"conman-schedule-solution/1","assignments":{places},"unplaced":{without}}}"#);
    let (told, most, took) = explained(&alone, problem, solution);
    let told = read(&told);
    let (reasons, more) = (told["unplaced"].as_array().unwrap().len(), told["more_unplaced"].as_u64());
    assert_eq!(more, Some((count - halls - reasons) as u64));
    assert!(most < 150_000_000, "{most} bytes");
    assert!(took < Duration::from_millis(1500), "{took:?}");
}

/// However long the ids are, no more is said of what is broken than may be.
#[test]
fn long_ids_of_what_is_broken() {
    let alone = alone();
    let (count, long) = (200, "x".repeat(9_990));
    let sessions = list(count, |n| {
        format!(
            r#"{{"id":"{long}{n}","duration":1,"people":["{long}"],"features":["f"],"starts":[[1,2]],"pin":{{"start":1}}}}"#
        )
    });
    let problem = format!(
        r#"{{"format":"conman-schedule-problem/1","days":1,"slots_per_day":2,"rooms":[{{"id":"{long}","capacity":1,"open":[[1,2]]}}],
            "people":[{{"id":"{long}","available":[[1,2]]}}],"sessions":{sessions}}}"#
    );
    let places = list(count, |n| format!(r#"{{"session":"{long}{n}","start":0,"room":"{long}"}}"#));
    let solution = format!(r#"{{"format":"conman-schedule-solution/1","assignments":{places},"unplaced":[]}}"#);
    let (told, ..) = explained(&alone, problem, solution);
    assert!(told.len() < (5 << 20) + 10_000, "{} bytes", told.len());
    let told = read(&told);
    let (broken, more) = (told["broken"].as_array().unwrap().len(), told["more"].as_u64().unwrap());
    // Of each that the room is not open, lacks a feature, that the start and the pin are others and the person is not there; and all
    // but one that the room and the person are taken.
    assert!(broken > 10 && broken as u64 + more == 5 * 200 + 2 * 199, "{broken} and {more}");
}

/// A room that has thousands of features, sessions that need all of them, and times in thousands of pieces.
#[test]
fn what_is_broken_of_long_lists() {
    let alone = alone();
    let (count, many) = (100, 10_000);
    let features = list(many, |n| format!("\"{n}\""));
    let pieces = list(many, |n| format!("[{},{}]", 2 * n, 2 * n + 1));
    let sessions = list(count, |n| format!(r#"{{"id":"s{n}","duration":1,"features":{features},"people":["p"]}}"#));
    let problem = format!(
        r#"{{"format":"conman-schedule-problem/1","days":1,"slots_per_day":20000,
            "rooms":[{{"id":"r","capacity":1,"features":{features},"open":{pieces}}}],
            "people":[{{"id":"p","available":{pieces}}}],"sessions":{sessions}}}"#
    );
    let places = list(count, |n| format!(r#"{{"session":"s{n}","start":{},"room":"r"}}"#, 2 * n));
    let solution = format!(r#"{{"format":"conman-schedule-solution/1","assignments":{places},"unplaced":[]}}"#);
    let (told, _, took) = explained(&alone, problem, solution);
    assert_eq!(read(&told)["broken"], Value::Array(Vec::new()));
    assert!(took < Duration::from_millis(1500), "{took:?}");
}

/// Documents as large as they may be, each of which has as many as it can of something short.
fn large() -> Vec<(&'static str, String)> {
    const BYTES: usize = 16 << 20;
    let rest = r#""format":"conman-schedule-problem/1","days":1,"slots_per_day":4,"rooms":[{"id":"r","capacity":1}]"#;
    let fill = |before: String, element: &dyn Fn(usize) -> String, after: &str| {
        let mut text = before;
        for n in 0.. {
            let element = element(n);
            if text.len() + element.len() + after.len() + 1 > BYTES {
                break;
            }
            text.extend([if n > 0 { "," } else { "" }, &element]);
        }
        text + after
    };
    let few = list(1_000, |n| format!(r#"{{"id":"{n}","duration":1}}"#));
    let people = list(200_000, |n| format!(r#"{{"id":"{n}"}}"#));
    let sessions = list(50_000, |n| format!(r#"{{"id":"{n}","duration":1,"people":["{n}"],"starts":[[0,1]]}}"#));
    let many = format!(r#"{{{rest},"people":{people},"sessions":{sessions},"groups":["#);
    let pair = |n: usize| format!(r#"["{}","{}",1]"#, n % 1_000, (n + 1 + n / 1_000 % 998) % 1_000);
    vec![
        ("overlap", fill(format!(r#"{{{rest},"sessions":{few},"overlap":["#), &pair, "]}")),
        (
            "groups",
            fill(
                many,
                &|n| {
                    format!(
                        r#"{{"id":"{n}","sessions":["{}","{}"],"compact":true,"min_days":1}}"#,
                        n % 50_000,
                        n / 3 % 50_000
                    )
                },
                "]}",
            ),
        ),
        (
            "members of groups",
            fill(
                format!(r#"{{{rest},"sessions":{few},"groups":["#),
                &|n| format!(r#"{{"id":"{n}","sessions":{}}}"#, list(900, |m| format!(r#""{}""#, (m + n) % 1_000))),
                "]}",
            ),
        ),
        (
            "people of sessions",
            fill(
                format!(r#"{{{rest},"people":{people},"sessions":["#),
                &|n| format!(r#"{{"id":"{n}","duration":1,"people":{}}}"#, list(5_000, |m| format!(r#""{m}""#))),
                "]}",
            ),
        ),
        // Refused as too large when a million of its elements have been read.
        (
            "one session",
            fill(format!(r#"{{{rest},"sessions":[{{"id":"s","duration":1,"people":["#), &|_| "0".to_owned(), "]}]}"),
        ),
        ("no sessions", fill(format!(r#"{{{rest},"sessions":["#), &|_| "{}".to_owned(), "]}")),
    ]
}

#[test]
fn a_document_takes_ten_times_its_bytes_to_read() {
    let _alone = alone();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (documents, here) = (Documents::default(), ConventionId::new());
    for (what, text) in large() {
        let bytes = text.len();
        assert!(bytes > (16 << 20) - (64 << 10) && bytes <= 16 << 20, "{what}: {bytes}");
        let (answer, most) = counting::most(|| runtime.block_on(documents.order(&here, text, "{}")));
        let refused = answer.err().map(|fault| fault.code);
        assert!(most < 10 * (16 << 20), "{what}: {most} bytes, refused as {refused:?}");
    }
}
