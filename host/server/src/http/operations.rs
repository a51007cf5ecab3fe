//! For whoever operates the host: is it alive, is it ready, what are its figures.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use conman_bus::Backlog;
use conman_kernel::sql;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::json;

use crate::parts::Parts;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Alive: the process answers.
pub(crate) async fn health() -> Response {
    answer(StatusCode::OK, "alive")
}

/// Ready: it is not stopping, and its database answers.
pub(crate) async fn ready(State(parts): State<Arc<Parts>>) -> Response {
    if parts.stop.is_cancelled() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    let database = parts.storage.host();
    match tokio::time::timeout(PATIENCE, sql::read(database.as_ref(), "SELECT 1", &[])).await {
        Ok(Ok(_)) => answer(StatusCode::OK, "ready"),
        Ok(Err(error)) => {
            tracing::error!(%error, "the database does not answer");
            answer(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer; the log says why")
        }
        Err(_) => answer(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer in time"),
    }
}

fn answer(status: StatusCode, text: &str) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], json!({ "status": text }).to_string()).into_response()
}

/// Figures, as Prometheus reads them.
pub(crate) async fn metrics(State(parts): State<Arc<Parts>>) -> Response {
    parts.metrics.events(&parts.bus.figures());
    parts.metrics.calls(&parts.runtime.figures());
    parts.metrics.solving(&parts.solving.figures());
    // On a task of its own: who hangs up and asks again must not begin a second count.
    let asked = Arc::clone(&parts);
    let counting = parts.running.spawn(async move { asked.stock.backlog(backlog(&asked)).await });
    parts.metrics.backlog(counting.await.unwrap_or_default());
    match parts.metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the figures cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// What lies in the bus's ledger. Without an answer the other figures are shown alone: they are wanted most when the database is in
/// trouble.
async fn backlog(parts: &Parts) -> Option<Backlog> {
    match tokio::time::timeout(PATIENCE, parts.bus.backlog()).await {
        Ok(Ok(backlog)) => return Some(backlog),
        Ok(Err(error)) => tracing::error!(%error, "the database does not answer"),
        Err(_) => tracing::error!("the database does not answer in time"),
    }
    None
}
