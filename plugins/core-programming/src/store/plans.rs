//! Plans, and the sessions they may move.

use std::collections::HashMap;

use conman_sdk::database::execute_in;
use conman_sdk::prelude::*;
use conman_sdk::scheduler::{Assignment, Cost};
use serde_json::value::RawValue;

use super::slot;
use crate::model::Slot;
use crate::scheduling::calendar::Calendar;
use crate::scheduling::explained::{Blocker, Explained, Explanation, Wish};
use crate::scheduling::ids::Ids;
use crate::scheduling::proposal::{Asked, Outcome};

/// So many plans are kept; the oldest goes. The host keeps as many of its jobs.
const KEPT: i64 = 20;

/// A plan.
#[derive(FromRow)]
pub struct Plan {
    /// Its id.
    pub id: String,
    /// The host's job.
    pub job: String,
    /// `plan` or `reschedule`.
    pub purpose: String,
    /// `searching`, `ready` or `failed`.
    pub state: String,
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

const PLAN: &str = "SELECT id, job, purpose, state, created_at, created_by, account_id, revision, most_moves, fixed_sessions, calendar, \
     notes, before_cost, after_cost, more_wishes, ended_at, error_code, error_message FROM schedule_plan";

/// A session a plan may move.
#[derive(FromRow)]
pub struct Item {
    /// The session.
    pub session_id: String,
    from_room: Option<String>,
    from_start: Option<Timestamp>,
    from_end: Option<Timestamp>,
    /// How long it takes.
    pub seconds: i64,
    /// `asked`, `kept`, `moved`, `unplaced` or `accepted`.
    pub outcome: String,
    to_room: Option<String>,
    to_start: Option<Timestamp>,
    /// Why it has no place.
    #[row(json)]
    pub reasons: Vec<Blocker>,
}

impl Item {
    /// Where and when it was.
    #[must_use]
    pub fn from(&self) -> (Option<&str>, Option<Slot>) {
        (self.from_room.as_deref(), slot(self.from_start, self.from_end))
    }

    /// Where and when it is to be; without a time it has no place.
    #[must_use]
    pub fn to(&self) -> (Option<&str>, Option<Slot>) {
        (self.to_room.as_deref(), self.to_start.and_then(|start| Slot::lasting(start, self.seconds)))
    }

    /// Whether the plan changes it, or has done so.
    #[must_use]
    pub fn is_change(&self) -> bool {
        match self.outcome.as_str() {
            "moved" | "accepted" => true,
            // What had no place before is no change.
            "unplaced" => self.from_start.is_some(),
            _ => false,
        }
    }
}

const ITEM: &str = "SELECT session_id, from_room, from_start, from_end, seconds, outcome, to_room, to_start, reasons FROM schedule_plan_session";

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
    let rows = asked.iter().map(|asked| {
        row![
            plan.id,
            asked.session,
            asked.room,
            asked.slot.map(|slot| slot.start),
            asked.slot.map(|slot| slot.end),
            asked.seconds,
            "asked",
            Json([(); 0])
        ]
    });
    let columns = ["plan_id", "session_id", "from_room", "from_start", "from_end", "seconds", "outcome", "reasons"];
    database::insert_many("schedule_plan_session", columns, rows)?;
    let Explained { problem, held, starts } = explained;
    let row = row![plan.id, Json(ids), Json(held), Json(starts), Json(problem)];
    database::insert_many("schedule_plan_problem", ["plan_id", "ids", "held", "starts", "problem"], [row])?;
    let old: Vec<(String,)> = database::query_as(
        "SELECT id FROM schedule_plan WHERE state <> 'searching' ORDER BY created_at DESC, id DESC LIMIT 100 OFFSET $1",
        params![KEPT - 1],
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

/// The sessions a plan may move, in the order of their proposed times; those it leaves without one come last.
///
/// # Errors
/// The database's.
pub fn items(plan: &str) -> Result<Vec<Item>> {
    let sql = format!("{ITEM} WHERE plan_id = $1 ORDER BY COALESCE(to_start, 9007199254740991), session_id");
    database::query_as(&sql, params![plan])
}

/// How many sessions a plan may move.
///
/// # Errors
/// The database's.
pub fn count(plan: &str) -> Result<i64> {
    let rows: Vec<(i64,)> =
        database::query_as("SELECT COUNT(*) FROM schedule_plan_session WHERE plan_id = $1", params![plan])?;
    Ok(rows.first().map_or(0, |(count,)| *count))
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
    let why: HashMap<&str, &[Blocker]> =
        explanation.unplaced.iter().map(|unplaced| (unplaced.session.as_str(), unplaced.reasons.as_slice())).collect();
    let rows = items.iter().zip(*outcomes).map(|(item, outcome)| {
        let (word, room, start) = match outcome {
            Outcome::Kept => ("kept", item.from_room.as_deref(), item.from_start),
            Outcome::Moved { start, room } => ("moved", room.as_deref(), Some(*start)),
            Outcome::Unplaced => ("unplaced", None, None),
        };
        let reasons = why.get(item.session_id.as_str()).filter(|_| word == "unplaced").copied().unwrap_or_default();
        row![
            plan,
            item.session_id,
            item.from_room,
            item.from_start,
            item.from_end,
            item.seconds,
            word,
            room,
            start,
            Json(reasons)
        ]
    });
    let columns = [
        "plan_id",
        "session_id",
        "from_room",
        "from_start",
        "from_end",
        "seconds",
        "outcome",
        "to_room",
        "to_start",
        "reasons",
    ];
    database::upsert_many("schedule_plan_session", &["plan_id", "session_id"], columns, rows)?;
    let rows = (0_i64..).zip(&explanation.wishes).map(|(place, wish)| row![plan, place, Json(wish)]);
    database::insert_many("schedule_plan_wish", ["plan_id", "place", "wish"], rows)?;
    ended(plan)?;
    let sql = "UPDATE schedule_plan SET state = 'ready', after_cost = $2, ended_at = $3, more_wishes = $4, notes = $5 WHERE id = $1";
    let more = i64::try_from(explanation.more_wishes).unwrap_or(i64::MAX);
    database::execute(sql, params![plan, Json(cost), at, more, Json(notes)]).map(|_| ())
}

/// Notes that there is no proposal, and why.
///
/// # Errors
/// The database's.
pub fn fail(plan: &str, code: &str, message: &str, at: Timestamp) -> Result<()> {
    ended(plan)?;
    let sql =
        "UPDATE schedule_plan SET state = 'failed', error_code = $2, error_message = $3, ended_at = $4 WHERE id = $1";
    database::execute(sql, params![plan, code, message, at]).map(|_| ())
}

/// Notes that sessions are where a plan proposed them.
///
/// # Errors
/// The database's.
pub fn accepted<'k>(plan: &str, sessions: impl IntoIterator<Item = &'k str>) -> Result<()> {
    let sql = "UPDATE schedule_plan_session SET outcome = 'accepted' WHERE plan_id = $1 AND session_id IN ($keys)";
    execute_in(sql, params![plan], sessions).map(|_| ())
}
