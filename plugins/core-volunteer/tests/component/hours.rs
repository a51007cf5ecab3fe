//! Hours, worklog and rewards through the whole plugin.

use std::time::Duration;

use conman_testkit::json;

use super::support::{Scene, easy, step};

#[tokio::test(flavor = "multi_thread")]
async fn nights_count_double_and_thresholds_are_met() {
    let mut config = easy();
    config["rewards"] = json!([
        { "id": "shirt", "name": "Shirt", "kind": "shirt", "hours": 10 },
        { "id": "soup", "name": "Soup", "kind": "meal-voucher", "hours": 4 },
    ]);
    for scene in Scene::both(&config).await {
        let vera = scene.volunteer("vera");
        // Four hours of evening and four of night are twelve; two at a weight of one and a half are three.
        let night = scene.shift("Night", "22:00/06:00", 1).await;
        let heavy = scene.shift_like("Heavy", "2026-08-15 10:00/12:00", 1, json!({ "weight": 1.5 })).await;
        let (night, heavy) = (scene.sign_up("vera", &night).await, scene.sign_up("vera", &heavy).await);
        let hours = "{ myHours { worked weighted planned rewards { reached missingHours reward { id kind hours } } } }";
        let planned = vera.run(hours).await.unwrap();
        assert_eq!(planned["myHours"]["planned"], 15.0);
        assert_eq!(planned["myHours"]["rewards"][0]["missingHours"], 4.0);
        scene.kit.advance_clock(Duration::from_secs(23 * 3600));
        assert_eq!(step(&scene.kit, "checkInEntry", &night).await.unwrap(), "ARRIVED");
        assert_eq!(step(&scene.kit, "completeEntry", &night).await.unwrap(), "COMPLETED");
        let worked = vera.run(hours).await.unwrap();
        assert_eq!(
            worked["myHours"],
            json!({
                "worked": 8.0, "weighted": 12.0, "planned": 3.0,
                "rewards": [
                    { "reached": true, "missingHours": 0.0, "reward": { "id": "soup", "kind": "MEAL_VOUCHER", "hours": 4.0 } },
                    { "reached": true, "missingHours": 0.0, "reward": { "id": "shirt", "kind": "SHIRT", "hours": 10.0 } },
                ],
            })
        );
        assert_eq!(step(&scene.kit, "markNoShow", &heavy).await.unwrap(), "NO_SHOW");
        let log = r#"mutation { addWorklog(input: { account: "vera", workedOn: "2026-08-15", minutes: 90, comment: "Carried chairs" }) {
            id workedOn minutes addedBy { id } } }"#;
        let line = scene.kit.run(log).await.unwrap();
        assert_eq!(line["addWorklog"]["workedOn"], "2026-08-15");
        let profile = scene.kit.run(r#"{ volunteer(account: "vera") { hours { worked weighted planned } noShows worklog { minutes comment } } }"#);
        assert_eq!(
            profile.await.unwrap()["volunteer"],
            json!({
                "hours": { "worked": 9.5, "weighted": 13.5, "planned": 0.0 }, "noShows": 1,
                "worklog": [{ "minutes": 90, "comment": "Carried chairs" }],
            })
        );
        let hand_out = r#"mutation { handOutReward(account: "vera", reward: "shirt") { rewards { handedOutAt } } }"#;
        let handed = scene.kit.run(hand_out).await.unwrap();
        assert_eq!(
            handed["handOutReward"]["rewards"],
            json!([{ "handedOutAt": null }, { "handedOutAt": "2026-08-15T11:00:00+02:00" }])
        );
        assert_eq!(scene.kit.run(hand_out).await.unwrap_err().code(), "ALREADY");
        let own = r#"mutation { addWorklog(input: { account: "admin", workedOn: "2026-08-15", minutes: 90, comment: "Me" }) { id } }"#;
        assert_eq!(scene.kit.run(own).await.unwrap_err().code(), "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_worked_counts_though_the_shift_is_cancelled_afterwards() {
    for scene in Scene::both(&easy()).await {
        let shift = scene.shift("Stage", "12:00/14:00", 2).await;
        let (early, late) = (scene.sign_up("vera", &shift).await, scene.sign_up("walt", &shift).await);
        step(&scene.kit, "completeEntry", &early).await.unwrap();
        let cancel = "mutation($s: ID!) { cancelShift(id: $s) { state } }";
        scene.kit.run_with(cancel, json!({ "s": shift })).await.unwrap();
        let hours = async |name: &str| scene.volunteer(name).run("{ myHours { worked planned } }").await.unwrap();
        assert_eq!(hours("vera").await["myHours"], json!({ "worked": 2.0, "planned": 0.0 }));
        assert_eq!(hours("walt").await["myHours"], json!({ "worked": 0.0, "planned": 0.0 }));
        assert_eq!(step(&scene.kit, "completeEntry", &late).await.unwrap_err().code(), "SHIFT_CANCELLED");

        let over = scene.shift("Over", "10:00/12:00", 1).await;
        let refused = scene.kit.run_with(cancel, json!({ "s": over })).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.problems[0].message.as_str()),
            (
                "ENDED",
                "This shift was over at Fri 14 Aug 12:00. Mark who did not come instead; who worked keeps the hours."
            )
        );
    }
}
