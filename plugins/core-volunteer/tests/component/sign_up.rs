//! Taking places and giving them back: the list and the sign-up say the same, and places are never given twice.

use std::collections::BTreeMap;
use std::time::Duration;

use conman_kernel::actor::{Actor, Permissions};
use conman_testkit::{json, person};

use super::support::{Scene, decision, easy, places, sign_up, volunteer};

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_at_once_for_ten_places_are_ten() {
    for scene in Scene::both(&easy()).await {
        let shift = scene.shift("Stage", "2026-08-15 10:00/12:00", 10).await;
        let tasks: Vec<_> = (0..200)
            .map(|number| {
                let (kit, shift) = (scene.volunteer(&format!("v{number}")), shift.clone());
                tokio::spawn(async move {
                    // A conflict that outlasts the host's own tries is the caller's to try again.
                    loop {
                        match sign_up(&kit, &shift).await {
                            Ok(_) => return "ok".to_owned(),
                            Err(failure) if matches!(failure.code(), "conflict" | "overloaded") => {}
                            Err(failure) => return failure.code().to_owned(),
                        }
                    }
                })
            })
            .collect();
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        for task in tasks {
            *outcomes.entry(task.await.unwrap()).or_default() += 1;
        }
        assert_eq!(outcomes, BTreeMap::from([("ok".to_owned(), 10), ("OCCUPIED".to_owned(), 190)]));
        assert_eq!(places(&scene.kit, &shift).await, "10/10");
        let listed =
            scene.kit.run_with("query($id: ID!) { shift(id: $id) { entries { id } } }", json!({ "id": shift }));
        assert_eq!(listed.await.unwrap()["shift"]["entries"].as_array().unwrap().len(), 10);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_volunteer_cannot_take_two_places_at_once() {
    for scene in Scene::both(&easy()).await {
        let mut shifts = Vec::new();
        for number in 0..10 {
            shifts.push(scene.shift(&format!("Stage {number}"), "2026-08-15 10:00/12:00", 1).await);
        }
        let tasks: Vec<_> = shifts
            .iter()
            .map(|shift| {
                let (kit, shift) = (scene.volunteer("vera"), shift.clone());
                tokio::spawn(async move {
                    loop {
                        match sign_up(&kit, &shift).await {
                            Err(failure) if matches!(failure.code(), "conflict" | "overloaded") => {}
                            outcome => return outcome.is_ok(),
                        }
                    }
                })
            })
            .collect();
        let mut taken = 0;
        for task in tasks {
            taken += usize::from(task.await.unwrap());
        }
        assert_eq!(taken, 1);
        let mine = scene.volunteer("vera").run("{ myShifts { id } }").await.unwrap();
        assert_eq!(mine["myShifts"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_what_the_sign_up_does() {
    for scene in Scene::both(&json!({})).await {
        let vera = scene.volunteer("vera");
        let morning = scene.shift("Morning", "2026-08-15 08:00/10:00", 1).await;
        let after_a_gap = scene.shift("After a gap", "2026-08-15 10:45/12:00", 1).await;
        let same_time = scene.shift("Same time", "2026-08-15 09:00/11:00", 1).await;
        let over = scene.shift("Over", "10:00/11:00", 1).await;
        let long = scene.shift("Long", "2026-08-15 11:00/20:30", 1).await;
        let check = async |shift: &str, expected: &str| {
            let listed = decision(&vera, shift).await;
            assert_eq!(listed, expected);
            let failure = sign_up(&vera, shift).await.unwrap_err();
            assert_eq!(format!("{}: {}", failure.code(), failure.problems[0].message), expected);
        };
        check(&over, "ENDED: This shift was over at Fri 14 Aug 11:00. Choose another one.").await;
        check(
            &morning,
            "NOT_ARRIVED: You are not marked as arrived at the convention. Come to the volunteer desk first.",
        )
        .await;
        scene.kit.run(r#"mutation { arrive(account: "vera") { arrivedAt } }"#).await.unwrap();
        assert_eq!(decision(&vera, &morning).await, "FREE");
        scene.sign_up("vera", &morning).await;
        check(&morning, "ALREADY: You have an entry for this shift already.").await;
        check(
            &same_time,
            "COLLIDES: It is at the same time as your shift “Morning” (Sat 15 Aug 08:00–10:00). Withdraw from that one first.",
        )
        .await;
        check(
            &after_a_gap,
            "REST_RULE: Between it and your shift “Morning” (Sat 15 Aug 08:00–10:00) there are only 45 min; 15 min of rest are missing. Choose another one, or withdraw from that one first.",
        )
        .await;
        check(
            &long,
            "REST_RULE: There are 2 h of your work on Sat 15 Aug already; with this shift it would be 11 h 30 min, and 10 h are the most for a day. Choose one on another day, or withdraw from one of that day first.",
        )
        .await;
        scene.kit.run(r#"mutation { arrive(account: "walt") { arrivedAt } }"#).await.unwrap();
        let walt = scene.volunteer("walt");
        assert_eq!(
            decision(&walt, &morning).await,
            "OCCUPIED: The one place for “Stage hand” is taken. Choose another one, or look again later: places are given back."
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_free_for_me_is_what_i_can_take() {
    for scene in Scene::both(&easy()).await {
        let taken = scene.shift("Taken", "2026-08-15 10:00/12:00", 1).await;
        let free = scene.shift("Free", "2026-08-15 14:00/16:00", 1).await;
        scene.shift("Tomorrow's", "2026-08-16 14:00/16:00", 1).await;
        scene.sign_up("walt", &taken).await;
        let operation = r#"{ shifts(filter: { day: "2026-08-15", freeForMe: true }) { id title decision { code role { name } } } }"#;
        let mine = scene.volunteer("vera").run(operation).await.unwrap();
        assert_eq!(
            mine,
            json!({ "shifts": [{ "id": free, "title": "Free", "decision": { "code": "FREE", "role": { "name": "Stage hand" } } }] })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn qualifications_are_asked_for_and_confirmed() {
    for scene in Scene::both(&easy()).await {
        let role = scene.kit.run_with(
            r#"mutation($department: ID!) { createVolunteerRole(input: { name: "Rigger", department: $department,
                needsConfirmation: true, over18: true, licence: "Rope access" }) { id } }"#,
            json!({ "department": scene.department }),
        );
        let role = role.await.unwrap()["createVolunteerRole"]["id"].as_str().unwrap().to_owned();
        let seats = json!({ "seats": [{ "role": role, "needed": 1 }] });
        let shift = scene.shift_like("Rigging", "2026-08-15 10:00/12:00", 1, seats).await;
        let vera = scene.volunteer("vera");
        assert_eq!(
            decision(&vera, &shift).await,
            "NOT_QUALIFIED: The role “Rigger” asks for more: a head of the department has to confirm you for it; \
             somebody has to confirm at the desk that you are over 18; somebody has to see your licence “Rope access”."
        );
        vera.run_with("mutation($role: ID!) { askForQualification(role: $role) { id } }", json!({ "role": role }))
            .await
            .unwrap();
        let open = scene.kit.run("{ openQualifications { name role { name } } }").await.unwrap();
        assert_eq!(open, json!({ "openQualifications": [{ "name": "vera", "role": { "name": "Rigger" } }] }));
        let confirm = r#"mutation($role: ID!) {
            confirmQualification(account: "vera", role: $role) { qualifications { role { name } confirmedBy { id } } }
            confirmAdult(account: "vera") { adult }
            confirmLicence(account: "vera", licence: "Rope access") { licences { licence } }
        }"#;
        let confirmed = scene.kit.run_with(confirm, json!({ "role": role })).await.unwrap();
        assert_eq!(
            confirmed["confirmQualification"]["qualifications"],
            json!([{ "role": { "name": "Rigger" }, "confirmedBy": { "id": "admin" } }])
        );
        assert_eq!(decision(&vera, &shift).await, "FREE");
        assert_eq!(
            scene.kit.run("{ openQualifications { name } }").await.unwrap(),
            json!({ "openQualifications": [] })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_given_back_is_free_until_the_deadline() {
    for scene in Scene::both(&easy()).await {
        // Tomorrow at ten is 22 hours away; the deadline is twelve hours before.
        let shift = scene.shift("Stage", "2026-08-15 10:00/12:00", 1).await;
        let vera = scene.volunteer("vera");
        let withdraw = "mutation($entry: ID!) { withdraw(entry: $entry) { seats { taken } } }";
        let entry = scene.sign_up("vera", &shift).await;
        let stranger = scene.volunteer("walt").run_with(withdraw, json!({ "entry": entry })).await.unwrap_err();
        assert_eq!(stranger.code(), "not-found");
        let shown = vera.run_with(withdraw, json!({ "entry": entry })).await.unwrap();
        assert_eq!(shown, json!({ "withdraw": { "seats": [{ "taken": 0 }] } }));
        let entry = scene.sign_up("vera", &shift).await;
        scene.kit.advance_clock(Duration::from_secs(11 * 3600));
        let late = vera.run_with(withdraw, json!({ "entry": entry })).await.unwrap_err();
        assert_eq!(late.code(), "TOO_LATE");
        assert_eq!(
            late.problems[0].message,
            "Withdrawing was possible until Fri 14 Aug 22:00. Ask a head of “Stage” to take you off the shift."
        );
        scene.kit.run_with(withdraw, json!({ "entry": entry })).await.unwrap();
        assert_eq!(places(&scene.kit, &shift).await, "0/1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_up_opens_when_it_opens() {
    let mut config = easy();
    config["signUpOpens"] = json!("2026-08-14T13:00:00+02:00");
    for scene in Scene::both(&config).await {
        let shift = scene.shift("Stage", "2026-08-15 10:00/12:00", 2).await;
        let vera = scene.volunteer("vera");
        assert_eq!(decision(&vera, &shift).await, "NOT_YET: Sign-up for this shift opens at Fri 14 Aug 13:00.");
        let opens =
            vera.run_with("query($id: ID!) { shift(id: $id) { decision { opensAt } } }", json!({ "id": shift }));
        assert_eq!(opens.await.unwrap()["shift"]["decision"]["opensAt"], "2026-08-14T13:00:00+02:00");
        // A head need not wait, and is told what heads can do.
        let on_behalf = "mutation($s: ID!) { signUp(shift: $s, account: \"walt\") { id } }";
        scene.kit.run_with(on_behalf, json!({ "s": shift })).await.unwrap();
        let again = scene.kit.run_with(on_behalf, json!({ "s": shift })).await.unwrap_err();
        assert_eq!(again.problems[0].message, "They have an entry for this shift already.");
        scene.kit.advance_clock(Duration::from_secs(3600));
        assert_eq!(decision(&vera, &shift).await, "FREE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_sign_up_with_its_key_answers_the_same_entry() {
    for scene in Scene::both(&easy()).await {
        let shift = scene.shift("Stage", "2026-08-15 10:00/12:00", 5).await;
        let vera = scene.volunteer("vera").with_key("tap-1");
        let first = sign_up(&vera, &shift).await.unwrap();
        let again = sign_up(&vera, &shift).await.unwrap();
        assert_eq!(first, again);
        assert_eq!(places(&scene.kit, &shift).await, "1/5");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_sign_up_is_told_so_and_nobody_gets_no_decision() {
    for scene in Scene::both(&easy()).await {
        let shift = scene.shift("Stage", "2026-08-15 10:00/12:00", 1).await;
        let visitor = scene.kit.as_actor(person("vic", &["shift.view"]));
        assert_eq!(sign_up(&visitor, &shift).await.unwrap_err().code(), "forbidden");
        let nobody = Actor::anonymous(Permissions::Only(["shift.view".to_owned()].into()));
        let operation = "{ shifts { title decision { code } decisions { code } myEntry { id } } }";
        let seen = scene.kit.as_actor(nobody).run(operation).await.unwrap();
        assert_eq!(seen["shifts"], json!([{ "title": "Stage", "decision": null, "decisions": null, "myEntry": null }]));
        let unknown = sign_up(&scene.kit.as_actor(volunteer("vera")), "nothing").await.unwrap_err();
        assert_eq!((unknown.code(), unknown.problems[0].pointer.as_str()), ("not-found", "/shift"));
    }
}
