//! Which of the contract's exports a component has, found once when it is installed.

use wasmtime::component::{Component, InstancePre};

use crate::bindings::event_handler::EventHandlerRoleIndices;
use crate::bindings::lifecycle::LifecycleRoleIndices;
use crate::bindings::resolvers::ResolversRoleIndices;
use crate::bindings::routes::RoutesRoleIndices;
use crate::package::Package;
use crate::state::CallState;

/// The roles that a component plays.
pub(crate) struct Roles {
    pub(crate) resolvers: Option<ResolversRoleIndices>,
    pub(crate) event_handler: Option<EventHandlerRoleIndices>,
    pub(crate) routes: Option<RoutesRoleIndices>,
    pub(crate) lifecycle: Option<LifecycleRoleIndices>,
}

/// Why the exports of a component do not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// An export of a known name has other functions or types.
    #[error(
        "the plugin exports {name}, but not as wit/plugin says: {reason}; build it against the WIT of host API 1.1"
    )]
    OtherTypes {
        /// The interface.
        name: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// The manifest or schema promises what the component does not export.
    #[error("{promise}, but the component does not export {name}; implement it or remove the promise")]
    Missing {
        /// What promises it.
        promise: &'static str,
        /// The interface.
        name: &'static str,
    },
}

const RESOLVERS: &str = "conman:plugin/resolvers@1.1.0";
const EVENT_HANDLER: &str = "conman:plugin/event-handler@1.1.0";
const ROUTES: &str = "conman:plugin/routes@1.1.0";
const LIFECYCLE: &str = "conman:plugin/lifecycle@1.1.0";

impl Roles {
    pub(crate) fn of(pre: &InstancePre<CallState>, package: &Package) -> Result<Self, ExportError> {
        let component = pre.component();
        let roles = Self {
            resolvers: role(component, RESOLVERS, || ResolversRoleIndices::new(pre))?,
            event_handler: role(component, EVENT_HANDLER, || EventHandlerRoleIndices::new(pre))?,
            routes: role(component, ROUTES, || RoutesRoleIndices::new(pre))?,
            lifecycle: role(component, LIFECYCLE, || LifecycleRoleIndices::new(pre))?,
        };
        roles.keep_promises(package)?;
        Ok(roles)
    }

    fn keep_promises(&self, package: &Package) -> Result<(), ExportError> {
        let promised = [
            (
                !package.schema.trim().is_empty(),
                self.resolvers.is_some(),
                "the package has a GraphQL schema",
                RESOLVERS,
            ),
            (!package.manifest.routes.is_empty(), self.routes.is_some(), "plugin.toml declares [[routes]]", ROUTES),
            (
                !package.manifest.needs.events.subscribe.is_empty(),
                self.event_handler.is_some(),
                "plugin.toml subscribes to events",
                EVENT_HANDLER,
            ),
        ];
        match promised.into_iter().find(|(promised, kept, ..)| *promised && !*kept) {
            Some((_, _, promise, name)) => Err(ExportError::Missing { promise, name }),
            None => Ok(()),
        }
    }
}

fn role<T>(
    component: &Component,
    name: &'static str,
    find: impl FnOnce() -> wasmtime::Result<T>,
) -> Result<Option<T>, ExportError> {
    if component.get_export_index(None, name).is_none() {
        return Ok(None);
    }
    find().map(Some).map_err(|error| ExportError::OtherTypes { name, reason: format!("{error:#}") })
}
