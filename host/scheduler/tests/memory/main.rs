//! What a search takes of memory, next to what was told before: the host refuses by that what would take too much.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "tests, with small numbers"
)]

mod counting;

use std::fmt::Write as _;
use std::num::NonZeroU16;
use std::time::Duration;

use conman_scheduler::document::read_problem;
use conman_scheduler::problem::Problem;
use conman_scheduler::solve::{Effort, memory, solve};

fn list(count: usize, element: impl Fn(usize) -> String) -> String {
    let mut list = "[".to_owned();
    for number in 0..count {
        let _ = write!(list, "{}{}", if number > 0 { "," } else { "" }, element(number));
    }
    list + "]"
}

fn read(days: u32, slots_per_day: u32, members: &str) -> Problem {
    let calendar = format!(r#""days":{days},"slots_per_day":{slots_per_day}"#);
    let document = format!(r#"{{"format":"conman-schedule-problem/1",{calendar},{members}}}"#);
    read_problem(document.as_bytes()).unwrap_or_else(|flaws| panic!("{flaws}"))
}

fn sessions(count: usize) -> String {
    list(count, |n| format!(r#"{{"id":"s{n}","duration":1}}"#))
}

/// Rooms that are never open, so that there is nothing to search for when the tables are made. Builds for tests compare tables of what
/// is placed with others made anew, which would count twice.
fn closed(count: usize) -> String {
    list(count, |n| format!(r#"{{"id":"r{n}","capacity":1,"open":[]}}"#))
}

/// Another pair for each number.
fn pair(n: usize) -> (usize, usize) {
    let larger = (0..).find(|larger| larger * (larger + 1) / 2 > n).unwrap();
    (n - larger * (larger - 1) / 2, larger)
}

fn pairs(count: usize, more: &str) -> String {
    list(count, |n| format!(r#"["s{}","s{}"{more}]"#, pair(n).0, pair(n).1))
}

/// Problems each of which has a great deal of something.
fn problems() -> Vec<(&'static str, Problem)> {
    let open = |count| list(count, |n| format!(r#"{{"id":"r{n}","capacity":1}}"#));
    let (one, none) = (sessions(1), closed(0));
    let wishing =
        |count: usize| list(count, |n| format!(r#"{{"id":"p{n}","preferred":[[0,9]],"max_per_day":1,"min_gap":1}}"#));
    let groups = |count: usize, wish: &str| {
        list(count, |n| format!(r#"{{"id":"g{n}","sessions":["s{}","s{}"],{wish}}}"#, pair(n).0, pair(n).1))
    };
    let few = sessions(200);
    vec![
        ("sessions", read(1, 2, &format!(r#""rooms":{none},"sessions":{}"#, sessions(50_000)))),
        ("slots of sessions", read(5, 1_000, &format!(r#""rooms":{none},"sessions":{}"#, sessions(2_000)))),
        (
            "slots of sessions in conflict",
            read(5, 1_000, &format!(r#""rooms":{none},"sessions":{},"conflicts":[["s0","s1"]]"#, sessions(2_000))),
        ),
        ("rooms of sessions", read(1, 5, &format!(r#""rooms":{},"sessions":{}"#, open(2_000), sessions(4_000)))),
        ("slots of rooms", read(5, 400, &format!(r#""rooms":{},"sessions":{one}"#, closed(5_000)))),
        ("slots of people", read(5, 400, &format!(r#""rooms":{none},"people":{},"sessions":{one}"#, wishing(10_000)))),
        (
            "people in sessions",
            read(
                5,
                4,
                &format!(
                    r#""rooms":{none},"people":{},"sessions":{}"#,
                    wishing(10_000),
                    list(100, |n| {
                        let people = list(10_000, |p| format!("\"p{p}\""));
                        format!(r#"{{"id":"s{n}","duration":1,"people":{people}}}"#)
                    })
                ),
            ),
        ),
        (
            "people in sessions that are placed",
            read(
                1,
                20,
                &format!(
                    r#""rooms":{},"people":{},"sessions":{}"#,
                    open(1),
                    wishing(10_000),
                    list(20, |n| {
                        let people = list(10_000, |p| format!("\"p{p}\""));
                        format!(r#"{{"id":"s{n}","duration":1,"people":{people}}}"#)
                    })
                ),
            ),
        ),
        (
            "overlap",
            read(1, 4, &format!(r#""rooms":{none},"sessions":{},"overlap":{}"#, sessions(2_000), pairs(999_000, ",1"))),
        ),
        (
            "conflicts",
            read(1, 4, &format!(r#""rooms":{none},"sessions":{},"conflicts":{}"#, sessions(2_000), pairs(999_000, ""))),
        ),
        (
            "slots of groups",
            read(
                5,
                400,
                &format!(r#""rooms":{none},"sessions":{few},"groups":{}"#, groups(5_000, r#""compact":true"#)),
            ),
        ),
        (
            "rooms of groups",
            read(
                1,
                1,
                &format!(
                    r#""rooms":{},"sessions":{few},"groups":{}"#,
                    closed(4_000),
                    groups(5_000, r#""same_room":true"#)
                ),
            ),
        ),
        (
            "days of groups",
            read(
                2_000,
                1,
                &format!(r#""rooms":{none},"sessions":{few},"groups":{}"#, groups(5_000, r#""min_days":2"#)),
            ),
        ),
        (
            "members of groups",
            read(
                2,
                2,
                &format!(
                    r#""rooms":{none},"sessions":{},"groups":{}"#,
                    sessions(2_000),
                    list(1_000, |n| {
                        let members = list(1_999, |s| format!("\"s{}\"", s + usize::from(s >= n)));
                        format!(r#"{{"id":"g{n}","sessions":{members},"compact":true,"same_room":true,"min_days":2}}"#)
                    })
                ),
            ),
        ),
    ]
}

#[test]
fn a_search_takes_what_it_says_at_the_most_and_not_much_less() {
    let mut wrong = Vec::new();
    for (what, problem) in problems() {
        for threads in [1, 2] {
            let threads = NonZeroU16::new(threads).unwrap();
            let effort = Effort { time: Duration::from_secs(60), iterations: Some(1), threads, seed: 1 };
            let (found, taken) = counting::most(|| solve(&problem, &effort, &()));
            let told = memory(&problem, threads);
            let share = taken as f64 / told as f64;
            // With nothing to search for, the second thread may begin when the first has ended.
            if share > 1.0 || (threads.get() == 1 && share < 0.2) {
                wrong.push(format!("{what}, {threads} threads: {taken} of {told}"));
            }
            assert_eq!(found.timetable.places.len(), problem.sessions.len());
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
