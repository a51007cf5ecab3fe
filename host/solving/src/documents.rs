//! Problems and solutions as documents: what the library reads and writes, with its flaws as faults.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::time::Instant;

use conman_kernel::fault::{Fault, code};
use conman_kernel::id::ConventionId;
use conman_scheduler::check;
use conman_scheduler::document::{self, Flaws, Reason, Solution};
use conman_scheduler::explain::{Explanation, explain_while, reasons_while};
use conman_scheduler::problem::{Problem, SessionIndex};
use conman_scheduler::solve::{self, Found};
use conman_scheduler::timetable::Timetable;
use serde::Serialize;

use crate::limits::{BROKEN_BYTES, DOCUMENT_BYTES, EXPLAINED, EXPLAINING, SEARCH_BYTES};
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
        let options = Options::read(options)?;
        bounded("problem", &problem)?;
        let threads = options.threads();
        let problem = self.beside(convention, move || problem_of(&problem, threads).map(|_| problem)).await?;
        Ok(Order { problem, options: options.stored() })
    }

    /// Explains a solution, whoever made it; answers JSON.
    ///
    /// # Errors
    /// [`code::INVALID`] with the place, [`code::TOO_LARGE`].
    pub async fn explain(&self, convention: &ConventionId, problem: String, solution: String) -> Result<String, Fault> {
        bounded("problem", &problem)?;
        bounded("solution", &solution)?;
        self.beside(convention, move || {
            let problem = problem_of(&problem, NonZeroU16::MIN)?;
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

/// Reads a problem that so many threads may search.
pub(crate) fn problem_of(text: &str, threads: NonZeroU16) -> Result<Problem, Fault> {
    let problem = document::read_problem(text.as_bytes()).map_err(|flaws| flawed("problem", &flaws))?;
    // A short document can ask for long tables.
    let bytes = solve::memory(&problem, threads);
    if bytes <= SEARCH_BYTES {
        return Ok(problem);
    }
    let (sessions, rooms) = (problem.sessions.len(), problem.rooms.len());
    let (people, groups, slots) = (problem.people.len(), problem.groups.len(), problem.calendar.horizon());
    let (mebibytes, most) = (bytes.div_ceil(1 << 20), SEARCH_BYTES >> 20);
    let fewer = if threads.get() > 1 { "search with one thread, " } else { "" };
    let message = format!(
        "{sessions} sessions, {people} people and {groups} groups in {rooms} rooms and {slots} slots are too much to search at once: that \
         takes {mebibytes} MiB, and {most} are the most; {fewer}make slots longer, or schedule days or parts of the programme one after \
         the other"
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
    let solution = Solution { timetable: found.timetable.clone(), reasons, stated: Some(found.stated()) };
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
    let all = check::broken(problem, timetable);
    let told = all.iter().take(EXPLAINED).map(|broken| Broken {
        constraint: broken.constraint.name(),
        session: problem.sessions.get(broken.session as usize).map(|session| session.id.clone()),
        what: broken.describe(problem),
    });
    let mut left = BROKEN_BYTES;
    let has_room = |broken: &Broken| {
        let bytes = serde_json::to_vec(broken).ok().map(|text| text.len());
        bytes.and_then(|bytes| left.checked_sub(bytes)).map(|rest| left = rest).is_some()
    };
    let broken: Vec<_> = told.take_while(has_room).collect();
    Explained { explanation, more: all.len() - broken.len(), broken }
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
        // A few more than one thread may search are too many for two.
        let some = PROBLEM.replace(r#"{"id":"s","duration":1}"#, &sessions).replace("\"days\":1", "\"days\":300");
        let fault = documents.order(&here, some.clone(), r#"{"threads":2}"#).await.unwrap_err();
        assert!(fault.code == code::TOO_LARGE && fault.message.contains("search with one thread"), "{fault}");
        documents.order(&here, some, r#"{"threads":1}"#).await.unwrap();
        // As do groups, of which a short document may name many.
        let pairs = |n: usize| (0..).find(|m| m * (m + 1) / 2 > n).map(|m| (n - m * (m - 1) / 2, m)).unwrap();
        let group =
            |n: usize| format!(r#"{{"id":"g{n}","sessions":["s{}","s{}"],"compact":true}}"#, pairs(n).0, pairs(n).1);
        let groups = (0..4_900).map(group).collect::<Vec<_>>().join(",");
        let sessions = (0..100).map(|n| format!(r#"{{"id":"s{n}","duration":1}}"#)).collect::<Vec<_>>().join(",");
        let grouped = PROBLEM
            .replace(r#"{"id":"s","duration":1}"#, &format!(r#"{sessions}],"groups":[{groups}"#))
            .replace(r#",{"id":"t","duration":1}"#, "")
            .replace("\"days\":1", "\"days\":500");
        let fault = documents.order(&here, grouped, r#"{"threads":2}"#).await.unwrap_err();
        assert!(fault.code == code::TOO_LARGE && fault.message.contains("4900 groups"), "{fault}");
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
        let problem = problem_of(&problem, NonZeroU16::MIN).unwrap();
        let timetable = timetable_of(&problem, solution).unwrap();
        let whole = explain(&problem, &timetable);
        assert_eq!(told, serde_json::to_value(&whole).unwrap());
        assert_eq!(
            (told["unplaced"][0]["reasons"][0]["proven"].as_bool(), told["wishes"][0]["cost"].as_u64()),
            (Some(true), Some(3))
        );
    }
}
