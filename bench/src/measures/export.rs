//! The whole schedule as frab JSON, written anew for each request.

use std::sync::Arc;

use axum::body::Body;
use http::Request;
use serde_json::json;

use crate::convention::{Engine, SLUG, body};
use crate::load::Load;
use crate::measures::with_programme;
use crate::report::{Aim, Figure, Report};

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let Some(convention) = with_programme(Engine::Sqlite).await? else { return Ok(()) };
    convention.system("mutation { release(name: \"Bench\") { name } }", json!({})).await?;
    let convention = Arc::new(convention);
    let outcome = Load::SHORT.run(move |_, _| {
        let convention = Arc::clone(&convention);
        async move {
            let request = Request::get(format!("/c/{SLUG}/x/core-programming/schedule.json")).body(Body::empty())?;
            body(convention.host.answer(request).await).await.map(drop)
        }
    });
    let outcome = outcome.await?;
    report.add(Figure {
        name: "export: the schedule as frab JSON".to_owned(),
        value: outcome.per_second,
        unit: "requests/s",
        baseline: Some(0.3),
        compared_with: "pretalx, 900 talks, measured on such a machine".to_owned(),
        aim: Aim::Ratio(50.0),
        how: format!(
            "4 clients for 4 s, 1,386 sessions, no If-None-Match; p50 {:.1} ms",
            outcome.quantile(0.5).as_secs_f64() * 1e3
        ),
    });
    Ok(())
}
