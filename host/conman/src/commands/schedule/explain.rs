//! `conman schedule explain`

use conman_scheduler::check::broken;
use conman_scheduler::explain::{Explanation, Mend, explain};
use serde_json::to_value;

use super::{both, cost_text, count};
use crate::arguments::Explain;
use crate::failure::{Failure, Kind, Outcome};
use crate::terminal::Terminal;

/// So many broken wishes are shown to people.
const SHOWN: usize = 20;

pub(super) fn run(files: &Explain, terminal: Terminal) -> Outcome {
    let (problem, solution) = both(&files.problem, &files.solution)?;
    if let Some(broken) = broken(&problem, &solution.timetable).first() {
        let text = format!(
            "the solution breaks hard constraints, so there is nothing to explain: {}; `conman schedule check` names all",
            broken.describe(&problem)
        );
        return Err(Failure::new(Kind::Failed, text));
    }
    let explanation = explain(&problem, &solution.timetable);
    terminal.answer(&to_value(&explanation).map_err(|error| Failure::new(Kind::Failed, error.to_string()))?)?;
    unplaced(&explanation, terminal)?;
    wishes(&explanation, terminal)?;
    let sessions = count(problem.sessions.len() as u64);
    let cost = cost_text(explanation.cost.unplaced.into(), explanation.cost.soft);
    terminal.say(format!("{sessions} sessions, {cost}"))
}

fn unplaced(explanation: &Explanation, terminal: Terminal) -> Outcome {
    if explanation.unplaced.is_empty() {
        return Ok(());
    }
    let reasons = explanation.unplaced.iter().flat_map(|unplaced| {
        // Further reasons are further constraints with a part in the same.
        unplaced
            .reasons
            .first()
            .map(|reason| [unplaced.session.clone(), reason.constraint.to_owned(), reason.detail.clone()])
    });
    terminal.table(["Without a place", "Constraint", "Why"], reasons)?;
    more(explanation.more_unplaced, terminal)
}

fn wishes(explanation: &Explanation, terminal: Terminal) -> Outcome {
    if explanation.wishes.is_empty() {
        return Ok(());
    }
    let rows = explanation.wishes.iter().take(SHOWN).map(|wish| {
        let mend = match &wish.mend {
            Mend::Found { text, .. } => text.clone(),
            Mend::None => "no single move mends it".to_owned(),
            Mend::NotSought => "not looked for".to_owned(),
        };
        [wish.constraint.to_owned(), count(wish.cost), wish.text.clone(), mend]
    });
    terminal.table(["Broken wish", "Cost", "What", "Cheapest mend"], rows)?;
    more(explanation.wishes.len().saturating_sub(SHOWN) + explanation.more_wishes, terminal)
}

fn more(many: usize, terminal: Terminal) -> Outcome {
    if many == 0 { Ok(()) } else { terminal.say(format!("and {many} more")) }
}
