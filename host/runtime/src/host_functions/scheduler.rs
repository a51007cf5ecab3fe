//! `conman:host/scheduler`: the rules of transactions are in [`crate::transactions`], what a job is in the `solving` crate.

use super::database::told;
use crate::bindings::host::scheduler::Host;
use crate::bindings::types::Error;
use crate::state::CallState;
use crate::transactions::Refusal;

impl Host for CallState {
    async fn start(&mut self, problem: String, options: String) -> wasmtime::Result<Result<String, Error>> {
        told(self.start_solve(problem, &options).await)
    }

    async fn status(&mut self, job: String) -> wasmtime::Result<Result<String, Error>> {
        told(self.transactions.solve_status(&job).await)
    }

    async fn solution(&mut self, job: String) -> wasmtime::Result<Result<String, Error>> {
        told(self.transactions.solution(&job).await)
    }

    async fn cancel(&mut self, job: String) -> wasmtime::Result<Result<(), Error>> {
        told(self.transactions.cancel_solve(&job).await)
    }

    async fn explain(&mut self, problem: String, solution: String) -> wasmtime::Result<Result<String, Error>> {
        told(self.explain_solution(problem, solution).await)
    }

    async fn forget(&mut self, job: String) -> wasmtime::Result<Result<(), Error>> {
        told(self.transactions.forget_solve(&job).await)
    }
}

impl CallState {
    /// The problem is read before anything is written: while a large one is read nobody else's transaction waits for this one's first
    /// statement.
    async fn start_solve(&mut self, problem: String, options: &str) -> Result<String, Refusal> {
        self.transactions.may_start_solve()?;
        let order = self.surroundings.documents.order(&self.enabled.standing.convention, problem, options).await?;
        let now = self.surroundings.clock.now();
        self.transactions.start_solve(self.surroundings.deed_ids.next(now), order, now).await
    }

    async fn explain_solution(&mut self, problem: String, solution: String) -> Result<String, Refusal> {
        self.transactions.count_problem()?;
        let convention = &self.enabled.standing.convention;
        Ok(self.surroundings.documents.explain(convention, problem, solution).await?)
    }
}
