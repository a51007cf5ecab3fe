//! The queries.

use std::collections::BTreeSet;

use conman_sdk::prelude::*;

use crate::CoreVolunteer;
use crate::access::Reach;
use crate::asking;
use crate::here::Here;
use crate::schema::*;
use crate::stored::entry::{self, EntryRow};
use crate::stored::shift::{self, ShiftRow};
use crate::stored::volunteer::{self, VolunteerRow};
use crate::stored::{department, hours, role, rule};

/// The filter of whoever sends none.
const EVERYTHING: ShiftFilter = ShiftFilter {
    day: None,
    department: None,
    role: None,
    session: None,
    from: None,
    until: None,
    free_for_me: false,
    include_cancelled: false,
};

/// The most a list answers at once.
const MOST: i32 = 2000;

impl QueryResolvers for CoreVolunteer {
    fn departments(_ctx: &Context) -> Result<Vec<Department>> {
        department::all()
    }

    fn department(_ctx: &Context, args: QueryDepartmentArgs) -> Result<Option<Department>> {
        department::find(&args.id)
    }

    fn volunteer_roles(ctx: &Context, args: QueryVolunteerRolesArgs) -> Result<Vec<VolunteerRole>> {
        let mut roles = role::all()?;
        if let Some(department) = &args.department {
            let reach = Reach::of(ctx)?;
            let above: BTreeSet<&str> = reach.tree.upwards(department).collect();
            roles.retain(|role| role.department_id.as_deref().is_none_or(|id| above.contains(id)));
        }
        Ok(roles)
    }

    fn shifts(ctx: &Context, args: QueryShiftsArgs) -> Result<Vec<Shift>> {
        let here = Here::of(ctx)?;
        let rows = filtered(&here, args.filter.unwrap_or(EVERYTHING))?;
        shift::complete(&here, page(rows, args.limit, args.offset))
    }

    fn shift(ctx: &Context, args: QueryShiftArgs) -> Result<Option<Shift>> {
        let rows = shift::rows([&args.id])?;
        Ok(shift::complete(&Here::of(ctx)?, rows)?.into_iter().next())
    }

    fn my_shifts(ctx: &Context) -> Result<Vec<ShiftEntry>> {
        let rows = entry::of_accounts([ctx.actor.signed_in()?])?;
        entry::shown(&Here::of(ctx)?, rows)
    }

    fn my_hours(ctx: &Context) -> Result<VolunteerHours> {
        hours::shown_one(&Here::of(ctx)?, ctx.actor.signed_in()?)
    }

    fn my_volunteer_profile(ctx: &Context) -> Result<Option<Volunteer>> {
        let here = Here::of(ctx)?;
        Ok(volunteer::find(ctx.actor.signed_in()?)?.map(|row| row.shown(&here)))
    }

    fn volunteers(ctx: &Context, args: QueryVolunteersArgs) -> Result<Vec<Volunteer>> {
        Reach::of(ctx)?.require_some()?;
        let here = Here::of(ctx)?;
        let sql = format!("{} ORDER BY name, account_id", volunteer::SELECT);
        let mut rows = database::query_as::<VolunteerRow>(&sql, params![])?;
        if let Some(search) = args.search.map(|search| search.trim().to_lowercase()) {
            rows.retain(|row| row.name.to_lowercase().contains(&search) || row.account_id == search);
        }
        if let Some(arrived) = args.arrived {
            rows.retain(|row| row.arrived_at.is_some() == arrived);
        }
        Ok(page(rows, args.limit, args.offset).into_iter().map(|row| row.shown(&here)).collect())
    }

    fn volunteer(ctx: &Context, args: QueryVolunteerArgs) -> Result<Option<Volunteer>> {
        Reach::of(ctx)?.require_some()?;
        let here = Here::of(ctx)?;
        Ok(volunteer::find(&args.account)?.map(|row| row.shown(&here)))
    }

    fn flagged_entries(ctx: &Context) -> Result<Vec<ShiftEntry>> {
        let reach = Reach::of(ctx)?;
        let sql = format!("{} WHERE e.flag IS NOT NULL ORDER BY s.starts_at, e.id", entry::SELECT);
        let mut rows = database::query_as::<EntryRow>(&sql, params![])?;
        rows.retain(|row| reach.covers(&row.department_id));
        entry::shown(&Here::of(ctx)?, rows)
    }

    fn open_qualifications(ctx: &Context) -> Result<Vec<OpenQualification>> {
        let here = Here::of(ctx)?;
        let reach = Reach::of(ctx)?;
        let roles = role::by_id()?;
        let sql = "SELECT q.account_id, v.name, q.role_id, q.asked_at FROM qualification q \
                   JOIN volunteer v ON v.account_id = q.account_id \
                   WHERE q.confirmed_at IS NULL AND q.asked_at IS NOT NULL ORDER BY q.asked_at, q.account_id";
        let rows = database::query_as::<(String, String, String, Timestamp)>(sql, params![])?;
        let open = rows.into_iter().filter_map(|(account, name, role, asked_at)| {
            let role = roles.get(&role)?.clone();
            let mine = role.department_id.as_deref().map_or(reach.is_somebody(), |id| reach.covers(id));
            let account = AccountKey::from(account);
            mine.then(|| OpenQualification { account, name, role, asked_at: here.local(asked_at) })
        });
        Ok(open.collect())
    }

    fn shift_rules(ctx: &Context) -> Result<Vec<ShiftRule>> {
        let reach = Reach::of(ctx)?;
        rule::shown(rule::all()?.into_iter().filter(|stored| reach.covers(&stored.department_id)).collect())
    }

    fn volunteer_rewards(ctx: &Context) -> Result<Vec<VolunteerReward>> {
        Ok(Here::of(ctx)?.settings.rewards().into_iter().map(VolunteerReward::from).collect())
    }
}

/// Shifts by start. Times are narrowed down by the database; what else is asked for, of the few hundred that are left, here.
fn filtered(here: &Here<'_>, filter: ShiftFilter) -> Result<Vec<ShiftRow>> {
    let (day_start, day_end) = super::shifts::day(here, filter.day);
    let from = filter.from.map_or(Timestamp::MIN, DateTime::timestamp);
    let until = filter.until.map_or(day_end, |until| until.timestamp().min(day_end));
    let (mut sql, mut parameters) = (format!("{} WHERE s.starts_at >= $1", shift::SELECT), vec![day_start.to_value()]);
    sql.push_str(" AND s.starts_at < $2 AND s.ends_at > $3");
    parameters.extend([until.to_value(), from.to_value()]);
    if !filter.include_cancelled {
        sql.push_str(" AND NOT s.cancelled");
    }
    let mut narrowed = |table: &str, column: &str, value: String| {
        parameters.push(Value::Text(value));
        let place = parameters.len();
        sql.push_str(&format!(" AND s.id IN (SELECT x.shift_id FROM {table} x WHERE x.{column} = ${place})"));
    };
    if let Some(role) = filter.role {
        narrowed("shift_seat", "role_id", role);
    }
    if let Some(session) = filter.session {
        narrowed("shift_session", "session_id", session);
    }
    sql.push_str(" ORDER BY s.starts_at, s.ends_at, s.title, s.id");
    let mut rows = database::query_as::<ShiftRow>(&sql, &parameters)?;
    if let Some(department) = &filter.department {
        let below = Reach::of(here.ctx)?.tree.subtree(department);
        rows.retain(|row| below.contains(&row.department_id));
    }
    if filter.free_for_me {
        let decisions = asking::decisions(here, here.ctx.actor.signed_in()?, rows.iter().map(|row| &row.id))?;
        let free = |id: &str| decisions.get(id).is_some_and(|all| all.iter().any(|decided| decided.outcome.is_ok()));
        rows.retain(|row| free(&row.id));
    }
    Ok(rows)
}

fn page<T>(rows: Vec<T>, limit: i32, offset: i32) -> Vec<T> {
    let count = |number: i32| usize::try_from(number.clamp(0, i32::MAX)).unwrap_or(0);
    rows.into_iter().skip(count(offset)).take(count(limit.min(MOST))).collect()
}
