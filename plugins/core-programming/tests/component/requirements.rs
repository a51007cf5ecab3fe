//! What sessions ask of their place, rooms offer and people wish.

use conman_testkit::{Testkit, Value, attendee, json, person};

use super::host::{all, import, kits, session, titles, with_table};

async fn conflicts(kit: &Testkit) -> Vec<(String, String)> {
    let data = kit.run("{ sessionConflicts { nodes { kind message } } }").await.unwrap();
    let nodes = data["sessionConflicts"]["nodes"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    nodes.iter().map(|node| (text(&node["kind"]), text(&node["message"]))).collect()
}

const PLACE: &str = "mutation($id: ID!, $room: ID!, $start: DateTime!) { placeSession(id: $id, room: $room, start: $start, minutes: 60) { id } }";

#[tokio::test]
async fn a_session_says_what_it_needs_and_conflicts_tell_what_is_missing() {
    for (on, kit) in kits(|setup| setup).await {
        let kit = kit.as_actor(person("sam", &["programme.draft", "programme.edit"]));
        let made = kit
            .run(
                r#"mutation {
                    hall: createRoom(input: { name: "Hall", features: [" Projector ", "projector", "stage"] }) { id features }
                    nook: createRoom(input: { name: "Nook" }) { id features }
                    first: createSession(input: { title: "Part one" }) { id }
                }"#,
            )
            .await
            .unwrap();
        assert_eq!(made["hall"]["features"], json!(["Projector", "stage"]), "{on}");
        assert_eq!(made["nook"]["features"], json!([]), "{on}");
        let second = kit
            .run_with(
                "mutation($hall: ID!, $first: ID!) { createSession(input: { title: \"Part two\", needs: [\"PROJECTOR\", \"piano\"],
                    setupMinutes: 30, teardownMinutes: 15, onlyRooms: [$hall, $hall], after: [$first] }) {
                    id needs setupMinutes teardownMinutes onlyRooms { name features } after { title } } }",
                json!({ "hall": made["hall"]["id"], "first": made["first"]["id"] }),
            )
            .await
            .unwrap()["createSession"]
            .clone();
        assert_eq!(
            second,
            json!({ "id": second["id"], "needs": ["PROJECTOR", "piano"], "setupMinutes": 30, "teardownMinutes": 15,
                "onlyRooms": [{ "name": "Hall", "features": ["Projector", "stage"] }], "after": [{ "title": "Part one" }] }),
            "{on}"
        );
        let place = async |id: &Value, room: &str, start: &str| {
            kit.run_with(PLACE, json!({ "id": id, "room": made[room]["id"], "start": start })).await.unwrap();
        };
        place(&made["first"]["id"], "nook", "2026-08-15T14:00:00+02:00").await;
        place(&second["id"], "nook", "2026-08-15T15:15:00+02:00").await;
        assert_eq!(
            conflicts(&kit).await,
            [
                ("ROOM_OVERLAP", "“Part one” and “Part two” are in Nook without the time between them that their set-up and tear-down take."),
                ("ROOM_LACKS_FEATURE", "Nook lacks PROJECTOR, piano for “Part two”."),
                ("ROOM_NOT_ALLOWED", "“Part two” may only be in other rooms than Nook."),
            ]
            .map(|(kind, message)| (kind.to_owned(), message.to_owned())),
            "{on}"
        );
        place(&second["id"], "hall", "2026-08-15T14:30:00+02:00").await;
        assert_eq!(
            conflicts(&kit).await,
            [
                ("ROOM_LACKS_FEATURE", "Hall lacks piano for “Part two”."),
                ("OUT_OF_ORDER", "“Part two” has to come after “Part one”, but begins before that has ended."),
            ]
            .map(|(kind, message)| (kind.to_owned(), message.to_owned())),
            "{on}"
        );

        // Taken away, and gone with what they speak of.
        let changed = kit
            .run_with(
                "mutation($id: ID!, $hall: ID!) {
                    updateRoom(id: $hall, patch: { features: null, capacity: 9 }) { features }
                    updateSession(id: $id, patch: { needs: null, setupMinutes: null, teardownMinutes: 5 }) {
                        needs setupMinutes teardownMinutes onlyRooms { name } after { title } } }",
                json!({ "id": second["id"], "hall": made["hall"]["id"] }),
            )
            .await
            .unwrap();
        assert_eq!(changed["updateRoom"]["features"], json!([]), "{on}");
        assert_eq!(
            changed["updateSession"],
            json!({ "needs": [], "setupMinutes": 0, "teardownMinutes": 5, "onlyRooms": [{ "name": "Hall" }], "after": [{ "title": "Part one" }] }),
            "{on}"
        );
        kit.run_with(
            "mutation($room: ID!, $session: ID!) { deleteRoom(id: $room) deleteSession(id: $session) }",
            json!({ "room": made["hall"]["id"], "session": made["first"]["id"] }),
        )
        .await
        .unwrap();
        let left = kit.run("{ draftSessions { nodes { title onlyRooms { name } after { title } } } }").await.unwrap();
        assert_eq!(
            left["draftSessions"]["nodes"],
            json!([{ "title": "Part two", "onlyRooms": [], "after": [] }]),
            "{on}"
        );
    }
}

#[tokio::test]
async fn sessions_do_not_wait_for_each_other() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let (one, two, three) =
            (session(&kit, "Öffnung").await, session(&kit, "Robots").await, session(&kit, "Closing").await);
        let after = "mutation($id: ID!, $after: [ID!]!) { updateSession(id: $id, patch: { after: $after }) { after { title } } }";
        let set =
            async |id: &str, after_ids: &[&str]| kit.run_with(after, json!({ "id": id, "after": after_ids })).await;
        let set_two = set(&two, &[&one]).await.unwrap();
        assert_eq!(titles(&set_two["updateSession"]["after"]), ["Öffnung"], "{on}");
        set(&three, &[&two, &one]).await.unwrap();
        for (id, after, at) in [
            (&one, vec![three.as_str()], 0),
            (&one, vec![one.as_str()], 0),
            (&two, vec![one.as_str(), three.as_str()], 1),
        ] {
            let refused = set(id, &after).await.unwrap_err();
            let told = (refused.code(), refused.problems[0].pointer.as_str());
            assert_eq!(told, ("invalid", format!("/patch/after/{at}").as_str()), "{on}");
        }
        // Another order of the same is fine once the first one is taken back.
        set(&three, &[]).await.unwrap();
        set(&two, &[]).await.unwrap();
        set(&one, &[&three]).await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_needed_is_said_with_its_place() {
    for (on, kit) in kits(|setup| setup).await {
        for (operation, code, pointer) in [
            (
                "createRoom(input: { name: \"x\", features: [\"a\", \" \"] }) { id }".to_owned(),
                "invalid",
                "/input/features/1",
            ),
            (
                "createSession(input: { title: \"x\", setupMinutes: -1 }) { id }".to_owned(),
                "invalid",
                "/input/setupMinutes",
            ),
            (
                "createSession(input: { title: \"x\", teardownMinutes: 1441 }) { id }".to_owned(),
                "invalid",
                "/input/teardownMinutes",
            ),
            (
                "createSession(input: { title: \"x\", onlyRooms: [\"none\"] }) { id }".to_owned(),
                "not-found",
                "/input/onlyRooms/0",
            ),
            (
                "createSession(input: { title: \"x\", after: [\"none\"] }) { id }".to_owned(),
                "not-found",
                "/input/after/0",
            ),
            (
                format!("createSession(input: {{ title: \"x\", needs: [\"{}\"] }}) {{ id }}", "y".repeat(101)),
                "invalid",
                "/input/needs/0",
            ),
        ] {
            let refused = kit.run(&format!("mutation {{ {operation} }}")).await.unwrap_err();
            assert_eq!((refused.code(), refused.problems[0].pointer.as_str()), (code, pointer), "{on} {operation}");
        }
    }
}

#[tokio::test]
async fn imports_leave_what_their_files_do_not_say() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let robots = session(&kit, "Robots").await;
        let rooms = kit.run("{ draftRooms { id name } draftPeople { nodes { id name } } }").await.unwrap();
        let (lawn, ann) = (&rooms["draftRooms"][1]["id"], &rooms["draftPeople"]["nodes"][0]["id"]);
        kit.run_with(
            "mutation($s: ID!, $r: ID!, $p: ID!) {
                updateSession(id: $s, patch: { needs: [\"stage\"], setupMinutes: 10, onlyRooms: [$r] }) { id }
                updateRoom(id: $r, patch: { features: [\"grass\"] }) { id }
                setPersonPreference(id: $p, windows: [{ start: \"2026-08-14T10:00:00+02:00\", end: \"2026-08-14T18:00:00+02:00\" }]) { id }
            }",
            json!({ "s": robots, "r": lawn, "p": ann }),
        )
        .await
        .unwrap();
        // What only planning is about is no news to the public.
        assert_eq!(kit.run("{ unreleasedChanges { title } }").await.unwrap()["unreleasedChanges"], json!([]), "{on}");
        let public = kit.get("core-programming/schedule.csv").await.unwrap();
        let public = String::from_utf8(public.body).unwrap();
        assert!(!public.contains("setup") && !public.contains("stage"), "{on}: {public}");
        let draft = String::from_utf8(kit.get("core-programming/schedule.csv?view=draft").await.unwrap().body).unwrap();
        assert!(draft.contains(",needs,setup,teardown,") && draft.contains(",stage,10,0,"), "{on}: {draft}");
        for table in [super::host::TABLE.to_owned(), public, draft.clone()] {
            let report = import(&kit, "csv", table).await.unwrap();
            assert_eq!(report["changed"]["sessions"], 0, "{on}: {report}");
        }
        let told = "{ draftSession(id: $id) { needs setupMinutes onlyRooms { name features } } draftPeople { nodes { preference { start end } } } }";
        let kept = kit.run_with(&format!("query($id: ID!) {told}"), json!({ "id": robots })).await.unwrap();
        assert_eq!(
            kept["draftSession"],
            json!({ "needs": ["stage"], "setupMinutes": 10, "onlyRooms": [{ "name": "Lawn", "features": ["grass"] }] }),
            "{on}"
        );
        let window = json!([{ "start": "2026-08-14T10:00:00+02:00", "end": "2026-08-14T18:00:00+02:00" }]);
        assert_eq!(kept["draftPeople"]["nodes"][0]["preference"], window, "{on}");
        let report = import(&kit, "csv", draft.replace(",stage,10,0,", ",piano; stage,20,5,")).await.unwrap();
        assert_eq!(report["changed"]["sessions"], 1, "{on}: {report}");
        let changed = kit.run_with(&format!("query($id: ID!) {told}"), json!({ "id": robots })).await.unwrap();
        assert_eq!(changed["draftSession"]["needs"], json!(["piano", "stage"]), "{on}");
    }
}

#[tokio::test]
async fn attendees_see_what_a_room_has_and_nothing_of_planning() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let lawn = kit.run("{ draftRooms { id } }").await.unwrap()["draftRooms"][1]["id"].clone();
        kit.run_with(
            "mutation($r: ID!) { updateRoom(id: $r, patch: { features: [\"grass\"] }) { id } }",
            json!({ "r": lawn }),
        )
        .await
        .unwrap();
        let public = kit.as_actor(attendee("a"));
        let seen = public.run("{ rooms { name features } sessions { nodes { room { features } } } }").await.unwrap();
        assert_eq!(all(&seen["rooms"], "name").len(), 2, "{on}");
        assert_eq!(seen["rooms"][1]["features"], json!(["grass"]), "{on}");
        assert_eq!(seen["sessions"]["nodes"][2]["room"]["features"], json!(["grass"]), "{on}");
        for field in [
            "needs",
            "setupMinutes",
            "teardownMinutes",
            "onlyRooms { id }",
            "after { id }",
            "attendance",
            "expectedAudience { count }",
        ] {
            let refused = public.run(&format!("{{ sessions {{ nodes {{ {field} }} }} }}")).await.unwrap_err();
            assert_eq!(refused.code(), "forbidden", "{on} {field}");
        }
        let refused = public.run("{ people { nodes { preference { start } } } }").await.unwrap_err();
        assert_eq!(refused.code(), "forbidden", "{on}");
    }
}
