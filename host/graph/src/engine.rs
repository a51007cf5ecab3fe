//! Executes operations on composed schemas: one engine per host, shared by all conventions, so that its caches are bounded once.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use conman_kernel::actor::{Actor, Permissions};
use conman_kernel::clock::Clock;
use conman_kernel::dispatch::{Dispatcher, Scope};
use moka::sync::Cache;
use serde_json::{Map, Value};

use crate::cache::{CacheKey, ResponseCache};
use crate::compose::ComposedSchema;
use crate::error::{GraphError, refusal};
use crate::execute::{Execution, granted};
use crate::limits::Limits;
use crate::model::{CacheScope, Root};
use crate::operation::input::{Variables, coerce_variables, nests_too_deep};
use crate::operation::plan::Plan;
use crate::operation::prepare::{Prepared, prepare};
use crate::request::{Request, Response};

/// How an engine is bounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineConfig {
    /// What one operation may ask for.
    pub limits: Limits,
    /// Bytes of prepared operations kept, as estimated from their texts.
    pub operation_bytes: u64,
    /// Bytes of responses kept for `@cache`.
    pub response_bytes: u64,
}

impl EngineConfig {
    /// 32 MiB of operations and 64 MiB of responses at most.
    pub const DEFAULT: Self = Self { limits: Limits::DEFAULT, operation_bytes: 32 << 20, response_bytes: 64 << 20 };
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Changes something: not to be run for a GET request.
    Mutation,
    /// Is woken by events: see [`Engine::subscribe`].
    Subscription,
}

/// Executes operations.
pub struct Engine {
    pub(crate) limits: Limits,
    clock: Arc<dyn Clock>,
    /// By a hash of generation, text and name, which the entry repeats in full.
    operations: Cache<u64, Arc<Known>>,
    hasher: RandomState,
    responses: ResponseCache,
}

/// A prepared operation and what it was prepared from.
pub(crate) struct Known {
    generation: u64,
    text: String,
    name: Option<String>,
    id: u64,
    pub(crate) prepared: Prepared,
}

/// An operation with everything decided but what plugins answer.
pub(crate) struct Ready {
    pub(crate) known: Arc<Known>,
    pub(crate) variables: Variables,
    pub(crate) plan: Arc<Plan>,
}

impl Engine {
    /// An engine with empty caches.
    #[must_use]
    pub fn new(config: EngineConfig, clock: Arc<dyn Clock>) -> Self {
        let operations = Cache::builder()
            .max_capacity(config.operation_bytes)
            // A plan takes a few dozen bytes for each byte of text.
            .weigher(|_, known: &Arc<Known>| {
                u32::try_from(known.text.len().saturating_mul(40) + 2048).unwrap_or(u32::MAX)
            })
            .build();
        Self {
            limits: config.limits,
            clock,
            operations,
            hasher: RandomState::new(),
            responses: ResponseCache::new(config.response_bytes),
        }
    }

    /// Executes a query or mutation. Whatever is wrong is in the response.
    pub async fn execute(
        &self,
        schema: &ComposedSchema,
        request: &Request,
        scope: &Scope,
        dispatcher: &dyn Dispatcher,
    ) -> Response {
        match self.ready(schema, request).await {
            Ok(ready) if ready.plan.root == Root::Subscription => {
                let error = GraphError::invalid(
                    "a subscription needs a connection that stays open; use the WebSocket (graphql-transport-ws)",
                );
                refusal(&[error], &scope.request)
            }
            Ok(ready) => self.run(schema, &ready, scope, dispatcher).await,
            Err(errors) => refusal(&errors, &scope.request),
        }
    }

    /// What the operation would do, without doing it.
    ///
    /// # Errors
    /// The response to send: the operation is not valid.
    pub async fn operation_kind(
        &self,
        schema: &ComposedSchema,
        request: &Request,
        scope: &Scope,
    ) -> Result<OperationKind, Response> {
        let known = self.known(schema, request).await.map_err(|errors| refusal(&errors, &scope.request))?;
        Ok(match known.prepared.root {
            Root::Query => OperationKind::Query,
            Root::Mutation => OperationKind::Mutation,
            Root::Subscription => OperationKind::Subscription,
        })
    }

    async fn run(
        &self,
        schema: &ComposedSchema,
        ready: &Ready,
        scope: &Scope,
        dispatcher: &dyn Dispatcher,
    ) -> Response {
        let Ready { known, variables, plan } = ready;
        let Some(control) = plan.cache else {
            return Execution::new(schema, plan, variables, scope, dispatcher).run().await;
        };
        let key = CacheKey {
            operation: known.id,
            convention: scope.convention.as_ref().map(|convention| convention.id.clone()),
            variables: variables.clone(),
            actor: (control.scope == CacheScope::Actor).then(|| actor_key(&scope.actor)),
            granted: granted(plan, scope),
            languages: Arc::clone(&scope.languages),
        };
        // Before anything is computed: see the module on caching.
        let revisions = plan.plugins.iter().map(|plugin| dispatcher.revision(scope, plugin)).collect();
        let compute = async { Execution::new(schema, plan, variables, scope, dispatcher).run().await };
        self.responses.serve(key, revisions, control, self.clock.now(), compute).await
    }

    /// Everything that can be refused before a plugin is called.
    pub(crate) async fn ready(&self, schema: &ComposedSchema, request: &Request) -> Result<Ready, Vec<GraphError>> {
        let known = self.known(schema, request).await?;
        let none = Map::new();
        let given = match &request.variables {
            Value::Null => &none,
            Value::Object(given) => given,
            _ => return Err(vec![GraphError::invalid("`variables` must be an object").pointing("/variables")]),
        };
        if nests_too_deep(&request.variables) {
            return Err(vec![GraphError::invalid("`variables` nest deeper than 64").pointing("/variables")]);
        }
        let variables = coerce_variables(schema.model(), known.prepared.variables(), given).map_err(|errors| {
            errors
                .into_iter()
                .map(|error| GraphError::invalid(error.message).pointing(error.pointer))
                .collect::<Vec<_>>()
        })?;
        let plan = known.prepared.plan(schema, &variables, &self.limits).map_err(|error| vec![error])?;
        plan.cost.check(&variables, &self.limits).map_err(|error| vec![error])?;
        Ok(Ready { known, variables, plan })
    }

    async fn known(&self, schema: &ComposedSchema, request: &Request) -> Result<Arc<Known>, Vec<GraphError>> {
        static ID: AtomicU64 = AtomicU64::new(1);

        let (generation, text, name) = (schema.generation(), request.query.as_str(), request.operation_name.as_deref());
        let hash = self.hasher.hash_one((generation, text, name));
        let same =
            |known: &Arc<Known>| known.generation == generation && known.text == text && known.name.as_deref() == name;
        if let Some(known) = self.operations.get(&hash).filter(same) {
            return Ok(known);
        }
        let prepared = prepare(schema, text, name, &self.limits).await?;
        let id = ID.fetch_add(1, Ordering::Relaxed);
        let known = Arc::new(Known { generation, text: text.to_owned(), name: name.map(str::to_owned), id, prepared });
        self.operations.insert(hash, Arc::clone(&known));
        Ok(known)
    }
}

/// Who asks and what they are at this moment: plugins are told all of it, so their answers may depend on it.
pub(crate) fn actor_key(actor: &Actor) -> String {
    let mut key = actor.key();
    for role in &actor.roles {
        key.push('\n');
        key.push_str(&role.0);
    }
    key.push_str("\n\n");
    match &actor.permissions {
        Permissions::All => key.push('*'),
        Permissions::Only(permissions) => {
            for permission in permissions {
                key.push_str(permission);
                key.push('\n');
            }
        }
    }
    key
}
