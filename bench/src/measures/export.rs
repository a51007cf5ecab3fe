//! The whole schedule as frab JSON, written anew for each request, and the data of a schedule page.

use std::sync::Arc;

use axum::body::Body;
use http::Request;
use serde_json::json;

use crate::convention::{Convention, SLUG, body, path, request};
use crate::load::Load;
use crate::measures::{Programme, checked, released};
use crate::report::{Figure, Report};

/// What pretalx's schedule page shows of each session.
const PAGE: &str = "{ draftSessions(first: 1000) { nodes { id title state start end room { name } track { name color } \
    people { person { name } } } } }";

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let Some(convention) = released(Programme::Congress39, "export", report).await? else { return Ok(()) };
    let convention = Arc::new(convention);
    let export = {
        let convention = Arc::clone(&convention);
        Load::new(move |_| {
            let convention = Arc::clone(&convention);
            async move {
                let request = Request::get(format!("/c/{SLUG}/x/core-programming/schedule.json")).body(Body::empty())?;
                body(convention.host.answer(request).await).await.map(drop)
            }
        })
    };
    let outcome = export.run().await?;
    report.add(Figure::next_to(
        "export: the schedule as frab JSON",
        outcome.per_second(),
        (0.3, "pretalx, 900 talks, measured on such a machine"),
        50.0,
        format!("895 sessions, no If-None-Match; p50 {:.1} ms", outcome.quantile(0.5)),
    ));
    let page = {
        let convention = Arc::clone(&convention);
        Load::new(move |_| {
            let convention = Arc::clone(&convention);
            async move {
                let request = request(&path(), None, &json!({ "query": PAGE }))?;
                checked(body(convention.host.answer_as_system(request).await).await?).map(drop)
            }
        })
    };
    let outcome = page.run().await?;
    report.add(Figure::next_to(
        "export: the data of a schedule page",
        outcome.per_second(),
        (3.7, "pretalx, 900 talks, uncached, measured on such a machine"),
        50.0,
        format!("895 sessions, nothing cached; p50 {:.1} ms", outcome.quantile(0.5)),
    ));
    Convention::close(convention).await?;
    Ok(())
}
