//! Jobs of the scheduler in the transactions of a call: what a mutation starts and cancels it does when it commits, and what a query sees is
//! of its snapshot.

use conman_kernel::dispatch::CallKind;
use conman_kernel::event::MAX_HOPS;
use conman_kernel::fault::{Fault, code};
use conman_kernel::sql::{Access, SqlError};
use conman_solving::documents::Order;
use conman_solving::{Standing, limits};
use conman_storage::{NewSolve, PluginTransaction, StoredSolve};
use jiff::Timestamp;

use super::{Refusal, Transactions};
use crate::faults::quota;

/// Bytes of a job's id, a ULID.
const ID_BYTES: usize = 26;

impl Transactions {
    /// Counts a problem or solution that the host is to read for the guest.
    pub(crate) fn count_problem(&mut self) -> Result<(), Fault> {
        let limit = self.limits().problems;
        if self.problems >= limit {
            return Err(quota(format!(
                "a call may have {limit} problems read; start or explain the others in a call of their own"
            )));
        }
        self.problems += 1;
        Ok(())
    }

    /// Refuses at once what would be refused when the problem has been read.
    pub(crate) fn may_start_solve(&mut self) -> Result<(), Fault> {
        self.refuse_queries("start a job")?;
        if self.hops > MAX_HOPS {
            let message = format!(
                "this job would be the {} in a chain of events and jobs that cause one another; {MAX_HOPS} is the most",
                self.hops
            );
            return Err(Fault::new(code::HOP_LIMIT, message));
        }
        self.count_problem()
    }

    pub(crate) async fn start_solve(&mut self, id: String, order: Order, now: Timestamp) -> Result<String, Refusal> {
        let Order { problem, options } = order;
        let solve = NewSolve { id: id.clone(), problem, options, hops: self.hops, at: now };
        let open = self.opened().await?;
        open.ordered = true;
        let outcome = open.transaction.begin_solve(solve, limits::WAITING).await;
        if self.judge(outcome)? {
            return Ok(id);
        }
        let message = format!(
            "{} jobs of this plugin wait in this convention, which is as many as may; try again when one has ended, or cancel one",
            limits::WAITING
        );
        Err(Fault::new(code::QUEUE_FULL, message).retryable().into())
    }

    pub(crate) async fn cancel_solve(&mut self, id: &str) -> Result<(), Refusal> {
        self.refuse_queries("cancel a job")?;
        self.count_statement()?;
        refuse_strange(id)?;
        let open = self.opened().await?;
        open.ordered = true;
        let outcome = open.transaction.cancel_solve(id).await;
        match self.judge(outcome)? {
            true => Ok(()),
            // One that has ended stays as it is.
            false => self.found(id).await.map(drop),
        }
    }

    pub(crate) async fn forget_solve(&mut self, id: &str) -> Result<(), Refusal> {
        self.refuse_queries("forget a job")?;
        self.count_statement()?;
        refuse_strange(id)?;
        let open = self.opened().await?;
        open.ordered = true;
        let outcome = open.transaction.forget_solve(id).await;
        if self.judge(outcome)? { Ok(()) } else { Err(no_job(id).into()) }
    }

    pub(crate) async fn solve_status(&mut self, id: &str) -> Result<String, Refusal> {
        self.count_statement()?;
        let solve = self.found(id).await?;
        Ok(standing(id, &solve).told())
    }

    pub(crate) async fn solution(&mut self, id: &str) -> Result<String, Refusal> {
        self.count_statement()?;
        let (solve, solution) = self.read(id, true).await?;
        let solve = solve.ok_or_else(|| no_job(id))?;
        solution.ok_or_else(|| standing(id, &solve).without_solution().into())
    }

    async fn found(&mut self, id: &str) -> Result<StoredSolve, Refusal> {
        let (solve, _) = self.read(id, false).await?;
        solve.ok_or_else(|| no_job(id).into())
    }

    /// What is known of a job, and its solution if that is wanted: in the call's transaction. An action that has none open just looks.
    async fn read(&mut self, id: &str, solution: bool) -> Result<(Option<StoredSolve>, Option<String>), Refusal> {
        refuse_strange(id)?;
        if self.kind == CallKind::Action && self.open.is_none() {
            self.open_now(Access::ReadOnly).await.map_err(Fault::from)?;
            let outcome = self.read_in_open(id, solution).await;
            self.abandon().await;
            return outcome;
        }
        self.read_in_open(id, solution).await
    }

    async fn read_in_open(
        &mut self,
        id: &str,
        solution: bool,
    ) -> Result<(Option<StoredSolve>, Option<String>), Refusal> {
        let open = self.opened().await?;
        let outcome = read(&mut open.transaction, id, solution).await;
        self.judge(outcome)
    }

    fn refuse_queries(&self, what: &str) -> Result<(), Fault> {
        match self.kind {
            CallKind::Query => Err(Fault::new(code::READ_ONLY, format!("a query cannot {what}; do it in a mutation"))),
            CallKind::Mutation | CallKind::Action => Ok(()),
        }
    }
}

async fn read(
    transaction: &mut PluginTransaction,
    id: &str,
    solution: bool,
) -> Result<(Option<StoredSolve>, Option<String>), SqlError> {
    let solve = transaction.solve(id).await?;
    let solution = if solution && solve.is_some() { transaction.solution(id).await? } else { None };
    Ok((solve, solution))
}

fn standing<'s>(job: &'s str, solve: &'s StoredSolve) -> Standing<'s> {
    Standing {
        job,
        state: &solve.state,
        options: &solve.options,
        cancelled: solve.cancelled,
        course: solve.course.as_deref(),
        fault: solve.fault.as_deref(),
        created_at: solve.created_at,
        started_at: solve.started_at,
        ended_at: solve.ended_at,
    }
}

/// What is no id of a job at all is not looked for: a database may refuse it for reasons of its own.
fn refuse_strange(id: &str) -> Result<(), Fault> {
    let is_id = id.len() <= ID_BYTES && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_id { Ok(()) } else { Err(no_job(id)) }
}

fn no_job(id: &str) -> Fault {
    Fault::new(
        code::NOT_FOUND,
        format!("this plugin has no job `{}` in this convention", crate::log_ring::cut(id, 100).escape_debug()),
    )
}
