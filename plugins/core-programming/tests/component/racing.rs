//! Two organisers at once: whatever comes first, every session is somewhere it was put, and nothing is done by halves.

use std::collections::BTreeMap;

use conman_testkit::{Failure, Testkit, Value, json};

use super::host::{import, kits, session};
use super::planning::{accept, accept_amid_others, assert_stands, planned};

const TABLE: &str = "id,title,kind,room,start,minutes,people\n\
    1,One,talk,Hall,2026-08-14 12:00,60,Ann\n\
    2,Two,talk,Hall,2026-08-14 13:00,60,Bob\n\
    3,Three,talk,Nook,2026-08-14 12:00,60,Zoë\n";

async fn timetable(kit: &Testkit) -> BTreeMap<String, (Value, Value)> {
    let data = kit.run("{ draftSessions { nodes { title start room { name } } } }").await.unwrap();
    let nodes = data["draftSessions"]["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| (node["title"].as_str().unwrap().to_owned(), (node["start"].clone(), node["room"]["name"].clone())))
        .collect()
}

/// Where a plan would put what it moves.
fn proposed(plan: &Value) -> BTreeMap<String, (Value, Value)> {
    let changes = plan["changes"].as_array().unwrap().iter();
    changes
        .map(|change| {
            let title = change["session"]["title"].as_str().unwrap();
            (title.to_owned(), (change["toStart"].clone(), change["toRoom"]["name"].clone()))
        })
        .collect()
}

/// Both rooms are closed until the afternoon, so that everything has to move.
async fn away(kit: &Testkit, until: &str) -> Value {
    let rooms = kit.run("{ draftRooms { id } }").await.unwrap();
    let rooms = rooms["draftRooms"].as_array().unwrap().iter();
    let closed: Vec<Value> =
        rooms.map(|room| json!({ "room": room["id"], "start": "2026-08-14T05:00:00+02:00", "end": until })).collect();
    planned(kit, "reschedule", json!({ "closed": closed, "mostMoves": 3, "seconds": 0.1 })).await
}

/// Puts the second session where the table has it; no import takes back that it was cancelled.
async fn scheduled(kit: &Testkit, two: &str) {
    let rooms = kit.run("{ draftRooms { id name } }").await.unwrap();
    let hall = rooms["draftRooms"].as_array().unwrap().iter().find(|room| room["name"] == "Hall").unwrap();
    let place = "mutation($id: ID!, $room: ID!) {
        placeSession(id: $id, room: $room, start: \"2026-08-14T13:00:00+02:00\", minutes: 60) { id } }";
    kit.run_with(place, json!({ "id": two, "room": hall["id"] })).await.unwrap();
}

fn refused(outcome: &Result<Value, Failure>) -> Option<&str> {
    outcome.as_ref().err().map(Failure::code)
}

#[tokio::test]
async fn the_same_plan_is_accepted_once() {
    for (on, kit) in kits(|setup| setup).await {
        import(&kit, "csv", TABLE).await.unwrap();
        let plan = away(&kit, "2026-08-14T16:00:00+02:00").await;
        assert_eq!(proposed(&plan).len(), 3, "{on}: {plan}");
        let asked = || accept_amid_others(&kit, json!({ "id": plan["id"] }));
        let (one, other, third) = tokio::join!(asked(), asked(), asked());
        assert_stands(&kit).await;
        for outcome in [one, other, third] {
            let accepted = outcome.unwrap_or_else(|error| panic!("{on}: {error:?}"));
            let changes = accepted["changes"].as_array().unwrap();
            assert!(changes.iter().all(|change| change["accepted"] == true), "{on}: {accepted}");
        }
        assert_eq!(timetable(&kit).await, proposed(&plan), "{on}");
    }
}

#[tokio::test]
async fn of_two_plans_one_is_accepted() {
    for (on, kit) in kits(|setup| setup).await {
        import(&kit, "csv", TABLE).await.unwrap();
        let plans = [away(&kit, "2026-08-14T16:00:00+02:00").await, away(&kit, "2026-08-14T18:00:00+02:00").await];
        let [one, other] = [0, 1].map(|at: usize| accept_amid_others(&kit, json!({ "id": plans[at]["id"] })));
        let (one, other) = tokio::join!(one, other);
        assert_stands(&kit).await;
        let now = timetable(&kit).await;
        let (won, lost) = if one.is_ok() { (&plans[0], &other) } else { (&plans[1], &one) };
        assert_eq!(refused(lost), Some("PLAN_OUTDATED"), "{on}: {one:?} {other:?}");
        assert_eq!(now, proposed(won), "{on}");
        // All that stand in the way are named, each with where it is now.
        let told = &lost.as_ref().unwrap_err().problems[0].message;
        for title in ["One", "Two", "Three"] {
            assert!(told.contains(&format!("“{title}” was moved since: it is in ")), "{on}: {told}");
        }
    }
}

#[tokio::test]
async fn whoever_edits_while_another_accepts_is_told_or_has_the_last_word() {
    for (on, kit) in kits(|setup| setup).await {
        for (edit, skip) in [
            "mutation($id: ID!) { placeSession(id: $id, start: \"2026-08-16T10:00:00+02:00\", minutes: 60) { id } }",
            "mutation($id: ID!) { unscheduleSession(id: $id) { id } }",
            "mutation($id: ID!) { deleteSession(id: $id) }",
            "mutation($id: ID!) { cancelSession(id: $id) { id } }",
        ]
        .into_iter()
        .flat_map(|edit| [(edit, false), (edit, true)])
        {
            kit.run("mutation { clearSchedule }").await.unwrap();
            import(&kit, "csv", TABLE).await.unwrap();
            let two = session(&kit, "Two").await;
            scheduled(&kit, &two).await;
            let plan = away(&kit, "2026-08-14T16:00:00+02:00").await;
            assert_eq!(proposed(&plan).len(), 3, "{on}: {plan}");
            let before = timetable(&kit).await;
            let whole = accept_amid_others(&kit, json!({ "id": plan["id"], "skip": skip }));
            let by_hand = kit.run_with(edit, json!({ "id": two }));
            let (accepted, edited) = tokio::join!(whole, by_hand);
            assert_stands(&kit).await;
            edited.unwrap_or_else(|error| panic!("{on} {edit}: {error:?}"));
            let now = timetable(&kit).await;
            match refused(&accepted) {
                // The edit was first: of the plan nothing was done.
                Some(code) => {
                    assert_eq!((code, skip), ("PLAN_OUTDATED", false), "{on} {edit}");
                    let told = &accepted.unwrap_err().problems[0].message;
                    assert!(told.contains("“Two” was "), "{on} {edit}: {told}");
                    for title in ["One", "Three"] {
                        assert_eq!(now[title], before[title], "{on} {edit}");
                    }
                }
                // The plan was first, or the session was gone with what was proposed for it.
                None => {
                    let left = accepted.unwrap()["left"].clone();
                    let left = left.as_array().unwrap().iter().map(|why| why.as_str().unwrap());
                    let left: Vec<&str> = left.filter(|why| !(skip && why.starts_with("“Two” was "))).collect();
                    assert_eq!(left, [""; 0], "{on} {edit}");
                    for title in ["One", "Three"] {
                        assert_eq!(now[title], proposed(&plan)[title], "{on} {edit}");
                    }
                }
            }
            // It cannot be undone by whoever came second.
            if edit.contains("placeSession") {
                assert_eq!(now["Two"].0, "2026-08-16T10:00:00+02:00", "{on}");
            }
        }
    }
}

#[tokio::test]
async fn a_part_is_accepted_and_what_does_not_work_alone_is_told() {
    for (on, kit) in kits(|setup| setup).await {
        import(&kit, "csv", TABLE).await.unwrap();
        let plan = away(&kit, "2026-08-14T16:00:00+02:00").await;
        let one = session(&kit, "One").await;
        let only_one = json!({ "id": plan["id"], "sessions": [one] });
        accept(&kit, only_one.clone()).await.unwrap();
        let now = timetable(&kit).await;
        assert_eq!((&now["One"], &now["Two"].1), (&proposed(&plan)["One"], &json!("Hall")), "{on}");
        // Once more it changes nothing.
        accept(&kit, only_one).await.unwrap();
        // The place of the next is taken: all of the rest is refused, and each can still be accepted that works.
        let (start, room) = proposed(&plan)["Two"].clone();
        let rooms = kit.run("{ draftRooms { id name } }").await.unwrap();
        let room = rooms["draftRooms"].as_array().unwrap().iter().find(|known| known["name"] == room).unwrap();
        kit.run_with(
            "mutation($room: ID!, $start: DateTime!) { createSession(input: { title: \"Intruder\", room: $room, start: $start, minutes: 60, state: SCHEDULED }) { id } }",
            json!({ "room": room["id"], "start": start }),
        )
        .await
        .unwrap();
        let rest = accept(&kit, json!({ "id": plan["id"] })).await.unwrap_err();
        assert_eq!(rest.code(), "PLAN_OUTDATED", "{on}");
        assert!(rest.problems[0].message.contains("Intruder"), "{on}: {rest:?}");
        assert_eq!(timetable(&kit).await["Three"], now["Three"], "{on}");
        let three = session(&kit, "Three").await;
        accept(&kit, json!({ "id": plan["id"], "sessions": [three] })).await.unwrap();
        assert_eq!(timetable(&kit).await["Three"], proposed(&plan)["Three"], "{on}");
    }
}
