//! The transactions of one call, by its kind.
//!
//! A query has one read-only snapshot, a mutation one read-write transaction; both open at the first statement and end with the
//! call. An action has none of its own accord: the guest begins and commits, as often as it likes.
//!
//! When a mutation loses a serialization conflict there is no use in letting the guest go on: it is ended at once, and the whole
//! call runs again on a fresh instance. An action's guest is told instead, because what it did outside cannot be undone.

mod solves;

use std::sync::Arc;

use conman_kernel::dispatch::CallKind;
use conman_kernel::event::{Event, MAX_HOPS, is_topic};
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::EventId;
use conman_kernel::sql::{Access, RowLimit, Rows, SqlError, Value};
use conman_storage::{PluginDatabase, PluginTransaction};
use jiff::Timestamp;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard};

use crate::doing::Doing;
use crate::enabled::Enabled;
use crate::faults::{Ended, quota};
use crate::limits::Limits;

/// After so many lost conflicts a call takes the lane alone: nobody else in this host can make it lose again.
const SHARED_TRIES: u32 = 2;

/// Why a host function did not do what the guest asked.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The guest is told.
    Fault(Fault),
    /// The guest is ended.
    End(Ended),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The right to have a read-write transaction open, shared or alone; held for as long as the transaction is, also while it commits.
#[expect(dead_code, reason = "held, never looked at")]
enum Lane {
    Shared(OwnedRwLockReadGuard<()>),
    Alone(OwnedRwLockWriteGuard<()>),
    /// Readers need none.
    None,
}

struct Open {
    transaction: PluginTransaction,
    _lane: Lane,
    emitted: u32,
    /// Whether something was done about a job of the scheduler.
    ordered: bool,
    failed: Option<Fault>,
}

/// The transactions of one try of one call.
pub(crate) struct Transactions {
    enabled: Arc<Enabled>,
    kind: CallKind,
    doing: Option<Arc<Doing>>,
    hops: u32,
    open: Option<Open>,
    lost_conflicts: u32,
    /// Whether the call waits for others to make room for its transaction.
    waiting: bool,
    statements: u32,
    rows: usize,
    row_bytes: usize,
    events: u32,
    problems: u32,
}

impl Transactions {
    /// `doing`: what its commits are written down as. `hops`: how many event handlers led here. `lost_conflicts`: how often this call
    /// lost before.
    pub(crate) const fn new(
        enabled: Arc<Enabled>,
        kind: CallKind,
        doing: Option<Arc<Doing>>,
        hops: u32,
        lost_conflicts: u32,
    ) -> Self {
        Self {
            enabled,
            kind,
            doing,
            hops,
            open: None,
            lost_conflicts,
            waiting: false,
            statements: 0,
            rows: 0,
            row_bytes: 0,
            events: 0,
            problems: 0,
        }
    }

    fn limits(&self) -> &Limits {
        &self.enabled.plugin.limits
    }

    // --- what guests ask for

    pub(crate) async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Rows, Refusal> {
        self.count_statement()?;
        let limit = RowLimit {
            rows: self.limits().rows.saturating_sub(self.rows),
            bytes: self.limits().row_bytes.saturating_sub(self.row_bytes),
        };
        let open = self.opened().await?;
        let outcome = open.transaction.query(sql, parameters, limit).await;
        let rows = self.judge(outcome)?;
        self.rows += rows.rows.len();
        self.row_bytes += rows.rows.iter().flatten().map(Value::size).sum::<usize>();
        Ok(rows)
    }

    pub(crate) async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, Refusal> {
        self.count_statement()?;
        let open = self.opened().await?;
        let outcome = open.transaction.execute(sql, parameters).await;
        self.judge(outcome)
    }

    pub(crate) async fn emit(
        &mut self,
        topic: &str,
        key: &str,
        payload: &str,
        now: Timestamp,
    ) -> Result<EventId, Refusal> {
        if self.kind == CallKind::Query {
            return Err(Fault::new(code::READ_ONLY, "a query cannot emit events; do it in a mutation").into());
        }
        self.check_event(topic, key, payload)?;
        let event = Event {
            id: EventId::new(),
            topic: topic.to_owned(),
            key: key.to_owned(),
            payload: payload.to_owned(),
            publisher: self.enabled.standing.plugin.clone(),
            emitted_at: now,
            hops: self.hops,
        };
        let open = self.opened().await?;
        open.emitted += 1;
        let outcome = open.transaction.emit(&event).await;
        self.judge(outcome)?;
        Ok(event.id)
    }

    pub(crate) async fn begin(&mut self) -> Result<(), Refusal> {
        match (self.kind, &self.open) {
            (CallKind::Query, _) => Err(Fault::new(
                code::READ_ONLY,
                "a query sees one snapshot from its first statement on; there is nothing to begin",
            )
            .into()),
            (CallKind::Mutation, _) => Err(Fault::new(
                code::INSIDE_TRANSACTION,
                "a mutation is one transaction already; only an @action begins its own",
            )
            .into()),
            (CallKind::Action, Some(_)) => Err(Fault::new(
                code::INSIDE_TRANSACTION,
                "a transaction is open already; commit it or roll it back first",
            )
            .into()),
            (CallKind::Action, None) => {
                let outcome = self.open_now(Access::ReadWrite).await;
                self.judge(outcome)
            }
        }
    }

    pub(crate) async fn commit(&mut self) -> Result<(), Refusal> {
        self.only_actions("commits its own")?;
        let Some(open) = self.open.take() else { return Err(no_transaction().into()) };
        // On a task of its own: a timeout of the call must not leave a commit half said.
        let (enabled, doing) = (Arc::clone(&self.enabled), self.doing.clone());
        let outcome = tokio::task::spawn(async move { close(open, &enabled, doing.as_deref()).await }).await;
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(fault)) => {
                self.lost_conflicts += u32::from(fault.code == code::CONFLICT);
                Err(fault.into())
            }
            Err(error) => Err(Fault::internal(error).into()),
        }
    }

    pub(crate) async fn rollback(&mut self) -> Result<(), Refusal> {
        self.only_actions("rolls back its own")?;
        let Some(open) = self.open.take() else { return Err(no_transaction().into()) };
        open.transaction.rollback().await;
        Ok(())
    }

    // --- what the host does around the call

    /// The transaction of a mutation, opened now if it was not yet: for what the host records in it.
    pub(crate) async fn for_host(&mut self) -> Result<&mut PluginTransaction, SqlError> {
        if self.open.is_none() {
            self.open_now(Access::ReadWrite).await?;
        }
        self.open
            .as_mut()
            .map(|open| &mut open.transaction)
            .ok_or_else(|| SqlError::Unavailable("no transaction".to_owned()))
    }

    /// Whether a statement failed, after which nothing can be kept.
    pub(crate) fn has_failed(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.failed.is_some())
    }

    /// Whether the call waits for its turn at the database. When its time ends so, it was others who took it.
    pub(crate) const fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Ends the call well: what is open is made durable (a mutation's) or let go (a query's).
    ///
    /// An action that answers with a transaction still open forgot to commit, and would lose data without knowing.
    pub(crate) async fn finish(&mut self) -> Result<(), Fault> {
        let Some(open) = self.open.take() else { return Ok(()) };
        match self.kind {
            CallKind::Query => {
                open.transaction.rollback().await;
                Ok(())
            }
            CallKind::Mutation => close(open, &self.enabled, self.doing.as_deref()).await,
            CallKind::Action => {
                open.transaction.rollback().await;
                Err(Fault::new(
                    code::NO_TRANSACTION,
                    "the plugin answered with a transaction still open; it was rolled back. Commit before answering",
                ))
            }
        }
    }

    /// Ends the call badly: nothing that is open stays.
    pub(crate) async fn abandon(&mut self) {
        if let Some(open) = self.open.take() {
            open.transaction.rollback().await;
        }
    }

    // --- inside

    fn only_actions(&self, does: &str) -> Result<(), Fault> {
        match self.kind {
            CallKind::Action => Ok(()),
            CallKind::Query => {
                Err(Fault::new(code::READ_ONLY, format!("a query has nothing to make durable; only an @action {does}")))
            }
            CallKind::Mutation => Err(Fault::new(
                code::INSIDE_TRANSACTION,
                format!("a mutation ends with its answer; only an @action {does}"),
            )),
        }
    }

    fn count_statement(&mut self) -> Result<(), Fault> {
        let limit = self.limits().statements;
        if self.statements >= limit {
            return Err(quota(format!(
                "a call may run {limit} SQL statements; read and write many rows with one statement"
            )));
        }
        self.statements += 1;
        Ok(())
    }

    fn check_event(&mut self, topic: &str, key: &str, payload: &str) -> Result<(), Fault> {
        let limit = self.limits().events;
        if self.events >= limit {
            return Err(quota(format!("a call may emit {limit} events; put more into one")));
        }
        if !is_topic(topic) {
            return Err(Fault::new(code::INVALID, format!("`{topic}` is no topic; write lower-case words with dots")));
        }
        if !self.enabled.plugin.package.manifest.may_publish(topic) {
            let message = format!(
                "the plugin may not emit `{topic}`; add events.publish = [\"{topic}\"] to [needs] of plugin.toml"
            );
            return Err(Fault::new(code::NOT_GRANTED, message));
        }
        if self.hops > MAX_HOPS {
            let message = format!(
                "this event would be the {} in a chain of events that cause events; {MAX_HOPS} is the most",
                self.hops
            );
            return Err(Fault::new(code::HOP_LIMIT, message));
        }
        if key.len() > 200 || payload.len() > 256 << 10 {
            return Err(Fault::new(code::TOO_LARGE, "an event's key may have 200 bytes, its payload 256 KiB"));
        }
        if serde_json::from_str::<serde::de::IgnoredAny>(payload).is_err() {
            return Err(Fault::new(code::INVALID, "an event's payload must be JSON"));
        }
        self.events += 1;
        Ok(())
    }

    /// The open transaction, opened now where the call's kind says so.
    async fn opened(&mut self) -> Result<&mut Open, Refusal> {
        if self.open.is_none() {
            let access = match self.kind {
                CallKind::Query => Access::ReadOnly,
                CallKind::Mutation => Access::ReadWrite,
                CallKind::Action => return Err(no_transaction().into()),
            };
            let outcome = self.open_now(access).await;
            self.judge(outcome)?;
        }
        match &mut self.open {
            Some(Open { failed: Some(fault), .. }) => {
                let message = format!(
                    "a statement before failed, so this transaction can only be rolled back ({})",
                    fault.message
                );
                Err(Fault::new(code::SQL_FAILED, message).into())
            }
            Some(open) => Ok(open),
            None => Err(no_transaction().into()),
        }
    }

    async fn open_now(&mut self, access: Access) -> Result<(), SqlError> {
        let database: &PluginDatabase = self.enabled.database.as_ref().ok_or_else(|| {
            SqlError::Refused("plugin.toml does not ask for a database; add `database = true` under [needs]".to_owned())
        })?;
        self.waiting = true;
        let lane = match access {
            Access::ReadOnly => Lane::None,
            Access::ReadWrite if self.lost_conflicts < SHARED_TRIES => {
                Lane::Shared(Arc::clone(&self.enabled.standing.lane).read_owned().await)
            }
            Access::ReadWrite => Lane::Alone(Arc::clone(&self.enabled.standing.lane).write_owned().await),
        };
        let begun = database.begin(access).await;
        self.waiting = false;
        let transaction = begun?;
        self.open = Some(Open { transaction, _lane: lane, emitted: 0, ordered: false, failed: None });
        Ok(())
    }

    /// What a failed statement means for the call.
    fn judge<T>(&mut self, outcome: Result<T, SqlError>) -> Result<T, Refusal> {
        let error = match outcome {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if error.is_serialization() {
            self.lost_conflicts += 1;
            if self.kind == CallKind::Mutation {
                return Err(Refusal::End(Ended::Conflict));
            }
        }
        let fault = match error {
            SqlError::TooLarge(_) => {
                let limits = self.limits();
                let mebibytes = limits.row_bytes >> 20;
                quota(format!(
                    "a call may read {} rows or {mebibytes} MiB in all; ask for less, with WHERE or LIMIT",
                    limits.rows
                ))
            }
            error => Fault::from(error),
        };
        if let Some(open) = &mut self.open {
            open.failed = Some(fault.clone());
        }
        Err(fault.into())
    }
}

/// Writes down who did what, commits, and tells the world. What had failed before cannot be committed, whatever the guest made of it.
async fn close(mut open: Open, enabled: &Enabled, doing: Option<&Doing>) -> Result<(), Fault> {
    if let Some(failed) = open.failed {
        open.transaction.rollback().await;
        let message =
            format!("the plugin went on after a statement had failed, so nothing was kept: {}", failed.message);
        return Err(Fault { message, ..failed });
    }
    let (changed, emitted, ordered) = (open.transaction.has_written(), open.emitted > 0, open.ordered);
    // What is only announced is a deed too: others act upon it.
    if let Some(doing) = doing.filter(|_| changed || emitted)
        && let Err(error) = open.transaction.record(doing.deed()).await
    {
        open.transaction.rollback().await;
        return Err(error.into());
    }
    open.transaction.commit().await?;
    enabled.standing.committed(changed, emitted);
    if ordered {
        enabled.standing.ordered();
    }
    Ok(())
}

fn no_transaction() -> Fault {
    Fault::new(code::NO_TRANSACTION, "an @action uses the database inside a transaction(…) block; begin one first")
}
