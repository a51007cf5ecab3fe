//! What a call knows of its surroundings: who asks, for which convention, and what is wanted of the answer.

use std::cell::OnceCell;

use crate::bindings::conman::types::types as wire;
use crate::convention::Convention;
use crate::error::{Error, Result};

/// For whom and where a call runs.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who is asking.
    pub actor: Actor,
    /// The convention.
    pub convention: Convention,
    /// Quoted in logs.
    pub request_id: String,
    /// How the call treats storage and the outside world.
    pub kind: CallKind,
    /// BCP 47 language tags the client prefers, best first; empty when it did not say.
    pub languages: Vec<String>,
    /// What the client wants of the answer; empty outside GraphQL.
    pub selection: Selection,
}

/// How a call treats storage and the outside world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// One read-only snapshot.
    Query,
    /// One transaction around the call.
    Mutation,
    /// Transactions of its own: see [`crate::database::transaction`].
    Action,
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// What sort of actor.
    pub kind: ActorKind,
    /// The account's id; empty for nobody and for the host.
    pub id: String,
    /// The name people see.
    pub name: String,
    /// The roles held in this convention.
    pub roles: Vec<String>,
    /// The permissions held here, of those this plugin declares.
    pub permissions: Vec<String>,
}

/// What sort of actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// Nobody is signed in.
    Anonymous,
    /// A person.
    Account,
    /// A program, with a token that a person made.
    Token,
    /// The host itself: events, jobs, the command line.
    System,
}

impl Actor {
    /// The host itself.
    #[must_use]
    pub fn system() -> Self {
        Self {
            kind: ActorKind::System,
            id: String::new(),
            name: "system".to_owned(),
            roles: Vec::new(),
            permissions: Vec::new(),
        }
    }

    /// Whether this actor may do what `permission` names. The host itself may do everything.
    #[must_use]
    pub fn may(&self, permission: &str) -> bool {
        self.is_system() || self.permissions.iter().any(|held| held == permission)
    }

    /// Refuses whoever may not do what `permission` names.
    ///
    /// # Errors
    /// `unauthenticated` for nobody in particular, else `forbidden`.
    pub fn require(&self, permission: &str) -> Result<()> {
        if self.may(permission) {
            return Ok(());
        }
        Err(if self.kind == ActorKind::Anonymous {
            Error::unauthenticated("Sign in first.")
        } else {
            Error::forbidden(format!(
                "You need the permission `{permission}`; an admin of the convention can give it to you."
            ))
        })
    }

    /// The account's id, if a person is behind the actor.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        matches!(self.kind, ActorKind::Account | ActorKind::Token).then_some(self.id.as_str())
    }

    /// The account's id.
    ///
    /// # Errors
    /// `unauthenticated` when there is none.
    pub fn signed_in(&self) -> Result<&str> {
        self.account().ok_or_else(|| Error::unauthenticated("Sign in first."))
    }

    /// Whether the actor has this role here.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }

    /// Whether the host itself acts.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.kind == ActorKind::System
    }
}

impl Context {
    /// The host acting on `convention`: for native unit tests of code that takes a context.
    #[must_use]
    pub fn system(convention: Convention) -> Self {
        Self {
            actor: Actor::system(),
            convention,
            request_id: String::new(),
            kind: CallKind::Query,
            languages: Vec::new(),
            selection: Selection::default(),
        }
    }

    /// Reads what the host sent.
    pub(crate) fn from_wire(context: wire::Context, selection: String) -> Result<Self> {
        let kind = match context.kind.as_str() {
            "query" => CallKind::Query,
            "mutation" => CallKind::Mutation,
            "action" => CallKind::Action,
            other => return Err(newer_host("kind of call", other)),
        };
        let actor = context.actor;
        let actor_kind = match actor.kind.as_str() {
            "anonymous" => ActorKind::Anonymous,
            "account" => ActorKind::Account,
            "token" => ActorKind::Token,
            "system" => ActorKind::System,
            other => return Err(newer_host("kind of actor", other)),
        };
        Ok(Self {
            actor: Actor {
                kind: actor_kind,
                id: actor.id,
                name: actor.name,
                roles: actor.roles,
                permissions: actor.permissions,
            },
            convention: Convention::from_wire(context.convention)?,
            request_id: context.request_id,
            kind,
            languages: context.languages,
            selection: Selection::new(selection),
        })
    }
}

fn newer_host(what: &str, found: &str) -> Error {
    Error::internal(format!("this plugin's SDK knows no {what} `{found}`; build the plugin with a newer SDK"))
}

/// The sub-fields a client wants. Skip what is dear and not wanted; answering more than is wanted is no mistake.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    json: String,
    paths: OnceCell<Vec<String>>,
}

impl Selection {
    /// Reads a JSON array of dotted paths; parsed only when somebody asks.
    #[must_use]
    pub const fn new(json: String) -> Self {
        Self { json, paths: OnceCell::new() }
    }

    /// Whether the client wants the field at `path` (dots between levels) or anything below it.
    #[must_use]
    pub fn wants(&self, path: &str) -> bool {
        self.paths()
            .iter()
            .any(|wanted| wanted.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }

    /// Whether nothing is selected: the answer is a scalar, or the call is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths().is_empty()
    }

    /// The dotted paths.
    #[must_use]
    pub fn paths(&self) -> &[String] {
        self.paths.get_or_init(|| serde_json::from_str(&self.json).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wanted_path_is_wanted_whole_and_from_above() {
        let selection = Selection::new(r#"["id","people.name"]"#.to_owned());
        assert!(selection.wants("people") && selection.wants("people.name") && selection.wants("id"));
        assert!(!selection.wants("people.id") && !selection.wants("peo") && !selection.wants("name"));
        assert!(!selection.is_empty() && Selection::default().is_empty());
    }

    #[test]
    fn who_is_not_signed_in_is_told_so_before_being_forbidden() {
        let nobody = Actor {
            kind: ActorKind::Anonymous,
            id: String::new(),
            name: String::new(),
            roles: vec![],
            permissions: vec![],
        };
        assert_eq!(nobody.require("shift.manage").map_err(|error| error.code), Err("unauthenticated".into()));
        let somebody = Actor { kind: ActorKind::Account, id: "a".to_owned(), ..nobody };
        assert_eq!(somebody.require("shift.manage").map_err(|error| error.code), Err("forbidden".into()));
        assert_eq!(somebody.signed_in(), Ok("a"));
        assert!(Actor::system().require("shift.manage").is_ok());
    }
}
