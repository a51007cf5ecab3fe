//! Places are neither oversold nor left.

use conman_tests::volunteers::{self, SIGN_UP, shift, taken};
use conman_tests::{Database, TestHost, on_each_database};
use futures::future::join_all;
use serde_json::json;

on_each_database! {
    async fn two_hundred_at_once_for_ten_places(database: Database) {
        let host = TestHost::start(database).await;
        volunteers::convention(&host.system(), "con").await;
        // Volunteers extend the programme's sessions, so somebody has to define these.
        host.enable("con", "core-programming").await;
        host.enable("con", "core-volunteer").await;
        let head = host.person("con", "hanna", "admin").await;
        let shift = shift(&head, "con", 10).await;
        let answers = join_all((0..200).map(|number| {
            let (head, shift) = (head.clone(), shift.clone());
            async move {
                let variables = json!({ "shift": shift, "account": format!("volunteer-{number}") });
                head.convention("con", SIGN_UP, variables).await
            }
        }))
        .await;
        let (mut taken_places, mut refusals) = (0, Vec::new());
        for answer in &answers {
            match answer.code() {
                "" => taken_places += u32::from(answer.data()["signUp"]["state"] == "SIGNED_UP"),
                code => refusals.push(code),
            }
        }
        assert_eq!(taken_places, 10, "{refusals:?}");
        // Everybody else was told that the places are gone, not that something went wrong.
        assert!(refusals.iter().all(|code| *code == "OCCUPIED"), "{refusals:?}");
        assert_eq!(taken(&head, "con", &shift).await.len(), 10);
    }
}
