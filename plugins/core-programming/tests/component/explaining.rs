//! Why a plan is as it is, in names and by the convention's clock; and what it leaves where it is.

use std::collections::BTreeMap;

use conman_testkit::{Testkit, Value, attendee, json, person};

use super::host::{all, import, json_of, kits, session, titles};
use super::planning::{accept, planned};
use crate::common::human::assert_human;

const WHY: &str = "query($id: ID!) { schedulePlan(id: $id) { mostMoves moreWishes notes after { unplaced soft terms { term cost } }
    changes { kind session { title } fromRoom { name } fromStart toRoom { name } toStart }
    unplaced { session { title } reasons { constraint detail proven sessions { title } people { name } rooms { name } } }
    wishes { constraint text cost sessions { title } people { name } rooms { name } mendSought
        mend { text change left moves { session { title } room { name } start } } } } }";

pub(super) async fn why(kit: &Testkit, plan: &Value) -> Value {
    kit.run_with(WHY, json!({ "id": plan["id"] })).await.unwrap()["schedulePlan"].clone()
}

/// Where every session is.
async fn timetable(kit: &Testkit) -> BTreeMap<String, String> {
    let data = kit.run("{ draftSessions(first: 2000) { nodes { title start room { name } } } }").await.unwrap();
    let nodes = data["draftSessions"]["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| (node["title"].as_str().unwrap().to_owned(), format!("{} {}", node["start"], node["room"])))
        .collect()
}

async fn id_of(kit: &Testkit, list: &str, name: &str) -> Value {
    let data = kit.run(&format!("{{ {list} {{ id name }} }}")).await.unwrap();
    let found = data[list].as_array().unwrap().iter().find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("no {name}"))["id"].clone()
}

async fn person_id(kit: &Testkit, name: &str) -> Value {
    let data = kit.run("{ draftPeople(first: 100) { nodes { id name } } }").await.unwrap();
    let nodes = data["draftPeople"]["nodes"].as_array().unwrap();
    nodes.iter().find(|one| one["name"] == name).unwrap()["id"].clone()
}

#[tokio::test]
async fn what_has_no_place_is_told_with_names_and_times() {
    for (on, kit) in kits(|setup| setup).await {
        let table = "id,title,kind,room,start,minutes,people,needs\n\
            1,Opening,talk,Hall,2026-08-14 12:00,60,Ann,\n\
            2,Welcome,talk,Hall,2026-08-14 13:00,60,Bob,\n\
            5,Market,talk,Nook,2026-08-14 15:00,60,Bob,\n\
            3,Her talk,talk,,,60,Ann,\n\
            4,Fireworks,talk,,,60,,a stage\n";
        import(&kit, "csv", table).await.unwrap();
        let (ann, hers) = (person_id(&kit, "Ann").await, session(&kit, "Her talk").await);
        // Ann is there for the opening alone, and that stays.
        kit.run_with(
            r#"mutation($id: ID!) { setPersonAvailability(id: $id, windows: [{ start: "2026-08-14T12:00:00+02:00", end: "2026-08-14T13:00:00+02:00" }]) { id } }"#,
            json!({ "id": ann }),
        )
        .await
        .unwrap();
        let fireworks = session(&kit, "Fireworks").await;
        let input = json!({ "seconds": 0.2, "scope": { "sessions": [hers, fireworks] } });
        let plan = planned(&kit, "planSchedule", input).await;
        assert_eq!((&plan["state"], &plan["fixedCount"]), (&json!("READY"), &json!(3)), "{on}: {plan}");
        let told = why(&kit, &plan).await;
        // Whoever has no time left counts as well.
        assert_eq!((&told["after"]["unplaced"], &plan["before"]["unplaced"]), (&json!(2), &json!(2)), "{on}: {told}");
        let unplaced = told["unplaced"].as_array().unwrap();
        let of = |title: &str| &unplaced.iter().find(|one| one["session"]["title"] == title).unwrap()["reasons"][0];
        let reason = of("Her talk");
        assert_eq!((&reason["constraint"], &reason["proven"]), (&json!("person_busy"), &json!(true)), "{on}: {told}");
        assert_eq!(all(&reason["people"], "name"), ["Ann"], "{on}: {told}");
        let mut about = titles(&reason["sessions"]);
        about.sort_unstable();
        assert_eq!(about, ["Her talk", "Opening"], "{on}: {told}");
        let detail = reason["detail"].as_str().unwrap();
        assert!(detail.contains("“Opening”") && detail.contains("Ann"), "{on}: {detail}");
        let stage = of("Fireworks");
        assert_eq!(stage["constraint"], "room_features", "{on}: {told}");
        assert_eq!(stage["detail"], "No room has “a stage”.", "{on}");
        for reason in [reason, stage] {
            assert_human(reason["detail"].as_str().unwrap());
        }
        // Names are live.
        kit.run_with(
            "mutation($id: ID!) { updatePerson(id: $id, patch: { name: \"Anna\" }) { id } }",
            json!({ "id": ann }),
        )
        .await
        .unwrap();
        let again = why(&kit, &plan).await;
        assert!(again["unplaced"].to_string().contains("Anna"), "{on}: {again}");
        for whoever in [attendee("gus"), person("eve", &["programme.release"])] {
            let refused = kit.as_actor(whoever).run_with(WHY, json!({ "id": plan["id"] })).await.unwrap_err();
            assert_eq!(refused.code(), "forbidden", "{on}");
        }
    }
}

#[tokio::test]
async fn broken_wishes_are_told_with_what_would_mend_them() {
    for (on, kit) in kits(|setup| setup).await {
        // Two of one track, whose people are there at the same hour alone; and one whose own wish is next door.
        let table = "id,title,kind,track,room,start,minutes,people\n\
            1,Robots,talk,Science,Hall,2026-08-14 12:00,60,Ann\n\
            2,Rockets,talk,Science,Nook,2026-08-14 12:00,60,Bob\n\
            3,Tea,talk,,Hall,2026-08-15 12:00,60,Zoë\n";
        import(&kit, "csv?release=v1", table).await.unwrap();
        for name in ["Ann", "Bob"] {
            kit.run_with(
                r#"mutation($id: ID!) { setPersonAvailability(id: $id, windows: [{ start: "2026-08-14T12:00:00+02:00", end: "2026-08-14T13:00:00+02:00" }]) { id } }"#,
                json!({ "id": person_id(&kit, name).await }),
            )
            .await
            .unwrap();
        }
        kit.run_with(
            r#"mutation($id: ID!) { setPersonPreference(id: $id, windows: [{ start: "2026-08-15T09:00:00+02:00", end: "2026-08-15T09:30:00+02:00" }]) { id } }"#,
            json!({ "id": person_id(&kit, "Zoë").await }),
        )
        .await
        .unwrap();
        let marks =
            "mutation($one: ID!, $two: ID!) { a: favourite(session: $one) { id } b: favourite(session: $two) { id } }";
        let ids = json!({ "one": session(&kit, "Robots").await, "two": session(&kit, "Rockets").await });
        for name in ["a", "b"] {
            kit.as_actor(attendee(name)).run_with(marks, ids.clone()).await.unwrap();
        }
        let plan = planned(&kit, "planSchedule", json!({ "seconds": 0.3 })).await;
        let told = why(&kit, &plan).await;
        let wishes = told["wishes"].as_array().unwrap();
        let of = |constraint: &str| {
            wishes.iter().find(|wish| wish["constraint"] == constraint).unwrap_or_else(|| panic!("{on}: {told}"))
        };
        let overlap = of("overlap");
        let mut both = titles(&overlap["sessions"]);
        both.sort_unstable();
        // Two marks and a track.
        assert_eq!((both, &overlap["cost"]), (vec!["Robots", "Rockets"], &json!(2 + 3)), "{on}: {told}");
        assert_eq!((&overlap["mend"], &overlap["mendSought"]), (&Value::Null, &json!(true)), "{on}: {told}");
        assert!(overlap["text"].as_str().unwrap().ends_with("are at the same time."), "{on}: {overlap}");
        let unpreferred = of("unpreferred");
        assert_eq!(all(&unpreferred["people"], "name"), ["Zoë"], "{on}: {told}");
        assert_eq!(unpreferred["text"], "Zoë would rather not be in “Tea” for 30 minutes of it.", "{on}");
        let sum: i64 = wishes.iter().map(|wish| wish["cost"].as_i64().unwrap()).sum();
        assert_eq!((json!(sum), &told["moreWishes"]), (told["after"]["soft"].clone(), &json!(0)), "{on}: {told}");
        for wish in wishes {
            assert_human(wish["text"].as_str().unwrap());
        }

        // Where it is now, it would be mended by one move.
        let keep = json!({ "seconds": 0.2, "mostMoves": 0 });
        let kept = why(&kit, &planned(&kit, "reschedule", keep).await).await;
        let tea = kept["wishes"].as_array().unwrap().iter().find(|wish| wish["constraint"] == "unpreferred").unwrap();
        let mend = &tea["mend"];
        assert_eq!((&mend["change"], &mend["left"]), (&json!(-2), &json!(2)), "{on}: {kept}");
        assert_eq!(mend["moves"][0]["session"]["title"], "Tea", "{on}");
        assert_human(mend["text"].as_str().unwrap());
        assert!(mend["text"].as_str().unwrap().contains("“Tea” to room "), "{on}: {mend}");
        // What moves cost is nobody's wish.
        assert!(!kept.to_string().contains("moved_"), "{on}: {kept}");
    }
}

#[tokio::test]
async fn the_timetable_as_it_stands_is_explained() {
    for (on, kit) in kits(|setup| setup).await {
        // Two of one track at once, one that needs what there is not, one without a time, and two in one hall.
        let table = "id,title,kind,track,room,start,minutes,people,needs\n\
            1,Robots,talk,Science,Hall,2026-08-14 12:00,60,Ann,\n\
            2,Rockets,talk,Science,Nook,2026-08-14 12:00,60,Bob,\n\
            3,Fireworks,talk,,,,60,,a stage\n\
            4,Chess,talk,,,,60,,\n\
            5,Songs,talk,,Hall,2026-08-15 12:00,60,,\n\
            6,Dances,talk,,Hall,2026-08-15 12:00,60,,\n";
        import(&kit, "csv", table).await.unwrap();
        let why = "{ scheduleExplanation { cost { unplaced soft terms { term cost } } moreWishes notes
            unplaced { session { title } reasons { constraint detail } }
            wishes { constraint text cost sessions { title } mend { text change moves { session { title } room { name } start } } } } }";
        let told = kit.run(why).await.unwrap()["scheduleExplanation"].clone();
        assert_eq!(
            told["cost"],
            json!({ "unplaced": 2, "soft": 3, "terms": [{ "term": "overlap", "cost": 3 }] }),
            "{on}: {told}"
        );
        let unplaced = told["unplaced"].as_array().unwrap();
        let of = |title: &str| &unplaced.iter().find(|one| one["session"]["title"] == title).unwrap()["reasons"];
        let stage = json!([{ "constraint": "room_features", "detail": "No room has “a stage”." }]);
        assert_eq!(of("Fireworks"), &stage, "{on}");
        // Nobody searches, so nobody could search longer.
        let free = of("Chess")[0]["detail"].as_str().unwrap();
        assert!(free.starts_with("Room ") && free.ends_with(" is free for it."), "{on}: {free}");
        assert_human(free);
        let broken = "One rule is broken as it stands (see `sessionConflicts`): what a mend changes may be off.";
        assert_eq!(told["notes"], json!([broken]), "{on}");
        let wish = &told["wishes"][0];
        assert_eq!(
            (wish["text"].as_str().unwrap().contains("Robots"), &wish["mend"]["change"]),
            (true, &json!(-3)),
            "{on}"
        );
        assert_human(wish["mend"]["text"].as_str().unwrap());
        // The route says the same.
        let route = "core-programming/planning/explanation.json";
        let document = json_of(&kit.get(route).await.unwrap());
        assert_eq!((&document["notes"], &document["cost"]["soft"]), (&told["notes"], &json!(3)), "{on}");
        for (one, same) in document["unplaced"].as_array().unwrap().iter().zip(unplaced) {
            assert_eq!(one["session"]["title"], same["session"]["title"], "{on}");
            assert_eq!(one["reasons"][0]["detail"], same["reasons"][0]["detail"], "{on}");
        }
        let (one, same) = (&document["wishes"][0], &told["wishes"][0]);
        assert_eq!((&one["text"], &one["cost"]), (&same["text"], &same["cost"]), "{on}");
        assert_eq!(titles(&one["sessions"]), titles(&same["sessions"]), "{on}");
        assert_eq!(one["mend"]["text"], same["mend"]["text"], "{on}");
        let (one, same) = (&one["mend"]["moves"][0], &same["mend"]["moves"][0]);
        assert_eq!((&one["start"], &one["room"]["name"]), (&same["start"], &same["room"]["name"]), "{on}");
        assert_eq!(document["unplaced"].as_array().unwrap().len(), unplaced.len(), "{on}");
        let gus = kit.as_actor(attendee("gus"));
        for refused in [gus.run(why).await.unwrap_err(), gus.get(route).await.unwrap_err()] {
            assert_eq!(refused.code(), "forbidden", "{on}");
        }
    }
}

#[tokio::test]
async fn a_query_refuses_to_explain_what_it_has_no_time_for() {
    for (on, kit) in kits(|setup| setup).await {
        let mut table = "id,title,kind,room,start,minutes,people\n".to_owned();
        for at in 0..3_460 {
            let (room, day, hour) = (at % 100, 14 + at / 1_200, 9 + at / 100 % 12);
            let (one, other) = (at % 2_941, at * 7 % 2_941);
            let people = format!("Person {one}; Person {other}");
            table += &format!("{at},Session {at},talk,Room {room},2026-08-{day} {hour:02}:00,60,{people}\n");
        }
        import(&kit, "csv", table).await.unwrap();
        let why = "{ scheduleExplanation { cost { unplaced soft } } }";
        let refused = kit.run(why).await.unwrap_err();
        assert_eq!(refused.code(), "TOO_LARGE", "{on}");
        let message = &refused.problems[0].message;
        assert!(message.starts_with("These are 3460 sessions") && message.contains("GET planning/"), "{on}: {message}");
        let document = json_of(&kit.get("core-programming/planning/explanation.json").await.unwrap());
        assert_eq!(document["cost"]["unplaced"], 0, "{on}");
        assert!(document["wishes"].as_array().unwrap().len() > 100, "{on}");
    }
}

const PROGRAMME: &str = "id,title,kind,track,room,start,minutes,people\n\
    1,One,talk,Main,Hall,2026-08-14 12:00,60,Ann\n\
    2,Two,talk,Side,Hall,2026-08-14 13:00,60,Bob\n\
    3,Three,talk,Main,Nook,2026-08-15 12:00,60,Ann\n\
    4,Four,talk,Side,Nook,2026-08-15 12:00,60,Bob\n\
    5,Five,talk,Main,Hall,2026-08-15 12:00,60,Ann\n\
    6,Six,talk,Side,,,60,Bob\n";

#[tokio::test]
async fn what_a_plan_does_not_move_does_not_move() {
    for (on, kit) in kits(|setup| setup).await {
        import(&kit, "csv", PROGRAMME).await.unwrap();
        let side = id_of(&kit, "draftTracks", "Side").await;
        let two = session(&kit, "Two").await;
        let all = ["Five", "Four", "One", "Six", "Three", "Two"];
        for (scope, may_move) in [
            (json!(null), all.as_slice()),
            (json!({ "days": ["2026-08-15"] }), ["Five", "Four", "Six", "Three"].as_slice()),
            (json!({ "tracks": [side] }), ["Four", "Six", "Two"].as_slice()),
            (json!({ "sessions": [two] }), ["Two"].as_slice()),
            (json!({ "except": [two] }), ["Five", "Four", "One", "Six", "Three"].as_slice()),
            (json!({ "days": ["2026-08-15"], "tracks": [side] }), ["Four", "Six"].as_slice()),
        ] {
            let before = timetable(&kit).await;
            let plan = planned(&kit, "planSchedule", json!({ "seconds": 0.1, "scope": scope })).await;
            assert_eq!(plan["state"], "READY", "{on} {scope}: {plan}");
            assert_eq!(plan["sessionCount"], json!(may_move.len()), "{on} {scope}: {plan}");
            for change in plan["changes"].as_array().unwrap() {
                let title = change["session"]["title"].as_str().unwrap();
                assert!(may_move.contains(&title), "{on} {scope}: {change}");
            }
            accept(&kit, json!({ "id": plan["id"] })).await.unwrap();
            let after = timetable(&kit).await;
            for title in all.iter().filter(|title| !may_move.contains(title)) {
                assert_eq!(after[*title], before[*title], "{on} {scope}: {title}");
            }
            // Each begins as it did.
            kit.run("mutation { clearSchedule }").await.unwrap();
            import(&kit, "csv", PROGRAMME).await.unwrap();
        }
    }
}

#[tokio::test]
async fn before_and_after_stand_side_by_side() {
    for (on, kit) in kits(|setup| setup).await {
        import(&kit, "csv", PROGRAMME).await.unwrap();
        let nook = id_of(&kit, "draftRooms", "Nook").await;
        // One session loses the only room it may be in.
        let four = session(&kit, "Four").await;
        kit.run_with(
            "mutation($id: ID!, $rooms: [ID!]!) { updateSession(id: $id, patch: { onlyRooms: $rooms }) { id } }",
            json!({ "id": four, "rooms": [nook] }),
        )
        .await
        .unwrap();
        let closed =
            json!([{ "room": nook, "start": "2026-08-14T05:00:00+02:00", "end": "2026-08-17T05:00:00+02:00" }]);
        let plan = planned(&kit, "reschedule", json!({ "closed": closed, "mostMoves": 6, "seconds": 0.2 })).await;
        let told = why(&kit, &plan).await;
        let kinds: BTreeMap<&str, (&str, bool, bool)> = told["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| {
                let kind = change["kind"].as_str().unwrap();
                let (from, to) = (change["fromStart"].is_string(), change["toStart"].is_string());
                (change["session"]["title"].as_str().unwrap(), (kind, from, to))
            })
            .collect();
        assert_eq!(kinds["Four"], ("UNPLACED", true, false), "{on}: {told}");
        assert_eq!(kinds["Six"], ("NEW", false, true), "{on}: {told}");
        assert_eq!(kinds["Three"], ("MOVED", true, true), "{on}: {told}");
        let (before, after) = (&plan["before"], &told["after"]);
        assert_eq!((&before["unplaced"], &after["unplaced"]), (&json!(1), &json!(1)), "{on}: {plan}");
        // Three and Five are Ann's, of one track, at once, without a break; they cannot be so in what is proposed.
        let terms = json!([{ "term": "overlap", "cost": 3 }, { "term": "short_gap", "cost": 10 }]);
        assert_eq!((&before["soft"], &before["terms"]), (&json!(13), &terms), "{on}");
        assert!(!after["terms"].to_string().contains("overlap"), "{on}: {after}");
        assert_eq!(told["mostMoves"], 6, "{on}");
    }
}
