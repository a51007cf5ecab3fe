//! After something has changed: a room is closed, a presenter comes late. As few sessions as can be move, on the programme's own grid.

use std::collections::BTreeSet;

use conman_testkit::{Testkit, Value, json};

use super::host::{all, import, kits};
use super::planning::{accept, planned};

/// Three rooms, two days, 50 minutes each at the full hour; everybody is in two sessions.
fn table() -> String {
    let mut table = "id,title,kind,room,start,minutes,people\n".to_owned();
    for (at, (day, hour, room)) in
        (14..16).flat_map(|day| (10..16).flat_map(move |hour| (0..3).map(move |room| (day, hour, room)))).enumerate()
    {
        let person = at % 18;
        table += &format!("{at},S{at},talk,Room {room},2026-08-{day} {hour}:00,50,P{person}\n");
    }
    table
}

async fn id_of(kit: &Testkit, list: &str, name: &str) -> Value {
    let data = kit.run(&format!("{{ {list} }}")).await.unwrap();
    let found = data.as_object().unwrap().values().next().unwrap();
    let nodes = found.get("nodes").unwrap_or(found).as_array().unwrap();
    nodes.iter().find(|one| one["name"] == name).unwrap()["id"].clone()
}

/// The titles of what moves; all of it on the grid, and none a conflict once accepted.
async fn moved(on: &str, kit: &Testkit, plan: &Value, most: usize) -> BTreeSet<String> {
    assert_eq!(plan["state"], "READY", "{on}: {plan}");
    let changes = plan["changes"].as_array().unwrap();
    assert!(changes.len() <= most, "{on}: {plan}");
    for change in changes {
        let start = change["toStart"].as_str().unwrap();
        assert!(start[14..16] == *"00" || start[14..16] == *"30", "{on}: {change}");
        assert!(change["fromStart"] != change["toStart"] || change["fromRoom"] != change["toRoom"], "{on}: {change}");
    }
    accept(kit, json!({ "id": plan["id"] })).await.unwrap();
    let conflicts = kit.run("{ sessionConflicts { nodes { message } } }").await.unwrap();
    assert_eq!(all(&conflicts["sessionConflicts"]["nodes"], "message"), [""; 0], "{on}");
    changes.iter().map(|change| change["session"]["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_room_is_closed_for_a_morning() {
    for (on, kit) in kits(|setup| setup).await {
        import(&kit, "csv", table()).await.unwrap();
        let room = id_of(&kit, "draftRooms { id name }", "Room 1").await;
        let closed =
            json!([{ "room": room, "start": "2026-08-14T10:15:00+02:00", "end": "2026-08-14T12:30:00+02:00" }]);
        let input = |most: i32| json!({ "closed": closed, "mostMoves": most, "seconds": 0.3 });
        let two = planned(&kit, "reschedule", input(2)).await;
        let elsewhere =
            two["changes"].as_array().unwrap().iter().filter(|change| change["toStart"].is_string()).count();
        let told = (elsewhere, &two["after"]["unplaced"], &two["state"]);
        assert_eq!(told, (2, &json!(1), &json!("READY")), "{on}: {two}");
        let plan = planned(&kit, "reschedule", input(3)).await;
        let expected: BTreeSet<String> = ["S1", "S4", "S7"].map(str::to_owned).into();
        assert_eq!(moved(on, &kit, &plan, 3).await, expected, "{on}");
    }
}

#[tokio::test]
async fn a_presenter_comes_late() {
    for (on, kit) in kits(|setup| setup).await {
        import(&kit, "csv", table()).await.unwrap();
        // In S3 at 11:00 on the first day, and in S21 on the second.
        let late = id_of(&kit, "draftPeople(first: 50) { nodes { id name } }", "P3").await;
        let closed =
            json!([{ "person": late, "start": "2026-08-14T05:00:00+02:00", "end": "2026-08-14T13:40:00+02:00" }]);
        let plan = planned(&kit, "reschedule", json!({ "closed": closed, "mostMoves": 1, "seconds": 0.3 })).await;
        let start = plan["changes"][0]["toStart"].as_str().unwrap();
        assert!(start >= "2026-08-14T14:00", "{on}: {plan}");
        assert_eq!(moved(on, &kit, &plan, 1).await, BTreeSet::from(["S3".to_owned()]), "{on}");
    }
}

#[tokio::test]
async fn where_nothing_is_wrong_nothing_moves() {
    for (on, kit) in kits(|setup| setup).await {
        import(&kit, "csv", table()).await.unwrap();
        let plan = planned(&kit, "reschedule", json!({ "mostMoves": 40, "seconds": 0.2 })).await;
        assert!(moved(on, &kit, &plan, 0).await.is_empty(), "{on}");
        assert_eq!(plan["before"], plan["after"], "{on}: {plan}");
    }
}
