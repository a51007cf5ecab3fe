//! What a call does, as it is written down in the trail of its plugin's database: who, what, with which arguments. In the same
//! transaction as the change, so that neither is there without the other.

use std::sync::Arc;

use conman_kernel::actor::Actor;
use conman_kernel::digest::Digest;
use conman_kernel::dispatch::{CallKind, FieldCall, RouteCall, Scope};
use conman_kernel::id::RequestId;
use conman_storage::PluginDeed;
use serde_json::Value;

use crate::log_ring::cut;
use crate::package::Manifest;
use crate::state::Surroundings;

/// The longest arguments that are kept, in bytes of JSON; of longer ones it is their length and digest. A longer address is cut.
const KEPT: usize = 2 << 10;

/// What is known of a call that may change something. Cheap to make: most of it is only put into words when something has changed.
pub(crate) struct Doing {
    actor: Arc<Actor>,
    request: RequestId,
    what: What,
    surroundings: Arc<Surroundings>,
}

enum What {
    Field {
        field: Arc<str>,
        arguments: Arc<str>,
    },
    Route {
        /// Method and path as declared.
        route: String,
        /// Path and query as asked.
        address: String,
        bytes: usize,
        body: Digest,
    },
}

impl Doing {
    /// None for what only reads.
    pub(crate) fn of_field(scope: &Scope, call: &FieldCall, surroundings: &Arc<Surroundings>) -> Option<Arc<Self>> {
        (call.kind != CallKind::Query).then(|| {
            let what = What::Field { field: Arc::clone(&call.field), arguments: Arc::clone(&call.arguments) };
            Self::of(scope, what, surroundings)
        })
    }

    /// The same of a route, by its declaration. `body` is the body's digest.
    pub(crate) fn of_route(
        scope: &Scope,
        call: &RouteCall,
        body: Digest,
        manifest: &Manifest,
        surroundings: &Arc<Surroundings>,
    ) -> Arc<Self> {
        let declared = manifest.route(&call.method, &call.path).map_or("", |route| route.path.as_str());
        let joint = if call.query.is_empty() { "" } else { "?" };
        let what = What::Route {
            route: format!("{} {declared}", call.method),
            address: format!("{}{joint}{}", call.path, call.query),
            bytes: call.body.len(),
            body,
        };
        Self::of(scope, what, surroundings)
    }

    fn of(scope: &Scope, what: What, surroundings: &Arc<Surroundings>) -> Arc<Self> {
        Arc::new(Self {
            actor: Arc::clone(&scope.actor),
            request: scope.request.clone(),
            what,
            surroundings: Arc::clone(surroundings),
        })
    }

    /// As it is written down now.
    pub(crate) fn deed(&self) -> PluginDeed {
        let at = self.surroundings.clock.now();
        PluginDeed {
            id: self.surroundings.deed_ids.next(at),
            at,
            actor: self.actor.key(),
            actor_name: self.actor.name.clone(),
            action: self.what.action().to_owned(),
            detail: format!("{{{},\"request\":\"{}\"}}", self.what.detail(), self.request),
        }
    }
}

impl What {
    fn action(&self) -> &str {
        match self {
            Self::Field { field, .. } => field,
            Self::Route { route, .. } => route,
        }
    }

    /// Members of a JSON object. Arguments are JSON already.
    fn detail(&self) -> String {
        match self {
            Self::Field { arguments, .. } if arguments.len() <= KEPT => format!("\"arguments\":{arguments}"),
            Self::Field { arguments, .. } => sum(arguments.len(), Digest::of(arguments.as_bytes())),
            Self::Route { address, bytes, body, .. } => {
                format!("\"address\":{},{}", Value::from(cut(address, KEPT)), sum(*bytes, *body))
            }
        }
    }
}

/// What is told of something too long to be kept.
fn sum(bytes: usize, digest: Digest) -> String {
    format!("\"bytes\":{bytes},\"digest\":\"{digest}\"")
}
