//! Plugins that loop, hoard, trap, flood or lie: the caller learns which, nothing of it stays, and the neighbours answer.

use std::time::{Duration, Instant};

use conman_tests::{Answer, Client, Database, TestHost, misbehaving, on_each_database};
use serde_json::{Value, json};

pub(crate) async fn enable_probe(system: &Client) {
    let installed = system.post("/api/packages", misbehaving()).await;
    assert_eq!(installed.status, 200, "{}", installed.text);
    let enable = "mutation($id: String!) { enablePlugin(id: $id) { id } }";
    let _ = system.convention("con", enable, json!({ "id": installed.json["id"] })).await.data();
}

async fn host(database: Database) -> (TestHost, Client) {
    let host = TestHost::start(database).await;
    host.convention("con").await;
    host.enable("con", "hello").await;
    host.enable_package("con", misbehaving()).await;
    let person = host.person("con", "vera", "attendee").await;
    (host, person)
}

/// What a neighbour is asked meanwhile, and how long it may take.
const NEIGHBOUR: &str = "{ guests { name } }";
const AT_MOST: Duration = Duration::from_millis(100);
/// Other suites run on the same processors, so one answer in ten may be late, but none by this much: a neighbour that has to wait for the
/// bad calls is late nearly every time, and one that hangs for long.
const NEVER: Duration = Duration::from_secs(1);
/// Of so many of the neighbour's answers, at least, one in ten is more than one.
const ANSWERS: usize = 20;

/// Asks for something bad, again and again, and the neighbour over and over meanwhile, until there are enough answers to judge by. Answers
/// what came of the bad calls; fails where the neighbour was slow.
async fn meanwhile(person: &Client, operation: &'static str) -> Vec<Answer> {
    let (mut answers, mut took) = (Vec::new(), Vec::new());
    while answers.len() < 3 || took.len() < ANSWERS {
        assert!(answers.len() < 200, "{operation}: the neighbour was asked {} times while it ran", took.len());
        let bad = tokio::spawn({
            let person = person.clone();
            async move {
                let begun = Instant::now();
                (begun, person.convention("con", operation, json!({})).await, Instant::now())
            }
        });
        let mut neighbours = Vec::new();
        while !bad.is_finished() {
            let begun = Instant::now();
            let answer = person.convention("con", NEIGHBOUR, json!({})).await;
            assert_eq!(answer.data()["guests"], json!([]), "{operation}");
            neighbours.push((begun, Instant::now()));
        }
        let (begun, answer, ended) = bad.await.unwrap();
        let beside = neighbours.iter().filter(|(from, to)| begun < *to && *from < ended);
        took.extend(beside.map(|(from, to)| *to - *from));
        answers.push(answer);
        // A good call, so that the host does not give the plugin a pause for having broken down too often.
        let _ = person.convention("con", "{ script(steps: []) }", json!({})).await.data();
    }
    let late = took.iter().filter(|took| **took > AT_MOST).count();
    assert!(late <= took.len() / 10, "{operation}: the neighbour was late {late} times of {}: {took:?}", took.len());
    assert!(took.iter().all(|took| *took < NEVER), "{operation}: {took:?}");
    answers
}

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
            for answer in meanwhile(&person, operation).await {
                assert_eq!((answer.code(), &answer.json["data"]["bad"]), (code, &Value::Null), "{operation}: {}", answer.text);
            }
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
            (json!(["hoard"]), "memory-limit"),
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
        let _ = person.convention("con", NEIGHBOUR, json!({})).await.data();
        // What is too much is dropped, and the call goes on.
        for flood in meanwhile(&person, "{ logFlood(lines: 5000, bytes: 20000) }").await {
            assert_eq!(flood.data()["logFlood"], json!(true));
        }
        let log = host.system().convention("con", r#"{ pluginLogs(plugin: "tests/probe", last: 1000) { message } }"#, json!({})).await;
        let lines = log.data()["pluginLogs"].as_array().unwrap();
        let text = |line: &Value| line["message"].as_str().unwrap().to_owned();
        assert!(text(lines.last().unwrap()).contains("4800 further lines of this call were suppressed"), "{:?}", lines.last());
        // The older ones have made room.
        let bytes: usize = lines.iter().map(|line| text(line).len()).sum();
        assert!((100_000..=1 << 20).contains(&bytes), "{bytes} bytes are kept");
        assert!(lines.iter().all(|line| text(line).len() <= 9 * 1024));
    }
}
