//! Where a request's calls are sorted: the host's own fields are answered here, everything else goes to the plugins.
//!
//! A desk is made for each request, because the host's own fields need what plugins must never see: the bearer token and the client's
//! address.

use std::sync::Arc;

use async_trait::async_trait;
use conman_identity::Client;
use conman_kernel::actor::Principal;
use conman_kernel::convention::ConventionState;
use conman_kernel::dispatch::{BatchAnswer, CallKind, Dispatcher, FieldCall, Handled, RouteAnswer, RouteCall, Scope};
use conman_kernel::event::Event;
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::PluginId;

use crate::fields;
use crate::parts::Parts;

/// Who stands at the desk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// The token the request came with.
    pub(crate) bearer: Option<String>,
    /// From where, with what.
    pub(crate) client: Client,
}

/// The dispatcher of one request. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) parts: Arc<Parts>,
    pub(crate) caller: Arc<Caller>,
}

#[async_trait]
impl Dispatcher for Desk {
    async fn resolve(&self, scope: &Scope, call: FieldCall) -> Result<String, Fault> {
        if call.plugin == self.parts.host_plugin {
            if call.kind == CallKind::Query {
                return fields::resolve(self, scope, &call).await;
            }
            if scope.idempotency.is_some() {
                return Err(Fault::new(
                    code::INVALID,
                    format!(
                        "`{}` is the host's own and remembers no Idempotency-Key; leave the header out, and look whether it was done before you repeat it",
                        call.field
                    ),
                ));
            }
            // On a task of its own: a client that hangs up must not leave half of a change behind.
            let (desk, scope) = (self.clone(), scope.clone());
            let changing = self.parts.running.spawn(async move { fields::resolve(&desk, &scope, &call).await });
            return changing.await.map_err(Fault::internal)?;
        }
        self.before_change(scope, call.kind).await?;
        self.parts.runtime.resolve(scope, call).await
    }

    async fn resolve_batch(&self, scope: &Scope, call: FieldCall, parents: Vec<String>) -> Result<BatchAnswer, Fault> {
        if call.plugin == self.parts.host_plugin {
            return fields::resolve_batch(self, scope, &call, &parents).await;
        }
        self.parts.runtime.resolve_batch(scope, call, parents).await
    }

    async fn handle(&self, scope: &Scope, plugin: &PluginId, event: &Event) -> Result<Handled, Fault> {
        self.parts.runtime.handle(scope, plugin, event).await
    }

    async fn route(&self, scope: &Scope, call: RouteCall) -> Result<RouteAnswer, Fault> {
        if call.plugin == self.parts.host_plugin {
            return Err(Fault::new(code::NOT_FOUND, "the host itself has no such route"));
        }
        self.before_change(scope, call.kind).await?;
        self.parts.runtime.route(scope, call).await
    }

    fn revision(&self, scope: &Scope, plugin: &PluginId) -> u64 {
        if *plugin == self.parts.host_plugin {
            // The host's own answers are never served again: none of its fields is marked `@cache`.
            return 0;
        }
        self.parts.runtime.revision(scope, plugin)
    }
}

impl Desk {
    /// What is checked and remembered before a plugin changes anything.
    async fn before_change(&self, scope: &Scope, kind: CallKind) -> Result<(), Fault> {
        let (Some(convention), false) = (&scope.convention, kind == CallKind::Query) else { return Ok(()) };
        // What is over is read and no longer changed. Its admins can still look after it, and open it again.
        if convention.state == ConventionState::Archived {
            return Err(Fault::new(
                code::FORBIDDEN,
                "this convention is archived and no longer changes; an admin can open it again",
            ));
        }
        if scope.idempotency.is_some() && scope.actor.principal == Principal::Anonymous {
            return Err(Fault::new(
                code::UNAUTHENTICATED,
                "an Idempotency-Key is kept for whoever sends it: sign in, or leave the header out",
            ));
        }
        Ok(self.parts.identity.meet(&scope.actor, &convention.id).await?)
    }
}
