//! How fast a whole programme becomes a response: this crate's projection beside the GraphQL library's two executors and plain
//! serialization, on the same data in the same run.
//!
//! The tree has the measures of a Worldcon: 1,386 sessions, 764 people in 3,308 places, 41 rooms, about 700 kB.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark"
)]

use std::hint::black_box;
use std::sync::Arc;

use async_graphql::dynamic::{
    Field, FieldFuture, FieldValue, Object as DynamicObject, Schema as DynamicSchema, TypeRef,
};
use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema, SimpleObject};
use async_trait::async_trait;
use conman_graph::{Contribution, Engine, EngineConfig, Limits, Request, compose};
use conman_kernel::actor::{Actor, Permissions};
use conman_kernel::clock::SystemClock;
use conman_kernel::dispatch::{BatchAnswer, Dispatcher, FieldCall, Handled, RouteAnswer, RouteCall, Scope};
use conman_kernel::event::Event;
use conman_kernel::fault::Fault;
use conman_kernel::id::{PluginId, RequestId};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::Serialize;

const QUERY: &str =
    "{ sessions { id title abstract kind start end room { id name } people { role person { id name } } } }";

const SDL: &str = r#"
type Session { id: ID! title: String! abstract: String kind: Kind! start: DateTime! end: DateTime! room: Room people: [Part!]! @cost(listSize: 3) }
enum Kind { TALK PANEL READING }
type Room { id: ID! name: String! }
type Part { role: String! person: Person! }
type Person { id: ID! name: String! }
extend type Query {
  sessions: [Session!]! @cost(listSize: 1500)
  cached: [Session!]! @cost(listSize: 1500) @cache(maxAge: 3600, scope: PUBLIC)
}
"#;

#[derive(Clone, Serialize, SimpleObject)]
struct Session {
    id: String,
    title: String,
    #[graphql(name = "abstract")]
    r#abstract: String,
    kind: String,
    start: String,
    end: String,
    room: Room,
    people: Vec<Part>,
}

#[derive(Clone, Serialize, SimpleObject)]
struct Room {
    id: String,
    name: String,
}

#[derive(Clone, Serialize, SimpleObject)]
struct Part {
    role: String,
    person: Person,
}

#[derive(Clone, Serialize, SimpleObject)]
struct Person {
    id: String,
    name: String,
}

/// Names are made of numbers, the measures are a Worldcon's.
fn programme() -> Vec<Session> {
    let mut placed = 0;
    (0..1386_usize)
        .map(|n| {
            let until = 3308 * (n + 1) / 1386;
            let people = (placed..until)
                .map(|place| Part {
                    role: if place == placed { "moderator" } else { "participant" }.to_owned(),
                    person: Person {
                        id: format!("person-{:04}", place * 7 % 764),
                        name: format!("Person Number {}", place * 7 % 764),
                    },
                })
                .collect();
            placed = until;
            Session {
                id: format!("session-{n:05}"),
                title: format!("What \"Everyone\" Should Know About Subject {n}"),
                r#abstract: "A talk about things, their history and their future, with questions — bring yours. "
                    .repeat(1 + n % 3),
                kind: ["TALK", "PANEL", "READING"][n % 3].to_owned(),
                start: format!("2026-08-{:02}T{:02}:00:00+02:00", 13 + n / 300, 9 + n % 12),
                end: format!("2026-08-{:02}T{:02}:50:00+02:00", 13 + n / 300, 9 + n % 12),
                room: Room { id: format!("room-{:02}", n % 41), name: format!("Hall Number {}", n % 41) },
                people,
            }
        })
        .collect()
}

struct Answers(String);

#[async_trait]
impl Dispatcher for Answers {
    async fn resolve(&self, _: &Scope, _: FieldCall) -> Result<String, Fault> {
        Ok(self.0.clone())
    }
    async fn resolve_batch(&self, _: &Scope, _: FieldCall, _: Vec<String>) -> Result<BatchAnswer, Fault> {
        unreachable!()
    }
    async fn handle(&self, _: &Scope, _: &PluginId, _: &Event) -> Result<Handled, Fault> {
        unreachable!()
    }
    async fn route(&self, _: &Scope, _: RouteCall) -> Result<RouteAnswer, Fault> {
        unreachable!()
    }
    fn revision(&self, _: &Scope, _: &PluginId) -> u64 {
        0
    }
}

struct StaticQuery(Arc<Vec<Session>>);

#[Object]
impl StaticQuery {
    async fn sessions(&self) -> &[Session] {
        &self.0
    }
}

/// Resolvers that look into a tree of JSON, as one would write them for plugins' answers.
fn dynamic(tree: serde_json::Value) -> DynamicSchema {
    let child = |name: &'static str, ty: TypeRef| {
        let list = matches!(&ty, TypeRef::NonNull(inner) if matches!(**inner, TypeRef::List(_)));
        Field::new(name, ty, move |ctx| {
            let parent = ctx.parent_value.try_downcast_ref::<serde_json::Value>();
            FieldFuture::new(async move {
                let value = &parent?[name];
                Ok(Some(match value {
                    serde_json::Value::Array(items) if list => {
                        FieldValue::list(items.iter().map(|item| FieldValue::borrowed_any(item)))
                    }
                    serde_json::Value::String(text) => FieldValue::value(text.as_str()),
                    value => FieldValue::borrowed_any(value),
                }))
            })
        })
    };
    let text = |name: &'static str| child(name, TypeRef::named_nn(TypeRef::STRING));
    let person = DynamicObject::new("Person").field(text("id")).field(text("name"));
    let room = DynamicObject::new("Room").field(text("id")).field(text("name"));
    let part = DynamicObject::new("Part").field(text("role")).field(child("person", TypeRef::named_nn("Person")));
    let session = ["id", "title", "abstract", "kind", "start", "end"]
        .into_iter()
        .fold(DynamicObject::new("Session"), |object, name| object.field(text(name)));
    let session = session
        .field(child("room", TypeRef::named_nn("Room")))
        .field(child("people", TypeRef::named_nn_list_nn("Part")));
    let tree: &'static serde_json::Value = Box::leak(Box::new(tree));
    let query =
        DynamicObject::new("Query").field(Field::new("sessions", TypeRef::named_nn_list_nn("Session"), move |_| {
            FieldFuture::new(async move {
                Ok(Some(FieldValue::list(tree.as_array().unwrap().iter().map(|item| FieldValue::borrowed_any(item)))))
            })
        }));
    DynamicSchema::build("Query", None, None)
        .register(person)
        .register(room)
        .register(part)
        .register(session)
        .register(query)
        .finish()
        .unwrap()
}

fn bench(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let sessions = Arc::new(programme());
    let json = serde_json::to_string(&*sessions).unwrap();
    let schema =
        compose(vec![Contribution { plugin: "conman/programme".parse().unwrap(), sdl: SDL.to_owned() }]).unwrap();
    let engine = Engine::new(EngineConfig { limits: Limits::DEFAULT, ..EngineConfig::DEFAULT }, Arc::new(SystemClock));
    let scope = Scope {
        convention: None,
        actor: Arc::new(Actor::anonymous(Permissions::none())),
        request: RequestId::from_stored("bench"),
        languages: Arc::new([]),
        idempotency: None,
        hops: 0,
    };
    let answers = Answers(json.clone());
    let dynamic = dynamic(serde_json::from_str(&json).unwrap());
    let fixed = Schema::build(StaticQuery(Arc::clone(&sessions)), EmptyMutation, EmptySubscription).finish();

    let request = Request::new(QUERY);
    let ours = runtime.block_on(engine.execute(&schema, &request, &scope, &answers));
    assert_eq!(ours.errors, 0, "{}", String::from_utf8_lossy(&ours.body));
    for theirs in [runtime.block_on(dynamic.execute(QUERY)), runtime.block_on(fixed.execute(QUERY))] {
        let theirs: serde_json::Value = serde_json::from_slice(&serde_json::to_vec(&theirs).unwrap()).unwrap();
        assert_eq!(theirs, serde_json::from_slice::<serde_json::Value>(&ours.body).unwrap());
    }

    let mut group = c.benchmark_group("whole programme");
    group.throughput(Throughput::Bytes(ours.body.len() as u64));
    group.bench_function("projected from JSON", |b| {
        b.iter(|| runtime.block_on(engine.execute(&schema, &request, &scope, &answers)));
    });
    group.bench_function("async-graphql dynamic, tree at hand", |b| {
        b.iter(|| serde_json::to_vec(&runtime.block_on(dynamic.execute(QUERY))).unwrap());
    });
    group.bench_function("async-graphql static, structs at hand", |b| {
        b.iter(|| serde_json::to_vec(&runtime.block_on(fixed.execute(QUERY))).unwrap());
    });
    group.bench_function("serde_json, structs at hand", |b| {
        b.iter(|| serde_json::to_vec(black_box(&*sessions)).unwrap())
    });
    group.bench_function("serde_json, from JSON to JSON", |b| {
        b.iter(|| serde_json::to_vec(&serde_json::from_str::<serde_json::Value>(black_box(&json)).unwrap()).unwrap());
    });
    let cached = Request::new(QUERY.replace("{ sessions", "{ cached"));
    runtime.block_on(engine.execute(&schema, &cached, &scope, &answers));
    group.bench_function("cached", |b| b.iter(|| runtime.block_on(engine.execute(&schema, &cached, &scope, &answers))));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
