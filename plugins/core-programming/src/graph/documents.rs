//! The work in progress as the scheduler has it, all of it free to move, and where everything is now: for other solvers, and explained to people.

use std::collections::HashMap;

use conman_sdk::prelude::*;
use conman_sdk::scheduler::{self, Blocked, Blocker, Cost, Problem, Solution, Wish};

use super::{explanation, int, plans};
use crate::scheduling::calendar::Calendar;
use crate::scheduling::explained;
use crate::scheduling::ids::Ids;
use crate::scheduling::material::Task;
use crate::scheduling::problem::{self, Stated};
use crate::schema::*;
use crate::store::planning::gather;

/// A query has time to explain so many sessions, with as many pairs of them at once as are ever stated.
const MOST_EXPLAINED: i64 = 400;

fn stated(ctx: &Context, besides: usize) -> Result<Stated> {
    let task = Task { rules: config::get()?, ..Task::default() };
    Ok(problem::state(&gather(ctx, besides, |_| true)?, &task, &ctx.convention))
}

/// The work in progress as a problem.
///
/// # Errors
/// The database's.
pub fn problem(ctx: &Context) -> Result<Problem> {
    Ok(stated(ctx, 0)?.problem)
}

/// Where everything is now, as a solution of it with its cost.
///
/// # Errors
/// The scheduler's; the database's.
pub fn solution(ctx: &Context) -> Result<Solution> {
    let Stated { problem, mut now, .. } = stated(ctx, 0)?;
    now.cost = Some(cost_of(&problem, &now)?);
    Ok(now)
}

/// Why the timetable costs what it does as it stands; ids are those of the programme, sentences still the host's.
pub struct Explained {
    /// Slots as times.
    pub calendar: Calendar,
    /// What it costs.
    pub cost: Cost,
    /// Sessions without a place, and why.
    pub unplaced: Vec<Blocked>,
    /// Broken wishes, those that cost most first.
    pub wishes: Vec<Wish>,
    /// Broken wishes besides.
    pub more_wishes: u64,
    /// What people should know of how it came about.
    pub notes: Vec<String>,
}

/// Why the timetable costs what it does as it stands. The call reads so many rows `besides`.
///
/// # Errors
/// The scheduler's; the database's.
pub fn explained(ctx: &Context, besides: usize) -> Result<Explained> {
    let Stated { mut problem, calendar, asked, mut now, mut notes, truth, .. } = stated(ctx, besides)?;
    let ids = Ids::replaced(&mut problem);
    ids.code_all(&mut now);
    let (problem, held) = truth.whole(problem, &ids);
    let told = explained::spelled(scheduler::explain(&problem, &explained::solution(&now, &held))?, &ids);
    let mut reasons: HashMap<String, Vec<Blocker>> =
        told.unplaced.into_iter().map(|left| (left.session, left.reasons)).collect();
    for reason in reasons.values_mut().flatten() {
        // Nobody searches.
        if let Some(free) = explained::free_place(reason) {
            reason.detail = free.to_owned();
        }
    }
    let left = now.unplaced.iter().filter_map(|left| ids.session(&left.session));
    let mut unplaced: Vec<Blocked> = left
        .map(|session| Blocked { session: session.to_owned(), reasons: reasons.remove(session).unwrap_or_default() })
        .collect();
    let mut cost = told.cost;
    for asked in asked.into_iter().filter(|asked| !asked.reasons.is_empty()) {
        cost.unplaced += 1;
        unplaced.push(Blocked { session: asked.session, reasons: asked.reasons });
    }
    match told.broken.len() as u64 + told.more {
        0 => {}
        1 => notes.push(format!("One rule is broken as it stands{MAY_BE_OFF}")),
        many => notes.push(format!("{many} rules are broken as it stands{MAY_BE_OFF}")),
    }
    Ok(Explained { calendar, cost, unplaced, wishes: told.wishes, more_wishes: told.more_wishes, notes })
}

const MAY_BE_OFF: &str = " (see `sessionConflicts`): what a mend changes may be off.";

/// The same for a query, which has no time for a large programme.
///
/// # Errors
/// `TOO_LARGE`; the scheduler's; the database's.
pub fn explanation(ctx: &Context) -> Result<ScheduleExplanation> {
    let (sessions,): (i64,) =
        database::query_one("SELECT COUNT(*) FROM session_draft WHERE state <> 'cancelled'", params![])?;
    if sessions > MOST_EXPLAINED {
        let message = format!(
            "These are {sessions} sessions, and a query has no time to explain more than {MOST_EXPLAINED}: \
             GET planning/explanation.json explains them."
        );
        return Err(Error::new("TOO_LARGE", message));
    }
    let Explained { calendar, cost, unplaced, wishes, more_wishes, notes } = explained(ctx, 0)?;
    let left: Vec<(&str, &[Blocker])> =
        unplaced.iter().map(|left| (left.session.as_str(), left.reasons.as_slice())).collect();
    Ok(ScheduleExplanation {
        cost: plans::cost(&cost),
        unplaced: explanation::unplaced(ctx, &calendar, &left)?,
        wishes: explanation::wishes(ctx, &calendar, &wishes)?,
        more_wishes: int(i64::try_from(more_wishes).unwrap_or(i64::MAX)),
        notes,
    })
}

/// What a timetable costs, counted by the host.
///
/// # Errors
/// The scheduler's.
pub fn cost_of(problem: &Problem, solution: &Solution) -> Result<Cost> {
    let mut cost = scheduler::explain(problem, solution)?.cost;
    // Solutions leave out what costs nothing.
    cost.terms.retain(|_, cost| *cost > 0);
    Ok(cost)
}
