//! Organizations: one tree under the host's own root.

use conman_kernel::actor::Actor;
use conman_kernel::id::OrganizationId;
use conman_kernel::sql::{RowExt as _, Value};
use serde_json::json;

use crate::audit::Deed;
use crate::change::{Change, Touches};
use crate::declared::names;
use crate::error::{IdentityError, Result};
use crate::identity::Identity;
use crate::input;
use crate::realm::{Realm, root};

/// How many organizations may stand below one another, the root counted.
pub const MAX_DEPTH: usize = 8;

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// What it is a part of; none for the root.
    pub parent: Option<OrganizationId>,
    /// Its name.
    pub name: String,
}

impl Organization {
    pub(crate) fn from_row(row: &[Value]) -> Result<Self> {
        Ok(Self {
            id: OrganizationId::from_stored(row.text(0)?),
            parent: row.optional_text(1)?.map(OrganizationId::from_stored),
            name: row.text(2)?.to_owned(),
        })
    }
}

impl Identity {
    /// Makes an organization as a part of `parent`.
    ///
    /// # Errors
    /// Without `organization.manage` in the parent, when the tree would grow too deep, and what the database failed with.
    pub async fn create_organization(&self, by: &Actor, parent: &OrganizationId, name: &str) -> Result<Organization> {
        self.require(by, &Realm::Organization(parent.clone()), names::ORGANIZATION_MANAGE).await?;
        let made = &Organization {
            id: OrganizationId::new(),
            parent: Some(parent.clone()),
            name: input::name(name, "/name")?,
        };
        let now = self.now();
        self.change(by, Touches::Directory, |mut change| {
            Box::pin(async move {
                let tree = Tree::read(&mut change).await?;
                tree.get(parent)?;
                if tree.above(parent).len() + 1 > MAX_DEPTH {
                    return Err(too_deep());
                }
                let sql = "INSERT INTO identity_organization (id, parent, name, created_at) VALUES ($1, $2, $3, $4)";
                let parameters =
                    [made.id.as_str().into(), parent.as_str().into(), made.name.as_str().into(), now.into()];
                change.execute(sql, &parameters).await?;
                change.tell(deed("organization.create", made, json!(null))).await
            })
        })
        .await?;
        Ok(made.clone())
    }

    /// Gives an organization another name.
    ///
    /// # Errors
    /// Without `organization.manage` in it, and what the database failed with.
    pub async fn rename_organization(&self, by: &Actor, id: &OrganizationId, name: &str) -> Result<Organization> {
        self.require(by, &Realm::Organization(id.clone()), names::ORGANIZATION_MANAGE).await?;
        let name = &input::name(name, "/name")?;
        self.change(by, Touches::Directory, |mut change| {
            Box::pin(async move {
                let before = Tree::read(&mut change).await?.get(id)?.clone();
                let sql = "UPDATE identity_organization SET name = $1 WHERE id = $2";
                change.execute(sql, &[name.as_str().into(), id.as_str().into()]).await?;
                let after = Organization { name: name.clone(), ..before.clone() };
                change.tell(deed("organization.rename", &after, json!({ "name": before.name }))).await?;
                Ok(after)
            })
        })
        .await
    }

    /// Makes an organization, with all below it, a part of another. Roles inherited from above change with it.
    ///
    /// # Errors
    /// Without `organization.manage` in the organization and in the new parent, when it would come to stand below itself or too deep,
    /// and what the database failed with.
    pub async fn move_organization(
        &self,
        by: &Actor,
        id: &OrganizationId,
        new_parent: &OrganizationId,
    ) -> Result<Organization> {
        self.require(by, &Realm::Organization(id.clone()), names::ORGANIZATION_MANAGE).await?;
        self.require(by, &Realm::Organization(new_parent.clone()), names::ORGANIZATION_MANAGE).await?;
        self.change(by, Touches::Directory, |mut change| {
            Box::pin(async move {
                let tree = Tree::read(&mut change).await?;
                let before = tree.get(id)?.clone();
                tree.get(new_parent)?;
                if *id == root() {
                    return Err(IdentityError::Refused("the root organization stays where it is".to_owned()));
                }
                let above = tree.above(new_parent);
                if above.contains(&id) {
                    return Err(IdentityError::Refused(
                        "an organization cannot become a part of itself; move the part out first".to_owned(),
                    ));
                }
                if above.len() + tree.height(id) > MAX_DEPTH {
                    return Err(too_deep());
                }
                let sql = "UPDATE identity_organization SET parent = $1 WHERE id = $2";
                change.execute(sql, &[new_parent.as_str().into(), id.as_str().into()]).await?;
                let after = Organization { parent: Some(new_parent.clone()), ..before.clone() };
                change.tell(deed("organization.move", &after, json!({ "parent": before.parent }))).await?;
                Ok(after)
            })
        })
        .await
    }

    /// The organizations in which the actor holds a role, inherited ones included, by name.
    ///
    /// # Errors
    /// What the database failed with.
    pub async fn organizations(&self, by: &Actor) -> Result<Vec<Organization>> {
        let directory = self.directory().await?;
        let standing = self.standing(by).await?;
        let mine =
            |organization: &&Organization| standing.belongs(&directory, &Realm::Organization(organization.id.clone()));
        let mut seen: Vec<_> = directory.organizations.values().filter(mine).cloned().collect();
        seen.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        Ok(seen)
    }
}

/// The tree as it stands inside a transaction.
struct Tree(Vec<Organization>);

impl Tree {
    async fn read(change: &mut Change<'_, '_>) -> Result<Self> {
        let rows = change.query("SELECT id, parent, name FROM identity_organization", &[]).await?;
        Ok(Self(rows.rows.iter().map(|row| Organization::from_row(row)).collect::<Result<_>>()?))
    }

    fn get(&self, id: &OrganizationId) -> Result<&Organization> {
        self.0.iter().find(|node| node.id == *id).ok_or_else(|| IdentityError::not_found("organization", id))
    }

    /// The organization and everything above it.
    fn above<'a>(&'a self, id: &'a OrganizationId) -> Vec<&'a OrganizationId> {
        let mut above = vec![id];
        let mut next = self.0.iter().find(|node| node.id == *id).and_then(|node| node.parent.as_ref());
        while let Some(id) = next
            && above.len() <= self.0.len()
        {
            above.push(id);
            next = self.0.iter().find(|node| node.id == *id).and_then(|node| node.parent.as_ref());
        }
        above
    }

    /// How many organizations stand below one another from `id` down, itself counted.
    fn height(&self, id: &OrganizationId) -> usize {
        let depths = self.0.iter().filter_map(|node| self.above(&node.id).iter().position(|above| *above == id));
        depths.max().unwrap_or_default() + 1
    }
}

fn too_deep() -> IdentityError {
    IdentityError::Refused(format!("organizations may stand at most {MAX_DEPTH} deep; choose a parent further up"))
}

fn deed<'a>(action: &'a str, organization: &Organization, before: serde_json::Value) -> Deed<'a> {
    Deed {
        action,
        target: format!("organization:{}", organization.id),
        convention: None,
        before,
        after: json!({ "name": organization.name, "parent": organization.parent }),
    }
}
