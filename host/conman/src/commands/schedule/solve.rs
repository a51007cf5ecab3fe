//! `conman schedule solve`

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use conman_scheduler::check::{broken, cost};
use conman_scheduler::document::{Reason, Solution, write_solution};
use conman_scheduler::explain::{TradeOff, reasons_while, trade_offs};
use conman_scheduler::problem::{Problem, SessionIndex};
use conman_scheduler::solve::{Counted, Effort, Found};
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::onlooker::{Improvement, Onlooker};
use super::{bytes, cost_json, cost_table, cost_text, count, is_standard, memory, problem};
use crate::arguments::Solve;
use crate::failure::{Failure, Kind, Outcome};
use crate::terminal::{Format, Terminal, size};
use crate::whole_file;

/// How long a search without --seconds and --iterations takes.
const USUAL: Duration = Duration::from_secs(1);
/// How long one takes at most that is to do so many iterations.
const FOREVER: Duration = Duration::from_secs(7 * 24 * 3600);
/// However short such a search was, so long reasons may be looked for.
const REASONS: Duration = Duration::from_secs(1);

pub(super) async fn run(solve: Solve, terminal: Terminal) -> Outcome {
    let to_standard = is_standard(&solve.output);
    if to_standard && terminal.format == Format::Json {
        return Err(Failure::usage(
            "without -o the solution itself is the answer, and nothing is said about it in JSON; leave --json out, or name a file with -o",
        ));
    }
    if solve.trade_offs && to_standard {
        return Err(Failure::usage("with --trade-offs the solution goes to a file; name it with -o"));
    }
    let document = bytes(&solve.problem)?;
    let begun = Instant::now();
    let problem = problem(&solve.problem, &document)?;
    let reading = begun.elapsed();
    drop(document);
    let effort = Effort {
        time: solve.seconds.unwrap_or(if solve.iterations.is_some() { FOREVER } else { USUAL }),
        iterations: solve.iterations,
        threads: solve.threads,
        seed: solve.seed,
    };
    // From here on they end the search and not the command.
    let signals = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
    terminal.note(&format!(
        "read {} sessions, {} people and {} rooms in {reading:.0?}",
        count(problem.sessions.len() as u64),
        count(problem.people.len() as u64),
        count(problem.rooms.len() as u64)
    ));
    let problem = Arc::new(problem);
    let Search { found, reasons, ended, solving, explaining, improvements, others } =
        search(&problem, effort, solve.trade_offs, signals, terminal).await?;
    trust(&problem, &found)?;
    let stated = Some(found.stated());
    let solution = Solution { timetable: found.timetable, reasons, stated };
    let written = write_solution(&problem, &solution);
    if to_standard {
        terminal.bytes(&written)?;
    } else {
        let cannot = |error| Failure::new(Kind::Failed, format!("cannot write {}: {error}", solve.output.display()));
        whole_file::write(&solve.output, &written).map_err(cannot)?;
    }
    if let (Ended::Time, Some(iterations)) = (ended, effort.iterations) {
        terminal.warn(&format!(
            "--seconds ended the search after {} of {} iterations, so another run may find something else; give it more seconds",
            count(found.iterations),
            count(iterations)
        ));
    }
    terminal.answer(&json!({
        "file": solve.output,
        "sessions": problem.sessions.len(),
        "cost": cost_json(&found.cost),
        "seconds": { "reading": reading.as_secs_f64(), "solving": solving.as_secs_f64(), "explaining": explaining.as_secs_f64() },
        "iterations": found.iterations,
        "ended": ended.name(),
        "improvements": improvements.iter().map(|at| json!([at.seconds, at.unplaced, at.soft])).collect::<Vec<_>>(),
        "memory": memory::peak(),
        "trade_offs": others.as_ref().map(|others| others.iter().map(trade_off_json).collect::<Vec<_>>()),
    }))?;
    let summary = format!(
        "solved in {solving:.2?} with {} iterations: {}",
        count(found.iterations),
        cost_text(found.cost.unplaced.into(), found.cost.soft())
    );
    if to_standard {
        terminal.note(&summary);
        return Ok(());
    }
    cost_table(&found.cost, terminal)?;
    if let Some(others) = &others {
        let row = |one: &TradeOff| [count(one.moves as u64), count(one.unplaced.into()), count(one.soft)];
        terminal.table(["Moves", "Unplaced", "Soft cost without moves"], others.iter().map(row))?;
    }
    terminal.say(summary)?;
    terminal.say(format!("wrote {} ({})", solve.output.display(), size(written.len())))
}

fn trade_off_json(one: &TradeOff) -> Value {
    json!({ "moves": one.moves, "unplaced": one.unplaced, "soft": one.soft })
}

/// A search that is over.
struct Search {
    found: Found,
    /// Why sessions have no place.
    reasons: BTreeMap<SessionIndex, Vec<Reason>>,
    ended: Ended,
    solving: Duration,
    /// How long it took to find reasons.
    explaining: Duration,
    /// On the way to what was found.
    improvements: Vec<Improvement>,
    /// What other numbers of moves come to, if that was asked for.
    others: Option<Vec<TradeOff>>,
}

/// What ended a search.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Time,
    Iterations,
    Signal,
    /// There is nothing left to find.
    Done,
}

impl Ended {
    fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Iterations => "iterations",
            Self::Signal => "signal",
            Self::Done => "done",
        }
    }
}

/// Searches on threads of its own until the effort is spent or a signal comes, which keeps what has been found so far. Then reasons are
/// looked for, for as long again at the most, or until a signal comes.
async fn search(
    problem: &Arc<Problem>,
    effort: Effort,
    with_trade_offs: bool,
    [mut terminate, mut interrupt]: [Signal; 2],
    terminal: Terminal,
) -> Result<Search, Failure> {
    let onlooker = Arc::new(Onlooker::default());
    let progress = terminal.progress("solving");
    let lasting =
        progress.lasting((effort.time < FOREVER).then_some(effort.time * if with_trade_offs { 2 } else { 1 }));
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    let begun = Instant::now();
    let mut search = {
        let (problem, onlooker) = (Arc::clone(problem), Arc::clone(&onlooker));
        tokio::task::spawn_blocking(move || {
            let begun = Instant::now();
            let found = conman_scheduler::solve(&problem, &effort, &*onlooker);
            let solving = begun.elapsed();
            let (improvements, by_signal) = (onlooker.improvements(), onlooker.searched());
            let begun = Instant::now();
            let most = effort.time.min(solving.max(REASONS));
            let is_time = || !onlooker.is_hurried() && begun.elapsed() < most;
            let reasons = reasons_while(&problem, &found.timetable, &is_time);
            let explaining = begun.elapsed();
            let others = with_trade_offs.then(|| trade_offs(&problem, &effort, &*onlooker));
            ((found, reasons, others), solving, explaining, improvements, by_signal)
        })
    };
    let searched = loop {
        tokio::select! {
            searched = &mut search => break searched,
            _ = terminate.recv() => onlooker.signal(),
            _ = interrupt.recv() => onlooker.signal(),
            _ = tick.tick() => lasting.at(begun.elapsed(), onlooker.text()),
        }
    };
    let failed = |error| Failure::new(Kind::Failed, format!("the solver failed: {error}"));
    let ((found, reasons, others), solving, explaining, improvements, by_signal) = searched.map_err(failed)?;
    let ended = if effort.iterations.is_some_and(|most| found.iterations >= most) {
        Ended::Iterations
    } else if by_signal {
        Ended::Signal
    } else if solving >= effort.time {
        Ended::Time
    } else {
        Ended::Done
    };
    Ok(Search { found, reasons, ended, solving, explaining, improvements, others })
}

/// Looks at what was found as an outsider would, before anybody relies on it: what it breaks, and whether what it costs is what the
/// search counted.
fn trust(problem: &Problem, found: &Found) -> Result<(), Failure> {
    let broken = broken(problem, &found.timetable);
    let cost = cost(problem, &found.timetable);
    let wrong = match broken.first() {
        Some(broken) => broken.describe(problem),
        None if Counted::from(&cost) != found.counted => {
            let counted = cost_text(found.counted.unplaced.into(), found.counted.soft);
            format!("it counted {counted}, and it is {}", cost_text(cost.unplaced.into(), cost.soft()))
        }
        None => return Ok(()),
    };
    let text = format!(
        "the solver is wrong about what it found, so nothing was written: {wrong}; please report this with the problem"
    );
    Err(Failure::new(Kind::Failed, text))
}

#[cfg(test)]
mod tests {
    use conman_scheduler::document::read_problem;
    use conman_scheduler::problem::Place;

    use super::*;

    #[test]
    fn a_search_that_counted_wrongly_or_breaks_something_is_not_trusted() {
        let document =
            br#"{"format":"conman-schedule-problem/1","days":1,"slots_per_day":4,"rooms":[{"id":"r","capacity":1}],
            "sessions":[{"id":"s","duration":2},{"id":"t","duration":2}],"overlap":[["s","t",3]]}"#;
        let problem = read_problem(document).unwrap();
        let effort = Effort { time: FOREVER, iterations: Some(9), threads: 1.try_into().unwrap(), seed: 1 };
        let found = conman_scheduler::solve(&problem, &effort, &());
        assert!(trust(&problem, &found).is_ok());
        let told = |change: fn(&mut Found)| {
            let mut other = found.clone();
            change(&mut other);
            trust(&problem, &other).unwrap_err().to_string()
        };
        let counted = told(|found| found.counted.soft += 3);
        assert!(counted.contains("it counted 0 unplaced, soft cost 3, and it is 0 unplaced, soft cost 0"), "{counted}");
        let counted = told(|found| found.counted.unplaced += 1);
        assert!(counted.contains("it counted 1 unplaced"), "{counted}");
        let broken = told(|found| found.timetable.places = vec![Some(Place { start: 0, room: 0 }); 2]);
        assert!(broken.contains("nothing was written") && broken.contains("\"s\""), "{broken}");
    }
}
