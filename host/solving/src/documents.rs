//! Problems and solutions as documents: what the library reads and writes, with its flaws as faults.

use std::collections::BTreeMap;
use std::time::Instant;

use conman_kernel::fault::{Fault, code};
use conman_kernel::id::ConventionId;
use conman_scheduler::check;
use conman_scheduler::document::{self, Flaws, Reason, Solution};
use conman_scheduler::explain::{Explanation, explain_while, reasons_while};
use conman_scheduler::problem::{Problem, SessionIndex};
use conman_scheduler::solve::Found;
use conman_scheduler::timetable::Timetable;
use serde::Serialize;

use crate::limits::{DOCUMENT_BYTES, EXPLAINED, EXPLAINING, EXPLANATION_BYTES, SEARCH_BYTES};
use crate::options::Options;
use crate::readers::Readers;

/// A job as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The problem, known to be one.
    pub problem: String,
    /// Everything that may be said of how to solve it, JSON.
    pub options: String,
}

/// Reads documents for calls, beside the async threads and few at a time: a call that waits for its turn does so in its own time.
#[derive(Debug, Default)]
pub struct Documents(Readers);

impl Documents {
    /// Checks what a job is to be made of.
    ///
    /// # Errors
    /// [`code::INVALID`] with the place, [`code::TOO_LARGE`].
    pub async fn order(&self, convention: &ConventionId, problem: String, options: &str) -> Result<Order, Fault> {
        let options = Options::read(options)?.stored();
        bounded("problem", &problem)?;
        let problem = self.beside(convention, move || problem_of(&problem).map(|_| problem)).await?;
        Ok(Order { problem, options })
    }

    /// Explains a solution, whoever made it; answers JSON.
    ///
    /// # Errors
    /// [`code::INVALID`] with the place, [`code::TOO_LARGE`].
    pub async fn explain(&self, convention: &ConventionId, problem: String, solution: String) -> Result<String, Fault> {
        bounded("problem", &problem)?;
        bounded("solution", &solution)?;
        self.beside(convention, move || {
            let problem = problem_of(&problem)?;
            let timetable = timetable_of(&problem, &solution)?;
            serde_json::to_string(&explained(&problem, &timetable)).map_err(Fault::internal)
        })
        .await
    }

    async fn beside<T: Send + 'static>(
        &self,
        convention: &ConventionId,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let place = self.0.place(convention).await?;
        let working = tokio::task::spawn_blocking(move || {
            let answer = work();
            drop(place);
            answer
        });
        working.await.map_err(Fault::internal)?
    }
}

fn bounded(what: &str, text: &str) -> Result<(), Fault> {
    if text.len() <= DOCUMENT_BYTES {
        return Ok(());
    }
    let mebibytes = DOCUMENT_BYTES >> 20;
    Err(Fault::new(
        code::TOO_LARGE,
        format!("the {what} has more than {mebibytes} MiB; leave out what need not be decided"),
    ))
}

/// Reads a problem.
pub(crate) fn problem_of(text: &str) -> Result<Problem, Fault> {
    let problem = document::read_problem(text.as_bytes()).map_err(|flaws| flawed("problem", &flaws))?;
    let (sessions, rooms) = (problem.sessions.len() as u64, problem.rooms.len() as u64);
    let (people, slots) = (problem.people.len() as u64, u64::from(problem.calendar.horizon()));
    // Whatever is searched is noted by session and slot, by session and room, and as a bit for each slot of a room and a person. A short
    // document can ask for a great deal of each.
    if sessions * (slots + rooms) * 8 + (rooms + people) * slots / 4 <= SEARCH_BYTES {
        return Ok(problem);
    }
    let message = format!(
        "{sessions} sessions and {people} people in {rooms} rooms and {slots} slots are too much to search at once; make slots longer, or \
         schedule days or parts of the programme one after the other"
    );
    Err(Fault::new(code::TOO_LARGE, message))
}

/// Reads a timetable out of a solution.
pub(crate) fn timetable_of(problem: &Problem, text: &str) -> Result<Timetable, Fault> {
    let read = document::read_solution(problem, text.as_bytes());
    read.map(|solution| solution.timetable).map_err(|flaws| flawed("solution", &flaws))
}

/// Writes a timetable that was found, with what keeps sessions from having a place.
pub(crate) fn solution_of(problem: &Problem, found: &Found, reasons: BTreeMap<SessionIndex, Vec<Reason>>) -> String {
    let solution = Solution { timetable: found.timetable.clone(), reasons, stated: Some(found.cost.into()) };
    String::from_utf8(document::write_solution(problem, &solution)).unwrap_or_default()
}

/// What keeps sessions from having a place, as far as there is time to find out, and as long as it is wanted.
pub(crate) fn reasons_of(
    problem: &Problem,
    timetable: &Timetable,
    is_wanted: impl Fn() -> bool,
) -> BTreeMap<SessionIndex, Vec<Reason>> {
    let began = Instant::now();
    reasons_while(problem, timetable, &|| is_wanted() && began.elapsed() < EXPLAINING)
}

/// An explanation as `conman schedule explain` writes it, and what the timetable breaks that must not be broken.
#[derive(Serialize)]
struct Explained {
    #[serde(flatten)]
    explanation: Explanation,
    broken: Vec<Broken>,
    /// Broken rules besides.
    more: usize,
}

#[derive(Serialize)]
struct Broken {
    constraint: &'static str,
    session: Option<String>,
    what: String,
}

fn explained(problem: &Problem, timetable: &Timetable) -> Explained {
    let began = Instant::now();
    let explanation = explain_while(problem, timetable, &|| began.elapsed() < EXPLAINING);
    let broken = check::broken(problem, timetable);
    let told = broken.iter().take(EXPLAINED).map(|broken| Broken {
        constraint: broken.constraint.name(),
        session: problem.sessions.get(broken.session as usize).map(|session| session.id.clone()),
        what: broken.describe(problem),
    });
    Explained {
        explanation: within(explanation, EXPLANATION_BYTES),
        more: broken.len().saturating_sub(EXPLAINED),
        broken: told.collect(),
    }
}

/// An explanation whose lists have no more bytes than these. What a group of thousands is told of names them all.
fn within(mut explanation: Explanation, mut bytes: usize) -> Explanation {
    explanation.more_unplaced += shorten(&mut explanation.unplaced, &mut bytes);
    explanation.more_wishes += shorten(&mut explanation.wishes, &mut bytes);
    explanation
}

/// Takes away what there are no bytes for; answers how many that were.
fn shorten<T: Serialize>(all: &mut Vec<T>, bytes: &mut usize) -> usize {
    let (before, mut kept) = (all.len(), 0);
    for one in &*all {
        let left = serde_json::to_string(one).ok().and_then(|text| bytes.checked_sub(text.len()));
        let Some(left) = left else { break };
        (*bytes, kept) = (left, kept + 1);
    }
    all.truncate(kept);
    before - kept
}

/// The first flaw gives the place, all of them the words.
fn flawed(what: &str, flaws: &Flaws) -> Fault {
    let pointer = flaws.first.first().map_or("", |flaw| flaw.pointer.as_str());
    Fault::new(code::INVALID, format!("the {what} cannot be used:\n{flaws}")).at(pointer)
}

#[cfg(test)]
mod tests {
    use conman_scheduler::explain::explain;
    use serde_json::Value;

    use super::*;

    const PROBLEM: &str = r#"{"format":"conman-schedule-problem/1","name":"one","days":1,"slots_per_day":4,"slot_minutes":30,
        "rooms":[{"id":"r","capacity":1}],"sessions":[{"id":"s","duration":1},{"id":"t","duration":1}]}"#;

    #[tokio::test]
    async fn what_a_job_is_made_of_is_checked_before_it_is_one() {
        let (documents, here) = (Documents::default(), ConventionId::new());
        let order = documents.order(&here, PROBLEM.to_owned(), "{}").await.unwrap();
        assert_eq!(order.problem, PROBLEM);
        assert!(Options::read(&order.options).is_ok());
        let fault = documents.order(&here, PROBLEM.replace("\"r\"", "7"), "{}").await.unwrap_err();
        assert_eq!((fault.code, fault.pointer.as_str()), (code::INVALID, "/rooms/0/id"));
        let fault = documents.order(&here, " ".repeat(DOCUMENT_BYTES + 1), "{}").await.unwrap_err();
        assert_eq!(fault.code, code::TOO_LARGE);
        let sessions = (0..20_000).map(|n| format!(r#"{{"id":"s{n}","duration":1}}"#)).collect::<Vec<_>>().join(",");
        let many = PROBLEM.replace(r#"{"id":"s","duration":1}"#, &sessions).replace("\"days\":1", "\"days\":500");
        let fault = documents.order(&here, many, "{}").await.unwrap_err();
        assert_eq!((fault.code, fault.message.contains("slots longer")), (code::TOO_LARGE, true));
        let fault = documents.order(&here, PROBLEM.to_owned(), r#"{"seconds":0}"#).await.unwrap_err();
        assert_eq!((fault.code, fault.pointer.as_str()), (code::INVALID, "/seconds"));
    }

    #[tokio::test]
    async fn a_solution_is_explained_whoever_made_it() {
        let (documents, here) = (Documents::default(), ConventionId::new());
        let solution = r#"{"format":"conman-schedule-solution/1","assignments":[{"session":"s","start":0,"room":"r"},
            {"session":"t","start":0,"room":"r"}],"unplaced":[]}"#;
        let explained = documents.explain(&here, PROBLEM.to_owned(), solution.to_owned()).await.unwrap();
        let explained: Value = serde_json::from_str(&explained).unwrap();
        assert_eq!(explained["broken"][0]["constraint"], "room_busy", "{explained}");
        // Also one that is nowhere near the event.
        let far = solution.replace("\"start\":0", "\"start\":999999");
        let explained = documents.explain(&here, PROBLEM.to_owned(), far).await.unwrap();
        let explained: Value = serde_json::from_str(&explained).unwrap();
        assert_eq!(explained["broken"][0]["constraint"], "day", "{explained}");
        let fault = documents.explain(&here, PROBLEM.to_owned(), " ".repeat(DOCUMENT_BYTES + 1)).await.unwrap_err();
        assert_eq!((fault.code, fault.message.contains("the solution has more than 16 MiB")), (code::TOO_LARGE, true));
        let fault = documents.explain(&here, PROBLEM.to_owned(), solution.replace("\"t\"", "\"u\"")).await.unwrap_err();
        assert_eq!((fault.code, fault.pointer.as_str()), (code::INVALID, "/assignments/1/session"));
    }

    #[tokio::test]
    async fn an_explanation_is_the_librarys_with_what_is_broken() {
        let problem = PROBLEM
            .replace(
                r#"{"id":"t","duration":1}"#,
                r#"{"id":"t","duration":1,"features":["stage"]},{"id":"u","duration":1}"#,
            )
            .replace(r#""rooms""#, r#""overlap":[["s","u",3]],"rooms""#)
            .replace(r#"{"id":"r","capacity":1}"#, r#"{"id":"q","capacity":1},{"id":"r","capacity":1}"#);
        let solution = r#"{"format":"conman-schedule-solution/1","assignments":[{"session":"s","start":0,"room":"r"},
            {"session":"u","start":0,"room":"q"}],"unplaced":[{"session":"t","reasons":[]}]}"#;
        let explained = Documents::default().explain(&ConventionId::new(), problem.clone(), solution.to_owned()).await;
        let mut told: Value = serde_json::from_str(&explained.unwrap()).unwrap();
        let members = told.as_object_mut().unwrap();
        assert_eq!(
            (members.remove("broken"), members.remove("more")),
            (Some(Value::Array(Vec::new())), Some(0.into()))
        );
        let problem = problem_of(&problem).unwrap();
        let timetable = timetable_of(&problem, solution).unwrap();
        let whole = explain(&problem, &timetable);
        assert_eq!(told, serde_json::to_value(&whole).unwrap());
        assert_eq!(
            (told["unplaced"][0]["reasons"][0]["proven"].as_bool(), told["wishes"][0]["cost"].as_u64()),
            (Some(true), Some(3))
        );

        // The reasons are told first, and what there is no room for is counted.
        let bytes = serde_json::to_string(&whole.unplaced[0]).unwrap().len();
        let short = within(whole.clone(), bytes);
        assert_eq!((short.unplaced.len(), short.more_unplaced, short.wishes.len(), short.more_wishes), (1, 0, 0, 1));
        let shorter = within(whole, bytes - 1);
        assert_eq!((shorter.unplaced.len(), shorter.more_unplaced), (0, 1));
    }
}
