//! A convention of many programmes: an import reads and changes its own.

use conman_testkit::{Testkit, json};

use super::host::{all, import, kits, titles};
use crate::common::REAL;

/// So many sessions with three people each, on lines of their own.
fn table(name: &str, sessions: i64) -> String {
    let mut table = "id,title,start,minutes,room,people\n".to_owned();
    for at in 0..sessions {
        let start = jiff::Timestamp::from_second(1_786_700_000 + at / 40 * 3600).unwrap();
        let (room, person) = (at % 40, at % 300);
        table +=
            &format!("{at},{name} {at},{start},45,{name} {room},{name} {person}; {name} B{person}; {name} C{person}\n");
    }
    table
}

async fn sessions(kit: &Testkit) -> u64 {
    let data = kit.run("{ draftSessions(first: 1) { totalCount } }").await.unwrap();
    data["draftSessions"]["totalCount"].as_u64().unwrap()
}

/// Five of them are 64,500 rows with the people and who is in what, and one call may read 50,000: an import that read everything would
/// fail.
#[tokio::test]
async fn one_programme_more_costs_no_more_than_the_first() {
    for (on, kit) in kits(|setup| setup).await {
        for name in ["a", "b", "c", "d", "e"] {
            let report = import(&kit, &format!("csv?source={name}"), table(name, 3000)).await.unwrap();
            assert_eq!(report["added"]["sessions"], 3000, "{on} {name}");
            assert_eq!(report["added"]["people"], 900, "{on} {name}");
            assert_eq!(report["added"]["assignments"], 9000, "{on} {name}");
        }
        let again = import(&kit, "csv?source=c", table("c", 3000)).await.unwrap();
        for what in ["added", "changed", "removed"] {
            let nothing = json!({ "sessions": 0, "people": 0, "rooms": 0, "tracks": 0, "assignments": 0 });
            assert_eq!(again[what], nothing, "{on} {what}");
        }
        let fewer = import(&kit, "csv?source=c", table("c", 2990)).await.unwrap();
        assert_eq!(fewer["removed"]["sessions"], 10, "{on}");
        assert_eq!(sessions(&kit).await, 14_990, "{on}");
    }
}

/// Every real programme in one convention; what is wrong with all of them is found within the time of a query.
#[tokio::test]
async fn all_real_programmes_fit_into_one_convention() {
    let Some(files) = REAL.iter().map(|real| Some((real, real.bytes()?))).collect::<Option<Vec<_>>>() else { return };
    for (on, kit) in kits(|setup| setup).await {
        for (real, bytes) in &files {
            let path = format!("{}?timezone={}", real.format.as_str(), real.zone);
            for time in 0..2 {
                let report = import(&kit, &path, bytes.clone())
                    .await
                    .unwrap_or_else(|error| panic!("{on} {}: {error}", real.name));
                assert_eq!(report["unreadableCount"], 0, "{on} {}", real.name);
                assert!(time == 0 || report["changed"]["sessions"] == 0, "{on} {}: {report}", real.name);
            }
        }
        // The JSON of 39C3 is the same programme as its XML.
        assert_eq!(sessions(&kit).await, 895 + 1351 + 943 + 1386 + 1031, "{on}");
        let found = kit.run("{ sessionConflicts(first: 1) { totalCount capped } }").await.unwrap();
        assert!(found["sessionConflicts"]["totalCount"].as_u64().unwrap() > 0, "{on}");
        assert_eq!(found["sessionConflicts"]["capped"], false, "{on}");
    }
}

/// What one source brought and another's sessions use stays when the first has no use for it any more.
#[tokio::test]
async fn what_others_use_is_not_removed() {
    let head = "id,title,start,minutes,room,track,people\n";
    let shared = "One,2026-08-14 10:00,45,Hall,Main,Ann";
    for (on, kit) in kits(|setup| setup).await {
        let first = format!("{head}1,{shared}\n2,Two,2026-08-14 12:00,45,Nook,Side,Bob\n");
        import(&kit, "csv?source=first", first).await.unwrap();
        let report = import(&kit, "csv?source=second", format!("{head}1,{shared}\n")).await.unwrap();
        let only_the_session = json!({ "sessions": 1, "people": 0, "rooms": 0, "tracks": 0, "assignments": 1 });
        assert_eq!(report["added"], only_the_session, "{on}: the same room, track and person");
        let report = import(&kit, "csv?source=first", format!("{head}3,Three,2026-08-14 14:00,45,Cave,Last,Cy\n"))
            .await
            .unwrap();
        let gone = json!({ "sessions": 2, "people": 1, "rooms": 1, "tracks": 1, "assignments": 2 });
        assert_eq!(report["removed"], gone, "{on}");
        let left = kit
            .run("{ draftRooms { name } draftTracks { name } draftPeople { nodes { name } } draftSessions { nodes { title people { person { name } } room { name } } } }")
            .await
            .unwrap();
        assert_eq!(all(&left["draftRooms"], "name"), ["Hall", "Cave"], "{on}");
        assert_eq!(all(&left["draftTracks"], "name"), ["Main", "Last"], "{on}");
        assert_eq!(all(&left["draftPeople"]["nodes"], "name"), ["Ann", "Cy"], "{on}");
        assert_eq!(titles(&left["draftSessions"]["nodes"]), ["One", "Three"], "{on}");
        assert_eq!(
            left["draftSessions"]["nodes"][0],
            json!({ "title": "One", "people": [{ "person": { "name": "Ann" } }], "room": { "name": "Hall" } }),
            "{on}"
        );
    }
}

/// More conflicts than are gathered: that is said, within the time a query has.
#[tokio::test]
async fn too_many_conflicts_are_told() {
    let mut table = "id,title,start,minutes,room\n".to_owned();
    for at in 0..205 {
        table += &format!("{at},Session {at},2026-08-14 10:00,45,Hall\n");
    }
    for (on, kit) in kits(|setup| setup).await {
        import(&kit, "csv", table.clone()).await.unwrap();
        let data = kit
            .run("{ sessionConflicts(first: 5) { totalCount capped counts { kind count } nodes { message } } }")
            .await
            .unwrap();
        assert_eq!(
            (&data["sessionConflicts"]["totalCount"], &data["sessionConflicts"]["capped"]),
            (&json!(20_000), &json!(true)),
            "{on}"
        );
        let report = import(&kit, "csv", table.split_inclusive('\n').take(4).collect::<String>()).await.unwrap();
        assert_eq!(report["removed"]["sessions"], 202, "{on}");
        let data = kit.run("{ sessionConflicts { totalCount capped } }").await.unwrap();
        assert_eq!(data["sessionConflicts"], json!({ "totalCount": 3, "capped": false }), "{on}");
    }
}
