//! What happens around every request, in one thin layer: an id, a permit, the clock, the access log, and a net for panics.
//!
//! One hand-written layer instead of a tower of middleware, because a cached answer takes a few microseconds and each boxed layer would
//! be a noticeable part of them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::RequestId;
use futures::FutureExt as _;
use http::{HeaderName, HeaderValue, Request};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::http::answer::{self, Shape};
use crate::metrics::{Metrics, Route};

/// Quoted in answers, logs and errors.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Where requests enter, from the network and from the command line alike.
#[derive(Clone)]
pub(crate) struct Front {
    router: Router,
    metrics: Arc<Metrics>,
    permits: Arc<Semaphore>,
}

impl Front {
    pub(crate) fn new(router: Router, metrics: Arc<Metrics>, concurrency: usize) -> Self {
        Self { router, metrics, permits: Arc::new(Semaphore::new(concurrency)) }
    }

    /// Answers one request. Never fails: what goes wrong is an answer too.
    pub(crate) async fn answer(&self, mut request: Request<Body>) -> Response {
        let started = Instant::now();
        let route = classify(&request);
        let id = RequestId::new();
        let counted = self.metrics.request();
        let method = request.method().clone();
        let path =
            tracing::enabled!(target: "conman::access", tracing::Level::INFO).then(|| request.uri().path().to_owned());

        // Health and figures must be had above all when everything else is busy.
        let permit = if route == Route::Operations { None } else { Some(self.permits.try_acquire()) };
        let mut response = match permit {
            Some(Err(_)) => {
                self.metrics.refused("concurrency");
                let busy = Fault::new(
                    code::OVERLOADED,
                    "the host is answering as many requests as it can; try again in a moment",
                );
                answer::fault(&busy.retryable(), shape(route), &id)
            }
            _permit => {
                request.extensions_mut().insert(id.clone());
                match AssertUnwindSafe(self.router.clone().oneshot(request)).catch_unwind().await {
                    Ok(Ok(response)) => response,
                    Ok(Err(never)) => match never {},
                    Err(panic) => {
                        self.metrics.panicked();
                        answer::fault(&Fault::internal(describe(&panic)), shape(route), &id)
                    }
                }
            }
        };
        drop(counted);

        let latency = started.elapsed();
        self.metrics.answered(route, response.status(), latency);
        if let Some(path) = path {
            log(&method, &path, &response, latency, &id);
        }
        if let Ok(value) = HeaderValue::from_str(id.as_str()) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        response
    }
}

fn log(method: &http::Method, path: &str, response: &Response, latency: Duration, id: &RequestId) {
    let status = response.status().as_u16();
    let milliseconds = latency.as_secs_f64() * 1000.0;
    tracing::info!(target: "conman::access", %method, path, status, milliseconds, request = %id, "answered");
}

fn describe(panic: &Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a text".to_owned())
}

const fn shape(route: Route) -> Shape {
    match route {
        Route::Graphql | Route::HostGraphql => Shape::Graphql,
        _ => Shape::Plain,
    }
}

fn classify(request: &Request<Body>) -> Route {
    let path = request.uri().path();
    if let Some(below) = path.strip_prefix("/c/") {
        let upgrade = request.headers().contains_key(http::header::UPGRADE);
        return match below.split_once('/').map(|(_, rest)| rest) {
            Some("graphql") if upgrade => Route::Socket,
            Some("graphql") => Route::Graphql,
            Some(rest) if rest.starts_with("x/") => Route::Plugin,
            _ => Route::Unknown,
        };
    }
    match path {
        "/graphql" => Route::HostGraphql,
        "/api/packages" => Route::Packages,
        "/healthz" | "/readyz" | "/metrics" => Route::Operations,
        _ => Route::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;

    async fn fail() {
        panic!("on purpose");
    }

    fn front(concurrency: usize) -> Front {
        let router = Router::new().route("/api/packages", get(fail)).route("/healthz", get(|| async { "ok" }));
        Front::new(router, Arc::new(Metrics::new().unwrap()), concurrency)
    }

    fn request(path: &str) -> Request<Body> {
        Request::builder().uri(path).body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_and_a_figure() {
        let front = front(1);
        let response = front.answer(request("/api/packages")).await;
        assert_eq!(response.status(), 500);
        assert!(response.headers().contains_key(REQUEST_ID));
        let text = String::from_utf8(front.metrics.text().unwrap()).unwrap();
        assert!(text.contains("conman_panics_total 1"), "{text}");
    }

    #[tokio::test]
    async fn a_busy_host_turns_requests_away_but_says_that_it_lives() {
        let front = front(0);
        assert_eq!(front.answer(request("/api/packages")).await.status(), 503);
        assert_eq!(front.answer(request("/healthz")).await.status(), 200);
    }
}
