//! Problems that could be solved but for one thing, which is known because it was planted: it has to be the first reason named.

use std::time::Duration;

use conman_scheduler::explain::{Blocker, explain};
use conman_scheduler::solve::{Effort, solve};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::independent::passes;
use crate::problems::read;
use crate::proofs::{Verdict, judge};
use crate::solvable::{HALL, Solvable, solvable};

/// Whether the first reason of an unplaced session names what was planted.
type Expected = Box<dyn Fn(&Blocker, &Value) -> bool>;

/// Plants something, where the problem has what that needs.
type Plant = fn(&mut Rng, &mut Solvable) -> Option<Expected>;

/// Has each of so many problems name what was planted in it, with a proof that is one.
fn check(seeds: u64, plant: Plant) {
    let (mut planted, mut open) = (0, 0);
    for seed in 0.. {
        let mut random = Rng::with_seed(seed);
        let mut made = solvable(&mut random);
        // Not every problem has what this one needs.
        let Some(expected) = plant(&mut random, &mut made) else { continue };
        let problem = read(&made.document);
        let time = Duration::from_secs(120);
        let effort = Effort { time, iterations: Some(4_000), threads: 1.try_into().unwrap(), seed };
        let found = solve(&problem, &effort, &());
        passes(&problem, &found.timetable, &found.cost);
        let explanation = explain(&problem, &found.timetable);
        assert!(!explanation.unplaced.is_empty(), "seed {seed}: all is placed");
        for unplaced in &explanation.unplaced {
            let first = &unplaced.reasons[0];
            assert!(first.proven && expected(first, &made.document), "seed {seed}: {unplaced:#?}");
        }
        // Sessions with the same proof have it once.
        let mut proofs: Vec<_> = explanation.unplaced.iter().flat_map(|unplaced| &unplaced.reasons).collect();
        proofs.dedup_by_key(|proof| &proof.sessions);
        for proof in proofs.into_iter().filter(|proof| proof.proven).take(3) {
            let verdict = judge(&made.document, proof);
            assert_ne!(verdict, Verdict::False, "seed {seed}: {proof:#?} of {}", made.document);
            open += u64::from(verdict == Verdict::Open);
        }
        planted += 1;
        if planted == seeds {
            break;
        }
    }
    // What cannot be decided by trying everything is the exception.
    assert!(open * 10 <= seeds, "{open} proofs are left open");
}

fn people_of(session: &Value) -> Vec<String> {
    session["people"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn number(value: &Value) -> u32 {
    value.as_u64().unwrap() as u32
}

/// The slots that a session takes of its room.
fn length(session: &Value) -> u32 {
    let part = |key| session[key].as_u64().unwrap_or(0) as u32;
    part("setup") + part("duration") + part("teardown")
}

/// The position of a person's document.
fn person(document: &Value, id: &str) -> usize {
    document["people"].as_array().unwrap().iter().position(|person| person["id"] == id).unwrap()
}

/// Somebody who takes part in something.
fn somebody(random: &mut Rng, made: &Solvable) -> (usize, String) {
    let sessions = made.document["sessions"].as_array().unwrap();
    loop {
        let session = random.usize(0..sessions.len());
        if let Some(id) = people_of(&sessions[session]).first() {
            return (session, id.clone());
        }
    }
}

fn names(constraint: &'static str, person: String) -> Option<Expected> {
    Some(Box::new(move |first, _| first.constraint == constraint && first.people.contains(&person)))
}

#[test]
fn a_presenters_last_slot_taken_away() {
    check(50, |random, made| {
        let (_, id) = somebody(random, made);
        let sessions = made.document["sessions"].as_array().unwrap().clone();
        let theirs = sessions.iter().zip(&made.good).filter(|(session, _)| people_of(session).contains(&id));
        let mut spans: Vec<_> = theirs.map(|(session, good)| [good.0, good.0 + number(&session["duration"])]).collect();
        spans.sort_unstable();
        // Just what they need, but one slot.
        spans.last_mut()?[1] -= 1;
        spans.retain(|[from, to]| from < to);
        let at = person(&made.document, &id);
        made.document["people"][at]["available"] = json!(spans);
        names("person_available", id)
    });
}

#[test]
fn a_feature_room_removed() {
    check(50, |_, made| {
        made.document["rooms"][HALL]["features"] = json!(["projector"]);
        let sessions = made.document["sessions"].as_array()?;
        sessions.iter().find(|session| session["features"] == json!(["stage"]))?;
        Some(Box::new(|first, _| first.constraint == "room_features" && first.detail.contains("\"stage\"")))
    });
}

/// Whether a reason counts more slots of the hall than there are, wanted by sessions that can only be there.
fn overbooks_the_hall(first: &Blocker, document: &Value, most: u32) -> bool {
    let sessions = document["sessions"].as_array().unwrap();
    let named: Vec<_> = sessions
        .iter()
        .filter(|session| first.sessions.contains(&session["id"].as_str().unwrap().to_owned()))
        .collect();
    let length = |session: &&Value| length(session);
    let count = first.count.unwrap();
    let demand: u32 = named.iter().map(|session| length(session) / count.slots).sum();
    first.constraint == "room_busy"
        && first.rooms == ["r0"]
        && named.iter().all(|session| session["features"] == json!(["stage"]))
        && (count.demand, count.supply <= most / count.slots) == (demand, true)
        && count.demand > count.supply
}

#[test]
fn a_hall_overbooked() {
    check(50, |random, made| {
        let most = made.horizon();
        let sessions = made.document["sessions"].as_array_mut()?;
        let needs = |session: &Value| session["features"] == json!(["stage"]);
        let mut wanted: u32 = sessions.iter().filter(|session| needs(session)).map(length).sum();
        while wanted <= most {
            let duration = random.u32(1..4);
            sessions.push(json!({"id": format!("s{}", sessions.len()), "duration": duration, "features": ["stage"], "people": []}));
            wanted += duration;
        }
        Some(Box::new(move |first, document| overbooks_the_hall(first, document, most)))
    });
}

#[test]
fn a_pin_against_availability() {
    check(50, |random, made| {
        let (session, id) = somebody(random, made);
        let (start, room) = made.good[session];
        made.document["sessions"][session]["pin"] = json!({"start": start, "room": format!("r{room}")});
        if let Some(session) = made.document["sessions"][session].as_object_mut() {
            session.remove("starts");
        }
        // Others of it have to be away for nothing.
        for other in people_of(&made.document["sessions"][session]) {
            let at = person(&made.document, &other);
            made.document["people"][at]["available"] = json!(null);
        }
        let at = person(&made.document, &id);
        // All the time but that.
        made.document["people"][at]["available"] = json!(
            [[0, start], [start + 1, made.horizon()]].into_iter().filter(|[from, to]| from < to).collect::<Vec<_>>()
        );
        names("pin", id)
    });
}

#[test]
fn a_hall_overbooked_on_one_day() {
    check(30, |random, made| {
        let (day, horizon) = (made.slots_per_day, made.horizon());
        let sessions = made.document["sessions"].as_array_mut()?;
        // Longer than half a day: only one fits, and the others that need the hall do not matter.
        for _ in 0..=1 {
            let duration = random.u32(day / 2 + 1..day);
            sessions.push(json!({"id": format!("s{}", sessions.len()), "duration": duration, "features": ["stage"],
                "starts": [[horizon - day, horizon]], "people": []}));
        }
        sessions.retain(|session| session["features"] != json!(["stage"]) || number(&session["duration"]) > day / 2);
        for wishes in ["overlap", "groups"] {
            made.document[wishes] = json!([]);
        }
        Some(Box::new(move |first, document| overbooks_the_hall(first, document, day)))
    });
}

#[test]
fn two_pins_at_one_place() {
    check(30, |random, made| {
        let (start, room) = made.good[random.usize(0..made.good.len())];
        let sessions = made.document["sessions"].as_array_mut()?;
        let ids = [format!("s{}", sessions.len()), format!("s{}", sessions.len() + 1)];
        for id in &ids {
            sessions.push(
                json!({"id": id, "duration": 1, "people": [], "pin": {"start": start, "room": format!("r{room}")}}),
            );
        }
        Some(Box::new(move |first, _| {
            // Who was there before can be nowhere else, or somewhere else: then only the two pins are to blame.
            first.constraint == "pin" && ids.iter().any(|id| first.sessions.contains(id))
                || first.constraint == "room_busy" && first.sessions.iter().any(|id| ids.contains(id))
        }))
    });
}

#[test]
fn a_person_pinned_to_two_rooms_at_once() {
    check(30, |random, made| {
        made.document["people"].as_array_mut()?.push(json!({"id": "twin"}));
        let start = random.u32(0..made.slots_per_day - 2);
        // One after the other, at the end of the day, on new days of rooms that nobody else has.
        made.document["rooms"]
            .as_array_mut()?
            .extend([json!({"id": "left", "capacity": 0}), json!({"id": "right", "capacity": 0})]);
        let sessions = made.document["sessions"].as_array_mut()?;
        for (id, from, room) in [("one", start, "left"), ("other", start + 1, "right")] {
            sessions.push(json!({"id": id, "duration": 2, "people": ["twin"], "pin": {"start": from, "room": room}}));
        }
        names("pin", "twin".to_owned())
    });
}

#[test]
fn an_audience_larger_than_any_room() {
    check(20, |random, made| {
        let at = random.usize(0..made.good.len());
        made.document["sessions"][at]["audience"] = json!(1000);
        Some(Box::new(|first, _| first.constraint == "room_capacity" && first.detail.contains("1000")))
    });
}

#[test]
fn two_presenters_who_are_never_there_together() {
    check(20, |random, made| {
        let horizon = made.horizon();
        made.document["people"].as_array_mut()?.extend([
            json!({"id": "early", "available": [[0, 4]]}),
            json!({"id": "late", "available": [[3, horizon]]}),
        ]);
        let duration = random.u32(2..4);
        made.document["sessions"]
            .as_array_mut()?
            .push(json!({"id": "both", "duration": duration, "people": ["early", "late"]}));
        Some(Box::new(|first, _| first.constraint == "person_available" && first.people == ["early", "late"]))
    });
}

#[test]
fn what_comes_after_something_too_late() {
    check(20, |random, made| {
        let horizon = made.horizon();
        let from = random.u32(2..horizon - 2);
        let sessions = made.document["sessions"].as_array_mut()?;
        // In between, so that it has to be followed from one to the next.
        sessions.push(json!({"id": "first", "duration": 1, "people": [], "starts": [[from, horizon]]}));
        sessions.push(json!({"id": "second", "duration": 1, "people": [], "after": ["first"]}));
        sessions
            .push(json!({"id": "third", "duration": 1, "people": [], "after": ["second"], "starts": [[0, from + 2]]}));
        Some(Box::new(|first, _| {
            let all = ["first", "second", "third"].map(str::to_owned);
            first.constraint == "after" && all.iter().all(|id| first.sessions.contains(id))
        }))
    });
}

#[test]
fn more_sessions_in_conflict_than_fit_one_after_another() {
    check(20, |random, made| {
        let from = random.u32(0..made.slots_per_day - 3);
        let sessions = made.document["sessions"].as_array_mut()?;
        let ids = ["c0", "c1", "c2", "c3"];
        let sessions_here = ids.map(|id| json!({"id": id, "duration": 1, "people": [], "starts": [[from, from + 3]], "rooms": [format!("own-{id}")]}));
        sessions.extend(sessions_here);
        made.document["rooms"].as_array_mut()?.extend(ids.map(|id| json!({"id": format!("own-{id}"), "capacity": 0})));
        let pairs: Vec<_> = (0..4).flat_map(|one| (0..one).map(move |other| [ids[one], ids[other]])).collect();
        made.document["conflicts"] = json!(pairs);
        Some(Box::new(move |first, _| {
            first.constraint == "conflict"
                && first.sessions.len() == 4
                && first.count.is_some_and(|count| (count.demand, count.supply) == (4, 3))
        }))
    });
}

#[test]
fn rooms_closed_in_the_only_window() {
    check(20, |random, made| {
        let day = made.slots_per_day;
        // Where there is only one day the garden opens late.
        let open = if made.days > 1 { [0, day] } else { [day / 2, day] };
        let from = if made.days > 1 { day } else { 0 };
        let at = random.u32(from..from + day / 2);
        made.document["rooms"]
            .as_array_mut()?
            .push(json!({"id": "garden", "capacity": 50, "features": ["tree"], "open": [open]}));
        made.document["sessions"]
            .as_array_mut()?
            .push(json!({"id": "picnic", "duration": 1, "features": ["tree"], "people": [],
            "starts": [[at, at + 1]]}));
        Some(Box::new(|first, _| first.constraint == "room_open" && first.sessions == ["picnic"]))
    });
}

#[test]
fn pins_that_fill_the_only_room() {
    check(20, |random, made| {
        let (duration, day) = (random.u32(2..4), made.slots_per_day);
        made.document["rooms"]
            .as_array_mut()?
            .push(json!({"id": "dome", "capacity": 50, "features": ["dome"], "open": [[0, day]]}));
        let sessions = made.document["sessions"].as_array_mut()?;
        // No gap is long enough.
        for start in (0..day).step_by(duration as usize) {
            sessions.push(json!({"id": format!("pin{start}"), "duration": 1, "people": [], "pin": {"start": start, "room": "dome"}}));
        }
        sessions.push(json!({"id": "show", "duration": duration, "features": ["dome"], "people": []}));
        Some(Box::new(|first, _| {
            first.constraint == "room_busy"
                && first.rooms == ["dome"]
                && first.sessions.contains(&"show".to_owned())
                && first.detail.contains("pinned")
        }))
    });
}
