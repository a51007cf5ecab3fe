//! The hot path: a bearer secret and a convention become an [`Actor`].

use std::sync::Arc;

use conman_kernel::actor::{Actor, Principal};
use conman_kernel::convention::{Convention, ConventionState};
use conman_kernel::digest::Digest;
use conman_kernel::fault::Fault;
use conman_kernel::id::{ConventionId, Slug};
use moka::sync::Cache;

use crate::credential::Credential;
use crate::declared::Declared;
use crate::directory::Directory;
use crate::error::{IdentityError, Result};
use crate::identity::Identity;
use crate::realm::Realm;
use crate::rights::{Rights, implied, permissions, roles_in};
use crate::secret;

/// Actors of late. Each remembers what it was made from; when that was read anew, so is the actor made.
pub(crate) struct Actors(Cache<Key, Made>);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    bearer: Option<Digest>,
    convention: Option<ConventionId>,
    declared: u64,
}

#[derive(Clone)]
struct Made {
    credential: Option<Arc<Credential>>,
    directory: Arc<Directory>,
    actor: Arc<Actor>,
}

impl Actors {
    pub(crate) fn new(capacity: u64) -> Self {
        Self(Cache::new(capacity))
    }
}

impl Identity {
    /// Who asks, and what they may do in `convention` (or, without one, on the host). `declared` are the permissions of the plugins
    /// enabled there.
    ///
    /// A request without a bearer secret is anonymous; one with a wrong secret fails, so that a client learns that it is signed out.
    ///
    /// # Errors
    /// [`UNAUTHENTICATED`](conman_kernel::fault::code::UNAUTHENTICATED) when the secret is unknown, expired or revoked;
    /// [`NOT_FOUND`](conman_kernel::fault::code::NOT_FOUND) when the convention is gone, or a draft in which the actor has no role;
    /// [`FORBIDDEN`](conman_kernel::fault::code::FORBIDDEN) when a token is bound to another convention.
    pub async fn authenticate(
        &self,
        bearer: Option<&str>,
        convention: Option<&Convention>,
        declared: &Declared,
    ) -> Result<Arc<Actor>, Fault> {
        self.actor(bearer, convention, declared).await.map_err(Fault::from)
    }

    async fn actor(
        &self,
        bearer: Option<&str>,
        convention: Option<&Convention>,
        declared: &Declared,
    ) -> Result<Arc<Actor>> {
        let credential = match bearer {
            None => None,
            Some(bearer) => Some(self.credential(bearer).await?.ok_or(IdentityError::Unauthenticated)?),
        };
        let directory = self.directory().await?;
        let key = Key {
            bearer: bearer.map(secret::digest),
            convention: convention.map(|convention| convention.id.clone()),
            declared: declared.serial(),
        };
        if let Some(made) = self.actors().0.get(&key)
            && Arc::ptr_eq(&made.directory, &directory)
            && same(made.credential.as_ref(), credential.as_ref())
        {
            return Ok(made.actor);
        }
        let actor = Arc::new(make(&directory, credential.as_deref(), convention, declared)?);
        self.actors().0.insert(key, Made { credential, directory, actor: Arc::clone(&actor) });
        Ok(actor)
    }

    /// The convention of this short name, whatever its state: whether the asker may know of it is [`Identity::authenticate`]'s to say.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn convention_by_slug(&self, slug: &Slug) -> Result<Option<Arc<Convention>>> {
        Ok(self.directory().await?.by_slug(slug).cloned())
    }

    /// The convention of this id, whatever its state; for the host's own work.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn convention(&self, id: &ConventionId) -> Result<Option<Arc<Convention>>> {
        Ok(self.directory().await?.conventions.get(id).cloned())
    }

    /// All conventions by short name, whatever their state; for the host's own work.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn all_conventions(&self) -> Result<Vec<Arc<Convention>>> {
        let mut conventions: Vec<_> = self.directory().await?.conventions.values().cloned().collect();
        conventions.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(conventions)
    }
}

fn same(one: Option<&Arc<Credential>>, other: Option<&Arc<Credential>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

fn make(
    directory: &Directory,
    credential: Option<&Credential>,
    convention: Option<&Convention>,
    declared: &Declared,
) -> Result<Actor> {
    let realm = convention.map_or_else(Realm::host, |convention| Realm::Convention(convention.id.clone()));
    let held = credential.map(|credential| roles_in(directory, &credential.grants, &realm)).unwrap_or_default();
    if let Some(asked) = convention {
        // The directory knows its state better than a caller that may have kept it for a while.
        let known = directory.conventions.get(&asked.id);
        if known.is_none_or(|known| known.state == ConventionState::Draft && held.is_empty()) {
            return Err(IdentityError::not_found("convention", &asked.slug));
        }
    }
    let mut roles = implied(credential.is_some());
    roles.extend(held);
    let id = convention.map(|convention| &convention.id);
    let mut rights = Rights { permissions: permissions(directory, id, &roles, declared), roles };
    let (principal, name) = match credential {
        None => (Principal::Anonymous, String::new()),
        Some(credential) => {
            if let Some(leash) = &credential.leash {
                if id.is_some_and(|id| !leash.reaches(id)) {
                    return Err(IdentityError::OutOfReach("this API token is bound to another convention"));
                }
                rights = leash.hold(rights, id, declared, directory);
            }
            (credential.principal.clone(), credential.name.clone())
        }
    };
    Ok(Actor { principal, name, roles: rights.roles, permissions: rights.permissions })
}
