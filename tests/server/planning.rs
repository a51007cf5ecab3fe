//! The sample convention's timetable is planned: by whoever may, through hang-ups and restarts, accepted in part, and mended where a room is
//! closed.

use conman_tests::plans::{Planner, Told};
use conman_tests::{Client, Database, HostApart, on_each_database};
use serde_json::{Value, json};

/// What no timetable may have.
const IMPOSSIBLE: [&str; 4] = ["ROOM_OVERLAP", "PERSON_DOUBLE_BOOKED", "PERSON_UNAVAILABLE", "ROOM_UNAVAILABLE"];

/// The made-up convention, on a host in a process of its own.
async fn lanternfall(database: Database) -> (HostApart, Planner) {
    let host = HostApart::start(database);
    let operator = host.operator();
    operator.convention_on("lanternfall", ["Europe/Berlin", "2027-06-11", "2027-06-13", "06:00"]).await;
    operator.enable("lanternfall", "core-programming").await;
    let programme = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/sample-convention/programme.csv");
    let system = Planner::new(operator.client().clone(), "lanternfall");
    system.import("csv", std::fs::read(programme).unwrap()).await;
    let olga = Planner::new(operator.person("lanternfall", "olga", "staff").await, "lanternfall");
    // Somebody would like the one half hour in which nothing can be, so no search ends before it has to.
    let people = olga.run("{ draftPeople(first: 1) { nodes { id } } }", json!({})).await;
    let window = json!({ "start": "2027-06-12T05:00:00+02:00", "end": "2027-06-12T05:30:00+02:00" });
    let prefer = "setPersonPreference(id: $0, windows: $1)";
    let somebody = people["draftPeople"]["nodes"][0]["id"].clone();
    olga.each(prefer, ["ID!", "[AvailableWindowInput!]!"], &[[somebody, json!([window])]]).await;
    (host, olga)
}

/// Time passes, and no timetable is worse than the one before.
fn assert_falls(told: &[Told]) {
    for pair in told.windows(2) {
        assert!(pair[0].elapsed <= pair[1].elapsed, "{told:?}");
    }
    let ranks: Vec<_> = told.iter().filter_map(|told| told.rank).collect();
    assert!(ranks.windows(2).all(|pair| pair[1] <= pair[0]) && !ranks.is_empty(), "{told:?}");
}

/// Where every session is.
async fn places(planner: &Planner) -> Vec<Value> {
    let read = "{ draftSessions(first: 500) { nodes { id start end room { id } } } }";
    let mut nodes = planner.run(read, json!({})).await["draftSessions"]["nodes"].as_array().unwrap().clone();
    nodes.sort_by_key(|node| node["id"].to_string());
    nodes
}

/// That what stands now has no conflict that cannot be, and costs what the plan promised. Whoever accepts has it checked independently.
async fn assert_is(planner: &Planner, plan: &Value) {
    for kind in IMPOSSIBLE {
        assert_eq!(planner.conflicts(kind).await, 0, "{kind}");
    }
    let solution = planner.document("solution").await;
    assert_eq!(solution["cost"]["soft"], plan["after"]["soft"], "{}", solution["cost"]);
}

/// Attendees, and whoever organises another convention, learn nothing of a plan that is ready, and change nothing.
async fn assert_refuses_others(host: &HostApart, planner: &Planner, id: &str) {
    let operator = host.operator();
    operator.convention("elsewhere").await;
    operator.enable("elsewhere", "core-programming").await;
    let attendee = operator.person("lanternfall", "vera", "attendee").await;
    let stranger = operator.person("elsewhere", "otto", "admin").await;
    let before = places(planner).await;
    let refused = async |client: &Client, slug: &str, code: &str| {
        for operation in [
            "query($id: ID!) { schedulePlan(id: $id) { state } }",
            "mutation($id: ID!) { acceptPlan(id: $id) { id } }",
            "mutation($id: ID!) { cancelPlan(id: $id) { id } }",
            "mutation($id: ID!) { dropPlan(id: $id) }",
        ] {
            let answer = client.convention(slug, operation, json!({ "id": id })).await;
            // Reading what is not there is no error.
            let nothing = answer.json == json!({ "data": { "schedulePlan": null } });
            assert!(answer.code() == code || (code == "not-found" && nothing), "{operation}: {}", answer.text);
        }
    };
    for client in [&attendee, &stranger] {
        refused(client, "lanternfall", "forbidden").await;
        for operation in [
            "{ schedulePlans { id } }",
            "mutation { planSchedule(input: { seconds: 0.2 }) { id } }",
            "mutation { reschedule(input: { mostMoves: 3 }) { id } }",
            "mutation { clearSchedule }",
        ] {
            let answer = client.convention("lanternfall", operation, json!({})).await;
            assert_eq!(answer.code(), "forbidden", "{operation}: {}", answer.text);
        }
        for document in ["problem", "solution"] {
            let answer = client.get(&format!("/c/lanternfall/x/core-programming/planning/{document}.json")).await;
            assert_eq!(answer.code(), "forbidden", "{}", answer.text);
        }
        let mut socket = Planner::new(client.clone(), "lanternfall").listen(id).await;
        let heard = socket.raw().hear().await;
        assert_eq!(
            (&heard["type"], &heard["payload"][0]["extensions"]["code"]),
            (&json!("error"), &json!("forbidden")),
            "{heard}"
        );
    }
    // Where the stranger may plan, the other convention's plan is none.
    refused(&stranger, "elsewhere", "not-found").await;
    let listed = stranger.convention("elsewhere", "{ schedulePlans { id } }", json!({})).await;
    assert_eq!(listed.data()["schedulePlans"], json!([]));
    assert_eq!(planner.read(id).await["state"], "READY");
    assert_eq!(places(planner).await, before);
}

on_each_database! {
    async fn a_timetable_is_searched_for_whoever_hangs_up_and_accepted_in_parts(database: Database) {
        let (host, planner) = lanternfall(database).await;
        let before = places(&planner).await;
        let id = planner.plan(json!({ "seconds": 2.5 })).await;
        let mut told = {
            let mut socket = planner.listen(&id).await;
            socket.until(|told| told.len() >= 2 && told.iter().any(|told| told.rank.is_some())).await
        };
        // Nobody listens, and the search goes on all the same.
        told.extend(planner.listen(&id).await.until(|_| false).await);
        assert_falls(&told);
        let last = told.last().unwrap();
        assert_eq!((last.state.as_str(), last.rank.map(|(unplaced, _)| unplaced)), ("READY", Some(0)), "{told:?}");

        let plan = planner.read(&id).await;
        assert_eq!((&plan["state"], &plan["after"]["unplaced"], &plan["unplaced"]), (&json!("READY"), &json!(0), &json!([])));
        assert_eq!((&plan["sessionCount"], &plan["after"]["soft"].as_u64()), (&json!(150), &last.rank.map(|(_, soft)| soft)));
        let soft = |side: &str| plan[side]["soft"].as_u64().unwrap();
        assert!(soft("after") < soft("before"), "{} {}", plan["before"], plan["after"]);
        let changes = plan["changes"].as_array().unwrap();
        assert!(!changes.is_empty());
        assert_eq!(places(&planner).await, before, "it is a proposal");
        assert_refuses_others(&host, &planner, &id).await;

        // Some sessions alone. Where one has to wait for another to leave, that is refused, and nothing changes.
        let mut taken = Vec::new();
        for change in changes {
            let session = change["session"]["id"].as_str().unwrap();
            match planner.accept(&id, Some(&[session])).await {
                Ok(()) => taken.push(session),
                Err(code) => assert_eq!(code, "PLAN_OUTDATED"),
            }
            if taken.len() == 3 {
                break;
            }
        }
        assert_eq!(taken.len(), 3);
        let part = planner.read(&id).await;
        for change in part["changes"].as_array().unwrap() {
            let accepted = taken.contains(&change["session"]["id"].as_str().unwrap());
            assert_eq!(change["accepted"], accepted, "{change}");
        }
        let now = places(&planner).await;
        let moved = now.iter().zip(&before).filter(|(now, before)| now != before).map(|(now, _)| now["id"].as_str().unwrap());
        let mut moved: Vec<_> = moved.collect();
        moved.sort_unstable();
        taken.sort_unstable();
        assert_eq!(moved, taken, "nothing else has moved");

        // And all the others.
        planner.accept(&id, None).await.unwrap();
        let now = places(&planner).await;
        for change in changes {
            let place = now.iter().find(|place| place["id"] == change["session"]["id"]).unwrap();
            let told = [&place["room"]["id"], &place["start"], &place["end"]];
            assert_eq!(told, [&change["toRoom"]["id"], &change["toStart"], &change["toEnd"]], "{change}");
        }
        assert_is(&planner, &plan).await;

        // What is dropped while it is searched for leaves nothing behind.
        let dropped = planner.plan(json!({ "seconds": 30.0 })).await;
        planner.listen(&dropped).await.hear().await;
        let drop = "mutation($id: ID!) { dropPlan(id: $id) }";
        assert_eq!(planner.run(drop, json!({ "id": dropped })).await["dropPlan"], true);
        assert_eq!(planner.run("{ schedulePlans { id } }", json!({})).await["schedulePlans"], json!([{ "id": id }]));
        assert_eq!(planner.read(&dropped).await, Value::Null);

        // What is cancelled proposes the best so far, at once.
        let cancelled = planner.plan(json!({ "seconds": 30.0 })).await;
        let mut socket = planner.listen(&cancelled).await;
        let told = socket.until(|told| told.last().is_some_and(|told| told.rank.is_some())).await;
        planner.cancel(&cancelled).await;
        let rest = socket.until(|_| false).await;
        assert_falls(&[told, rest.clone()].concat());
        assert!(rest.last().is_some_and(|told| told.state == "READY" && told.elapsed < 20.0), "{rest:?}");
        assert_eq!(planner.read(&cancelled).await["after"]["unplaced"], 0);
        assert_eq!(places(&planner).await, now);
    }
}

on_each_database! {
    async fn a_search_survives_power_cut_and_restart(database: Database) {
        let (mut host, planner) = lanternfall(database).await;
        let id = planner.plan(json!({ "seconds": 6.0 })).await;
        let mut told = planner.listen(&id).await.until(|told| told.iter().any(|told| told.rank.is_some())).await;
        host.restart_after_power_cut();
        let planner = Planner::new(host.again(&planner.client), "lanternfall");
        assert_eq!(planner.read(&id).await["state"], "SEARCHING");
        let mut socket = planner.listen(&id).await;
        // What the power cut took away is the last second at most, so only the timetable it has now is held against what comes.
        let since = socket.until(|told| told.iter().any(|told| told.rank.is_some())).await;
        assert!(since[0].elapsed > 0.0, "{told:?} {since:?}");
        drop(socket);
        host.restart();
        let planner = Planner::new(host.again(&planner.client), "lanternfall");
        let until_end = planner.listen(&id).await.until(|_| false).await;
        told = [since, until_end].concat();
        assert_falls(&told);
        assert_eq!(told.last().unwrap().state, "READY", "{told:?}");
        let plan = planner.read(&id).await;
        assert_eq!((&plan["state"], &plan["after"]["unplaced"]), (&json!("READY"), &json!(0)));
        planner.accept(&id, None).await.unwrap();
        assert_is(&planner, &plan).await;
    }
}

on_each_database! {
    async fn a_closed_room_is_left_with_as_few_moves_as_allowed(database: Database) {
        let (_host, planner) = lanternfall(database).await;
        let hall = planner.run("{ draftRooms { id name } }", json!({})).await["draftRooms"].as_array().unwrap().clone();
        let hall = hall.iter().find(|room| room["name"] == "Lantern Hall").unwrap()["id"].clone();
        // On Saturday the hall cannot be used from noon on.
        let windows = json!([
            { "start": "2027-06-11T06:00:00+02:00", "end": "2027-06-12T12:00:00+02:00" },
            { "start": "2027-06-13T06:00:00+02:00", "end": "2027-06-14T06:00:00+02:00" },
        ]);
        let close = "mutation($hall: ID!, $windows: [AvailableWindowInput!]!) { setRoomAvailability(id: $hall, windows: $windows) { id } }";
        planner.run(close, json!({ "hall": hall, "windows": windows })).await;
        let without = planner.conflicts("ROOM_UNAVAILABLE").await;
        assert!(without >= 2, "{without} sessions are in the hall then");
        let before = places(&planner).await;

        let few = planner.reschedule(json!({ "mostMoves": without - 1, "seconds": 0.5 })).await;
        let few = planner.ended(&few).await;
        assert_eq!((&few["state"], &few["after"]["unplaced"]), (&json!("READY"), &json!(1)), "{few}");
        let elsewhere = few["changes"].as_array().unwrap().iter().filter(|change| change["toStart"].is_string()).count();
        assert_eq!(elsewhere as u64, without - 1, "{few}");

        let enough = planner.reschedule(json!({ "mostMoves": without, "seconds": 1.5 })).await;
        let plan = planner.ended(&enough).await;
        assert_eq!((&plan["state"], &plan["after"]["unplaced"]), (&json!("READY"), &json!(0)), "{plan}");
        let changes = plan["changes"].as_array().unwrap();
        assert_eq!(changes.len() as u64, without, "{plan}");
        planner.accept(&enough, None).await.unwrap();
        let now = places(&planner).await;
        let moved = now.iter().zip(&before).filter(|(now, before)| now != before).count();
        assert_eq!(moved as u64, without);
        for kind in IMPOSSIBLE {
            assert_eq!(planner.conflicts(kind).await, 0, "{kind}");
        }
    }
}
