//! Jobs of the scheduler: whoever asked may go, the host may be killed, and the timetable comes all the same.

use std::time::Duration;

use conman_server::DataFolder;
use conman_tests::{
    Client, Database, Served, Socket, TestHost, checked_independently, conman, on_each_database, tempfile, until,
};
use serde_json::{Value, json};

const RUN: &str = "mutation($steps: JSON!) { script(steps: $steps) }";
const ASK: &str = "query($steps: JSON!) { script(steps: $steps) }";

/// Sixty sessions of as many people in three rooms, with wishes that cannot all come true: there is always something to search for.
/// Some are somewhere already, from where to move costs.
fn problem() -> Value {
    let sessions: Vec<Value> = (0..60)
        .map(|n| json!({ "id": format!("s{n}"), "duration": 1 + n % 2, "people": [format!("p{}", n % 20)], "audience": n }))
        .collect();
    let overlap: Vec<Value> = (0..60_u32)
        .flat_map(|a| (a + 1..60).map(move |b| json!([format!("s{a}"), format!("s{b}"), 1 + (a * b) % 7])))
        .collect();
    json!({
        "format": "conman-schedule-problem/1", "name": "sixty", "days": 2, "slots_per_day": 20, "slot_minutes": 30,
        "rooms": (0..3).map(|n| json!({ "id": format!("r{n}"), "capacity": 100 })).collect::<Value>(),
        "people": (0..20).map(|n| json!({ "id": format!("p{n}") })).collect::<Value>(),
        "sessions": sessions,
        "overlap": overlap,
        "incumbent": (0..9).map(|n| json!({ "session": format!("s{n}"), "start": 4 * n, "room": "r0" })).collect::<Value>(),
        "weights": { "moved_time": 2, "moved_room": 1 },
    })
}

async fn start(client: &Client, seconds: f64) -> String {
    start_one(client, &problem(), seconds).await
}

async fn start_one(client: &Client, problem: &Value, seconds: f64) -> String {
    start_with(client, problem, json!({ "seconds": seconds })).await
}

async fn start_with(client: &Client, problem: &Value, options: Value) -> String {
    let steps = json!([["start", problem, options]]);
    let started = client.convention("con", RUN, json!({ "steps": steps })).await;
    started.data()["script"][0].as_str().unwrap_or_else(|| panic!("{}", started.text)).to_owned()
}

async fn ask(client: &Client, what: &str, job: &str) -> Value {
    let answer = client.convention("con", ASK, json!({ "steps": [[what, job]] })).await;
    answer.data()["script"][0].clone()
}

/// The timetable there is of a job, which is checked independently.
async fn solution(client: &Client, problem: &Value, job: &str) -> Option<Value> {
    let solution = ask(client, "solution", job).await;
    solution["format"].is_string().then(|| {
        assert_passes(problem, &solution);
        solution
    })
}

fn assert_passes(problem: &Value, solution: &Value) {
    if let Some(found) = checked_independently(problem, solution) {
        assert!(found.passed, "{:?}", found.breaks);
        assert_eq!(found.cost, solution["cost"]);
    }
}

/// What the scheduler says of a solution.
async fn explain(client: &Client, problem: &Value, solution: &Value) -> Value {
    let answer = client.convention("con", ASK, json!({ "steps": [["explain", problem, solution]] })).await;
    answer.data()["script"][0].clone()
}

/// Sessions without a place, and the soft cost of the others.
fn cost(of: &Value) -> (u64, u64) {
    let amount = |name: &str| of[name].as_u64().unwrap_or_else(|| panic!("{of}"));
    (amount("unplaced"), amount("soft"))
}

/// What is said of a job that has a timetable, and that timetable: both of one moment, so that they agree. It is checked independently.
async fn standing(client: &Client, job: &str) -> Option<Value> {
    let answer = client.convention("con", ASK, json!({ "steps": [["status", job], ["solution", job]] })).await;
    let told = answer.data()["script"].clone();
    let (status, solution) = (&told[0], &told[1]);
    if solution["format"].is_null() {
        return None;
    }
    assert_eq!(cost(status), cost(&solution["cost"]), "what is said of the timetable is so");
    assert_passes(&problem(), solution);
    Some(status.clone())
}

/// The job's status, when it says so.
async fn status(client: &Client, job: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    until(what, async || Some(ask(client, "status", job).await).filter(&is_so)).await
}

/// What the probe's handler was told of jobs.
async fn told(client: &Client) -> Vec<String> {
    let steps = json!([["query", "SELECT body FROM note WHERE body LIKE 'scheduler.%'"]]);
    let answer = client.convention("con", ASK, json!({ "steps": steps })).await;
    let rows = answer.data()["script"][0].as_array().unwrap().clone();
    rows.iter().map(|row| row[0].as_str().unwrap().to_owned()).collect()
}

fn serve(folder: &std::path::Path, database: &Database) -> (Served, Client) {
    let served = conman().postgres(database.url()).serve(folder);
    let secret = DataFolder::at(folder).door_secret().unwrap().unwrap();
    let system = Client::anonymous(&served.address).with_token(&secret);
    (served, system)
}

on_each_database! {
    async fn a_job_outlives_its_hosts_sudden_death(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        let (served, system) = serve(folder.path(), &database);
        conman_tests::volunteers::convention(&system, "con").await;
        crate::misbehaviour::enable_probe(&system).await;
        let (job, waiting) = (start(&system, 6.0).await, start(&system, 0.2).await);
        // Killed when a timetable is stored and more than a second of search is left.
        let before = until("a stored timetable", async || standing(&system, &job).await).await;
        assert!(before["state"] == "running" && before["elapsed"].as_f64().unwrap() < 5.0, "{before}");
        served.kill();

        let (served, system) = serve(folder.path(), &database);
        // From its first moment on it is never worse than before, and it searches for no longer than it may.
        let done = until("the job to end", async || {
            let status = standing(&system, &job).await.unwrap();
            assert!(cost(&status) <= cost(&before), "{before} {status}");
            Some(status).filter(|status| status["state"] == "done")
        })
        .await;
        let elapsed = |status: &Value| status["elapsed"].as_f64().unwrap();
        assert!(elapsed(&before) <= elapsed(&done) && elapsed(&done) < 7.5, "{before} {done}");
        let solution = solution(&system, &problem(), &job).await.unwrap();
        let placed = solution["assignments"].as_array().unwrap().len() + solution["unplaced"].as_array().unwrap().len();
        assert_eq!(placed, 60);
        // What waited behind it has its turn, and of each the plugin is told once.
        status(&system, &waiting, "the other job to end", |status| status["state"] == "done").await;
        standing(&system, &waiting).await.unwrap();
        let told = until("both ends to be told", async || Some(told(&system).await).filter(|told| told.len() >= 2)).await;
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.iter().all(|told| told.contains("\"state\":\"done\"")), "{told:?}");
        served.terminate();
        assert_eq!(served.wait().0, 0);
    }
}

on_each_database! {
    async fn a_job_outlives_the_client_that_started_it_and_ends_when_it_is_cancelled(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        crate::misbehaviour::enable_probe(&host.system()).await;
        let admin = host.person("con", "ada", "admin").await;
        let mut socket = Socket::begin(host.address(), "/c/con/graphql", admin.token().as_deref()).await;
        socket.subscribe("jobs", "subscription { echo }").await;
        socket.subscribe("ready", "{ me { kind } }").await;
        while socket.hear().await["type"] != "complete" {}
        // The client that starts it is gone with this block.
        let job = {
            let leaving = host.person("con", "lea", "admin").await;
            start(&leaving, 60.0).await
        };
        let event = |heard: &Value| -> Value {
            serde_json::from_str(heard["payload"]["data"]["echo"]["event"].as_str().unwrap_or_else(|| panic!("{heard}"))).unwrap()
        };
        let heard = event(&socket.hear().await);
        assert_eq!((&heard["topic"], &heard["key"], &heard["publisher"]), (&json!("scheduler.progress"), &json!(job), &json!("tests/probe")));
        assert_eq!((&heard["payload"]["job"], &heard["payload"]["state"]), (&json!(job), &json!("running")));

        let admin_cancels = admin.convention("con", RUN, json!({ "steps": [["cancel", job]] })).await;
        assert_eq!(admin_cancels.data()["script"][0], "cancelled");
        let ended = status(&admin, &job, "the job to end", |status| status["state"] == "cancelled").await;
        assert!(ended["elapsed"].as_f64().unwrap() < 30.0, "{ended}");
        assert_eq!(standing(&admin, &job).await, Some(ended));
        // Whoever listens hears of the end, and the handler once.
        let last = tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                let heard = event(&socket.hear().await);
                if heard["topic"] == "scheduler.ended" {
                    return heard;
                }
            }
        });
        assert_eq!(last.await.unwrap()["payload"]["state"], "cancelled");
        let told = until("the end to be told", async || Some(told(&admin).await).filter(|told| !told.is_empty())).await;
        assert!(told.len() == 1 && told[0].starts_with(&format!("scheduler.ended {job} ")), "{told:?}");
        let figures = host.anonymous().get("/metrics").await.text;
        assert!(figures.contains("conman_scheduler_jobs_total{outcome=\"cancelled\"} 1"), "{figures}");
    }
}

on_each_database! {
    async fn jobs_of_a_disabled_plugin_end_and_its_database_can_go(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        crate::misbehaviour::enable_probe(&host.system()).await;
        let system = host.system();
        let (job, waiting) = (start(&system, 60.0).await, start(&system, 60.0).await);
        status(&system, &job, "the job to run", |status| status["state"] == "running").await;
        let _ = system.convention("con", r#"mutation { disablePlugin(id: "tests/probe") }"#, json!({})).await.data();
        crate::misbehaviour::enable_probe(&system).await;
        for job in [&job, &waiting] {
            assert_eq!(ask(&system, "status", job).await["state"], "cancelled");
        }
        let again = start(&system, 60.0).await;
        status(&system, &again, "the job to run", |status| status["state"] == "running").await;
        let _ = system.convention("con", r#"mutation { disablePlugin(id: "tests/probe") }"#, json!({})).await.data();
        let purged = system.convention("con", r#"mutation { purgePlugin(id: "tests/probe") }"#, json!({})).await;
        assert_eq!(purged.data()["purgePlugin"], true);
    }
}

on_each_database! {
    async fn a_running_job_is_explained_cancelled_twice_and_forgotten(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        crate::misbehaviour::enable_probe(&host.system()).await;
        let system = host.system();
        let job = start(&system, 60.0).await;
        let solution = until("a timetable", async || solution(&system, &problem(), &job).await).await;
        let explained = explain(&system, &problem(), &solution).await;
        assert_eq!((cost(&explained["cost"]), &explained["broken"]), (cost(&solution["cost"]), &json!([])), "{explained}");
        let told: u64 = explained["wishes"].as_array().unwrap().iter().map(|wish| wish["cost"].as_u64().unwrap()).sum();
        assert!(told > 0 && (told == cost(&solution["cost"]).1 || explained["more_wishes"].as_u64() > Some(0)), "{explained}");
        assert_eq!(ask(&system, "status", &job).await["state"], "running");

        let mutate = async |what: &str| {
            let answer = system.convention("con", RUN, json!({ "steps": [[what, job], [what, job]] })).await;
            answer.data()["script"].clone()
        };
        assert_eq!(mutate("cancel").await, json!(["cancelled", "cancelled"]));
        let ended = status(&system, &job, "the job to end", |status| status["state"] == "cancelled").await;
        // Once more changes nothing.
        assert_eq!(mutate("cancel").await, json!(["cancelled", "cancelled"]));
        assert_eq!(standing(&system, &job).await, Some(ended));
        let forgotten = mutate("forget").await;
        assert_eq!((&forgotten[0], &forgotten[1]["error"]), (&json!("forgotten"), &json!("not-found")));
        for what in ["status", "solution"] {
            assert_eq!(ask(&system, what, &job).await["error"], "not-found");
        }
    }
}

on_each_database! {
    async fn why_a_session_has_no_place_comes_with_the_timetable(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        crate::misbehaviour::enable_probe(&host.system()).await;
        let system = host.system();
        let mut problem = problem();
        problem["sessions"].as_array_mut().unwrap().push(json!({ "id": "gala", "duration": 2, "features": ["stage"] }));
        let job = start_one(&system, &problem, 0.5).await;
        status(&system, &job, "the job to end", |status| status["state"] == "done").await;
        let solution = solution(&system, &problem, &job).await.unwrap();
        let reason = &solution["unplaced"][0]["reasons"][0];
        assert_eq!((&solution["unplaced"][0]["session"], &reason["constraint"]), (&json!("gala"), &json!("room_features")), "{solution}");
        let explained = explain(&system, &problem, &solution).await;
        let whole = &explained["unplaced"][0]["reasons"][0];
        assert_eq!((&whole["detail"], &whole["proven"]), (&reason["detail"], &json!(true)), "{explained}");
    }
}

on_each_database! {
    async fn no_more_move_than_may_whatever_becomes_of_the_host(database: Database) {
        const MOST: usize = 2;
        let folder = tempfile::tempdir().unwrap();
        let (served, system) = serve(folder.path(), &database);
        conman_tests::volunteers::convention(&system, "con").await;
        crate::misbehaviour::enable_probe(&system).await;
        // Where the first three are is closed, and two of them may be elsewhere.
        let mut problem = problem();
        problem["rooms"][0]["open"] = json!([[10, 20], [20, 40]]);
        let stays = |session: &Value| (3..9).any(|n| *session == format!("s{n}"));
        let moves = |solution: &Value| {
            let assigned = |session: &Value| {
                solution["assignments"].as_array().unwrap().iter().find(|place| place["session"] == *session).cloned()
            };
            let was = problem["incumbent"].as_array().unwrap().iter();
            let has_moved = |was: &&Value| match assigned(&was["session"]) {
                Some(is) => (&was["start"], &was["room"]) != (&is["start"], &is["room"]),
                None => stays(&was["session"]),
            };
            was.filter(has_moved).count()
        };
        let best = async |client: &Client, job: &str| {
            let solution = ask(client, "solution", job).await;
            solution["format"].is_string().then(|| {
                assert!(moves(&solution) <= MOST, "{solution}");
                if let Some(found) = checked_independently(&problem, &solution) {
                    assert!(found.passed, "{:?}", found.breaks);
                }
                cost(&solution["cost"])
            })
        };
        let job = start_with(&system, &problem, json!({ "seconds": 5.0, "moves": MOST })).await;
        let before = until("two of the three elsewhere", async || best(&system, &job).await.filter(|best| best.0 == 1)).await;
        assert_eq!(ask(&system, "status", &job).await["state"], "running");
        served.kill();

        let (served, system) = serve(folder.path(), &database);
        until("the job to end", async || {
            let status = ask(&system, "status", &job).await;
            assert!(best(&system, &job).await.unwrap() <= before, "{before:?} {status}");
            Some(()).filter(|()| status["state"] == "done")
        })
        .await;
        assert_eq!(best(&system, &job).await.unwrap().0, 1);
        served.terminate();
        assert_eq!(served.wait().0, 0);
    }
}
