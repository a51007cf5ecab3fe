//! Takes a proposal over, whole or in part.
//!
//! A plan may be days old. So the conflicts before and after are compared: sessions that were moved by hand since, a room that was taken, or
//! half of an exchange that does not work without the other half, are told one by one and nothing changes. Two who accept at once, or
//! change what is accepted, do so one after the other: the host runs the one that comes too late again, and it finds what the other did.

use std::collections::{HashMap, HashSet};

use conman_sdk::prelude::*;

use super::{conflicts, edit, plans, rooms};
use crate::conflicts::{Conflict, Kind, MOST, Rules};
use crate::model::{self, State};
use crate::scheduling::Seats;
use crate::scheduling::words::moment;
use crate::schema::{Room, SchedulePlan};
use crate::store::plans::{Item, State as PlanState};
use crate::store::programme;
use crate::store::{self, View, revision, write};

/// So many reasons are named in a refusal.
const NAMED: usize = 50;

/// Changes that make conflicts are undone so many times at most; each time may bring new ones, of others that had their places.
const ROUNDS: usize = 8;

/// A session before and after it is put where a plan proposes it.
struct Change {
    before: model::Session,
    after: model::Session,
}

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
    let chosen = chosen(&items, sessions)?;
    let (mut changes, mut left) = changes(ctx, &chosen)?;
    if !skip {
        refuse(&mut left)?;
    }
    left.extend(settle(ctx, &mut changes, skip)?);
    store::plans::accepted(id, changes.iter().map(|change| change.after.id.as_str()))?;
    tracing::info!(plan = id, sessions = changes.len(), left = left.len(), "accepted");
    limit(&mut left);
    Ok(SchedulePlan { left, ..plans::shown(ctx, plan)? })
}

/// What is to be done, and what cannot be: where a session is elsewhere since, or its room is gone.
fn changes(ctx: &Context, chosen: &[&Item]) -> Result<(Vec<Change>, Vec<String>)> {
    let mut drafts: HashMap<String, model::Session> =
        programme::sessions(chosen.iter().map(|item| item.session_id.as_str()))?
            .into_iter()
            .map(|session| (session.id.clone(), session))
            .collect();
    let shared = programme::shared_rooms()?;
    let mut moved_since = Vec::new();
    let mut changes: Vec<Change> = Vec::with_capacity(chosen.len());
    for item in chosen {
        // Sessions that were deleted took their proposals with them.
        let Some(before) = drafts.remove(&item.session_id) else { continue };
        let now = (before.room.as_deref(), before.slot);
        if before.state == State::Cancelled || now != item.from() {
            moved_since.push(before);
            continue;
        }
        let mut after = before.clone();
        let (room, slot) = item.to();
        match slot {
            Some(slot) => edit::put(&mut after, slot, room.map(str::to_owned)),
            None => edit::take_off(&mut after, &shared),
        }
        changes.push(Change { before, after });
    }
    let needed = changes.iter().map(|change| &change.after).chain(&moved_since);
    let needed: HashSet<&str> = needed.filter_map(|session| session.room.as_deref()).collect();
    let rooms: HashMap<String, Room> = rooms::rooms_by_id(View::Draft, needed)?.into_iter().collect();
    let mut left: Vec<String> = moved_since.iter().map(|session| now_elsewhere(ctx, session, &rooms)).collect();
    changes.retain(|Change { after, .. }| {
        let is_there = after.room.as_ref().is_none_or(|room| rooms.contains_key(room));
        if !is_there {
            left.push(format!("The room in which the plan has “{}” was deleted since.", after.title));
        }
        is_there
    });
    Ok((changes, left))
}

/// Makes changes. Those that make conflicts are refused; with `skip` they are undone, until none of the rest does. Answers why.
fn settle(ctx: &Context, changes: &mut Vec<Change>, skip: bool) -> Result<Vec<String>> {
    let mut left = Vec::new();
    if changes.is_empty() {
        return Ok(left);
    }
    let ours: HashSet<String> = changes.iter().map(|change| change.after.id.clone()).collect();
    let rules = config::get::<Rules>()?;
    let before: HashSet<String> = impossible(ctx, &rules, &ours)?.into_iter().map(|conflict| conflict.id).collect();
    write::sessions(changes.iter().map(|change| &change.after), revision::next()?)?;
    for _ in 0..ROUNDS {
        let mut new = impossible(ctx, &rules, &ours)?;
        new.retain(|conflict| !before.contains(&conflict.id));
        if new.is_empty() {
            return Ok(left);
        }
        new.sort_by(|a, b| a.id.cmp(&b.id));
        let concerned: HashSet<String> = new.iter().flat_map(|conflict| conflict.sessions.iter().cloned()).collect();
        new.truncate(NAMED + 1);
        left.extend(conflicts::told(ctx, new)?);
        if !skip {
            break;
        }
        // What is back where it was has the conflicts it had.
        let undone: Vec<Change> = changes.extract_if(.., |change| concerned.contains(&change.after.id)).collect();
        write::sessions(undone.iter().map(|change| &change.before), revision::next()?)?;
    }
    // An error undoes what was written.
    refuse(&mut left)?;
    Ok(left)
}

/// What was done to a session since the plan was asked for.
fn now_elsewhere(ctx: &Context, session: &model::Session, rooms: &HashMap<String, Room>) -> String {
    let title = &session.title;
    let room = session.room.as_ref().and_then(|id| rooms.get(id)).map(|room| format!(" in {}", room.name));
    let room = room.unwrap_or_default();
    match session.slot {
        _ if session.state == State::Cancelled => format!("“{title}” was cancelled since."),
        Some(slot) => {
            format!("“{title}” was moved since: it is{room} from {} now.", moment(&ctx.convention, slot.start))
        }
        None => format!("“{title}” was taken off the schedule since."),
    }
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

/// What is impossible with some sessions.
///
/// # Errors
/// `PLAN_OUTDATED` where it is too much to be compared; the database's.
fn impossible(ctx: &Context, rules: &Rules, ours: &HashSet<String>) -> Result<Vec<Conflict>> {
    let found = conflicts::wanted(ctx, rules, &|kind, sessions| {
        is_impossible(kind, rules.planning.seats) && sessions.iter().any(|session| ours.contains(&session.id))
    })?;
    if found.capped {
        let message = format!("These sessions are in more than {MOST} conflicts; accept fewer of them at a time.");
        return Err(Error::new("PLAN_OUTDATED", message).at("/sessions"));
    }
    Ok(found.conflicts)
}

/// What the scheduler never proposes. Breaks and limits are wishes to it, seats where the convention says so, and line-ups are not its doing.
fn is_impossible(kind: Kind, seats: Seats) -> bool {
    match kind {
        Kind::RoomOverlap
        | Kind::PersonDoubleBooked
        | Kind::PersonUnavailable
        | Kind::RoomUnavailable
        | Kind::RoomLacksFeature
        | Kind::RoomNotAllowed
        | Kind::OutOfOrder => true,
        Kind::RoomTooSmall => seats == Seats::Must,
        Kind::DoNotAssignWith | Kind::BackToBack | Kind::OverDailyLimit | Kind::NoModerator => false,
    }
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
