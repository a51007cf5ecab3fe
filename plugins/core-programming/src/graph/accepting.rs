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

/// Puts sessions where a plan proposes them.
///
/// # Errors
/// `not-found`, `NOT_READY`, `PLAN_OUTDATED`; the database's.
pub fn accept(ctx: &Context, id: &str, sessions: Option<&[String]>) -> Result<SchedulePlan> {
    let plan = store::plans::plan(id).map_err(|error| error.at("/id"))?;
    if plan.state != PlanState::Ready {
        return Err(Error::new("NOT_READY", "This plan proposes nothing, or nothing yet.").at("/id"));
    }
    let items = store::plans::items(id)?;
    let chosen = chosen(&items, sessions)?;
    let mut drafts: HashMap<String, model::Session> =
        programme::sessions(chosen.iter().map(|item| item.session_id.as_str()))?
            .into_iter()
            .map(|session| (session.id.clone(), session))
            .collect();
    let shared = programme::shared_rooms()?;
    let mut moved_since = Vec::new();
    let mut placed: Vec<model::Session> = Vec::with_capacity(chosen.len());
    for item in &chosen {
        // Sessions that were deleted took their proposals with them.
        let Some(mut session) = drafts.remove(&item.session_id) else { continue };
        let now = (session.room.as_deref(), session.slot);
        if session.state == State::Cancelled || now != item.from() {
            moved_since.push(session);
            continue;
        }
        let (room, slot) = item.to();
        match slot {
            Some(slot) => edit::put(&mut session, slot, room.map(str::to_owned)),
            None => edit::take_off(&mut session, &shared),
        }
        placed.push(session);
    }
    let needed = placed.iter().chain(&moved_since).filter_map(|session| session.room.as_deref());
    let rooms: HashMap<String, Room> =
        rooms::rooms_by_id(View::Draft, needed.collect::<HashSet<_>>())?.into_iter().collect();
    let gone = |session: &&model::Session| session.room.as_ref().is_some_and(|room| !rooms.contains_key(room));
    let without_room = placed.iter().filter(gone).map(|session| {
        let title = &session.title;
        format!("The room in which the plan has “{title}” was deleted since.")
    });
    refuse(moved_since.iter().map(|session| now_elsewhere(ctx, session, &rooms)).chain(without_room).collect())?;
    if placed.is_empty() {
        return plans::shown(ctx, plan);
    }
    let ours: HashSet<&str> = placed.iter().map(|session| session.id.as_str()).collect();
    let rules = config::get::<Rules>()?;
    let before: HashSet<String> = impossible(ctx, &rules, &ours)?.into_iter().map(|conflict| conflict.id).collect();
    write::sessions(&placed, revision::next()?)?;
    let mut new = impossible(ctx, &rules, &ours)?;
    new.retain(|conflict| !before.contains(&conflict.id));
    new.sort_by(|a, b| a.id.cmp(&b.id));
    new.truncate(NAMED + 1);
    // An error undoes what was written.
    refuse(conflicts::told(ctx, new)?)?;
    store::plans::accepted(id, placed.iter().map(|session| session.id.as_str()))?;
    tracing::info!(plan = id, sessions = placed.len(), "accepted");
    plans::shown(ctx, plan)
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
fn impossible(ctx: &Context, rules: &Rules, ours: &HashSet<&str>) -> Result<Vec<Conflict>> {
    let found = conflicts::wanted(ctx, rules, &|kind, sessions| {
        is_impossible(kind, rules.planning.seats) && sessions.iter().any(|session| ours.contains(session.id.as_str()))
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

fn refuse(mut reasons: Vec<String>) -> Result<()> {
    if reasons.is_empty() {
        return Ok(());
    }
    if reasons.len() > NAMED {
        reasons.truncate(NAMED);
        reasons.push("And more.".to_owned());
    }
    let (reasons, remedy) = (reasons.join("\n"), "Accept the others by naming them, or plan again.");
    Err(Error::new("PLAN_OUTDATED", format!("This does not work any more:\n{reasons}\n{remedy}")).at("/sessions"))
}
