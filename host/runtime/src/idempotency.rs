//! Repeats of a mutation with the same `Idempotency-Key` answer what the first one answered.
//!
//! A mutation's answer is written in its own transaction: it is there exactly when the effects are. Twins that run at the same time
//! meet at the database: one of them loses, runs again and finds the other's answer.
//!
//! An action has no transaction around it. Its answer is written in one of its own right afterwards, and twins in this host wait
//! for each other. So an action whose host dies between its last effect and that write runs again when it is repeated, and so may
//! one whose twin reached another host at the same moment: an action's outside effects need keys of their own.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use conman_kernel::clock::Clock;
use conman_kernel::digest::Digest;
use conman_kernel::dispatch::{CallKind, FieldCall, RouteAnswer, RouteCall, Scope};
use conman_kernel::fault::{Fault, code};
use conman_kernel::id::{ConventionId, PluginId};
use conman_kernel::sql::{Access, SqlError, TRIES};
use conman_storage::{AnswerKey, PluginDatabase, PluginTransaction, StoredAnswer};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedMutexGuard;

use crate::call::Outcome;

/// What makes a repeat a repeat.
#[derive(Clone)]
pub(crate) struct Remembered {
    key: AnswerKey,
    arguments: Digest,
    clock: Arc<dyn Clock>,
}

impl Remembered {
    /// None when the client sent no key, or only reads.
    pub(crate) fn of_field(scope: &Scope, call: &FieldCall, clock: &Arc<dyn Clock>) -> Option<Self> {
        let asked =
            [call.type_name.as_ref(), call.field.as_ref(), call.arguments.as_ref(), call.selection.as_ref()].join("\n");
        Self::of(scope, call.kind, call.path.to_string(), &asked, clock)
    }

    /// The same of a route. Its path in the response, so to speak, is its address. `body` is the body's digest.
    pub(crate) fn of_route(scope: &Scope, call: &RouteCall, body: Digest, clock: &Arc<dyn Clock>) -> Option<Self> {
        scope.idempotency.as_ref()?;
        let asked = format!("{}\n{body}", call.query);
        Self::of(scope, call.kind, format!("{} {}", call.method, call.path), &asked, clock)
    }

    fn of(scope: &Scope, kind: CallKind, path: String, asked: &str, clock: &Arc<dyn Clock>) -> Option<Self> {
        let client_key = scope.idempotency.as_ref().filter(|_| kind != CallKind::Query)?;
        Some(Self {
            key: AnswerKey { actor: scope.actor.key(), key: client_key.as_str().to_owned(), path },
            arguments: Digest::of(asked.as_bytes()),
            clock: Arc::clone(clock),
        })
    }

    /// What was answered before, if anything; a fault when the key was used for something else.
    pub(crate) async fn answer(
        &self,
        transaction: &mut PluginTransaction,
    ) -> Result<Option<Result<Outcome, Fault>>, SqlError> {
        let Some(stored) = transaction.answer(&self.key).await? else { return Ok(None) };
        Ok(Some(if stored.arguments == self.arguments {
            Ok(Outcome::Before(Some(stored.answer)))
        } else {
            let message =
                "this Idempotency-Key was used before for something else; make a new key for every new request";
            Err(Fault::new(code::IDEMPOTENCY_MISMATCH, message))
        }))
    }

    /// Writes down an answer.
    pub(crate) async fn remember(&self, transaction: &mut PluginTransaction, answer: &str) -> Result<(), SqlError> {
        let stored =
            StoredAnswer { arguments: self.arguments, answer: answer.to_owned(), answered_at: self.clock.now() };
        transaction.remember(&self.key, &stored).await
    }

    /// [`Self::answer`] in a transaction of its own: for actions.
    pub(crate) async fn answer_alone(
        &self,
        database: &PluginDatabase,
    ) -> Result<Option<Result<Outcome, Fault>>, SqlError> {
        let mut transaction = database.begin(Access::ReadOnly).await?;
        let found = self.answer(&mut transaction).await;
        transaction.rollback().await;
        found
    }

    /// [`Self::remember`] in a transaction of its own: for actions. A twin that was faster keeps its answer.
    pub(crate) async fn remember_alone(&self, database: &PluginDatabase, answer: &str) -> Result<(), SqlError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.remember_once(database, answer).await {
                Err(SqlError::Constraint(_)) => return Ok(()),
                Err(error) if error.is_serialization() && tries < TRIES => {}
                outcome => return outcome,
            }
        }
    }

    async fn remember_once(&self, database: &PluginDatabase, answer: &str) -> Result<(), SqlError> {
        let mut transaction = database.begin(Access::ReadWrite).await?;
        match self.remember(&mut transaction, answer).await {
            Ok(()) => transaction.commit().await,
            Err(error) => {
                transaction.rollback().await;
                Err(error)
            }
        }
    }
}

/// A route's answer as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredRoute {
    status: u16,
    headers: Vec<(String, String)>,
    /// In base64.
    body: String,
}

/// A route's answer, to be stored.
pub(crate) fn route_text(answer: &RouteAnswer) -> String {
    let RouteAnswer { status, headers, body } = answer;
    let stored = StoredRoute { status: *status, headers: headers.clone(), body: STANDARD.encode(body) };
    serde_json::to_string(&stored).unwrap_or_default()
}

/// A route's answer out of what was stored.
pub(crate) fn route_answer(text: &str) -> Result<RouteAnswer, Fault> {
    let StoredRoute { status, headers, body } = serde_json::from_str(text).map_err(Fault::internal)?;
    Ok(RouteAnswer { status, headers, body: STANDARD.decode(body).map_err(Fault::internal)? })
}

type TwinKey = (ConventionId, PluginId, AnswerKey);

/// Lets actions with the same key run one after the other.
#[derive(Default)]
pub(crate) struct Twins(Mutex<HashMap<TwinKey, Arc<tokio::sync::Mutex<()>>>>);

/// While it lives, no twin runs.
pub(crate) struct Alone {
    twins: Arc<Twins>,
    key: TwinKey,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Twins {
    /// Waits until no twin runs.
    pub(crate) async fn alone(
        self: &Arc<Self>,
        convention: &ConventionId,
        plugin: &PluginId,
        remembered: &Remembered,
    ) -> Alone {
        let key = (convention.clone(), plugin.clone(), remembered.key.clone());
        let lock = Arc::clone(self.0.lock().entry(key.clone()).or_default());
        Alone { guard: Some(lock.lock_owned().await), twins: Arc::clone(self), key }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let mut locks = self.twins.0.lock();
        self.guard = None;
        // Nobody waits: waiters hold the lock's Arc, and new ones need the map, which is held here.
        if locks.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.key);
        }
    }
}
