//! Imports through the component, and what must not get in.

use conman_testkit::{Testkit, Value, json, person};

use core_programming::conflicts::Kind;

use super::host::{TABLE, import, kits, titles};
use crate::common::{REAL, Real, data};

async fn count(kit: &Testkit) -> Value {
    kit.run("{ draftSessions { totalCount } draftPeople { totalCount } draftRooms { id } }").await.unwrap()
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_an_import_needs_its_permission() {
    for (on, kit) in kits(|setup| setup).await {
        let report = import(&kit, "csv?dry-run=true", TABLE).await.unwrap();
        assert_eq!(
            (&report["dryRun"], &report["added"]["sessions"], &report["added"]["people"]),
            (&json!(true), &json!(4), &json!(3)),
            "{on}"
        );
        assert_eq!(count(&kit).await["draftSessions"]["totalCount"], 0, "{on}");
        let staff = kit.as_actor(person("sam", &["programme.edit", "programme.draft"]));
        assert_eq!(import(&staff, "csv", TABLE).await.unwrap_err().code(), "forbidden", "{on}");
        let importer = kit.as_actor(person("ida", &["programme.import", "programme.draft"]));
        assert_eq!(import(&importer, "csv?release=now", TABLE).await.unwrap_err().code(), "forbidden", "{on}");
        import(&importer, "csv", TABLE).await.unwrap();
        assert_eq!(count(&kit).await["draftSessions"]["totalCount"], 4, "{on}");
    }
}

#[tokio::test]
async fn a_changed_file_changes_what_it_says() {
    for (on, kit) in kits(|setup| setup).await {
        import(&kit, "csv", TABLE).await.unwrap();
        kit.run(r#"mutation { createSession(input: { title: "By hand" }) { id } }"#).await.unwrap();
        let again = import(&kit, "csv", TABLE).await.unwrap();
        for what in ["added", "changed", "removed"] {
            assert_eq!(
                again[what],
                json!({ "sessions": 0, "people": 0, "rooms": 0, "tracks": 0, "assignments": 0 }),
                "{on} {what}"
            );
        }
        let changed = TABLE.replace("Robots,panel", "Androids,panel").replace(
            "s-3,Night music,concert,,Lawn,2026-08-15 01:00,120,\"de, en\",,\n",
            "s-5,New,talk,,Attic,2026-08-15 10:00,x,en,,\ns-6,Newer,talk,,Attic,2026-08-15 10:00,10,en,Cy,\n",
        );
        let report = import(&kit, "csv", changed).await.unwrap();
        assert_eq!(
            report["added"],
            json!({ "sessions": 1, "people": 1, "rooms": 1, "tracks": 0, "assignments": 1 }),
            "{on}"
        );
        assert_eq!(report["changed"]["sessions"], 1, "{on}");
        assert_eq!(
            report["removed"],
            json!({ "sessions": 1, "people": 0, "rooms": 1, "tracks": 0, "assignments": 0 }),
            "{on}"
        );
        assert_eq!(
            report["unreadable"],
            json!([{ "place": "line 4, column 1", "message": "session `New`: `x` is no number of minutes" }]),
            "{on}"
        );
        let data = kit.run("{ draftSessions { nodes { title } } }").await.unwrap();
        assert_eq!(
            titles(&data["draftSessions"]["nodes"]),
            ["Öffnung", "Androids", "Newer", "Closing", "By hand"],
            "{on}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_leaves_nothing_behind() {
    for (on, kit) in kits(|setup| setup).await {
        let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>\n<schedule><version>&b;</version></schedule>";
        let deep = format!("var program = {}1{};", "[".repeat(50_000), "]".repeat(50_000));
        let utf16: Vec<u8> =
            [0xFF_u8, 0xFE].into_iter().chain("<schedule/>".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let cut = "<?xml version=\"1.0\"?>\n<schedule>\n<conference><title>x</title>";
        // The schema's own example of what is invalid, which is not in the project.
        let invalid = data("schemas").map(|folder| {
            let bytes = std::fs::read(folder.join("invalid-example.json")).unwrap();
            ("frab-json", bytes, "none of its 1 sessions", "line 22, column 17")
        });
        for (path, body, says, place) in [
            ("frab-xml", bomb.as_bytes().to_vec(), "document type", "line 2, column 1"),
            ("frab-xml", utf16, "UTF-16", "line 1, column 1"),
            (
                "frab-xml",
                b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><schedule/>".to_vec(),
                "ISO-8859-1",
                "line 1, column 1",
            ),
            ("frab-xml", b"<schedule><version>caf\xE9</version></schedule>".to_vec(), "not UTF-8", "line 1, column 23"),
            ("frab-xml", cut.as_bytes().to_vec(), "ends inside <conference>", "line 3, column 29"),
            (
                "frab-xml",
                b"<schedule><conference><time_zone_name>Europe/Atlantis</time_zone_name></conference></schedule>"
                    .to_vec(),
                "`Europe/Atlantis` is not a time zone",
                "line 1, column 23",
            ),
            (
                "frab-json",
                b"{\"schedule\": {\n\"conference\": {\"days\": [".to_vec(),
                "ends in the middle",
                "line 2, column 25",
            ),
            ("frab-json", b"[]".to_vec(), "not the JSON of a schedule", "line 1, column 1"),
            ("konopas", deep.into_bytes(), "nests deeper", "line 1, column 80"),
            ("konopas", b"alert(document.cookie)".to_vec(), "program code", "line 1, column 22"),
            ("conclar", b"{}".to_vec(), "neither a list of sessions", "line 1, column 1"),
            (
                "frab-json",
                br#"{"schedule": {"conference": {"days": [{"rooms": {"A": [{"id": "x", "title": "One"}]}}]}}}"#
                    .to_vec(),
                "none of its 1 sessions",
                "line 1, column 56",
            ),
            ("csv", b"title,start\nx,\"2026".to_vec(), "inside a quoted cell", "line 2, column 8"),
            ("csv", b"name;room\nx;y\n".to_vec(), "no column `title`", "line 1, column 1"),
            ("csv?timezone=Mars/Base", TABLE.as_bytes().to_vec(), "`Mars/Base` is not a time zone", "timezone"),
            ("csv", b"\r\ntitle,room,title\nx,y,z\n".to_vec(), "two columns `title`", "line 2, column 1"),
            ("csv", Vec::new(), "empty", "line 1, column 1"),
            ("frab-xml", b"\n<schedule/>".to_vec(), "no <day>", "line 2, column 1"),
            ("frab-json", b"{\"schedule\": {\n\"conference\": {}}}".to_vec(), "no \"days\"", "line 2, column 15"),
            ("conclar", b"{\"program\": [],\n\"schemaVersion\": 7}".to_vec(), "schemaVersion 7", "line 2, column 18"),
        ]
        .into_iter()
        .chain(invalid)
        {
            let refused = import(&kit, path, body).await.unwrap_err();
            let problem = &refused.problems[0];
            assert_eq!(
                (problem.code.as_str(), problem.pointer.as_str()),
                ("invalid", place),
                "{on} {path}: {}",
                problem.message
            );
            assert!(problem.message.contains(says), "{on} {path}: {}", problem.message);
        }
        assert_eq!(import(&kit, "csv", vec![b'x'; 9 << 20]).await.unwrap_err().code(), "too-large");
        let now = count(&kit).await;
        assert_eq!(
            (&now["draftSessions"]["totalCount"], &now["draftPeople"]["totalCount"], &now["draftRooms"]),
            (&json!(0), &json!(0), &json!([])),
            "{on}"
        );
    }
}

/// As large as a file may be: it goes in, within the plugin's memory and time, and changes nothing the second time.
#[tokio::test]
async fn the_largest_file_fits() {
    let text = "Words that fill the page. ".repeat(190);
    let mut table = "id,title,start,minutes,room,people,description\n".to_owned();
    for at in 0..1500_i64 {
        let start = jiff::Timestamp::from_second(1_786_700_000 + at * 60).unwrap();
        table += &format!(
            "{at},Session {at},{start},45,Room {},Person {}; Person {},{at} {text}\n",
            at % 40,
            at % 700,
            at % 701
        );
    }
    assert!(table.len() > 7 << 20 && table.len() < 8 << 20, "{}", table.len());
    for (on, kit) in kits(|setup| setup).await {
        let report = import(&kit, "csv?release=large", table.clone()).await.unwrap();
        assert_eq!(report["added"]["sessions"], 1500, "{on}");
        let again = import(&kit, "csv", table.clone()).await.unwrap();
        assert_eq!(again["changed"]["sessions"], 0, "{on}");
        let data = kit.run("{ sessions(first: 2000) { nodes { title people { person { name } } } } }").await.unwrap();
        assert_eq!(data["sessions"]["nodes"].as_array().unwrap().len(), 1500, "{on}");
    }
}

async fn real(name: &str, counts: [usize; 5]) {
    let real: &Real = REAL.iter().find(|real| real.name == name).unwrap();
    let Some(bytes) = real.bytes() else { return };
    let expected = real.programme().unwrap();
    let found = real.conflicts(&expected);
    let [sessions, people, assignments, room_overlaps, double_bookings] = counts;
    assert_eq!([expected.sessions.len(), expected.people.len(), expected.parts.len()], [sessions, people, assignments]);
    let of_kind = |kind| found.conflicts.iter().filter(|conflict| conflict.kind == kind).count();
    assert_eq!(of_kind(Kind::RoomOverlap), room_overlaps);
    assert_eq!(of_kind(Kind::PersonDoubleBooked), double_bookings);
    let change = |setup: conman_testkit::Setup| {
        setup.with_convention(|convention| {
            convention.time_zone = real.zone.to_owned();
            convention.day_change = real.day_change;
            convention.starts_on = real.first;
            convention.ends_on = real.last;
        })
    };
    for (on, kit) in kits(change).await {
        let begin = std::time::Instant::now();
        let report = import(&kit, real.format.as_str(), bytes.clone()).await.unwrap();
        let imported = begin.elapsed();
        assert_eq!(report["added"]["sessions"], expected.sessions.len(), "{on}");
        assert_eq!(report["added"]["people"], expected.people.len(), "{on}");
        assert_eq!(report["added"]["assignments"], expected.parts.len(), "{on}");
        let begin = std::time::Instant::now();
        let again = import(&kit, real.format.as_str(), bytes.clone()).await.unwrap();
        let repeated = begin.elapsed();
        for what in ["added", "changed", "removed"] {
            assert_eq!(
                again[what],
                json!({ "sessions": 0, "people": 0, "rooms": 0, "tracks": 0, "assignments": 0 }),
                "{on} {name} {what}"
            );
        }
        let begin = std::time::Instant::now();
        let released = kit.run(r#"mutation { release(name: "first") { sessionCount } }"#).await.unwrap();
        let releasing = begin.elapsed();
        assert_eq!(released["release"]["sessionCount"], expected.sessions.len(), "{on}");
        assert_eq!(
            kit.run("{ unreleasedChanges { title } }").await.unwrap()["unreleasedChanges"],
            json!([]),
            "{on} {name}"
        );
        let begin = std::time::Instant::now();
        let counts =
            kit.run("{ sessionConflicts(first: 10) { counts { kind count } nodes { message } } }").await.unwrap();
        let conflicting = begin.elapsed();
        for (kind, word) in [(Kind::RoomOverlap, "ROOM_OVERLAP"), (Kind::PersonDoubleBooked, "PERSON_DOUBLE_BOOKED")] {
            let counts = counts["sessionConflicts"]["counts"].as_array().unwrap();
            let count =
                counts.iter().find(|count| count["kind"] == word).map_or(0, |count| count["count"].as_u64().unwrap());
            assert_eq!(count, of_kind(kind) as u64, "{on} {name} {word}");
        }
        let begin = std::time::Instant::now();
        let data = kit.run("{ sessions(first: 2000) { totalCount nodes { title start end room { name } people { role person { name } } } } }").await.unwrap();
        let reading = begin.elapsed();
        assert_eq!(data["sessions"]["nodes"].as_array().unwrap().len(), expected.sessions.len(), "{on}");
        let begin = std::time::Instant::now();
        for path in ["schedule.xml", "schedule.json", "schedule.csv", "schedule.ics"] {
            let answer = kit.get(&format!("core-programming/{path}")).await.unwrap();
            assert_eq!(answer.status, 200, "{on} {path}");
            let format = match path {
                "schedule.xml" => Some("frab-xml"),
                "schedule.json" => Some("frab-json"),
                "schedule.csv" => Some("csv"),
                _ => None,
            };
            if let Some(format) = format {
                let back = import(&kit, format, answer.body).await.unwrap();
                for what in ["added", "changed", "removed"] {
                    assert_eq!(
                        back[what],
                        json!({ "sessions": 0, "people": 0, "rooms": 0, "tracks": 0, "assignments": 0 }),
                        "{on} {name} {format} {what}"
                    );
                }
            }
        }
        let exporting = begin.elapsed();
        eprintln!(
            "{name} on {on}: import {imported:?}, again {repeated:?}, release {releasing:?}, conflicts {conflicting:?}, whole programme {reading:?}, exports and back {exporting:?}"
        );
    }
}

#[tokio::test]
async fn real_39c3_xml() {
    real("39c3 xml", [895, 709, 1001, 1, 13]).await;
}

#[tokio::test]
async fn real_39c3_json() {
    real("39c3 json", [895, 709, 1001, 1, 13]).await;
}

#[tokio::test]
async fn real_36c3() {
    real("36c3", [1351, 923, 1507, 261, 64]).await;
}

#[tokio::test]
async fn real_fosdem_2025() {
    real("fosdem 2025", [943, 992, 1172, 0, 1]).await;
}

#[tokio::test]
async fn real_worldcon_2022() {
    real("worldcon 2022", [1386, 764, 3308, 5, 0]).await;
}

#[tokio::test]
async fn real_worldcon_2016() {
    real("worldcon 2016", [1031, 652, 2743, 3, 3]).await;
}
