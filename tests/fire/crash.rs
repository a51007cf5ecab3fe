//! A host that is killed: what it acknowledged is there, once.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use conman_server::DataFolder;
use conman_tests::volunteers::{self, SIGN_UP, shift, taken};
use conman_tests::{Client, Database, Served, conman, on_each_database, package, tempfile, until};
use futures::future::join_all;
use serde_json::{Value, json};

fn serve(folder: &Path, database: &Database) -> (Served, Client) {
    let served = conman().postgres(database.url()).serve(folder);
    let secret = DataFolder::at(folder).door_secret().unwrap().unwrap();
    let system = Client::anonymous(&served.address).with_token(&secret);
    (served, system)
}

async fn enable(system: &Client, plugin: &str) {
    let installed = system.post("/api/packages", std::fs::read(package(plugin)).unwrap()).await;
    let enable = "mutation($id: String!) { enablePlugin(id: $id) { id } }";
    let _ = system.convention("con", enable, json!({ "id": installed.json["id"] })).await.data();
}

/// An account's token outlives the host's process; the data folder's own secret does not.
async fn admin_token(system: &Client) -> String {
    let operation = r#"mutation { createAccount(email: "ada@con.example", name: "Ada") { email } }"#;
    let _ = system.host(operation, json!({})).await.data();
    let operation = r#"mutation { grantRole(email: "ada@con.example", role: "admin") }"#;
    let _ = system.convention("con", operation, json!({})).await.data();
    let operation = r#"mutation { createToken(name: "test", account: "ada@con.example") { secret } }"#;
    let made = system.convention("con", operation, json!({})).await;
    made.data()["createToken"]["secret"].as_str().unwrap().to_owned()
}

/// One keyed sign-up; whether the host acknowledged it. A connection that broke says nothing.
async fn sign_up(client: &Client, shift: &str, number: u32) -> bool {
    let body = json!({ "query": SIGN_UP, "variables": { "shift": shift, "account": format!("volunteer-{number}") } });
    let request = client
        .request(reqwest::Method::POST, "/c/con/graphql")
        .header("idempotency-key", format!("key-{number}"))
        .timeout(Duration::from_secs(20))
        .json(&body);
    let Ok(response) = request.send().await else { return false };
    let Ok(answer) = response.json::<Value>().await else { return false };
    answer["data"]["signUp"]["state"] == "SIGNED_UP"
}

on_each_database! {
    async fn every_acknowledged_sign_up_survives_a_kill_and_happens_once(database: Database) {
        const SIGN_UPS: u32 = 120;
        let folder = tempfile::tempdir().unwrap();
        let (served, system) = serve(folder.path(), &database);
        volunteers::convention(&system, "con").await;
        // Volunteers extend the programme's sessions, so somebody has to define these.
        enable(&system, "core-programming").await;
        enable(&system, "core-volunteer").await;
        let token = admin_token(&system).await;
        let client = Client::anonymous(&served.address).with_token(&token);
        let shift = Arc::new(shift(&client, "con", 1_000).await);

        // Four clients sign people up; the host is killed when a third has been acknowledged.
        let (next, acknowledged) = (Arc::new(AtomicU32::new(0)), Arc::new(std::sync::Mutex::new(BTreeSet::new())));
        let clients = (0..4).map(|_| {
            let (client, shift) = (client.clone(), Arc::clone(&shift));
            let (next, acknowledged) = (Arc::clone(&next), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= SIGN_UPS || !sign_up(&client, &shift, number).await {
                        return;
                    }
                    acknowledged.lock().unwrap().insert(number);
                }
            })
        });
        let clients: Vec<_> = clients.collect();
        while acknowledged.lock().unwrap().len() < SIGN_UPS as usize / 3 {
            assert!(!clients.iter().all(tokio::task::JoinHandle::is_finished), "the clients gave up before the kill");
            tokio::task::yield_now().await;
        }
        served.kill();
        join_all(clients).await;
        let acknowledged = acknowledged.lock().unwrap().clone();
        assert!(acknowledged.len() < SIGN_UPS as usize, "the kill came too late to prove anything");

        let (served, _) = serve(folder.path(), &database);
        let client = Client::anonymous(&served.address).with_token(&token);
        let there: BTreeSet<String> = taken(&client, "con", &shift).await.into_iter().collect();
        for number in &acknowledged {
            assert!(there.contains(&format!("volunteer-{number}")), "sign-up {number} was acknowledged and is gone");
        }
        // Whoever does not know whether they are signed up asks again, with the same key.
        for number in 0..SIGN_UPS {
            assert!(sign_up(&client, &shift, number).await, "the retry of {number} fails");
        }
        let all = taken(&client, "con", &shift).await;
        assert_eq!(all.len(), SIGN_UPS as usize);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), SIGN_UPS as usize, "somebody is signed up twice");
    }
}

on_each_database! {
    async fn events_take_effect_once_although_their_delivery_is_killed(database: Database) {
        const EVENTS: usize = 60;
        const KEYS: usize = 7;
        let folder = tempfile::tempdir().unwrap();
        let (served, system) = serve(folder.path(), &database);
        volunteers::convention(&system, "con").await;
        crate::misbehaviour::enable_probe(&system).await;
        let token = admin_token(&system).await;
        let client = Client::anonymous(&served.address).with_token(&token);
        // Each event makes its handler write one note and then take its time, so that deliveries are under way whenever the host is
        // killed. They all begin at once.
        let slow = json!({ "steps": [["sleep", 50]] }).to_string();
        emit(&client, EVENTS, KEYS, &slow).await;
        let mut delivered = 0;
        while delivered < EVENTS / 6 {
            delivered = noted(&client).await.len();
        }
        assert!(delivered < EVENTS / 2, "{delivered} of {EVENTS} were delivered before the kill, so that it proves little");
        served.kill();

        let (served, _) = serve(folder.path(), &database);
        let client = Client::anonymous(&served.address).with_token(&token);
        settled(&client, EVENTS).await;
        // A last start delivers again whatever was not acknowledged. What is emitted now comes after it, key by key: once that has
        // arrived, so has everything that could be there twice.
        served.terminate();
        assert_eq!(served.wait().0, 0);
        let (served, _) = serve(folder.path(), &database);
        let client = Client::anonymous(&served.address).with_token(&token);
        emit(&client, KEYS, KEYS, "{}").await;
        let notes = settled(&client, EVENTS + KEYS).await;
        assert_eq!(notes.len(), EVENTS + KEYS);
        assert_eq!(notes.iter().collect::<BTreeSet<_>>().len(), EVENTS + KEYS, "an event has taken effect twice");
    }
}

/// Emits so many events in one transaction, spread over so many keys.
async fn emit(client: &Client, events: usize, keys: usize, payload: &str) {
    let steps: Vec<Value> =
        (0..events).map(|number| json!(["emit", "probe.told", format!("key-{}", number % keys), payload])).collect();
    let operation = "mutation($steps: JSON!) { script(steps: $steps) }";
    let emitted = client.convention("con", operation, json!({ "steps": steps })).await;
    assert_eq!(emitted.data()["script"], json!(vec!["emitted"; events]));
}

/// The ids of the events that the probe's handler has noted.
async fn noted(client: &Client) -> Vec<String> {
    let steps = json!([["query", "SELECT body FROM note"]]);
    let operation = "query($steps: JSON!) { script(steps: $steps) }";
    let answer = client.convention("con", operation, json!({ "steps": steps })).await;
    let rows = answer.data()["script"][0].as_array().unwrap();
    rows.iter().map(|row| row[0].as_str().unwrap().to_owned()).collect()
}

/// The same, when there are at least so many.
async fn settled(client: &Client, events: usize) -> Vec<String> {
    until("all events to arrive", async || Some(noted(client).await).filter(|notes| notes.len() >= events)).await
}
