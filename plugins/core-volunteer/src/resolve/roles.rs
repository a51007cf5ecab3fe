//! Roles: what people can do, and what it asks of them.

use conman_sdk::prelude::*;

use crate::CoreVolunteer;
use crate::access::Reach;
use crate::schema::*;
use crate::stored::{named, role};

/// Adds a role.
pub(super) fn create(ctx: &Context, input: VolunteerRoleInput) -> Result<VolunteerRole> {
    Reach::of(ctx)?.require_for(input.department.as_deref())?;
    let role = VolunteerRole {
        id: random::id(),
        name: named(&input.name, "/input/name")?,
        description: input.description,
        department_id: input.department,
        needs_confirmation: input.needs_confirmation,
        over18: input.over18,
        licence: licence(input.licence),
    };
    role::insert(&role)?;
    Ok(role)
}

/// Changes a role. Whoever has a place keeps it.
pub(super) fn update(ctx: &Context, id: &str, patch: VolunteerRolePatch) -> Result<VolunteerRole> {
    let mut role = role::one(id)?;
    Reach::of(ctx)?.require_for(role.department_id.as_deref())?;
    let name = patch.name.or_keep(role.name).map_err(|error| error.at("/patch/name"))?;
    role.name = named(&name, "/patch/name")?;
    role.description = patch.description.into_option().unwrap_or(role.description);
    role.needs_confirmation = patch.needs_confirmation.into_option().unwrap_or(role.needs_confirmation);
    role.over18 = patch.over18.into_option().unwrap_or(role.over18);
    patch.licence.apply_to(&mut role.licence);
    role.licence = licence(role.licence);
    role::update(&role)?;
    Ok(role)
}

/// Removes a role that nothing uses, with the qualifications for it.
pub(super) fn delete(ctx: &Context, id: &str) -> Result<bool> {
    let role = role::one(id)?;
    Reach::of(ctx)?.require_for(role.department_id.as_deref())?;
    let used = "SELECT (SELECT COUNT(*) FROM shift_seat WHERE role_id = $1) \
                + (SELECT COUNT(*) FROM shift_rule_seat WHERE role_id = $1) AS used";
    if database::query_value::<i64>(used, params![id])? > 0 {
        return Err(Error::new("IN_USE", "Shifts or rules still ask for this role; change them first.").at("/id"));
    }
    database::execute("DELETE FROM qualification WHERE role_id = $1", params![id])?;
    database::execute("DELETE FROM volunteer_role WHERE id = $1", params![id])?;
    Ok(true)
}

/// No name means no licence is asked for.
fn licence(name: Option<String>) -> Option<String> {
    name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
}

impl VolunteerRoleEntity for CoreVolunteer {
    fn load(_ctx: &Context, keys: &[VolunteerRoleKey]) -> Batch<Option<VolunteerRole>> {
        let roles = role::by_id()?;
        Ok(keys.iter().map(|key| Ok(roles.get(&key.id).cloned())).collect())
    }
}
