//! Shifts and hours as CSV, for whoever plans in a spreadsheet or hands out shirts from a list.

use std::collections::{BTreeSet, HashMap};

use conman_sdk::prelude::*;

use crate::CoreVolunteer;
use crate::access::Reach;
use crate::csv::Table;
use crate::here::Here;
use crate::rules::entry::State;
use crate::rules::{hours, reward, words};
use crate::schema::RouteHandlers;
use crate::stored::shift::{self, ShiftRow, percent};
use crate::stored::volunteer::{self, VolunteerRow};
use crate::stored::{department, entry, hours as stored_hours, role};

impl RouteHandlers for CoreVolunteer {
    fn get_shifts_csv(ctx: &Context, _request: &Request) -> Result<Response> {
        Ok(Response::bytes("text/csv; charset=utf-8", shifts(ctx)?).download("shifts.csv"))
    }

    fn get_hours_csv(ctx: &Context, _request: &Request) -> Result<Response> {
        Ok(Response::bytes("text/csv; charset=utf-8", volunteers(ctx)?).download("hours.csv"))
    }
}

const SHIFT_COLUMNS: [&str; 14] = [
    "shift",
    "department",
    "title",
    "location",
    "day",
    "start",
    "end",
    "state",
    "weight",
    "weighted hours",
    "role",
    "needed",
    "taken",
    "volunteers",
];

/// One line per shift and role, of the departments the actor manages.
fn shifts(ctx: &Context) -> Result<String> {
    let here = Here::of(ctx)?;
    let reach = Reach::of(ctx)?;
    let departments = department::by_id()?;
    let roles = role::by_id()?;
    let mut rows: Vec<ShiftRow> =
        database::query_as(&format!("{} ORDER BY s.starts_at, s.id", shift::SELECT), params![])?;
    rows.retain(|row| reach.covers(&row.department_id));
    let names = names()?;
    let mut people: HashMap<(String, String), Vec<String>> = HashMap::new();
    for entry in entry::of_shifts(rows.iter().map(|row| &row.id))? {
        let name = names.get(&entry.account_id).filter(|name| !name.is_empty()).unwrap_or(&entry.account_id).clone();
        let text = if entry.state == State::SignedUp { name } else { format!("{name} ({})", entry.state.as_str()) };
        people.entry((entry.shift_id, entry.role_id)).or_default().push(text);
    }
    let mut seats_of: HashMap<String, Vec<shift::SeatRow>> = HashMap::new();
    for seat in shift::seats(rows.iter().map(|row| &row.id))? {
        seats_of.entry(seat.shift_id.clone()).or_default().push(seat);
    }
    let mut table = Table::new(&SHIFT_COLUMNS);
    for row in rows {
        let span = row.span()?;
        let weighted = hours::weighted(&here.calendar, here.night, span, row.weight_percent);
        let department = departments.get(&row.department_id).map_or("", |department| department.name.as_str());
        for seat in seats_of.remove(&row.id).unwrap_or_default() {
            let role = roles.get(&seat.role_id).map_or("", |role| role.name.as_str());
            let volunteers = people.remove(&(row.id.clone(), seat.role_id.clone())).unwrap_or_default();
            table.row(&[
                row.id.as_str(),
                department,
                &row.title,
                &row.location,
                &here.calendar.day_of(row.starts_at).to_string(),
                &here.local(row.starts_at).to_string(),
                &here.local(row.ends_at).to_string(),
                if row.cancelled { "cancelled" } else { "planned" },
                &percent(row.weight_percent).to_string(),
                &format!("{:.2}", words::hours(weighted)),
                role,
                &seat.needed.to_string(),
                &seat.taken.to_string(),
                &volunteers.join("; "),
            ]);
        }
    }
    Ok(table.finish())
}

/// One line per volunteer.
fn volunteers(ctx: &Context) -> Result<String> {
    let here = Here::of(ctx)?;
    Reach::of(ctx)?.require_some()?;
    let names = names()?;
    let sums = stored_hours::sums_of_all(&here)?;
    let rewards = here.settings.rewards();
    let mut columns = vec!["account", "name", "worked hours", "weighted hours", "planned hours"];
    columns.extend(rewards.iter().map(|reward| reward.name.as_str()));
    let mut table = Table::new(&columns);
    let mut accounts: BTreeSet<(String, String)> = names.into_iter().map(|(account, name)| (name, account)).collect();
    let known: BTreeSet<String> = accounts.iter().map(|(_, account)| account.clone()).collect();
    accounts.extend(sums.keys().filter(|id| !known.contains(*id)).map(|id| (String::new(), id.clone())));
    for (name, account) in accounts {
        let sum = sums.get(&account).copied().unwrap_or_default();
        let mut cells = vec![account, name];
        cells.extend([sum.worked, sum.weighted, sum.planned].map(|millis| format!("{:.2}", words::hours(millis))));
        cells.extend(rewards.iter().map(|reward| {
            let reached = reward::missing(reward::threshold(reward.hours), sum.weighted) == 0;
            if reached { "yes" } else { "no" }.to_owned()
        }));
        table.row(&cells);
    }
    Ok(table.finish())
}

/// The names of everybody with a profile, by account; empty while only heads have dealt with somebody.
fn names() -> Result<HashMap<String, String>> {
    let rows = database::query_as::<VolunteerRow>(volunteer::SELECT, params![])?;
    Ok(rows.into_iter().map(|row| (row.account_id, row.name)).collect())
}
