//! An answer that may be served again, next to axum serving the same bytes.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::post;
use http::Request;
use http::header::CONTENT_TYPE;
use serde_json::json;
use tower::ServiceExt as _;

use crate::convention::{Engine, body, path, request};
use crate::load::Load;
use crate::measures::{checked, with_programme};
use crate::report::{Aim, Figure, Report};

const SESSIONS: &str =
    "{ sessions(first: 50) { nodes { id title kind start end room { id name } people { role person { id name } } } } }";

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let Some(convention) = with_programme(Engine::Sqlite).await? else { return Ok(()) };
    convention.system("mutation { release(name: \"Bench\") { name } }", json!({})).await?;
    let json = Arc::new(json!({ "query": SESSIONS }));
    let answer = checked(body(convention.host.answer(request(&path(), None, &json)?).await).await?)?;
    let convention = Arc::new(convention);
    let ours = {
        let json = Arc::clone(&json);
        Load::SHORT.run(move |_, _| {
            let (convention, json) = (Arc::clone(&convention), Arc::clone(&json));
            async move { body(convention.host.answer(request(&path(), None, &json)?).await).await.map(drop) }
        })
    };
    let ours = ours.await?;
    let size = answer.len();
    let router = Router::new().route(
        "/graphql",
        // The body is read, as any server would that answers a POST.
        post(move |_: Bytes| {
            let answer = answer.clone();
            async move { ([(CONTENT_TYPE, "application/json")], answer) }
        }),
    );
    let theirs = Load::SHORT.run(move |_, _| {
        let (router, json) = (router.clone(), Arc::clone(&json));
        async move {
            let request = Request::post("/graphql")
                .header("content-type", "application/json")
                .body(Body::from(json.to_string()))?;
            body(router.oneshot(request).await?).await.map(drop)
        }
    });
    let theirs = theirs.await?;
    report.add(Figure {
        name: "cached: @cache(PUBLIC) answer".to_owned(),
        value: ours.per_second,
        unit: "requests/s",
        baseline: Some(theirs.per_second),
        compared_with: "axum serving the same bytes".to_owned(),
        aim: Aim::Ratio(0.8),
        how: format!("4 clients for 4 s, {size} bytes, without sockets"),
    });
    Ok(())
}
