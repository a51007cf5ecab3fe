//! What the tests on real programmes share.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test binary uses its part")]

pub mod calendar;
pub mod human;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use core_programming::changes::{self, Elsewhere, Plan};
use core_programming::conflicts::{self, Facts, Kind, Placed, Requirements, RoomFacts, Rules};
use core_programming::export::{Edition, Readers};
use core_programming::import::{File, Format, Options};
use core_programming::model::Programme;
use jiff::civil::{Date, Time, date, time};
use jiff::tz::TimeZone;

/// The folder of shared test data, or a clear line that the test was skipped.
pub fn data(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(folder);
    if path.is_dir() {
        Some(path)
    } else {
        conman_testkit::skipped(format_args!("{} is not there", path.display()));
        None
    }
}

/// One real programme.
pub struct Real {
    pub name: &'static str,
    pub files: &'static [&'static str],
    pub format: Format,
    pub zone: &'static str,
    pub day_change: Time,
    pub first: Date,
    pub last: Date,
}

pub const REAL: [Real; 6] = [
    Real {
        name: "39c3 xml",
        files: &["39c3.schedule.xml"],
        format: Format::FrabXml,
        zone: "Europe/Berlin",
        day_change: time(6, 0, 0, 0),
        first: date(2025, 12, 27),
        last: date(2025, 12, 30),
    },
    Real {
        name: "39c3 json",
        files: &["39c3.schedule.json"],
        format: Format::FrabJson,
        zone: "Europe/Berlin",
        day_change: time(6, 0, 0, 0),
        first: date(2025, 12, 27),
        last: date(2025, 12, 30),
    },
    Real {
        name: "36c3",
        files: &["36c3.schedule.xml"],
        format: Format::FrabXml,
        zone: "Europe/Berlin",
        day_change: time(6, 0, 0, 0),
        first: date(2019, 12, 27),
        last: date(2019, 12, 30),
    },
    Real {
        name: "fosdem 2025",
        files: &["fosdem-2025.schedule.xml"],
        format: Format::FrabXml,
        zone: "Europe/Brussels",
        day_change: time(9, 0, 0, 0),
        first: date(2025, 2, 1),
        last: date(2025, 2, 2),
    },
    Real {
        name: "worldcon 2022",
        files: &["worldcon-2022.conclar.jsonp"],
        format: Format::Conclar,
        zone: "America/Chicago",
        day_change: time(5, 0, 0, 0),
        first: date(2022, 9, 1),
        last: date(2022, 9, 5),
    },
    Real {
        name: "worldcon 2016",
        files: &["worldcon-2016.konopas.program.js", "worldcon-2016.konopas.people.js"],
        format: Format::Konopas,
        zone: "America/Chicago",
        day_change: time(5, 0, 0, 0),
        first: date(2016, 8, 17),
        last: date(2016, 8, 21),
    },
];

impl Real {
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(self.zone).unwrap()
    }

    pub fn options(&self) -> Options {
        Options::new(self.zone(), self.day_change)
    }

    /// The file's bytes; several files joined, as `cat` would.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let folder = data("programmes")?;
        Some(self.files.iter().flat_map(|file| std::fs::read(folder.join(file)).unwrap()).collect())
    }

    pub fn file(&self) -> Option<File> {
        let bytes = self.bytes()?;
        Some(self.format.read(&bytes, &self.options()).unwrap_or_else(|refusal| panic!("{}: {refusal}", self.name)))
    }

    pub fn programme(&self) -> Option<Programme> {
        let file = self.file()?;
        let mut programme = Programme::default();
        apply(&mut programme, plan(&Programme::default(), &file));
        Some(programme)
    }

    pub fn edition<'p>(&self, programme: &'p Programme) -> Edition<'p> {
        Edition {
            programme,
            readers: Readers::Organisers,
            title: self.name,
            slug: "some-con",
            zone: self.zone(),
            day_change: self.day_change,
            starts_on: self.first,
            ends_on: self.last,
            version: "1: first".to_owned(),
            made_at: "2026-08-14T10:00:00Z".parse().unwrap(),
        }
    }

    pub fn conflicts(&self, programme: &Programme) -> conflicts::Found {
        let (placed, facts) = conflict_input(programme);
        conflicts::find(&placed, &facts, &Rules::default(), &self.zone(), self.day_change)
    }
}

/// Compares a file with the whole programme.
pub fn plan(programme: &Programme, file: &File) -> Plan {
    changes::plan(programme, &Elsewhere::default(), file)
}

/// Carries a plan out on a programme in memory: what the database does with rows.
pub fn apply(programme: &mut Programme, plan: Plan) {
    fn put<T>(items: &mut Vec<T>, new: Vec<T>, removed: &[String], id: impl Fn(&T) -> &str) {
        let replaced: HashSet<&str> = new.iter().map(&id).chain(removed.iter().map(String::as_str)).collect();
        items.retain(|item| !replaced.contains(id(item)));
        items.extend(new);
    }
    if let Some(conference) = plan.conference {
        programme.conference = conference;
    }
    put(&mut programme.rooms, plan.rooms, &plan.removed_rooms, |room| &room.id);
    put(&mut programme.tracks, plan.tracks, &plan.removed_tracks, |track| &track.id);
    put(&mut programme.people, plan.people, &plan.removed_people, |person| &person.id);
    put(&mut programme.sessions, plan.sessions, &plan.removed_sessions, |session| &session.id);
    let gone: HashSet<&str> = plan.removed_sessions.iter().map(String::as_str).collect();
    programme.parts.retain(|part| !gone.contains(part.session.as_str()) && !plan.line_ups.contains_key(&part.session));
    programme.parts.extend(plan.line_ups.into_values().flatten());
    programme.sort();
}

pub fn conflict_input(programme: &Programme) -> (Vec<Placed>, Facts) {
    let mut people: HashMap<&str, Vec<_>> = HashMap::new();
    for part in &programme.parts {
        people.entry(&part.session).or_default().push((part.person.clone(), part.role));
    }
    let placed = programme
        .sessions
        .iter()
        .filter(|session| session.on_schedule())
        .map(|session| Placed {
            id: session.id.clone(),
            room: session.room.clone(),
            slot: session.slot.unwrap(),
            kind: session.kind.clone(),
            audience: session.audience,
            people: people.get(session.id.as_str()).cloned().unwrap_or_default(),
            requirements: Requirements {
                needs: session.needs.clone(),
                setup: session.setup_minutes,
                teardown: session.teardown_minutes,
                ..Requirements::default()
            },
        })
        .collect();
    let rooms = programme
        .rooms
        .iter()
        .map(|room| {
            (room.id.clone(), RoomFacts { exclusive: room.exclusive, capacity: room.capacity, ..RoomFacts::default() })
        })
        .collect();
    (placed, Facts { rooms, ..Facts::default() })
}

pub fn by_kind(found: &conflicts::Found) -> BTreeMap<Kind, usize> {
    let mut counts = BTreeMap::new();
    for conflict in &found.conflicts {
        *counts.entry(conflict.kind).or_insert(0) += 1;
    }
    counts
}

/// Shows why a plan is not empty.
pub fn assert_nothing_changes(what: &str, plan: &Plan) {
    let report = serde_json::to_string_pretty(&plan.report).unwrap();
    let first = plan.sessions.first();
    assert!(
        plan.is_empty(),
        "{what}: {report}\nfirst session: {first:#?}\nfirst person: {:#?}\nfirst room: {:#?}\n{:?}",
        plan.people.first(),
        plan.rooms.first(),
        plan.conference
    );
}
