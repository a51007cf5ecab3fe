//! Everything the SDK has, through the component: what the plugin's code says is what clients get.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "what fails here fails the test")]

use std::time::Duration;

use conman_testkit::{Failure, Setup, StandIn, Testkit, Value, engines, json, nobody, person};

/// The plugin with two sessions it may refer to.
fn setup() -> Setup {
    let sdl = r#"type Session @key(fields: "id") { id: ID! title: String! }"#;
    let sessions = [json!({ "id": "s1", "title": "Opening" }), json!({ "id": "s2", "title": "Masquerade" })];
    let programming = StandIn::new("tests/programming", &format!("{sdl} extend type Query {{ sessions: [Session!] }}"));
    Setup::new(env!("CARGO_MANIFEST_DIR"))
        .stand_in(programming.with("Session", sessions))
        .solver(conman_independent::solve)
}

async fn greet(kit: &Testkit, input: Value) -> Result<String, Failure> {
    let data = kit
        .run_with("mutation($input: GreetInput!) { greet(input: $input) { id } }", json!({ "input": input }))
        .await?;
    Ok(data["greet"]["id"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_greeting_has_every_kind_of_field() {
    for engine in engines() {
        let kit = setup().on(engine).start().await;
        let id = greet(&kit, json!({ "text": "Hi", "mood": "VERY_SAD", "sessionId": "s2", "tags": ["a", "b"] }))
            .await
            .unwrap();
        let data = kit
            .run(
                "{ greetings { id author text mood at pinned tags session { id title } replyCount replies { text } } }",
            )
            .await
            .unwrap();
        assert_eq!(
            data["greetings"],
            json!([{
                "id": id, "author": "admin", "text": "Hi", "mood": "VERY_SAD", "at": "2026-08-14T12:00:00+02:00", "pinned": false,
                "tags": ["a", "b"], "session": { "id": "s2", "title": "Masquerade" }, "replyCount": 0, "replies": []
            }])
        );
    }
}

#[tokio::test]
async fn readers_are_welcomed_in_the_first_of_their_languages_that_is_known() {
    for engine in engines() {
        let kit = setup().on(engine).start().await;
        for (languages, welcome) in [
            (&["fr", "de-AT", "en"][..], "Willkommen"),
            (&["en", "de"], "Welcome"),
            (&["fr"], "Welcome"),
            (&[], "Welcome"),
        ] {
            let data = kit.speaking(languages).run("{ welcome }").await.unwrap();
            assert_eq!(data["welcome"], welcome, "{languages:?}");
        }
    }
}

#[tokio::test]
async fn defaults_are_filled_in_and_a_filter_filters() {
    for engine in engines() {
        let kit = setup().on(engine).start().await;
        greet(&kit, json!({ "text": "joy" })).await.unwrap();
        kit.advance_clock(Duration::from_secs(1));
        greet(&kit, json!({ "text": "woe", "mood": "VERY_SAD" })).await.unwrap();
        let data = kit
            .run("{ all: greetings { mood tags } sad: greetings(filter: { mood: VERY_SAD }) { text } }")
            .await
            .unwrap();
        assert_eq!(data["all"].as_array().map(Vec::len), Some(2));
        assert_eq!(data["sad"], json!([{ "text": "woe" }]));
        assert_eq!(data["all"][1], json!({ "mood": "HAPPY", "tags": [] }));
    }
}

#[tokio::test]
async fn a_patch_tells_absent_from_null() {
    for engine in engines() {
        let kit = setup().on(engine).start().await;
        let id = greet(&kit, json!({ "text": "Hi", "sessionId": "s1" })).await.unwrap();
        let change = "mutation($id: ID!, $patch: GreetingPatch!) { changeGreeting(id: $id, patch: $patch) { text session { id } } }";
        let changed = kit.run_with(change, json!({ "id": id, "patch": { "text": "Ho" } })).await.unwrap();
        assert_eq!(changed["changeGreeting"], json!({ "text": "Ho", "session": { "id": "s1" } }));
        let changed = kit.run_with(change, json!({ "id": id, "patch": { "sessionId": null } })).await.unwrap();
        assert_eq!(changed["changeGreeting"], json!({ "text": "Ho", "session": null }));
        let refused = kit.run_with(change, json!({ "id": id, "patch": { "text": null } })).await.unwrap_err();
        assert_eq!((refused.code(), refused.problems[0].pointer.as_str()), ("invalid", "/patch/text"));
        let refused = kit.run_with(change, json!({ "id": "gone", "patch": {} })).await.unwrap_err();
        assert_eq!(refused.code(), "not-found");
    }
}

#[tokio::test]
async fn an_action_makes_its_own_transactions() {
    for engine in engines() {
        let kit = setup().on(engine).start().await;
        let id = greet(&kit, json!({ "text": "Hi" })).await.unwrap();
        let reply = "mutation($ids: [ID!]!) { replyToAll(ids: $ids, text: \"yes\") }";
        assert_eq!(kit.run_with(reply, json!({ "ids": [id, "gone", id] })).await.unwrap(), json!({ "replyToAll": 2 }));
        let data = kit.run("{ greetings { replyCount replies(first: 1) { text } } }").await.unwrap();
        assert_eq!(data["greetings"], json!([{ "replyCount": 2, "replies": [{ "text": "yes" }] }]));
    }
}

#[tokio::test]
async fn permissions_and_configuration_hold() {
    for engine in engines() {
        let kit = setup().on(engine).config(&json!({ "longest": 3, "forbidden": ["orc"] })).start().await;
        for (actor, text, code) in [
            (person("ada", &["greetings.write"]), "orc", "RUDE"),
            (person("ada", &["greetings.write"]), "four", "TOO_LONG"),
            (person("bob", &[]), "hi", "forbidden"),
            (nobody(), "hi", "unauthenticated"),
        ] {
            assert_eq!(greet(&kit.as_actor(actor), json!({ "text": text })).await.unwrap_err().code(), code, "{text}");
        }
        assert_eq!(kit.run("{ greetings { id } }").await.unwrap(), json!({ "greetings": [] }));
        let refused =
            setup().on(engine).config(&json!({ "forbidden": ["x", " "] })).try_start().await.err().unwrap_or_default();
        assert!(refused.contains("/forbidden/1: An empty word forbids everything."), "{refused}");
    }
}

#[tokio::test]
async fn events_are_emitted_and_heard_once() {
    for engine in engines() {
        let kit = setup().on(engine).start().await;
        let id = greet(&kit, json!({ "text": "Hi" })).await.unwrap();
        let events = kit.emitted().await;
        assert_eq!(
            events.iter().map(|event| (event.topic.as_str(), event.key.as_str())).collect::<Vec<_>>(),
            [("greetings.written", id.as_str())]
        );
        assert_eq!(kit.run("{ heard }").await.unwrap(), json!({ "heard": 1 }));
        kit.deliver(&events[0]).await.unwrap();
        assert_eq!(kit.run("{ heard }").await.unwrap(), json!({ "heard": 1 }), "the same event again changes nothing");
        kit.emit("conman/core-programming", "programming.sessions.changed", "schedule", &json!({})).await.unwrap();
        assert_eq!(kit.run("{ heard }").await.unwrap(), json!({ "heard": 2 }));
        let failure = kit.emit("examples/greetings", "greetings.written", "x", &json!({ "id": 1 })).await.unwrap_err();
        assert_eq!(failure.code(), "bad-payload");
    }
}

#[tokio::test]
async fn a_failed_mutation_emits_nothing() {
    for engine in engines() {
        let kit = setup().on(engine).config(&json!({ "longest": 3 })).start().await;
        assert_eq!(greet(&kit, json!({ "text": "too long" })).await.unwrap_err().code(), "TOO_LONG");
        assert_eq!(kit.emitted().await, []);
    }
}

#[tokio::test]
async fn routes_answer_with_tags_places_and_types() {
    for engine in engines() {
        let kit = setup().on(engine).start().await;
        let imported = kit.post("greetings/import/csv", "one\r\nt\"wo\n\n").await.unwrap();
        assert_eq!(String::from_utf8_lossy(&imported.body), r#"{"added":{"greetings":2}}"#);
        kit.post("greetings/import/slowly", "three").await.unwrap();
        let csv = kit.get("greetings/greetings.csv").await.unwrap();
        let header = |name: &str| csv.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
        assert_eq!(header("content-type").as_deref(), Some("text/csv; charset=utf-8"));
        let body = String::from_utf8(csv.body.clone()).unwrap();
        assert!(body.contains(",\"t\"\"wo\"\r\n") && body.lines().count() == 3, "{body}");
        let tag = header("etag").unwrap();
        let again = kit.send("GET", "greetings/greetings.csv", &[("If-None-Match", &tag)], Vec::new()).await.unwrap();
        assert_eq!((again.status, again.body.len()), (304, 0));
        let by = kit.get("greetings/by/admin").await.unwrap();
        assert_eq!(String::from_utf8_lossy(&by.body).lines().count(), 3);
        let failure = kit.post("greetings/import/csv", b"fine\nb\xFFd".to_vec()).await.unwrap_err();
        assert_eq!((failure.code(), failure.problems[0].pointer.as_str()), ("invalid", "line 2, column 2"));
        assert_eq!(kit.get("greetings/by/nobody").await.unwrap_err().code(), "not-found");
        let forbidden = kit.as_actor(person("bob", &[])).post("greetings/import/csv", "x").await.unwrap_err();
        assert_eq!(forbidden.code(), "forbidden");
    }
}

#[tokio::test]
async fn many_rows_go_in_and_come_out_by_their_keys() {
    for engine in engines() {
        let kit = setup().on(engine).start().await;
        let lines: String = (0..700).map(|number| format!("line {number}\n")).collect();
        kit.post("greetings/import/csv", lines).await.unwrap();
        let data = kit.run("{ greetings(first: 700) { id text } }").await.unwrap();
        let greetings = data["greetings"].as_array().unwrap();
        let mut numbers: Vec<&str> = greetings.iter().filter_map(|greeting| greeting["text"].as_str()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 700);
        let ids: Vec<&Value> = greetings.iter().map(|greeting| &greeting["id"]).collect();
        let replied = kit
            .run_with("mutation($ids: [ID!]!) { replyToAll(ids: $ids, text: \"x\") }", json!({ "ids": ids[..50] }))
            .await
            .unwrap();
        assert_eq!(replied, json!({ "replyToAll": 50 }));
        let data = kit.run("{ greetings(first: 700) { replyCount } }").await.unwrap();
        let total: i64 =
            data["greetings"].as_array().unwrap().iter().filter_map(|greeting| greeting["replyCount"].as_i64()).sum();
        assert_eq!(total, 50);
    }
}

#[tokio::test]
async fn the_night_belongs_to_the_day_before_and_logs_are_kept() {
    for engine in engines() {
        let kit = setup().on(engine).start().await;
        // Noon plus 16 hours is 04:00, an hour before the day changes.
        kit.advance_clock(Duration::from_secs(16 * 3600));
        assert_eq!(kit.run("{ today }").await.unwrap(), json!({ "today": "2026-08-14" }));
        kit.advance_clock(Duration::from_secs(3600));
        assert_eq!(kit.run("{ today }").await.unwrap(), json!({ "today": "2026-08-15" }));
        let id = greet(&kit, json!({ "text": "Hi" })).await.unwrap();
        let logs = kit.logs("examples/greetings");
        let line = logs.last().unwrap();
        assert_eq!((line.message.as_str(), line.fields.clone()), ("greeted", format!(r#"{{"id":"{id}","length":2}}"#)));
    }
}

#[tokio::test]
async fn a_seed_decides_what_is_random() {
    for engine in engines() {
        let first = greet(&setup().on(engine).seed(7).start().await, json!({ "text": "Hi" })).await.unwrap();
        let second = greet(&setup().on(engine).seed(7).start().await, json!({ "text": "Hi" })).await.unwrap();
        let other = greet(&setup().on(engine).seed(8).start().await, json!({ "text": "Hi" })).await.unwrap();
        assert_eq!(first, second);
        assert_ne!(first, other);
    }
}

#[tokio::test]
async fn a_subscriber_hears_what_it_asked_for() {
    for engine in engines() {
        let kit = setup().on(engine).start().await;
        let mut sad = kit
            .as_actor(person("ada", &[]))
            .subscribe("subscription { greeted(mood: VERY_SAD) { text session { title } } }")
            .await
            .unwrap();
        greet(&kit, json!({ "text": "joy" })).await.unwrap();
        greet(&kit, json!({ "text": "woe", "mood": "VERY_SAD", "sessionId": "s1" })).await.unwrap();
        assert_eq!(
            sad.next().await.unwrap(),
            json!({ "greeted": { "text": "woe", "session": { "title": "Opening" } } })
        );
    }
}

#[tokio::test]
async fn readings_are_planned_by_a_job_that_is_the_same_every_time() {
    for engine in engines() {
        let mut plans = Vec::new();
        for _ in 0..2 {
            let kit = setup().on(engine).start().await;
            let bea = kit.as_actor(person("bea", &["greetings.write"]));
            for text in ["One", "Two", "Three"] {
                greet(&kit, json!({ "text": text })).await.unwrap();
            }
            greet(&bea, json!({ "text": "Four" })).await.unwrap();
            let mut planned = kit.subscribe("subscription { readingsPlanned { ended progress } }").await.unwrap();
            let refused = bea.run("mutation { planReadings(iterations: 0) }").await.unwrap_err();
            assert_eq!((refused.code(), refused.problems[0].pointer.as_str()), ("invalid", "/iterations"));
            let data = kit.run("mutation { planReadings(iterations: 2000) }").await.unwrap();
            kit.solved().await;
            // What it heard meanwhile depends on the machine; that it has ended does not.
            loop {
                let heard = planned.next().await.unwrap()["readingsPlanned"].clone();
                if heard["ended"] == true {
                    assert_eq!(heard["progress"], 1.0);
                    break;
                }
            }
            let asked = "query($job: ID!) { planning(job: $job) { ended } readings { greeting { text author } corner minutes } }";
            let data = kit.run_with(asked, json!({ "job": data["planReadings"] })).await.unwrap();
            assert_eq!(data["planning"]["ended"], true);
            let readings = data["readings"].as_array().unwrap().clone();
            assert_eq!(readings.len(), 4);
            let of_admin = readings.iter().filter(|reading| reading["greeting"]["author"] == "admin");
            let mut minutes: Vec<_> = of_admin.map(|reading| reading["minutes"].as_i64().unwrap()).collect();
            minutes.dedup();
            assert_eq!(minutes.len(), 3, "nobody reads two at once: {readings:?}");
            plans.push(readings);
        }
        assert_eq!(plans[0], plans[1]);
    }
}
