//! `@cache`: served again while nothing changed, to whom it may be served.

use std::sync::Arc;
use std::time::Duration;

use conman_graph::{CacheScope, ComposedSchema, Engine, EngineConfig, Outcome, Request, compose};
use conman_kernel::clock::FixedClock;
use conman_kernel::dispatch::Scope;
use conman_kernel::fault::{Fault, code};
use futures::FutureExt as _;
use serde_json::json;

use crate::plugins::{Plugins, account, anonymous, clock, contribution};

const SDL: &str = r#"
type Room @key(fields: "id") @cache(maxAge: 30, scope: PUBLIC) {
  id: ID!
  name: String! 
  load: Int @batched @cache(maxAge: 20, scope: PUBLIC)
  mine: Int @batched @cache(maxAge: 20, scope: ACTOR)
  live: Int @batched
  code: String @permission(name: "room.code")
}
extend type Query {
  rooms(n: Int): [Room!]! @cache(maxAge: 60, scope: PUBLIC)
  favourites: [Room!]! @cache(maxAge: 60, scope: ACTOR)
  now: Int
}
extend type Mutation { touch: Int }
"#;

struct House {
    engine: Engine,
    clock: Arc<FixedClock>,
    schema: ComposedSchema,
    plugins: Plugins,
}

fn house() -> House {
    let clock = clock();
    let room = json!([{"id": "r1", "name": "Hall", "code": "1234"}]);
    let plugins = Plugins::default()
        .always("Query.rooms", room.clone())
        .always("Query.favourites", room)
        .always("Query.now", json!(1))
        .always("Room.load", json!(3))
        .always("Room.mine", json!(3))
        .always("Room.live", json!(3))
        .always("Mutation.touch", json!(1));
    House {
        engine: Engine::new(EngineConfig::DEFAULT, clock.clone()),
        clock,
        schema: compose(vec![contribution("aa/aa", SDL)]).unwrap(),
        plugins,
    }
}

impl House {
    /// How far it came, and how many calls it took.
    async fn ask(&self, query: &str, scope: &Scope) -> (Outcome, usize) {
        self.request(Request::new(query), scope).await
    }

    async fn request(&self, request: Request, scope: &Scope) -> (Outcome, usize) {
        let answer = self.engine.execute(&self.schema, &request, scope, &self.plugins).await;
        (answer.outcome, self.plugins.calls().len())
    }
}

#[tokio::test]
async fn a_public_answer_is_computed_once_until_data_change_or_time_passes() {
    let house = house();
    let query = "{ rooms { name load } }";
    assert_eq!(house.ask(query, &anonymous()).await, (Outcome::Executed, 2));
    assert_eq!(house.ask(query, &account("anna", &[])).await, (Outcome::Cached, 0));
    house.plugins.commit();
    assert_eq!(house.ask(query, &anonymous()).await, (Outcome::Executed, 2));
    house.clock.advance(Duration::from_secs(19));
    assert_eq!(house.ask(query, &anonymous()).await, (Outcome::Cached, 0));
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(house.ask(query, &anonymous()).await, (Outcome::Executed, 2));
}

#[tokio::test]
async fn an_actors_answer_is_theirs_alone() {
    let house = house();
    for query in ["{ favourites { id } }", "{ rooms { id mine } }"] {
        let (anna, bert) = (account("anna", &[]), account("bert", &[]));
        assert_eq!(house.ask(query, &anna).await.0, Outcome::Executed);
        assert_eq!(house.ask(query, &bert).await.0, Outcome::Executed);
        assert_eq!(house.ask(query, &anna).await, (Outcome::Cached, 0));
        let promoted = account("anna", &["room.manage"]);
        assert_eq!(house.ask(query, &promoted).await.0, Outcome::Executed);
    }
}

#[tokio::test]
async fn one_field_without_a_rule_keeps_the_whole_from_being_kept() {
    let house = house();
    for query in ["{ rooms { id } now }", "{ rooms { id live } }", "mutation { touch }"] {
        assert_eq!(house.ask(query, &anonymous()).await.0, Outcome::Executed);
        assert_eq!(house.ask(query, &anonymous()).await.0, Outcome::Executed, "{query}");
    }
}

#[tokio::test]
async fn who_has_other_permissions_gets_another_answer() {
    let house = house();
    let query = "{ rooms { id code } }";
    let (guard, other) = (account("anna", &["room.code"]), account("bert", &["room.code"]));
    assert_eq!(house.ask(query, &guard).await.0, Outcome::Executed);
    assert_eq!(house.ask(query, &other).await.0, Outcome::Cached);
    // An answer with errors is not kept.
    for _ in 0..2 {
        assert_eq!(house.ask(query, &account("cora", &[])).await.0, Outcome::Executed);
    }
}

#[tokio::test]
async fn variables_conventions_languages_and_schemas_are_told_apart() {
    let house = house();
    let query = "query($n: Int = 1) { rooms(n: $n) { id } }";
    let with = |n: i64| Request::new(query).with_variables(json!({"n": n, "unused": n}));
    assert_eq!(house.request(with(1), &anonymous()).await.0, Outcome::Executed);
    assert_eq!(house.request(Request::new(query), &anonymous()).await.0, Outcome::Cached);
    assert_eq!(house.request(with(2), &anonymous()).await.0, Outcome::Executed);
    let german = Scope { languages: Arc::new(["de".to_owned()]), ..anonymous() };
    assert_eq!(house.request(with(1), &german).await.0, Outcome::Executed);
    let elsewhere = Scope { convention: None, ..anonymous() };
    assert_eq!(house.request(with(1), &elsewhere).await.0, Outcome::Executed);
    let again = House { schema: compose(vec![contribution("aa/aa", SDL)]).unwrap(), ..house };
    assert_eq!(again.request(with(1), &anonymous()).await.0, Outcome::Executed);
}

#[tokio::test]
async fn the_response_says_how_long_and_for_whom_it_may_be_kept() {
    let house = house();
    for (query, expected) in [
        ("{ rooms { id } }", Some((60, CacheScope::Public))),
        ("{ rooms { id load } }", Some((20, CacheScope::Public))),
        ("{ rooms { id mine } }", Some((20, CacheScope::Actor))),
        ("{ now }", None),
    ] {
        let answer = house.engine.execute(&house.schema, &Request::new(query), &anonymous(), &house.plugins).await;
        assert_eq!(answer.cache.map(|cache| (cache.max_age.as_secs(), cache.scope)), expected, "{query}");
    }
}

#[tokio::test]
async fn a_failed_answer_is_not_kept() {
    let house = house();
    let plugins = Plugins::default().failing("Query.rooms", Fault::new(code::TIMEOUT, "too slow"));
    for _ in 0..2 {
        let answer =
            house.engine.execute(&house.schema, &Request::new("{ rooms { id } }"), &anonymous(), &plugins).await;
        assert_eq!((answer.errors, answer.cache, plugins.calls().len()), (1, None, 1));
    }
}

#[tokio::test]
async fn those_who_miss_together_compute_once() {
    let House { engine, schema, plugins, .. } = house();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let plugins = Plugins { gate: Some(Arc::clone(&gate)), ..plugins };
    let (request, scope) = (Request::new("{ rooms { id } }"), anonymous());
    let ask = || engine.execute(&schema, &request, &scope, &plugins);

    // The first hangs up while it computes: another takes over.
    let hangs_up = Box::pin(ask()).now_or_never();
    assert!(hangs_up.is_none());
    let all = futures::future::join_all((0..50).map(|_| ask()));
    let release = async { gate.add_permits(1) };
    let (answers, ()) = tokio::join!(all, release);
    assert_eq!(plugins.calls().len(), 2);
    assert_eq!(answers.iter().filter(|answer| answer.outcome == Outcome::Executed).count(), 1);
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
}

#[tokio::test]
async fn who_asks_after_a_commit_does_not_get_what_was_computed_before_it() {
    let House { engine, schema, plugins, .. } = house();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let plugins = Plugins { gate: Some(Arc::clone(&gate)), ..plugins };
    let (request, scope) = (Request::new("{ rooms { id } }"), anonymous());
    let before = engine.execute(&schema, &request, &scope, &plugins);
    let after = async {
        plugins.commit();
        let answer = engine.execute(&schema, &request, &scope, &plugins);
        gate.add_permits(2);
        answer.await
    };
    let (before, after) = tokio::join!(before, after);
    assert_eq!((before.outcome, after.outcome), (Outcome::Executed, Outcome::Executed));
    assert_eq!(plugins.calls().len(), 2);
}
