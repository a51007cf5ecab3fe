//! What a plugin is told of a job.

use conman_kernel::fault::{Fault, code};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::course::{Course, rounded};
use crate::options::Options;

/// The states of a job, as they are stored and told.
pub mod state {
    /// It waits.
    pub const QUEUED: &str = "queued";
    /// It is worked on, or the host that did has died.
    pub const RUNNING: &str = "running";
    /// It has searched as long as it may, or found the best there is.
    pub const DONE: &str = "done";
    /// It was to end before that.
    pub const CANCELLED: &str = "cancelled";
    /// It could not be solved.
    pub const FAILED: &str = "failed";
}

/// What is stored of a job, but for its problem and its solution.
#[derive(Debug, Clone)]
pub struct Standing<'s> {
    /// Which.
    pub job: &'s str,
    /// One of [`state`].
    pub state: &'s str,
    /// As [`crate::documents::Order`] has them.
    pub options: &'s str,
    /// Whether it is to end.
    pub cancelled: bool,
    /// How far it has come.
    pub course: Option<&'s str>,
    /// Why it failed.
    pub fault: Option<&'s str>,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it was first taken up.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Standing<'_> {
    /// The whole story, JSON.
    #[must_use]
    pub fn told(&self) -> String {
        let course = Course::read(self.course);
        let options = serde_json::from_str::<Options>(self.options).ok();
        let (unplaced, soft, terms) = match course.best() {
            Some(best) => (json!(best.unplaced), json!(best.soft), Value::Object(course.terms.clone())),
            None => (Value::Null, Value::Null, Value::Null),
        };
        let instant = |at: Option<Timestamp>| at.map(Timestamp::as_millisecond);
        json!({
            "job": self.job,
            "state": self.state,
            "cancelling": self.cancelled && self.is_open(),
            "seconds": options.as_ref().map(|options| options.seconds),
            "progress": progress(self.state, &course, options.as_ref()),
            "elapsed": course.elapsed,
            "unplaced": unplaced,
            "soft": soft,
            "terms": terms,
            "costs": course.costs,
            "createdAt": self.created_at.as_millisecond(),
            "startedAt": instant(self.started_at),
            "endedAt": instant(self.ended_at),
            "error": self.fault.and_then(|fault| serde_json::from_str::<Value>(fault).ok()),
        })
        .to_string()
    }

    /// Why there is no solution.
    #[must_use]
    pub fn without_solution(&self) -> Fault {
        let ended = |message: &str| Fault::new(code::NOT_FOUND, message);
        match self.state {
            state::FAILED => {
                let told = self.fault.map(read_fault).unwrap_or_default();
                let (code, message) = told.unwrap_or_else(|| ("internal".to_owned(), "the job failed".to_owned()));
                Fault::new(conman_kernel::fault::Code::from_plugin(&code), message)
            }
            state::CANCELLED => ended("the job was cancelled before there was a timetable"),
            state::DONE => ended("the job has ended without a timetable"),
            _ => Fault::new(code::NOT_READY, "there is no timetable yet; ask again when the job has come further")
                .retryable(),
        }
    }

    fn is_open(&self) -> bool {
        [state::QUEUED, state::RUNNING].contains(&self.state)
    }
}

fn read_fault(stored: &str) -> Option<(String, String)> {
    let fault: Value = serde_json::from_str(stored).ok()?;
    let text = |name: &str| fault.get(name).and_then(Value::as_str).map(str::to_owned);
    Some((text("code")?, text("message")?))
}

/// A fault as it is stored and told.
pub(crate) fn fault_json(fault: &Fault) -> Value {
    json!({ "code": fault.code.as_str(), "message": fault.message })
}

/// How much of a job's time is over. Whatever has ended is over altogether.
pub(crate) fn progress(state: &str, course: &Course, options: Option<&Options>) -> f64 {
    match (state, options) {
        (state::QUEUED | state::RUNNING, Some(options)) => {
            #[expect(clippy::cast_precision_loss, reason = "a share of it is wanted, to a thousandth")]
            let share = options.iterations.map_or(0.0, |most| course.iterations as f64 / most as f64);
            rounded((course.elapsed / options.seconds).max(share).clamp(0.0, 1.0))
        }
        (state::QUEUED | state::RUNNING, None) => 0.0,
        _ => 1.0,
    }
}

/// What an event says of a job.
pub(crate) fn payload(
    job: &str,
    state: &str,
    course: &Course,
    options: Option<&Options>,
    fault: Option<&Fault>,
) -> String {
    let mut told = json!({
        "job": job,
        "state": state,
        "progress": progress(state, course, options),
        "elapsed": course.elapsed,
    });
    if let Value::Object(members) = &mut told {
        if let Some(best) = course.best() {
            members.insert("unplaced".to_owned(), json!(best.unplaced));
            members.insert("soft".to_owned(), json!(best.soft));
        }
        if let Some(fault) = fault {
            members.insert("error".to_owned(), fault_json(fault));
        }
    }
    told.to_string()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn standing<'s>(state: &'s str, fault: Option<&'s str>) -> Standing<'s> {
        Standing {
            job: "01k",
            state,
            options: r#"{"seconds":10.0,"threads":1,"seed":1,"iterations":null}"#,
            cancelled: true,
            course: Some(
                r#"{"elapsed":2.5,"iterations":9,"terms":{"overlap":4},"costs":[{"elapsed":0.1,"unplaced":1,"soft":4}]}"#,
            ),
            fault,
            created_at: Timestamp::UNIX_EPOCH,
            started_at: Some(Timestamp::UNIX_EPOCH),
            ended_at: None,
        }
    }

    #[test]
    fn a_running_job_is_told_whole() {
        expect![[r#"{"cancelling":true,"costs":[{"elapsed":0.1,"soft":4,"unplaced":1}],"createdAt":0,"elapsed":2.5,"endedAt":null,"error":null,"job":"01k","progress":0.25,"seconds":10.0,"soft":4,"startedAt":0,"state":"running","terms":{"overlap":4},"unplaced":1}"#]]
        .assert_eq(&standing(state::RUNNING, None).told());
    }

    #[test]
    fn why_there_is_no_solution_depends_on_how_it_ended() {
        let code = |state, fault| standing(state, fault).without_solution().code.as_str().to_owned();
        assert_eq!(code(state::QUEUED, None), "not-ready");
        assert_eq!(code(state::CANCELLED, None), "not-found");
        assert_eq!(code(state::FAILED, Some(r#"{"code":"solver-failed","message":"it broke"}"#)), "solver-failed");
    }
}
