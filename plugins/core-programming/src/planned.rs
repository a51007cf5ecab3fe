//! What the scheduler answers becomes a proposal, once for each job.

use std::collections::HashSet;

use conman_sdk::prelude::*;
use conman_sdk::scheduler::{self, Explanation, Job, Progress, Solution, State as JobState};

use crate::Programming;
use crate::scheduling::explained;
use crate::scheduling::proposal::{self, Asked, Outcome};
use crate::store::plans::{self, Item, Plan, Proposal, State, Waiting};

/// Told when a plan has a proposal, or will have none: the plan is the event's key.
pub const ENDED: &str = "programming.plan.ended";

/// The code of a plan whose proposal was lost.
pub const LOST: &str = "LOST";

/// The code of a plan that was cancelled before there was a timetable.
const CANCELLED: &str = "cancelled";

/// What that event says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ended {
    /// Where the plan stands now.
    pub state: State,
    /// How the search went.
    pub search: Found,
}

/// How the search went.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Found {
    /// Seconds searched.
    pub elapsed: f64,
    /// How many sessions have no place.
    pub unplaced: Option<u64>,
    /// What the broken wishes cost.
    pub soft: Option<u64>,
}

impl EventHandler for Programming {
    fn handle(_: &Context, event: &Event) -> Result<()> {
        // A plan that was dropped meanwhile is gone, and one that was given up stays so.
        let plan = plans::of_job(&event.key)?.filter(|plan| plan.state == State::Searching);
        let Some(plan) = plan else { return Ok(()) };
        let progress: Result<Progress> = event.payload();
        let search = progress.as_ref().map(Found::from).unwrap_or_default();
        let outcome = progress.map_err(|error| lost(&error)).and_then(|progress| take_over(&plan, &progress));
        let state = match outcome {
            Ok(changes) => {
                tracing::info!(plan = plan.id, changes, "planned");
                State::Ready
            }
            // The host tries again; but what fails for good once fails for ever, and nobody should wait for it.
            Err(error) if error.retryable => return Err(error),
            Err(refusal) => {
                let code = refusal.code.as_ref();
                tracing::info!(plan = plan.id, code, reason = refusal.message, "not planned");
                plans::fail(&plan.id, code, &refusal.message, clock::now())?;
                State::Failed
            }
        };
        events::emit(ENDED, &plan.id, &Ended { state, search }).map(|_| ())
    }
}

impl From<&Progress> for Found {
    fn from(progress: &Progress) -> Self {
        Self { elapsed: progress.elapsed, unplaced: progress.unplaced, soft: progress.soft }
    }
}

/// What is said of a proposal that cannot be read, written or found.
fn lost(error: &Error) -> Error {
    Error {
        retryable: error.retryable,
        ..Error::new(LOST, format!("The proposal was lost: {}; plan again.", error.message))
    }
}

/// Writes the proposal; answers how many sessions it changes.
///
/// # Errors
/// Why there is none; retryable ones say nothing of that.
fn take_over(plan: &Plan, progress: &Progress) -> Result<usize> {
    if let Some(failure) = &progress.error {
        return Err(Error::new(failure.code.clone(), failure.message.clone()));
    }
    let job = Job::from_id(&plan.job);
    let solution = job.solution().map_err(|error| without_solution(error, || Ok(job.status()?.state)))?;
    propose(plan, &solution).map_err(|error| lost(&error))
}

/// Why there is no timetable. The host says `not-found` of a job that was cancelled before there was one, and of a job it has forgotten.
fn without_solution(error: Error, state: impl FnOnce() -> Result<JobState>) -> Error {
    if error.code != "not-found" {
        return error;
    }
    match state() {
        Ok(JobState::Cancelled) => Error::new(CANCELLED, error.message),
        Err(unknown) if unknown.retryable => unknown,
        _ => lost(&error),
    }
}

fn propose(plan: &Plan, solution: &Solution) -> Result<usize> {
    let Some(waiting) = plans::waiting(&plan.id)? else {
        return Err(Error::internal("what the plan's search was about is gone"));
    };
    let items = plans::items(&plan.id)?;
    let outcomes = proposal::read(&asked(&items), &plan.calendar, &waiting.ids.of_solution(solution));
    let mut notes = plan.notes.clone();
    let mut explanation = match explain(&waiting, solution) {
        Err(error) if error.retryable => return Err(error),
        Err(error) => {
            tracing::warn!(plan = plan.id, code = error.code.as_ref(), "not explained");
            notes.push(format!("The host could not explain this proposal: {}", error.message));
            Explanation::default()
        }
        Ok(explanation) => explanation,
    };
    if let Some(most) = plan.most_moves {
        let had_a_place: Vec<(&str, &Outcome)> = items
            .iter()
            .zip(&outcomes)
            .filter(|(item, _)| item.from().1.is_some() && !item.room_only)
            .map(|(item, outcome)| (item.session_id.as_str(), outcome))
            .collect();
        for_want_of_moves(&mut explanation, &had_a_place, most);
    }
    let mut cost = solution.cost.clone().unwrap_or_default();
    // Those the scheduler was not told of have no place either.
    cost.unplaced += items.iter().filter(|item| !item.reasons.is_empty()).count() as u64;
    let proposal = Proposal { outcomes: &outcomes, cost: &cost, explanation: &explanation, notes: &notes };
    plans::propose(&plan.id, &items, &proposal, clock::now())?;
    Ok(outcomes.iter().filter(|outcome| **outcome != Outcome::Kept).count())
}

fn asked(items: &[Item]) -> Vec<Asked> {
    let asked = |item: &Item| {
        let (room, slot) = item.from();
        let room = room.map(str::to_owned);
        Asked {
            session: item.session_id.clone(),
            slot,
            room,
            seconds: item.seconds,
            room_only: item.room_only,
            reasons: item.reasons.clone(),
        }
    };
    items.iter().map(asked).collect()
}

/// Why it is as it is. Told by the problem as it was when the plan was asked for, whatever has changed since.
fn explain(waiting: &Waiting, solution: &Solution) -> Result<Explanation> {
    let Waiting { problem, starts, ids, held } = waiting;
    let problem = explained::unfolded(problem, starts)?;
    let told = scheduler::explain(&problem, &explained::solution(solution, held))?;
    Ok(explained::spelled(told, ids))
}

/// Where a place is free for who had to leave theirs, a longer search would not help when all moves are made: there may be no more. Who keeps
/// a time and lacks a room alone would not move, and is none of those who `had_a_place`.
fn for_want_of_moves(explanation: &mut Explanation, had_a_place: &[(&str, &Outcome)], most: i64) {
    let made = had_a_place.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Moved { .. })).count();
    if i64::try_from(made).is_ok_and(|made| made < most) {
        return;
    }
    let left_theirs: HashSet<&str> = had_a_place.iter().map(|(session, _)| *session).collect();
    let may = match most {
        0 => "nothing may move".to_owned(),
        1 => "there may be only one move".to_owned(),
        _ => format!("there may be no more than {most} moves"),
    };
    let left = explanation.unplaced.iter_mut().filter(|left| left_theirs.contains(left.session.as_str()));
    for reason in left.flat_map(|left| &mut left.reasons) {
        if let Some(free) = explained::free_place(reason) {
            reason.detail = format!("{free}, but {may}");
            "moves".clone_into(&mut reason.constraint);
        }
    }
}

#[cfg(test)]
mod tests {
    use conman_sdk::scheduler::{Blocked, Blocker};

    use super::*;

    /// What a session is told that has no place where one is free, when one other has moved.
    fn told(most: i64) -> (String, String) {
        let detail = "room \"r\" at slot 5 is free for it; search longer".to_owned();
        let reason = Blocker { constraint: "none".to_owned(), detail, ..Blocker::default() };
        let left = Blocked { session: "left".to_owned(), reasons: vec![reason] };
        let mut explanation = Explanation { unplaced: vec![left], ..Explanation::default() };
        let moved = Outcome::Moved { start: Timestamp::UNIX_EPOCH, room: None };
        let had_a_place = [("moved", &moved), ("kept", &Outcome::Kept), ("left", &Outcome::Unplaced)];
        for_want_of_moves(&mut explanation, &had_a_place, most);
        let reason = explanation.unplaced.remove(0).reasons.remove(0);
        (reason.constraint, reason.detail)
    }

    #[test]
    fn a_job_without_a_timetable_was_cancelled_or_is_lost() {
        let code = |code: &'static str, state: Result<JobState>| {
            without_solution(Error::new(code, "why"), || state).code.into_owned()
        };
        assert_eq!(code("not-found", Ok(JobState::Cancelled)), "cancelled");
        assert_eq!(code("not-found", Err(Error::not_found("no job"))), LOST);
        assert_eq!(code("not-found", Ok(JobState::Done)), LOST);
        assert_eq!(code("not-found", Err(Error::new("conflict", "again").retryable())), "conflict");
        assert_eq!(code("solver-failed", Ok(JobState::Failed)), "solver-failed");
    }

    #[test]
    fn moves_are_wanting_only_when_all_are_made() {
        let free = "room \"r\" at slot 5 is free for it";
        assert_eq!(told(1), ("moves".to_owned(), format!("{free}, but there may be only one move")));
        assert_eq!(told(2), ("none".to_owned(), format!("{free}; search longer")));
        assert_eq!(told(40), ("none".to_owned(), format!("{free}; search longer")));
    }
}
