//! Roles: what people do, and what it asks of them. There are a few dozen at most, so they are always read whole.

use std::collections::HashMap;

use conman_sdk::prelude::*;

use crate::rules::decision::RoleFacts;
use crate::schema::VolunteerRole;

#[derive(FromRow)]
struct Row {
    id: String,
    department_id: Option<String>,
    name: String,
    description: String,
    needs_confirmation: bool,
    over_18: bool,
    licence: Option<String>,
}

impl From<Row> for VolunteerRole {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            department_id: row.department_id,
            needs_confirmation: row.needs_confirmation,
            over18: row.over_18,
            licence: row.licence,
        }
    }
}

const SELECT: &str =
    "SELECT id, department_id, name, description, needs_confirmation, over_18, licence FROM volunteer_role";

/// All roles by name.
pub(crate) fn all() -> Result<Vec<VolunteerRole>> {
    let rows = database::query_as::<Row>(&format!("{SELECT} ORDER BY name, id"), params![])?;
    Ok(rows.into_iter().map(VolunteerRole::from).collect())
}

/// All roles by id.
pub(crate) fn by_id() -> Result<HashMap<String, VolunteerRole>> {
    Ok(all()?.into_iter().map(|role| (role.id.clone(), role)).collect())
}

/// One role.
pub(crate) fn one(id: &str) -> Result<VolunteerRole> {
    let row = database::query_optional::<Row>(&format!("{SELECT} WHERE id = $1"), params![id])?;
    row.map(VolunteerRole::from).ok_or_else(|| Error::not_found("There is no such role."))
}

/// Adds a role.
pub(crate) fn insert(role: &VolunteerRole) -> Result<()> {
    database::execute(
        "INSERT INTO volunteer_role (id, department_id, name, description, needs_confirmation, over_18, licence) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            role.id,
            role.department_id,
            role.name,
            role.description,
            role.needs_confirmation,
            role.over18,
            role.licence
        ],
    )?;
    Ok(())
}

/// Overwrites a role; whose it is stays.
pub(crate) fn update(role: &VolunteerRole) -> Result<()> {
    database::execute(
        "UPDATE volunteer_role SET name = $2, description = $3, needs_confirmation = $4, over_18 = $5, licence = $6 WHERE id = $1",
        params![role.id, role.name, role.description, role.needs_confirmation, role.over18, role.licence],
    )?;
    Ok(())
}

/// What of a role matters for a decision.
pub(crate) fn facts(role: &VolunteerRole) -> RoleFacts {
    RoleFacts {
        id: role.id.clone(),
        name: role.name.clone(),
        needs_confirmation: role.needs_confirmation,
        over_18: role.over18,
        licence: role.licence.clone(),
    }
}
