//! Organizations: the tree of those who own conventions.

use conman_identity::{Organization, Realm};
use conman_kernel::fault::Fault;
use conman_kernel::id::OrganizationId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Ask};

fn organization_json(organization: &Organization) -> Value {
    json!({ "id": organization.id, "name": organization.name, "parent": organization.parent })
}

pub(super) async fn list(ask: Ask<'_>) -> Answer {
    Ok(ask.desk.parts.identity.organizations(&ask.scope.actor).await?.iter().map(organization_json).collect())
}

pub(super) async fn create(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        name: String,
        #[serde(default)]
        parent: Option<String>,
    }
    let Arguments { name, parent } = ask.arguments()?;
    let parent = organization_or_root(parent)?;
    Ok(organization_json(&ask.desk.parts.identity.create_organization(&ask.scope.actor, &parent, &name).await?))
}

pub(super) async fn rename(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        id: String,
        name: String,
    }
    let Arguments { id, name } = ask.arguments()?;
    let id = OrganizationId::from_stored(id);
    Ok(organization_json(&ask.desk.parts.identity.rename_organization(&ask.scope.actor, &id, &name).await?))
}

pub(super) async fn relocate(ask: Ask<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Arguments {
        id: String,
        parent: String,
    }
    let Arguments { id, parent } = ask.arguments()?;
    let (id, parent) = (OrganizationId::from_stored(id), OrganizationId::from_stored(parent));
    Ok(organization_json(&ask.desk.parts.identity.move_organization(&ask.scope.actor, &id, &parent).await?))
}

/// The organization with that id, or the topmost.
pub(super) fn organization_or_root(id: Option<String>) -> Result<OrganizationId, Fault> {
    match (id, Realm::host()) {
        (Some(id), _) => Ok(OrganizationId::from_stored(id)),
        (None, Realm::Organization(root)) => Ok(root),
        (None, Realm::Convention(_)) => Err(Fault::internal("the host's realm is an organization")),
    }
}
