//! Rules by which shifts are made from the programme. There are a few dozen at most, so they are always read whole.

use std::collections::{BTreeMap, HashMap, HashSet};

use conman_sdk::prelude::*;

use crate::rules::making::Rule;
use crate::schema::{RuleSeat, ShiftRule};
use crate::stored::shift::{SeatRow, percent};
use crate::stored::{department, int, role, shift};

/// A rule with its seats.
#[derive(Debug, Clone)]
pub(crate) struct StoredRule {
    pub(crate) rule: Rule,
    pub(crate) department_id: String,
    pub(crate) automatic: bool,
    /// How many people of each role.
    pub(crate) seats: BTreeMap<String, i64>,
}

#[derive(FromRow)]
struct Row {
    id: String,
    department_id: String,
    name: String,
    room_id: Option<String>,
    track_id: Option<String>,
    kind: Option<String>,
    minutes_before: i64,
    minutes_after: i64,
    merge_up_to_minutes: Option<i64>,
    weight_percent: i64,
    automatic: bool,
}

/// All rules, by name.
pub(crate) fn all() -> Result<Vec<StoredRule>> {
    let sql = "SELECT id, department_id, name, room_id, track_id, kind, minutes_before, minutes_after, merge_up_to_minutes, \
               weight_percent, automatic FROM shift_rule ORDER BY name, id";
    let rows = database::query_as::<Row>(sql, params![])?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut seats: HashMap<String, BTreeMap<String, i64>> = HashMap::new();
    let sql = "SELECT rule_id, role_id, needed FROM shift_rule_seat";
    for (rule, role, needed) in database::query_as::<(String, String, i64)>(sql, params![])? {
        seats.entry(rule).or_default().insert(role, needed);
    }
    let stored = rows.into_iter().map(|row| StoredRule {
        seats: seats.remove(&row.id).unwrap_or_default(),
        department_id: row.department_id,
        automatic: row.automatic,
        rule: Rule {
            id: row.id,
            name: row.name,
            room: row.room_id,
            track: row.track_id,
            kind: row.kind,
            minutes_before: row.minutes_before,
            minutes_after: row.minutes_after,
            merge_up_to_minutes: row.merge_up_to_minutes,
            weight_percent: row.weight_percent,
        },
    });
    Ok(stored.collect())
}

/// One rule.
pub(crate) fn one(id: &str) -> Result<StoredRule> {
    all()?.into_iter().find(|stored| stored.rule.id == id).ok_or_else(|| Error::not_found("There is no such rule."))
}

/// Adds or overwrites a rule.
pub(crate) fn save(stored: &StoredRule) -> Result<()> {
    let StoredRule { rule, department_id, automatic, seats } = stored;
    let columns = [
        "id",
        "department_id",
        "name",
        "room_id",
        "track_id",
        "kind",
        "minutes_before",
        "minutes_after",
        "merge_up_to_minutes",
        "weight_percent",
        "automatic",
    ];
    let values = row![
        rule.id,
        department_id,
        rule.name,
        rule.room,
        rule.track,
        rule.kind,
        rule.minutes_before,
        rule.minutes_after,
        rule.merge_up_to_minutes,
        rule.weight_percent,
        automatic
    ];
    database::upsert_many("shift_rule", &["id"], columns, [values])?;
    database::execute("DELETE FROM shift_rule_seat WHERE rule_id = $1", params![rule.id])?;
    let rows = seats.iter().map(|(role, needed)| row![rule.id, role, needed]);
    database::insert_many("shift_rule_seat", ["rule_id", "role_id", "needed"], rows)?;
    Ok(())
}

/// Removes a rule; its shifts are from then on made by hand.
pub(crate) fn delete(id: &str) -> Result<()> {
    database::execute("UPDATE shift SET rule_id = NULL WHERE rule_id = $1", params![id])?;
    database::execute("DELETE FROM shift_rule_seat WHERE rule_id = $1", params![id])?;
    database::execute("DELETE FROM shift_rule WHERE id = $1", params![id])?;
    Ok(())
}

/// Gives shifts the places their rule asks for, though never fewer than are taken.
pub(crate) fn align_seats(stored: &StoredRule, shifts: &[String]) -> Result<()> {
    let existing = shift::seats(shifts)?;
    let known: HashSet<(&str, &str)> =
        existing.iter().map(|seat| (seat.shift_id.as_str(), seat.role_id.as_str())).collect();
    let mut changed = Vec::new();
    for seat in &existing {
        let wanted = stored.seats.get(&seat.role_id).copied().unwrap_or(0).max(seat.taken);
        if wanted != seat.needed {
            changed.push(SeatRow { needed: wanted, ..seat.clone() });
        }
    }
    for shift in shifts {
        for (role, needed) in &stored.seats {
            if !known.contains(&(shift.as_str(), role.as_str())) {
                changed.push(SeatRow { shift_id: shift.clone(), role_id: role.clone(), needed: *needed, taken: 0 });
            }
        }
    }
    shift::save_seats(&changed)
}

/// Rules as GraphQL shows them, in the same order.
pub(crate) fn shown(rules: Vec<StoredRule>) -> Result<Vec<ShiftRule>> {
    let departments = department::by_id()?;
    let roles = role::by_id()?;
    let gone = |what: &str| Error::internal(format!("a rule names a {what} that is gone"));
    let shown = rules.into_iter().map(|stored| {
        let seats = stored.seats.iter().map(|(role, needed)| {
            let role = roles.get(role).cloned().ok_or_else(|| gone("role"))?;
            Ok(RuleSeat { role, needed: int(*needed) })
        });
        Ok(ShiftRule {
            department: departments.get(&stored.department_id).cloned().ok_or_else(|| gone("department"))?,
            minutes_before: int(stored.rule.minutes_before),
            minutes_after: int(stored.rule.minutes_after),
            merge_up_to_minutes: stored.rule.merge_up_to_minutes.map(int),
            weight: percent(stored.rule.weight_percent),
            automatic: stored.automatic,
            seats: seats.collect::<Result<_>>()?,
            id: stored.rule.id,
            name: stored.rule.name,
            room: stored.rule.room,
            track: stored.rule.track,
            kind: stored.rule.kind,
        })
    });
    shown.collect()
}
