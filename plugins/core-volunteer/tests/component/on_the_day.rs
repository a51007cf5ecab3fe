//! Check-in, no-shows, the lock, ratings, and who is told what.

use std::time::Duration;

use conman_testkit::json;

use super::support::{Scene, create, decision, easy, places, step};

#[tokio::test(flavor = "multi_thread")]
async fn a_no_show_frees_the_place_and_three_lock() {
    for scene in Scene::both(&easy()).await {
        let mut entries = Vec::new();
        let mut shifts = Vec::new();
        for hour in ["12:00/13:00", "13:00/14:00", "14:00/15:00", "2026-08-15 10:00/12:00"] {
            shifts.push(scene.shift(hour, hour, 1).await);
        }
        for shift in &shifts[..3] {
            entries.push(scene.sign_up("vera", shift).await);
        }
        let early = step(&scene.kit, "markNoShow", &entries[2]).await.unwrap_err();
        assert_eq!(
            (early.code(), early.problems[0].message.as_str()),
            ("TOO_EARLY", "The entry cannot be marked as no-show before Fri 14 Aug 14:00.")
        );
        scene.kit.advance_clock(Duration::from_secs(2 * 3600));
        for entry in &entries {
            assert_eq!(step(&scene.kit, "markNoShow", entry).await.unwrap(), "NO_SHOW");
        }
        assert_eq!(places(&scene.kit, &shifts[2]).await, "0/1");
        let vera = scene.volunteer("vera");
        assert_eq!(
            decision(&vera, &shifts[3]).await,
            "LOCKED: Sign-up is locked after 3 no-shows (the limit is 3). Talk to a department head, who can unlock it."
        );
        scene.kit.run(r#"mutation { unlockVolunteer(account: "vera") { noShows } }"#).await.unwrap();
        assert_eq!(decision(&vera, &shifts[3]).await, "FREE");
        // Whoever was given up for lost turns up, unless somebody else has the place by then.
        scene.sign_up("walt", &shifts[2]).await;
        assert_eq!(step(&scene.kit, "checkInEntry", &entries[2]).await.unwrap_err().code(), "OCCUPIED");
        assert_eq!(step(&scene.kit, "checkInEntry", &entries[1]).await.unwrap(), "ARRIVED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_elsewhere_by_now_does_not_get_the_place_back() {
    for scene in Scene::both(&easy()).await {
        let missed = scene.shift("Missed", "12:00/14:00", 1).await;
        let entry = scene.sign_up("vera", &missed).await;
        step(&scene.kit, "markNoShow", &entry).await.unwrap();
        let other = scene.shift("Other", "13:00/15:00", 1).await;
        let other = scene.sign_up("vera", &other).await;
        for again in ["reopenEntry", "checkInEntry"] {
            let refused = step(&scene.kit, again, &entry).await.unwrap_err();
            assert_eq!(
                format!("{}: {}", refused.code(), refused.problems[0].message),
                "COLLIDES: It is at the same time as their shift “Other” (Fri 14 Aug 13:00–15:00). Take them off that one first."
            );
        }
        let withdraw = "mutation($e: ID!) { withdraw(entry: $e) { id } }";
        let missed = scene.volunteer("vera").run_with(withdraw, json!({ "e": entry })).await.unwrap_err();
        assert_eq!(missed.code(), "WRONG_STATE");
        scene.kit.run_with(withdraw, json!({ "e": other })).await.unwrap();
        assert_eq!(step(&scene.kit, "checkInEntry", &entry).await.unwrap(), "ARRIVED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_rated_by_heads_and_not_shown_to_the_volunteer() {
    for scene in Scene::both(&easy()).await {
        let shift = scene.shift("Stage", "12:00/13:00", 1).await;
        let entry = scene.sign_up("vera", &shift).await;
        let rate = r#"mutation($e: ID!) { rateEntry(entry: $e, rating: ABOVE_AND_BEYOND, comment: "Saved the show") { rating { rating comment } } }"#;
        assert_eq!(scene.kit.run_with(rate, json!({ "e": entry })).await.unwrap_err().code(), "WRONG_STATE");
        step(&scene.kit, "checkInEntry", &entry).await.unwrap();
        step(&scene.kit, "completeEntry", &entry).await.unwrap();
        let rated = scene.kit.run_with(rate, json!({ "e": entry })).await.unwrap();
        assert_eq!(rated["rateEntry"]["rating"], json!({ "rating": "ABOVE_AND_BEYOND", "comment": "Saved the show" }));
        let own = scene.volunteer("vera").run("{ myShifts { state rating { comment } } }").await.unwrap_err();
        assert_eq!(own.code(), "forbidden");
        let again = step(&scene.kit, "checkInEntry", &entry).await.unwrap_err();
        assert_eq!(
            (again.code(), again.problems[0].message.as_str()),
            ("WRONG_STATE", "An entry that is completed cannot be checked in; reopen it first.")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_is_told() {
    for scene in Scene::both(&easy()).await {
        let elsewhere = create(&scene.kit, "createDepartment", json!({ "name": "Food" })).await;
        let watch = |department: &str| {
            format!("subscription {{ shiftChanged(department: \"{department}\") {{ title state seats {{ taken }} }} }}")
        };
        let mut stage = scene.volunteer("vera").subscribe(&watch(&scene.department)).await.unwrap();
        let mut food = scene.volunteer("vera").subscribe(&watch(&elsewhere)).await.unwrap();
        let mine = "subscription { myEntriesFlagged { shift { title } flag { code } } }";
        let mut vera = scene.volunteer("vera").subscribe(mine).await.unwrap();
        let mut walt = scene.volunteer("walt").subscribe(mine).await.unwrap();

        let shift = scene.shift("Stage", "2026-08-15 10:00/12:00", 1).await;
        scene.sign_up("vera", &shift).await;
        let cancel = "mutation($s: ID!) { cancelShift(id: $s) { state } }";
        scene.kit.run_with(cancel, json!({ "s": shift })).await.unwrap();
        let changed = |state: &str, taken: i32| json!({ "shiftChanged": [{ "title": "Stage", "state": state, "seats": [{ "taken": taken }] }] });
        let mut last = json!(null);
        while last != changed("CANCELLED", 1) {
            last = stage.next().await.unwrap();
        }
        let flagged = |title: &str| json!({ "myEntriesFlagged": [{ "shift": { "title": title }, "flag": { "code": "CANCELLED" } }] });
        assert_eq!(vera.next().await.unwrap(), flagged("Stage"));

        // What others are told of is not heard: the first thing Walt and the kitchen hear is their own.
        let soup = scene.shift_like("Soup", "2026-08-15 10:00/12:00", 1, json!({ "department": elsewhere })).await;
        scene.sign_up("walt", &soup).await;
        scene.kit.run_with(cancel, json!({ "s": soup })).await.unwrap();
        assert_eq!(walt.next().await.unwrap(), flagged("Soup"));
        assert_eq!(food.next().await.unwrap()["shiftChanged"][0]["title"], "Soup");
        let events: Vec<_> = scene.kit.emitted().await.into_iter().map(|event| event.topic).collect();
        let of_one = [
            "volunteer.shift.changed",
            "volunteer.entry.signed-up",
            "volunteer.entry.flagged",
            "volunteer.shift.changed",
        ];
        assert_eq!(events, [of_one, of_one].concat());
    }
}
