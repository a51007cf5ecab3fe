//! Departments: the tree, and who heads what.

use std::collections::HashMap;

use conman_sdk::prelude::*;

use super::shifts;
use crate::CoreVolunteer;
use crate::access::{ADMINISTER, Reach};
use crate::here::Here;
use crate::schema::*;
use crate::stored::{department, named, role, shift};

/// Adds a department below one the actor manages, or at the top.
pub(super) fn create(ctx: &Context, input: DepartmentInput) -> Result<Department> {
    Reach::of(ctx)?.require_for(input.parent.as_deref())?;
    let department = Department {
        id: random::id(),
        name: named(&input.name, "/input/name")?,
        description: input.description,
        position: input.position,
        parent_id: input.parent,
    };
    department::insert(&department)?;
    Ok(department)
}

/// Changes a department; moving it takes managing both ends.
pub(super) fn update(ctx: &Context, id: &str, patch: DepartmentPatch) -> Result<Department> {
    let reach = Reach::of(ctx)?;
    reach.require(id)?;
    let mut department = department::one(id)?;
    if !patch.parent.is_absent() {
        let parent = patch.parent.into_option();
        if parent != department.parent_id {
            reach.require_for(department.parent_id.as_deref())?;
            reach.require_for(parent.as_deref()).map_err(|error| error.at("/patch/parent"))?;
            if parent.as_ref().is_some_and(|parent| reach.tree.would_tie_a_knot(id, parent)) {
                return Err(Error::invalid("A department cannot be below itself.").at("/patch/parent"));
            }
        }
        department.parent_id = parent;
    }
    let name = patch.name.or_keep(department.name).map_err(|error| error.at("/patch/name"))?;
    department.name = named(&name, "/patch/name")?;
    department.description = patch.description.into_option().unwrap_or(department.description);
    department.position = patch.position.into_option().unwrap_or(department.position);
    department::update(&department)?;
    Ok(department)
}

/// Removes a department that nothing hangs on.
pub(super) fn delete(ctx: &Context, id: &str) -> Result<bool> {
    Reach::of(ctx)?.require(id)?;
    let used = "SELECT (SELECT COUNT(*) FROM department WHERE parent_id = $1) + (SELECT COUNT(*) FROM shift WHERE department_id = $1) \
                + (SELECT COUNT(*) FROM volunteer_role WHERE department_id = $1) \
                + (SELECT COUNT(*) FROM shift_rule WHERE department_id = $1) \
                + (SELECT COUNT(*) FROM worklog WHERE department_id = $1) AS used";
    if database::query_value::<i64>(used, params![id])? > 0 {
        let message = "The department still has departments below it, shifts, roles, rules or worklog; remove or move them first.";
        return Err(Error::new("IN_USE", message).at("/id"));
    }
    database::execute("DELETE FROM department_head WHERE department_id = $1", params![id])?;
    database::execute("DELETE FROM department WHERE id = $1", params![id])?;
    Ok(true)
}

/// Makes an account a head.
pub(super) fn appoint(ctx: &Context, id: &str, account: &str) -> Result<Department> {
    let here = Here::of(ctx)?;
    Reach::of(ctx)?.require(id)?;
    let account = named(account, "/account")?;
    let row = [row![id, account, here.now, here.who()]];
    let columns = ["department_id", "account_id", "appointed_at", "appointed_by"];
    database::insert_missing("department_head", &["department_id", "account_id"], columns, row)?;
    department::one(id)
}

/// Ends that. Heads of the top may only be dismissed from above, or a department could lose its last by a quarrel.
pub(super) fn dismiss(ctx: &Context, id: &str, account: &str) -> Result<Department> {
    let reach = Reach::of(ctx)?;
    reach.require(id)?;
    let department = department::one(id)?;
    if department.parent_id.is_none() && ctx.actor.account() != Some(account) && !ctx.actor.may(ADMINISTER) {
        return Err(Error::forbidden(
            "Heads of a department at the top are dismissed by an administrator, or step down themselves.",
        ));
    }
    database::execute(
        "DELETE FROM department_head WHERE department_id = $1 AND account_id = $2",
        params![id, account],
    )?;
    Ok(department)
}

impl DepartmentEntity for CoreVolunteer {
    fn load(_ctx: &Context, keys: &[DepartmentKey]) -> Batch<Option<Department>> {
        let departments = department::by_id()?;
        Ok(keys.iter().map(|key| Ok(departments.get(&key.id).cloned())).collect())
    }
}

impl DepartmentFields for CoreVolunteer {
    fn heads(_ctx: &Context, departments: &[DepartmentKey]) -> Batch<Vec<AccountKey>> {
        let sql = "SELECT department_id, account_id FROM department_head WHERE department_id IN ($keys) ORDER BY appointed_at, account_id";
        let rows = database::query_in::<(String, String), _>(sql, params![], departments.iter().map(|key| &key.id))?;
        batch::lists(departments, rows.into_iter().map(|(department, account)| (department, AccountKey::from(account))))
    }

    fn shifts(ctx: &Context, departments: &[DepartmentKey], args: DepartmentShiftsArgs) -> Batch<Vec<Shift>> {
        let here = Here::of(ctx)?;
        let (from, until) = shifts::day(&here, args.day);
        let sql = format!(
            "{} WHERE s.starts_at >= $1 AND s.starts_at < $2 AND NOT s.cancelled AND s.department_id IN ($keys)",
            shift::SELECT
        );
        let rows = database::query_in(&sql, params![from, until], departments.iter().map(|key| &key.id))?;
        let shifts = shift::complete(&here, rows)?;
        batch::lists(departments, shifts.into_iter().map(|shift| (shift.department.id.clone(), shift)))
    }

    fn roles(_ctx: &Context, departments: &[DepartmentKey]) -> Batch<Vec<VolunteerRole>> {
        let mut roles: HashMap<String, Vec<VolunteerRole>> = HashMap::new();
        for role in role::all()? {
            if let Some(department) = role.department_id.clone() {
                roles.entry(department).or_default().push(role);
            }
        }
        Ok(departments.iter().map(|key| Ok(roles.get(&key.id).cloned().unwrap_or_default())).collect())
    }
}
