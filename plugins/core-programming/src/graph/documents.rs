//! The work in progress as the scheduler has it, all of it free to move, and where everything is now: for other solvers, and explained to people.

use conman_sdk::prelude::*;
use conman_sdk::scheduler::{self, Blocker, Problem, Solution};

use super::{explanation, int, plans};
use crate::scheduling::explained;
use crate::scheduling::ids::Ids;
use crate::scheduling::material::Task;
use crate::scheduling::problem::{self, Stated};
use crate::schema::*;
use crate::store::planning::gather;

fn stated(ctx: &Context) -> Result<Stated> {
    let task = Task { rules: config::get()?, ..Task::default() };
    Ok(problem::state(&gather(ctx, |_| true)?, &task, &ctx.convention))
}

/// The work in progress as a problem.
///
/// # Errors
/// The database's.
pub fn problem(ctx: &Context) -> Result<Problem> {
    Ok(stated(ctx)?.problem)
}

/// Where everything is now, as a solution of it with its cost.
///
/// # Errors
/// The scheduler's; the database's.
pub fn solution(ctx: &Context) -> Result<Solution> {
    let Stated { problem, mut now, .. } = stated(ctx)?;
    now.cost = Some(cost_of(&problem, &now)?);
    Ok(now)
}

/// Why the timetable costs what it does as it stands.
///
/// # Errors
/// The scheduler's; the database's.
pub fn explained(ctx: &Context) -> Result<ScheduleExplanation> {
    let Stated { mut problem, calendar, asked, mut now, notes, truth, .. } = stated(ctx)?;
    let ids = Ids::replaced(&mut problem);
    ids.code_all(&mut now);
    let (problem, held) = truth.whole(problem, &ids);
    let told = explained::spelled(scheduler::explain(&problem, &explained::solution(&now, &held))?, &ids);
    let too_long = || asked.iter().filter(|asked| !asked.reasons.is_empty());
    let mut cost = told.cost.clone();
    cost.unplaced += too_long().count() as u64;
    let reasons = |session: &str| {
        let told = told.unplaced.iter().find(|left| left.session == session);
        told.map(|left| left.reasons.as_slice()).unwrap_or_default()
    };
    let left = now.unplaced.iter().filter_map(|left| ids.session(&left.session));
    let left: Vec<(&str, &[Blocker])> = left
        .map(|session| (session, reasons(session)))
        .chain(too_long().map(|asked| (asked.session.as_str(), asked.reasons.as_slice())))
        .collect();
    Ok(ScheduleExplanation {
        cost: plans::cost(&cost),
        unplaced: explanation::unplaced(ctx, &calendar, &left)?,
        wishes: explanation::wishes(ctx, &calendar, &told.wishes)?,
        more_wishes: int(i64::try_from(told.more_wishes).unwrap_or(i64::MAX)),
        notes,
    })
}

/// What a timetable costs, counted by the host.
///
/// # Errors
/// The scheduler's.
pub fn cost_of(problem: &Problem, solution: &Solution) -> Result<scheduler::Cost> {
    let mut cost = scheduler::explain(problem, solution)?.cost;
    // Solutions leave out what costs nothing.
    cost.terms.retain(|_, cost| *cost > 0);
    Ok(cost)
}
