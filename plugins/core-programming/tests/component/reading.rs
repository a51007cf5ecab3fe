//! What an attendee's app asks.

use conman_testkit::{attendee, json, nobody, person};

use super::host::{all, import, kits, session, titles, with_table};

#[tokio::test]
async fn the_programme_by_day_room_track_person_and_text() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let kit = kit.as_actor(nobody());
        let data = kit
            .run(
                "{ sessions { totalCount nextCursor nodes { title start end minutes day kind language state environment abstract
                     room { name exclusive } track { name } people { role person { name } } } } }",
            )
            .await
            .unwrap();
        assert_eq!(data["sessions"]["totalCount"], 4, "{on}");
        assert_eq!(data["sessions"]["nextCursor"], json!(null));
        assert_eq!(
            data["sessions"]["nodes"][1],
            json!({
                "title": "Robots", "start": "2026-08-14T14:00:00+02:00", "end": "2026-08-14T14:45:00+02:00", "minutes": 45,
                "day": "2026-08-14", "kind": "panel", "language": "en", "state": "SCHEDULED", "environment": "IN_PERSON",
                "abstract": "About robots", "room": { "name": "Grüner Saal", "exclusive": true }, "track": { "name": "Science" },
                "people": [
                    { "role": "MODERATOR", "person": { "name": "Bob" } },
                    { "role": "PRESENTER", "person": { "name": "Ann" } },
                    { "role": "PRESENTER", "person": { "name": "Zoë Ångström" } }
                ]
            }),
            "{on}"
        );
        // 01:00 on the 15th is the night of the 14th.
        let ids = kit.run("{ rooms { id name } tracks { id name } people { nodes { id name } } }").await.unwrap();
        let id = |list: &conman_testkit::Value, name: &str| {
            list.as_array().unwrap().iter().find(|item| item["name"] == name).unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(all(&ids["people"]["nodes"], "name"), ["Ann", "Bob", "Zoë Ångström"], "{on}");
        for (filter, expected) in [
            (json!({ "day": "2026-08-14" }), vec!["Öffnung", "Robots", "Night music"]),
            (json!({ "day": "2026-08-15" }), vec![]),
            (json!({ "room": id(&ids["rooms"], "Lawn") }), vec!["Night music"]),
            (json!({ "track": id(&ids["tracks"], "Main") }), vec!["Öffnung", "Closing"]),
            (json!({ "person": id(&ids["people"]["nodes"], "Ann") }), vec!["Robots", "Closing"]),
            (json!({ "text": "offnung" }), vec!["Öffnung"]),
            (json!({ "text": "ZOE angstrom" }), vec!["Öffnung", "Robots"]),
            (json!({ "text": "gruner robots" }), vec!["Robots"]),
            (json!({ "text": "100%" }), vec![]),
            (json!({ "language": "de" }), vec!["Öffnung", "Night music"]),
            (json!({ "kind": "Talk", "day": "2026-08-16" }), vec!["Closing"]),
            (json!({ "from": "2026-08-14T14:45:00+02:00", "until": "2026-08-16T17:00:00+02:00" }), vec!["Night music"]),
            (json!({ "environment": "VIRTUAL" }), vec![]),
        ] {
            let data = kit
                .run_with(
                    "query($filter: SessionFilter) { sessions(filter: $filter) { totalCount nodes { title } } }",
                    json!({ "filter": filter }),
                )
                .await
                .unwrap();
            assert_eq!(titles(&data["sessions"]["nodes"]), expected, "{on} {filter}");
            assert_eq!(data["sessions"]["totalCount"], expected.len(), "{on} {filter}");
        }
    }
}

#[tokio::test]
async fn pages_follow_one_another() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let mut seen = Vec::new();
        let mut after = json!(null);
        loop {
            let data = kit
                .run_with(
                    "query($after: String) { sessions(first: 3, after: $after) { nextCursor nodes { title } } }",
                    json!({ "after": after }),
                )
                .await
                .unwrap();
            seen.extend(titles(&data["sessions"]["nodes"]).into_iter().map(str::to_owned));
            after = data["sessions"]["nextCursor"].clone();
            if after.is_null() {
                break;
            }
        }
        assert_eq!(seen, ["Öffnung", "Robots", "Night music", "Closing"], "{on}");
        let data = kit.run("{ people(first: 2) { totalCount nextCursor nodes { name } } }").await.unwrap();
        assert_eq!(data["people"]["totalCount"], 3);
        let next = kit
            .run_with(
                "query($after: String) { people(first: 2, after: $after) { nextCursor nodes { name } } }",
                json!({ "after": data["people"]["nextCursor"] }),
            )
            .await
            .unwrap();
        assert_eq!(next["people"], json!({ "nextCursor": null, "nodes": [{ "name": "Zoë Ångström" }] }), "{on}");
        assert_eq!(kit.run("{ sessions(first: -1) { nextCursor } }").await.unwrap_err().code(), "invalid");
        assert_eq!(kit.run("{ sessions(after: \"x\") { nextCursor } }").await.unwrap_err().code(), "invalid");
    }
}

#[tokio::test]
async fn now_and_next_and_the_days() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        // The clock stands at 12:00 in Berlin.
        let data = kit.run("{ nowAndNext { at now { title } next { title } } }").await.unwrap();
        assert_eq!(
            data["nowAndNext"],
            json!({ "at": "2026-08-14T12:00:00+02:00", "now": [], "next": [{ "title": "Öffnung" }] }),
            "{on}"
        );
        let data = kit.run(r#"{ nowAndNext(at: "2026-08-14T14:10:00+02:00") { now { title people { person { name } } } next { title } } }"#).await.unwrap();
        assert_eq!(titles(&data["nowAndNext"]["now"]), ["Robots"], "{on}");
        assert_eq!(titles(&data["nowAndNext"]["next"]), ["Night music"], "{on}");
        assert_eq!(data["nowAndNext"]["now"][0]["people"].as_array().unwrap().len(), 3);
        let days = kit.run("{ programmeDays { date start end sessionCount } }").await.unwrap();
        assert_eq!(
            days["programmeDays"],
            json!([
                { "date": "2026-08-14", "start": "2026-08-14T05:00:00+02:00", "end": "2026-08-15T05:00:00+02:00", "sessionCount": 3 },
                { "date": "2026-08-15", "start": "2026-08-15T05:00:00+02:00", "end": "2026-08-16T05:00:00+02:00", "sessionCount": 0 },
                { "date": "2026-08-16", "start": "2026-08-16T05:00:00+02:00", "end": "2026-08-17T05:00:00+02:00", "sessionCount": 1 }
            ]),
            "{on}"
        );
    }
}

#[tokio::test]
async fn rooms_tracks_and_people_have_their_sessions() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let data = kit
            .run(
                r#"{ rooms { name sessions { title } first: sessions(first: 1) { title } on: sessions(day: "2026-08-16") { title } }
                     tracks { name sessions { title } }
                     people { nodes { name sessions { title people { person { name } } } } } }"#,
            )
            .await
            .unwrap();
        let hall = &data["rooms"][0];
        assert_eq!(titles(&hall["sessions"]), ["Öffnung", "Robots", "Closing"], "{on}");
        assert_eq!((titles(&hall["first"]), titles(&hall["on"])), (vec!["Öffnung"], vec!["Closing"]), "{on}");
        assert_eq!(titles(&data["tracks"][0]["sessions"]), ["Öffnung", "Closing"], "{on}");
        let bob = &data["people"]["nodes"][1];
        assert_eq!(titles(&bob["sessions"]), ["Öffnung", "Robots"], "{on}");
        assert_eq!(
            bob["sessions"][1]["people"].as_array().unwrap().len(),
            3,
            "{on}: the line-up of a session below a person"
        );
        let zoe = &data["people"]["nodes"][2];
        assert_eq!(
            zoe["sessions"][1]["people"].as_array().unwrap().len(),
            3,
            "{on}: and of the same session below another"
        );
    }
}

#[tokio::test]
async fn the_public_sees_releases_only() {
    for (on, kit) in kits(|setup| setup).await {
        import(&kit, "csv", super::host::TABLE).await.unwrap();
        let public = kit.as_actor(nobody());
        let seen = "{ sessions { nodes { title } } people { nodes { name } } currentRelease { name } rooms { name } }";
        let data = public.run(seen).await.unwrap();
        assert_eq!(data["sessions"]["nodes"], json!([]), "{on}");
        assert_eq!((&data["people"]["nodes"], &data["currentRelease"]), (&json!([]), &json!(null)), "{on}");
        assert_eq!(data["rooms"], json!([]), "{on}");
        for refused in [
            "{ draftRooms { name } }",
            "{ draftTracks { name } }",
            "{ draftSessions { nodes { id } } }",
            "{ sessionConflicts { totalCount } }",
            "{ unreleasedChanges { title } }",
        ] {
            assert!(
                ["unauthenticated", "forbidden"].contains(&public.run(refused).await.unwrap_err().code()),
                "{on} {refused}"
            );
        }
        kit.run(r#"mutation { release(name: "v1") { number } }"#).await.unwrap();
        let data = public.run(seen).await.unwrap();
        assert_eq!(data["sessions"]["nodes"].as_array().unwrap().len(), 4, "{on}");
        assert_eq!(data["currentRelease"]["name"], "v1", "{on}");
        // What changes afterwards stays behind the curtain.
        let id = session(&kit, "Robots").await;
        kit.run_with(
            "mutation($id: ID!) { updateSession(id: $id, patch: { title: \"Androids\" }) { title } }",
            json!({ "id": id }),
        )
        .await
        .unwrap();
        let one = "query($id: ID!) { session(id: $id) { title } }";
        assert_eq!(public.run_with(one, json!({ "id": id })).await.unwrap()["session"]["title"], "Robots", "{on}");
    }
}

/// A track may be named after a guest nobody is to know of yet.
#[tokio::test]
async fn rooms_and_tracks_are_public_once_a_released_session_uses_them() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let made = kit
            .run(
                r#"mutation {
                    track: createTrack(input: { name: "Surprise guest" }) { id }
                    room: createRoom(input: { name: "Crypt" }) { id }
                    session: createSession(input: { title: "Surprise", start: "2026-08-15T10:00:00+02:00", minutes: 30, state: SCHEDULED }) { id }
                }"#,
            )
            .await
            .unwrap();
        let ids = json!({ "room": made["room"]["id"], "track": made["track"]["id"], "session": made["session"]["id"] });
        let place = "mutation($room: ID!, $track: ID!, $session: ID!) { updateSession(id: $session, patch: { room: $room, track: $track }) { room { name } track { name } } }";
        kit.run_with(place, ids.clone()).await.unwrap();
        let public = kit.as_actor(nobody());
        let lists = "{ rooms { name } tracks { name } }";
        let one = "query($room: ID!, $track: ID!) { room(id: $room) { name } track(id: $track) { name } }";
        let ids = json!({ "room": ids["room"], "track": ids["track"] });
        for who in [&public, &kit] {
            let data = who.run(lists).await.unwrap();
            assert_eq!(all(&data["rooms"], "name"), ["Grüner Saal", "Lawn"], "{on}");
            assert_eq!(all(&data["tracks"], "name"), ["Main", "Science"], "{on}");
            let data = who.run_with(one, ids.clone()).await.unwrap();
            assert_eq!(data, json!({ "room": null, "track": null }), "{on}");
        }
        let drafts = kit.run("{ draftRooms { name } draftTracks { name } }").await.unwrap();
        assert_eq!(all(&drafts["draftRooms"], "name"), ["Grüner Saal", "Lawn", "Crypt"], "{on}");
        assert_eq!(all(&drafts["draftTracks"], "name"), ["Main", "Science", "Surprise guest"], "{on}");

        kit.run(r#"mutation { release(name: "v2") { number } }"#).await.unwrap();
        let data = public.run_with(one, ids).await.unwrap();
        assert_eq!(data, json!({ "room": { "name": "Crypt" }, "track": { "name": "Surprise guest" } }), "{on}");
        assert_eq!(all(&public.run(lists).await.unwrap()["rooms"], "name"), ["Grüner Saal", "Lawn", "Crypt"], "{on}");
    }
}

/// However many releases are asked for at once, each has the sessions and people it had.
#[tokio::test]
async fn many_releases_are_read_together() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let robots = session(&kit, "Robots").await;
        let people = kit.run("{ draftPeople { nodes { id name } } }").await.unwrap()["draftPeople"]["nodes"].clone();
        for number in 2..=110 {
            // From the 60th on the session is another, without Ann.
            if number == 60 {
                let edit = "mutation($s: ID!, $p: ID!) { updateSession(id: $s, patch: { title: \"Androids\" }) { id } unassignPerson(session: $s, person: $p) { id } }";
                kit.run_with(edit, json!({ "s": robots, "p": people[0]["id"] })).await.unwrap();
            }
            let release = "mutation($name: String!) { release(name: $name) { number } }";
            kit.run_with(release, json!({ "name": format!("v{number}") })).await.unwrap();
        }
        let data = kit
            .run("{ releases(first: 110) { number sessions(first: 2) { title people { person { name } } } } }")
            .await
            .unwrap();
        let releases = data["releases"].as_array().unwrap();
        assert_eq!(releases.len(), 110, "{on}");
        for release in releases {
            let number = release["number"].as_u64().unwrap();
            let sessions = &release["sessions"];
            let (title, names) = if number < 60 {
                ("Robots", &["Bob", "Ann", "Zoë Ångström"][..])
            } else {
                ("Androids", &["Bob", "Zoë Ångström"][..])
            };
            assert_eq!(titles(sessions), ["Öffnung", title], "{on} {number}");
            let people: Vec<&str> = sessions[1]["people"]
                .as_array()
                .unwrap()
                .iter()
                .map(|part| part["person"]["name"].as_str().unwrap())
                .collect();
            assert_eq!(people, names, "{on} {number}");
        }
    }
}

#[tokio::test]
async fn favourites_belong_to_an_account() {
    for (on, kit) in kits(|setup| setup).await {
        with_table(&kit).await;
        let robots = session(&kit, "Robots").await;
        let (ada, ben) = (kit.as_actor(attendee("ada")), kit.as_actor(attendee("ben")));
        let mark = "mutation($id: ID!) { favourite(session: $id) { title favourite } }";
        assert_eq!(
            kit.as_actor(nobody()).run_with(mark, json!({ "id": robots })).await.unwrap_err().code(),
            "unauthenticated"
        );
        assert_eq!(ada.run_with(mark, json!({ "id": "nothing" })).await.unwrap_err().code(), "not-found");
        for _ in 0..2 {
            let marked = ada.run_with(mark, json!({ "id": robots })).await.unwrap();
            assert_eq!(marked["favourite"], json!({ "title": "Robots", "favourite": true }), "{on}");
        }
        assert_eq!(titles(&ada.run("{ favourites { title } }").await.unwrap()["favourites"]), ["Robots"], "{on}");
        assert_eq!(
            titles(&ben.run("{ favourites { title } }").await.unwrap()["favourites"]),
            Vec::<&str>::new(),
            "{on}"
        );
        let list = "{ sessions { nodes { title favourite } } }";
        assert_eq!(ben.run(list).await.unwrap()["sessions"]["nodes"][1]["favourite"], false, "{on}");
        assert_eq!(
            ada.run(list).await.unwrap()["sessions"]["nodes"][1]["favourite"],
            true,
            "{on}: also after somebody else's cached answer"
        );
        let counts = "{ draftSessions { nodes { favouriteCount } } }";
        let staff = kit.as_actor(person("sam", &["programme.draft"]));
        assert_eq!(staff.run(counts).await.unwrap()["draftSessions"]["nodes"][1]["favouriteCount"], 1, "{on}");
        ada.run_with("mutation($id: ID!) { unfavourite(session: $id) { id } }", json!({ "id": robots })).await.unwrap();
        assert_eq!(ada.run("{ favourites { title } }").await.unwrap()["favourites"], json!([]), "{on}");
    }
}
