//! Package upload: `POST /api/packages` with the file as the body.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use conman_identity::Deed;
use conman_kernel::actor::Actor;
use conman_kernel::fault::Fault;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::faults::of_installing;
use crate::fields::plugin::{installed_json, may_install};
use crate::http::answer::{self, Shape};
use crate::http::{body, caller};
use crate::parts::Parts;

/// Takes a package, verifies and compiles it, and keeps it.
pub(crate) async fn upload(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let id = caller::request_id(&head);
    match install(&parts, &head, body).await {
        Ok(installed) => ([(CONTENT_TYPE, "application/json")], installed.to_string()).into_response(),
        Err(fault) => answer::fault(&fault, Shape::Plain, &id),
    }
}

async fn install(parts: &Arc<Parts>, head: &http::request::Parts, body: axum::body::Body) -> Result<Value, Fault> {
    let (scope, _) = caller::scope(parts, head, None, parts.conventions.host()).await?;
    // Before the body is read: strangers do not get to send 64 MiB.
    may_install(parts, &scope.actor).await?;
    let bytes = body::read(&head.headers, body, conman_runtime::package::MAX_BYTES, parts.limits.body).await?;
    // On a task of its own: a client that hangs up must not leave a package that nobody is told of.
    let (of_task, actor) = (Arc::clone(parts), Arc::clone(&scope.actor));
    let keeping = parts.running.spawn(async move { keep(&of_task, bytes.into(), &actor).await });
    keeping.await.map_err(Fault::internal)?
}

async fn keep(parts: &Parts, bytes: Vec<u8>, by: &Actor) -> Result<Value, Fault> {
    let installed = installed_json(&parts.runtime.install(bytes, by).await.map_err(of_installing)?);
    let target = format!("package:{}", installed.get("id").and_then(Value::as_str).unwrap_or_default());
    let deed =
        Deed { action: "package.installed", target, convention: None, before: Value::Null, after: installed.clone() };
    parts.identity.audit().record(by, &deed).await?;
    Ok(installed)
}
