//! Runs a plan: calls plugins, loads what waits for other answers, and writes the response.

mod answer;
mod call;
mod gather;
mod leaf;
mod project;

use bytes::Bytes;

pub(crate) use call::{Execution, RootOutcome, denied, granted};
use project::Projection;

use crate::error::write_errors;
use crate::model::Root;
use crate::request::{Outcome, Response};

impl Execution<'_> {
    /// Runs a query or mutation.
    pub(crate) async fn run(&self) -> Response {
        let outcomes = match self.plan.root {
            Root::Mutation => self.one_by_one().await,
            Root::Query | Root::Subscription => self.together().await,
        };
        self.respond(&outcomes)
    }

    /// Writes what was answered.
    pub(crate) fn respond(&self, outcomes: &[RootOutcome]) -> Response {
        let answered = outcomes
            .iter()
            .filter_map(|outcome| outcome.answer.as_ref().ok())
            .map(|answer| answer.tape.bytes())
            .sum::<usize>();
        let mut projection = Projection::new(self, answered + 256);
        projection.out.extend_from_slice(b"{\"data\":");
        projection.data(outcomes);
        let Projection { out: mut body, errors, .. } = projection;
        if !errors.is_empty() {
            body.extend_from_slice(b",\"errors\":");
            write_errors(&errors, &self.scope.request, &mut body);
        }
        body.push(b'}');
        Response {
            body: Bytes::from(body),
            outcome: Outcome::Executed,
            errors: errors.len(),
            cache: self.plan.cache.filter(|_| errors.is_empty()),
        }
    }
}
