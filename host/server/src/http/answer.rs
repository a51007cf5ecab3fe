//! Answers that are errors: JSON with a code for programs and a message for the person who must act.
//!
//! GraphQL addresses answer `{"errors":[{"message","extensions":{"code"}}]}`, as GraphQL clients expect; all others
//! `{"error":{"code","message"}}`. Both quote the request's id.

use axum::response::{IntoResponse, Response};
use conman_kernel::fault::{Code, Fault, code};
use conman_kernel::id::RequestId;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, json};

/// How an error is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As GraphQL clients read it.
    Graphql,
    /// As everybody else does.
    Plain,
}

/// Which HTTP status says the same as a fault's code. A plugin's own codes mean that it understood and declined: 422.
pub(crate) fn status_of(fault: &Fault) -> StatusCode {
    let table: [(Code, StatusCode); 24] = [
        (code::UNAUTHENTICATED, StatusCode::UNAUTHORIZED),
        (code::FORBIDDEN, StatusCode::FORBIDDEN),
        (code::NOT_FOUND, StatusCode::NOT_FOUND),
        (code::INVALID, StatusCode::BAD_REQUEST),
        (code::GRAPHQL_INVALID, StatusCode::BAD_REQUEST),
        (code::GRAPHQL_LIMIT, StatusCode::BAD_REQUEST),
        (code::ALREADY_EXISTS, StatusCode::CONFLICT),
        (code::CONFLICT, StatusCode::CONFLICT),
        (code::IDEMPOTENCY_MISMATCH, StatusCode::CONFLICT),
        (code::RATE_LIMITED, StatusCode::TOO_MANY_REQUESTS),
        (code::TOO_LARGE, StatusCode::PAYLOAD_TOO_LARGE),
        (code::OVERLOADED, StatusCode::SERVICE_UNAVAILABLE),
        (code::UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE),
        (code::TIMEOUT, StatusCode::GATEWAY_TIMEOUT),
        (code::CPU_LIMIT, StatusCode::BAD_GATEWAY),
        (code::MEMORY_LIMIT, StatusCode::BAD_GATEWAY),
        (code::QUOTA, StatusCode::BAD_GATEWAY),
        (code::PLUGIN_TRAPPED, StatusCode::BAD_GATEWAY),
        (code::BAD_ANSWER, StatusCode::BAD_GATEWAY),
        (code::READ_ONLY, StatusCode::BAD_GATEWAY),
        (code::SQL_REFUSED, StatusCode::BAD_GATEWAY),
        (code::SQL_FAILED, StatusCode::BAD_GATEWAY),
        (code::NOT_GRANTED, StatusCode::BAD_GATEWAY),
        (code::INTERNAL, StatusCode::INTERNAL_SERVER_ERROR),
    ];
    let known = table.into_iter().find(|(known, _)| *known == fault.code);
    known.map_or(StatusCode::UNPROCESSABLE_ENTITY, |(_, status)| status)
}

/// Writes a fault down. Its detail goes to the log, never to the client.
pub(crate) fn fault(fault: &Fault, shape: Shape, request: &RequestId) -> Response {
    with_status(status_of(fault), fault, shape, request)
}

/// The same, with a status that says more than the code does.
pub(crate) fn with_status(status: StatusCode, fault: &Fault, shape: Shape, request: &RequestId) -> Response {
    if status.is_server_error() || fault.detail.is_some() {
        let detail = fault.detail.as_deref().unwrap_or_default();
        tracing::error!(%request, code = %fault.code, message = fault.message, detail, "request failed");
    }
    let pointer = (!fault.pointer.is_empty()).then(|| ("pointer".to_owned(), json!(fault.pointer)));
    let body = match shape {
        Shape::Graphql => {
            let mut extensions =
                Map::from_iter([("code".to_owned(), json!(fault.code)), ("requestId".to_owned(), json!(request))]);
            extensions.extend(pointer);
            json!({ "errors": [{ "message": fault.message, "extensions": extensions }] })
        }
        Shape::Plain => {
            let mut error = Map::from_iter([
                ("code".to_owned(), json!(fault.code)),
                ("message".to_owned(), json!(fault.message)),
                ("requestId".to_owned(), json!(request)),
            ]);
            error.extend(pointer);
            json!({ "error": error })
        }
    };
    let mut response = (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response();
    if fault.retryable || status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    async fn check(fault: Fault, shape: Shape, expected: Expect) {
        let response = super::fault(&fault, shape, &RequestId::from_stored("r1"));
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
        expected.assert_eq(&format!("{} {}", status.as_u16(), String::from_utf8(body.to_vec()).unwrap()));
    }

    #[tokio::test]
    async fn an_error_names_its_code_and_its_request_and_hides_its_detail() {
        check(
            Fault::new(code::NOT_FOUND, "no such convention").with_detail("secret"),
            Shape::Plain,
            expect![[r#"404 {"error":{"code":"not-found","message":"no such convention","requestId":"r1"}}"#]],
        )
        .await;
        check(
            Fault::new(Code::from_plugin("OCCUPIED"), "the shift is full").at("/shift"),
            Shape::Graphql,
            expect![[r#"422 {"errors":[{"extensions":{"code":"OCCUPIED","pointer":"/shift","requestId":"r1"},"message":"the shift is full"}]}"#]],
        )
        .await;
    }
}
