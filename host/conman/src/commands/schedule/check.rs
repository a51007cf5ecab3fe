//! `conman schedule check`

use conman_scheduler::check::{Broken, broken, cost};
use conman_scheduler::cost::{Cost, Terms};
use conman_scheduler::document::Stated;
use conman_scheduler::problem::Problem;
use serde_json::{Value, json};

use super::{both, cost_json, cost_table, cost_text, count};
use crate::arguments::Check;
use crate::failure::{Failure, Kind, Outcome};
use crate::terminal::Terminal;

/// So many broken constraints are shown to people.
const SHOWN: usize = 20;

pub(super) fn run(check: &Check, terminal: Terminal) -> Outcome {
    let (problem, solution) = both(&check.problem, &check.solution)?;
    let broken = broken(&problem, &solution.timetable);
    let cost = cost(&problem, &solution.timetable);
    let wrong = solution.stated.map(|stated| wrong_figures(&stated, &cost)).unwrap_or_default();
    terminal.answer(&json!({
        "sessions": problem.sessions.len(),
        "broken": broken.iter().map(|broken| json(broken, &problem)).collect::<Vec<_>>(),
        "cost": cost_json(&cost),
        "wrong_figures": wrong,
    }))?;
    if !broken.is_empty() {
        let rows = broken.iter().take(SHOWN).map(|broken| [broken.constraint.to_string(), broken.describe(&problem)]);
        terminal.table(["Broken", "How"], rows)?;
        if broken.len() > SHOWN {
            terminal.say(format!("and {} more", broken.len() - SHOWN))?;
        }
    }
    cost_table(&cost, terminal)?;
    let sessions = problem.sessions.len() as u64;
    let cost = cost_text(cost.unplaced.into(), cost.soft());
    terminal.say(format!("{} sessions, {} broken, {cost}", count(sessions), count(broken.len() as u64)))?;
    wrong.iter().try_for_each(|wrong| terminal.say(wrong))?;
    match (broken.len(), wrong.len()) {
        (0, 0) => Ok(()),
        (0, _) => Err(Failure::new(Kind::Failed, "the solution states another cost than it has")),
        (many, _) => Err(Failure::new(Kind::Failed, format!("the solution breaks hard constraints: {many}"))),
    }
}

fn json(broken: &Broken, problem: &Problem) -> Value {
    let session = |index: u32| problem.sessions.get(index as usize).map(|session| session.id.as_str());
    let sessions: Vec<_> = std::iter::once(broken.session).chain(broken.with).map(session).collect();
    json!({
        "constraint": broken.constraint.name(),
        "sessions": sessions,
        "room": broken.room.and_then(|room| problem.rooms.get(room as usize)).map(|room| room.id.as_str()),
        "person": broken.person.and_then(|person| problem.people.get(person as usize)).map(|person| person.id.as_str()),
        "text": broken.describe(problem),
    })
}

/// Where what a solution states is not what it costs, in words.
pub(super) fn wrong_figures(stated: &Stated, cost: &Cost) -> Vec<String> {
    let terms = |terms: Terms| terms.in_order().map(|(name, amount)| (name, amount));
    let mut figures = vec![("unplaced", stated.unplaced, cost.unplaced.into()), ("soft", stated.soft, cost.soft())];
    if let Some(stated) = stated.terms {
        let pairs = terms(stated).into_iter().zip(terms(cost.terms));
        figures.extend(pairs.map(|((name, stated), (_, is))| (name, stated, is)));
    }
    let wrong = figures.into_iter().filter(|(_, stated, is)| stated != is);
    wrong.map(|(name, stated, is)| format!("{name}: the solution states {stated}, and it is {is}")).collect()
}
