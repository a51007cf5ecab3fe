//! Counted and expected audiences, as the component tells them.

use std::fmt::Write as _;

use conman_testkit::{Testkit, Value, attendee, json, person};

use super::host::{import, json_of, kits, session, with_table};

/// Former years in which tracks, hours and favourites have factors of their own.
fn past(editions: &[&str], each: usize) -> String {
    let mut table = "edition,title,track,kind,day,hour,capacity,favourites,attendance\n".to_owned();
    for edition in editions {
        for at in 0..each {
            let (track, factor) = [("Main", 2.0), ("Science", 0.5), ("Art", 1.0)][at % 3];
            let (hour, pull) = [(10, 0.5), (14, 1.0), (20, 2.0)][at / 3 % 3];
            let favourites = 5 + at * 7 % 40;
            // Some come by chance.
            let chance = 0.8 + ((at * 37 + edition.parse::<usize>().unwrap() * 11) % 50) as f64 / 100.0;
            let people = (4.0 * (favourites as f64).sqrt() * factor * pull * chance).round();
            writeln!(
                table,
                "{edition},Session {at} of {edition},{track},talk,{},{hour},500,{favourites},{people}",
                at % 4 + 1
            )
            .unwrap();
        }
    }
    table
}

async fn report(kit: &Testkit) -> Value {
    let operation = "{ demandReport { observations editions { name observations } fullRooms used why
        trials { heldOut comparisons { by name observations better baseline { people logRatio standing emptySeats cost } learned { people logRatio cost } } }
        effects { factor effect } } }";
    kit.run(operation).await.unwrap()["demandReport"].clone()
}

async fn expected(kit: &Testkit, id: &str) -> Value {
    let operation = "query($id: ID!) { draftSession(id: $id) { attendance expectedAudience { count low high from because { factor effect } } } }";
    kit.run_with(operation, json!({ "id": id })).await.unwrap()["draftSession"].clone()
}

#[tokio::test]
async fn without_attendance_favourites_are_all_there_is() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let robots = session(&kit, "Robots").await;
        assert_eq!(expected(&kit, &robots).await, json!({ "attendance": null, "expectedAudience": null }), "{on}");
        for name in ["a", "b", "c", "d"] {
            let marked = kit.as_actor(attendee(name));
            marked
                .run_with("mutation($id: ID!) { favourite(session: $id) { id } }", json!({ "id": robots }))
                .await
                .unwrap();
        }
        assert_eq!(
            expected(&kit, &robots).await["expectedAudience"],
            json!({ "count": 4, "low": 2, "high": 8, "from": "BASELINE", "because": [
                { "factor": "4 favourites", "effect": 4.0 },
                { "factor": "one person for each, as no attendance is known", "effect": 1.0 }
            ] }),
            "{on}"
        );
        kit.run_with(
            "mutation($id: ID!) { updateSession(id: $id, patch: { audience: 90 }) { id } }",
            json!({ "id": robots }),
        )
        .await
        .unwrap();
        let given = &expected(&kit, &robots).await["expectedAudience"];
        assert_eq!((&given["count"], &given["from"]), (&json!(90), &json!("GIVEN")), "{on}");
        let report = report(&kit).await;
        assert_eq!(
            (&report["used"], &report["observations"], &report["trials"]),
            (&json!("BASELINE"), &json!(0), &json!([])),
            "{on}"
        );
        assert!(report["why"].as_str().unwrap().starts_with("No attendance is known"), "{on}: {report}");
    }
}

#[tokio::test]
async fn what_is_counted_is_learned_from() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let (robots, opening) = (session(&kit, "Robots").await, session(&kit, "Öffnung").await);
        let record = "mutation($id: ID!, $count: Int) { recordAttendance(session: $id, count: $count) { attendance } }";
        for (count, kept) in
            [(json!(31), json!(31)), (json!(0), json!(0)), (json!(null), json!(null)), (json!(12), json!(12))]
        {
            let recorded = kit.run_with(record, json!({ "id": robots, "count": count })).await.unwrap();
            assert_eq!(recorded["recordAttendance"]["attendance"], kept, "{on}");
        }
        for (variables, code, pointer) in [
            (json!({ "id": robots, "count": -1 }), "invalid", "/count"),
            (json!({ "id": "none", "count": 1 }), "not-found", "/session"),
        ] {
            let refused = kit.run_with(record, variables).await.unwrap_err();
            assert_eq!((refused.code(), refused.problems[0].pointer.as_str()), (code, pointer), "{on}");
        }
        let one = report(&kit).await;
        assert_eq!((&one["observations"], &one["used"]), (&json!(1), &json!("BASELINE")), "{on}");

        let imported = import(&kit, "attendance", past(&["2024", "2025"], 120)).await.unwrap();
        assert_eq!((&imported["added"]["sessions"], &imported["source"]), (&json!(240), &json!("2024, 2025")), "{on}");
        let learned = report(&kit).await;
        assert_eq!(learned["used"], "LEARNED", "{on}: {learned}");
        assert_eq!(learned["observations"], 241, "{on}");
        let names: Vec<_> = learned["editions"].as_array().unwrap().iter().map(|edition| &edition["name"]).collect();
        assert_eq!(names[..2], ["2024", "2025"], "{on}");
        assert_eq!(learned["trials"][0]["heldOut"], "FIFTHS", "{on}");
        assert_eq!(learned["trials"][1]["heldOut"], "EDITIONS", "{on}");
        let all = &learned["trials"][0]["comparisons"][0];
        assert_eq!((&all["by"], &all["better"]), (&json!("ALL"), &json!("LEARNED")), "{on}");
        let expected_opening = expected(&kit, &opening).await["expectedAudience"].clone();
        assert_eq!(expected_opening["from"], "LEARNED", "{on}: {expected_opening}");
        let factors = expected_opening["because"].as_array().unwrap();
        let product: f64 = factors.iter().map(|factor| factor["effect"].as_f64().unwrap()).product();
        assert!((product - expected_opening["count"].as_f64().unwrap()).abs() < 1.0, "{on}: {expected_opening}");
        assert!(factors.iter().any(|factor| factor["factor"] == "track Main"), "{on}: {expected_opening}");

        // The same again changes nothing; another table of a year replaces it.
        let again = import(&kit, "attendance", past(&["2024", "2025"], 120)).await.unwrap();
        for what in ["added", "changed", "removed"] {
            assert_eq!(again[what]["sessions"], 0, "{on}: {again}");
        }
        let tried = import(&kit, "attendance?dry-run=true", past(&["2025"], 110)).await.unwrap();
        assert_eq!((&tried["removed"]["sessions"], &tried["dryRun"]), (&json!(10), &json!(true)), "{on}");
        assert_eq!(report(&kit).await["observations"], 241, "{on}");
        import(&kit, "attendance", past(&["2025"], 110)).await.unwrap();
        assert_eq!(report(&kit).await["observations"], 231, "{on}");
        let forgotten = kit.run("mutation { forgetAttendance(edition: \"2024\") }").await.unwrap();
        assert_eq!(forgotten["forgetAttendance"], 120, "{on}");
        assert_eq!(
            kit.run("mutation { forgetAttendance(edition: \"2024\") }").await.unwrap_err().code(),
            "not-found",
            "{on}"
        );
    }
}

#[tokio::test]
async fn this_years_counts_are_next_years_table() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let night = session(&kit, "Night music").await;
        kit.as_actor(attendee("a"))
            .run_with("mutation($id: ID!) { favourite(session: $id) { id } }", json!({ "id": night }))
            .await
            .unwrap();
        kit.run_with("mutation($id: ID!) { recordAttendance(session: $id, count: 77) { id } }", json!({ "id": night }))
            .await
            .unwrap();
        let table = String::from_utf8(kit.get("core-programming/attendance.csv").await.unwrap().body).unwrap();
        let line = table.lines().nth(1).unwrap();
        let (slug, rest) = line.split_once(',').unwrap();
        // The night belongs to the day before; its hour is the clock's.
        assert_eq!(rest, format!("{night},Night music,,concert,1,1,,1,77"), "{on}: {table}");
        let refused = import(&kit, "attendance", table.clone()).await.unwrap_err();
        assert_eq!(refused.code(), "invalid", "{on}: {refused}");
        let renamed = table.replace(&format!("\n{slug},"), "\nlast year,");
        let report = import(&kit, "attendance", renamed).await.unwrap();
        assert_eq!((&report["added"]["sessions"], &report["source"]), (&json!(1), &json!("last year")), "{on}");
    }
}

#[tokio::test]
async fn a_bad_table_is_refused_with_its_lines() {
    for (on, kit) in kits(|setup| setup).await {
        let some = "title,hour,attendance\nGood,20,12\nBad,25,12\nWorse,20,many\n";
        let report = import(&kit, "attendance?edition=2025", some).await.unwrap();
        assert_eq!(report["added"]["sessions"], 1, "{on}");
        assert_eq!(
            report["unreadable"],
            json!([
                { "place": "line 3, column 1", "message": "`Bad`: `25` is no `hour`; write 20 or 20:15" },
                { "place": "line 4, column 1", "message": "`Worse`: `many` is no number from 0 to 1000000 for `attendance`" }
            ]),
            "{on}"
        );
        let refused = import(&kit, "attendance", "title,attendance\nx,3\n").await.unwrap_err();
        assert!(refused.to_string().contains("there is no column `edition`"), "{on}: {refused}");
        let may_not = kit.as_actor(person("sam", &["programme.draft", "programme.edit"]));
        assert_eq!(import(&may_not, "attendance?edition=2025", some).await.unwrap_err().code(), "forbidden", "{on}");
        let refused = kit.as_actor(attendee("a")).get("core-programming/attendance.csv").await.unwrap_err();
        assert_eq!(refused.code(), "forbidden", "{on}");
    }
}

/// What a query has time for: as many sessions as a convention has, expected by as many as are looked at, with as many factors as there
/// may be.
#[tokio::test]
async fn a_large_convention_is_expected_within_a_query() {
    for (on, kit) in kits(|setup| setup).await {
        let mut table = "id,title,track,kind,start,minutes,room\n".to_owned();
        for at in 0..2000 {
            let (track, kind, day, hour, room) = (at % 60, at % 15, 14 + at % 3, at % 24, at % 50);
            let start = format!("2026-08-{day} {hour:02}:00");
            writeln!(table, "{at},Session {at},Track {track},kind {kind},{start},45,Room {room}").unwrap();
        }
        import(&kit, "csv", table).await.unwrap();
        let mut counted = "edition,title,track,kind,day,hour,capacity,favourites,attendance\n".to_owned();
        for at in 0..5000 {
            let (title, year, people) = (at % 2000, 2020 + at % 5, 10 + at * 7919 % 211);
            let (track, kind, day, hour, favourites) = (at % 60, at % 15, at % 4 + 1, at % 24, at % 80);
            writeln!(
                counted,
                "{year},Session {title},Track {track},kind {kind},{day},{hour},300,{favourites},{people}"
            )
            .unwrap();
        }
        import(&kit, "attendance", counted).await.unwrap();
        let all =
            kit.run("{ draftSessions(first: 2000) { nodes { expectedAudience { count from } } } }").await.unwrap();
        let nodes = all["draftSessions"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 2000, "{on}");
        assert!(nodes.iter().all(|node| node["expectedAudience"]["count"].as_i64().unwrap() > 0), "{on}");
        let report = report(&kit).await;
        assert_eq!(report["observations"], 5000, "{on}");
        // Favourites, 30 tracks, 12 kinds, 24 hours, 3 days and 30 titles.
        assert_eq!(report["effects"].as_array().unwrap().len(), 100, "{on}");
    }
}

#[tokio::test]
async fn plans_are_told_what_is_expected_at_any_time() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        import(&kit, "attendance", past(&["2024", "2025"], 120)).await.unwrap();
        let robots = session(&kit, "Robots").await;
        let audience = async || {
            let answer = kit.get("core-programming/planning/problem.json").await.unwrap();
            let problem = json_of(&answer);
            let found = problem["sessions"]
                .as_array()
                .unwrap()
                .iter()
                .find(|one| one["id"] == robots.as_str())
                .unwrap()
                .clone();
            found["audience"].as_u64().unwrap_or_default()
        };
        let (before, told) = (expected(&kit, &robots).await["expectedAudience"]["count"].clone(), audience().await);
        assert!(told > 0, "{on}");
        let place =
            "mutation($id: ID!, $start: DateTime!) { placeSession(id: $id, start: $start, minutes: 45) { id } }";
        for start in ["2026-08-15T10:00:00+02:00", "2026-08-15T20:00:00+02:00"] {
            kit.run_with(place, json!({ "id": robots, "start": start })).await.unwrap();
            assert_eq!(audience().await, told, "{on}: {start}");
        }
        // By its hour it is another.
        assert_ne!(expected(&kit, &robots).await["expectedAudience"]["count"], before, "{on}");
    }
}
