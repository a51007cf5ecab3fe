//! Shifts and hours as spreadsheets.

use conman_testkit::{Testkit, json};

use super::support::{Scene, easy, head, step};

async fn csv(kit: &Testkit, path: &str) -> String {
    let answer = kit.get(&format!("core-volunteer/{path}")).await.unwrap();
    assert!(answer.headers.contains(&("content-type".to_owned(), "text/csv; charset=utf-8".to_owned())));
    String::from_utf8(answer.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn shifts_and_hours_leave_as_csv() {
    let mut config = easy();
    config["rewards"] = json!([{ "id": "shirt", "name": "Shirt", "kind": "shirt", "hours": 1 }]);
    for scene in Scene::both(&config).await {
        let shift = scene.shift_like("Stage, left", "12:00/13:30", 3, json!({ "location": "Hall" })).await;
        let entry = scene.sign_up("vera", &shift).await;
        scene.sign_up("walt", &shift).await;
        // Whoever was never here themselves is known by the account only.
        let on_behalf = "mutation($s: ID!) { signUp(shift: $s, account: \"xena\") { id } }";
        scene.kit.run_with(on_behalf, json!({ "s": shift })).await.unwrap();
        step(&scene.kit, "completeEntry", &entry).await.unwrap();
        let shifts = csv(&scene.kit, "shifts.csv").await;
        let lines: Vec<_> = shifts.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(
            lines,
            [
                "shift,department,title,location,day,start,end,state,weight,weighted hours,role,needed,taken,volunteers",
                &format!(
                    "{shift},Stage,\"Stage, left\",Hall,2026-08-14,2026-08-14T12:00:00+02:00,2026-08-14T13:30:00+02:00,planned,1,1.50,Stage hand,3,3,vera (completed); walt; xena"
                ),
            ]
        );
        let hours = csv(&scene.kit, "hours.csv").await;
        let lines: Vec<_> = hours.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(
            lines,
            [
                "account,name,worked hours,weighted hours,planned hours,Shirt",
                "xena,,0.00,0.00,1.50,no",
                "vera,vera,1.50,1.50,0.00,yes",
                "walt,walt,0.00,0.00,1.50,no",
            ]
        );
        // A head of nothing gets no shifts, and no hours at all; a volunteer is not let in.
        let hedda = scene.kit.as_actor(head("hedda"));
        assert_eq!(csv(&hedda, "shifts.csv").await.lines().count(), 1);
        assert_eq!(hedda.get("core-volunteer/hours.csv").await.unwrap_err().code(), "forbidden");
        assert_eq!(scene.volunteer("vera").get("core-volunteer/shifts.csv").await.unwrap_err().code(), "forbidden");
    }
}
