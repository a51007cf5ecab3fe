//! What an operator looks at.

use std::collections::BTreeMap;

use conman_server::Mode;
use conman_tests::{Client, Database, TestHost, on_each_database, repacked};
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

/// What `/metrics` says, by name and labels; fails where it is not as Prometheus reads it.
async fn figures(client: &Client) -> BTreeMap<String, f64> {
    let text = client.get("/metrics").await.text;
    let (mut family, mut samples) = (("", ""), BTreeMap::new());
    let mut helped = "";
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, meaning) = help.split_once(' ').unwrap();
            assert!(!meaning.is_empty(), "{line}");
            helped = name;
        } else if let Some(declared) = line.strip_prefix("# TYPE ") {
            family = declared.split_once(' ').unwrap();
            assert_eq!(family.0, helped, "{line}");
            let (counter, histogram) = (family.1 == "counter", family.1 == "histogram");
            assert_eq!((family.0.ends_with("_total"), family.0.ends_with("_seconds")), (counter, histogram), "{line}");
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let rest = name.strip_prefix(family.0).unwrap_or_else(|| panic!("{line} is none of {family:?}"));
            let suffix = rest.split_once('{').map_or(rest, |(suffix, _)| suffix);
            let suffixes: &[_] = if family.1 == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(suffixes.contains(&suffix), "{line}");
            assert!(samples.insert(name.to_owned(), value.parse().unwrap()).is_none(), "{line} twice");
        }
    }
    samples
}

on_each_database! {
    async fn calls_of_plugins_are_counted_by_how_they_end(database: Database) {
        let host = TestHost::start(database).await;
        host.convention("con").await;
        let schema = "extend type Query { ok: String trap: String fail(code: String!): String } extend type Mutation { ok: String }";
        host.enable_package("con", repacked("probe", |parts| parts.schema = Some(schema.to_owned()))).await;
        let client = host.person("con", "vera", "attendee").await;
        let before = figures(&client).await;
        for operation in [
            "{ ok }",
            r#"{ fail(code: "forbidden") }"#,
            r#"{ fail(code: "OCCUPIED") }"#,
            r#"{ fail(code: "NEXT_TIME") }"#,
            "{ trap }",
            "mutation { ok }",
        ] {
            client.convention("con", operation, json!({})).await;
        }
        assert_eq!(client.get("/c/con/x/probe/echo/a").await.status, 200);
        let after = figures(&client).await;
        let more = |name: &str| after.get(name).unwrap_or(&f64::NAN) - before.get(name).unwrap_or(&0.0);
        for (kind, outcome, count) in [
            ("query", "ok", 1.0),
            ("query", "forbidden", 1.0),
            ("query", "other", 2.0),
            ("query", "plugin-trapped", 1.0),
            ("mutation", "ok", 1.0),
            ("route", "ok", 1.0),
            ("event", "ok", 0.0),
        ] {
            let name = format!(r#"conman_plugin_calls_total{{kind="{kind}",outcome="{outcome}"}}"#);
            assert_eq!(more(&name), count, "{name}: {after:?}");
        }
        for (kind, count) in [("query", 5.0), ("mutation", 1.0), ("route", 1.0), ("action", 0.0)] {
            assert_eq!(more(&format!(r#"conman_plugin_call_seconds_count{{kind="{kind}"}}"#)), count, "{kind}: {after:?}");
            let took = more(&format!(r#"conman_plugin_call_seconds_sum{{kind="{kind}"}}"#));
            assert_eq!(took > 0.0, count > 0.0, "{kind}: {after:?}");
        }
        let now = ["calls_in_flight", "calls_limit", "calls_waiting", "breakers_open"];
        assert_eq!(now.map(|name| after[&format!("conman_plugin_{name}")]), [0.0, 64.0, 0.0, 0.0]);
        assert_eq!(after[r#"conman_event_deliveries{state="dead"}"#], 0.0);

        // Ten breakdowns in a row: the plugin is left alone.
        for _ in 0..10 {
            client.convention("con", "{ trap }", json!({})).await;
        }
        assert_eq!(client.convention("con", "{ ok }", json!({})).await.code(), "overloaded");
        let after = figures(&client).await;
        assert_eq!(after["conman_plugin_breakers_open"], 1.0);
        assert_eq!(after[r#"conman_plugin_calls_total{kind="query",outcome="overloaded"}"#], 1.0);
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
