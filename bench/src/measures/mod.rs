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
use axum::body::Bytes;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::convention::{Convention, Engine, body, request};
use crate::report::Report;

/// Runs those whose group is called `only`, or all.
pub(crate) async fn all(only: Option<&str>, report: &mut Report) -> anyhow::Result<()> {
    let wanted = |group: &str| only.is_none_or(|only| only == group);
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
    anyhow::ensure!(
        !report.is_empty(),
        "there is no group of that name; there are trivial, programme, sign-up, import, cached, export, life and process"
    );
    Ok(())
}

/// A real programme. It names real people and is not shipped; without it what needs it is left out, and said to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Programme {
    /// 1,386 sessions.
    Worldcon2022,
    /// 895 sessions, about as many as pretalx was measured with.
    Congress39,
}

impl Programme {
    fn file(self) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/programmes");
        folder.join(match self {
            Self::Worldcon2022 => "worldcon-2022.conclar.jsonp",
            Self::Congress39 => "39c3.schedule.json",
        })
    }

    fn route(self) -> &'static str {
        match self {
            Self::Worldcon2022 => "import/conclar",
            Self::Congress39 => "import/frab-json",
        }
    }

    fn read(self, needed_for: &str, report: &mut Report) -> anyhow::Result<Option<Vec<u8>>> {
        let file = self.file();
        if !file.exists() {
            let why = format!("{} is not here, and there is no other programme of that size", file.display());
            report.leave_out(needed_for, &why);
            return Ok(None);
        }
        Ok(Some(std::fs::read(file)?))
    }
}

/// A convention with that programme in it; none where there is no such file.
async fn with(
    engine: Engine,
    programme: Programme,
    needed_for: &str,
    report: &mut Report,
) -> anyhow::Result<Option<Convention>> {
    let Some(file) = programme.read(needed_for, report)? else { return Ok(None) };
    let convention = Convention::with(engine, &["core-programming"]).await?;
    convention.import(programme.route(), file).await?;
    Ok(Some(convention))
}

/// The same, released, on SQLite.
async fn released(programme: Programme, needed_for: &str, report: &mut Report) -> anyhow::Result<Option<Convention>> {
    let Some(convention) = with(Engine::Sqlite, programme, needed_for, report).await? else { return Ok(None) };
    convention.system("mutation { release(name: \"Bench\") { name } }", serde_json::json!({})).await?;
    Ok(Some(convention))
}

/// One answer of the baseline.
async fn native(router: &Router, json: &Value) -> anyhow::Result<Bytes> {
    checked(body(router.clone().oneshot(request("/graphql", None, json)?).await?).await?)
}

/// What an answer says, to compare two sides.
fn data(answer: &Bytes) -> anyhow::Result<Value> {
    let mut answer: Value = serde_json::from_slice(answer)?;
    Ok(answer["data"].take())
}

/// An answer without errors; anything else is no measurement.
fn checked(answer: Bytes) -> anyhow::Result<Bytes> {
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
