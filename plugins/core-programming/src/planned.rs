//! What the scheduler answers becomes a proposal, once for each job.

use conman_sdk::prelude::*;
use conman_sdk::scheduler::{self, Cost, Explanation, Job, Progress, Solution};

use crate::Programming;
use crate::scheduling::explained;
use crate::scheduling::proposal::{self, Asked, Outcome};
use crate::store::plans::{self, Item, Plan, Proposal, State, Waiting};

/// Told when a plan has a proposal, or will have none: the plan is the event's key.
pub const ENDED: &str = "programming.plan.ended";

/// The code of a plan whose proposal was lost.
pub const LOST: &str = "LOST";

/// The code of a plan that may not move as much as was found.
const TOO_MANY_MOVES: &str = "TOO_MANY_MOVES";

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
    // A job that has ended without a timetable says why.
    let solution = Job::from_id(&plan.job).solution()?;
    propose(plan, &solution).map_err(|error| if error.code == TOO_MANY_MOVES { error } else { lost(&error) })
}

fn propose(plan: &Plan, solution: &Solution) -> Result<usize> {
    let Some(waiting) = plans::waiting(&plan.id)? else {
        return Err(Error::internal("what the plan's search was about is gone"));
    };
    let items = plans::items(&plan.id)?;
    let outcomes = proposal::read(&asked(&items), &plan.calendar, &waiting.ids.of_solution(solution));
    let moves = items.iter().zip(&outcomes).filter(|(item, outcome)| is_move(item, outcome)).count();
    let many = i64::try_from(moves).unwrap_or(i64::MAX);
    if let Some(most) = plan.most_moves.filter(|most| many > *most) {
        let message = format!(
            "The fewest moves that were found are {many}, and {most} are allowed. Allow more, or search longer."
        );
        return Err(Error::new(TOO_MANY_MOVES, message));
    }
    let mut notes = plan.notes.clone();
    let explanation = match explain(&waiting, solution) {
        Err(error) if error.retryable => return Err(error),
        Err(error) => {
            tracing::warn!(plan = plan.id, code = error.code.as_ref(), "not explained");
            notes.push(format!("The host could not explain this proposal: {}", error.message));
            Explanation::default()
        }
        Ok(explanation) => explanation,
    };
    let cost = solution.cost.clone().unwrap_or_default();
    let mut cost = if plan.most_moves.is_some() { without_moves(cost) } else { cost };
    // Those the scheduler was not told of have no place either.
    cost.unplaced += items.iter().filter(|item| !item.reasons.is_empty()).count() as u64;
    let proposal = Proposal { outcomes: &outcomes, cost: &cost, explanation: &explanation, notes: &notes };
    plans::propose(&plan.id, &items, &proposal, clock::now())?;
    Ok(moves)
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

/// Moves cost what makes them fewest, which says nothing to people, who see how many there are.
fn without_moves(mut cost: Cost) -> Cost {
    for term in ["moved_time", "moved_room"] {
        cost.soft -= cost.terms.remove(term).unwrap_or_default().min(cost.soft);
    }
    cost
}

/// Whether a session that had a place has another, or none. What keeps its time and gets a room has not moved.
fn is_move(item: &Item, outcome: &Outcome) -> bool {
    item.from().1.is_some() && !item.room_only && *outcome != Outcome::Kept
}
