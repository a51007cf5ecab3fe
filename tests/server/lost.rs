//! Plans whose search the host has forgotten, or whose plugin was disabled meanwhile, do not search for ever.

use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{SharedDatabase, transaction};
use conman_storage::Storage;
use conman_tests::plans::Planner;
use conman_tests::{Database, TestHost, on_each_database, until};
use serde_json::{Value, json};

/// A convention whose search does not end before it has to.
async fn searching(database: Database) -> (TestHost, Planner) {
    let host = TestHost::start(database).await;
    host.convention("con").await;
    host.enable("con", "core-programming").await;
    let planner = Planner::new(host.system(), "con");
    let made = planner
        .run(
            r#"mutation { createRoom(input: { name: "Hall" }) { id } createPerson(input: { name: "Ann" }) { id } }"#,
            json!({}),
        )
        .await;
    let ann = made["createPerson"]["id"].clone();
    let day = planner.run("{ convention { startsOn } }", json!({})).await["convention"]["startsOn"].clone();
    let day = day.as_str().unwrap();
    // She would like what no session can keep: to be there before any room is open.
    let window = json!({ "start": format!("{day}T05:00:00Z"), "end": format!("{day}T05:30:00Z") });
    let prefer = "mutation($id: ID!, $windows: [AvailableWindowInput!]!) { setPersonPreference(id: $id, windows: $windows) { id } }";
    planner.run(prefer, json!({ "id": ann, "windows": [window] })).await;
    let create = "mutation($input: SessionInput!) { createSession(input: $input) { id } }";
    for number in 0..12 {
        let input = json!({ "title": format!("S{number}"), "minutes": 60, "people": [{ "person": ann }] });
        planner.run(create, json!({ "input": input })).await;
    }
    (host, planner)
}

/// The plugin's own database, behind its back.
async fn behind(host: &TestHost, planner: &Planner) -> SharedDatabase {
    let convention = planner.run("{ convention { id } }", json!({})).await;
    let convention = ConventionId::from_stored(convention["convention"]["id"].as_str().unwrap());
    let plugin: PluginId = "conman/core-programming".parse().unwrap();
    let storage = Storage::open(host.database().location(host.folder())).await.unwrap();
    storage.plugin(&convention, &plugin).await.unwrap().host()
}

async fn execute(database: &SharedDatabase, sql: &'static str) {
    transaction(database.as_ref(), |transaction| Box::pin(async move { transaction.execute(sql, &[]).await }))
        .await
        .unwrap();
}

/// Waits until a search has a timetable.
async fn found(planner: &Planner, plan: &str) {
    until("a timetable", async || (planner.read(plan).await["course"] != json!([])).then_some(())).await;
}

fn assert_lost(plan: &Value) {
    assert_eq!((&plan["state"], &plan["error"]["code"]), (&json!("FAILED"), &json!("LOST")), "{plan}");
    assert!(plan["error"]["message"].as_str().unwrap().ends_with("plan again."), "{plan}");
}

on_each_database! {
    async fn a_plan_whose_job_is_forgotten_is_lost(database: Database) {
        let (host, planner) = searching(database).await;
        let (one, other) = (planner.plan(json!({ "seconds": 60.0 })).await, planner.plan(json!({ "seconds": 60.0 })).await);
        assert_eq!(planner.read(&one).await["state"], "SEARCHING");
        let database = behind(&host, &planner).await;
        execute(&database, "DELETE FROM conman_solve").await;
        // The first minute it may still be on its way.
        assert_eq!(planner.read(&one).await["state"], "SEARCHING");
        let mut others = planner.listen(&one).await;
        planner.cancel(&one).await;
        assert_lost(&planner.read(&one).await);
        // Whoever listens need not wait either.
        let heard = others.until(|_| false).await;
        assert_eq!(heard.last().unwrap().state, "FAILED");
        execute(&database, "UPDATE schedule_plan SET created_at = created_at - 61000").await;
        assert_lost(&planner.read(&other).await);
        let refused = planner.accept(&other, None).await.unwrap_err();
        assert_eq!(refused, "NOT_READY");
    }
}

on_each_database! {
    async fn a_plan_whose_proposal_cannot_be_written_is_lost(database: Database) {
        let (host, planner) = searching(database).await;
        let plan = planner.plan(json!({ "seconds": 60.0 })).await;
        execute(&behind(&host, &planner).await, "DELETE FROM schedule_plan_problem").await;
        // Cancelled before there is a timetable, a search has no proposal to lose.
        found(&planner, &plan).await;
        planner.cancel(&plan).await;
        assert_lost(&planner.ended(&plan).await);
    }
}

on_each_database! {
    async fn a_plan_whose_plugin_is_disabled_meanwhile_is_lost(database: Database) {
        let (host, planner) = searching(database).await;
        let plan = planner.plan(json!({ "seconds": 60.0 })).await;
        let id = planner.run("{ plugins { id } }", json!({})).await["plugins"][0]["id"].clone();
        // Disabled, it does not hear that its search has ended.
        planner.run("mutation($id: String!) { disablePlugin(id: $id) }", json!({ "id": id })).await;
        planner.run("mutation($id: String!) { enablePlugin(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!(planner.read(&plan).await["state"], "SEARCHING");
        // A minute later.
        let database = behind(&host, &planner).await;
        execute(&database, "UPDATE conman_solve SET ended_at = ended_at - 61000").await;
        execute(&database, "UPDATE schedule_plan SET created_at = created_at - 61000").await;
        assert_lost(&planner.read(&plan).await);
    }
}
