//! The step over the boundary: which export is called with what, and what may come back.

use std::borrow::Cow;

use conman_kernel::dispatch::{CallKind, RouteAnswer};
use conman_kernel::fault::Fault;
use wasmtime::Store;

use crate::bindings::event_handler::exports::conman::plugin::event_handler::Event;
use crate::bindings::resolvers::exports::conman::plugin::resolvers::FieldRequest;
use crate::bindings::routes::exports::conman::plugin::routes::{Request as RouteRequest, Response};
use crate::bindings::types::Error;
use crate::call::Call;
use crate::faults::{bad_answer, quota};
use crate::idempotency::route_text;
use crate::limits::Limits;
use crate::state::CallState;

/// What a guest is asked.
pub(crate) enum Request {
    Field(FieldRequest),
    Batch(FieldRequest, Vec<String>),
    Event(Event),
    Route(RouteRequest),
    Config(String),
}

/// What it answers.
pub(crate) enum Answer {
    Field(String),
    Batch(Vec<Result<String, Error>>),
    Handled,
    Route(RouteAnswer),
    Config(Vec<Error>),
}

/// Makes an instance and calls it. The outer error is a trap, the inner one the guest's own.
pub(crate) async fn run(store: &mut Store<CallState>, call: &Call) -> wasmtime::Result<Result<Answer, Error>> {
    let plugin = &call.enabled.plugin;
    let (roles, context) = (&plugin.roles, &call.context);
    let instance = plugin.pre.instantiate_async(&mut *store).await?;
    let missing = || wasmtime::Error::msg("the component does not export this role");
    match &call.request {
        Request::Field(request) => {
            let role = roles.resolvers.as_ref().ok_or_else(missing)?.load(&mut *store, &instance)?;
            Ok(role.conman_plugin_resolvers().call_resolve(store, context, request).await?.map(Answer::Field))
        }
        Request::Batch(request, parents) => {
            let role = roles.resolvers.as_ref().ok_or_else(missing)?.load(&mut *store, &instance)?;
            Ok(role
                .conman_plugin_resolvers()
                .call_resolve_batch(store, context, request, parents)
                .await?
                .map(Answer::Batch))
        }
        Request::Event(event) => {
            let role = roles.event_handler.as_ref().ok_or_else(missing)?.load(&mut *store, &instance)?;
            Ok(role.conman_plugin_event_handler().call_handle(store, context, event).await?.map(|()| Answer::Handled))
        }
        Request::Route(request) => {
            let role = roles.routes.as_ref().ok_or_else(missing)?.load(&mut *store, &instance)?;
            Ok(role.conman_plugin_routes().call_handle(store, context, request).await?.map(Answer::of_route))
        }
        Request::Config(config) => {
            let role = roles.lifecycle.as_ref().ok_or_else(missing)?.load(&mut *store, &instance)?;
            let findings = role.conman_plugin_lifecycle().call_validate_config(store, context, config).await?;
            Ok(Ok(Answer::Config(findings.err().unwrap_or_default())))
        }
    }
}

impl Answer {
    fn of_route(response: Response) -> Self {
        let headers = response.headers.into_iter().map(|header| (header.name.to_ascii_lowercase(), header.value));
        Self::Route(RouteAnswer { status: response.status, headers: headers.collect(), body: response.body })
    }

    /// As it is kept for those who ask again; nothing where nobody can.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Field(json) => Some(json.into()),
            Self::Route(answer) => Some(route_text(answer).into()),
            Self::Batch(_) | Self::Handled | Self::Config(_) => None,
        }
    }

    /// Checks what can be checked without knowing the declared type. A query's JSON is left to whoever reads it, who parses it anyway;
    /// what a mutation or an action answers is parsed before anything is made durable, so that garbage leaves nothing behind.
    pub(crate) fn check(&self, request: &Request, kind: CallKind, limits: &Limits) -> Result<(), Fault> {
        match self {
            Self::Field(json) => {
                check_size(json.len(), limits.answer)?;
                if kind != CallKind::Query && serde_json::from_str::<serde::de::IgnoredAny>(json).is_err() {
                    return Err(bad_answer("the plugin's answer is no JSON; nothing of this call was kept"));
                }
                Ok(())
            }
            Self::Batch(answers) => {
                let asked = if let Request::Batch(_, parents) = request { parents.len() } else { 0 };
                if answers.len() != asked {
                    let message = format!(
                        "the plugin answered {} of {asked} parents; resolve_batch answers each, in their order",
                        answers.len()
                    );
                    return Err(bad_answer(message));
                }
                check_size(answers.iter().flatten().map(String::len).sum(), limits.answer)
            }
            Self::Route(response) => {
                if !(200..=599).contains(&response.status) {
                    return Err(bad_answer(format!(
                        "the plugin answered with HTTP status {}; 200 to 599 are allowed",
                        response.status
                    )));
                }
                if response.headers.len() > 64
                    || response.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > 16 << 10
                {
                    return Err(bad_answer("the plugin answered with more than 64 headers or 16 KiB of them"));
                }
                check_size(response.body.len(), limits.route_answer)
            }
            Self::Handled | Self::Config(_) => Ok(()),
        }
    }
}

fn check_size(bytes: usize, limit: usize) -> Result<(), Fault> {
    if bytes <= limit {
        return Ok(());
    }
    let mebibytes = limit >> 20;
    Err(quota(format!("the plugin's answer has {bytes} bytes; {mebibytes} MiB are allowed. Ask for less, or in pages")))
}
