//! Stopping: what runs may finish, what waits is told, nothing is lost.

use conman_tests::{Database, Socket, TestHost, conman, on_each_database, tempfile, until};
use serde_json::json;

on_each_database! {
    async fn sockets_are_told_and_requests_finish(database: Database) {
        let mut host = TestHost::start(database).await;
        host.convention("con").await;
        let mut socket = Socket::begin(host.address(), "/c/con/graphql", None).await;
        let stopping = tokio::spawn(async move {
            let finished = host.stop().await;
            (host, finished)
        });
        assert_eq!(socket.closed().await, 1001);
        let (host, finished) = stopping.await.unwrap();
        assert!(finished.is_clean());
        // The folder is free again, and nobody can come in by the old door.
        let folder = conman_server::DataFolder::at(host.folder());
        assert_eq!(folder.owner().unwrap(), conman_server::Held::ByNobody);
        assert_eq!(folder.door_secret().unwrap(), None);
    }
}

on_each_database! {
    async fn a_request_on_its_way_is_answered_after_the_signal(database: Database) {
        let folder = tempfile::tempdir().unwrap();
        let served = conman().postgres(database.url()).serve(folder.path());
        let mut stream = std::net::TcpStream::connect(served.address.trim_start_matches("http://")).unwrap();
        let body = json!({ "query": "{ me { kind } }" }).to_string();
        let (first, rest) = body.split_at(5);
        let head = format!("POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{first}", body.len());
        std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
        wait_until_in_flight(&served.address).await;
        served.terminate();
        // The listener is gone before the request is whole, and yet it is answered.
        wait_until_refused(&served.address).await;
        std::io::Write::write_all(&mut stream, rest.as_bytes()).unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("anonymous"), "{answer}");
        let (code, log) = served.wait();
        assert_eq!(code, 0, "{log}");
    }
}

/// Until the host counts a request besides the one that asks.
async fn wait_until_in_flight(address: &str) {
    let client = conman_tests::Client::anonymous(address);
    let in_flight = async || client.get("/metrics").await.text.contains("conman_http_requests_in_flight 2");
    until("a request in flight", async || in_flight().await.then_some(())).await;
}

async fn wait_until_refused(address: &str) {
    let address = address.trim_start_matches("http://").to_owned();
    until("connections to be refused", async || std::net::TcpStream::connect(&address).err()).await;
}
