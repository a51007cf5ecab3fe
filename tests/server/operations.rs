//! What an operator looks at.

use conman_server::Mode;
use conman_tests::{Database, TestHost, on_each_database};
use serde_json::json;

on_each_database! {
    async fn health_readiness_and_figures(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        host.convention("other").await;
        host.enable("con", "probe").await;
        let client = host.anonymous();
        assert_eq!(client.get("/healthz").await.json, json!({ "status": "alive" }));
        assert_eq!(client.get("/readyz").await.json, json!({ "status": "ready" }));
        for slug in ["con", "other", "nowhere"] {
            client.convention(slug, "{ me { kind } }", json!({})).await;
            client.get(&format!("/c/{slug}/x/probe/echo/a")).await;
            client.get(&format!("/{slug}")).await;
        }
        let figures = client.get("/metrics").await;
        assert!(figures.header("content-type").starts_with("text/plain"), "{:?}", figures.headers);
        let figures = figures.text;
        assert!(figures.contains(r#"conman_http_requests_total{outcome="2xx",route="graphql"}"#), "{figures}");
        assert!(figures.contains(r#"conman_http_requests_total{outcome="4xx",route="plugin"}"#), "{figures}");
        assert!(figures.contains("conman_events_relayed_total"), "{figures}");
        // Whatever strangers ask for must not become a label.
        for name in ["con\"", "other", "nowhere", "probe"] {
            assert!(!figures.contains(&format!("=\"{name}")), "{name}: {figures}");
        }
    }
}

on_each_database! {
    async fn graphiql_is_there_in_development_only(database: Database) {
        let page = async |host: &TestHost, path: &str| host.anonymous().with_header(reqwest::header::ACCEPT, "text/html").get(path).await;
        let production = TestHost::start(database).await;
        assert_eq!(page(&production, "/graphql").await.status, 405);

        let development = TestHost::start_with(Database::sqlite(), |config| config.mode = Mode::Development).await;
        for path in ["/graphql", "/c/con/graphql"] {
            let shown = page(&development, path).await;
            assert_eq!(shown.status, 200);
            assert!(shown.text.contains("graphiql") && shown.text.contains(&format!("'{path}'")), "{}", shown.text);
            assert!(shown.header("content-security-policy").contains("connect-src 'self'"), "{:?}", shown.headers);
        }
        // A name that is none is not written into the page.
        let strange = page(&development, "/c/'-alert(1)-'/graphql").await;
        assert!(!strange.text.contains("alert"), "{}", strange.text);
    }
}

on_each_database! {
    async fn every_answer_names_its_request(database: Database) {
        let host = TestHost::start(database).await;
        let wrong = host.anonymous().host("{ nothing }", json!({})).await;
        assert_eq!(wrong.json["errors"][0]["extensions"]["requestId"], wrong.header("x-request-id"));
        let nothing = host.anonymous().get("/nothing").await;
        assert_eq!((nothing.status, nothing.code()), (404, "not-found"));
        assert_eq!(nothing.json["error"]["requestId"], nothing.header("x-request-id"));
    }
}
