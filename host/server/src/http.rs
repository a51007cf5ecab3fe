//! HTTP: which addresses there are and what stands behind them.

pub(crate) mod answer;
mod body;
mod caller;
mod front;
mod graphiql;
mod graphql;
mod headers;
mod operations;
mod packages;
mod plugin_route;
mod socket;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};
use conman_kernel::fault::{Fault, code};

pub(crate) use caller::AsSystem;
pub(crate) use front::Front;

use crate::parts::Parts;

/// All addresses of a host.
pub(crate) fn front(parts: &Arc<Parts>) -> Front {
    let router = Router::new()
        .route("/c/{convention}/graphql", post(graphql::convention).get(graphql::convention_get))
        .route("/c/{convention}/schema.graphql", get(graphql::schema))
        .route("/c/{convention}/x/{plugin}/{*path}", any(plugin_route::answer))
        .route("/graphql", post(graphql::host).get(graphql::host_get))
        .route("/api/packages", post(packages::upload))
        .route("/healthz", get(operations::health))
        .route("/readyz", get(operations::ready))
        .route("/metrics", get(operations::metrics));
    let router = router.fallback(nothing_here).method_not_allowed_fallback(wrong_method).with_state(Arc::clone(parts));
    Front::new(router, Arc::clone(&parts.metrics), parts.limits.requests)
}

async fn nothing_here(request: axum::extract::Request) -> axum::response::Response {
    let (head, _) = request.into_parts();
    let message = format!("there is nothing at {}; a convention's GraphQL is at /c/NAME/graphql", head.uri.path());
    answer::fault(&Fault::new(code::NOT_FOUND, message), answer::Shape::Plain, &caller::request_id(&head))
}

async fn wrong_method(request: axum::extract::Request) -> axum::response::Response {
    let (head, _) = request.into_parts();
    let fault = Fault::new(code::INVALID, format!("{} is not answered at {}", head.method, head.uri.path()));
    answer::with_status(http::StatusCode::METHOD_NOT_ALLOWED, &fault, answer::Shape::Plain, &caller::request_id(&head))
}
