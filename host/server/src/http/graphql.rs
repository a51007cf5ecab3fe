//! GraphQL over HTTP: a convention's schema at `/c/{convention}/graphql`, the host's own at `/graphql`.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
pub(crate) use conman_graph::Request as Operation;
use conman_graph::{OperationKind, Outcome};
use conman_kernel::convention::Convention;
use conman_kernel::dispatch::Scope;
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::RequestId;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use http::header::{ACCEPT, CONTENT_TYPE, UPGRADE, VARY};
use http::request::Parts as Head;
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::config::Mode;
use crate::conventions::Open;
use crate::desk::{Caller, Desk};
use crate::http::answer::{self, Shape};
use crate::http::socket::{self, Address};
use crate::http::{body, caller, graphiql};
use crate::parts::Parts;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PER_CALLER: HeaderValue = HeaderValue::from_static("authorization, accept-language");

/// What an operation runs on, and for whom.
pub(crate) struct Place {
    pub(crate) open: Arc<Open>,
    pub(crate) scope: Scope,
    pub(crate) caller: Arc<Caller>,
}

/// A convention, as the request's sender sees it.
pub(crate) async fn convention_place(parts: &Parts, head: &Head, slug: &str) -> Result<Place, Fault> {
    let (convention, open) = caller::convention(parts, slug).await?;
    place(parts, head, Some(convention), open).await
}

/// The host itself, as the request's sender sees it.
pub(crate) async fn host_place(parts: &Parts, head: &Head) -> Result<Place, Fault> {
    place(parts, head, None, Arc::clone(parts.conventions.host())).await
}

async fn place(
    parts: &Parts,
    head: &Head,
    convention: Option<Arc<Convention>>,
    open: Arc<Open>,
) -> Result<Place, Fault> {
    let (scope, caller) = caller::scope(parts, head, convention, &open).await?;
    Ok(Place { open, scope, caller: Arc::new(caller) })
}

/// `POST /c/{convention}/graphql`
pub(crate) async fn convention(
    State(parts): State<Arc<Parts>>,
    Path(slug): Path<String>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let place = convention_place(&parts, &head, &slug).await;
    answer(&parts, &head, body, place).await
}

/// `POST /graphql`
pub(crate) async fn host(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let place = host_place(&parts, &head).await;
    answer(&parts, &head, body, place).await
}

/// `GET /c/{convention}/graphql`: a WebSocket, or in development GraphiQL.
pub(crate) async fn convention_get(
    State(parts): State<Arc<Parts>>,
    Path(slug): Path<String>,
    request: Request,
) -> Response {
    get(parts, request, Address::Convention(slug)).await
}

/// `GET /graphql`
pub(crate) async fn host_get(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    get(parts, request, Address::Host).await
}

async fn get(parts: Arc<Parts>, request: Request, address: Address) -> Response {
    let (head, _) = request.into_parts();
    if head.headers.contains_key(UPGRADE) {
        return socket::upgrade(parts, head, address).await;
    }
    let wants_page = head
        .headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if parts.mode == Mode::Development
        && wants_page
        && let Some(address) = address.path()
    {
        return graphiql::page(&address);
    }
    let fault = Fault::new(
        code::INVALID,
        "send operations with POST, or subscriptions over a WebSocket (graphql-transport-ws)",
    );
    answer::with_status(StatusCode::METHOD_NOT_ALLOWED, &fault, Shape::Graphql, &caller::request_id(&head))
}

/// `GET /c/{convention}/schema.graphql`: the composed schema as text, for tools.
pub(crate) async fn schema(State(parts): State<Arc<Parts>>, Path(slug): Path<String>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    match convention_place(&parts, &head, &slug).await {
        Ok(place) => {
            ([(CONTENT_TYPE, "text/plain; charset=utf-8")], place.open.schema.sdl().to_owned()).into_response()
        }
        Err(fault) => answer::fault(&fault, Shape::Plain, &caller::request_id(&head)),
    }
}

async fn answer(parts: &Arc<Parts>, head: &Head, body: axum::body::Body, place: Result<Place, Fault>) -> Response {
    match run(parts, head, body, place).await {
        Ok(response) => response,
        Err(fault) => answer::fault(&fault, Shape::Graphql, &caller::request_id(head)),
    }
}

async fn run(
    parts: &Arc<Parts>,
    head: &Head,
    body: axum::body::Body,
    place: Result<Place, Fault>,
) -> Result<Response, Fault> {
    let place = place?;
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !content_type.trim_start().to_ascii_lowercase().starts_with("application/json") {
        return Err(Fault::new(code::INVALID, "send the operation as JSON, with `Content-Type: application/json`"));
    }
    let body = body::read(&head.headers, body, parts.limits.graphql_bytes, parts.limits.body).await?;
    let operation = parse(&body)?;
    let Place { open, scope, caller } = place;
    let desk = Desk { parts: Arc::clone(parts), caller };
    let answered = parts.engine.execute(&open.schema, &operation, &scope, &desk).await;
    let mut response = Response::new(axum::body::Body::from(answered.body));
    if answered.outcome == Outcome::Refused {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(VARY, PER_CALLER);
    Ok(response)
}

/// Reads a request's body.
pub(crate) fn parse(body: &[u8]) -> Result<Operation, Fault> {
    serde_json::from_slice(body).map_err(|error| {
        Fault::new(
            code::GRAPHQL_INVALID,
            format!("the body is no GraphQL request ({error}); send {{\"query\": \"…\", \"variables\": {{…}}}}"),
        )
    })
}

/// Starts an operation on a WebSocket: the answers of a subscription, or the one answer of anything else. What cannot even begin is a list
/// of errors.
pub(crate) async fn start(
    parts: &Arc<Parts>,
    place: &Place,
    scope: Scope,
    operation: Operation,
) -> Result<BoxStream<'static, Bytes>, String> {
    let Place { open, caller, .. } = place;
    let desk = Desk { parts: Arc::clone(parts), caller: Arc::clone(caller) };
    let kind = parts
        .engine
        .operation_kind(&open.schema, &operation, &scope)
        .await
        .map_err(|refused| errors_of(&refused.body))?;
    if kind == OperationKind::Subscription {
        let answers = parts.engine.subscribe(&open.schema, &operation, scope, Arc::new(desk), &parts.hub).await;
        return Ok(answers.map_err(|refused| errors_of(&refused.body))?.boxed());
    }
    let answered = parts.engine.execute(&open.schema, &operation, &scope, &desk).await;
    if answered.outcome == Outcome::Refused {
        return Err(errors_of(&answered.body));
    }
    Ok(futures::stream::once(std::future::ready(answered.body)).boxed())
}

/// The list of errors in a response.
fn errors_of(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Errors<'b> {
        #[serde(borrow)]
        errors: &'b serde_json::value::RawValue,
    }
    serde_json::from_slice::<Errors<'_>>(body)
        .map_or_else(|_| "[]".to_owned(), |response| response.errors.get().to_owned())
}

/// A fault as a list of GraphQL errors.
pub(crate) fn errors(fault: &Fault, request: &RequestId) -> String {
    json!([{ "message": fault.message, "extensions": { "code": fault.code, "requestId": request } }]).to_string()
}
