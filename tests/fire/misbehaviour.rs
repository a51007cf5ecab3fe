//! Plugins that loop, hoard, trap, flood or lie: the caller learns which, nothing of it stays, and the neighbours answer.

use std::time::{Duration, Instant};

use conman_tests::{Client, Database, TestHost, on_each_database, repacked};
use serde_json::{Value, json};

/// The probe's behaviours, as fields anybody may ask for.
const SCHEMA: &str = r#"
extend type Query {
  spin: String
  hoard: String
  trap: String
  recurse: String
  garbage: String
  big(bytes: Int!): String
  logFlood(lines: Int!, bytes: Int!): Boolean
  script(steps: JSON!): JSON
}
extend type Mutation { script(steps: JSON!): JSON }
"#;

/// The probe with a schema that offers its behaviours.
fn probe() -> Vec<u8> {
    repacked("probe", |parts| parts.schema = Some(SCHEMA.to_owned()))
}

pub(crate) async fn enable_probe(system: &Client) {
    let installed = system.post("/api/packages", probe()).await;
    assert_eq!(installed.status, 200, "{}", installed.text);
    let enable = "mutation($id: String!) { enablePlugin(id: $id) { id } }";
    let _ = system.convention("con", enable, json!({ "id": installed.json["id"] })).await.data();
}

async fn host(database: Database) -> (TestHost, Client) {
    let host = TestHost::start(database).await;
    host.convention("con").await;
    host.enable("con", "hello").await;
    host.enable_package("con", probe()).await;
    let person = host.person("con", "vera", "attendee").await;
    (host, person)
}

/// What a neighbour is asked meanwhile, and how long it may take.
const NEIGHBOUR: &str = "{ guests { name } }";
const AT_MOST: Duration = Duration::from_millis(100);

on_each_database! {
    async fn each_misbehaviour_has_its_code_and_the_neighbour_answers(database: Database) {
        let (_host, person) = host(database).await;
        // A first call each, so that what is measured below is not the first one's opening of databases.
        let _ = person.convention("con", NEIGHBOUR, json!({})).await.data();
        let cases = [
            ("{ bad: spin }", "cpu-limit"),
            ("{ bad: hoard }", "memory-limit"),
            ("{ bad: trap }", "plugin-trapped"),
            ("{ bad: recurse }", "plugin-trapped"),
            ("{ bad: garbage }", "bad-answer"),
            ("{ bad: big(bytes: 6000000) }", "quota"),
        ];
        for (operation, code) in cases {
            let asked = { let person = person.clone(); tokio::spawn(async move { person.convention("con", operation, json!({})).await }) };
            // Asked over and over while the other call runs, at least once.
            let mut slowest = Duration::ZERO;
            loop {
                let began = Instant::now();
                let neighbour = person.convention("con", NEIGHBOUR, json!({})).await;
                assert_eq!(neighbour.data()["guests"], json!([]), "{operation}");
                slowest = slowest.max(began.elapsed());
                if asked.is_finished() {
                    break;
                }
            }
            let answer = asked.await.unwrap();
            assert_eq!((answer.code(), &answer.json["data"]["bad"]), (code, &Value::Null), "{operation}: {}", answer.text);
            assert!(slowest <= AT_MOST, "{operation}: the neighbour took {slowest:?}");
        }
        // A failure of one is no failure of the page.
        let page = person.convention("con", "{ guests { name } trap }", json!({})).await;
        assert_eq!(page.json["data"], json!({ "guests": [], "trap": null }), "{}", page.text);
    }
}

on_each_database! {
    async fn nothing_of_a_broken_transaction_stays(database: Database) {
        let (_host, person) = host(database).await;
        let write = json!(["execute", "INSERT INTO note (id, body) VALUES ($1, $2)", "one", "written"]);
        let tell = json!(["emit", "probe.told", "key", "{}"]);
        for (step, code) in [
            (json!(["trap"]), "plugin-trapped"),
            (json!(["spin"]), "cpu-limit"),
            (json!(["garbage"]), "bad-answer"),
            (json!(["fail", "NO"]), "NO"),
        ] {
            let steps = json!([write, tell, step]);
            let answer = person.convention("con", "mutation($steps: JSON!) { script(steps: $steps) }", json!({ "steps": steps })).await;
            assert_eq!(answer.code(), code, "{}", answer.text);
            let count = json!([["query", "SELECT COUNT(*) FROM note"]]);
            let left = person.convention("con", "query($steps: JSON!) { script(steps: $steps) }", json!({ "steps": count })).await;
            assert_eq!(left.data()["script"], json!([[[0]]]), "after {code}");
        }
    }
}

on_each_database! {
    async fn a_log_flood_is_cut_and_marked(database: Database) {
        let (host, person) = host(database).await;
        let flood = person.convention("con", "{ logFlood(lines: 5000, bytes: 20000) }", json!({})).await;
        assert!(flood.code().is_empty() || flood.code() == "quota", "{}", flood.text);
        let log = host.system().convention("con", r#"{ pluginLogs(plugin: "tests/probe", last: 1000) { message } }"#, json!({})).await;
        let lines = log.data()["pluginLogs"].as_array().unwrap();
        assert!((1..=210).contains(&lines.len()), "{} lines", lines.len());
        assert!(lines.iter().all(|line| line["message"].as_str().unwrap().len() <= 9 * 1024));
        assert!(lines.iter().any(|line| line["message"].as_str().unwrap().contains("suppressed")), "{:?}", lines.last());
    }
}
