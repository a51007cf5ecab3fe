//! What nothing has changed for stays: also what has a time and no room, and what is on at night.

use std::collections::BTreeMap;

use conman_testkit::{Testkit, Value, json};

use super::host::{import, kits};
use super::planning::{accept, planned};

/// The convention lasts from the 14th to the 16th; its days change at five.
const TABLE: &str = "id,title,kind,room,start,minutes,people\n\
    1,One,talk,Hall,2026-08-14 12:00,60,Ann\n\
    2,Two,talk,Hall,2026-08-14 14:00,60,Bob\n\
    3,Three,talk,Nook,2026-08-14 12:00,60,Zoë\n\
    4,Film night,film,Cellar,2026-08-15 04:30,150,\n\
    5,Arrival,talk,Hall,2026-08-13 12:00,60,\n\
    6,To be announced,talk,,2026-08-14 20:00,60,Ann\n\
    7,To be announced too,talk,,2026-08-15 12:00,60,Bob\n";

type Places = BTreeMap<String, (Value, Value)>;

async fn timetable(kit: &Testkit) -> Places {
    let data = kit.run("{ draftSessions { nodes { title start room { name } } } }").await.unwrap();
    let nodes = data["draftSessions"]["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| (node["title"].as_str().unwrap().to_owned(), (node["start"].clone(), node["room"]["name"].clone())))
        .collect()
}

fn times(places: &Places) -> BTreeMap<&str, &Value> {
    places.iter().map(|(title, (start, _))| (title.as_str(), start)).collect()
}

#[tokio::test]
async fn no_move_is_no_move_whatever_lacks_a_room() {
    for (on, kit) in kits(|setup| setup).await {
        import(&kit, "csv", TABLE).await.unwrap();
        let before = timetable(&kit).await;
        for (field, input) in [
            ("reschedule", json!({ "mostMoves": 0, "seconds": 0.2 })),
            ("planSchedule", json!({ "keepClose": true, "seconds": 0.2 })),
        ] {
            let plan = planned(&kit, field, input).await;
            assert_eq!((&plan["state"], &plan["sessionCount"]), (&json!("READY"), &json!(5)), "{on}: {plan}");
            assert_eq!(plan["after"]["unplaced"], 0, "{on}: {plan}");
            assert_eq!(plan["notes"].as_array().unwrap().len(), 2, "{on}: {plan}");
            // Both are told a room, at their own time.
            assert_eq!(plan["changes"].as_array().unwrap().len(), 2, "{on}: {plan}");
            accept(&kit, json!({ "id": plan["id"] })).await.unwrap();
            let after = timetable(&kit).await;
            assert_eq!(times(&after), times(&before), "{on}");
            assert!(after.iter().all(|(_, (_, room))| room.is_string()), "{on}: {after:?}");
            import(&kit, "csv", TABLE).await.unwrap();
        }
    }
}

#[tokio::test]
async fn sessions_of_a_deleted_room_get_another_at_their_time_where_one_is_free() {
    for (on, kit) in kits(|setup| setup).await {
        // At 12 the two other rooms are taken by those who can be there at no other time.
        let table = format!("{TABLE}8,Eight,talk,Cellar,2026-08-14 12:00,60,Kim\n");
        import(&kit, "csv", table).await.unwrap();
        let people = kit.run("{ draftPeople { nodes { id name } } }").await.unwrap();
        for person in people["draftPeople"]["nodes"].as_array().unwrap() {
            if ["Zoë", "Kim"].contains(&person["name"].as_str().unwrap()) {
                kit.run_with(
                    r#"mutation($id: ID!) { setPersonAvailability(id: $id, windows: [{ start: "2026-08-14T12:00:00+02:00", end: "2026-08-14T13:00:00+02:00" }]) { id } }"#,
                    json!({ "id": person["id"] }),
                )
                .await
                .unwrap();
            }
        }
        let before = timetable(&kit).await;
        let rooms = kit.run("{ draftRooms { id name } }").await.unwrap();
        let hall = rooms["draftRooms"].as_array().unwrap().iter().find(|room| room["name"] == "Hall").unwrap();
        kit.run_with("mutation($id: ID!) { deleteRoom(id: $id) }", json!({ "id": hall["id"] })).await.unwrap();
        let plan = planned(&kit, "reschedule", json!({ "mostMoves": 0, "seconds": 0.2 })).await;
        assert_eq!(plan["state"], "READY", "{on}: {plan}");
        let left = plan["unplaced"].as_array().unwrap().iter();
        let left: Vec<&str> = left.map(|one| one["session"]["title"].as_str().unwrap()).collect();
        assert_eq!((left, &plan["after"]["unplaced"]), (vec!["One"], &json!(1)), "{on}: {plan}");
        accept(&kit, json!({ "id": plan["id"] })).await.unwrap();
        let after = timetable(&kit).await;
        assert_eq!(times(&after), times(&before), "{on}: each keeps its time, with a room or without");
        assert_eq!((after["One"].1.as_str(), after["Two"].1.is_string()), (None, true), "{on}: {after:?}");
    }
}

#[tokio::test]
async fn what_no_day_can_hold_is_listed_with_its_reason() {
    for (on, kit) in kits(|setup| setup).await {
        kit.run(
            r#"mutation {
                createRoom(input: { name: "Hall" }) { id }
                long: createSession(input: { title: "Exhibition", minutes: 1500 }) { id }
                talk: createSession(input: { title: "Talk", minutes: 60 }) { id }
            }"#,
        )
        .await
        .unwrap();
        let plan = planned(&kit, "planSchedule", json!({ "seconds": 0.2 })).await;
        assert_eq!(
            (&plan["sessionCount"], &plan["before"]["unplaced"], &plan["after"]["unplaced"]),
            (&json!(2), &json!(2), &json!(1)),
            "{on}: {plan}"
        );
        let left = &plan["unplaced"][0];
        assert_eq!(
            (&left["session"]["title"], &left["reasons"][0]["constraint"]),
            (&json!("Exhibition"), &json!("day"))
        );
        assert_eq!(
            left["reasons"][0]["detail"], "It takes 25 hours with set-up and tear-down, and a day has 24 hours.",
            "{on}"
        );
    }
}

#[tokio::test]
async fn what_moves_cost_is_no_wish_and_what_outdates_a_plan_is_said() {
    for (on, kit) in kits(|setup| setup).await {
        // Both in the hall at once: one has to move, and keeping close that costs.
        let table = "id,title,kind,room,start,minutes,people\n\
            1,One,talk,Hall,2026-08-14 12:00,60,Ann\n\
            2,Two,talk,Hall,2026-08-14 12:30,60,Bob\n";
        import(&kit, "csv", table).await.unwrap();
        let plan = planned(&kit, "planSchedule", json!({ "keepClose": true, "seconds": 0.2 })).await;
        let read =
            "query($id: ID!) { schedulePlan(id: $id) { outdated after { terms { term } } wishes { constraint } } }";
        let read = async || kit.run_with(read, json!({ "id": plan["id"] })).await.unwrap()["schedulePlan"].clone();
        let told = read().await;
        assert!(told["after"]["terms"].to_string().contains("moved_time"), "{on}: {told}");
        assert_eq!((&told["wishes"], &told["outdated"]), (&json!([]), &json!(false)), "{on}");
        for operation in [
            "setRoomAvailability(id: $room, windows: []) { id }",
            "setPersonAvailability(id: $person, windows: []) { id }",
            "setPersonPreference(id: $person, windows: []) { id }",
        ] {
            let plan = planned(&kit, "planSchedule", json!({ "seconds": 0.1 })).await;
            assert_eq!(plan["outdated"], false, "{on}");
            let data = kit.run("{ draftRooms { id } draftPeople { nodes { id } } }").await.unwrap();
            let ids = json!({ "room": data["draftRooms"][0]["id"], "person": data["draftPeople"]["nodes"][0]["id"] });
            let (used, of) =
                if operation.contains("$room") { ("$room: ID!", "room") } else { ("$person: ID!", "person") };
            kit.run_with(&format!("mutation({used}) {{ {operation} }}"), json!({ of: ids[of] })).await.unwrap();
            let operation = "query($id: ID!) { schedulePlan(id: $id) { outdated } }";
            let now = kit.run_with(operation, json!({ "id": plan["id"] })).await.unwrap();
            assert_eq!(now["schedulePlan"]["outdated"], true, "{on}: {used}");
        }
    }
}
