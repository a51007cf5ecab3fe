//! Schedules are cleared to be planned from nothing, and told to other solvers.

use conman_testkit::{Testkit, Value, attendee, json};

use super::host::{import, json_of, kits, session};
use super::planning::{accept, draft, planned};

#[tokio::test]
async fn what_is_taken_off_the_schedule_keeps_how_long_it_takes_and_its_lawn() {
    for (on, kit) in kits(|setup| setup).await {
        let table = "id,title,kind,track,room,start,minutes,state\n\
            1,One,talk,Main,Hall,2026-08-14 12:00,90,\n\
            2,Two,talk,,Hall,2026-08-15 12:00,45,\n\
            3,Picnic,talk,,Lawn,2026-08-14 12:00,120,\n\
            4,Off,talk,,Hall,2026-08-14 16:00,60,cancelled\n\
            5,Someday,talk,,,,75,\n";
        import(&kit, "csv", table).await.unwrap();
        let rooms = kit.run("{ draftRooms { id name } }").await.unwrap();
        let lawn = rooms["draftRooms"].as_array().unwrap().iter().find(|room| room["name"] == "Lawn").unwrap();
        let shared = "mutation($id: ID!) { updateRoom(id: $id, patch: { exclusive: false }) { id } }";
        kit.run_with(shared, json!({ "id": lawn["id"] })).await.unwrap();
        let clear = "mutation($scope: SchedulePlanScopeInput) { clearSchedule(scope: $scope) }";
        let one_day = kit.run_with(clear, json!({ "scope": { "days": ["2026-08-15"] } })).await.unwrap();
        assert_eq!(one_day["clearSchedule"], 1, "{on}");
        assert_eq!(kit.run_with(clear, json!({})).await.unwrap()["clearSchedule"], 2, "{on}");
        let refused = kit.run_with(clear, json!({ "scope": { "days": ["2026-09-01"] } })).await.unwrap_err();
        assert_eq!(refused.problems[0].pointer, "/scope/days/0", "{on}");

        let read = "{ draftSessions { nodes { title state start minutes room { name } } } }";
        let now = kit.run(read).await.unwrap();
        let told = |title: &str| {
            let nodes = now["draftSessions"]["nodes"].as_array().unwrap();
            let node = nodes.iter().find(|node| node["title"] == title).unwrap();
            json!([node["state"], node["start"].is_null(), node["minutes"], node["room"]["name"]])
        };
        assert_eq!(told("One"), json!(["DRAFT", true, 90, null]), "{on}");
        assert_eq!(told("Two"), json!(["DRAFT", true, 45, null]), "{on}");
        assert_eq!(told("Picnic"), json!(["DRAFT", true, 120, "Lawn"]), "{on}");
        assert_eq!(told("Off"), json!(["CANCELLED", false, 60, "Hall"]), "{on}");
        assert_eq!(told("Someday"), json!(["DRAFT", true, 75, null]), "{on}");
        let draft = kit.get("core-programming/schedule.csv?view=draft").await.unwrap();
        let again = import(&kit, "csv", draft.body).await.unwrap();
        assert_eq!(again["changed"]["sessions"], 0, "{on}: {again}");

        let someday = session(&kit, "Someday").await;
        let patch =
            "mutation($id: ID!, $minutes: Int) { updateSession(id: $id, patch: { minutes: $minutes }) { minutes } }";
        for (minutes, kept) in [(json!(20), json!(20)), (json!(null), json!(null))] {
            let changed = kit.run_with(patch, json!({ "id": someday, "minutes": minutes })).await.unwrap();
            assert_eq!(changed["updateSession"]["minutes"], kept, "{on}");
        }
        let plan = planned(&kit, "planSchedule", json!({ "seconds": 0.3 })).await;
        let minutes = |title: &str| {
            let changes = plan["changes"].as_array().unwrap();
            let change = changes.iter().find(|change| change["session"]["title"] == title).unwrap();
            let at = |name: &str| change[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second() / 60;
            (at("toEnd") - at("toStart"), change["toRoom"]["name"].as_str().unwrap_or_default().to_owned())
        };
        assert_eq!(minutes("Picnic"), (120, "Lawn".to_owned()), "{on}");
        assert_eq!((minutes("One"), minutes("Two")), ((90, "Hall".to_owned()), (45, "Hall".to_owned())), "{on}");

        accept(&kit, json!({ "id": plan["id"] })).await.unwrap();
        let longer = kit.run_with(patch, json!({ "id": someday, "minutes": 30 })).await.unwrap();
        assert_eq!(longer["updateSession"]["minutes"], 30, "{on}: its end moves");
    }
}

#[tokio::test]
async fn the_work_in_progress_is_told_as_a_problem_and_its_solution() {
    for (on, kit) in kits(|setup| setup).await {
        draft(&kit).await;
        let document = async |kit: &Testkit, name: &str| -> Value {
            let answer = kit.get(&format!("core-programming/planning/{name}.json")).await.unwrap();
            json_of(&answer)
        };
        let nothing = document(&kit, "solution").await;
        assert_eq!(nothing["format"], "conman-schedule-solution/1", "{on}");
        assert_eq!((&nothing["assignments"], &nothing["cost"]["unplaced"]), (&json!([]), &json!(6)), "{on}");
        let plan = planned(&kit, "planSchedule", json!({ "seconds": 0.3 })).await;
        accept(&kit, json!({ "id": plan["id"] })).await.unwrap();
        let (problem, solution) = (document(&kit, "problem").await, document(&kit, "solution").await);
        assert_eq!(problem["format"], "conman-schedule-problem/1", "{on}");
        assert_eq!(problem["sessions"].as_array().unwrap().len(), 6, "{on}");
        assert_eq!(solution["assignments"].as_array().unwrap().len(), 6, "{on}");
        assert_eq!(solution["cost"]["soft"], plan["after"]["soft"], "{on}: what was accepted costs what was promised");
        let guest = kit.as_actor(attendee("gus"));
        let refused = guest.get("core-programming/planning/problem.json").await.unwrap_err();
        assert_eq!(refused.code(), "forbidden", "{on}");
    }
}
