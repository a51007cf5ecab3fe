//! What is measured, one file for each question.

mod cached;
mod export;
mod import;
mod life;
mod process;
mod programme;
mod sign_up;
mod trivial;

use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::convention::{Convention, Engine, body};
use crate::report::Report;

/// Runs all whose name contains `filter`.
pub(crate) async fn all(filter: &str, report: &mut Report) -> anyhow::Result<()> {
    let wanted = |name: &str| name.contains(filter);
    if wanted("trivial") {
        trivial::measure(report).await?;
    }
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if wanted("programme") {
            programme::measure(engine, report).await?;
        }
        if wanted("sign-up") {
            sign_up::measure(engine, report).await?;
        }
        if wanted("import") {
            import::measure(engine, report).await?;
        }
    }
    if wanted("cached") {
        cached::measure(report).await?;
    }
    if wanted("export") {
        export::measure(report).await?;
    }
    if wanted("life") {
        life::measure(report).await?;
    }
    if wanted("process") {
        process::measure(report).await?;
    }
    Ok(())
}

/// A real programme of 1,386 sessions. It names real people and is not shipped; without it those measurements are left out.
fn real_programme() -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/programmes/worldcon-2022.conclar.jsonp");
    if file.exists() {
        return Some(file);
    }
    println!("skipped: {} is not here, and there is no other programme of that size to measure with", file.display());
    None
}

/// A convention with that programme in it; none where there is no such file.
async fn with_programme(engine: Engine) -> anyhow::Result<Option<Convention>> {
    let Some(file) = real_programme() else { return Ok(None) };
    let convention = Convention::with(engine, &["core-programming"]).await?;
    convention.import("import/conclar", std::fs::read(file)?).await?;
    Ok(Some(convention))
}

/// One answer of the baseline.
async fn native(router: &Router, query: &str, variables: Value) -> anyhow::Result<axum::body::Bytes> {
    let json = json!({ "query": query, "variables": variables });
    let request =
        Request::post("/graphql").header("content-type", "application/json").body(Body::from(json.to_string()))?;
    let response: Response = router.clone().oneshot(request).await?;
    checked(body(response).await?)
}

/// An answer without errors; anything else is no measurement.
fn checked(answer: axum::body::Bytes) -> anyhow::Result<axum::body::Bytes> {
    anyhow::ensure!(
        !answer.starts_with(br#"{"errors""#) && !has_errors(&answer),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    Ok(answer)
}

/// Looks at the end only: searching a megabyte for a word would be part of what is measured.
fn has_errors(answer: &[u8]) -> bool {
    let tail = answer.get(answer.len().saturating_sub(400)..).unwrap_or(answer);
    tail.windows(10).any(|window| window == br#""errors":["#)
}
