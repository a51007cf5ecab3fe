//! One call of a plugin: a permit, a task of its own, fresh instances, a transaction by its kind, and an answer or a fault.
//!
//! The task outlives whoever asked: a client that hangs up cannot cut a transaction in half.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use conman_kernel::dispatch::CallKind;
use conman_kernel::event::Event;
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::RequestId;
use conman_kernel::sql::TRIES;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::timeout_at;
use wasmtime::{Store, UpdateDeadline};

use crate::bindings::types::Context;
use crate::call_log::CallLog;
use crate::cpu::{LONG, Metered};
use crate::doing::Doing;
use crate::enabled::Enabled;
use crate::engine::Engine;
use crate::faults::{self, Ended};
use crate::figures::{CallSort, Watch};
use crate::guest::{self, Answer, Request};
use crate::idempotency::Remembered;
use crate::limits::Budget;
use crate::log_ring::LogLevel;
use crate::standing::Standing;
use crate::state::{CallState, Surroundings};
use crate::transactions::Transactions;

/// What is called, by whom, and how it runs.
pub(crate) struct Call {
    pub(crate) enabled: Arc<Enabled>,
    pub(crate) kind: CallKind,
    pub(crate) hops: u32,
    pub(crate) request_id: RequestId,
    pub(crate) context: Context,
    pub(crate) request: Request,
    /// A mutation that answers repeats of itself with what it answered first.
    pub(crate) remembered: Option<Remembered>,
    /// What its commits are written down as; none where nobody does anything.
    pub(crate) doing: Option<Arc<Doing>>,
    /// An event that is handled once.
    pub(crate) once: Option<Arc<Event>>,
}

/// How a call went.
pub(crate) enum Outcome {
    Answer(Answer),
    /// Answered earlier, to the same idempotency key or for the same event.
    Before(Option<String>),
}

/// Runs calls.
pub(crate) struct Caller {
    pub(crate) engine: Arc<Engine>,
    pub(crate) surroundings: Arc<Surroundings>,
    pub(crate) permits: Arc<Semaphore>,
    /// Turns for calls that compute for long: one per processor.
    pub(crate) turns: Arc<Semaphore>,
    pub(crate) longest_wait: Duration,
    pub(crate) watch: Arc<Watch>,
}

enum Try {
    Done(Result<Outcome, Fault>),
    /// A serialization conflict was lost.
    Lost,
}

impl Caller {
    /// Runs a call to its end, whatever happens to the future that waits for it.
    pub(crate) async fn run(self: &Arc<Self>, call: Call) -> Result<Outcome, Fault> {
        let mut watched = self.watch.begin(CallSort::of(&call.request, call.kind));
        let permits = self.admit(&call.enabled.standing).await.inspect_err(|fault| watched.ended(Some(fault)))?;
        watched.admitted();
        let caller = Arc::clone(self);
        let task = tokio::spawn(async move {
            let outcome = caller.tries(&call).await;
            watched.ended(outcome.as_ref().err());
            // A call that never got its turn says nothing about the plugin, neither good nor bad.
            if !outcome.as_ref().is_err_and(|fault| fault.code == code::OVERLOADED) {
                let broke_down = outcome.as_ref().is_err_and(faults::is_breakdown);
                call.enabled.standing.breaker.ended(broke_down, Instant::now());
            }
            drop(permits);
            outcome
        });
        task.await.unwrap_or_else(|error| Err(Fault::internal(format!("a plugin call's task ended early: {error}"))))
    }

    /// Past the breaker, first the plugin's own permit, then the host's: a plugin that is waited for does not hold what its neighbours
    /// need.
    async fn admit(&self, standing: &Standing) -> Result<[OwnedSemaphorePermit; 2], Fault> {
        standing.breaker.pass(Instant::now())?;
        let deadline = tokio::time::Instant::now() + self.longest_wait;
        let own = permit(&standing.permits, deadline).await?;
        Ok([own, permit(&self.permits, deadline).await?])
    }

    async fn tries(&self, call: &Call) -> Result<Outcome, Fault> {
        let budget = call.enabled.plugin.limits.budget(call.kind, CallSort::of(&call.request, call.kind));
        let deadline = tokio::time::Instant::now() + budget.wall;
        for lost in 0..TRIES {
            if lost > 0 {
                tokio::time::sleep(back_off(lost)).await;
            }
            match self.attempt(call, lost, deadline, budget).await {
                Try::Done(outcome) => return outcome,
                Try::Lost if tokio::time::Instant::now() >= deadline => return Err(faults::conflict()),
                Try::Lost => {
                    tracing::debug!(plugin = %call.enabled.standing.plugin, lost, "a call lost a conflict and runs again")
                }
            }
        }
        Err(faults::conflict())
    }

    async fn attempt(&self, call: &Call, lost: u32, deadline: tokio::time::Instant, budget: Budget) -> Try {
        let limits = &call.enabled.plugin.limits;
        let log = Arc::new(CallLog::new(
            Arc::clone(&call.enabled.standing.log),
            Arc::clone(&self.surroundings.clock),
            call.request_id.clone(),
            limits.log_lines,
            limits.log_line_bytes,
        ));
        let (enabled, doing) = (Arc::clone(&call.enabled), call.doing.clone());
        let mut transactions = Transactions::new(enabled, call.kind, doing, call.hops, lost);
        match timeout_at(deadline, before(call, &mut transactions)).await {
            Err(_elapsed) => return Try::Done(Err(faults::late(&transactions, budget))),
            Ok(Some(done)) => {
                transactions.abandon().await;
                return done;
            }
            Ok(None) => {}
        }
        let state =
            CallState::new(Arc::clone(&call.enabled), Arc::clone(&self.surroundings), Arc::clone(&log), transactions);
        let mut store = self.store(state, budget);
        let meter = Arc::clone(&store.data().meter);
        let ended = {
            let _ticking = self.engine.ticking();
            let running = pin!(guest::run(&mut store, call));
            timeout_at(deadline, Metered::new(meter, running)).await
        };
        let outcome = match ended {
            // The store is dropped with whatever was under way; a dropped transaction is rolled back.
            Err(_elapsed) => Try::Done(Err(faults::late(&store.data().transactions, budget))),
            Ok(Ok(Ok(answer))) => after(call, answer, &mut store.data_mut().transactions).await,
            Ok(Ok(Err(error))) => {
                store.data_mut().transactions.abandon().await;
                Try::Done(Err(faults::of_guest(error)))
            }
            Ok(Err(trap)) => {
                store.data_mut().transactions.abandon().await;
                match trap.downcast_ref::<Ended>() {
                    Some(Ended::Conflict) => Try::Lost,
                    _ => Try::Done(Err(faults::of_trap(&trap, &store.data().memory, budget))),
                }
            }
        };
        log.finish();
        if let Try::Done(Err(fault)) = &outcome
            && faults::is_breakdown(fault)
        {
            let detail = fault.detail.as_deref().unwrap_or_default();
            log.note(LogLevel::Error, &format!("{fault} {detail}"));
        }
        outcome
    }

    fn store(&self, state: CallState, budget: Budget) -> Store<CallState> {
        let memory = state.memory.byte_limit();
        let mut store = Store::new(self.engine.wasmtime(), state);
        store.limiter(|state| &mut state.memory);
        // Lists may name the same bytes again and again: what the host copies is held to what the guest may hold.
        store.set_hostcall_fuel(memory);
        store.set_epoch_deadline(1);
        let turns = Arc::clone(&self.turns);
        // At every tick: is there time left? Then the others' turn first, so that one long call does not hold up many short ones.
        store.epoch_deadline_callback(move |context| {
            let meter = &context.data().meter;
            let used = meter.used();
            if used >= budget.cpu {
                Err(Ended::CpuLimit.into())
            } else if used < LONG {
                Ok(UpdateDeadline::Yield(1))
            } else {
                let (meter, turns) = (Arc::clone(meter), Arc::clone(&turns));
                Ok(UpdateDeadline::YieldCustom(1, Box::pin(async move { meter.turn(turns).await })))
            }
        });
        store
    }
}

async fn permit(semaphore: &Arc<Semaphore>, deadline: tokio::time::Instant) -> Result<OwnedSemaphorePermit, Fault> {
    match Arc::clone(semaphore).try_acquire_owned() {
        Ok(permit) => return Ok(permit),
        Err(TryAcquireError::Closed) => return Err(faults::unavailable()),
        Err(TryAcquireError::NoPermits) => {}
    }
    match timeout_at(deadline, Arc::clone(semaphore).acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_closed)) => Err(faults::unavailable()),
        Err(_elapsed) => Err(faults::overloaded()),
    }
}

/// 1–4 ms, then 2–8 ms, …: long enough for the winner to finish, random so that two losers do not meet again.
fn back_off(lost: u32) -> Duration {
    let random = getrandom::u32().unwrap_or_default() % 1_000;
    Duration::from_micros((1_000 + 3 * u64::from(random)) << (lost - 1).min(4))
}

/// What the host looks up in a mutation's transaction before the guest runs. Some: the guest need not run.
async fn before(call: &Call, transactions: &mut Transactions) -> Option<Try> {
    let found = match (&call.once, &call.remembered) {
        (Some(event), _) if call.enabled.database.is_some() => match transactions.for_host().await {
            Ok(transaction) => {
                transaction.handled(&event.id).await.map(|is_new| (!is_new).then_some(Ok(Outcome::Before(None))))
            }
            Err(error) => Err(error),
        },
        (None, Some(remembered)) if call.kind == CallKind::Mutation && call.enabled.database.is_some() => {
            match transactions.for_host().await {
                Ok(transaction) => remembered.answer(transaction).await,
                Err(error) => Err(error),
            }
        }
        _ => return None,
    };
    match found {
        Ok(None) => None,
        Ok(Some(outcome)) => Some(Try::Done(outcome)),
        Err(error) if error.is_serialization() => Some(Try::Lost),
        Err(error) => Some(Try::Done(Err(error.into()))),
    }
}

/// What the host does with a guest's answer before it makes the call durable.
async fn after(call: &Call, answer: Answer, transactions: &mut Transactions) -> Try {
    if let Err(fault) = answer.check(&call.request, call.kind, &call.enabled.plugin.limits) {
        transactions.abandon().await;
        return Try::Done(Err(fault));
    }
    if let (Some(remembered), CallKind::Mutation) = (&call.remembered, call.kind)
        && call.enabled.database.is_some()
        && !transactions.has_failed()
        && let Some(text) = answer.text()
    {
        let outcome = match transactions.for_host().await {
            Ok(transaction) => remembered.remember(transaction, &text).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            transactions.abandon().await;
            // Broken uniqueness means that a twin with the same key was faster: the next try finds its answer.
            let twin = matches!(error, conman_kernel::sql::SqlError::Constraint(_)) || error.is_serialization();
            return if twin { Try::Lost } else { Try::Done(Err(error.into())) };
        }
    }
    match transactions.finish().await {
        Ok(()) => Try::Done(Ok(Outcome::Answer(answer))),
        Err(fault) if fault.code == code::CONFLICT && call.kind == CallKind::Mutation => Try::Lost,
        Err(fault) => Try::Done(Err(fault)),
    }
}
