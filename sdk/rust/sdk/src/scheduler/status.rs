//! How far a job has come.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How far a job has come.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Its id.
    pub job: String,
    /// Where it stands.
    pub state: State,
    /// Whether it is to end.
    pub cancelling: bool,
    /// For how many seconds it may search.
    pub seconds: Option<f64>,
    /// How much of its time is over, 0 to 1.
    pub progress: f64,
    /// Seconds searched.
    pub elapsed: f64,
    /// Sessions without a place in the best timetable so far; none before there is one.
    pub unplaced: Option<u64>,
    /// What that costs.
    pub soft: Option<u64>,
    /// The same by wish, those left out that cost nothing.
    pub terms: Option<BTreeMap<String, u64>>,
    /// How the cost fell; the last is the best.
    pub costs: Vec<Point>,
    /// When it was started, in milliseconds since 1970.
    pub created_at: i64,
    /// When it was taken up.
    pub started_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// Why it failed.
    pub error: Option<Failure>,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It waits.
    Queued,
    /// It is worked on.
    Running,
    /// It has searched as long as it may.
    Done,
    /// It was to end before that.
    Cancelled,
    /// It could not be solved.
    Failed,
    /// What only a newer host says.
    #[serde(other)]
    Unknown,
}

impl State {
    /// Whether nothing more comes.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Failed)
    }
}

/// What the best timetable cost at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Point {
    /// After so many seconds of search.
    pub elapsed: f64,
    /// Sessions without a place.
    pub unplaced: u64,
    /// Broken wishes, each times its weight.
    pub soft: u64,
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Failure {
    /// `solver-failed`, `interrupted`, `invalid`, …
    pub code: String,
    /// For a person.
    pub message: String,
}

/// What the events [`super::PROGRESS`] and [`super::ENDED`] say.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Progress {
    /// The job's id.
    pub job: String,
    /// Where it stands.
    pub state: State,
    /// How much of its time is over, 0 to 1.
    pub progress: f64,
    /// Seconds searched.
    pub elapsed: f64,
    /// Sessions without a place in the best timetable so far, where there is one.
    #[serde(default)]
    pub unplaced: Option<u64>,
    /// What that costs.
    #[serde(default)]
    pub soft: Option<u64>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<Failure>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_says_is_read() {
        let text = r#"{"cancelling":false,"costs":[{"elapsed":0.1,"soft":4,"unplaced":1}],"createdAt":0,"elapsed":2.5,"endedAt":null,"error":null,"job":"01k","progress":0.25,"seconds":10.0,"soft":4,"startedAt":0,"state":"running","terms":{"overlap":4},"unplaced":1}"#;
        let status: Status = serde_json::from_str(text).unwrap();
        assert_eq!((status.state, status.soft, status.costs.len()), (State::Running, Some(4), 1));
        let text = r#"{"job":"01k","state":"resting","progress":1.0,"elapsed":0.5}"#;
        let progress: Progress = serde_json::from_str(text).unwrap();
        assert_eq!((progress.state, progress.soft), (State::Unknown, None));
        assert!(!progress.state.has_ended() && State::Failed.has_ended());
    }
}
