//! Timetables are planned by the host's scheduler, looked at, and accepted, in part or whole.

use std::collections::BTreeSet;

use conman_independent::checked;
use conman_testkit::{Failure, Testkit, Value, attendee, json, person};

use super::host::{all, import, json_of, kits, session};

const PLAN: &str = "id state purpose sessionCount fixedCount notes outdated progress error { code message } before { unplaced soft terms { term cost } }
    after { unplaced soft terms { term cost } }
    changes { session { title } fromRoom { name } fromStart toRoom { name } toStart toEnd accepted }
    unplaced { session { title } reasons { constraint detail } }";

/// Starts a plan and waits for it.
pub(super) async fn planned(kit: &Testkit, field: &str, input: Value) -> Value {
    let kind = if field == "planSchedule" { "PlanScheduleInput" } else { "RescheduleInput" };
    let operation = format!("mutation($input: {kind}!) {{ {field}(input: $input) {{ id state }} }}");
    let asked = kit.run_with(&operation, json!({ "input": input })).await.unwrap()[field].clone();
    assert_eq!(asked["state"], "SEARCHING");
    kit.solved().await;
    plan(kit, &asked["id"]).await
}

async fn plan(kit: &Testkit, id: &Value) -> Value {
    let operation = format!("query($id: ID!) {{ schedulePlan(id: $id) {{ {PLAN} }} }}");
    kit.run_with(&operation, json!({ "id": id })).await.unwrap()["schedulePlan"].clone()
}

/// Accepts a plan, in part where sessions are named. What stands then is checked independently: nothing is wrong that was not before.
pub(super) async fn accept(kit: &Testkit, variables: Value) -> Result<Value, Failure> {
    let before = breaks(kit).await;
    let accepted = accept_amid_others(kit, variables).await?;
    let after = breaks(kit).await;
    assert!(after.is_subset(&before), "{after:?}, before {before:?}");
    Ok(accepted)
}

/// Accepts a plan while others do something else.
pub(super) async fn accept_amid_others(kit: &Testkit, variables: Value) -> Result<Value, Failure> {
    let operation = "mutation($id: ID!, $sessions: [ID!], $skip: Boolean! = false) {
        acceptPlan(id: $id, sessions: $sessions, skip: $skip) { left changes { session { title } accepted } } }";
    Ok(kit.run_with(operation, variables).await?["acceptPlan"].clone())
}

/// That the work in progress costs what the host says, and that nothing about it cannot be.
pub(super) async fn assert_stands(kit: &Testkit) {
    assert_eq!(breaks(kit).await, BTreeSet::new());
}

/// What of the work in progress cannot be, found independently; it costs what the host says.
async fn breaks(kit: &Testkit) -> BTreeSet<String> {
    let document = async |name: &str| {
        let answer = kit.get(&format!("core-programming/planning/{name}.json")).await;
        json_of(&answer.unwrap())
    };
    let (problem, solution) = (document("problem").await, document("solution").await);
    let Some(found) = checked(&problem, &solution) else { return BTreeSet::new() };
    assert_eq!(found.cost, solution["cost"]);
    assert_eq!(found.broken == 0, found.breaks.is_empty());
    found.breaks.into_iter().collect()
}

async fn conflicts(kit: &Testkit) -> Vec<String> {
    let data = kit.run("{ sessionConflicts { nodes { message } } }").await.unwrap();
    all(&data["sessionConflicts"]["nodes"], "message").into_iter().map(str::to_owned).collect()
}

/// The titles a plan changes, with their new rooms and times.
fn changes(plan: &Value) -> Vec<(&str, &str, &str)> {
    let changes = plan["changes"].as_array().unwrap().iter();
    let mut changes: Vec<_> = changes
        .map(|change| {
            (
                change["session"]["title"].as_str().unwrap(),
                change["toRoom"]["name"].as_str().unwrap_or(""),
                change["toStart"].as_str().unwrap_or(""),
            )
        })
        .collect();
    changes.sort_unstable();
    changes
}

/// A hall with a projector, a nook and a lawn; six sessions, none of which has a place.
pub(super) async fn draft(kit: &Testkit) -> Value {
    let made = kit
        .run(
            r#"mutation {
                hall: createRoom(input: { name: "Hall", capacity: 100, features: ["Projector"] }) { id }
                nook: createRoom(input: { name: "Nook", capacity: 10 }) { id }
                lawn: createRoom(input: { name: "Lawn", exclusive: false }) { id }
                ann: createPerson(input: { name: "Ann" }) { id }
                bob: createPerson(input: { name: "Bob" }) { id }
            }"#,
        )
        .await
        .unwrap();
    let id = |name: &str| made[name]["id"].clone();
    let ann = json!([{ "person": id("ann"), "role": "PRESENTER" }]);
    let both = json!([{ "person": id("ann"), "role": "PRESENTER" }, { "person": id("bob"), "role": "MODERATOR" }]);
    let create = async |input: Value| {
        let operation = "mutation($input: SessionInput!) { createSession(input: $input) { id } }";
        kit.run_with(operation, json!({ "input": input })).await.unwrap()["createSession"]["id"].clone()
    };
    let films = create(json!({ "title": "Films", "needs": ["projector"], "people": ann, "audience": 80 })).await;
    create(json!({ "title": "More films", "needs": ["PROJECTOR"], "people": both, "after": [films] })).await;
    create(json!({ "title": "Tea", "onlyRooms": [id("nook")], "people": ann, "setupMinutes": 30 })).await;
    create(json!({ "title": "Picnic", "onlyRooms": [id("lawn")] })).await;
    create(json!({ "title": "Kites", "onlyRooms": [id("lawn")] })).await;
    create(json!({ "title": "Stream", "environment": "VIRTUAL", "people": both })).await;
    kit.run_with(
        r#"mutation($ann: ID!) { setPersonAvailability(id: $ann, windows: [{ start: "2026-08-15T10:10:00+02:00", end: "2026-08-15T16:00:00+02:00" }]) { id } }"#,
        json!({ "ann": id("ann") }),
    )
    .await
    .unwrap();
    made
}

#[tokio::test]
async fn drafts_find_their_places_and_are_accepted() {
    for (on, kit) in kits(|setup| setup).await {
        let kit = kit.as_actor(person("sam", &["programme.draft", "programme.edit"]));
        draft(&kit).await;
        let plan = planned(&kit, "planSchedule", json!({ "seconds": 0.3 })).await;
        assert_eq!(
            (&plan["state"], &plan["purpose"], &plan["sessionCount"], &plan["fixedCount"], &plan["progress"]),
            (&json!("READY"), &json!("PLAN"), &json!(6), &json!(0), &json!(1.0)),
            "{on}: {plan}"
        );
        assert_eq!(plan["before"]["unplaced"], json!(6), "{on}");
        assert_eq!((&plan["after"]["unplaced"], &plan["unplaced"]), (&json!(0), &json!([])), "{on}: {plan}");
        let rooms: Vec<(&str, &str)> = changes(&plan).into_iter().map(|(title, room, _)| (title, room)).collect();
        assert_eq!(
            rooms,
            [
                ("Films", "Hall"),
                ("Kites", "Lawn"),
                ("More films", "Hall"),
                ("Picnic", "Lawn"),
                ("Stream", ""),
                ("Tea", "Nook")
            ],
            "{on}"
        );
        // It is a proposal: nothing has happened yet.
        let unchanged = kit.run("{ draftSessions { nodes { state start } } }").await.unwrap();
        let states = all(&unchanged["draftSessions"]["nodes"], "state");
        assert_eq!(states, ["DRAFT"; 6], "{on}");

        let films = session(&kit, "Films").await;
        let accepted = accept(&kit, json!({ "id": plan["id"], "sessions": [films] })).await.unwrap();
        let open = accepted["changes"].as_array().unwrap();
        assert_eq!(open.iter().filter(|change| change["accepted"] == true).count(), 1, "{on}");
        accept(&kit, json!({ "id": plan["id"] })).await.unwrap();
        let done = kit.run("{ draftSessions { nodes { title state minutes } } }").await.unwrap();
        let nodes = &done["draftSessions"]["nodes"];
        assert_eq!(all(nodes, "state"), ["SCHEDULED"; 6], "{on}");
        assert!(nodes.as_array().unwrap().iter().all(|node| node["minutes"] == 60), "{on}: {nodes}");
        assert_eq!(conflicts(&kit).await, [""; 0], "{on}");
        let again = self::plan(&kit, &plan["id"]).await;
        assert_eq!(again["outdated"], true, "{on}");
        assert!(again["changes"].as_array().unwrap().iter().all(|change| change["accepted"] == true), "{on}");
    }
}

#[tokio::test]
async fn what_is_outside_the_scope_stays_even_where_it_clashes() {
    for (on, kit) in kits(|setup| setup).await {
        let table = "id,title,kind,track,room,start,minutes,people\n\
            1,One,talk,Main,Hall,2026-08-14 12:00,60,Ann\n\
            2,Two,talk,Main,Hall,2026-08-14 12:30,60,Ann\n\
            3,Three,talk,Main,Hall,2026-08-14 14:00,50,Bob\n\
            4,Four,talk,Side,Nook,2026-08-15 12:00,45,Bob\n\
            5,Night,talk,Side,Nook,2026-08-15 04:30,60,\n";
        import(&kit, "csv", table).await.unwrap();
        kit.run("mutation { createSession(input: { title: \"Five\", kind: \"talk\" }) { id } }").await.unwrap();
        let before = conflicts(&kit).await;
        assert_eq!(before.len(), 2, "{on}: {before:?}");
        let plan = planned(&kit, "planSchedule", json!({ "seconds": 0.2, "scope": { "days": ["2026-08-15"] } })).await;
        // The one without a time is placed on that day; what most talks take is what it takes.
        assert_eq!((&plan["sessionCount"], &plan["fixedCount"]), (&json!(2), &json!(4)), "{on}: {plan}");
        let placed = changes(&plan);
        assert!(placed.iter().all(|(_, _, start)| start.starts_with("2026-08-15")), "{on}: {placed:?}");
        let five =
            plan["changes"].as_array().unwrap().iter().find(|change| change["session"]["title"] == "Five").unwrap();
        assert_eq!(five["fromStart"], Value::Null, "{on}");
        accept(&kit, json!({ "id": plan["id"] })).await.unwrap();
        assert_eq!(conflicts(&kit).await, before, "{on}: neither more nor fewer");
    }
}

#[tokio::test]
async fn a_closed_room_is_left_with_the_fewest_moves() {
    for (on, kit) in kits(|setup| setup).await {
        let table = "id,title,kind,room,start,minutes,people\n\
            1,One,talk,Hall,2026-08-14 12:00,60,Ann\n\
            2,Two,talk,Hall,2026-08-14 13:15,45,Ann\n\
            3,Three,talk,Nook,2026-08-14 12:00,60,Bob\n\
            4,Four,talk,Nook,2026-08-14 16:00,60,Bob\n";
        import(&kit, "csv", table).await.unwrap();
        let rooms = kit.run("{ draftRooms { id name } }").await.unwrap();
        let hall = rooms["draftRooms"].as_array().unwrap().iter().find(|room| room["name"] == "Hall").unwrap();
        let closed =
            json!([{ "room": hall["id"], "start": "2026-08-14T13:30:00+02:00", "end": "2026-08-14T20:00:00+02:00" }]);
        let none = planned(&kit, "reschedule", json!({ "closed": closed, "mostMoves": 0, "seconds": 0.2 })).await;
        assert_eq!((&none["state"], &none["after"]["unplaced"]), (&json!("READY"), &json!(1)), "{on}: {none}");
        assert_eq!(changes(&none), [("Two", "", "")], "{on}: {none}");
        let why = &super::explaining::why(&kit, &none).await["unplaced"][0];
        let reason = &why["reasons"][0];
        assert_eq!((&why["session"]["title"], &reason["constraint"]), (&json!("Two"), &json!("moves")), "{on}: {why}");
        assert!(reason["detail"].as_str().unwrap().ends_with(" is free for it, but nothing may move."), "{on}: {why}");
        let one = planned(&kit, "reschedule", json!({ "closed": closed, "mostMoves": 1, "seconds": 0.2 })).await;
        let moved = changes(&one);
        assert_eq!(moved.len(), 1, "{on}: {one}");
        assert_eq!(moved[0].0, "Two", "{on}");

        // Somebody is quicker: what was proposed does not fit any more, and the refusal names it.
        let two = session(&kit, "Two").await;
        let moved_by_hand =
            "mutation($id: ID!) { placeSession(id: $id, start: \"2026-08-14T18:00:00+02:00\", minutes: 45) { id } }";
        kit.run_with(moved_by_hand, json!({ "id": two })).await.unwrap();
        let refused = accept(&kit, json!({ "id": one["id"] })).await.unwrap_err();
        assert_eq!(refused.code(), "PLAN_OUTDATED", "{on}");
        assert!(
            refused.problems[0].message.contains("“Two” was moved since: it is from Fri 14 Aug 18:00 now."),
            "{on}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_place_that_was_taken_since_is_refused_and_nothing_changes() {
    for (on, kit) in kits(|setup| setup).await {
        let made = kit
            .run(
                r#"mutation {
                    room: createRoom(input: { name: "Hall" }) { id }
                    one: createSession(input: { title: "One" }) { id }
                    two: createSession(input: { title: "Two" }) { id }
                }"#,
            )
            .await
            .unwrap();
        let plan = planned(&kit, "planSchedule", json!({ "seconds": 0.2 })).await;
        let first = changes(&plan)[0].2.to_owned();
        kit.run_with(
            "mutation($room: ID!, $start: DateTime!) {
                createSession(input: { title: \"Intruder\", room: $room, start: $start, minutes: 60 }) { id } }",
            json!({ "room": made["room"]["id"], "start": first }),
        )
        .await
        .unwrap();
        let refused = accept(&kit, json!({ "id": plan["id"] })).await.unwrap_err();
        assert_eq!(refused.code(), "PLAN_OUTDATED", "{on}");
        let told = &refused.problems[0].message;
        assert!(told.contains("Intruder") && told.contains("are in Hall at the same time."), "{on}: {told}");
        let nothing = kit.run("{ draftSessions { nodes { title state } } }").await.unwrap();
        let nodes = nothing["draftSessions"]["nodes"].as_array().unwrap();
        let scheduled = nodes.iter().filter(|node| node["state"] == "SCHEDULED").count();
        assert_eq!(scheduled, 0, "{on}: a draft with a time is in the way, too: {nodes:?}");
        accept(&kit, json!({ "id": plan["id"], "sessions": [made["two"]["id"]] })).await.unwrap();
    }
}

#[tokio::test]
async fn progress_is_heard_and_plans_are_dropped() {
    for (on, kit) in kits(|setup| setup).await {
        let made = draft(&kit).await;
        // Ann would like more than there is, so that no search ends before it has to.
        kit.run_with(
            r#"mutation($ann: ID!) { setPersonPreference(id: $ann, windows: [{ start: "2026-08-15T12:00:00+02:00", end: "2026-08-15T13:00:00+02:00" }]) { id } }"#,
            json!({ "ann": made["ann"]["id"] }),
        )
        .await
        .unwrap();
        let start = "mutation { planSchedule(input: { seconds: 30.0 }) { id } }";
        let id = kit.run(start).await.unwrap()["planSchedule"]["id"].clone();
        let listen = format!("subscription {{ planProgress(plan: {id}) {{ state progress elapsed unplaced soft }} }}");
        let mut heard = kit.subscribe(&listen).await.unwrap();
        let cancelled = kit.run_with("mutation($id: ID!) { cancelPlan(id: $id) { state } }", json!({ "id": id })).await;
        cancelled.unwrap();
        kit.solved().await;
        let state = loop {
            let told = heard.next().await.unwrap()["planProgress"].clone();
            if told["state"] != "SEARCHING" {
                break told["state"].clone();
            }
        };
        let plan = plan(&kit, &id).await;
        assert_eq!(plan["state"], state, "{on}: it is ready when it is told");
        let listed = kit.run("{ schedulePlans { id } }").await.unwrap();
        assert_eq!(listed["schedulePlans"], json!([{ "id": id }]), "{on}");
        let dropped = kit.run_with("mutation($id: ID!) { dropPlan(id: $id) }", json!({ "id": id })).await.unwrap();
        assert_eq!(dropped, json!({ "dropPlan": true }), "{on}");
        assert_eq!(kit.run("{ schedulePlans { id } }").await.unwrap(), json!({ "schedulePlans": [] }), "{on}");
        let gone = accept(&kit, json!({ "id": id })).await.unwrap_err();
        assert_eq!((gone.code(), gone.problems[0].pointer.as_str()), ("not-found", "/id"), "{on}");

        // Dropped while it runs, nobody is told and nothing comes of it.
        let id = kit.run(start).await.unwrap()["planSchedule"]["id"].clone();
        kit.run_with("mutation($id: ID!) { dropPlan(id: $id) }", json!({ "id": id })).await.unwrap();
        kit.solved().await;
        assert_eq!(kit.run("{ schedulePlans { id } }").await.unwrap(), json!({ "schedulePlans": [] }), "{on}");
    }
}

#[tokio::test]
async fn what_cannot_be_planned_is_said_with_its_place() {
    for (on, kit) in kits(|setup| setup).await {
        for (operation, code, pointer) in [
            ("planSchedule(input: {}) { id }", "NOTHING_TO_PLAN", "/input/scope"),
            ("planSchedule(input: { seconds: 61.0 }) { id }", "invalid", "/input/seconds"),
            ("planSchedule(input: { scope: { days: [\"2026-09-01\"] } }) { id }", "invalid", "/input/scope/days/0"),
            ("planSchedule(input: { scope: { tracks: [\"x\"] } }) { id }", "not-found", "/input/scope/tracks/0"),
            ("planSchedule(input: { scope: { sessions: [\"x\"] } }) { id }", "not-found", "/input/scope/sessions/0"),
            ("reschedule(input: { mostMoves: -1 }) { id }", "invalid", "/input/mostMoves"),
            (
                "reschedule(input: { mostMoves: 1, closed: [{ start: \"2026-08-14T12:00:00Z\", end: \"2026-08-14T13:00:00Z\" }] }) { id }",
                "invalid",
                "/input/closed/0",
            ),
            ("cancelPlan(id: \"x\") { id }", "not-found", "/id"),
        ] {
            let refused = kit.run(&format!("mutation {{ {operation} }}")).await.unwrap_err();
            assert_eq!((refused.code(), refused.problems[0].pointer.as_str()), (code, pointer), "{on}: {operation}");
        }
        let guest = kit.as_actor(attendee("gus"));
        for operation in ["{ schedulePlans { id } }", "mutation { planSchedule(input: {}) { id } }"] {
            assert_eq!(guest.run(operation).await.unwrap_err().code(), "forbidden", "{on}: {operation}");
        }
    }
}
