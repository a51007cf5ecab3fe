//! Subscriptions: events in, responses out.

use std::sync::Arc;
use std::time::Duration;

use conman_graph::{ComposedSchema, Engine, Request, Subscription, SubscriptionHub, compose};
use conman_kernel::dispatch::{Dispatcher, Scope};
use conman_kernel::event::Event;
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::{ConventionId, EventId};
use expect_test::expect;
use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::plugins::{Plugins, account, anonymous, contribution, engine, plugin};

const SDL: &str = r#"
type Shift @key(fields: "id") { id: ID! name: String! taken: Int! entries: [String!]! @batched }
extend type Subscription {
  shiftChanged(department: ID): Shift! @topics(patterns: ["volunteer.shift.*"])
  staffOnly: Shift @topics(patterns: ["volunteer.*"]) @permission(name: "shift.manage")
  planned: String! @topics(patterns: ["scheduler.*"])
}
"#;

struct House {
    engine: Engine,
    hub: SubscriptionHub,
    schema: ComposedSchema,
    plugins: Arc<Plugins>,
}

fn house_with(plugins: Plugins, hub: SubscriptionHub) -> House {
    House {
        engine: engine(),
        hub,
        schema: compose(vec![contribution("aa/aa", SDL)]).unwrap(),
        plugins: Arc::new(plugins),
    }
}

fn plugins() -> Plugins {
    Plugins::default()
        .on("Subscription.shiftChanged", |call, payload| {
            let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
            let mine = arguments["department"].is_null() || arguments["department"] == payload["department"];
            if payload["fail"] == true {
                return Err(Fault::new(code::SQL_FAILED, "the database is gone"));
            }
            Ok(if mine { json!({"id": payload["id"], "name": "Door", "taken": 2}) } else { Value::Null })
        })
        .on("Subscription.planned", |_, payload| Ok(payload["job"].clone()))
        .on("Shift.entries", |_, _| Ok(json!(["anna"])))
}

fn house() -> House {
    house_with(plugins(), SubscriptionHub::new())
}

fn con() -> ConventionId {
    ConventionId::from_stored("con1")
}

fn event(topic: &str, payload: &Value) -> Event {
    Event {
        id: EventId::new(),
        topic: topic.to_owned(),
        key: "k".to_owned(),
        payload: payload.to_string(),
        publisher: plugin("aa/aa"),
        emitted_at: "2026-08-14T10:00:00Z".parse().unwrap(),
        hops: 0,
    }
}

impl House {
    async fn subscribe(&self, query: &str, scope: Scope) -> Result<Subscription, Value> {
        let dispatcher: Arc<dyn Dispatcher> = self.plugins.clone();
        let started = self.engine.subscribe(&self.schema, &Request::new(query), scope, dispatcher, &self.hub).await;
        started.map_err(|response| serde_json::from_slice(&response.body).unwrap())
    }

    fn publish(&self, topic: &str, payload: &Value) {
        self.hub.publish(&con(), &event(topic, payload));
    }
}

async fn next(subscription: &mut Subscription) -> String {
    let bytes = tokio::time::timeout(Duration::from_secs(10), subscription.next())
        .await
        .expect("nothing came")
        .expect("it ended");
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn an_event_becomes_a_response_for_those_it_is_for() {
    let house = house();
    let mut all = house.subscribe("subscription { shiftChanged { id entries } }", anonymous()).await.unwrap();
    let mut one = house
        .subscribe("subscription { changed: shiftChanged(department: \"d2\") { name } }", anonymous())
        .await
        .unwrap();
    house.publish("volunteer.shift.moved", &json!({"id": "x1", "department": "d1"}));
    house.publish("programming.session.moved", &json!({"id": "x9", "department": "d2"}));
    house.hub.publish(&ConventionId::from_stored("another"), &event("volunteer.shift.moved", &json!({"id": "x8"})));
    house.publish("volunteer.shift.moved", &json!({"id": "x2", "department": "d2"}));
    let heard = [next(&mut all).await, next(&mut all).await, next(&mut one).await];
    expect![[r#"
        {"data":{"shiftChanged":{"id":"x1","entries":["anna"]}}}
        {"data":{"shiftChanged":{"id":"x2","entries":["anna"]}}}
        {"data":{"changed":{"name":"Door"}}}"#]]
    .assert_eq(&heard.join("\n"));
}

#[tokio::test]
async fn what_the_host_does_for_a_plugin_wakes_that_plugins_subscriptions_alone() {
    let house = house();
    let mut planned = house.subscribe("subscription { planned }", anonymous()).await.unwrap();
    let others = Event { publisher: plugin("bb/bb"), ..event("scheduler.progress", &json!({"job": "theirs"})) };
    house.hub.publish(&con(), &others);
    house.publish("scheduler.progress", &json!({"job": "ours"}));
    expect![[r#"{"data":{"planned":"ours"}}"#]].assert_eq(&next(&mut planned).await);
}

#[tokio::test]
async fn the_same_question_of_the_same_actor_is_asked_once_per_event() {
    let house = house();
    let mut subscriptions = Vec::new();
    for query in [
        "subscription { shiftChanged { id } }",
        "subscription { shiftChanged { name } }",
        "subscription A { again: shiftChanged { id name } }",
    ] {
        subscriptions.push(house.subscribe(query, account("anna", &[])).await.unwrap());
    }
    subscriptions.push(house.subscribe("subscription { shiftChanged { id } }", account("bert", &[])).await.unwrap());
    assert_eq!(house.hub.subscribers(&con()), 4);
    house.publish("volunteer.shift.moved", &json!({"id": "x1"}));
    let mut heard = Vec::new();
    for subscription in &mut subscriptions {
        heard.push(next(subscription).await);
    }
    expect![[r#"
        {"data":{"shiftChanged":{"id":"x1"}}}
        {"data":{"shiftChanged":{"name":"Door"}}}
        {"data":{"again":{"id":"x1","name":"Door"}}}
        {"data":{"shiftChanged":{"id":"x1"}}}"#]]
    .assert_eq(&heard.join("\n"));
    let mut calls = house.plugins.calls();
    calls.sort();
    expect![[r#"
        query Subscription.shiftChanged {} ["id","name"]
        query Subscription.shiftChanged {} ["id"]"#]]
    .assert_eq(&calls.join("\n"));
    subscriptions.truncate(1);
    assert_eq!(house.hub.subscribers(&con()), 1);
    drop(subscriptions);
    assert_eq!(house.hub.subscribers(&con()), 0);
}

#[tokio::test]
async fn an_actor_whose_rights_have_changed_is_asked_for_anew() {
    let house = house();
    let mut before = house.subscribe("subscription { shiftChanged { id } }", account("anna", &["a"])).await.unwrap();
    let mut after = house.subscribe("subscription { shiftChanged { id } }", account("anna", &["b"])).await.unwrap();
    house.publish("volunteer.shift.moved", &json!({"id": "x1"}));
    next(&mut before).await;
    next(&mut after).await;
    assert_eq!(house.plugins.calls().len(), 2);
}

#[tokio::test]
async fn a_failure_is_heard_and_does_not_end_it() {
    let house = house();
    let mut subscription = house.subscribe("subscription { shiftChanged { id } }", anonymous()).await.unwrap();
    house.publish("volunteer.shift.moved", &json!({"fail": true}));
    house.publish("volunteer.shift.moved", &json!({"id": "x2"}));
    let heard = [next(&mut subscription).await, next(&mut subscription).await];
    expect![[r#"
        {"data":{"shiftChanged":null},"errors":[{"message":"the database is gone","path":["shiftChanged"],"extensions":{"code":"sql-failed","plugin":"aa/aa","retryable":false,"requestId":"req1"}}]}
        {"data":{"shiftChanged":{"id":"x2"}}}"#]].assert_eq(&heard.join("\n"));
}

#[tokio::test]
async fn who_falls_behind_is_closed_and_told() {
    let house = house_with(plugins(), SubscriptionHub::with_queue(4));
    let mut slow = house.subscribe("subscription { shiftChanged { id } }", account("slow", &[])).await.unwrap();
    let mut quick = house.subscribe("subscription { shiftChanged { id } }", account("quick", &[])).await.unwrap();
    for n in 0..6 {
        house.publish("volunteer.shift.moved", &json!({"id": format!("x{n}")}));
        assert!(next(&mut quick).await.contains("data"));
    }
    for _ in 0..4 {
        assert!(next(&mut slow).await.contains("data"));
    }
    expect![[r#"{"errors":[{"message":"this subscription fell 4 answers behind and was closed; load what you need and subscribe again","extensions":{"code":"overloaded","retryable":true,"requestId":"req1"}}]}"#]].assert_eq(&next(&mut slow).await);
    assert!(slow.next().await.is_none());
    assert_eq!(house.hub.subscribers(&con()), 1);
}

#[tokio::test]
async fn a_plugin_slower_than_its_events_closes_its_subscriptions() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let house = house_with(Plugins { gate: Some(gate), ..plugins() }, SubscriptionHub::with_queue(2));
    let mut subscription = house.subscribe("subscription { shiftChanged { id } }", anonymous()).await.unwrap();
    for n in 0..5 {
        house.publish("volunteer.shift.moved", &json!({"id": format!("x{n}")}));
    }
    expect![[r#"{"errors":[{"message":"`aa/aa` answers events slower than they come, so this subscription was closed; load what you need and subscribe again","extensions":{"code":"overloaded","retryable":true,"requestId":"req1"}}]}"#]].assert_eq(&next(&mut subscription).await);
}

#[tokio::test]
async fn the_host_ends_subscriptions_with_its_reason() {
    let house = house();
    let mut subscription = house.subscribe("subscription { shiftChanged { id } }", anonymous()).await.unwrap();
    house.hub.close(&ConventionId::from_stored("another"), &Fault::new(code::UNAVAILABLE, "not you"));
    house.hub.close(
        &con(),
        &Fault::new(code::UNAVAILABLE, "the plugins of this convention have changed; subscribe again").retryable(),
    );
    expect![[r#"{"errors":[{"message":"the plugins of this convention have changed; subscribe again","extensions":{"code":"unavailable","retryable":true,"requestId":"req1"}}]}"#]].assert_eq(&next(&mut subscription).await);
    assert!(subscription.next().await.is_none());
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_is_refused() {
    let house = house();
    let mut all = String::new();
    let nowhere = Scope { convention: None, ..anonymous() };
    for (query, scope) in [
        ("{ __typename }", anonymous()),
        ("subscription { nope }", anonymous()),
        ("subscription { shiftChanged { id } b: shiftChanged { id } }", anonymous()),
        ("subscription { staffOnly { id } }", anonymous()),
        ("subscription { staffOnly { id } }", account("anna", &[])),
        ("subscription { shiftChanged { id } }", nowhere),
    ] {
        let refused = house.subscribe(query, scope).await.expect_err(query);
        all +=
            &format!("{query} => {} {}\n", refused["errors"][0]["extensions"]["code"], refused["errors"][0]["message"]);
    }
    let over_http = house
        .engine
        .execute(&house.schema, &Request::new("subscription { shiftChanged { id } }"), &anonymous(), &*house.plugins)
        .await;
    all += &String::from_utf8_lossy(&over_http.body);
    expect![[r#"
        { __typename } => "graphql-invalid" "this is no subscription; send it as a request"
        subscription { nope } => "graphql-invalid" "Unknown field \"nope\" on type \"Subscription\"."
        subscription { shiftChanged { id } b: shiftChanged { id } } => "graphql-invalid" "a subscription has exactly one field; start one for each"
        subscription { staffOnly { id } } => "unauthenticated" "sign in: this needs the permission `shift.manage`"
        subscription { staffOnly { id } } => "forbidden" "this needs the permission `shift.manage`; ask an admin of the convention for a role that has it"
        subscription { shiftChanged { id } } => "graphql-invalid" "subscriptions belong to a convention; use its own address"
        {"errors":[{"message":"a subscription needs a connection that stays open; use the WebSocket (graphql-transport-ws)","extensions":{"code":"graphql-invalid","retryable":false,"requestId":"req1"}}]}"#]].assert_eq(&all);
    assert!(house.subscribe("subscription { staffOnly { id } }", account("anna", &["shift.manage"])).await.is_ok());
}
