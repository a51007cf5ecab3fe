//! Calls plugins: root fields together or one after another, batches as soon as what they wait for is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use conman_kernel::dispatch::{Dispatcher, FieldCall, Scope};
use conman_kernel::event::Event;
use conman_kernel::fault::{Fault, code};
use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};

use super::answer::{Answer, BatchOutcome, Outcomes};
use super::gather::{Gathered, Gathering, Parents};
use crate::compose::ComposedSchema;
use crate::operation::input::{MAX_BYTES, Variables, coerce_arguments};
use crate::operation::plan::{Arguments, Batch, BatchId, Call, Plan, RootField, RootSource, Shape};

/// One operation on its way.
pub(crate) struct Execution<'a> {
    pub(crate) schema: &'a ComposedSchema,
    pub(crate) plan: &'a Plan,
    pub(crate) variables: &'a Variables,
    pub(crate) scope: &'a Scope,
    pub(crate) dispatcher: &'a dyn Dispatcher,
    /// Which of the plan's permissions the actor has.
    pub(crate) granted: Vec<bool>,
    /// How many bytes the arguments that are not written yet may still have.
    room: AtomicUsize,
}

/// What became of one root field.
pub(crate) struct RootOutcome {
    pub(crate) answer: Result<Answer, Fault>,
    pub(crate) batches: Outcomes,
}

impl<'a> Execution<'a> {
    pub(crate) fn new(
        schema: &'a ComposedSchema,
        plan: &'a Plan,
        variables: &'a Variables,
        scope: &'a Scope,
        dispatcher: &'a dyn Dispatcher,
    ) -> Self {
        let granted = granted(plan, scope);
        Self { schema, plan, variables, scope, dispatcher, granted, room: AtomicUsize::new(MAX_BYTES) }
    }

    /// Whether the actor may see the field.
    pub(crate) fn may_see(&self, permission: Option<usize>) -> bool {
        permission.is_none_or(|id| self.granted.get(id).copied().unwrap_or(false))
    }

    /// All root fields at once.
    pub(crate) async fn together(&self) -> Vec<RootOutcome> {
        join_all(self.plan.fields.iter().map(|field| self.root(field))).await
    }

    /// One root field after another, each with all that is below it.
    pub(crate) async fn one_by_one(&self) -> Vec<RootOutcome> {
        let mut outcomes = Vec::with_capacity(self.plan.fields.len());
        for field in &self.plan.fields {
            outcomes.push(self.root(field).await);
        }
        outcomes
    }

    async fn root(&self, field: &RootField) -> RootOutcome {
        if !self.may_see(field.permission) {
            let permission = field.permission.and_then(|id| self.plan.permissions.get(id));
            return RootOutcome {
                answer: Err(denied(self.scope, permission.map_or("", |name| name))),
                batches: Outcomes::default(),
            };
        }
        let text = match &field.source {
            RootSource::Call(call) => match self.field_call(call, None) {
                Ok(call) => self.dispatcher.resolve(self.scope, call).await,
                Err(fault) => Err(fault),
            },
            RootSource::Typename(name) => Ok(format!("\"{name}\"")),
            RootSource::Introspection(index) => self.introspect(*index).await,
            RootSource::Service => Ok(serde_json::json!({ "sdl": self.schema.federation_sdl() }).to_string()),
            RootSource::Entities(arguments) => self.arguments(arguments).and_then(|text| representations(&text)),
        };
        self.finish(field, text).await
    }

    /// From a root field's answer to all that is below it.
    pub(crate) async fn finish(&self, field: &RootField, text: Result<String, Fault>) -> RootOutcome {
        let answer = text.and_then(Answer::single);
        let mut batches = Outcomes::default();
        if let (Ok(answer), true) = (&answer, field.shape.waits()) {
            for (batch, outcome) in self.below(&field.shape, answer).await {
                batches.put(batch, outcome);
            }
        }
        RootOutcome { answer, batches }
    }

    /// Loads everything that waits for `answer`, and what waits for that in turn.
    async fn below(&self, shape: &Shape, answer: &Answer) -> Vec<(BatchId, BatchOutcome)> {
        let mut gathering = Gathering { plan: self.plan, granted: &self.granted, gathered: Gathered::new() };
        for value in answer.values.iter().flatten() {
            gathering.value(shape, &answer.tape, *value);
        }
        let running = gathering
            .gathered
            .into_iter()
            .filter_map(|(id, parents)| Some(self.batch(id, self.plan.batches.get(id)?, parents)));
        join_all(running).await.into_iter().flatten().collect()
    }

    fn batch<'s>(
        &'s self,
        id: BatchId,
        batch: &'s Batch,
        parents: Parents,
    ) -> BoxFuture<'s, Vec<(BatchId, BatchOutcome)>> {
        async move {
            let Parents { keys, slots } = parents;
            let answer = self.load(batch, keys.into_iter().collect()).await;
            let mut outcomes = match &answer {
                Ok(answer) if batch.shape.waits() => self.below(&batch.shape, answer).await,
                _ => Vec::new(),
            };
            outcomes.push((id, BatchOutcome { slots, answer }));
            outcomes
        }
        .boxed()
    }

    async fn load(&self, batch: &Batch, parents: Vec<String>) -> Result<Answer, Fault> {
        let call = self.field_call(&batch.call, None)?;
        let asked = parents.len();
        let items = self.dispatcher.resolve_batch(self.scope, call, parents).await?;
        if items.len() != asked {
            let message = format!(
                "`{}.{}` was asked for {asked} parents and answered {}; answer each, in their order",
                batch.call.type_name,
                batch.call.field,
                items.len()
            );
            return Err(Fault::new(code::BAD_ANSWER, message));
        }
        Ok(Answer::of_batch(items))
    }

    /// The call as the dispatcher takes it.
    pub(crate) fn field_call(&self, call: &Call, event: Option<Arc<Event>>) -> Result<FieldCall, Fault> {
        Ok(FieldCall {
            plugin: call.plugin.clone(),
            kind: call.kind,
            type_name: Arc::clone(&call.type_name),
            field: Arc::clone(&call.field),
            arguments: self.arguments(&call.arguments)?,
            selection: Arc::clone(&call.selection),
            path: Arc::clone(&call.path),
            event,
        })
    }

    fn arguments(&self, arguments: &Arguments) -> Result<Arc<str>, Fault> {
        match arguments {
            Arguments::Fixed(text) => Ok(Arc::clone(text)),
            Arguments::PerRequest(pairs) => {
                let pairs = pairs.iter().map(|(argument, value)| (argument, value.as_ref()));
                // One after another: an operation runs on one task, and nothing is awaited here.
                let room = self.room.load(Ordering::Relaxed);
                match coerce_arguments(self.schema.model(), pairs, Some(self.variables), room) {
                    Ok(text) => {
                        self.room.store(room.saturating_sub(text.len()), Ordering::Relaxed);
                        Ok(text.into())
                    }
                    Err(error) => Err(Fault::new(code::GRAPHQL_INVALID, error.message).at(error.pointer)),
                }
            }
        }
    }

    async fn introspect(&self, index: usize) -> Result<String, Fault> {
        let document = self.plan.introspection.get(index).ok_or_else(|| Fault::internal("no such introspection"))?;
        let mut request = async_graphql::Request::new(String::new());
        let mut variables = async_graphql::Variables::default();
        for (_, operation) in document.operations.iter() {
            for variable in &operation.node.variable_definitions {
                let name = &variable.node.name.node;
                let value =
                    self.variables.get(name).and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
                if let Some(value) = value.and_then(|value| async_graphql::Value::from_json(value).ok()) {
                    variables.insert(name.clone(), value);
                }
            }
        }
        request = request.variables(variables);
        request.set_parsed_query(document.clone());
        let response = std::panic::AssertUnwindSafe(self.schema.library().execute(request))
            .catch_unwind()
            .await
            .map_err(|_| Fault::internal("introspection panicked"))?;
        if let Some(error) = response.errors.first() {
            return Err(Fault::new(code::GRAPHQL_INVALID, error.message.clone()));
        }
        let async_graphql::Value::Object(fields) = response.data else {
            return Err(Fault::internal("introspection answered no object"));
        };
        let value = fields.into_iter().next().map(|(_, value)| value).unwrap_or_default();
        serde_json::to_string(&value).map_err(Fault::internal)
    }
}

/// Which of the plan's permissions the actor has.
pub(crate) fn granted(plan: &Plan, scope: &Scope) -> Vec<bool> {
    plan.permissions.iter().map(|permission| scope.actor.may(permission)).collect()
}

/// Why the actor does not see a field.
pub(crate) fn denied(scope: &Scope, permission: &str) -> Fault {
    if matches!(scope.actor.principal, conman_kernel::actor::Principal::Anonymous) {
        Fault::new(code::UNAUTHENTICATED, format!("sign in: this needs the permission `{permission}`"))
    } else {
        Fault::new(
            code::FORBIDDEN,
            format!("this needs the permission `{permission}`; ask an admin of the convention for a role that has it"),
        )
    }
}

/// Gateways send batches; more than this is no batch but an export.
const MOST_REPRESENTATIONS: usize = 1_000;

/// `{"representations":[…]}` without its wrapping.
fn representations(arguments: &str) -> Result<String, Fault> {
    let inner = arguments.strip_prefix("{\"representations\":").and_then(|rest| rest.strip_suffix('}'));
    let inner = inner.ok_or_else(|| Fault::new(code::GRAPHQL_INVALID, "`_entities` needs `representations`"))?;
    let count = serde_json::from_str::<Vec<serde::de::IgnoredAny>>(inner).map_or(0, |items| items.len());
    if count > MOST_REPRESENTATIONS {
        let message = format!("representations: {count}, allowed are {MOST_REPRESENTATIONS}; ask in several requests");
        return Err(Fault::new(code::GRAPHQL_LIMIT, message));
    }
    Ok(inner.to_owned())
}
