//! What was changed since a plan was asked for, and makes it impossible, is refused.

use conman_testkit::{Testkit, Value, json};

use super::host::{import, kits, session};
use super::planning::{accept, planned};

/// A talk for 80 in a hall that holds them, or in a nook that does not.
async fn audience(kit: &Testkit) -> Value {
    kit.run(
        r#"mutation {
            hall: createRoom(input: { name: "Hall", capacity: 100 }) { id }
            talk: createSession(input: { title: "Talk", minutes: 60, audience: 80 }) { id }
        }"#,
    )
    .await
    .unwrap()
}

async fn shrink(kit: &Testkit, room: &Value) {
    let operation = "mutation($id: ID!) { updateRoom(id: $id, patch: { capacity: 10 }) { id } }";
    kit.run_with(operation, json!({ "id": room })).await.unwrap();
}

#[tokio::test]
async fn a_room_that_has_shrunk_is_refused_where_seats_must_be() {
    for seats in ["must", "should"] {
        for (on, kit) in kits(|setup| setup.config(&json!({ "planning": { "seats": seats } }))).await {
            let made = audience(&kit).await;
            let plan = planned(&kit, "planSchedule", json!({ "seconds": 0.1 })).await;
            assert_eq!(plan["changes"][0]["toRoom"]["name"], "Hall", "{on}: {plan}");
            shrink(&kit, &made["hall"]["id"]).await;
            let accepted = accept(&kit, json!({ "id": plan["id"] })).await;
            if seats == "should" {
                accepted.unwrap();
                continue;
            }
            let refused = accepted.unwrap_err();
            assert_eq!(refused.code(), "PLAN_OUTDATED", "{on}");
            assert!(refused.problems[0].message.contains("Hall is too small for “Talk”."), "{on}: {refused:?}");
        }
    }
}

#[tokio::test]
async fn conflicts_of_other_sessions_are_no_matter_however_many() {
    for (on, kit) in kits(|setup| setup).await {
        // All of one person, at once: more conflicts than are gathered.
        let mut table = "id,title,kind,start,minutes,people\n".to_owned();
        for at in 0..220 {
            table += &format!("{at},S{at},talk,2026-08-14 12:00,60,Speaker\n");
        }
        table += "new,New,talk,,60,Ann\nhers,Hers,talk,2026-08-15 12:00,60,Ann\n";
        import(&kit, "csv", table).await.unwrap();
        kit.run("mutation { createRoom(input: { name: \"Hall\" }) { id } }").await.unwrap();
        let all = kit.run("{ sessionConflicts(first: 1) { capped } }").await.unwrap();
        assert_eq!(all["sessionConflicts"]["capped"], true, "{on}");
        let new = session(&kit, "New").await;
        let plan = planned(&kit, "planSchedule", json!({ "seconds": 0.1, "scope": { "sessions": [new] } })).await;
        let start = plan["changes"][0]["toStart"].clone();
        let place =
            "mutation($id: ID!, $start: DateTime!) { placeSession(id: $id, start: $start, minutes: 60) { id } }";
        let hers = session(&kit, "Hers").await;
        // Ann comes to be in two at once; that is not lost among the others.
        kit.run_with(place, json!({ "id": hers, "start": start })).await.unwrap();
        let refused = accept(&kit, json!({ "id": plan["id"] })).await.unwrap_err();
        let told = &refused.problems[0].message;
        assert!(told.contains("Ann is in “") && told.lines().count() == 3, "{on}: {told}");
        kit.run_with(place, json!({ "id": hers, "start": "2026-08-16T12:00:00+02:00" })).await.unwrap();
        accept(&kit, json!({ "id": plan["id"] })).await.unwrap();
    }
}

#[tokio::test]
async fn what_still_works_is_accepted_without_naming_it() {
    for (on, kit) in kits(|setup| setup).await {
        let table = "id,title,kind,room,start,minutes,people\n\
            1,One,talk,Hall,2026-08-14 12:00,60,Ann\n\
            2,Two,talk,Hall,2026-08-14 13:00,60,Bob\n\
            3,Three,talk,Hall,2026-08-14 14:00,60,Zoë\n";
        import(&kit, "csv", table).await.unwrap();
        let rooms = kit.run("{ draftRooms { id } }").await.unwrap();
        let hall = &rooms["draftRooms"][0]["id"];
        let closed =
            json!([{ "room": hall, "start": "2026-08-14T05:00:00+02:00", "end": "2026-08-15T05:00:00+02:00" }]);
        let plan = planned(&kit, "reschedule", json!({ "closed": closed, "mostMoves": 3, "seconds": 0.1 })).await;
        let of = |title: &str| {
            let changes = plan["changes"].as_array().unwrap();
            changes.iter().find(|change| change["session"]["title"] == title).unwrap()["toStart"].clone()
        };
        // One is moved by hand, and the place of Two is taken.
        let one = session(&kit, "One").await;
        kit.run_with(
            "mutation($id: ID!) { placeSession(id: $id, start: \"2026-08-16T20:00:00+02:00\", minutes: 60) { id } }",
            json!({ "id": one }),
        )
        .await
        .unwrap();
        kit.run_with(
            "mutation($room: ID!, $start: DateTime!) { createSession(input: { title: \"Intruder\", room: $room, start: $start, minutes: 60 }) { id } }",
            json!({ "room": hall, "start": of("Two") }),
        )
        .await
        .unwrap();
        let accept = "mutation($id: ID!, $skip: Boolean!) { acceptPlan(id: $id, skip: $skip) { left changes { session { title } accepted } } }";
        let refused = kit.run_with(accept, json!({ "id": plan["id"], "skip": false })).await.unwrap_err();
        assert_eq!(refused.code(), "PLAN_OUTDATED", "{on}");
        let done = kit.run_with(accept, json!({ "id": plan["id"], "skip": true })).await.unwrap()["acceptPlan"].clone();
        let accepted: Vec<&str> = done["changes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|change| change["accepted"] == true)
            .map(|change| change["session"]["title"].as_str().unwrap())
            .collect();
        assert_eq!(accepted, ["Three"], "{on}: {done}");
        let left = done["left"].to_string();
        assert!(left.contains("“One” was moved since") && left.contains("“Intruder”"), "{on}: {done}");
        let now = kit.run("{ draftSessions { nodes { title start } } }").await.unwrap();
        let start = |title: &str| {
            let nodes = now["draftSessions"]["nodes"].as_array().unwrap();
            nodes.iter().find(|node| node["title"] == title).unwrap()["start"].clone()
        };
        assert_eq!((start("Two"), start("Three")), (json!("2026-08-14T13:00:00+02:00"), of("Three")), "{on}");
    }
}

#[tokio::test]
async fn what_loses_its_place_is_still_told_when_that_was_accepted() {
    for (on, kit) in kits(|setup| setup).await {
        import(&kit, "csv", "id,title,kind,room,start,minutes\n1,One,talk,Hall,2026-08-14 12:00,60\n").await.unwrap();
        let rooms = kit.run("{ draftRooms { id } }").await.unwrap();
        let closed = json!([{ "room": rooms["draftRooms"][0]["id"], "start": "2026-08-14T05:00:00+02:00", "end": "2026-08-18T05:00:00+02:00" }]);
        let plan = planned(&kit, "reschedule", json!({ "closed": closed, "mostMoves": 1, "seconds": 0.1 })).await;
        assert_eq!(plan["after"]["unplaced"], 1, "{on}: {plan}");
        accept(&kit, json!({ "id": plan["id"] })).await.unwrap();
        let again = "query($id: ID!) { schedulePlan(id: $id) { after { unplaced } changes { kind accepted } unplaced { session { title } reasons { constraint detail } } } }";
        let again = kit.run_with(again, json!({ "id": plan["id"] })).await.unwrap()["schedulePlan"].clone();
        assert_eq!(again["changes"], json!([{ "kind": "UNPLACED", "accepted": true }]), "{on}");
        assert_eq!(again["unplaced"], plan["unplaced"], "{on}");
        assert_eq!(again["unplaced"][0]["session"]["title"], "One", "{on}");
    }
}

#[tokio::test]
async fn a_session_without_a_time_that_became_another_is_refused() {
    for (on, kit) in kits(|setup| setup).await {
        let create = r#"mutation {
            hall: createRoom(input: { name: "Hall" }) { id }
            nook: createRoom(input: { name: "Nook" }) { id }
        }"#;
        let rooms = kit.run(create).await.unwrap();
        let create = "mutation($hall: ID!) {
            long: createSession(input: { title: \"Long\", minutes: 60 }) { id }
            inside: createSession(input: { title: \"Inside\", minutes: 60, room: $hall }) { id }
            same: createSession(input: { title: \"Same\", minutes: 60 }) { id } }";
        let made = kit.run_with(create, json!({ "hall": rooms["hall"]["id"] })).await.unwrap();
        let plan = planned(&kit, "planSchedule", json!({ "seconds": 0.1 })).await;
        assert_eq!(plan["changes"].as_array().unwrap().len(), 3, "{on}: {plan}");
        let change = "mutation($id: ID!, $patch: SessionPatch!) { updateSession(id: $id, patch: $patch) { id } }";
        for (session, patch) in [
            ("long", json!({ "minutes": 120 })),
            ("inside", json!({ "room": rooms["nook"]["id"] })),
            ("same", json!({ "minutes": 60, "title": "Other title" })),
        ] {
            kit.run_with(change, json!({ "id": made[session]["id"], "patch": patch })).await.unwrap();
        }
        let changed = [
            "“Inside” was changed since: its room is another now.",
            "“Long” was changed since: it takes 120 minutes now.",
        ];
        let refused = accept(&kit, json!({ "id": plan["id"] })).await.unwrap_err();
        assert_eq!(refused.code(), "PLAN_OUTDATED", "{on}");
        let mut told: Vec<&str> = refused.problems[0].message.lines().filter(|line| line.contains('“')).collect();
        told.sort_unstable();
        assert_eq!(told, changed, "{on}");
        let done = accept(&kit, json!({ "id": plan["id"], "skip": true })).await.unwrap();
        let mut left: Vec<&str> = done["left"].as_array().unwrap().iter().map(|why| why.as_str().unwrap()).collect();
        left.sort_unstable();
        assert_eq!(left, changed, "{on}");
        let now = kit.run("{ draftSessions { nodes { title minutes start } } }").await.unwrap();
        let nodes = now["draftSessions"]["nodes"].as_array().unwrap();
        let of = |title: &str| nodes.iter().find(|node| node["title"] == title).unwrap();
        assert_eq!((&of("Long")["minutes"], &of("Long")["start"]), (&json!(120), &Value::Null), "{on}");
        assert!(of("Other title")["start"].is_string(), "{on}: {now}");
    }
}

/// Ten sessions of a hall, one after the other; a talk beside them.
async fn row(kit: &Testkit) -> Value {
    let create = r#"mutation {
        hall: createRoom(input: { name: "Hall", features: ["stage"] }) { id }
        nook: createRoom(input: { name: "Nook" }) { id }
        talk: createSession(input: { title: "Talk" }) { id }
    }"#;
    let made = kit.run(create).await.unwrap();
    let open = "mutation($id: ID!, $start: DateTime!) {
        setRoomAvailability(id: $id, windows: [{ start: $start, end: \"2026-08-14T21:00:00+02:00\" }]) { id } }";
    let hall = &made["hall"]["id"];
    kit.run_with(open, json!({ "id": hall, "start": "2026-08-14T10:00:00+02:00" })).await.unwrap();
    let mut before: Vec<Value> = Vec::new();
    for at in 0..10 {
        let create = "mutation($input: SessionInput!) { createSession(input: $input) { id } }";
        let input = json!({ "title": format!("Act {at}"), "needs": ["stage"], "after": before, "room": hall, "minutes": 60,
            "start": format!("2026-08-14T{}:00:00+02:00", 10 + at), "state": "SCHEDULED" });
        let act = kit.run_with(create, json!({ "input": input })).await.unwrap()["createSession"]["id"].clone();
        before = vec![act];
    }
    kit.run_with(open, json!({ "id": hall, "start": "2026-08-14T11:00:00+02:00" })).await.unwrap();
    made
}

#[tokio::test]
async fn whoever_stays_is_in_the_way_of_others_however_many() {
    for (on, kit) in kits(|setup| setup).await {
        let made = row(&kit).await;
        let plan = planned(&kit, "reschedule", json!({ "mostMoves": 10, "seconds": 2.0 })).await;
        assert_eq!((plan["changes"].as_array().unwrap().len(), &plan["unplaced"]), (11, &json!([])), "{on}: {plan}");
        let intruder = "mutation($room: ID!) { createSession(input: {
            title: \"Intruder\", room: $room, start: \"2026-08-14T20:00:00+02:00\", minutes: 60 }) { id } }";
        kit.run_with(intruder, json!({ "room": made["hall"]["id"] })).await.unwrap();
        let done = accept(&kit, json!({ "id": plan["id"], "skip": true })).await.unwrap();
        let left = done["left"].as_array().unwrap();
        for at in 0..10 {
            let act = format!("Act {at}”");
            assert!(left.iter().any(|why| why.as_str().unwrap().contains(&act)), "{on} {act}: {done}");
        }
        let changes = done["changes"].as_array().unwrap();
        let accepted: Vec<&Value> = changes.iter().filter(|change| change["accepted"] == true).collect();
        assert!(accepted.len() == 1 && accepted[0]["session"]["title"] == "Talk", "{on}: {done}");
    }
}
