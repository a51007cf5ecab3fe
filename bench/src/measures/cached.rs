//! An answer that may be served again, next to axum serving the same bytes.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use http::header::CONTENT_TYPE;
use serde_json::json;
use tower::ServiceExt as _;

use crate::convention::{Convention, body, path, request};
use crate::load::{Load, compare};
use crate::measures::{Programme, checked, released};
use crate::report::{Figure, Report};

const SESSIONS: &str =
    "{ sessions(first: 50) { nodes { id title kind start end room { id name } people { role person { id name } } } } }";

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let Some(convention) = released(Programme::Worldcon2022, "cached", report).await? else { return Ok(()) };
    let convention = Arc::new(convention);
    let json = Arc::new(json!({ "query": SESSIONS }));
    let answer = checked(body(convention.host.answer(request(&path(), None, &json)?).await).await?)?;
    let size = answer.len();
    let router = Router::new().route(
        "/graphql",
        // The body is read, as any server would that answers a POST.
        post(move |_: Bytes| {
            let answer = answer.clone();
            async move { ([(CONTENT_TYPE, "application/json")], answer) }
        }),
    );
    let ours = {
        let (convention, json) = (Arc::clone(&convention), Arc::clone(&json));
        Load::new(move |_| {
            let (convention, json) = (Arc::clone(&convention), Arc::clone(&json));
            async move { body(convention.host.answer(request(&path(), None, &json)?).await).await.map(drop) }
        })
    };
    let theirs = Load::new(move |_| {
        let (router, json) = (router.clone(), Arc::clone(&json));
        async move { body(router.oneshot(request("/graphql", None, &json)?).await?).await.map(drop) }
    });
    let compared = compare(ours, theirs, async || Ok(())).await?;
    report.add(Figure::compared(
        "cached: @cache(PUBLIC) answer".to_owned(),
        &compared,
        "axum serving the same bytes",
        0.8,
        &format!("{size} bytes, without sockets"),
    ));
    Convention::close(convention).await?;
    Ok(())
}
