//! The host's own GraphQL fields: one file for each thing they are about. They are reached like any plugin's, through
//! [`Dispatcher`](conman_kernel::dispatch::Dispatcher), under the name `conman/host`.
//!
//! `@permission` in the schema lets the graph refuse early and say so in introspection; the crates behind (identity above all) check
//! again what they are asked to do, so that a field added without the directive opens nothing.

mod account;
mod audit;
mod convention;
mod delivery;
mod member;
mod organization;
pub(crate) mod plugin;
mod session;
mod token;

use std::sync::Arc;

use conman_identity::Realm;
use conman_kernel::convention::Convention;
use conman_kernel::dispatch::{BatchAnswer, FieldCall, Scope};
use conman_kernel::fault::{Fault, code};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::desk::Desk;

/// What a convention's schema and the host's own have in common.
pub(crate) const COMMON_SDL: &str = include_str!("../schema/common.graphql");
/// What only the host's own has.
pub(crate) const HOST_SDL: &str = include_str!("../schema/host.graphql");
/// What only a convention's has.
pub(crate) const CONVENTION_SDL: &str = include_str!("../schema/convention.graphql");

type Answer = Result<Value, Fault>;

/// A field to be answered.
#[derive(Clone, Copy)]
struct Ask<'a> {
    desk: &'a Desk,
    scope: &'a Scope,
    arguments: &'a str,
    selection: &'a str,
}

/// Answers a root field.
pub(crate) async fn resolve(desk: &Desk, scope: &Scope, call: &FieldCall) -> Result<String, Fault> {
    let ask = Ask { desk, scope, arguments: &call.arguments, selection: &call.selection };
    let here = scope.convention.is_some();
    let answer = match (&*call.type_name, &*call.field) {
        ("Query", "me") => session::me(ask).await,
        ("Mutation", "signIn") => session::sign_in(ask).await,
        ("Mutation", "signOut") => session::sign_out(ask).await,
        ("Mutation", "changePassword") => session::change_password(ask).await,
        ("Query", "signIns") => session::list(ask).await,
        ("Mutation", "signOutEverywhere") => session::sign_out_everywhere(ask).await,
        ("Mutation", "renameAccount") => account::rename(ask).await,
        ("Query", "apiTokens") => token::list(ask).await,
        ("Mutation", "createToken") => token::create(ask).await,
        ("Mutation", "revokeToken") => token::revoke(ask).await,
        ("Query", "members") => member::list(ask).await,
        ("Mutation", "grantRole") => member::grant(ask).await,
        ("Mutation", "revokeRole") => member::revoke(ask).await,
        ("Query", "packages") => plugin::packages(ask).await,
        ("Query", "auditTrail") => audit::trail(ask).await,

        ("Query", "convention") if here => convention::this(ask),
        ("Mutation", "updateConvention") => convention::update(ask).await,
        ("Query", "permissionOverrides") => member::overrides(ask).await,
        ("Mutation", "setPermission") => member::set_override(ask).await,
        ("Mutation", "setConventionState") => convention::set_state(ask).await,
        ("Query", "plugins") => plugin::enabled(ask),
        ("Query", "pluginLogs") => plugin::logs(ask).await,
        ("Mutation", "enablePlugin") => plugin::enable(ask).await,
        ("Mutation", "disablePlugin") => plugin::disable(ask).await,
        ("Mutation", "purgePlugin") => plugin::purge(ask).await,
        ("Query", "deadLetters") => delivery::dead_letters(ask).await,
        ("Mutation", "replayEvent") => delivery::replay(ask).await,
        ("Mutation", "replayEvents") => delivery::replay_all(ask).await,
        ("Mutation", "discardEvent") => delivery::discard(ask).await,

        ("Query", "convention") => convention::by_slug(ask).await,
        ("Query", "conventions") => convention::list(ask).await,
        ("Mutation", "createConvention") => convention::create(ask).await,
        ("Query", "organizations") => organization::list(ask).await,
        ("Mutation", "createOrganization") => organization::create(ask).await,
        ("Mutation", "renameOrganization") => organization::rename(ask).await,
        ("Mutation", "moveOrganization") => organization::relocate(ask).await,
        ("Mutation", "uninstallPackage") => plugin::uninstall(ask).await,
        ("Query", "accounts") => account::list(ask).await,
        ("Mutation", "createAccount") => account::create(ask).await,
        ("Mutation", "resetPassword") => account::reset_password(ask).await,
        ("Mutation", "setAccountActive") => account::set_active(ask).await,
        (type_name, field) => {
            Err(Fault::internal(format!("the host's schema has {type_name}.{field}, its resolvers do not")))
        }
    };
    answer.map(|value| value.to_string())
}

/// Loads the host's entities by their keys.
pub(crate) async fn resolve_batch(
    desk: &Desk,
    scope: &Scope,
    call: &FieldCall,
    parents: &[String],
) -> Result<BatchAnswer, Fault> {
    let ask = Ask { desk, scope, arguments: &call.arguments, selection: &call.selection };
    match (&*call.type_name, &*call.field) {
        ("Account", "__entity") => account::load(ask, parents).await,
        (type_name, field) => {
            Err(Fault::internal(format!("the host's schema has {type_name}.{field}, its resolvers do not")))
        }
    }
}

impl Ask<'_> {
    /// The arguments, which the graph has already coerced to their declared types.
    fn arguments<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_str(self.arguments)
            .map_err(|error| Fault::new(code::INVALID, format!("the arguments do not fit: {error}")))
    }

    /// Whether the client asks for that sub-field.
    fn wants(&self, field: &str) -> bool {
        serde_json::from_str::<Vec<&str>>(self.selection).is_ok_and(|paths| paths.contains(&field))
    }

    /// The convention the request is about.
    fn convention(&self) -> Result<&Arc<Convention>, Fault> {
        self.scope
            .convention
            .as_ref()
            .ok_or_else(|| Fault::internal("a convention's field was asked of the host's schema"))
    }

    /// Where roles are given: the convention, or an organization.
    fn realm(&self, organization: Option<String>) -> Realm {
        match (&self.scope.convention, organization) {
            (Some(convention), _) => Realm::Convention(convention.id.clone()),
            (None, Some(id)) => Realm::Organization(conman_kernel::id::OrganizationId::from_stored(id)),
            (None, None) => Realm::host(),
        }
    }
}

/// What every paged field takes.
#[derive(Debug, serde::Deserialize)]
struct Paging {
    first: i64,
    #[serde(default)]
    after: Option<String>,
}

impl Paging {
    fn request(self) -> Result<conman_identity::PageRequest, Fault> {
        let limit = u32::try_from(self.first).ok().filter(|limit| (1..=200).contains(limit));
        let limit = limit.ok_or_else(|| Fault::new(code::INVALID, "`first` must be between 1 and 200").at("/first"))?;
        Ok(conman_identity::PageRequest { after: self.after, limit })
    }
}
