//! WebSockets: the protocol to the letter, subscriptions that hear what happens, and clients that do not behave.

use std::time::Duration;

use conman_tests::{Database, Socket, TestHost, on_each_database, repacked};
use serde_json::json;

const GREET: &str = r#"mutation($text: String!) { greet(input: { text: $text, mood: HAPPY }) { id } }"#;

/// The greetings example without what it says about another plugin's sessions.
fn greetings() -> Vec<u8> {
    repacked("greetings", |parts| {
        let schema = parts.schema.take().unwrap();
        let (own, _sessions) = schema.split_once("extend type Session").unwrap();
        parts.schema = Some(own.replace("session: Session\n", "").replace("\"The session it is about.\"\n", ""));
    })
}

async fn host_with_greetings(database: Database) -> TestHost {
    let host = TestHost::start(database).await;
    for slug in ["con", "other"] {
        host.convention(slug).await;
        host.enable_package(slug, greetings()).await;
    }
    host
}

on_each_database! {
    async fn a_subscription_hears_what_is_committed_in_its_convention_and_nothing_else(database: Database) {
        let host = host_with_greetings(database).await;
        let writer = host.person("con", "vera", "attendee").await;
        let stranger = host.person("other", "otto", "attendee").await;
        let mut socket = Socket::begin(host.address(), "/c/con/graphql", writer.token().as_deref()).await;
        socket.subscribe("all", "subscription { greeted { text author } }").await;
        socket.subscribe("sad", "subscription { greeted(mood: VERY_SAD) { text } }").await;
        // An answer to a query on the same socket says that what was sent before has arrived.
        socket.subscribe("ready", "{ me { kind } }").await;
        assert_eq!(socket.hear().await, json!({ "type": "next", "id": "ready", "payload": { "data": { "me": { "kind": "account" } } } }));
        assert_eq!(socket.hear().await, json!({ "type": "complete", "id": "ready" }));

        let _ = stranger.convention("other", GREET, json!({ "text": "elsewhere" })).await.data();
        let _ = writer.convention("con", GREET, json!({ "text": "here" })).await.data();
        let heard = socket.hear().await;
        assert_eq!(heard["id"], "all");
        assert_eq!(heard["payload"]["data"]["greeted"]["text"], "here");

        socket.say(json!({ "type": "complete", "id": "all" })).await;
        socket.subscribe("again", "{ me { kind } }").await;
        assert_eq!(socket.hear().await["id"], "again");
        assert_eq!(socket.hear().await["type"], "complete");
        let _ = writer.convention("con", GREET, json!({ "text": "unheard" })).await.data();
        socket.say(json!({ "type": "ping", "payload": { "n": 1 } })).await;
        assert_eq!(socket.hear().await, json!({ "type": "pong", "payload": { "n": 1 } }));
    }
}

on_each_database! {
    async fn the_protocols_close_codes_are_kept(database: Database) {
        let host = TestHost::start_with(database, |config| config.limits.socket_init = Duration::from_millis(300)).await;
        host.convention("con").await;
        let path = "/c/con/graphql";
        let address = host.address().to_owned();

        let mut silent = Socket::open(&address, path).await;
        assert_eq!(silent.closed().await, 4408);

        let mut hasty = Socket::open(&address, path).await;
        hasty.subscribe("1", "{ me { kind } }").await;
        assert_eq!(hasty.closed().await, 4401);

        let mut twice = Socket::begin(&address, path, None).await;
        twice.say(json!({ "type": "connection_init" })).await;
        assert_eq!(twice.closed().await, 4429);

        let mut garbled = Socket::begin(&address, path, None).await;
        garbled.say_text("{\"type\":\"start\"}").await;
        assert_eq!(garbled.closed().await, 4400);

        let mut unknown = Socket::open(&address, path).await;
        unknown.say(json!({ "type": "connection_init", "payload": { "token": "nonsense" } })).await;
        assert_eq!(unknown.closed().await, 4403);

        let mut nowhere = Socket::open(&address, "/c/nowhere/graphql").await;
        nowhere.say(json!({ "type": "connection_init" })).await;
        assert_eq!(nowhere.closed().await, 4403);

        let mut other = Socket::open_as(&address, path, None).await.unwrap();
        assert_eq!(other.closed().await, 4406);
    }
}

on_each_database! {
    async fn an_id_is_used_once_at_a_time_and_operations_are_counted(database: Database) {
        let host = TestHost::start_with(database, |config| config.limits.socket_operations = 2).await;
        host.convention("con").await;
        host.enable_package("con", greetings()).await;
        let mut socket = Socket::begin(host.address(), "/c/con/graphql", None).await;
        for id in ["1", "2", "3"] {
            socket.subscribe(id, "subscription { greeted { text } }").await;
        }
        let refused = socket.hear().await;
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("3")));
        assert_eq!(refused["payload"][0]["extensions"]["code"], "quota", "{refused}");
        socket.subscribe("1", "subscription { greeted { text } }").await;
        assert_eq!(socket.closed().await, 4409);
    }
}

on_each_database! {
    async fn what_is_wrong_with_an_operation_is_said_on_the_socket(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        let mut socket = Socket::begin(host.address(), "/c/con/graphql", None).await;
        socket.subscribe("1", "{ nothing }").await;
        let answer = socket.hear().await;
        assert_eq!((&answer["type"], &answer["id"]), (&json!("error"), &json!("1")), "{answer}");
        assert_eq!(answer["payload"][0]["extensions"]["code"], "graphql-invalid", "{answer}");
        // And the socket goes on.
        socket.subscribe("1", "{ me { kind } }").await;
        assert_eq!(socket.hear().await["type"], "next");
    }
}

on_each_database! {
    async fn a_revoked_session_ends_its_socket(database: Database) {
        let host = TestHost::start_with(database, |config| config.limits.socket_ping = Duration::from_millis(200)).await;
        host.convention("con").await;
        let vera = host.person("con", "vera", "attendee").await;
        let mut socket = Socket::begin(host.address(), "/c/con/graphql", vera.token().as_deref()).await;
        let _ = vera.host("mutation { signOut }", json!({})).await.data();
        assert_eq!(socket.closed().await, 4403);
    }
}

on_each_database! {
    async fn a_change_of_plugins_asks_clients_to_connect_again(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        let mut socket = Socket::begin(host.address(), "/c/con/graphql", None).await;
        host.enable("con", "hello").await;
        assert_eq!(socket.closed().await, 1012);
    }
}
