//! Plans, what their searches are about, and what came of these.

mod items;
mod states;

use conman_sdk::database::execute_in;
use conman_sdk::prelude::*;
use conman_sdk::scheduler::{Assignment, Cost, Explanation, Wish};
use jiff::SignedDuration;
use serde_json::value::RawValue;

pub use items::{Item, accepted, count, items, put, unplaced};
pub use states::{Fate, Purpose, State};

use crate::planned::LOST;
use crate::scheduling::calendar::Calendar;
use crate::scheduling::explained::Explained;
use crate::scheduling::ids::Ids;
use crate::scheduling::proposal::{Asked, Outcome};

/// So many plans are kept besides those that search; the oldest goes. The host keeps as many of its jobs.
const KEPT: i64 = 20;

/// No search takes so long, nor the writing of its proposal.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// A plan.
#[derive(FromRow)]
pub struct Plan {
    /// Its id.
    pub id: String,
    /// The host's job.
    pub job: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: State,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// By whom, as they were called then.
    pub created_by: String,
    /// Their account.
    pub account_id: Option<String>,
    /// The programme's revision then.
    pub revision: i64,
    /// So many sessions it may move.
    pub most_moves: Option<i64>,
    /// So many sessions stayed where they were.
    pub fixed_sessions: i64,
    /// Its slots.
    #[row(json)]
    pub calendar: Calendar,
    /// What people should know of it.
    #[row(json)]
    pub notes: Vec<String>,
    /// What the timetable cost then.
    #[row(json)]
    pub before_cost: Cost,
    /// What the proposed one costs.
    pub after_cost: Option<Json<Cost>>,
    /// Broken wishes of it besides those that are kept.
    pub more_wishes: i64,
    /// When the search had ended.
    pub ended_at: Option<Timestamp>,
    /// Why there is no proposal.
    pub error_code: Option<String>,
    /// The same, for a person.
    pub error_message: Option<String>,
}

impl Plan {
    /// The plan when nothing will come of its search.
    #[must_use]
    pub fn lost(self) -> Self {
        let message = "The proposal was lost; plan again.".to_owned();
        Self { state: State::Failed, error_code: Some(LOST.to_owned()), error_message: Some(message), ..self }
    }
}

const PLAN: &str = "SELECT id, job, purpose, state, created_at, created_by, account_id, revision, most_moves, fixed_sessions, calendar, \
     notes, before_cost, after_cost, more_wishes, ended_at, error_code, error_message FROM schedule_plan";

/// Keeps a plan, what it may move, and what it is to be explained by; forgets the oldest.
///
/// # Errors
/// The database's.
pub fn add(plan: &Plan, asked: &[Asked], ids: &Ids, explained: &Explained) -> Result<()> {
    let columns = [
        "id",
        "job",
        "purpose",
        "state",
        "created_at",
        "created_by",
        "account_id",
        "revision",
        "most_moves",
        "fixed_sessions",
        "calendar",
        "notes",
        "before_cost",
    ];
    let row = row![
        plan.id,
        plan.job,
        plan.purpose,
        plan.state,
        plan.created_at,
        plan.created_by,
        plan.account_id,
        plan.revision,
        plan.most_moves,
        plan.fixed_sessions,
        Json(&plan.calendar),
        Json(&plan.notes),
        Json(&plan.before_cost)
    ];
    database::insert_many("schedule_plan", columns, [row])?;
    items::ask(&plan.id, asked)?;
    let Explained { problem, held, starts } = explained;
    let row = row![plan.id, Json(ids), Json(held), Json(starts), Json(problem)];
    database::insert_many("schedule_plan_problem", ["plan_id", "ids", "held", "starts", "problem"], [row])?;
    let old: Vec<(String,)> = database::query_as(
        "SELECT id FROM schedule_plan WHERE state <> 'searching' OR created_at < $2 ORDER BY created_at DESC, id DESC \
         LIMIT 100 OFFSET $1",
        params![KEPT - 1, plan.created_at - LONGEST],
    )?;
    remove(old.iter().map(|(id,)| id.as_str()))
}

/// Forgets plans.
///
/// # Errors
/// The database's.
pub fn remove<'k>(ids: impl IntoIterator<Item = &'k str> + Clone) -> Result<()> {
    for table in ["schedule_plan_session", "schedule_plan_problem", "schedule_plan_wish"] {
        execute_in(&format!("DELETE FROM {table} WHERE plan_id IN ($keys)"), params![], ids.clone())?;
    }
    execute_in("DELETE FROM schedule_plan WHERE id IN ($keys)", params![], ids).map(|_| ())
}

/// A plan.
///
/// # Errors
/// `not-found`; the database's.
pub fn plan(id: &str) -> Result<Plan> {
    let found: Option<Plan> = database::query_optional(&format!("{PLAN} WHERE id = $1"), params![id])?;
    found.ok_or_else(|| Error::not_found(format!("There is no plan {id}, or no longer.")))
}

/// The plan of a job, if there is one.
///
/// # Errors
/// The database's.
pub fn of_job(job: &str) -> Result<Option<Plan>> {
    database::query_optional(&format!("{PLAN} WHERE job = $1"), params![job])
}

/// All plans, newest first.
///
/// # Errors
/// The database's.
pub fn all() -> Result<Vec<Plan>> {
    database::query_as(&format!("{PLAN} ORDER BY created_at DESC, id DESC"), params![])
}

/// What a plan's search was about.
#[derive(FromRow)]
pub struct Waiting {
    /// What its codes stand for.
    #[row(json)]
    pub ids: Ids,
    /// Where what does not move is.
    #[row(json)]
    pub held: Vec<Assignment>,
    /// When sessions may begin,
    #[row(json)]
    pub starts: Vec<Vec<[u32; 2]>>,
    /// to which the problem as it is told refers.
    #[row(json)]
    pub problem: Box<RawValue>,
}

/// What a plan's search is about, until it has ended.
///
/// # Errors
/// The database's.
pub fn waiting(plan: &str) -> Result<Option<Waiting>> {
    database::query_optional(
        "SELECT ids, held, starts, problem FROM schedule_plan_problem WHERE plan_id = $1",
        params![plan],
    )
}

fn ended(plan: &str) -> Result<()> {
    database::execute("DELETE FROM schedule_plan_problem WHERE plan_id = $1", params![plan]).map(|_| ())
}

/// The broken wishes of a proposal that cost most.
///
/// # Errors
/// The database's.
pub fn wishes(plan: &str) -> Result<Vec<Wish>> {
    let sql = "SELECT wish FROM schedule_plan_wish WHERE plan_id = $1 ORDER BY place";
    let rows: Vec<(Json<Wish>,)> = database::query_as(sql, params![plan])?;
    Ok(rows.into_iter().map(|(Json(wish),)| wish).collect())
}

/// What is proposed.
pub struct Proposal<'p> {
    /// What becomes of the sessions, in the order of the plan's items.
    pub outcomes: &'p [Outcome],
    /// What it costs.
    pub cost: &'p Cost,
    /// Why it is as it is.
    pub explanation: &'p Explanation,
    /// What people should know of it.
    pub notes: &'p [String],
}

/// Notes what is proposed.
///
/// # Errors
/// The database's.
pub fn propose(plan: &str, items: &[Item], proposal: &Proposal<'_>, at: Timestamp) -> Result<()> {
    let Proposal { outcomes, cost, explanation, notes } = proposal;
    items::propose(plan, items, outcomes, &explanation.unplaced)?;
    let rows = (0_i64..).zip(&explanation.wishes).map(|(place, wish)| row![plan, place, Json(wish)]);
    database::insert_many("schedule_plan_wish", ["plan_id", "place", "wish"], rows)?;
    ended(plan)?;
    let sql = "UPDATE schedule_plan SET state = 'ready', after_cost = $2, ended_at = $3, more_wishes = $4, notes = $5 \
               WHERE id = $1 AND state = 'searching'";
    let more = i64::try_from(explanation.more_wishes).unwrap_or(i64::MAX);
    database::execute(sql, params![plan, Json(cost), at, more, Json(notes)]).map(|_| ())
}

/// Notes that nothing will come of a plan's search; answers the plan.
///
/// # Errors
/// The database's.
pub fn lose(plan: Plan) -> Result<Plan> {
    let plan = plan.lost();
    let (code, message) = (plan.error_code.as_deref(), plan.error_message.as_deref());
    fail(&plan.id, code.unwrap_or_default(), message.unwrap_or_default(), clock::now())?;
    Ok(plan)
}

/// Notes that there is no proposal, and why.
///
/// # Errors
/// The database's.
pub fn fail(plan: &str, code: &str, message: &str, at: Timestamp) -> Result<()> {
    ended(plan)?;
    let sql = "UPDATE schedule_plan SET state = 'failed', error_code = $2, error_message = $3, ended_at = $4 \
               WHERE id = $1 AND state = 'searching'";
    database::execute(sql, params![plan, code, message, at]).map(|_| ())
}
