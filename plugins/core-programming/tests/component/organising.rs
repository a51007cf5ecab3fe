//! What organisers do.

use conman_testkit::{Setup, Testkit, Value, json, nobody, person};

use super::host::{all, kits, session, titles, with_table};

async fn conflicts(kit: &Testkit) -> Vec<Value> {
    let data = kit
        .run("{ sessionConflicts { nodes { id kind fatal message sessions { title } people { name } room { name } day ignored { reason by } } } }")
        .await
        .unwrap();
    data["sessionConflicts"]["nodes"].as_array().unwrap().clone()
}

fn kinds(conflicts: &[Value]) -> Vec<&str> {
    conflicts.iter().filter_map(|conflict| conflict["kind"].as_str()).collect()
}

#[tokio::test]
async fn a_programme_by_hand() {
    for (on, kit) in kits(|setup| setup).await {
        let kit = kit.as_actor(person("sam", &["programme.draft", "programme.edit"]));
        let made = kit
            .run(
                r##"mutation {
                    room: createRoom(input: { name: " Big  Hall ", capacity: 100, area: "North" }) { id name area capacity exclusive }
                    small: createRoom(input: { name: "Nook", capacity: 5 }) { id }
                    track: createTrack(input: { name: "Science", color: "#a4a300" }) { id color }
                    ann: createPerson(input: { name: "Ann", biography: "Knows." }) { id name biography }
                    bob: createPerson(input: { name: "Bob", dailyLimit: 1 }) { id dailyLimit }
                }"##,
            )
            .await
            .unwrap();
        assert_eq!(made["room"]["name"], "Big Hall", "{on}");
        assert_eq!(made["bob"]["dailyLimit"], 1, "{on}");
        let id = |name: &str| made[name]["id"].clone();
        let created = kit
            .run_with(
                "mutation($input: SessionInput!) { createSession(input: $input) { id state minutes track { name } people { role person { name } } } }",
                json!({ "input": {
                    "title": "Stars", "kind": "panel", "track": id("track"), "tags": ["sky", "sky"], "audience": 40,
                    "people": [{ "person": id("ann"), "role": "MODERATOR" }, { "person": id("bob") }]
                } }),
            )
            .await
            .unwrap();
        let stars = created["createSession"]["id"].clone();
        assert_eq!(
            created["createSession"],
            json!({ "id": stars, "state": "DRAFT", "minutes": null, "track": { "name": "Science" },
                "people": [{ "role": "MODERATOR", "person": { "name": "Ann" } }, { "role": "PARTICIPANT", "person": { "name": "Bob" } }] }),
            "{on}"
        );
        let place = "mutation($id: ID!, $room: ID, $start: DateTime!, $minutes: Int!) {
            placeSession(id: $id, room: $room, start: $start, minutes: $minutes) { state start day room { name } audience conflicts { kind } } }";
        let placed = kit
            .run_with(
                place,
                json!({ "id": stars, "room": id("small"), "start": "2026-08-15T00:30:00+02:00", "minutes": 60 }),
            )
            .await
            .unwrap();
        assert_eq!(
            placed["placeSession"],
            json!({ "state": "SCHEDULED", "start": "2026-08-15T00:30:00+02:00", "day": "2026-08-14", "room": { "name": "Nook" },
                "audience": 40, "conflicts": [{ "kind": "ROOM_TOO_SMALL" }] }),
            "{on}"
        );
        let moved = kit
            .run_with(
                place,
                json!({ "id": stars, "room": id("room"), "start": "2026-08-15T13:00:00+02:00", "minutes": 60 }),
            )
            .await
            .unwrap();
        assert_eq!(
            (&moved["placeSession"]["conflicts"], &moved["placeSession"]["day"]),
            (&json!([]), &json!("2026-08-15")),
            "{on}"
        );

        let other = kit
            .run_with(
                "mutation($input: SessionInput!) { createSession(input: $input) { id } }",
                json!({ "input": { "title": "Moons", "room": id("room"), "start": "2026-08-15T13:30:00+02:00", "minutes": 30, "state": "SCHEDULED",
                    "people": [{ "person": id("bob") }] } }),
            )
            .await
            .unwrap()["createSession"]["id"]
            .clone();
        let found = conflicts(&kit).await;
        assert_eq!(kinds(&found), ["ROOM_OVERLAP", "PERSON_DOUBLE_BOOKED", "OVER_DAILY_LIMIT"], "{on}");
        assert_eq!(
            (&found[0]["fatal"], titles(&found[0]["sessions"]), &found[0]["room"]["name"]),
            (&json!(true), vec!["Stars", "Moons"], &json!("Big Hall")),
            "{on}"
        );
        assert_eq!(found[0]["message"], "“Stars” and “Moons” are in Big Hall at the same time.");
        assert_eq!(found[2]["day"], "2026-08-15");

        kit.run_with(
            "mutation($ann: ID!, $bob: ID!, $room: ID!) {
                setPersonAvailability(id: $ann, windows: [{ start: \"2026-08-14T09:00:00+02:00\", end: \"2026-08-14T18:00:00+02:00\" }]) { availability { start } }
                setRoomAvailability(id: $room, windows: [{ start: \"2026-08-15T13:00:00+02:00\", end: \"2026-08-15T13:45:00+02:00\" }]) { availability { end } }
                keepApart(person: $ann, other: $bob, reason: \"they know\") { apartFrom { name } }
            }",
            json!({ "ann": id("ann"), "bob": id("bob"), "room": id("room") }),
        )
        .await
        .unwrap();
        kit.run_with(
            "mutation($s: ID!, $p: ID!) { unassignPerson(session: $s, person: $p) { id } }",
            json!({ "s": stars, "p": id("ann") }),
        )
        .await
        .unwrap();
        let assign = "mutation($s: ID!, $p: ID!, $r: SessionRole!) { assignPerson(session: $s, person: $p, role: $r) { people { role } } }";
        kit.run_with(assign, json!({ "s": stars, "p": id("ann"), "r": "PARTICIPANT" })).await.unwrap();
        let found = conflicts(&kit).await;
        assert_eq!(
            kinds(&found),
            [
                "ROOM_OVERLAP",
                "PERSON_DOUBLE_BOOKED",
                "PERSON_UNAVAILABLE",
                "ROOM_UNAVAILABLE",
                "ROOM_UNAVAILABLE",
                "DO_NOT_ASSIGN_WITH",
                "OVER_DAILY_LIMIT",
                "NO_MODERATOR"
            ],
            "{on}"
        );

        // Ignored with a reason, it is only shown when asked for.
        let ignore = "mutation($id: ID!, $reason: String!) { ignoreConflict(id: $id, reason: $reason) { ignored { reason by account } } }";
        let refused = kit.run_with(ignore, json!({ "id": found[0]["id"], "reason": " " })).await.unwrap_err();
        assert_eq!(refused.problems[0].pointer, "/reason", "{on}");
        let ignored = kit.run_with(ignore, json!({ "id": found[0]["id"], "reason": "Moons is short" })).await.unwrap();
        assert_eq!(
            ignored["ignoreConflict"]["ignored"],
            json!({ "reason": "Moons is short", "by": "sam", "account": "sam" }),
            "{on}"
        );
        assert_eq!(kinds(&conflicts(&kit).await).len(), 7, "{on}");
        let every = kit.run("{ sessionConflicts(filter: { ignored: true, kinds: [ROOM_OVERLAP] }) { totalCount counts { kind count } nodes { ignored { by } } } }").await.unwrap();
        assert_eq!(
            every["sessionConflicts"],
            json!({ "totalCount": 1, "counts": [{ "kind": "ROOM_OVERLAP", "count": 1 }], "nodes": [{ "ignored": { "by": "sam" } }] }),
            "{on}"
        );
        kit.run_with("mutation($id: ID!) { heedConflict(id: $id) { id } }", json!({ "id": found[0]["id"] }))
            .await
            .unwrap();
        assert_eq!(kinds(&conflicts(&kit).await).len(), 8, "{on}");

        // Three sessions sharing a lawn are no conflict.
        kit.run_with(
            "mutation($id: ID!) { updateRoom(id: $id, patch: { exclusive: false }) { exclusive } }",
            json!({ "id": id("room") }),
        )
        .await
        .unwrap();
        assert!(!kinds(&conflicts(&kit).await).contains(&"ROOM_OVERLAP"), "{on}");

        kit.run_with(
            "mutation($id: ID!) { unscheduleSession(id: $id) { state start room { name } } }",
            json!({ "id": other }),
        )
        .await
        .unwrap();
        kit.run_with("mutation($id: ID!) { deleteRoom(id: $id) }", json!({ "id": id("small") })).await.unwrap();
        kit.run_with("mutation($id: ID!) { deletePerson(id: $id) }", json!({ "id": id("bob") })).await.unwrap();
        let left = kit.run("{ draftRooms { name } draftPeople { nodes { name } } draftSessions { nodes { title people { person { name } } } } }").await.unwrap();
        assert_eq!(all(&left["draftRooms"], "name"), ["Big Hall"], "{on}");
        assert_eq!(all(&left["draftPeople"]["nodes"], "name"), ["Ann"], "{on}");
        assert_eq!(left["draftSessions"]["nodes"][1], json!({ "title": "Moons", "people": [] }), "{on}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_place() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let robots = session(&kit, "Robots").await;
        for (operation, code, pointer) in [
            (r#"mutation { createRoom(input: { name: "  " }) { id } }"#.to_owned(), "invalid", "/input/name"),
            (r#"mutation { createRoom(input: { name: "Lawn" }) { id } }"#.to_owned(), "NAME_TAKEN", "/input/name"),
            (
                r#"mutation { createTrack(input: { name: "x", color: "red" }) { id } }"#.to_owned(),
                "invalid",
                "/input/color",
            ),
            (
                r#"mutation { createSession(input: { title: "x", start: "2026-08-14T10:00:00Z" }) { id } }"#.to_owned(),
                "invalid",
                "/input/minutes",
            ),
            (
                r#"mutation { createSession(input: { title: "x", state: SCHEDULED }) { id } }"#.to_owned(),
                "NO_TIME",
                "/input/state",
            ),
            (
                r#"mutation { createSession(input: { title: "x", people: [{ person: "none" }] }) { id } }"#.to_owned(),
                "not-found",
                "/input/people/0/person",
            ),
            (
                format!(
                    r#"mutation {{ placeSession(id: "{robots}", start: "2026-08-14T10:00:00Z", minutes: -1) {{ id }} }}"#
                ),
                "invalid",
                "/minutes",
            ),
            (
                format!(r#"mutation {{ updateSession(id: "{robots}", patch: {{ title: null }}) {{ id }} }}"#),
                "invalid",
                "/patch/title",
            ),
            (
                format!(r#"mutation {{ updateSession(id: "{robots}", patch: {{ room: "none" }}) {{ id }} }}"#),
                "not-found",
                "/patch/room",
            ),
            (r#"mutation { release(name: "v1") { number } }"#.to_owned(), "NAME_TAKEN", "/name"),
            (r#"mutation { deleteSession(id: "none") }"#.to_owned(), "not-found", "/id"),
        ] {
            let refused = kit.run(&operation).await.unwrap_err();
            assert_eq!((refused.code(), refused.problems[0].pointer.as_str()), (code, pointer), "{on} {operation}");
        }
    }
}

#[tokio::test]
async fn a_release_tells_what_changed() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let ids = [
            session(&kit, "Öffnung").await,
            session(&kit, "Robots").await,
            session(&kit, "Night music").await,
            session(&kit, "Closing").await,
        ];
        let first = kit.emitted().await;
        assert_eq!(first.len(), 1, "{on}");
        let payload: Value = serde_json::from_str(&first[0].payload).unwrap();
        assert_eq!(
            (first[0].topic.as_str(), first[0].key.as_str(), &payload["release"]),
            ("programming.sessions.changed", "schedule", &json!("v1")),
            "{on}"
        );
        let room = payload["sessions"][1]["roomId"].clone();
        let track = payload["sessions"][1]["trackId"].clone();
        assert_eq!(
            payload["sessions"][1],
            json!({ "id": ids[1], "title": "Robots", "state": "scheduled", "kind": "panel", "roomId": room, "roomName": "Grüner Saal",
                "trackId": track, "trackName": "Science", "start": "2026-08-14T14:00:00+02:00", "end": "2026-08-14T14:45:00+02:00", "change": "created" }),
            "{on}"
        );

        kit.run_with(
            "mutation($a: ID!, $b: ID!, $c: ID!, $d: ID!, $room: ID!) {
                updateSession(id: $a, patch: { abstract: \"Guten Tag\" }) { id }
                placeSession(id: $b, room: $room, start: \"2026-08-14T15:00:00+02:00\", minutes: 45) { id }
                cancelSession(id: $c) { id }
                deleteSession(id: $d)
                createSession(input: { title: \"Only a draft\" }) { id }
            }",
            json!({ "a": ids[0], "b": ids[1], "c": ids[2], "d": ids[3], "room": room }),
        )
        .await
        .unwrap();
        let pending = kit.run("{ unreleasedChanges { title change } }").await.unwrap();
        let expected = json!([
            { "title": "Öffnung", "change": "CHANGED" },
            { "title": "Robots", "change": "MOVED" },
            { "title": "Night music", "change": "CANCELLED" },
            { "title": "Closing", "change": "REMOVED" }
        ]);
        assert_eq!(pending["unreleasedChanges"], expected, "{on}");
        let made = kit
            .run(r#"mutation { release(name: "v2", note: "Rain") { number name note by sessionCount changeCount } }"#)
            .await
            .unwrap();
        assert_eq!(
            made["release"],
            json!({ "number": 2, "name": "v2", "note": "Rain", "by": "admin", "sessionCount": 2, "changeCount": 4 }),
            "{on}"
        );
        assert_eq!(kit.run("{ unreleasedChanges { title } }").await.unwrap()["unreleasedChanges"], json!([]), "{on}");
        let public = kit.run("{ sessions { nodes { title state start } } releases { number changes { title change start oldStart roomName oldRoomName } sessions { title } } }").await.unwrap();
        assert_eq!(
            public["sessions"]["nodes"],
            json!([
                { "title": "Öffnung", "state": "SCHEDULED", "start": "2026-08-14T12:30:00+02:00" },
                { "title": "Robots", "state": "SCHEDULED", "start": "2026-08-14T15:00:00+02:00" },
                { "title": "Night music", "state": "CANCELLED", "start": "2026-08-15T01:00:00+02:00" }
            ]),
            "{on}"
        );
        let releases = &public["releases"];
        assert_eq!(
            releases[0]["changes"][1],
            json!({ "title": "Robots", "change": "MOVED", "start": "2026-08-14T15:00:00+02:00",
            "oldStart": "2026-08-14T14:00:00+02:00", "roomName": "Grüner Saal", "oldRoomName": "Grüner Saal" }),
            "{on}"
        );
        assert_eq!(
            titles(&releases[1]["sessions"]),
            ["Öffnung", "Robots", "Night music", "Closing"],
            "{on}: an old release stays readable"
        );
        assert_eq!(titles(&releases[1]["changes"]).len(), 4, "{on}");
        let events = kit.emitted().await;
        assert_eq!(events.len(), 2, "{on}");
        let payload: Value = serde_json::from_str(&events[1].payload).unwrap();
        assert_eq!(all(&payload["sessions"], "change"), ["changed", "moved", "cancelled", "removed"], "{on}");

        // Changed and changed back: nothing to tell.
        for title in ["Other", "Öffnung"] {
            kit.run_with(
                "mutation($id: ID!, $t: String!) { updateSession(id: $id, patch: { title: $t }) { id } }",
                json!({ "id": ids[0], "t": title }),
            )
            .await
            .unwrap();
        }
        assert_eq!(kit.run("{ unreleasedChanges { title } }").await.unwrap()["unreleasedChanges"], json!([]), "{on}");
        kit.run(r#"mutation { release(name: "v3") { changeCount } }"#).await.unwrap();
        assert_eq!(kit.emitted().await.len(), 2, "{on}: a release without changes tells nobody");
    }
}

#[tokio::test]
async fn a_changed_line_up_is_a_change_and_resets_approval() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let robots = session(&kit, "Robots").await;
        let people = kit.run("{ draftPeople { nodes { id name } } }").await.unwrap()["draftPeople"]["nodes"].clone();
        let (ann, zoe) = (&people[0]["id"], &people[2]["id"]);
        kit.run_with("mutation($p: ID!) { setApproval(person: $p, approval: YES) { approval } }", json!({ "p": ann }))
            .await
            .unwrap();
        kit.run_with(
            "mutation($s: ID!, $p: ID!) { unassignPerson(session: $s, person: $p) { id } }",
            json!({ "s": robots, "p": zoe }),
        )
        .await
        .unwrap();
        let pending = kit.run("{ unreleasedChanges { title change } }").await.unwrap();
        assert_eq!(pending["unreleasedChanges"], json!([{ "title": "Robots", "change": "CHANGED" }]), "{on}");
        // Somebody who is not announced is nobody's news.
        kit.run(r#"mutation { release(name: "v2") { number } }"#).await.unwrap();
        let reserve =
            "mutation($s: ID!, $p: ID!) { assignPerson(session: $s, person: $p, role: RESERVE) { people { role } } }";
        kit.run_with(reserve, json!({ "s": robots, "p": zoe })).await.unwrap();
        assert_eq!(kit.run("{ unreleasedChanges { title } }").await.unwrap()["unreleasedChanges"], json!([]), "{on}");
        let approvals = kit.run("{ draftPeople { nodes { name approval } } }").await.unwrap();
        assert_eq!(approvals["draftPeople"]["nodes"][0], json!({ "name": "Ann", "approval": "NOT_SET" }), "{on}");
        kit.run(r#"mutation { release(name: "v3") { number } }"#).await.unwrap();
        let public = kit
            .run_with("query($id: ID!) { session(id: $id) { people { person { name } } } }", json!({ "id": robots }))
            .await
            .unwrap();
        assert_eq!(public["session"]["people"].as_array().unwrap().len(), 2, "{on}");
    }
}

#[tokio::test]
async fn who_listens_is_told() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let (robots, night) = (session(&kit, "Robots").await, session(&kit, "Night music").await);
        kit.settled().await;
        let public = kit.as_actor(nobody());
        let mut all_changes = public
            .subscribe("subscription { scheduleChanged { release changes { title change roomName start } } }")
            .await
            .unwrap();
        let only = format!(
            "subscription {{ scheduleChanged(sessions: [\"{night}\"]) {{ release changes {{ title change }} }} }}"
        );
        let mut one = public.subscribe(&only).await.unwrap();
        for (id, release) in [(&robots, "v2"), (&night, "v3")] {
            kit.run_with("mutation($id: ID!) { cancelSession(id: $id) { id } }", json!({ "id": id })).await.unwrap();
            kit.run_with("mutation($name: String!) { release(name: $name) { number } }", json!({ "name": release }))
                .await
                .unwrap();
        }
        let told = all_changes.next().await.unwrap();
        let expected = json!([{ "title": "Robots", "change": "CANCELLED", "roomName": "Grüner Saal", "start": "2026-08-14T14:00:00+02:00" }]);
        assert_eq!(told["scheduleChanged"], json!({ "release": "v2", "changes": expected }), "{on}");
        // The other one was not told of Robots.
        let told = one.next().await.unwrap();
        assert_eq!(
            told["scheduleChanged"],
            json!({ "release": "v3", "changes": [{ "title": "Night music", "change": "CANCELLED" }] }),
            "{on}"
        );
    }
}

/// Ignored is one conflict, not whatever the same two sessions may get into later.
#[tokio::test]
async fn an_ignored_conflict_does_not_hide_another() {
    for (on, kit) in kits(|setup| setup).await {
        let made = kit
            .run(
                r#"mutation {
                    lawn: createRoom(input: { name: "Lawn" }) { id }
                    hall: createRoom(input: { name: "Main hall" }) { id }
                    a: createSession(input: { title: "A" }) { id }
                    b: createSession(input: { title: "B" }) { id }
                }"#,
            )
            .await
            .unwrap();
        let put = async |room: &str| {
            for session in ["a", "b"] {
                kit.run_with(
                    "mutation($s: ID!, $r: ID!) { placeSession(id: $s, room: $r, start: \"2026-08-14T14:00:00+02:00\", minutes: 30) { id } }",
                    json!({ "s": made[session]["id"], "r": made[room]["id"] }),
                )
                .await
                .unwrap();
            }
        };
        put("lawn").await;
        let found = conflicts(&kit).await;
        assert_eq!(kinds(&found), ["ROOM_OVERLAP"], "{on}");
        kit.run_with(
            "mutation($id: ID!) { ignoreConflict(id: $id, reason: \"It is large\") { id } }",
            json!({ "id": found[0]["id"] }),
        )
        .await
        .unwrap();
        assert_eq!(kinds(&conflicts(&kit).await), Vec::<&str>::new(), "{on}");
        put("hall").await;
        assert_eq!(kinds(&conflicts(&kit).await), ["ROOM_OVERLAP"], "{on}");
        put("lawn").await;
        assert_eq!(kinds(&conflicts(&kit).await), Vec::<&str>::new(), "{on}: back where it was looked at");
    }
}

#[tokio::test]
async fn what_is_wrong_is_up_to_the_convention() {
    let wanted = json!({ "breakMinutes": 0, "dailyLimit": 1, "moderatedKinds": ["talk"] });
    for (on, kit) in kits(|setup| setup.config(&wanted)).await {
        with_table(&kit).await;
        let found = kit.run("{ sessionConflicts { counts { kind count } } }").await.unwrap();
        assert_eq!(
            found["sessionConflicts"]["counts"],
            json!([{ "kind": "OVER_DAILY_LIMIT", "count": 2 }, { "kind": "NO_MODERATOR", "count": 1 }]),
            "{on}"
        );
    }
    for (wrong, told) in [
        (json!({ "moderatedKinds": ["talk", " "] }), "/moderatedKinds/1: An empty kind matches nothing; remove it."),
        (json!({ "daily-limit": 1 }), "daily-limit"),
    ] {
        let refused = Setup::new(env!("CARGO_MANIFEST_DIR")).config(&wrong).try_start().await.err().unwrap();
        assert!(refused.contains(told), "{refused}");
    }
}
