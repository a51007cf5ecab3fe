//! Real programmes, read and counted. They hold real people's names, so they are not in the project; where they are absent, these
//! tests say so and pass.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod common;

use common::{REAL, Real, assert_nothing_changes, by_kind};
use core_programming::export::days::days;
use core_programming::export::{csv, frab_json, frab_xml, icalendar as calendar};
use core_programming::import::Format;
use core_programming::model::{Programme, Role, Session};
use expect_test::{Expect, expect};
use jiff::Timestamp;
use jiff::civil::{Date, date};

fn check(name: &str, expected: Expect) {
    let real = REAL.iter().find(|real| real.name == name).unwrap();
    let Some(file) = real.file() else { return };
    let mut programme = Programme::default();
    let plan = common::plan(&programme, &file);
    let report = plan.report.clone();
    common::apply(&mut programme, plan);
    let found = real.conflicts(&programme);
    let moderators = programme.parts.iter().filter(|part| part.role == Role::Moderator).count();
    let mut out = format!(
        "sessions {} people {} rooms {} tracks {} assignments {} moderators {moderators}\n",
        programme.sessions.len(),
        programme.people.len(),
        programme.rooms.len(),
        programme.tracks.len(),
        programme.parts.len()
    );
    out += &format!(
        "shared places {} unreadable {}\n",
        programme.rooms.iter().filter(|room| !room.exclusive).count(),
        report.unreadable_count
    );
    for (kind, count) in by_kind(&found) {
        out += &format!("{} {count}\n", kind.as_str());
    }
    // Notes quote names of the file; only how many there are belongs into the project.
    out += &format!("notes {}\n", report.notes.len());
    expected.assert_eq(&out);
}

#[test]
fn count_39c3_xml() {
    check(
        "39c3 xml",
        expect![[r#"
        sessions 895 people 709 rooms 58 tracks 9 assignments 1001 moderators 0
        shared places 0 unreadable 0
        room_overlap 1
        person_double_booked 13
        back_to_back 7
        notes 0
    "#]],
    );
}

#[test]
fn count_39c3_json() {
    check(
        "39c3 json",
        expect![[r#"
        sessions 895 people 709 rooms 58 tracks 9 assignments 1001 moderators 0
        shared places 0 unreadable 0
        room_overlap 1
        person_double_booked 13
        back_to_back 7
        notes 0
    "#]],
    );
}

#[test]
fn count_36c3() {
    check(
        "36c3",
        expect![[r#"
        sessions 1351 people 923 rooms 92 tracks 30 assignments 1507 moderators 0
        shared places 0 unreadable 0
        room_overlap 261
        person_double_booked 64
        back_to_back 15
        over_daily_limit 12
        notes 4
    "#]],
    );
}

#[test]
fn count_fosdem_2025() {
    check(
        "fosdem 2025",
        expect![[r#"
        sessions 943 people 992 rooms 29 tracks 74 assignments 1172 moderators 0
        shared places 0 unreadable 0
        person_double_booked 1
        back_to_back 3
        over_daily_limit 2
        notes 0
    "#]],
    );
}

#[test]
fn count_worldcon_2022() {
    check(
        "worldcon 2022",
        expect![[r#"
        sessions 1386 people 764 rooms 41 tracks 32 assignments 3308 moderators 651
        shared places 4 unreadable 0
        room_overlap 5
        back_to_back 7
        no_moderator 11
        notes 4
    "#]],
    );
}

#[test]
fn count_worldcon_2016() {
    check(
        "worldcon 2016",
        expect![[r#"
        sessions 1031 people 652 rooms 46 tracks 0 assignments 2743 moderators 492
        shared places 2 unreadable 0
        room_overlap 3
        person_double_booked 3
        back_to_back 189
        over_daily_limit 1
        no_moderator 12
        notes 2
    "#]],
    );
}

/// Every frab file says itself which day each of its sessions belongs to.
#[test]
fn night_items_land_on_the_day_before() {
    for real in REAL.iter().filter(|real| real.format == Format::FrabXml || real.format == Format::FrabJson) {
        let Some(file) = real.file() else { return };
        let other_day = file.notes.iter().find(|note| note.contains("another day"));
        assert_eq!(other_day, None, "{}", real.name);
    }
    let real = &REAL[0];
    let Some(programme) = real.programme() else { return };
    let night = programme
        .sessions
        .iter()
        .filter_map(|session| session.slot)
        .filter(|slot| {
            let local = real.zone().to_datetime(slot.start);
            Some(conman_sdk::day_of(slot.start, &real.zone(), real.day_change)) == local.date().yesterday().ok()
        })
        .count();
    assert_eq!(night, 46, "39C3 has 46 sessions between midnight and 06:00");
}

/// On which day of the exports this session stands.
fn day(real: &Real, programme: &Programme, is: impl Fn(&Session) -> bool) -> Date {
    let days = days(&real.edition(programme));
    let mut found =
        days.iter().filter(|day| day.rooms.iter().flat_map(|room| &room.sessions).any(|(session, _)| is(session)));
    let date = found.next().unwrap().date;
    assert!(found.next().is_none(), "{}: on two days", real.name);
    date
}

/// Worldcon 2022's virtual sessions went round the clock: one on Saturday at 04:00 is Friday's, one on Friday at 05:30 its own day's.
#[test]
fn a_night_item_of_worldcon_2022_lands_on_the_day_before() {
    let real = &REAL[4];
    let Some(programme) = real.programme() else { return };
    let of = |id: &'static str| day(real, &programme, move |session| session.id == id);
    assert_eq!(of("d34b46bf-873a-4c56-89c5-2ccd66b861c5"), date(2022, 9, 2));
    assert_eq!(of("8c9baa5c-836a-49dc-8a3f-a57274384cfa"), date(2022, 9, 2));
}

/// Nothing at Worldcon 2016 began after midnight. Its last item on Saturday does so only in UTC; moved to 01:00 it does in Kansas
/// City too, and both times it is Saturday's.
#[test]
fn a_night_item_of_worldcon_2016_lands_on_the_day_before() {
    let real = &REAL[5];
    let Some(bytes) = real.bytes() else { return };
    let text = String::from_utf8(bytes).unwrap();
    let late = r#""datetime":"2016-08-20T23:00:00-05:00","date":"2016-08-20","day":"Saturday","time":"23:00""#;
    let night = r#""datetime":"2016-08-21T01:00:00-05:00","date":"2016-08-21","day":"Sunday","time":"01:00""#;
    assert_eq!(text.matches(late).count(), 1);
    for (text, start) in [(text.clone(), "2016-08-21T04:00:00Z"), (text.replace(late, night), "2016-08-21T06:00:00Z")] {
        let file = real.format.read(text.as_bytes(), &real.options()).unwrap();
        let mut programme = Programme::default();
        common::apply(&mut programme, common::plan(&Programme::default(), &file));
        let start: Timestamp = start.parse().unwrap();
        let is = |session: &Session| session.number == 651 && session.slot.is_some_and(|slot| slot.start == start);
        assert_eq!(day(real, &programme, is), date(2016, 8, 20), "{start}");
    }
}

#[test]
fn a_wrong_day_change_is_told() {
    let Some(bytes) = REAL[0].bytes() else { return };
    let mut options = REAL[0].options();
    options.day_change = jiff::civil::Time::midnight();
    let file = Format::FrabXml.read(&bytes, &options).unwrap();
    assert!(file.notes.iter().any(|note| note.starts_with("46 sessions stand on another day")), "{:?}", file.notes);
}

#[test]
fn importing_twice_changes_nothing() {
    for real in &REAL {
        let (Some(file), Some(programme)) = (real.file(), real.programme()) else { return };
        assert_nothing_changes(real.name, &common::plan(&programme, &file));
    }
}

#[test]
fn konopas_files_may_come_one_by_one() {
    let real = &REAL[5];
    let Some(whole) = real.programme() else { return };
    let folder = common::data("programmes").unwrap();
    for order in [[0, 1], [1, 0]] {
        let mut programme = Programme::default();
        for at in order {
            let bytes = std::fs::read(folder.join(real.files[at])).unwrap();
            let file = real.format.read(&bytes, &real.options()).unwrap();
            let plan = common::plan(&programme, &file);
            assert!(plan.report.removed.is_empty());
            common::apply(&mut programme, plan);
        }
        assert_eq!((programme.sessions.len(), programme.people.len(), programme.parts.len()), (1031, 652, 2743));
        assert_eq!(programme.people, whole.people);
    }
}

/// The XML and the JSON of one congress are the same programme.
#[test]
fn the_json_of_39c3_says_what_its_xml_says() {
    let (Some(mut xml), Some(json_file)) = (REAL[0].programme(), REAL[1].file()) else { return };
    let plan = common::plan(&xml, &json_file);
    assert!(plan.report.added.is_empty() && plan.report.removed.is_empty(), "{:?}", plan.report);
    common::apply(&mut xml, plan);
    assert_nothing_changes("after the JSON", &common::plan(&xml, &json_file));
}

fn each_format(real: &Real, programme: &Programme) -> Vec<(Format, Vec<u8>)> {
    let edition = real.edition(programme);
    vec![
        (Format::FrabXml, frab_xml::write(&edition).into_bytes()),
        (Format::FrabJson, frab_json::write(&edition).unwrap().into_bytes()),
        (Format::Csv, csv::write(&edition).unwrap()),
    ]
}

#[test]
fn importing_an_export_changes_nothing() {
    for real in &REAL {
        let Some(programme) = real.programme() else { return };
        for (format, bytes) in each_format(real, &programme) {
            let file = format
                .read(&bytes, &real.options())
                .unwrap_or_else(|refusal| panic!("{} as {}: {refusal}", real.name, format.as_str()));
            assert_eq!(file.unreadable, [], "{} as {}", real.name, format.as_str());
            assert_nothing_changes(&format!("{} as {}", real.name, format.as_str()), &common::plan(&programme, &file));
        }
    }
}

/// An export holds everything: imported into nothing, it makes the same sessions at the same places with the same people.
#[test]
fn an_export_is_whole() {
    for real in &REAL {
        let Some(programme) = real.programme() else { return };
        for (format, bytes) in each_format(real, &programme) {
            let file = format.read(&bytes, &real.options()).unwrap();
            let mut copy = Programme::default();
            common::apply(&mut copy, common::plan(&Programme::default(), &file));
            assert_eq!(copy.sessions.len(), programme.sessions.len(), "{} {}", real.name, format.as_str());
            assert_eq!(copy.parts.len(), programme.parts.len());
            for (a, b) in copy.sessions.iter().zip(&programme.sessions) {
                assert_eq!((&a.id, &a.title, a.slot, &a.description), (&b.id, &b.title, b.slot, &b.description));
            }
        }
    }
}

#[test]
fn exported_xml_is_valid() {
    let Some(schemas) = common::data("schemas") else { return };
    if std::process::Command::new("xmllint").arg("--version").output().is_err() {
        conman_testkit::skipped("xmllint is not installed");
        return;
    }
    let folder = std::env::temp_dir().join(format!("core-programming-xml-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for real in &REAL {
        let Some(programme) = real.programme() else { return };
        let path = folder.join("schedule.xml");
        std::fs::write(&path, frab_xml::write(&real.edition(&programme))).unwrap();
        let checked = std::process::Command::new("xmllint")
            .arg("--noout")
            .arg("--schema")
            .arg(schemas.join("schedule.xml.xsd"))
            .arg(&path)
            .output()
            .unwrap();
        let complaints = String::from_utf8_lossy(&checked.stderr);
        assert!(
            checked.status.success(),
            "{}: {}",
            real.name,
            complaints.lines().take(8).collect::<Vec<_>>().join("\n")
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn exported_json_is_valid() {
    let Some(schemas) = common::data("schemas") else { return };
    let schema: serde_json::Value =
        serde_json::from_slice(&std::fs::read(schemas.join("schema.json")).unwrap()).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for real in &REAL {
        let Some(programme) = real.programme() else { return };
        let json: serde_json::Value =
            serde_json::from_str(&frab_json::write(&real.edition(&programme)).unwrap()).unwrap();
        let complaints: Vec<String> =
            validator.iter_errors(&json).take(5).map(|error| format!("{}: {}", error.instance_path(), error)).collect();
        assert!(
            complaints.is_empty(),
            "{}: {}",
            real.name,
            complaints.iter().map(|text| text.chars().take(300).collect::<String>()).collect::<Vec<_>>().join("\n")
        );
    }
}

#[test]
fn icalendar_parses_elsewhere() {
    for real in &REAL {
        let Some(programme) = real.programme() else { return };
        let text = calendar::write(&real.edition(&programme), real.name, 7);
        assert!(text.lines().all(|line| line.len() <= 75), "{}: a line is longer than 75 octets", real.name);
        let events = common::calendar::events(&text);
        assert_eq!(events.len(), programme.sessions.len(), "{}", real.name);
        for event in &events {
            let session = programme.sessions.iter().find(|session| session.id == event.session).unwrap();
            let slot = session.slot.unwrap();
            assert_eq!((event.start, event.end), (slot.start, slot.end), "{} {}", real.name, event.session);
        }
    }
}

#[test]
fn conflict_ids_are_unique() {
    for real in &REAL {
        let Some(programme) = real.programme() else { return };
        let found = real.conflicts(&programme);
        assert!(!found.capped);
        let mut ids: Vec<String> = found.conflicts.iter().map(|conflict| conflict.id.clone()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), found.conflicts.len(), "{}", real.name);
    }
}
