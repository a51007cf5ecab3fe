//! What the scheduler answers becomes a proposal, once for each job.

use conman_sdk::prelude::*;
use conman_sdk::scheduler::{self, Cost, Job, Progress, Solution};

use crate::Programming;
use crate::scheduling::explained::{self, Explanation};
use crate::scheduling::proposal::{self, Asked, Outcome};
use crate::store::plans::{self, Item, Plan, Proposal, Waiting};

/// Told when a plan has a proposal, or will have none: the plan is the event's key.
pub const ENDED: &str = "programming.plan.ended";

/// What that event says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ended {
    /// `ready` or `failed`.
    pub state: String,
    /// How the search went.
    pub search: Found,
}

/// How the search went.
#[derive(Debug, Serialize, Deserialize)]
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
        // A plan that was dropped meanwhile is gone.
        let Some(plan) = plans::of_job(&event.key)? else { return Ok(()) };
        let progress: Progress = event.payload()?;
        let state = match take_over(&plan, &progress)? {
            Ok(changes) => {
                tracing::info!(plan = plan.id, changes, "planned");
                "ready"
            }
            Err(refusal) => {
                tracing::info!(plan = plan.id, code = refusal.code.as_ref(), "not planned");
                plans::fail(&plan.id, &refusal.code, &refusal.message, clock::now())?;
                "failed"
            }
        };
        let search = Found { elapsed: progress.elapsed, unplaced: progress.unplaced, soft: progress.soft };
        events::emit(ENDED, &plan.id, &Ended { state: state.to_owned(), search }).map(|_| ())
    }
}

/// Writes the proposal; answers how many sessions it changes, or why there is none.
fn take_over(plan: &Plan, progress: &Progress) -> Result<Result<usize>> {
    if let Some(failure) = &progress.error {
        return Ok(Err(Error::new(failure.code.clone(), failure.message.clone())));
    }
    let solution = match Job::from_id(&plan.job).solution() {
        Ok(solution) => solution,
        Err(error) if error.retryable => return Err(error),
        // The job has ended without a timetable, and the error says why.
        Err(error) => return Ok(Err(error)),
    };
    let Some(waiting) = plans::waiting(&plan.id)? else {
        return Err(Error::internal("what the plan's search was about is gone"));
    };
    let items = plans::items(&plan.id)?;
    let outcomes = proposal::read(&asked(&items), &plan.calendar, &waiting.ids.of_solution(&solution));
    let moves = items.iter().zip(&outcomes).filter(|(item, outcome)| is_move(item, outcome)).count();
    let many = i64::try_from(moves).unwrap_or(i64::MAX);
    if let Some(most) = plan.most_moves.filter(|most| many > *most) {
        let message = format!(
            "The fewest moves that were found are {many}, and {most} are allowed. Allow more, or search longer."
        );
        return Ok(Err(Error::new("TOO_MANY_MOVES", message)));
    }
    let mut notes = plan.notes.clone();
    let explanation = match explain(&waiting, &solution) {
        Err(error) if error.retryable => return Err(error),
        Err(error) => {
            tracing::warn!(plan = plan.id, code = error.code.as_ref(), "not explained");
            notes.push(format!("The host could not explain this proposal: {}", error.message));
            Explanation::default()
        }
        Ok(explanation) => explanation,
    };
    let cost = solution.cost.unwrap_or_default();
    let cost = if plan.most_moves.is_some() { without_moves(cost) } else { cost };
    let proposal = Proposal { outcomes: &outcomes, cost: &cost, explanation: &explanation, notes: &notes };
    plans::propose(&plan.id, &items, &proposal, clock::now())?;
    Ok(Ok(moves))
}

fn asked(items: &[Item]) -> Vec<Asked> {
    let asked = |item: &Item| {
        let (room, slot) = item.from();
        let room = room.map(str::to_owned);
        Asked { session: item.session_id.clone(), slot, room, seconds: item.seconds }
    };
    items.iter().map(asked).collect()
}

/// Why it is as it is. Told by the problem as it was when the plan was asked for, whatever has changed since.
fn explain(waiting: &Waiting, solution: &Solution) -> Result<Explanation> {
    let Waiting { problem, starts, ids, held } = waiting;
    let problem = explained::unfolded(problem, starts)?;
    let told = scheduler::explain(&problem, &explained::solution(solution, held))?;
    Ok(serde_json::from_value::<Explanation>(told)?.spelled(ids))
}

/// Moves cost what makes them fewest, which says nothing to people, who see how many there are.
fn without_moves(mut cost: Cost) -> Cost {
    for term in ["moved_time", "moved_room"] {
        cost.soft -= cost.terms.remove(term).unwrap_or_default().min(cost.soft);
    }
    cost
}

/// Whether a session that had a place has another, or none.
fn is_move(item: &Item, outcome: &Outcome) -> bool {
    item.from().1.is_some() && *outcome != Outcome::Kept
}
