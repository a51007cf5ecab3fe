//! A dispatcher whose plugins are functions, and a convention with two of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use conman_graph::{ComposedSchema, Contribution, Engine, EngineConfig, Request, Response, compose};
use conman_kernel::actor::{Actor, Permissions, Principal};
use conman_kernel::clock::FixedClock;
use conman_kernel::convention::{Convention, ConventionState};
use conman_kernel::dispatch::{BatchAnswer, Dispatcher, FieldCall, Handled, RouteAnswer, RouteCall, Scope};
use conman_kernel::event::Event;
use conman_kernel::fault::Fault;
use conman_kernel::id::{AccountId, ConventionId, OrganizationId, PluginId, RequestId};
use parking_lot::Mutex;
use serde_json::{Value, json};

pub(crate) const PROGRAMME: &str = r#"
"What is on."
type Session @key(fields: "id") {
  id: ID!
  title: String!
  start: DateTime
  kind: Kind!
  room: Room
  people: [Person!]!
  tags: [String!]
}
enum Kind { TALK PANEL }
type Room @key(fields: "id") { id: ID! name: String! capacity: Int }
type Person @key(fields: "id") {
  id: ID!
  name: String!
  email: String @permission(name: "person.email")
  sessions(limit: Int = 10): [Session!]! @cost(sizeArgument: "limit")
}
input SessionFilter { kind: Kind, text: String = "", rooms: [ID!] }
extend type Query {
  sessions(filter: SessionFilter, limit: Int): [Session!]! @cost(listSize: 200, sizeArgument: "limit")
  session(id: ID!): Session
  secret: String! @permission(name: "programme.edit")
}
extend type Mutation {
  rename(id: ID!, title: String!): Session!
  publish: Boolean! @action @permission(name: "programme.edit")
}
"#;

pub(crate) const VOLUNTEER: &str = r#"
type Shift @key(fields: "id") { id: ID! name: String! session: Session! entries: [Entry!]! @batched }
type Entry { person: String! hours: Float! }
extend type Session @key(fields: "id") { shifts: [Shift!]! }
extend type Query { shifts: [Shift!]! mySessions: [Session!]! }
"#;

type Answer = Arc<dyn Fn(&FieldCall, &Value) -> Result<Value, Fault> + Send + Sync>;

/// Plugins as functions of a call and a parent (null for root fields). Text answers that must not be valid are given as strings that
/// start with `raw:`.
#[derive(Default)]
pub(crate) struct Plugins {
    pub(crate) fields: HashMap<&'static str, Answer>,
    pub(crate) calls: Mutex<Vec<String>>,
    pub(crate) revision: AtomicU64,
    /// Batches answer one item less than asked.
    pub(crate) short: bool,
    /// Root calls wait here until a permit is there.
    pub(crate) gate: Option<Arc<tokio::sync::Semaphore>>,
}

impl Plugins {
    pub(crate) fn on(
        mut self,
        field: &'static str,
        answer: impl Fn(&FieldCall, &Value) -> Result<Value, Fault> + Send + Sync + 'static,
    ) -> Self {
        self.fields.insert(field, Arc::new(answer));
        self
    }

    pub(crate) fn always(self, field: &'static str, answer: Value) -> Self {
        self.on(field, move |_, _| Ok(answer.clone()))
    }

    pub(crate) fn failing(self, field: &'static str, fault: Fault) -> Self {
        self.on(field, move |_, _| Err(fault.clone()))
    }

    /// What was called since the last time this was asked.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock())
    }

    pub(crate) fn commit(&self) {
        self.revision.fetch_add(1, Ordering::SeqCst);
    }

    fn answer(&self, call: &FieldCall, parent: &Value) -> Result<String, Fault> {
        let name = format!("{}.{}", call.type_name, call.field);
        let answer = self.fields.get(name.as_str()).unwrap_or_else(|| panic!("nobody answers {name}"));
        answer(call, parent).map(|value| match value {
            Value::String(text) if text.starts_with("raw:") => text["raw:".len()..].to_owned(),
            value => value.to_string(),
        })
    }
}

#[async_trait]
impl Dispatcher for Plugins {
    async fn resolve(&self, _: &Scope, call: FieldCall) -> Result<String, Fault> {
        self.calls.lock().push(format!(
            "{} {}.{} {} {}",
            call.kind.as_str(),
            call.type_name,
            call.field,
            call.arguments,
            call.selection
        ));
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        self.answer(
            &call,
            &call.event.as_ref().map_or(Value::Null, |event| serde_json::from_str(&event.payload).unwrap()),
        )
    }

    async fn resolve_batch(&self, _: &Scope, call: FieldCall, parents: Vec<String>) -> Result<BatchAnswer, Fault> {
        self.calls.lock().push(format!(
            "{} {}.{} {} {} for {}",
            call.kind.as_str(),
            call.type_name,
            call.field,
            call.arguments,
            call.selection,
            parents.join(" ")
        ));
        let mut answers = Vec::new();
        for parent in parents.iter().skip(usize::from(self.short)) {
            match self.answer(&call, &serde_json::from_str(parent).unwrap()) {
                Err(fault) if fault.detail.as_deref() == Some("the whole batch") => return Err(fault),
                answer => answers.push(answer),
            }
        }
        Ok(answers)
    }

    async fn handle(&self, _: &Scope, _: &PluginId, _: &Event) -> Result<Handled, Fault> {
        unreachable!("the graph delivers no events")
    }

    async fn route(&self, _: &Scope, _: RouteCall) -> Result<RouteAnswer, Fault> {
        unreachable!("the graph knows no routes")
    }

    fn revision(&self, _: &Scope, _: &PluginId) -> u64 {
        self.revision.load(Ordering::SeqCst)
    }
}

pub(crate) fn plugin(id: &str) -> PluginId {
    id.parse().unwrap()
}

pub(crate) fn contribution(id: &str, sdl: &str) -> Contribution {
    Contribution { plugin: plugin(id), sdl: sdl.to_owned() }
}

pub(crate) fn both() -> ComposedSchema {
    compose(vec![contribution("conman/programme", PROGRAMME), contribution("conman/volunteer", VOLUNTEER)]).unwrap()
}

pub(crate) fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::at("2026-08-14T10:00:00Z".parse().unwrap()))
}

pub(crate) fn engine() -> Engine {
    Engine::new(EngineConfig::DEFAULT, clock())
}

pub(crate) fn scope(actor: Actor) -> Scope {
    let convention = Convention {
        id: ConventionId::from_stored("con1"),
        slug: "demo".parse().unwrap(),
        name: "Demo".to_owned(),
        organization: OrganizationId::from_stored("org1"),
        time_zone: "Europe/Berlin".to_owned(),
        starts_on: "2026-08-14".parse().unwrap(),
        ends_on: "2026-08-16".parse().unwrap(),
        day_change: "05:00".parse().unwrap(),
        state: ConventionState::Live,
    };
    Scope {
        convention: Some(Arc::new(convention)),
        actor: Arc::new(actor),
        request: RequestId::from_stored("req1"),
        languages: Arc::new([]),
        idempotency: None,
        hops: 0,
    }
}

pub(crate) fn anonymous() -> Scope {
    scope(Actor::anonymous(Permissions::none()))
}

pub(crate) fn account(id: &str, permissions: &[&str]) -> Scope {
    let permissions = Permissions::Only(permissions.iter().map(|&name| name.to_owned()).collect());
    scope(Actor { principal: Principal::Account(AccountId::from_stored(id)), ..Actor::anonymous(permissions) })
}

pub(crate) async fn run(schema: &ComposedSchema, plugins: &Plugins, request: Request, scope: &Scope) -> Response {
    engine().execute(schema, &request, scope, plugins).await
}

pub(crate) fn body(response: &Response) -> Value {
    serde_json::from_slice(&response.body)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&response.body)))
}

/// The response, pretty enough to read in a test.
pub(crate) fn shown(response: &Response) -> String {
    serde_json::to_string_pretty(&body(response)).unwrap()
}

/// Sessions `s1` and `s2` with rooms and people, shifts for them.
pub(crate) fn convention() -> Plugins {
    let person = |id: &str| json!({"id": id, "name": format!("Person {id}"), "email": format!("{id}@example.org")});
    let session = move |id: &str| {
        json!({
            "id": id, "title": format!("Title {id}"), "start": "2026-08-14T10:30:00+02:00", "kind": "TALK",
            "room": {"id": "r1", "name": "Hall", "capacity": 300}, "people": [person("p1"), person("p2")], "tags": null,
        })
    };
    Plugins::default()
        .on("Query.sessions", move |_, _| Ok(json!([session("s1"), session("s2")])))
        .on("Query.session", move |call, _| {
            let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
            Ok(session(arguments["id"].as_str().unwrap()))
        })
        .on("Session.__entity", move |_, parent| Ok(if parent["id"] == "gone" { Value::Null } else { session(parent["id"].as_str().unwrap()) }))
        .on("Session.shifts", |_, parent| Ok(json!([{"id": format!("x-{}", parent["id"].as_str().unwrap()), "name": "Door", "session": {"id": parent["id"]}}])))
        .on("Person.sessions", |_, parent| Ok(json!([{"id": format!("of-{}", parent["id"].as_str().unwrap()), "title": "Theirs", "kind": "PANEL", "people": []}])))
        .on("Shift.entries", |_, parent| Ok(json!([{"person": format!("for {}", parent["id"].as_str().unwrap()), "hours": 2.5}])))
        .always("Query.shifts", json!([{"id": "x1", "name": "Door", "session": {"id": "s1"}}, {"id": "x2", "name": "Desk", "session": {"id": "s1"}}, {"id": "x3", "name": "Bar", "session": {"id": "gone"}}]))
        .always("Query.mySessions", json!([{"id": "s2"}, {"id": "gone"}]))
        .always("Query.secret", json!("plans"))
        .on("Mutation.rename", move |call, _| {
            let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
            Ok(session(arguments["id"].as_str().unwrap()))
        })
        .always("Mutation.publish", json!(true))
}
