//! What strangers can do to a host: little.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use conman_tests::{Database, TestHost, on_each_database};
use serde_json::json;

on_each_database! {
    async fn a_large_operation_is_refused_with_the_limit_in_the_message(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        let answer = host.anonymous().convention("con", &format!("{{ me {{ kind }} }} #{}", "x".repeat(1 << 20)), json!({})).await;
        assert_eq!((answer.status, answer.code()), (413, "too-large"));
        assert!(answer.message().contains("1 MiB"), "{}", answer.message());
    }
}

on_each_database! {
    async fn what_is_no_graphql_request_is_said_to_be_none(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        let json = |client: conman_tests::Client| client.with_header(reqwest::header::CONTENT_TYPE, "application/json");
        for body in ["", "{", "[]", r#"{"query": 1}"#] {
            let answer = json(host.anonymous()).post("/c/con/graphql", body).await;
            assert_eq!((answer.status, answer.code()), (400, "graphql-invalid"), "{body}");
        }
        let form = host.anonymous().post("/c/con/graphql", r#"{"query":"{ me { kind } }"}"#).await;
        assert_eq!((form.status, form.code()), (400, "invalid"));
        assert!(form.message().contains("Content-Type"), "{}", form.message());
        let keyed = host.anonymous().with_header("idempotency-key".parse().unwrap(), "two words");
        assert_eq!(keyed.convention("con", "{ me { kind } }", json!({})).await.code(), "invalid");
    }
}

on_each_database! {
    async fn a_client_that_never_finishes_its_request_is_let_go(database: Database) {
        let host = TestHost::start_with(database, |config| {
            config.limits.connections.head = Duration::from_millis(300);
            config.limits.body = Duration::from_millis(300);
        })
        .await;
        host.convention("con").await;
        let address = host.address().trim_start_matches("http://").to_owned();
        let said = async |text: &'static str| {
            let address = address.clone();
            tokio::task::spawn_blocking(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                stream.write_all(text.as_bytes()).unwrap();
                let (begun, mut answer) = (Instant::now(), String::new());
                stream.read_to_string(&mut answer).unwrap();
                assert!(begun.elapsed() < Duration::from_secs(10));
                answer
            })
            .await
            .unwrap()
        };
        // Half a head: nothing, or an answer that says so; the connection ends either way.
        let head = said("POST /c/con/graphql HTTP/1.1\r\nhost: x\r\n").await;
        assert!(head.is_empty() || head.starts_with("HTTP/1.1 408"), "{head}");
        let body = said("POST /c/con/graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{").await;
        assert!(body.starts_with("HTTP/1.1 504") && body.contains("did not arrive in time"), "{body}");
        // Nor may an idle connection stay for ever.
        let idle = said("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(idle.starts_with("HTTP/1.1 200"), "{idle}");
    }
}

on_each_database! {
    async fn more_requests_than_can_be_answered_are_turned_away_and_health_is_not(database: Database) {
        let host = TestHost::start_with(database, |config| config.limits.requests = 0).await;
        let answer = host.anonymous().host("{ me { kind } }", json!({})).await;
        assert_eq!((answer.status, answer.code(), answer.header("retry-after")), (503, "overloaded", "1"));
        assert_eq!(host.anonymous().get("/healthz").await.status, 200);
    }
}
