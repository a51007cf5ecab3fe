//! The programme changes, and the shifts and their volunteers are looked after.

use conman_testkit::{Testkit, Value, json};

use super::support::{Scene, create, easy, sign_up, span, step};

/// A session as a release tells of it.
fn session(id: &str, room: &str, when: &str, change: &str) -> Value {
    let (start, end) = span(when);
    let state = if change == "cancelled" { "cancelled" } else { "scheduled" };
    json!({
        "id": id, "title": format!("Talk {id}"), "state": state, "kind": "talk", "roomId": room,
        "roomName": format!("Room {room}"), "trackId": null, "trackName": null, "start": start, "end": end, "change": change,
    })
}

async fn release(kit: &Testkit, sessions: &[Value]) {
    let payload = json!({ "release": "1", "sessions": sessions });
    kit.emit("conman/core-programming", "programming.sessions.changed", "schedule", &payload).await.unwrap();
}

async fn rule(scene: &Scene, more: Value) -> String {
    let mut input = json!({
        "name": "Door", "department": scene.department, "minutesBefore": 15, "minutesAfter": 15,
        "seats": [{ "role": scene.role, "needed": 1 }],
    });
    for (key, value) in more.as_object().unwrap() {
        input[key] = value.clone();
    }
    create(&scene.kit, "createShiftRule", input).await
}

/// `Door: Talk s1 · Room 1 · 09:45–11:15 · s1`, one line per shift, with its state when cancelled.
async fn shifts(kit: &Testkit) -> Vec<String> {
    let data = kit
        .run("{ shifts(filter: { includeCancelled: true }) { title location start end state sessions { id } } }")
        .await
        .unwrap();
    let time = |value: &Value| value.as_str().unwrap()[11..16].to_owned();
    data["shifts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|shift| {
            let ids: Vec<_> = shift["sessions"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
            let cancelled = if shift["state"] == "CANCELLED" { " · cancelled" } else { "" };
            let (title, location) = (shift["title"].as_str().unwrap(), shift["location"].as_str().unwrap());
            format!(
                "{title} · {location} · {}–{} · {}{cancelled}",
                time(&shift["start"]),
                time(&shift["end"]),
                ids.join(" ")
            )
        })
        .collect()
}

async fn id_of(kit: &Testkit, session: &str) -> String {
    let operation = "query($s: ID!) { shifts(filter: { session: $s, includeCancelled: true }) { id } }";
    let data = kit.run_with(operation, json!({ "s": session })).await.unwrap();
    data["shifts"][0]["id"].as_str().unwrap().to_owned()
}

async fn flags(kit: &Testkit) -> Vec<String> {
    let data = kit.run("{ flaggedEntries { account { id } flag { code message } } }").await.unwrap();
    let lines = data["flaggedEntries"].as_array().unwrap().iter().map(|entry| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        format!(
            "{} {}: {}",
            text(&entry["account"]["id"]),
            text(&entry["flag"]["code"]),
            text(&entry["flag"]["message"])
        )
    });
    lines.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_session_moves_its_shift_and_flags_whom_it_hurts() {
    let mut config = easy();
    config["minimumRestMinutes"] = json!(120);
    for scene in Scene::both(&config).await {
        rule(&scene, json!({})).await;
        let day = "2026-08-15 ";
        release(
            &scene.kit,
            &[
                session("s1", "1", &format!("{day}10:00/11:00"), "created"),
                session("s2", "2", &format!("{day}14:00/15:00"), "created"),
            ],
        )
        .await;
        assert_eq!(
            shifts(&scene.kit).await,
            ["Door: Talk s1 · Room 1 · 09:45–11:15 · s1", "Door: Talk s2 · Room 2 · 13:45–15:15 · s2"]
        );
        let (first, second) = (id_of(&scene.kit, "s1").await, id_of(&scene.kit, "s2").await);
        let entry = scene.sign_up("vera", &first).await;
        scene.sign_up("vera", &second).await;

        release(&scene.kit, &[session("s1", "3", &format!("{day}13:30/14:30"), "moved")]).await;
        assert_eq!(
            shifts(&scene.kit).await,
            ["Door: Talk s1 · Room 3 · 13:15–14:45 · s1", "Door: Talk s2 · Room 2 · 13:45–15:15 · s2"]
        );
        assert_eq!(
            flags(&scene.kit).await,
            [
                "vera COLLIDES: “Door: Talk s1” is now Sat 15 Aug 13:15–14:45, at the same time as “Door: Talk s2” (Sat 15 Aug 13:45–15:15). One of the two has to be given back."
            ]
        );
        let told =
            scene.kit.emitted().await.into_iter().find(|event| event.topic == "volunteer.entry.flagged").unwrap();
        let told: Value = serde_json::from_str(&told.payload).unwrap();
        assert_eq!((&told["entries"][0]["entry"], &told["entries"][0]["account"]), (&json!(entry), &json!("vera")));

        // Too near is a hurt of its own, and moving back heals.
        release(&scene.kit, &[session("s1", "3", &format!("{day}11:30/12:30"), "moved")]).await;
        assert_eq!(flags(&scene.kit).await.len(), 1);
        assert!(flags(&scene.kit).await[0].starts_with("vera REST_RULE"));
        release(&scene.kit, &[session("s1", "1", &format!("{day}10:00/11:00"), "moved")]).await;
        assert_eq!(flags(&scene.kit).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_session_cancels_its_shift_and_frees_its_volunteers() {
    for scene in Scene::both(&easy()).await {
        rule(&scene, json!({})).await;
        release(&scene.kit, &[session("s1", "1", "2026-08-15 10:00/11:00", "created")]).await;
        let shift = id_of(&scene.kit, "s1").await;
        let entry = scene.sign_up("vera", &shift).await;
        release(&scene.kit, &[session("s1", "1", "2026-08-15 10:00/11:00", "cancelled")]).await;
        assert_eq!(shifts(&scene.kit).await, ["Door: Talk s1 · Room 1 · 09:45–11:15 · s1 · cancelled"]);
        assert_eq!(
            flags(&scene.kit).await,
            ["vera CANCELLED: “Door: Talk s1” (Sat 15 Aug 09:45–11:15) was cancelled."]
        );
        let other = scene.shift("Other", "2026-08-15 10:00/11:00", 1).await;
        sign_up(&scene.volunteer("vera"), &other).await.unwrap();
        // It comes back, and now it collides.
        release(&scene.kit, &[session("s1", "1", "2026-08-15 10:00/11:00", "created")]).await;
        assert!(flags(&scene.kit).await[0].starts_with("vera COLLIDES"));
        // What was changed under one's feet may be given back at any time; that heals.
        scene.kit.advance_clock(std::time::Duration::from_secs(21 * 3600));
        let withdraw = "mutation($e: ID!) { withdraw(entry: $e) { id } }";
        scene.volunteer("vera").run_with(withdraw, json!({ "e": entry })).await.unwrap();
        assert_eq!(flags(&scene.kit).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_head_cancelled_stays_so_until_a_head_takes_it_back() {
    for scene in Scene::both(&easy()).await {
        let kit = &scene.kit;
        rule(&scene, json!({})).await;
        release(kit, &[session("s1", "1", "2026-08-15 10:00/11:00", "created")]).await;
        let shift = id_of(kit, "s1").await;
        let entry = scene.sign_up("vera", &shift).await;
        let change = async |field: &str| {
            let operation = format!("mutation($s: ID!) {{ {field}(id: $s) {{ state }} }}");
            kit.run_with(&operation, json!({ "s": shift })).await.map(|data| data[field]["state"].clone())
        };
        assert_eq!(change("cancelShift").await.unwrap(), "CANCELLED");
        let cancelled = ["Door: Talk s1 · Room 1 · 09:45–11:15 · s1 · cancelled"];
        release(kit, &[session("s1", "2", "2026-08-15 12:00/13:00", "moved")]).await;
        assert_eq!(shifts(kit).await, cancelled);
        let report = kit.run("mutation { applyShiftRules { created moved } }").await.unwrap();
        assert_eq!(report["applyShiftRules"], json!({ "created": 0, "moved": 0 }));
        release(kit, &[session("s1", "2", "2026-08-15 12:00/13:00", "cancelled")]).await;
        assert_eq!(change("reinstateShift").await.unwrap_err().code(), "NOT_WANTED");
        release(kit, &[session("s1", "2", "2026-08-15 12:00/13:00", "created")]).await;
        assert_eq!(shifts(kit).await, cancelled);

        // Taken back it is where the programme is by now, and its volunteer is asked.
        let told = kit.emitted().await.len();
        assert_eq!(change("reinstateShift").await.unwrap(), "PLANNED");
        assert_eq!(shifts(kit).await, ["Door: Talk s1 · Room 2 · 11:45–13:15 · s1"]);
        let asked = "vera TAKES_PLACE_AGAIN: “Door: Talk s1” takes place after all: Sat 15 Aug 11:45–13:15. Give it back, or dismiss this to agree.";
        assert_eq!(flags(kit).await, [asked]);
        let topics: Vec<_> = kit.emitted().await.into_iter().skip(told).map(|event| event.topic).collect();
        assert_eq!(topics, ["volunteer.entry.flagged", "volunteer.shift.changed"]);
        step(&scene.volunteer("vera"), "dismissFlag", &entry).await.unwrap();
        assert_eq!(flags(kit).await, Vec::<String>::new());

        // What the programme cancels it brings back by itself, and asks too.
        release(kit, &[session("s1", "2", "2026-08-15 12:00/13:00", "cancelled")]).await;
        assert_eq!(change("reinstateShift").await.unwrap_err().code(), "CANCELLED_BY_PROGRAMME");
        release(kit, &[session("s1", "2", "2026-08-15 12:00/13:00", "created")]).await;
        assert_eq!(flags(kit).await, [asked]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_moved_is_told_and_may_go() {
    for scene in Scene::both(&easy()).await {
        rule(&scene, json!({})).await;
        release(&scene.kit, &[session("s1", "1", "2026-08-16 20:00/21:00", "created")]).await;
        let shift = id_of(&scene.kit, "s1").await;
        let entry = scene.sign_up("vera", &shift).await;
        // Six hours from now, when it would be too late to withdraw from what one agreed to.
        release(&scene.kit, &[session("s1", "1", "2026-08-14 18:15/19:15", "moved")]).await;
        assert_eq!(
            flags(&scene.kit).await,
            [
                "vera MOVED: “Door: Talk s1” is now Fri 14 Aug 18:00–19:30; agreed to was Sun 16 Aug 19:45–21:15. Give it back, or dismiss this to agree."
            ]
        );
        let mine = scene.volunteer("vera").run("{ myShifts { withdrawableUntil } }").await.unwrap();
        assert_eq!(mine["myShifts"], json!([{ "withdrawableUntil": "2026-08-14T19:30:00+02:00" }]));
        let withdraw = "mutation($e: ID!) { withdraw(entry: $e) { id } }";
        scene.volunteer("vera").run_with(withdraw, json!({ "e": entry })).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_weight_reaches_the_shifts_when_the_rule_is_applied() {
    for scene in Scene::both(&easy()).await {
        let rule = rule(&scene, json!({})).await;
        release(&scene.kit, &[session("s1", "1", "2026-08-15 10:00/11:00", "created")]).await;
        let heavier = "mutation($r: ID!) { updateShiftRule(id: $r, patch: { weight: 1.5 }) { weight } }";
        scene.kit.run_with(heavier, json!({ "r": rule })).await.unwrap();
        let report = scene.kit.run("mutation { applyShiftRules { changed moved flagged } }").await.unwrap();
        assert_eq!(report["applyShiftRules"], json!({ "changed": 1, "moved": 0, "flagged": 0 }));
        let data = scene.kit.run("{ shifts { weight } }").await.unwrap();
        assert_eq!(data["shifts"], json!([{ "weight": 1.5 }]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_reached_through_another_shift_keeps_the_one_it_has() {
    for scene in Scene::both(&easy()).await {
        let merging = rule(&scene, json!({ "name": "Sound", "mergeUpToMinutes": 240 })).await;
        rule(&scene, json!({})).await;
        let second = session("s2", "1", "2026-08-15 11:00/12:00", "created");
        release(&scene.kit, &[session("s1", "1", "2026-08-15 10:00/11:00", "created"), second]).await;
        // The shift for both is by hand from now on, and nothing merges any more.
        let delete = "mutation($r: ID!) { deleteShiftRule(id: $r) }";
        scene.kit.run_with(delete, json!({ "r": merging })).await.unwrap();
        release(&scene.kit, &[session("s1", "1", "2026-08-15 10:00/10:30", "changed")]).await;
        assert_eq!(
            shifts(&scene.kit).await,
            [
                "Door: Talk s1 · Room 1 · 09:45–10:45 · s1",
                "Sound: Talk s1 and 1 more · Room 1 · 09:45–12:15 · s1 s2",
                "Door: Talk s2 · Room 1 · 10:45–12:15 · s2",
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn availability_is_respected_by_flags() {
    for scene in Scene::both(&easy()).await {
        rule(&scene, json!({})).await;
        release(&scene.kit, &[session("s1", "1", "2026-08-15 10:00/11:00", "created")]).await;
        let vera = scene.volunteer("vera");
        let (start, end) = span("2026-08-15 09:00/12:00");
        let available =
            "mutation($spans: [SpanInput!]!) { setMyAvailability(spans: $spans) { availability { start end } } }";
        let spans = json!([{ "start": start, "end": end }]);
        let said = vera.run_with(available, json!({ "spans": spans })).await.unwrap();
        assert_eq!(said["setMyAvailability"]["availability"], spans);
        scene.sign_up("vera", &id_of(&scene.kit, "s1").await).await;
        release(&scene.kit, &[session("s1", "1", "2026-08-15 12:00/13:00", "moved")]).await;
        assert_eq!(
            flags(&scene.kit).await,
            [
                "vera OUTSIDE_AVAILABILITY: “Door: Talk s1” is now Sat 15 Aug 11:45–13:15, outside the times given as available. Give it back, or dismiss this."
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_merge_split_and_keep_their_volunteers() {
    for scene in Scene::both(&easy()).await {
        rule(&scene, json!({ "mergeUpToMinutes": 240, "room": "1" })).await;
        let day = |time: &str| format!("2026-08-15 {time}");
        release(
            &scene.kit,
            &[
                session("s1", "1", &day("10:00/11:00"), "created"),
                session("s2", "1", &day("11:15/12:00"), "created"),
                session("s3", "2", &day("10:00/11:00"), "created"),
            ],
        )
        .await;
        assert_eq!(shifts(&scene.kit).await, ["Door: Talk s1 and 1 more · Room 1 · 09:45–12:15 · s1 s2"]);
        let shift = id_of(&scene.kit, "s1").await;
        scene.sign_up("vera", &shift).await;
        // The second leaves the room: the shift shrinks. Another enters far from it: a new shift. Told of alone, each time.
        release(&scene.kit, &[session("s2", "2", &day("11:15/12:00"), "moved")]).await;
        assert_eq!(shifts(&scene.kit).await, ["Door: Talk s1 · Room 1 · 09:45–11:15 · s1"]);
        release(&scene.kit, &[session("s3", "1", &day("15:00/16:00"), "moved")]).await;
        assert_eq!(
            shifts(&scene.kit).await,
            ["Door: Talk s1 · Room 1 · 09:45–11:15 · s1", "Door: Talk s3 · Room 1 · 14:45–16:15 · s3"]
        );
        let mine = scene.volunteer("vera").run("{ myShifts { shift { id } flag { code } } }").await.unwrap();
        assert_eq!(mine["myShifts"], json!([{ "shift": { "id": shift }, "flag": null }]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shift_made_by_hand_follows_its_session_too() {
    for scene in Scene::both(&easy()).await {
        release(&scene.kit, &[session("s1", "1", "2026-08-15 10:00/11:00", "created")]).await;
        let more = json!({ "session": "s1", "location": "Room 1" });
        scene.shift_like("Sound check", "2026-08-15 08:30/10:15", 1, more).await;
        release(&scene.kit, &[session("s1", "2", "2026-08-15 13:00/14:30", "moved")]).await;
        assert_eq!(shifts(&scene.kit).await, ["Sound check · Room 2 · 11:30–13:45 · s1"]);
        release(&scene.kit, &[session("s1", "2", "2026-08-15 13:00/14:30", "removed")]).await;
        assert_eq!(shifts(&scene.kit).await, ["Sound check · Room 2 · 11:30–13:45 · s1 · cancelled"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_apply_to_what_was_heard_before_and_only_when_asked_where_not_automatic() {
    for scene in Scene::both(&easy()).await {
        release(&scene.kit, &[session("s1", "1", "2026-08-15 10:00/11:00", "created")]).await;
        let rule = rule(&scene, json!({ "automatic": false })).await;
        assert_eq!(shifts(&scene.kit).await, Vec::<String>::new());
        let apply = "mutation { applyShiftRules { created moved cancelled changed flagged } }";
        let report = scene.kit.run(apply).await.unwrap();
        assert_eq!(
            report["applyShiftRules"],
            json!({ "created": 1, "moved": 0, "cancelled": 0, "changed": 0, "flagged": 0 })
        );
        // New sessions wait for the next time somebody applies it; its shifts follow by themselves.
        release(
            &scene.kit,
            &[
                session("s2", "1", "2026-08-15 16:00/17:00", "created"),
                session("s1", "1", "2026-08-15 11:00/12:00", "moved"),
            ],
        )
        .await;
        assert_eq!(shifts(&scene.kit).await, ["Door: Talk s1 · Room 1 · 10:45–12:15 · s1"]);
        let wider = r#"mutation($r: ID!, $role: ID!) { updateShiftRule(id: $r, patch: { minutesBefore: 30, seats: [{ role: $role, needed: 3 }] }) { minutesBefore } }"#;
        scene.kit.run_with(wider, json!({ "r": rule, "role": scene.role })).await.unwrap();
        let report = scene.kit.run(apply).await.unwrap();
        assert_eq!(
            report["applyShiftRules"],
            json!({ "created": 1, "moved": 1, "cancelled": 0, "changed": 0, "flagged": 0 })
        );
        let needed = scene.kit.run("{ shifts { seats { needed } } }").await.unwrap();
        assert_eq!(needed["shifts"], json!([{ "seats": [{ "needed": 3 }] }, { "seats": [{ "needed": 3 }] }]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_twice_changes_nothing_the_second_time() {
    for scene in Scene::both(&easy()).await {
        rule(&scene, json!({})).await;
        release(&scene.kit, &[session("s1", "1", "2026-08-15 10:00/11:00", "created")]).await;
        let before = scene.kit.emitted().await.len();
        release(&scene.kit, &[session("s1", "1", "2026-08-15 10:00/11:00", "changed")]).await;
        assert_eq!(scene.kit.emitted().await.len(), before);
        assert_eq!(shifts(&scene.kit).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_know_their_shifts() {
    for scene in Scene::both(&easy()).await {
        rule(&scene, json!({})).await;
        release(&scene.kit, &[session("s1", "1", "2026-08-15 10:00/11:00", "created")]).await;
        let operation = "{ shifts { sessions { id title shifts { title decision { code } } } } }";
        let data = scene.volunteer("vera").run(operation).await.unwrap();
        assert_eq!(
            data["shifts"],
            json!([{ "sessions": [{ "id": "s1", "title": "Session s1", "shifts": [{ "title": "Door: Talk s1", "decision": { "code": "FREE" } }] }] }])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_release_fits_into_its_calls() {
    for scene in Scene::both(&easy()).await {
        rule(&scene, json!({ "mergeUpToMinutes": 240 })).await;
        rule(&scene, json!({ "name": "Sound", "minutesBefore": 30 })).await;
        let sessions: Vec<Value> = (0..1000)
            .map(|number| {
                let (room, slot) = (number % 40, number / 40);
                let when = format!(
                    "2026-08-15 {:02}:{:02}/{:02}:{:02}",
                    slot / 2,
                    slot % 2 * 30,
                    slot / 2,
                    slot % 2 * 30 + 25
                );
                session(&format!("t{number}"), &room.to_string(), &when, "created")
            })
            .collect();
        for piece in sessions.chunks(100) {
            release(&scene.kit, piece).await;
        }
        let data = scene.kit.run("{ shifts(limit: 2000) { id } }").await.unwrap();
        // 25 sessions in each of 40 rooms: in the first rule's shifts of up to four hours, and one each by the second.
        assert_eq!(data["shifts"].as_array().unwrap().len(), 1000 + 40 * 4);
    }
}
