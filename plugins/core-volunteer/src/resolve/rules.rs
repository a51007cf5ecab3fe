//! Rules by which shifts are made from the programme.

use std::collections::{BTreeMap, HashSet};

use conman_sdk::prelude::*;

use super::shifts::{wanted_seats, weight};
use crate::access::Reach;
use crate::follow;
use crate::here::Here;
use crate::rules::making::Rule;
use crate::schema::*;
use crate::stored::programme::SessionRow;
use crate::stored::rule::{self, StoredRule};
use crate::stored::{named, role};

/// How many minutes a rule may add, or merge up to.
const MOST_MINUTES: i32 = 24 * 60;
/// How many sessions may be told of at once.
const MOST_SESSIONS: usize = 500;

/// Adds a rule; an automatic one goes to work at once.
pub(super) fn create(ctx: &Context, input: ShiftRuleInput) -> Result<ShiftRule> {
    Reach::of(ctx)?.require(&input.department).map_err(|error| error.at("/input/department"))?;
    let stored = StoredRule {
        rule: Rule {
            id: random::id(),
            name: named(&input.name, "/input/name")?,
            room: input.room,
            track: input.track,
            kind: input.kind,
            minutes_before: minutes(input.minutes_before, "/input/minutesBefore")?,
            minutes_after: minutes(input.minutes_after, "/input/minutesAfter")?,
            merge_up_to_minutes: match input.merge_up_to_minutes {
                None | Some(0) => None,
                Some(limit) => Some(minutes(limit, "/input/mergeUpToMinutes")?),
            },
            weight_percent: weight(input.weight, "/input/weight")?,
        },
        department_id: input.department,
        automatic: input.automatic,
        seats: seats(input.seats, "/input/seats")?,
    };
    rule::save(&stored)?;
    if stored.automatic {
        follow::apply(&Here::of(ctx)?, std::slice::from_ref(&stored))?;
    }
    shown(stored)
}

/// Changes a rule, not yet its shifts.
pub(super) fn update(ctx: &Context, id: &str, patch: ShiftRulePatch) -> Result<ShiftRule> {
    let mut stored = rule::one(id)?;
    Reach::of(ctx)?.require(&stored.department_id)?;
    let rule = &mut stored.rule;
    if let Maybe::Value(name) = patch.name {
        rule.name = named(&name, "/patch/name")?;
    }
    patch.room.apply_to(&mut rule.room);
    patch.track.apply_to(&mut rule.track);
    patch.kind.apply_to(&mut rule.kind);
    if let Maybe::Value(before) = patch.minutes_before {
        rule.minutes_before = minutes(before, "/patch/minutesBefore")?;
    }
    if let Maybe::Value(after) = patch.minutes_after {
        rule.minutes_after = minutes(after, "/patch/minutesAfter")?;
    }
    match patch.merge_up_to_minutes {
        Maybe::Absent => {}
        Maybe::Null | Maybe::Value(0) => rule.merge_up_to_minutes = None,
        Maybe::Value(limit) => rule.merge_up_to_minutes = Some(minutes(limit, "/patch/mergeUpToMinutes")?),
    }
    if let Maybe::Value(factor) = patch.weight {
        rule.weight_percent = weight(factor, "/patch/weight")?;
    }
    stored.automatic = patch.automatic.into_option().unwrap_or(stored.automatic);
    if let Maybe::Value(wanted) = patch.seats {
        stored.seats = seats(wanted, "/patch/seats")?;
    }
    rule::save(&stored)?;
    shown(stored)
}

/// Removes a rule; its shifts stay.
pub(super) fn delete(ctx: &Context, id: &str) -> Result<bool> {
    let stored = rule::one(id)?;
    Reach::of(ctx)?.require(&stored.department_id)?;
    rule::delete(id)?;
    Ok(true)
}

/// Applies one rule, or all the actor may manage.
pub(super) fn apply(ctx: &Context, id: Option<&str>) -> Result<ShiftRuleReport> {
    let reach = Reach::of(ctx)?;
    let rules = match id {
        Some(id) => {
            let stored = rule::one(id)?;
            reach.require(&stored.department_id)?;
            vec![stored]
        }
        None => rule::all()?.into_iter().filter(|stored| reach.covers(&stored.department_id)).collect(),
    };
    follow::apply(&Here::of(ctx)?, &rules)
}

/// Takes sessions that no event told of.
pub(super) fn remember_sessions(ctx: &Context, page: ProgrammePageInput) -> Result<ShiftRuleReport> {
    if page.nodes.len() > MOST_SESSIONS {
        let message =
            format!("Send at most {MOST_SESSIONS} sessions at once; ask the programme for no more on a page.");
        return Err(Error::invalid(message).at("/sessions/nodes"));
    }
    let rows = page.nodes.into_iter().map(|session| {
        let (room_id, room_name) = session.room.map(|room| (room.id, room.name)).unzip();
        let (track_id, track_name) = session.track.map(|track| (track.id, track.name)).unzip();
        SessionRow {
            id: session.id,
            title: session.title,
            kind: session.kind,
            scheduled: session.state.eq_ignore_ascii_case("scheduled"),
            room_id,
            room_name,
            track_id,
            track_name,
            starts_at: session.start.map(DateTime::timestamp),
            ends_at: session.end.map(DateTime::timestamp),
        }
    });
    follow::follow(&Here::of(ctx)?, rows.collect())
}

fn minutes(value: i32, pointer: &str) -> Result<i64> {
    if (0..=MOST_MINUTES).contains(&value) {
        return Ok(i64::from(value));
    }
    Err(Error::invalid(format!("Write between 0 and {MOST_MINUTES} minutes.")).at(pointer.to_owned()))
}

fn seats(wanted: Vec<SeatInput>, pointer: &str) -> Result<BTreeMap<String, i64>> {
    let roles: HashSet<String> = role::by_id()?.into_keys().collect();
    wanted_seats(wanted, &roles, pointer)
}

fn shown(stored: StoredRule) -> Result<ShiftRule> {
    rule::shown(vec![stored])?.into_iter().next().ok_or_else(|| Error::internal("one rule answered none"))
}
