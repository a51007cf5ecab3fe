//! A convention with volunteers in it, and short ways to ask.

use conman_kernel::actor::Actor;
use conman_testkit::{Failure, Setup, StandIn, Testkit, Value, engines, json, person};

/// What a volunteer may do.
pub(crate) const VOLUNTEER: [&str; 2] = ["shift.view", "volunteer.sign-up"];
/// What a head may do.
pub(crate) const HEAD: [&str; 3] = ["shift.view", "volunteer.sign-up", "shift.manage"];

/// The convention runs from 14 to 16 August 2026 in Berlin, and it is noon of the first day.
pub(crate) struct Scene {
    pub(crate) kit: Testkit,
    pub(crate) department: String,
    pub(crate) role: String,
}

/// The plugin alone, with the types it refers to stood in for.
pub(crate) fn setup(config: &Value) -> Setup {
    let people = ["vera", "walt", "hedda"].map(|id| json!({ "id": id, "name": id.to_uppercase() }));
    let sessions = ["s1", "s2", "s3"].map(|id| json!({ "id": id, "title": format!("Session {id}") }));
    let session = r#"type Session @key(fields: "id") { id: ID! title: String! }
        extend type Query { sessions: [Session!] }"#;
    Setup::new(env!("CARGO_MANIFEST_DIR"))
        .config(config)
        .stand_in(accounts().with("Account", people))
        .stand_in(StandIn::new("conman/core-programming", session).with("Session", sessions))
}

/// The host's accounts, as far as this plugin knows them.
pub(crate) fn accounts() -> StandIn {
    StandIn::new("conman/host", r#"type Account @key(fields: "id") { id: ID! name: String! }"#)
}

/// A configuration without rules that only some tests are about.
pub(crate) fn easy() -> Value {
    json!({ "arrival": "never", "minimumRestMinutes": 0, "mostHoursPerDay": 0 })
}

impl Scene {
    /// One on SQLite, and one on PostgreSQL where there is a server.
    pub(crate) async fn both(config: &Value) -> Vec<Self> {
        let mut scenes = Vec::new();
        for engine in engines() {
            scenes.push(Self::with(setup(config).on(engine)).await);
        }
        scenes
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let kit = setup.start().await;
        let department = create(&kit, "createDepartment", json!({ "name": "Stage" })).await;
        let role = create(&kit, "createVolunteerRole", json!({ "name": "Stage hand", "department": department })).await;
        Self { kit, department, role }
    }

    /// A shift on the first day, `10:00/12:00`, or on another, `2026-08-15 10:00/12:00`; the second time may be past midnight.
    pub(crate) async fn shift(&self, title: &str, when: &str, needed: u32) -> String {
        self.shift_like(title, when, needed, json!({})).await
    }

    pub(crate) async fn shift_like(&self, title: &str, when: &str, needed: u32, more: Value) -> String {
        let (start, end) = span(when);
        let mut input = json!({
            "title": title, "department": self.department, "start": start, "end": end,
            "seats": [{ "role": self.role, "needed": needed }],
        });
        for (key, value) in more.as_object().unwrap() {
            input[key] = value.clone();
        }
        create(&self.kit, "createShift", input).await
    }

    pub(crate) fn volunteer(&self, name: &str) -> Testkit {
        self.kit.as_actor(volunteer(name))
    }

    /// Signs somebody up, and answers the entry's id.
    pub(crate) async fn sign_up(&self, name: &str, shift: &str) -> String {
        sign_up(&self.volunteer(name), shift).await.unwrap()["signUp"]["id"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn volunteer(name: &str) -> Actor {
    person(name, &VOLUNTEER)
}

pub(crate) fn head(name: &str) -> Actor {
    person(name, &HEAD)
}

/// Somebody with what `plugin.toml` gives this role by default, and nothing else.
pub(crate) fn holding(name: &str, role: &str) -> Actor {
    let manifest: toml::Table = include_str!("../../plugin.toml").parse().unwrap();
    let held = manifest["permissions"].as_table().unwrap().iter().filter(|(_, permission)| {
        let roles = permission["roles"].as_array().unwrap();
        roles.iter().any(|given| ["signed-in", role].contains(&given.as_str().unwrap()))
    });
    person(name, &held.map(|(permission, _)| permission.as_str()).collect::<Vec<_>>())
}

/// `2026-08-15 22:00/02:00` as two moments with Berlin's summer offset.
pub(crate) fn span(when: &str) -> (String, String) {
    let (date, times) = when.rsplit_once(' ').unwrap_or(("2026-08-14", when));
    let (start, end) = times.split_once('/').unwrap();
    let date: jiff::civil::Date = date.parse().unwrap();
    let end_date = if end <= start { date.tomorrow().unwrap() } else { date };
    (format!("{date}T{start}:00+02:00"), format!("{end_date}T{end}:00+02:00"))
}

pub(crate) async fn create(kit: &Testkit, field: &str, input: Value) -> String {
    let kind = format!("{}{}Input", field[6..7].to_uppercase(), &field[7..]);
    let operation = format!("mutation($input: {kind}!) {{ made: {field}(input: $input) {{ id }} }}");
    let made = kit
        .run_with(&operation, json!({ "input": input }))
        .await
        .unwrap_or_else(|failure| panic!("{field}: {failure}"));
    made["made"]["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn sign_up(kit: &Testkit, shift: &str) -> Result<Value, Failure> {
    kit.run_with("mutation($shift: ID!) { signUp(shift: $shift) { id state } }", json!({ "shift": shift })).await
}

/// Runs a mutation of one entry.
pub(crate) async fn step(kit: &Testkit, field: &str, entry: &str) -> Result<Value, Failure> {
    let operation = format!("mutation($entry: ID!) {{ done: {field}(entry: $entry) {{ state }} }}");
    kit.run_with(&operation, json!({ "entry": entry })).await.map(|data| data["done"]["state"].clone())
}

/// The decision shown in the list: `FREE`, or `COLLIDES: It is at …`.
pub(crate) async fn decision(kit: &Testkit, shift: &str) -> String {
    let operation = "query($id: ID!) { shift(id: $id) { decision { code message } } }";
    let data = kit.run_with(operation, json!({ "id": shift })).await.unwrap();
    let decision = &data["shift"]["decision"];
    let (code, message) = (decision["code"].as_str().unwrap(), decision["message"].as_str().unwrap());
    if message.is_empty() { code.to_owned() } else { format!("{code}: {message}") }
}

/// `taken/needed` of a shift with one role.
pub(crate) async fn places(kit: &Testkit, shift: &str) -> String {
    let operation = "query($id: ID!) { shift(id: $id) { seats { taken needed } } }";
    let data = kit.run_with(operation, json!({ "id": shift })).await.unwrap();
    let seat = &data["shift"]["seats"][0];
    format!("{}/{}", seat["taken"], seat["needed"])
}
