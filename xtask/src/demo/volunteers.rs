//! Departments, roles, rules and shifts from `volunteers.json`.

use std::collections::BTreeMap;

use anyhow::Context as _;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::conman::Conman;
use super::sample::ZONE;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    departments: Vec<Department>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Department {
    name: String,
    #[serde(default)]
    parent: Option<String>,
    description: String,
    roles: Vec<Value>,
    shifts: Vec<Shift>,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shift {
    title: String,
    location: String,
    /// Counted from 1.
    day: i64,
    /// Local; past 24:00 is the night after the day.
    from: String,
    to: String,
    needed: BTreeMap<String, u32>,
    weight: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Rule {
    name: String,
    room: Option<String>,
    track: Option<String>,
    minutes_before: u32,
    minutes_after: u32,
    merge_up_to_minutes: u32,
    needed: BTreeMap<String, u32>,
}

/// Names to the ids they were given.
type Ids = BTreeMap<String, String>;

pub fn make(conman: &Conman, file: &str, start: Date) -> anyhow::Result<()> {
    let file: File = serde_json::from_str(file)?;
    let names = "{ rooms: draftRooms { id name } tracks: draftTracks { id name } }";
    let programme = conman.graphql(None, names, &json!({}))?;
    let (rooms, tracks) = (by_name(&programme["rooms"])?, by_name(&programme["tracks"])?);
    let mut departments = Ids::new();
    for department in file.departments {
        let parent = department.parent.as_ref().map(|name| known(&departments, name)).transpose()?;
        let id = create(
            conman,
            "createDepartment",
            "DepartmentInput",
            &json!({ "name": department.name, "description": department.description, "parent": parent }),
        )?;
        let mut roles = Ids::new();
        for mut role in department.roles {
            role["department"] = json!(id);
            let name = role["name"].as_str().context("a role has no name")?.to_owned();
            roles.insert(name, create(conman, "createVolunteerRole", "VolunteerRoleInput", &role)?);
        }
        for rule in &department.rules {
            let room = rule.room.as_ref().map(|name| known(&rooms, name)).transpose()?;
            let track = rule.track.as_ref().map(|name| known(&tracks, name)).transpose()?;
            let input = json!({
                "name": rule.name, "department": id, "room": room, "track": track,
                "minutesBefore": rule.minutes_before, "minutesAfter": rule.minutes_after,
                "mergeUpToMinutes": rule.merge_up_to_minutes, "seats": seats(&rule.needed, &roles)?,
            });
            create(conman, "createShiftRule", "ShiftRuleInput", &input)?;
        }
        let shifts = department.shifts.iter().map(|shift| input(shift, &id, &roles, start));
        let shifts: Vec<Value> = shifts.collect::<anyhow::Result<_>>()?;
        if !shifts.is_empty() {
            let operation = "mutation($inputs: [ShiftInput!]!) { createShifts(inputs: $inputs) { id } }";
            conman.graphql(None, operation, &json!({ "inputs": shifts }))?;
        }
        departments.insert(department.name, id);
    }
    Ok(())
}

fn create(conman: &Conman, field: &str, input_type: &str, input: &Value) -> anyhow::Result<String> {
    let operation = format!("mutation($input: {input_type}!) {{ made: {field}(input: $input) {{ id }} }}");
    let made = conman.graphql(None, &operation, &json!({ "input": input }))?;
    Ok(made["made"]["id"].as_str().with_context(|| format!("{field} answered no id"))?.to_owned())
}

fn input(shift: &Shift, department: &str, roles: &Ids, start: Date) -> anyhow::Result<Value> {
    Ok(json!({
        "title": shift.title, "location": shift.location, "department": department, "weight": shift.weight,
        "start": moment(start, shift.day, &shift.from)?, "end": moment(start, shift.day, &shift.to)?,
        "seats": seats(&shift.needed, roles)?,
    }))
}

/// `26:00` of day 1 is 02:00 of the next date.
fn moment(start: Date, day: i64, time: &str) -> anyhow::Result<String> {
    let (hours, minutes) = time.split_once(':').with_context(|| format!("`{time}` is no time; write 14:00"))?;
    let (hours, minutes): (i64, i64) = (hours.parse()?, minutes.parse()?);
    let date = start.checked_add((day - 1 + hours / 24).days())?;
    let local = date.at(i8::try_from(hours % 24)?, i8::try_from(minutes)?, 0, 0);
    Ok(local.in_tz(ZONE)?.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

fn seats(needed: &BTreeMap<String, u32>, roles: &Ids) -> anyhow::Result<Vec<Value>> {
    needed.iter().map(|(role, needed)| Ok(json!({ "role": known(roles, role)?, "needed": needed }))).collect()
}

fn by_name(list: &Value) -> anyhow::Result<Ids> {
    let items = list.as_array().context("the programme answered no list")?;
    Ok(items
        .iter()
        .filter_map(|item| Some((item["name"].as_str()?.to_owned(), item["id"].as_str()?.to_owned())))
        .collect())
}

fn known<'a>(ids: &'a Ids, name: &str) -> anyhow::Result<&'a str> {
    ids.get(name).map(String::as_str).with_context(|| format!("volunteers.json names `{name}`, which there is not"))
}
