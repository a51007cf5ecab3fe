//! Plugins' own HTTP routes, below `/c/{convention}/x/{plugin}/`.
//!
//! The manifest declares each route; what is not declared is not there. Method, permission and size are checked before the plugin runs, and
//! what it answers is cleaned before it leaves.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use conman_kernel::dispatch::{Dispatcher as _, RouteCall};
use conman_kernel::fault::{Fault, code};
use http::Method;
use http::request::Parts as Head;

use crate::desk::Desk;
use crate::http::answer::{self, Shape};
use crate::http::{body, caller, headers};
use crate::parts::Parts;

/// Answers a request to a plugin's route.
pub(crate) async fn answer(
    State(parts): State<Arc<Parts>>,
    Path((convention, plugin, path)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let id = caller::request_id(&head);
    match call(&parts, &head, body, &convention, &plugin, path).await {
        Ok(response) => response,
        Err(fault) => answer::fault(&fault, Shape::Plain, &id),
    }
}

async fn call(
    parts: &Arc<Parts>,
    head: &Head,
    body: axum::body::Body,
    convention: &str,
    name: &str,
    path: String,
) -> Result<Response, Fault> {
    let (convention, open) = caller::convention(parts, convention).await?;
    let (scope, caller) = caller::scope(parts, head, Some(convention), &open).await?;
    let missing =
        || Fault::new(code::NOT_FOUND, format!("no enabled plugin answers {} at x/{name}/{path}", head.method));
    let plugin = open.plugin_named(name).ok_or_else(missing)?;
    // HEAD is GET without the body, as everywhere in HTTP.
    let method = if head.method == Method::HEAD { "GET" } else { head.method.as_str() };
    let route = plugin.manifest().route(method, &path).ok_or_else(missing)?;
    if let Some(permission) = &route.permission
        && !scope.actor.may(permission)
    {
        let (code, what) = match scope.actor.account() {
            Some(_) => (code::FORBIDDEN, "ask an admin of the convention for it"),
            None => (code::UNAUTHENTICATED, "sign in with an account that has it"),
        };
        return Err(Fault::new(code, format!("this takes the permission {permission}; {what}")));
    }
    let body = if method == "GET" {
        Vec::new()
    } else {
        body::read(&head.headers, body, route.body_limit, parts.limits.body).await?.into()
    };
    let call = RouteCall {
        plugin: plugin.id().clone(),
        kind: route.kind,
        method: method.to_owned(),
        path,
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers::shown(&head.headers),
        body,
    };
    let desk = Desk { parts: Arc::clone(parts), caller: Arc::new(caller) };
    let answer = desk.route(&scope, call).await?;
    headers::response(answer, &head.method, &head.headers)
        .ok_or_else(|| Fault::new(code::BAD_ANSWER, format!("{} answered with a status that is none", plugin.id())))
}
