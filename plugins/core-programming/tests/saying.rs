//! What the scheduler says of programmes drawn by chance is for people when this plugin repeats it, and every sentence is one that is known.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use conman_independent::Aim;
use conman_scheduler::document::{read_problem, read_solution};
use conman_scheduler::explain;
use conman_scheduler::problem::Problem as Read;
use conman_scheduler::solve::Effort;
use conman_scheduler::timetable::Timetable;
use conman_sdk::Convention;
use conman_sdk::scheduler::{Explanation, Solution, Unplaced};
use core_programming::conflicts::Requirements;
use core_programming::model::Slot;
use core_programming::scheduling::calendar::Calendar;
use core_programming::scheduling::explained;
use core_programming::scheduling::ids::Ids;
use core_programming::scheduling::material::{Material, Person, Room, Session, Task};
use core_programming::scheduling::problem;
use core_programming::scheduling::words::{Names, Words};
use jiff::civil::{date, time};
use jiff::{Timestamp, ToSpan as _};

#[path = "common/human.rs"]
#[allow(unreachable_pub, reason = "other tests use it, too")]
mod human;

/// So many programmes.
const PROGRAMMES: u64 = 150;
const ROOMS: usize = 4;
const PEOPLE: usize = 5;

/// Each sentence that is known, with what it becomes.
const SENTENCES: &str = include_str!("../src/scheduling/words/sentences.txt");

struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn hours(&mut self) -> Slot {
        let start = self.below(42) + 2;
        slot(start * 60, (self.below(4) + 1) * 60)
    }

    fn windows(&mut self, many: usize) -> Vec<Slot> {
        (0..many).map(|_| self.hours()).collect()
    }

    fn names(&mut self, kind: char, of: usize, most: usize) -> Vec<String> {
        let names: BTreeSet<String> = (0..self.below(most + 1)).map(|_| name(kind, self.below(of))).collect();
        names.into_iter().collect()
    }
}

fn name(kind: char, number: usize) -> String {
    format!("{kind}{number}")
}

fn slot(start: usize, minutes: usize) -> Slot {
    let start = "2026-08-14T06:00:00+02:00".parse::<Timestamp>().unwrap() + i64::try_from(start).unwrap().minutes();
    Slot::lasting(start, i64::try_from(minutes).unwrap() * 60).unwrap()
}

fn convention() -> Convention {
    Convention::new("con", "Europe/Berlin", date(2026, 8, 14), date(2026, 8, 15), time(6, 0, 0, 0)).unwrap()
}

/// More than there is room for, with more requirements than can be met.
fn programme(chance: &mut Chance) -> Material {
    let sessions = 6 + chance.below(10);
    let room = |number| {
        let windows = if chance.one_in(2) { 1 + chance.below(2) } else { 0 };
        Room {
            id: name('r', number),
            name: name('r', number),
            exclusive: number > 0 || chance.one_in(2),
            capacity: (!chance.one_in(3)).then(|| 10 + i64::try_from(chance.below(60)).unwrap()),
            features: chance.names('f', 2, 1),
            windows: chance.windows(windows),
        }
    };
    let rooms = (0..ROOMS).map(room).collect();
    let person = |number| {
        let (can, like) = (chance.below(3), chance.below(2));
        Person {
            id: name('p', number),
            windows: chance.windows(can),
            preferred: chance.windows(like),
            daily_limit: chance.one_in(2).then_some(1),
        }
    };
    let people = (0..PEOPLE).map(person).collect();
    let session = |number: usize| Session {
        id: name('s', number),
        kind: "talk".to_owned(),
        track: chance.one_in(2).then(|| "track".to_owned()),
        online: chance.one_in(12),
        slot: chance.one_in(2).then(|| chance.hours()),
        minutes: Some(30 * i64::try_from(1 + chance.below(4)).unwrap()),
        room: chance.one_in(2).then(|| name('r', chance.below(ROOMS))),
        people: chance.names('p', PEOPLE, 2),
        requirements: Requirements {
            needs: if chance.one_in(4) { vec![name('f', chance.below(3))] } else { Vec::new() },
            // The first may be shared by many: it becomes columns.
            rooms: if chance.one_in(3) { vec![name('r', 0)] } else { chance.names('r', ROOMS, 1) },
            setup: if chance.one_in(6) { 30 } else { 0 },
            teardown: 0,
            after: (number > 0 && chance.one_in(4)).then(|| name('s', chance.below(number))).into_iter().collect(),
        },
        audience: chance.one_in(2).then(|| 5 + u32::try_from(chance.below(100)).unwrap()),
        free: !chance.one_in(4),
    };
    let sessions = (0..sessions).map(session).collect();
    Material { rooms, people, sessions, marked_both: vec![(name('s', 0), name('s', 1), 3)] }
}

/// The sentence without what is its own: what is in quotes, numbers, how many of either are in a list, and what is said only where it is so.
fn shape(sentence: &str) -> String {
    let mut shape = String::new();
    for (at, part) in sentence.split('"').enumerate() {
        if at % 2 == 1 {
            shape.push('Q');
            continue;
        }
        for one in part.chars() {
            match one {
                '0'..='9' if shape.ends_with('0') => {}
                '0'..='9' => shape.push('0'),
                _ => shape.push(one),
            }
        }
    }
    shape = shape.replace("[0, 0)", "R");
    // Lists are of one or of many, and some parts are said where there is something to say.
    while ["Q, Q", "Q and Q", "R, R", "R and R"].iter().any(|list| shape.contains(list)) {
        for (list, one) in [("Q, Q", "Q"), ("Q and Q", "Q"), ("R, R", "R"), ("R and R", "R")] {
            shape = shape.replace(list, one);
        }
    }
    for (said, as_if) in [
        ("Q and 0 more", "Q"),
        ("R and 0 more", "R"),
        (" are ", " is "),
        ("rooms Q is", "room Q is"),
        ("slots", "slot"),
        ("sessions", "session"),
        ("others", "other"),
        ("places", "place"),
        ("stretches", "stretch"),
        (" (0 of them pinned)", ""),
        (", which needs Q", ""),
        (", as it needs Q", ""),
        (", and 0 other", ""),
        (" and 0 other", ""),
        (", with Q", ""),
        (" with Q", ""),
        ("placed in Q", "placed"),
        ("there Q is pinned", "there Q is able to be nowhere else"),
    ] {
        shape = shape.replace(said, as_if);
    }
    shape
}

/// The parts of a sentence, each of which is a reason of its own.
fn shapes(sentence: &str) -> impl Iterator<Item = String> {
    shape(sentence)
        .split("; ")
        .map(|part| part.trim_end_matches(": that leaves no place").to_owned())
        .collect::<Vec<_>>()
        .into_iter()
}

/// What is told of a timetable.
fn told(read: &Read, timetable: &Timetable, ids: &Ids) -> Explanation {
    let explanation = serde_json::to_value(explain::explain(read, timetable)).unwrap();
    explained::spelled(serde_json::from_value(explanation).unwrap(), ids)
}

fn sentences(told: &Explanation) -> impl Iterator<Item = &str> {
    let reasons = told.unplaced.iter().flat_map(|left| &left.reasons).map(|reason| reason.detail.as_str());
    let mends = told.wishes.iter().filter_map(|wish| wish.mend.found()).map(|(_, text)| text);
    reasons.chain(told.wishes.iter().map(|wish| wish.text.as_str())).chain(mends)
}

/// Names for all there is.
fn names(material: &Material) -> Names {
    let mut names = Names::default();
    names.sessions(material.sessions.iter().map(|one| (one.id.clone(), "Talk".to_owned())));
    names.others(material.rooms.iter().map(|one| (one.id.clone(), "Hall".to_owned())));
    names.others(material.people.iter().map(|one| (one.id.clone(), "Ann".to_owned())));
    names
}

/// What is said of one programme: as it stands, as it is proposed, and of the proposal when half of it is taken out.
fn said(material: &Material, convention: &Convention, heard: &mut dyn FnMut(&str, &Calendar)) {
    let stated = problem::state(material, &Task::default(), convention);
    let (mut problem, mut now) = (stated.problem, stated.now);
    let ids = Ids::replaced(&mut problem);
    ids.code_all(&mut now);
    let searched = read_problem(&serde_json::to_vec(&problem).unwrap()).unwrap();
    let effort =
        Effort { time: Duration::from_secs(60), iterations: Some(1_000), threads: 1.try_into().unwrap(), seed: 1 };
    let proposed = conman_independent::solve(&searched, Aim::default(), &effort, &()).timetable;
    let (problem, held) = stated.truth.whole(problem, &ids);
    let whole = read_problem(&serde_json::to_vec(&problem).unwrap()).unwrap();
    let placed = |solution: &Solution| {
        let mut solution = explained::solution(solution, &held);
        let is_placed = |id: &str| solution.assignments.iter().any(|place| place.session == id);
        let left = problem.sessions.iter().filter(|session| !is_placed(&session.id));
        solution.unplaced = left.map(|one| Unplaced { session: one.id.clone(), reasons: Vec::new() }).collect();
        let document = serde_json::to_vec(&solution).unwrap();
        read_solution(&whole, &document).unwrap().timetable
    };
    let proposed = serde_json::from_slice(&conman_scheduler::document::write_solution(
        &searched,
        &conman_scheduler::document::Solution { timetable: proposed, reasons: Default::default(), stated: None },
    ))
    .unwrap();
    let mut halved: Solution = Solution::clone(&proposed);
    let mut at = 0;
    halved.assignments.retain(|place| {
        at += 1;
        let is_held = held.iter().any(|pin| pin.session == place.session);
        is_held || at % 2 == 0
    });
    halved.cost = None;
    for solution in [&now, &proposed, &halved] {
        for sentence in sentences(&told(&whole, &placed(solution), &ids)) {
            heard(sentence, &stated.calendar);
        }
    }
}

#[test]
fn whatever_is_said_is_known_and_for_people() {
    let convention = convention();
    let known: BTreeSet<String> = SENTENCES.lines().filter(|line| !line.starts_with(' ')).flat_map(shapes).collect();
    let (mut chance, mut new, mut heard) = (Chance(2026), BTreeMap::new(), BTreeSet::new());
    for _ in 0..PROGRAMMES {
        let material = programme(&mut chance);
        let names = names(&material);
        said(&material, &convention, &mut |sentence, calendar| {
            let words = Words { calendar, convention: &convention, names: &names };
            human::assert_human(&words.said(sentence));
            for shape in shapes(sentence) {
                if !known.contains(&shape) {
                    new.insert(shape.clone(), sentence.to_owned());
                }
                heard.insert(shape);
            }
        });
    }
    assert!(new.is_empty(), "{new:#?}");
    // As much of it is heard as makes this worth while.
    assert!(heard.len() * 2 > known.len(), "{} of {}", heard.len(), known.len());
}
