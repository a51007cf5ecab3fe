//! Names are live, so whoever listens hears of new ones at once.

use conman_testkit::{Testkit, Value, json, nobody};

use super::host::{TABLE, all, import, kits, with_table};

/// The last event's sessions, if there are `events` of them in all.
async fn told(kit: &Testkit, events: usize) -> Value {
    let emitted = kit.emitted().await;
    assert_eq!(emitted.len(), events);
    let last = emitted.last().unwrap();
    assert_eq!((last.topic.as_str(), last.key.as_str()), ("programming.sessions.changed", "schedule"));
    let payload: Value = serde_json::from_str(&last.payload).unwrap();
    assert_eq!(payload["release"], "v1");
    payload["sessions"].clone()
}

#[tokio::test]
async fn a_renamed_room_or_track_is_told_with_its_released_sessions() {
    for (on, kit) in kits(|setup| setup).await {
        // Before anything is released nobody is told anything.
        kit.run(r#"mutation { createRoom(input: { name: "Attic" }) { id } }"#).await.unwrap();
        let attic = kit.run("{ draftRooms { id } }").await.unwrap()["draftRooms"][0]["id"].clone();
        let rename = "mutation($id: ID!, $name: String!) { updateRoom(id: $id, patch: { name: $name }) { name } }";
        kit.run_with(rename, json!({ "id": attic, "name": "Loft" })).await.unwrap();
        with_table(&kit).await;
        told(&kit, 1).await;

        let lists = kit.run("{ rooms { id name } tracks { id name } }").await.unwrap();
        let hall = lists["rooms"][0]["id"].clone();
        let public = kit.as_actor(nobody());
        let mut listening = public
            .subscribe("subscription { scheduleChanged { release changes { title change roomName start } } }")
            .await
            .unwrap();
        kit.run_with(rename, json!({ "id": hall, "name": "Red hall" })).await.unwrap();
        let sessions = told(&kit, 2).await;
        assert_eq!(all(&sessions, "title"), ["Öffnung", "Robots", "Closing"], "{on}");
        assert_eq!(all(&sessions, "roomName"), ["Red hall"; 3], "{on}");
        assert_eq!(all(&sessions, "change"), ["changed"; 3], "{on}");
        assert_eq!(sessions[1]["start"], "2026-08-14T14:00:00+02:00", "{on}");
        let heard = listening.next().await.unwrap();
        assert_eq!(
            heard["scheduleChanged"]["changes"][0],
            json!({ "title": "Öffnung", "change": "CHANGED", "roomName": "Red hall", "start": "2026-08-14T12:30:00+02:00" }),
            "{on}"
        );

        let science = lists["tracks"][1]["id"].clone();
        let rename_track =
            "mutation($id: ID!, $name: String!) { updateTrack(id: $id, patch: { name: $name }) { name } }";
        kit.run_with(rename_track, json!({ "id": science, "name": "Machines" })).await.unwrap();
        let sessions = told(&kit, 3).await;
        assert_eq!((all(&sessions, "title"), all(&sessions, "trackName")), (vec!["Robots"], vec!["Machines"]), "{on}");

        // The same name, another capacity, a room without released sessions: no news.
        kit.run_with(
            "mutation($id: ID!) { updateRoom(id: $id, patch: { name: \"Red hall\", capacity: 9 }) { name } }",
            json!({ "id": hall }),
        )
        .await
        .unwrap();
        kit.run_with(rename, json!({ "id": attic, "name": "Garret" })).await.unwrap();
        told(&kit, 3).await;
        // A release has nothing more to tell of it.
        assert_eq!(kit.run("{ unreleasedChanges { title } }").await.unwrap()["unreleasedChanges"], json!([]), "{on}");
    }
}

#[tokio::test]
async fn a_room_renamed_by_a_file_is_told_too() {
    let json = |name: &str| {
        format!(
            r#"{{"schedule": {{"conference": {{"rooms": [{{"name": "{name}", "guid": "0c8b0cb4-6cf9-5ff8-928a-0a0f49558c48"}}],
            "days": [{{"date": "2026-08-14", "rooms": {{"{name}": [{{"id": 1, "title": "One", "date": "2026-08-14T11:00:00+02:00", "duration": "01:00"}}]}}}}]}}}}}}"#
        )
    };
    for (on, kit) in kits(|setup| setup).await {
        import(&kit, "frab-json?release=v1", json("Saal 1")).await.unwrap();
        told(&kit, 1).await;
        let report = import(&kit, "frab-json?dry-run=true", json("Saal One")).await.unwrap();
        assert_eq!(report["changed"]["rooms"], 1, "{on}");
        told(&kit, 1).await;
        import(&kit, "frab-json", json("Saal One")).await.unwrap();
        let sessions = told(&kit, 2).await;
        assert_eq!((all(&sessions, "title"), all(&sessions, "roomName")), (vec!["One"], vec!["Saal One"]), "{on}");
        // A file that only adds renames nothing.
        import(&kit, "csv", TABLE).await.unwrap();
        told(&kit, 2).await;
    }
}
