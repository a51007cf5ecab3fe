//! Problems and solutions as documents: what the library reads and writes, with its flaws as faults.

use std::collections::BTreeMap;
use std::sync::Arc;

use conman_kernel::fault::{Fault, code};
use conman_scheduler::check;
use conman_scheduler::document::{self, Flaws, Solution};
use conman_scheduler::problem::Problem;
use conman_scheduler::solve::Found;
use conman_scheduler::timetable::Timetable;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::limits::{DOCUMENT_BYTES, EXPLAINED, READERS, SEARCH_BYTES};
use crate::options::Options;

/// A job as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The problem, known to be one.
    pub problem: String,
    /// Everything that may be said of how to solve it, JSON.
    pub options: String,
}

/// Reads documents for calls, beside the async threads and few at a time: a call that waits for its turn does so in its own time.
#[derive(Debug)]
pub struct Documents(Arc<Semaphore>);

impl Default for Documents {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(READERS)))
    }
}

impl Documents {
    /// Checks what a job is to be made of.
    ///
    /// # Errors
    /// [`code::INVALID`] with the place, [`code::TOO_LARGE`].
    pub async fn order(&self, problem: String, options: &str) -> Result<Order, Fault> {
        let options = Options::read(options)?.stored();
        bounded("problem", &problem)?;
        let problem = self.beside(move || problem_of(&problem).map(|_| problem)).await?;
        Ok(Order { problem, options })
    }

    /// Explains a solution, whoever made it; answers JSON.
    ///
    /// # Errors
    /// [`code::INVALID`] with the place, [`code::TOO_LARGE`].
    pub async fn explain(&self, problem: String, solution: String) -> Result<String, Fault> {
        bounded("problem", &problem)?;
        bounded("solution", &solution)?;
        self.beside(move || {
            let problem = problem_of(&problem)?;
            let timetable = timetable_of(&problem, &solution)?;
            Ok(explained(&problem, &timetable).to_string())
        })
        .await
    }

    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let permit = Arc::clone(&self.0).acquire_owned().await.map_err(Fault::internal)?;
        let working = tokio::task::spawn_blocking(move || {
            let answer = work();
            drop(permit);
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

/// Writes a timetable that was found.
pub(crate) fn solution_of(problem: &Problem, found: &Found) -> String {
    let solution =
        Solution { timetable: found.timetable.clone(), reasons: BTreeMap::new(), stated: Some(found.cost.into()) };
    String::from_utf8(document::write_solution(problem, &solution)).unwrap_or_default()
}

/// What a timetable costs, and what it breaks that must not be broken.
fn explained(problem: &Problem, timetable: &Timetable) -> Value {
    let cost = check::cost(problem, timetable);
    let broken = check::broken(problem, timetable);
    let told = broken.iter().take(EXPLAINED).map(|broken| {
        let session = problem.sessions.get(broken.session as usize).map(|session| &session.id);
        json!({ "constraint": broken.constraint.name(), "session": session, "what": broken.describe(problem) })
    });
    json!({
        "cost": { "unplaced": cost.unplaced, "soft": cost.soft(), "terms": cost.terms },
        "broken": told.collect::<Value>(),
        "more": broken.len().saturating_sub(EXPLAINED),
    })
}

/// The first flaw gives the place, all of them the words.
fn flawed(what: &str, flaws: &Flaws) -> Fault {
    let pointer = flaws.first.first().map_or("", |flaw| flaw.pointer.as_str());
    Fault::new(code::INVALID, format!("the {what} cannot be used:\n{flaws}")).at(pointer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBLEM: &str = r#"{"format":"conman-schedule-problem/1","name":"one","days":1,"slots_per_day":4,"slot_minutes":30,
        "rooms":[{"id":"r","capacity":1}],"sessions":[{"id":"s","duration":1},{"id":"t","duration":1}]}"#;

    #[tokio::test]
    async fn what_a_job_is_made_of_is_checked_before_it_is_one() {
        let documents = Documents::default();
        let order = documents.order(PROBLEM.to_owned(), "{}").await.unwrap();
        assert_eq!(order.problem, PROBLEM);
        assert!(Options::read(&order.options).is_ok());
        let fault = documents.order(PROBLEM.replace("\"r\"", "7"), "{}").await.unwrap_err();
        assert_eq!((fault.code, fault.pointer.as_str()), (code::INVALID, "/rooms/0/id"));
        let fault = documents.order(" ".repeat(DOCUMENT_BYTES + 1), "{}").await.unwrap_err();
        assert_eq!(fault.code, code::TOO_LARGE);
        let sessions = (0..20_000).map(|n| format!(r#"{{"id":"s{n}","duration":1}}"#)).collect::<Vec<_>>().join(",");
        let many = PROBLEM.replace(r#"{"id":"s","duration":1}"#, &sessions).replace("\"days\":1", "\"days\":999");
        let fault = documents.order(many, "{}").await.unwrap_err();
        assert_eq!((fault.code, fault.message.contains("slots longer")), (code::TOO_LARGE, true));
        let fault = documents.order(PROBLEM.to_owned(), r#"{"seconds":0}"#).await.unwrap_err();
        assert_eq!((fault.code, fault.pointer.as_str()), (code::INVALID, "/seconds"));
    }

    #[tokio::test]
    async fn a_solution_is_explained_whoever_made_it() {
        let documents = Documents::default();
        let solution = r#"{"format":"conman-schedule-solution/1","assignments":[{"session":"s","start":0,"room":"r"},
            {"session":"t","start":0,"room":"r"}],"unplaced":[]}"#;
        let explained = documents.explain(PROBLEM.to_owned(), solution.to_owned()).await.unwrap();
        let explained: Value = serde_json::from_str(&explained).unwrap();
        assert_eq!(explained["broken"][0]["constraint"], "room_busy", "{explained}");
        let fault = documents.explain(PROBLEM.to_owned(), solution.replace("\"t\"", "\"u\"")).await.unwrap_err();
        assert_eq!((fault.code, fault.pointer.as_str()), (code::INVALID, "/assignments/1/session"));
    }
}
