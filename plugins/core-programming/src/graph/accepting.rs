//! Takes a proposal over, whole or in part.
//!
//! A plan may be days old. So the conflicts before and after are compared: sessions that were moved by hand since, a room that was taken, or
//! half of an exchange that does not work without the other half, are told one by one and nothing changes. Two who accept at once, or
//! change what is accepted, do so one after the other: the host runs the one that comes too late again, and it finds what the other did.

use std::collections::{HashMap, HashSet};

use conman_sdk::prelude::*;

use super::{conflicts, edit, plans, rooms};
use crate::conflicts::{MOST, Measure, Place, Rules, Scene, Standing};
use crate::model::State;
use crate::scheduling::words::moment;
use crate::schema::{Room, SchedulePlan};
use crate::store::plans::{Item, State as PlanState};
use crate::store::{self, View, revision};

/// So many reasons are named in a refusal.
const NAMED: usize = 50;

/// Puts sessions where a plan proposes them; with `skip` those for which that still works.
///
/// # Errors
/// `not-found`, `NOT_READY`, `PLAN_OUTDATED`; the database's.
pub fn accept(ctx: &Context, id: &str, sessions: Option<&[String]>, skip: bool) -> Result<SchedulePlan> {
    let plan = store::plans::plan(id).map_err(|error| error.at("/id"))?;
    if plan.state != PlanState::Ready {
        return Err(Error::new("NOT_READY", "This plan proposes nothing, or nothing yet.").at("/id"));
    }
    let items = store::plans::items(id)?;
    let mut changes = chosen(&items, sessions)?;
    let mut left = Vec::new();
    if !changes.is_empty() {
        let scene = conflicts::scene()?;
        left = changed_since(ctx, &scene, &mut changes)?;
        if !skip {
            refuse(&mut left)?;
        }
        left.extend(impossible(ctx, &scene, &mut changes, skip)?);
        if !skip {
            refuse(&mut left)?;
        }
    }
    carry_out(id, &changes)?;
    tracing::info!(plan = id, sessions = changes.len(), left = left.len(), "accepted");
    limit(&mut left);
    Ok(SchedulePlan { left, ..plans::shown(ctx, plan)? })
}

fn carry_out(plan: &str, changes: &[&Item]) -> Result<()> {
    let (put, taken_off): (Vec<&Item>, Vec<&Item>) = changes.iter().partition(|item| item.to().1.is_some());
    if !put.is_empty() {
        store::plans::put(plan, revision::next()?, put.iter().map(|item| item.session_id.as_str()))?;
    }
    edit::clear(taken_off.iter().map(|item| item.session_id.as_str()))?;
    store::plans::accepted(plan, changes.iter().map(|item| item.session_id.as_str()))
}

/// Takes out what cannot be done: where a session is elsewhere since, or another, or its room is gone. Answers why.
fn changed_since(ctx: &Context, scene: &Scene, changes: &mut Vec<&Item>) -> Result<Vec<String>> {
    let sessions: HashMap<&str, &Standing> =
        scene.sessions.iter().map(|session| (session.id.as_str(), session)).collect();
    // Sessions that were deleted took their proposals with them.
    changes.retain(|item| sessions.contains_key(item.session_id.as_str()));
    let named = changes.iter().filter_map(|item| Some((item, sessions.get(item.session_id.as_str())?)));
    let named: HashSet<&str> =
        named.flat_map(|(item, session)| [item.to().0, session.room.as_deref()]).flatten().collect();
    let rooms: HashMap<String, Room> = rooms::rooms_by_id(View::Draft, named)?.into_iter().collect();
    let mut left = Vec::new();
    changes.retain(|item| {
        let Some(session) = sessions.get(item.session_id.as_str()) else { return false };
        let why = what_changed(ctx, item, session, &rooms);
        let stays = why.is_some();
        left.extend(why);
        !stays
    });
    Ok(left)
}

/// What was done to a session since the plan was asked for, if that makes its proposal void.
fn what_changed(ctx: &Context, item: &Item, session: &Standing, rooms: &HashMap<String, Room>) -> Option<String> {
    let title = &session.title;
    if session.state == State::Cancelled {
        return Some(format!("“{title}” was cancelled since."));
    }
    let (_, was) = item.from();
    if session.place() != item.from() {
        let room = session.room.as_ref().and_then(|id| rooms.get(id)).map(|room| format!(" in {}", room.name));
        let room = room.unwrap_or_default();
        return Some(match session.slot {
            Some(slot) => {
                format!("“{title}” was moved since: it is{room} from {} now.", moment(&ctx.convention, slot.start))
            }
            None if was.is_none() => format!("“{title}” was changed since: its room is another now."),
            None => format!("“{title}” was taken off the schedule since."),
        });
    }
    if let Some(minutes) = session.minutes
        && was.is_none()
        && minutes * 60 != item.seconds
    {
        return Some(format!("“{title}” was changed since: it takes {minutes} minutes now."));
    }
    let is_there = item.to().0.is_none_or(|room| rooms.contains_key(room));
    (!is_there).then(|| format!("The room in which the plan has “{title}” was deleted since."))
}

/// Takes out what would make conflicts, with all that follows from its staying where it is. Answers which.
fn impossible(ctx: &Context, scene: &Scene, changes: &mut Vec<&Item>, skip: bool) -> Result<Vec<String>> {
    let rules = config::get::<Rules>()?;
    let measure = Measure { rules: &rules, zone: ctx.convention.zone(), day_change: ctx.convention.day_change };
    let places: HashMap<&str, Place<'_>> = changes.iter().map(|item| (item.session_id.as_str(), item.to())).collect();
    let Some(refused) = scene.refused(&places, measure, skip) else {
        let message = format!("These sessions are in more than {MOST} conflicts; accept fewer of them at a time.");
        return Err(Error::new("PLAN_OUTDATED", message).at("/sessions"));
    };
    changes.retain(|item| !refused.sessions.contains(item.session_id.as_str()));
    let mut because = refused.because;
    because.truncate(NAMED + 1);
    conflicts::told(ctx, because)
}

/// The changes that are to be accepted.
fn chosen<'i>(items: &'i [Item], sessions: Option<&[String]>) -> Result<Vec<&'i Item>> {
    let open = |item: &&Item| item.is_change() && !item.accepted;
    let Some(sessions) = sessions else { return Ok(items.iter().filter(open).collect()) };
    let by_id: HashMap<&str, &Item> = items.iter().map(|item| (item.session_id.as_str(), item)).collect();
    let mut chosen: Vec<&Item> = Vec::with_capacity(sessions.len());
    let mut named: HashSet<&str> = HashSet::with_capacity(sessions.len());
    for (at, session) in sessions.iter().enumerate() {
        let item = by_id.get(session.as_str()).copied().filter(|item| item.is_change());
        let item = item
            .ok_or_else(|| Error::not_found("This plan does not move this session.").at(format!("/sessions/{at}")))?;
        if open(&item) && named.insert(session) {
            chosen.push(item);
        }
    }
    Ok(chosen)
}

/// Refuses for these reasons, if there are any.
fn refuse(reasons: &mut Vec<String>) -> Result<()> {
    if reasons.is_empty() {
        return Ok(());
    }
    limit(reasons);
    let (reasons, remedy) = (reasons.join("\n"), "Accept the others by naming them or with `skip`, or plan again.");
    Err(Error::new("PLAN_OUTDATED", format!("This does not work any more:\n{reasons}\n{remedy}")).at("/sessions"))
}

fn limit(reasons: &mut Vec<String>) {
    if reasons.len() > NAMED {
        reasons.truncate(NAMED);
        reasons.push("And more.".to_owned());
    }
}
