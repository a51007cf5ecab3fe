//! What the scheduler answers becomes a proposal, once for each job.

use conman_sdk::prelude::*;
use conman_sdk::scheduler::{Job, Progress, Solution};

use crate::Programming;
use crate::scheduling::proposal::{self, Asked, Outcome};
use crate::store::plans::{self, Item, Plan};

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
    let items = plans::items(&plan.id)?;
    let outcomes = outcomes(plan, &items, &solution);
    let moves = items.iter().zip(&outcomes).filter(|(item, outcome)| is_move(item, outcome)).count();
    let many = i64::try_from(moves).unwrap_or(i64::MAX);
    if let Some(most) = plan.most_moves.filter(|most| many > *most) {
        let message = format!(
            "The fewest moves that were found are {many}, and {most} are allowed. Allow more, or search longer."
        );
        return Ok(Err(Error::new("TOO_MANY_MOVES", message)));
    }
    plans::propose(&plan.id, &items, &outcomes, &solution.cost.unwrap_or_default(), clock::now())?;
    Ok(Ok(moves))
}

fn outcomes(plan: &Plan, items: &[Item], solution: &Solution) -> Vec<Outcome> {
    let asked: Vec<Asked> = items
        .iter()
        .map(|item| {
            let (room, slot) = item.from();
            let room = room.map(str::to_owned);
            Asked { session: item.session_id.clone(), slot, room, seconds: item.seconds, why: None }
        })
        .collect();
    let mut outcomes = proposal::read(&asked, &plan.calendar, solution);
    for (item, outcome) in items.iter().zip(&mut outcomes) {
        // Known before the scheduler was asked.
        if let (Outcome::Unplaced { reasons }, false) = (outcome, item.reasons.is_empty()) {
            reasons.clone_from(&item.reasons);
        }
    }
    outcomes
}

/// Whether a session that had a place has another, or none.
fn is_move(item: &Item, outcome: &Outcome) -> bool {
    item.from().1.is_some() && *outcome != Outcome::Kept
}
