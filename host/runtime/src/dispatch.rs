//! The runtime as the rest of the host sees it: kernel calls in, kernel answers out.

use std::sync::Arc;

use async_trait::async_trait;
use conman_kernel::actor::{Actor, Permissions};
use conman_kernel::convention::Convention;
use conman_kernel::digest::Digest;
use conman_kernel::dispatch::{BatchAnswer, CallKind, Dispatcher, FieldCall, Handled, RouteAnswer, RouteCall, Scope};
use conman_kernel::event::Event;
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::PluginId;
use serde_json::value::RawValue;

use crate::bindings::event_handler::exports::conman::plugin::event_handler::Event as GuestEvent;
use crate::bindings::resolvers::exports::conman::plugin::resolvers::FieldRequest;
use crate::bindings::routes::exports::conman::plugin::routes::{Header, Request as GuestRequest};
use crate::bindings::types::{Actor as GuestActor, Context, Convention as GuestConvention};
use crate::call::{Call, Outcome};
use crate::doing::Doing;
use crate::enabled::Enabled;
use crate::faults;
use crate::guest::{Answer, Request};
use crate::idempotency::{Remembered, route_answer};
use crate::runtime::Runtime;

#[async_trait]
impl Dispatcher for Runtime {
    async fn resolve(&self, scope: &Scope, call: FieldCall) -> Result<String, Fault> {
        let enabled = self.of_scope(scope, &call.plugin)?;
        let remembered = Remembered::of_field(scope, &call, &self.surroundings().clock);
        let doing = Doing::of_field(scope, &call, self.surroundings());
        let kind = call.kind;
        let request = Request::Field(field_request(call)?);
        match self.run_once(Call { remembered, doing, ..prepared(scope, enabled, kind, request)? }).await? {
            Outcome::Answer(Answer::Field(json)) | Outcome::Before(Some(json)) => Ok(json),
            _ => Err(other_answer()),
        }
    }

    async fn resolve_batch(&self, scope: &Scope, call: FieldCall, parents: Vec<String>) -> Result<BatchAnswer, Fault> {
        let enabled = self.of_scope(scope, &call.plugin)?;
        let kind = call.kind;
        let request = Request::Batch(field_request(call)?, parents);
        match self.caller().run(prepared(scope, enabled, kind, request)?).await? {
            Outcome::Answer(Answer::Batch(answers)) => {
                Ok(answers.into_iter().map(|answer| answer.map_err(faults::of_guest)).collect())
            }
            _ => Err(other_answer()),
        }
    }

    async fn handle(&self, scope: &Scope, plugin: &PluginId, event: &Event) -> Result<Handled, Fault> {
        let enabled = self.of_scope(scope, plugin)?;
        let request = Request::Event(GuestEvent {
            id: event.id.to_string(),
            topic: event.topic.clone(),
            key: event.key.clone(),
            payload: event.payload.clone(),
            publisher: event.publisher.to_string(),
            emitted_at: event.emitted_at.as_millisecond(),
            extra: EXTRA.to_owned(),
        });
        let call = Call {
            hops: event.hops.max(scope.hops).saturating_add(1),
            once: Some(Arc::new(event.clone())),
            ..prepared(scope, enabled, CallKind::Mutation, request)?
        };
        match self.caller().run(call).await? {
            Outcome::Answer(_) => Ok(Handled::Now),
            Outcome::Before(_) => Ok(Handled::Before),
        }
    }

    async fn route(&self, scope: &Scope, mut call: RouteCall) -> Result<RouteAnswer, Fault> {
        let enabled = self.of_scope(scope, &call.plugin)?;
        let kind = call.kind;
        // For the trail, and for whoever asks again.
        let body = match kind {
            CallKind::Query => None,
            CallKind::Mutation | CallKind::Action => Some(digest_of(&mut call.body).await?),
        };
        let remembered = body.and_then(|body| Remembered::of_route(scope, &call, body, &self.surroundings().clock));
        let manifest = &enabled.plugin.package.manifest;
        let doing = body.map(|body| Doing::of_route(scope, &call, body, manifest, self.surroundings()));
        let request = Request::Route(GuestRequest {
            method: call.method,
            path: call.path,
            query: call.query,
            headers: call.headers.into_iter().map(|(name, value)| Header { name, value }).collect(),
            body: call.body,
            extra: EXTRA.to_owned(),
        });
        match self.run_once(Call { remembered, doing, ..prepared(scope, enabled, kind, request)? }).await? {
            Outcome::Answer(Answer::Route(answer)) => Ok(answer),
            Outcome::Before(Some(stored)) => route_answer(&stored),
            _ => Err(other_answer()),
        }
    }

    fn revision(&self, scope: &Scope, plugin: &PluginId) -> u64 {
        self.of_scope(scope, plugin).map_or(0, |enabled| enabled.standing.revision())
    }
}

/// The digest of a body. A long one would hold up others on this thread.
async fn digest_of(body: &mut Vec<u8>) -> Result<Digest, Fault> {
    const LONG: usize = 256 << 10;

    if body.len() <= LONG {
        return Ok(Digest::of(body));
    }
    let long = std::mem::take(body);
    let hashed = tokio::task::spawn_blocking(move || (Digest::of(&long), long)).await;
    let (digest, long) = hashed.map_err(Fault::internal)?;
    *body = long;
    Ok(digest)
}

/// The contract's records grow in `extra`.
const EXTRA: &str = "{}";

impl Runtime {
    fn of_scope(&self, scope: &Scope, plugin: &PluginId) -> Result<Arc<Enabled>, Fault> {
        let convention = scope
            .convention
            .as_deref()
            .ok_or_else(|| Fault::new(code::NOT_FOUND, "plugins run inside a convention"))?;
        self.enabled_plugin(&convention.id, plugin).ok_or_else(|| {
            Fault::new(code::NOT_FOUND, format!("the plugin {plugin} is not enabled in {}", convention.slug))
        })
    }

    /// Runs a call; one that repeats another by its key answers what that answered.
    async fn run_once(&self, call: Call) -> Result<Outcome, Fault> {
        match &call.remembered {
            Some(remembered) if call.kind == CallKind::Action => {
                let remembered = remembered.clone();
                self.run_action_once(call, remembered).await
            }
            _ => self.caller().run(call).await,
        }
    }

    async fn run_action_once(&self, call: Call, remembered: Remembered) -> Result<Outcome, Fault> {
        let Some(database) = call.enabled.database.clone() else { return self.caller().run(call).await };
        let standing = Arc::clone(&call.enabled.standing);
        let alone = self.twins().alone(&standing.convention, &standing.plugin, &remembered).await;
        if let Some(before) = remembered.answer_alone(&database).await? {
            return before;
        }
        let caller = Arc::clone(self.caller());
        // On a task of its own: whoever hangs up must not leave an action done and its answer forgotten.
        let task = tokio::spawn(async move {
            let outcome = caller.run(call).await?;
            if let Outcome::Answer(answer) = &outcome
                && let Some(text) = answer.text()
            {
                remembered.remember_alone(&database, &text).await?;
            }
            drop(alone);
            Ok(outcome)
        });
        task.await.unwrap_or_else(|error| Err(Fault::internal(error)))
    }
}

pub(crate) fn prepared(scope: &Scope, enabled: Arc<Enabled>, kind: CallKind, request: Request) -> Result<Call, Fault> {
    let convention =
        scope.convention.as_deref().ok_or_else(|| Fault::internal("a plugin call without a convention"))?;
    Ok(Call {
        context: context(scope, convention, &enabled, kind),
        request_id: scope.request.clone(),
        hops: scope.hops,
        enabled,
        kind,
        request,
        remembered: None,
        doing: None,
        once: None,
    })
}

fn context(scope: &Scope, convention: &Convention, enabled: &Enabled, kind: CallKind) -> Context {
    Context {
        actor: guest_actor(&scope.actor, enabled),
        convention: GuestConvention {
            id: convention.id.to_string(),
            slug: convention.slug.as_str().to_owned(),
            name: convention.name.clone(),
            time_zone: convention.time_zone.clone(),
            starts_on: convention.starts_on.to_string(),
            ends_on: convention.ends_on.to_string(),
            day_change: format!("{:02}:{:02}", convention.day_change.hour(), convention.day_change.minute()),
            extra: EXTRA.to_owned(),
        },
        request_id: scope.request.to_string(),
        kind: kind.as_str().to_owned(),
        languages: scope.languages.to_vec(),
        extra: EXTRA.to_owned(),
    }
}

/// What a plugin learns of the actor: of the permissions only those it declares itself.
fn guest_actor(actor: &Actor, enabled: &Enabled) -> GuestActor {
    let declared = enabled.plugin.package.manifest.permissions.keys();
    let permissions = match &actor.permissions {
        Permissions::All => declared.cloned().collect(),
        Permissions::Only(held) => declared.filter(|name| held.contains(*name)).cloned().collect(),
    };
    GuestActor {
        kind: actor.kind().to_owned(),
        id: actor.account().map(ToString::to_string).unwrap_or_default(),
        name: actor.name.clone(),
        roles: actor.roles.iter().map(|role| role.0.clone()).collect(),
        permissions,
        extra: EXTRA.to_owned(),
    }
}

fn field_request(call: FieldCall) -> Result<FieldRequest, Fault> {
    Ok(FieldRequest {
        type_name: call.type_name.to_string(),
        field: call.field.to_string(),
        arguments: call.arguments.to_string(),
        selection: call.selection.to_string(),
        event: call.event.as_deref().map(event_json).transpose()?.unwrap_or_default(),
        extra: EXTRA.to_owned(),
    })
}

/// The event that woke a subscription, as the contract writes it.
fn event_json(event: &Event) -> Result<String, Fault> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Woke<'e> {
        id: &'e str,
        topic: &'e str,
        key: &'e str,
        payload: &'e RawValue,
        publisher: &'e str,
        emitted_at: i64,
    }

    let payload: &RawValue = serde_json::from_str(&event.payload).map_err(Fault::internal)?;
    serde_json::to_string(&Woke {
        id: event.id.as_str(),
        topic: &event.topic,
        key: &event.key,
        payload,
        publisher: event.publisher.as_str(),
        emitted_at: event.emitted_at.as_millisecond(),
    })
    .map_err(Fault::internal)
}

fn other_answer() -> Fault {
    Fault::internal("a call answered with another call's kind of answer")
}
