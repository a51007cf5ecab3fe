//! Jobs of the host's scheduler, as far as they belong to the plugin that wants them: started, cancelled and forgotten in the plugin's own
//! transactions. Whoever works on them reads and writes the same tables as the host, by [`crate::PluginDatabase::host`].

use conman_kernel::sql::{RowExt, RowLimit, SqlError, Value};
use jiff::Timestamp;

use crate::plugin_database::PluginTransaction;
use crate::sqlite::watch::Mode;

/// A job to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSolve {
    /// A ULID in lower case: jobs are taken up in this order.
    pub id: String,
    /// What is to be solved, JSON.
    pub problem: String,
    /// How, JSON.
    pub options: String,
    /// How many event handlers led to it.
    pub hops: u32,
    /// When.
    pub at: Timestamp,
}

/// What is known of a job, but for its problem and its solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSolve {
    /// `queued`, `running`, `done`, `cancelled` or `failed`.
    pub state: String,
    /// How it is solved, JSON.
    pub options: String,
    /// Whether it is to be cancelled.
    pub cancelled: bool,
    /// How far it has come, JSON; none before it has begun.
    pub course: Option<String>,
    /// Why it failed, JSON.
    pub fault: Option<String>,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it was first taken up.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl PluginTransaction {
    /// Starts a job, if fewer than `most` are waiting: it is there if, and only if, the transaction commits. `false`: too many are.
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn begin_solve(&mut self, solve: NewSolve, most: u32) -> Result<bool, SqlError> {
        let NewSolve { id, problem, options, hops, at } = solve;
        self.touch();
        let values = [id.as_str().into(), options.into(), hops.into(), at.into(), most.into()];
        let begun = self.changes(|reserved| &reserved.solve, values).await?;
        if begun {
            self.changes(|reserved| &reserved.solve_problem, [id.into(), problem.into()]).await?;
        }
        Ok(begun)
    }

    /// Says that a job is to end. `false`: it has ended, or there is none.
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn cancel_solve(&mut self, id: &str) -> Result<bool, SqlError> {
        self.touch();
        self.changes(|reserved| &reserved.cancel_solve, [id.into()]).await
    }

    /// Removes a job with everything known of it. `false`: there is none.
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn forget_solve(&mut self, id: &str) -> Result<bool, SqlError> {
        self.touch();
        self.changes(|reserved| &reserved.forget_solve_problem, [id.into()]).await?;
        self.changes(|reserved| &reserved.forget_solve, [id.into()]).await
    }

    /// What is known of a job.
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn solve(&mut self, id: &str) -> Result<Option<StoredSolve>, SqlError> {
        let parameters = self.reserved.parameters([id.into()]);
        let rows = self.session.query(&self.reserved.find_solve, &parameters, RowLimit::HOST, Mode::Host).await?;
        rows.rows.first().map(|row| stored(row)).transpose()
    }

    /// The best solution of a job so far; none before there is one.
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn solution(&mut self, id: &str) -> Result<Option<String>, SqlError> {
        let parameters = self.reserved.parameters([id.into()]);
        let rows = self.session.query(&self.reserved.find_solution, &parameters, RowLimit::HOST, Mode::Host).await?;
        Ok(rows.rows.first().map(|row| row.optional_text(0)).transpose()?.flatten().map(str::to_owned))
    }
}

fn stored(row: &[Value]) -> Result<StoredSolve, SqlError> {
    let optional_text = |column| Ok::<_, SqlError>(row.optional_text(column)?.map(str::to_owned));
    let instant = |column| match row.optional_integer(column)? {
        Some(_) => Ok::<_, SqlError>(Some(row.timestamp(column)?)),
        None => Ok(None),
    };
    Ok(StoredSolve {
        state: row.text(0)?.to_owned(),
        options: row.text(1)?.to_owned(),
        cancelled: row.boolean(2)?,
        course: optional_text(3)?,
        fault: optional_text(4)?,
        created_at: row.timestamp(5)?,
        started_at: instant(6)?,
        ended_at: instant(7)?,
    })
}
