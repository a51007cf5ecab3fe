//! Asks the scheduler for timetables.

use conman_sdk::prelude::*;
use conman_sdk::scheduler::{self, Job, Options};

use super::documents::cost_of;
use super::scope::Scope;
use super::{edit, int, plans};
use crate::model::Slot;
use crate::planned::{ENDED, Ended, Found};
use crate::scheduling::ids::Ids;
use crate::scheduling::material::{Closed, Closeness, Task};
use crate::scheduling::problem::{self, Stated};
use crate::schema::*;
use crate::store::planning::{Candidate, gather};
use crate::store::plans::{Plan, Purpose, State};
use crate::store::{self, programme, revision};

/// Starts to search for a timetable.
///
/// # Errors
/// `invalid` or `not-found` with the place, `NOTHING_TO_PLAN`; the scheduler's; the database's.
pub fn plan(ctx: &Context, input: PlanScheduleInput) -> Result<SchedulePlan> {
    let closeness = if input.keep_close { Closeness::Close } else { Closeness::Free };
    let task = Task { closeness, rules: config::get()?, ..Task::default() };
    start(ctx, Asking { scope: input.scope, task, seconds: input.seconds, most_moves: None })
}

/// Starts to search for the best timetable with few moves.
///
/// # Errors
/// As [`plan`].
pub fn reschedule(ctx: &Context, input: RescheduleInput) -> Result<SchedulePlan> {
    if input.most_moves < 0 {
        return Err(Error::invalid("This cannot be negative.").at("/input/mostMoves"));
    }
    let closed = input.closed.iter().enumerate().map(|(at, closed)| closure(closed, &format!("/input/closed/{at}")));
    let closed = closed.collect::<Result<_>>()?;
    let task = Task { closeness: Closeness::Fewest, closed, rules: config::get()?, ..Task::default() };
    start(ctx, Asking { scope: input.scope, task, seconds: input.seconds, most_moves: Some(input.most_moves) })
}

struct Asking {
    scope: Option<SchedulePlanScopeInput>,
    task: Task,
    seconds: f64,
    most_moves: Option<i32>,
}

fn closure(input: &SchedulePlanClosureInput, at: &str) -> Result<Closed> {
    if input.end <= input.start {
        return Err(Error::invalid("This ends before it starts.").at(format!("{at}/end")));
    }
    let time = Slot { start: input.start.timestamp(), end: input.end.timestamp() };
    let id = match (&input.room, &input.person) {
        (Some(room), None) => programme::room(room).map_err(|error| error.at(format!("{at}/room")))?.id,
        (None, Some(person)) => programme::person(person).map_err(|error| error.at(format!("{at}/person")))?.id,
        _ => return Err(Error::invalid("Name a room or a person.").at(at)),
    };
    Ok(Closed { id, time })
}

fn start(ctx: &Context, asking: Asking) -> Result<SchedulePlan> {
    let Asking { scope, mut task, seconds, most_moves } = asking;
    if !(0.1..=60.0).contains(&seconds) {
        return Err(Error::invalid("A search takes 0.1 to 60 seconds.").at("/input/seconds"));
    }
    let scope = Scope::of(ctx, scope, "/input/scope")?;
    task.days.clone_from(&scope.days);
    let material = gather(ctx, scope.rows(), |candidate| scope.holds(candidate))?;
    let stated = problem::state(&material, &task, &ctx.convention);
    drop(material);
    let too_long = stated.asked.iter().filter(|asked| !asked.reasons.is_empty()).count();
    if stated.asked.len() == too_long {
        let message = "No session may move: choose another scope, or create sessions of no more than a day.";
        return Err(Error::new("NOTHING_TO_PLAN", message).at("/input/scope"));
    }
    let Stated { mut problem, calendar, asked, mut now, fixed, notes, truth } = stated;
    let ids = Ids::replaced(&mut problem);
    ids.code_all(&mut now);
    let mut before_cost = cost_of(&problem, &now)?;
    // The scheduler is not told of them.
    before_cost.unplaced += too_long as u64;
    let moves = most_moves.and_then(|most| u32::try_from(most).ok());
    let job = scheduler::start(&problem, &Options { seconds: Some(seconds), moves, ..Options::default() })?;
    let explained = truth.told(problem, &ids);
    let plan = Plan {
        id: edit::new_id(),
        job: job.id().to_owned(),
        purpose: if most_moves.is_some() { Purpose::Reschedule } else { Purpose::Plan },
        state: State::Searching,
        created_at: clock::now(),
        created_by: ctx.actor.name.clone(),
        account_id: ctx.actor.account().map(str::to_owned),
        revision: revision::now()?,
        most_moves: most_moves.map(i64::from),
        fixed_sessions: i64::try_from(fixed).unwrap_or(i64::MAX),
        calendar,
        notes,
        before_cost,
        after_cost: None,
        more_wishes: 0,
        ended_at: None,
        error_code: None,
        error_message: None,
    };
    store::plans::add(&plan, &asked, &ids, &explained)?;
    tracing::info!(plan = plan.id, job = plan.job, sessions = asked.len(), fixed, "asked for a timetable");
    plans::shown(ctx, plan)
}

/// Ends a search.
///
/// # Errors
/// `not-found`; the database's.
pub fn cancel(ctx: &Context, id: &str) -> Result<SchedulePlan> {
    let mut plan = store::plans::plan(id).map_err(|error| error.at("/id"))?;
    if plans::is_lost(&plan)? {
        plan = store::plans::lose(plan)?;
        events::emit(ENDED, &plan.id, &Ended { state: plan.state, search: Found::default() })?;
    } else if plan.state == State::Searching {
        Job::from_id(&plan.job).cancel()?;
    }
    plans::shown(ctx, plan)
}

/// Forgets a plan.
///
/// # Errors
/// `not-found`; the database's.
pub fn drop_plan(id: &str) -> Result<bool> {
    let plan = store::plans::plan(id).map_err(|error| error.at("/id"))?;
    store::plans::remove([plan.id.as_str()])?;
    match Job::from_id(&plan.job).forget() {
        // The host keeps no more jobs than it says.
        Err(error) if error.code != "not-found" => Err(error),
        _ => Ok(true),
    }
}

/// Takes the sessions of a scope off the schedule; answers how many.
///
/// # Errors
/// `invalid` or `not-found` with the place; the database's.
pub fn clear(ctx: &Context, scope: Option<SchedulePlanScopeInput>) -> Result<i32> {
    let scope = Scope::of(ctx, scope, "/scope")?;
    let rows: Vec<(String, Option<String>, Option<Timestamp>)> =
        database::query_as("SELECT id, track_id, starts_at FROM session_draft", params![])?;
    let within = rows.iter().filter(|(id, track, start)| {
        let day = start.map(|start| ctx.convention.day_of(start));
        scope.holds(&Candidate { id, track: track.as_deref(), day })
    });
    let cleared = edit::clear(within.map(|(id, _, _)| id.as_str()))?;
    tracing::info!(sessions = cleared, "taken off the schedule");
    Ok(int(i64::try_from(cleared).unwrap_or(i64::MAX)))
}
