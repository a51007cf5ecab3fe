//! Two real conventions lose all their times and rooms and are planned again in two seconds, by whoever organises them: over HTTP, with the
//! plugin in its sandbox.
//!
//! People can on the days on which they were published. The published schedule and the new one are counted in the same problem, by the host
//! and by an independent checker. They hold real people's names, so they are not in the project; where they are absent, these tests say
//! so and pass.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::time::Instant;

use conman_tests::plans::Planner;
use conman_tests::{Database, Found, HostApart, checked_independently, on_each_database};
use serde_json::{Value, json};

use crate::programmes::{PROGRAMMES, Programme, folder};

/// How long it may search.
const SECONDS: f64 = 2.0;

/// What the import finds to be shared because three sessions at once are there, these are by their nature: places online, and wherever
/// there was room.
const SHARED: [&str; 2] = ["Airmeet ", "Other"];

/// The cost's terms that both schedules have; how far one has moved from the other is none of them.
const TERMS: [&str; 8] =
    ["overlap", "overflow", "missing_day", "isolated", "extra_room", "unpreferred", "over_day_limit", "short_gap"];

/// The programme, imported, with its shared places and its people's days.
async fn published(host: &HostApart, programme: &Programme, folder: &Path) -> Planner {
    let slug = programme.slug;
    let operator = host.operator();
    operator.convention_on(slug, programme.place).await;
    operator.enable(slug, "core-programming").await;
    let planner = Planner::new(operator.person(slug, "ada", "admin").await, slug);
    for file in programme.files {
        planner.import(programme.format, std::fs::read(folder.join(file)).unwrap()).await;
    }
    let rooms =
        planner.run("{ draftRooms { id name exclusive } }", json!({})).await["draftRooms"].as_array().unwrap().clone();
    let shared = |room: &&Value| SHARED.iter().any(|name| room["name"].as_str().unwrap().starts_with(name));
    let shared: Vec<_> = rooms.iter().filter(shared).map(|room| [room["id"].clone(), json!(false)]).collect();
    planner.each("updateRoom(id: $0, patch: { exclusive: $1 })", ["ID!", "Boolean!"], &shared).await;

    let read = "{ draftSessions(first: 2000) { nodes { day people { person { id } } } } }";
    let sessions = planner.run(read, json!({})).await["draftSessions"]["nodes"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), programme.sessions);
    let mut days: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for session in &sessions {
        for part in session["people"].as_array().unwrap() {
            let person = part["person"]["id"].as_str().unwrap();
            days.entry(person).or_default().insert(session["day"].as_str().unwrap());
        }
    }
    assert_eq!(days.len(), programme.people);
    let whole = planner.run("{ programmeDays { date start end } }", json!({})).await["programmeDays"]
        .as_array()
        .unwrap()
        .clone();
    let window = |day: &&str| {
        let whole = whole.iter().find(|whole| whole["date"] == **day).unwrap();
        json!({ "start": whole["start"], "end": whole["end"] })
    };
    let inputs: Vec<_> = days.iter().map(|(person, days)| [json!(person), days.iter().map(window).collect()]).collect();
    planner.each("setPersonAvailability(id: $0, windows: $1)", ["ID!", "[AvailableWindowInput!]!"], &inputs).await;
    planner
}

fn term(cost: &Value, name: &str) -> u64 {
    cost["terms"][name].as_u64().unwrap_or(0)
}

/// How many hard constraints of each kind are broken, as far as they are named.
fn kinds(found: &Found) -> BTreeMap<&str, usize> {
    let mut kinds = BTreeMap::new();
    for broken in &found.breaks {
        *kinds.entry(broken.split(' ').next().unwrap()).or_default() += 1;
    }
    kinds
}

/// How many pairs of a track's sessions are at once, by the times that people see.
async fn tracks_at_once(planner: &Planner) -> usize {
    let read = "{ draftSessions(first: 2000) { nodes { start end track { id } } } }";
    let sessions = planner.run(read, json!({})).await["draftSessions"]["nodes"].as_array().unwrap().clone();
    let mut tracks: HashMap<&str, Vec<[&str; 2]>> = HashMap::new();
    for session in &sessions {
        if let Some(track) = session["track"]["id"].as_str() {
            let span = ["start", "end"].map(|name| session[name].as_str().unwrap());
            tracks.entry(track).or_default().push(span);
        }
    }
    let at_once = |spans: &Vec<[&str; 2]>| {
        let later = |(at, one): (usize, &[&str; 2])| {
            spans[at + 1..].iter().filter(|other| one[0] < other[1] && other[0] < one[1]).count()
        };
        spans.iter().enumerate().map(later).sum::<usize>()
    };
    tracks.values().map(at_once).sum()
}

/// Nobody is in two sessions at once, and no room holds two, by the times that people see.
async fn assert_possible(planner: &Planner) {
    let read = "{ draftSessions(first: 2000) { nodes { title start end room { id exclusive } people { role person { id } } } } }";
    let sessions = planner.run(read, json!({})).await["draftSessions"]["nodes"].as_array().unwrap().clone();
    let mut spans: HashMap<String, Vec<(&str, &str, &Value)>> = HashMap::new();
    for session in &sessions {
        // Local times of one summer are in order as they are written.
        let at = |name: &str| session[name].as_str().unwrap_or_else(|| panic!("{session}"));
        let room = Some(&session["room"]).filter(|room| room["exclusive"] == true).map(|room| room["id"].to_string());
        let people = session["people"].as_array().unwrap().iter().filter(|part| part["role"] != "RESERVE");
        for who in people.map(|part| part["person"]["id"].to_string()).chain(room) {
            spans.entry(who).or_default().push((at("start"), at("end"), &session["title"]));
        }
    }
    for spans in spans.values_mut() {
        spans.sort_by_key(|(start, end, _)| (*start, *end));
        for pair in spans.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "{:?} and {:?} at once", pair[0].2, pair[1].2);
        }
    }
    for kind in ["ROOM_OVERLAP", "PERSON_DOUBLE_BOOKED", "PERSON_UNAVAILABLE", "ROOM_UNAVAILABLE", "ROOM_NOT_ALLOWED"] {
        assert_eq!(planner.conflicts(kind).await, 0, "{}: {kind}", planner.slug);
    }
}

async fn rebuild(host: &HostApart, programme: &Programme, folder: &Path) {
    let slug = programme.slug;
    let planner = published(host, programme, folder).await;
    let was = planner.document("solution").await;
    let tracks_were = tracks_at_once(&planner).await;
    let cleared = planner.run("mutation { clearSchedule }", json!({})).await;
    assert_eq!(cleared["clearSchedule"], programme.sessions, "{slug}");
    let bare = planner.run("{ draftSessions(first: 2000) { nodes { start room { exclusive } } } }", json!({})).await;
    let bare = bare["draftSessions"]["nodes"].as_array().unwrap();
    assert!(bare.iter().all(|session| session["start"].is_null() && session["room"]["exclusive"] != true), "{slug}");

    let problem = planner.document("problem").await;
    assert_eq!(problem["sessions"].as_array().unwrap().len(), programme.sessions, "{slug}");
    assert!(problem["incumbent"].as_array().is_none_or(Vec::is_empty), "{slug}: nothing is where it was");
    let begun = Instant::now();
    let id = planner.plan(json!({ "seconds": SECONDS })).await;
    let plan = planner.ended(&id).await;
    let took = begun.elapsed();
    assert_eq!(
        (&plan["state"], &plan["after"]["unplaced"], &plan["unplaced"]),
        (&json!("READY"), &json!(0), &json!([])),
        "{slug}"
    );
    let placed = plan["course"].as_array().unwrap().iter().find(|point| point["unplaced"] == 0).unwrap();
    planner.accept(&id, None).await.unwrap();
    assert_possible(&planner).await;
    let tracks_are = tracks_at_once(&planner).await;
    assert!(tracks_are <= tracks_were, "{slug}: {tracks_were} pairs of a track were at once, {tracks_are} are");

    // What was accepted is what was promised, in the very problem that was searched.
    let now = planner.document("solution").await;
    assert_eq!(now["cost"]["soft"], plan["after"]["soft"], "{slug}");
    // By the host's own figures, and where the independent program is at hand by its.
    for name in TERMS {
        assert!(term(&now["cost"], name) <= term(&was["cost"], name), "{slug}: {name} {} {}", was["cost"], now["cost"]);
    }
    let (Some(old), Some(new)) = (checked_independently(&problem, &was), checked_independently(&problem, &now)) else {
        return;
    };
    assert_eq!((new.broken, new.passed), (0, true), "{slug}: {:?}", new.breaks);
    assert_eq!((&new.cost["unplaced"], &new.cost["soft"]), (&json!(0), &plan["after"]["soft"]), "{slug}");
    for told in plan["after"]["terms"].as_array().unwrap() {
        assert_eq!(told["cost"], new.cost["terms"][told["term"].as_str().unwrap()], "{slug}: {told}");
    }
    for name in TERMS {
        assert!(term(&new.cost, name) <= term(&old.cost, name), "{slug}: {name} {} {}", old.cost, new.cost);
    }
    eprintln!(
        "{slug}: {tracks_were} and {tracks_are} pairs of a track at once; {} sessions, all placed after {} s, planned in {took:.1?}; published: {} hard constraints broken (the first: {:?}), {}; planned: {} broken, {}",
        programme.sessions,
        placed["elapsed"],
        old.broken,
        kinds(&old),
        old.cost,
        new.broken,
        new.cost,
    );
}

on_each_database! {
    async fn two_worldcons_are_planned_again(database: Database) {
        let Some(folder) = folder() else { return };
        let host = HostApart::start(database);
        for slug in ["worldcon-2016", "worldcon-2022"] {
            let programme = PROGRAMMES.iter().find(|programme| programme.slug == slug).unwrap();
            rebuild(&host, programme, &folder).await;
        }
    }
}
