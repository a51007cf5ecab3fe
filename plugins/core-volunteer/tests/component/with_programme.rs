//! Together with the real programme plugin: its releases reach the shifts through the event bus, and one query reads both.

use conman_testkit::{Setup, Testkit, Value, engines, json};

use super::support::{Scene, accounts, create, easy, setup, span};

const PROGRAMME: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../core-programming");

/// Volunteers and the programme in one convention, on each database.
async fn together() -> Vec<Scene> {
    let mut scenes = Vec::new();
    for engine in engines() {
        let setup = Setup::new(env!("CARGO_MANIFEST_DIR")).config(&easy()).plugin(PROGRAMME).stand_in(accounts());
        scenes.push(Scene::with(setup.on(engine)).await);
    }
    scenes
}

async fn run(kit: &Testkit, operation: &str, variables: Value) -> Value {
    kit.run_with(operation, variables).await.unwrap_or_else(|failure| panic!("{operation}: {failure}"))
}

async fn place(kit: &Testkit, session: &str, room: &str, when: &str) {
    let operation = "mutation($s: ID!, $r: ID!, $start: DateTime!) { placeSession(id: $s, room: $r, start: $start, minutes: 60) { id } }";
    run(kit, operation, json!({ "s": session, "r": room, "start": span(when).0 })).await;
}

async fn release(kit: &Testkit, name: &str) {
    run(kit, "mutation($name: String!) { release(name: $name) { number } }", json!({ "name": name })).await;
    kit.settled().await;
}

async fn seen(kit: &Testkit, session: &str) -> Value {
    let operation = r#"query($id: ID!) { session(id: $id) { title room { name } shifts {
        title location start department { name } myEntry { state flag { code } } } } }"#;
    run(kit, operation, json!({ "id": session })).await["session"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_moves_the_shifts_of_what_it_moves() {
    for scene in together().await {
        let kit = &scene.kit;
        let hall = create(kit, "createRoom", json!({ "name": "Hall" })).await;
        let loft = create(kit, "createRoom", json!({ "name": "Loft" })).await;
        let talk = create(kit, "createSession", json!({ "title": "Moss", "kind": "talk" })).await;
        let rule = json!({
            "name": "Door", "department": scene.department, "minutesBefore": 15, "seats": [{ "role": scene.role, "needed": 1 }],
        });
        create(kit, "createShiftRule", rule).await;
        place(kit, &talk, &hall, "2026-08-15 10:00/11:00").await;
        release(kit, "1").await;
        let shift = |location: &str, time: &str, entry: Value| {
            json!({
                "title": "Moss", "room": { "name": location }, "shifts": [{
                    "title": "Door: Moss", "location": location, "start": format!("2026-08-15T{time}:00+02:00"),
                    "department": { "name": "Stage" }, "myEntry": entry,
                }],
            })
        };
        let vera = scene.volunteer("vera");
        assert_eq!(seen(&vera, &talk).await, shift("Hall", "09:45", Value::Null));
        let mine = run(&vera, "{ shifts(filter: { freeForMe: true }) { id } }", Value::Null).await;
        scene.sign_up("vera", mine["shifts"][0]["id"].as_str().unwrap()).await;
        let other = scene.shift("Info desk", "2026-08-15 14:00/16:00", 1).await;
        scene.sign_up("vera", &other).await;

        place(kit, &talk, &loft, "2026-08-15 15:00/16:00").await;
        let unreleased = seen(&vera, &talk).await;
        assert_eq!(unreleased["shifts"][0]["start"], "2026-08-15T09:45:00+02:00");
        release(kit, "2").await;
        let hurt = json!({ "state": "SIGNED_UP", "flag": { "code": "COLLIDES" } });
        assert_eq!(seen(&vera, &talk).await, shift("Loft", "14:45", hurt));

        run(kit, "mutation($id: ID!) { cancelSession(id: $id) { id } }", json!({ "id": talk })).await;
        release(kit, "3").await;
        let flagged = run(
            kit,
            "{ flaggedEntries { account { id } flag { code } shift { state sessions { id } } } }",
            Value::Null,
        )
        .await;
        assert_eq!(
            flagged["flaggedEntries"],
            json!([{
                "account": { "id": "vera" }, "flag": { "code": "CANCELLED" },
                "shift": { "state": "CANCELLED", "sessions": [{ "id": talk }] },
            }])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_room_shows_where_its_shifts_are() {
    for scene in together().await {
        let kit = &scene.kit;
        let hall = create(kit, "createRoom", json!({ "name": "Hall" })).await;
        let talk = create(kit, "createSession", json!({ "title": "Moss", "kind": "talk" })).await;
        place(kit, &talk, &hall, "2026-08-15 10:00/11:00").await;
        release(kit, "1").await;
        let seats = json!([{ "role": scene.role, "needed": 1 }]);
        create(kit, "createShiftRule", json!({ "name": "Door", "department": scene.department, "seats": seats })).await;
        // By hand, at the session's room and at a place of its own.
        let (start, end) = span("2026-08-15 09:00/10:00");
        for (title, location) in [("Lights", "Hall"), ("Van", "Car park")] {
            let shift = json!({
                "title": title, "location": location, "department": scene.department, "start": start, "end": end,
                "session": talk, "seats": seats,
            });
            create(kit, "createShift", shift).await;
        }
        let vera = scene.volunteer("vera");
        let locations = async || {
            let shifts = run(&vera, "{ shifts { title location start } }", Value::Null).await;
            let mut found: Vec<_> = shifts["shifts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|shift| {
                    ["title", "location", "start"].map(|field| shift[field].as_str().unwrap().to_owned()).join(" ")
                })
                .collect();
            found.sort();
            found
        };
        let at = |hall: &str| {
            [
                format!("Door: Moss {hall} 2026-08-15T10:00:00+02:00"),
                format!("Lights {hall} 2026-08-15T09:00:00+02:00"),
                "Van Car park 2026-08-15T09:00:00+02:00".to_owned(),
            ]
        };
        assert_eq!(locations().await, at("Hall"));
        let rename = "mutation($id: ID!) { updateRoom(id: $id, patch: { name: \"Great hall\" }) { name } }";
        run(kit, rename, json!({ "id": hall })).await;
        kit.settled().await;
        assert_eq!(locations().await, at("Great hall"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_programme_answers_is_remembered_as_it_is() {
    for engine in engines() {
        let kit = Setup::new(PROGRAMME).stand_in(accounts()).on(engine).start().await;
        let hall = create(&kit, "createRoom", json!({ "name": "Hall" })).await;
        let science = create(&kit, "createTrack", json!({ "name": "Science" })).await;
        let talk = create(&kit, "createSession", json!({ "title": "Moss", "kind": "talk", "track": science })).await;
        place(&kit, &talk, &hall, "2026-08-15 10:00/11:00").await;
        release(&kit, "1").await;
        let page = "{ sessions(first: 500) { nextCursor nodes { id title kind state start end room { id name } track { id name } } } }";
        let page = run(&kit, page, Value::Null).await;

        // Another convention's volunteers have not heard of it.
        let late = Scene::with(setup(&easy()).on(engine)).await;
        let rule = json!({
            "name": "Door", "department": late.department, "track": science, "seats": [{ "role": late.role, "needed": 1 }],
        });
        create(&late.kit, "createShiftRule", rule).await;
        let remember = "mutation($sessions: ProgrammePageInput!) { rememberSessions(sessions: $sessions) { created } }";
        let report = run(&late.kit, remember, page).await;
        assert_eq!(report["rememberSessions"]["created"], 1);
        let shifts = run(&late.kit, "{ shifts { title location start sessions { id } } }", Value::Null).await;
        assert_eq!(
            shifts["shifts"],
            json!([{
                "title": "Door: Moss", "location": "Hall", "start": "2026-08-15T10:00:00+02:00", "sessions": [{ "id": talk }],
            }])
        );
    }
}
