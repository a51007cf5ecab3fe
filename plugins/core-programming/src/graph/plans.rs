//! Plans as clients see them.

use std::collections::{HashMap, HashSet};

use conman_sdk::prelude::*;
use conman_sdk::scheduler::{self, Cost, Job, Status};
use jiff::SignedDuration;

use super::sessions::Reading;
use super::{Wants, explanation, int, rooms, wire};
use crate::model::Slot;
use crate::planned;
use crate::schema::*;
use crate::store::plans::{self, Fate, Item, Plan, State};
use crate::store::{View, revision};

/// So long after its search has ended a plan has its proposal, or will have none.
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// All plans, newest first.
///
/// # Errors
/// The database's.
pub fn all(ctx: &Context) -> Result<Vec<SchedulePlan>> {
    let revision = revision::now()?;
    plans::all()?.into_iter().map(|plan| at(ctx, plan, revision)).collect()
}

/// One plan.
///
/// # Errors
/// The database's.
pub fn one(ctx: &Context, id: &str) -> Result<Option<SchedulePlan>> {
    match plans::plan(id) {
        Ok(plan) => shown(ctx, plan).map(Some),
        Err(error) if error.code == "not-found" => Ok(None),
        Err(error) => Err(error),
    }
}

/// A plan with what is wanted of it.
///
/// # Errors
/// The database's.
pub fn shown(ctx: &Context, plan: Plan) -> Result<SchedulePlan> {
    at(ctx, plan, revision::now()?)
}

/// A plan, with the programme's revision now.
fn at(ctx: &Context, mut plan: Plan, revision: i64) -> Result<SchedulePlan> {
    let wants = Wants::below(ctx, "");
    let is_late = plan.state == State::Searching && plan.created_at + LATE < clock::now();
    let asked = is_late || wants.field("progress") || wants.field("course");
    let search = if asked { search(&plan)? } else { None };
    if is_late && search.as_ref().is_none_or(ended_late) {
        plan = plan.lost();
    }
    let items = match plan.state {
        State::Ready if wants.field("changes") => plans::items(&plan.id)?,
        State::Ready if wants.field("unplaced") => plans::unplaced(&plan.id)?,
        _ => Vec::new(),
    };
    let ended = plan.state != State::Searching;
    let progress = search.as_ref().map_or(0.0, |status| status.progress);
    let point = |point: &scheduler::Point| SchedulePlanPoint {
        elapsed: point.elapsed,
        unplaced: long(point.unplaced),
        soft: long(point.soft),
    };
    Ok(SchedulePlan {
        purpose: wire(plan.purpose.as_str())?,
        state: wire(plan.state.as_str())?,
        at: ctx.convention.local(plan.created_at),
        by: plan.created_by,
        account: plan.account_id,
        outdated: plan.revision != revision,
        progress: if ended { 1.0 } else { progress },
        course: search.iter().flat_map(|status| &status.costs).map(point).collect(),
        session_count: if wants.field("sessionCount") { int(plans::count(&plan.id)?) } else { 0 },
        fixed_count: int(plan.fixed_sessions),
        most_moves: plan.most_moves.map(int),
        notes: plan.notes,
        before: cost(&plan.before_cost),
        after: plan.after_cost.as_ref().map(|Json(after)| cost(after)),
        changes: if wants.field("changes") { changes(ctx, &items)? } else { Vec::new() },
        unplaced: if wants.field("unplaced") {
            let left = items.iter().filter(|item| item.outcome == Fate::Unplaced);
            let left: Vec<_> = left.map(|item| (item.session_id.as_str(), item.reasons.as_slice())).collect();
            explanation::unplaced(ctx, &plan.calendar, &left)?
        } else {
            Vec::new()
        },
        wishes: if wants.field("wishes") {
            explanation::wishes(ctx, &plan.calendar, &plans::wishes(&plan.id)?)?
        } else {
            Vec::new()
        },
        more_wishes: int(plan.more_wishes),
        left: Vec::new(),
        error: plan.error_code.map(|code| SchedulePlanError { code, message: plan.error_message.unwrap_or_default() }),
        id: plan.id,
    })
}

/// Whether a search ended so long ago that nothing will come of it.
fn ended_late(status: &Status) -> bool {
    status.state.has_ended()
        && status.ended_at.and_then(|at| Timestamp::from_millisecond(at).ok()).is_none_or(|at| at + LATE < clock::now())
}

/// Whether nothing will come of a plan's search.
///
/// # Errors
/// The host's.
pub fn is_lost(plan: &Plan) -> Result<bool> {
    Ok(plan.state == State::Searching && search(plan)?.as_ref().is_none_or(ended_late))
}

/// How the search went, as long as the host remembers it.
fn search(plan: &Plan) -> Result<Option<Status>> {
    match Job::from_id(&plan.job).status() {
        Ok(status) => Ok(Some(status)),
        Err(error) if error.code == "not-found" => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn cost(cost: &Cost) -> SchedulePlanCost {
    let term = |(term, cost): (&String, &u64)| SchedulePlanTerm { term: term.clone(), cost: long(*cost) };
    SchedulePlanCost {
        unplaced: long(cost.unplaced),
        soft: long(cost.soft),
        terms: cost.terms.iter().filter(|(_, cost)| **cost > 0).map(term).collect(),
    }
}

pub(super) fn long(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn sessions(ctx: &Context, prefix: &'static str, items: &[&Item]) -> Result<HashMap<String, Session>> {
    let found = Reading::new(ctx, View::Draft, prefix).by_id(items.iter().map(|item| item.session_id.as_str()))?;
    Ok(found.into_iter().map(|session| (session.id.clone(), session)).collect())
}

fn changes(ctx: &Context, items: &[Item]) -> Result<Vec<SchedulePlanChange>> {
    let changed: Vec<&Item> = items.iter().filter(|item| item.is_change()).collect();
    let mut sessions = sessions(ctx, "changes.session.", &changed)?;
    let named: HashSet<&str> = changed.iter().flat_map(|item| [item.from().0, item.to().0]).flatten().collect();
    let rooms: HashMap<String, Room> = rooms::rooms_by_id(View::Draft, named)?.into_iter().collect();
    let room = |id: Option<&str>| id.and_then(|id| rooms.get(id).cloned());
    let local = |at: Option<Timestamp>| at.map(|at| ctx.convention.local(at));
    let change = |item: &&Item| {
        let ((from_room, from), (to_room, to)) = (item.from(), item.to());
        Some(SchedulePlanChange {
            kind: match (from, to) {
                (None, _) => SchedulePlanChangeKind::New,
                (Some(_), Some(_)) => SchedulePlanChangeKind::Moved,
                (Some(_), None) => SchedulePlanChangeKind::Unplaced,
            },
            session: sessions.remove(&item.session_id)?,
            from_room: room(from_room),
            from_start: local(from.map(|slot: Slot| slot.start)),
            from_end: local(from.map(|slot| slot.end)),
            to_room: room(to_room),
            to_start: local(to.map(|slot| slot.start)),
            to_end: local(to.map(|slot| slot.end)),
            accepted: item.accepted,
        })
    };
    Ok(changed.iter().filter_map(change).collect())
}

/// How the search of a plan comes on, if the event is about it.
///
/// # Errors
/// `bad-payload`; the database's.
pub fn progress(plan: &str, event: &Event) -> Result<Option<SchedulePlanProgress>> {
    if event.topic == planned::ENDED {
        let planned::Ended { state, search } = event.payload()?;
        let told = || {
            Ok(SchedulePlanProgress {
                state: wire(state.as_str())?,
                progress: 1.0,
                elapsed: search.elapsed,
                unplaced: search.unplaced.map(long),
                soft: search.soft.map(long),
            })
        };
        return (event.key == plan).then(told).transpose();
    }
    if plans::of_job(&event.key)?.is_none_or(|searched| searched.id != plan) {
        return Ok(None);
    }
    let scheduler::Progress { progress, elapsed, unplaced, soft, .. } = event.payload()?;
    let (unplaced, soft) = (unplaced.map(long), soft.map(long));
    Ok(Some(SchedulePlanProgress { state: SchedulePlanState::Searching, progress, elapsed, unplaced, soft }))
}
