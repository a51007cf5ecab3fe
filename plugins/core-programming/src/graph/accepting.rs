//! Takes a proposal over, whole or in part.
//!
//! A plan may be days old. So the conflicts before and after are compared: a session that was moved by hand since, a room that was taken, or
//! half of an exchange that does not work without the other half, are told and nothing changes.

use std::collections::{HashMap, HashSet};

use conman_sdk::prelude::*;

use super::{conflicts, edit, plans};
use crate::conflicts::{Conflict, Kind};
use crate::model::{self, State};
use crate::schema::SchedulePlan;
use crate::store::plans::Item;
use crate::store::programme;
use crate::store::{self, revision, write};

/// So many sessions are named in a refusal.
const NAMED: usize = 5;

/// Puts sessions where a plan proposes them.
///
/// # Errors
/// `not-found`, `NOT_READY`, `PLAN_OUTDATED`; the database's.
pub fn accept(ctx: &Context, id: &str, sessions: Option<&[String]>) -> Result<SchedulePlan> {
    let plan = store::plans::plan(id).map_err(|error| error.at("/id"))?;
    if plan.state != "ready" {
        return Err(Error::new("NOT_READY", "This plan proposes nothing, or nothing yet.").at("/id"));
    }
    let items = store::plans::items(id)?;
    let chosen = chosen(&items, sessions)?;
    let mut drafts: HashMap<String, model::Session> =
        programme::sessions(chosen.iter().map(|item| item.session_id.as_str()))?
            .into_iter()
            .map(|session| (session.id.clone(), session))
            .collect();
    let mut moved_since = Vec::new();
    let mut placed: Vec<model::Session> = Vec::with_capacity(chosen.len());
    for item in &chosen {
        // Sessions that were deleted took their proposals with them.
        let Some(mut session) = drafts.remove(&item.session_id) else { continue };
        let now = (session.room.as_deref(), session.slot);
        if session.state == State::Cancelled || now != item.from() {
            moved_since.push(format!("“{}” was moved or cancelled since.", session.title));
            continue;
        }
        let (room, slot) = item.to();
        match slot {
            Some(slot) => edit::put(&mut session, slot, room.map(str::to_owned)),
            None => edit::take_off(&mut session),
        }
        placed.push(session);
    }
    refuse(moved_since)?;
    let rooms: HashSet<&str> = placed.iter().filter_map(|session| session.room.as_deref()).collect();
    for room in rooms {
        programme::room(room).map_err(|_| outdated("A room that the plan uses was deleted."))?;
    }
    let before = impossible(ctx)?;
    write::sessions(&placed, revision::next()?)?;
    let ours: HashSet<&str> = placed.iter().map(|session| session.id.as_str()).collect();
    let mut new: Vec<Conflict> =
        impossible(ctx)?.into_values().filter(|conflict| !before.contains_key(&conflict.id)).collect();
    new.retain(|conflict| conflict.sessions.iter().any(|session| ours.contains(session.as_str())));
    new.sort_by(|a, b| a.id.cmp(&b.id));
    new.truncate(NAMED + 1);
    // An error undoes what was written.
    refuse(conflicts::told(ctx, new)?)?;
    store::plans::accepted(id, placed.iter().map(|session| session.id.as_str()))?;
    tracing::info!(plan = id, sessions = placed.len(), "accepted");
    plans::shown(ctx, plan)
}

/// The changes that are to be accepted.
fn chosen<'i>(items: &'i [Item], sessions: Option<&[String]>) -> Result<Vec<&'i Item>> {
    let open = |item: &&Item| item.is_change() && item.outcome != "accepted";
    let Some(sessions) = sessions else { return Ok(items.iter().filter(open).collect()) };
    let by_id: HashMap<&str, &Item> = items.iter().map(|item| (item.session_id.as_str(), item)).collect();
    let mut chosen: Vec<&Item> = Vec::with_capacity(sessions.len());
    for (at, session) in sessions.iter().enumerate() {
        let item = by_id.get(session.as_str()).copied().filter(|item| item.is_change());
        let item = item
            .ok_or_else(|| Error::not_found("This plan does not move this session.").at(format!("/sessions/{at}")))?;
        if open(&item) && !chosen.iter().any(|known| known.session_id == item.session_id) {
            chosen.push(item);
        }
    }
    Ok(chosen)
}

/// What is impossible, by the conflicts' ids.
fn impossible(ctx: &Context) -> Result<HashMap<String, Conflict>> {
    let found = conflicts::all(ctx)?.conflicts.into_iter().filter(|conflict| is_impossible(conflict.kind));
    Ok(found.map(|conflict| (conflict.id.clone(), conflict)).collect())
}

/// What the scheduler never proposes. Breaks, limits and seats are wishes to it, and line-ups are not its doing.
const fn is_impossible(kind: Kind) -> bool {
    match kind {
        Kind::RoomOverlap
        | Kind::PersonDoubleBooked
        | Kind::PersonUnavailable
        | Kind::RoomUnavailable
        | Kind::RoomLacksFeature
        | Kind::RoomNotAllowed
        | Kind::OutOfOrder => true,
        Kind::RoomTooSmall | Kind::DoNotAssignWith | Kind::BackToBack | Kind::OverDailyLimit | Kind::NoModerator => {
            false
        }
    }
}

fn refuse(mut reasons: Vec<String>) -> Result<()> {
    if reasons.is_empty() {
        return Ok(());
    }
    if reasons.len() > NAMED {
        reasons.truncate(NAMED);
        reasons.push("And more.".to_owned());
    }
    Err(outdated(&reasons.join(" ")))
}

fn outdated(what: &str) -> Error {
    let remedy = "Accept the others by naming them, or plan again.";
    Error::new("PLAN_OUTDATED", format!("This does not work any more: {what} {remedy}")).at("/sessions")
}
