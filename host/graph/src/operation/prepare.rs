//! From a request's text to an operation that may run: limits first, then the parser, then this schema.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql_parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet, Type,
};
use async_graphql_parser::{Pos, Positioned, parse_query};
use async_graphql_value::Name;
use conman_kernel::fault::code;
use futures::FutureExt as _;
use parking_lot::Mutex;

use crate::compose::{ComposedSchema, ValidateOnly, syntax_message};
use crate::error::GraphError;
use crate::limits::{Limits, within};
use crate::model::{Model, Named, Root, base_name};
use crate::nesting::{MAX_NESTING, deepest};
use crate::operation::collect::conditions;
use crate::operation::input::Variables;
use crate::operation::measure::measure;
use crate::operation::plan::Plan;
use crate::operation::planner;
use crate::operation::position::ANY;
use crate::scalar::Scalar;
use crate::suggest::did_you_mean;

/// An operation that is valid for one schema, with the plans made for it.
#[derive(Debug)]
pub(crate) struct Prepared {
    document: ExecutableDocument,
    name: Option<Name>,
    pub(crate) root: Root,
    /// Variables that decide `@skip` and `@include`: each combination is a plan of its own.
    conditions: Vec<String>,
    plans: Mutex<HashMap<Vec<bool>, Arc<Plan>>>,
}

/// Combinations beyond these are planned anew for each request.
const MOST_PLANS: usize = 16;

impl Prepared {
    fn operation(&self) -> Option<&OperationDefinition> {
        operation(&self.document, self.name.as_deref()).ok().map(|(_, operation)| &operation.node)
    }

    /// The operation's variables.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &async_graphql_parser::types::VariableDefinition> {
        self.operation()
            .into_iter()
            .flat_map(|operation| &operation.variable_definitions)
            .map(|variable| &variable.node)
    }

    /// The plan for these variables.
    pub(crate) fn plan(
        &self,
        schema: &ComposedSchema,
        variables: &Variables,
        limits: &Limits,
    ) -> Result<Arc<Plan>, GraphError> {
        let decided: Vec<bool> = self.conditions.iter().map(|name| variables.get(name) == Some("true")).collect();
        if let Some(plan) = self.plans.lock().get(&decided) {
            return Ok(Arc::clone(plan));
        }
        let operation = self.operation().ok_or_else(|| GraphError::invalid("the operation is gone"))?;
        let plan = Arc::new(planner::plan(schema.model(), &self.document, operation, self.root, variables, limits)?);
        let mut plans = self.plans.lock();
        if plans.len() < MOST_PLANS {
            plans.insert(decided, Arc::clone(&plan));
        }
        Ok(plan)
    }
}

/// Reads, measures and validates.
pub(crate) async fn prepare(
    schema: &ComposedSchema,
    text: &str,
    name: Option<&str>,
    limits: &Limits,
) -> Result<Prepared, Vec<GraphError>> {
    let document = read(text, limits).map_err(|error| vec![error])?;
    let (name, root) = {
        let (name, operation) = operation(&document, name).map_err(|error| vec![error])?;
        let root = match operation.node.ty {
            OperationType::Query => Root::Query,
            OperationType::Mutation => Root::Mutation,
            OperationType::Subscription => Root::Subscription,
        };
        (name.cloned(), root)
    };
    variable_types(&document, schema.model())?;
    if let Err(errors) = validate(schema, text, name.as_ref(), &document).await {
        let missing = missing_plugins(schema, &document);
        return Err(if missing.is_empty() { errors } else { missing });
    }
    let conditions = conditions(&document);
    conditional_variables(&document, &conditions)?;
    Ok(Prepared { document, name, root, conditions, plans: Mutex::new(HashMap::new()) })
}

fn read(text: &str, limits: &Limits) -> Result<ExecutableDocument, GraphError> {
    let as_u64 = |value| u64::try_from(value).unwrap_or(u64::MAX);
    within(
        "bytes of the document",
        as_u64(text.len()),
        as_u64(limits.document_bytes),
        None,
        "send less, or use variables",
    )?;
    within("nested brackets", as_u64(deepest(text)), as_u64(MAX_NESTING), None, "nest less")?;
    if text.trim().is_empty() {
        return Err(GraphError::invalid("the document is empty; send a query"));
    }
    let document = parse_query(text).map_err(|error| {
        let refusal = GraphError::invalid(syntax_message(&error));
        error.positions().next().map_or(refusal.clone(), |pos| refusal.at(pos))
    })?;
    measure(&document, limits)?;
    Ok(document)
}

/// The operation that is meant.
fn operation<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Result<(Option<&'d Name>, &'d Positioned<OperationDefinition>), GraphError> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None | Some("")) => Ok((None, operation)),
        (DocumentOperations::Single(_), Some(name)) => {
            Err(GraphError::invalid(format!("there is no operation `{name}`; the only one has no name")))
        }
        (DocumentOperations::Multiple(operations), Some(name)) if !name.is_empty() => {
            operations.get_key_value(name).map(|(name, operation)| (Some(name), operation)).ok_or_else(|| {
                GraphError::invalid(format!(
                    "there is no operation `{name}`{}",
                    did_you_mean(name, operations.keys().map(Name::as_str))
                ))
            })
        }
        (DocumentOperations::Multiple(operations), _) => {
            let mut all = operations.iter();
            match (all.next(), all.next()) {
                (Some((name, operation)), None) => Ok((Some(name), operation)),
                _ => Err(GraphError::invalid("there are several operations; say which with `operationName`")),
            }
        }
    }
}

/// Every variable's type must be an input type. The library takes some of these for granted and would panic.
fn variable_types(document: &ExecutableDocument, model: &Model) -> Result<(), Vec<GraphError>> {
    let mut errors = Vec::new();
    for (_, operation) in document.operations.iter() {
        for variable in &operation.node.variable_definitions {
            let ty: &Type = &variable.node.var_type.node;
            let name = base_name(ty);
            let known = matches!(model.named(name), Some(Named::Scalar(_) | Named::Input(_) | Named::Enum(_)));
            let any = name == ANY && model.entities().next().is_some();
            if !known && !any {
                let inputs = model
                    .types
                    .iter()
                    .filter(|(name, _)| !matches!(model.named(name), Some(Named::Object(_))))
                    .map(|(name, _)| &**name);
                let hint = did_you_mean(name, inputs.chain(Scalar::ALL.iter().map(|scalar| scalar.name())));
                let what = if model.object(name).is_some() { "is no input type" } else { "is not known" };
                errors.push(
                    GraphError::invalid(format!("the type `{name}` of `${}` {what}{hint}", variable.node.name.node))
                        .at(variable.pos),
                );
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// What decides `@skip` and `@include` must be true or false.
fn conditional_variables(document: &ExecutableDocument, conditions: &[String]) -> Result<(), Vec<GraphError>> {
    let errors: Vec<GraphError> = document
        .operations
        .iter()
        .flat_map(|(_, operation)| &operation.node.variable_definitions)
        .filter(|variable| conditions.iter().any(|name| variable.node.name.node == name.as_str()))
        .filter(|variable| !matches!(&variable.node.var_type.node.base, BaseType::Named(name) if name == "Boolean"))
        .map(|variable| {
            let (name, ty) = (&variable.node.name.node, &variable.node.var_type.node);
            GraphError::invalid(format!(
                "`${name}` decides `@skip` or `@include`, so it must be `Boolean!`, not `{ty}`"
            ))
            .at(variable.pos)
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

async fn validate(
    schema: &ComposedSchema,
    text: &str,
    name: Option<&Name>,
    document: &ExecutableDocument,
) -> Result<(), Vec<GraphError>> {
    let mut request = async_graphql::Request::new(text).data(ValidateOnly);
    if let Some(name) = name {
        request = request.operation_name(name.as_str());
    }
    request.set_parsed_query(document.clone());
    // The library's rules have places that panic on documents they did not think of; that must cost one request, not the process.
    let response = AssertUnwindSafe(schema.library().execute(request)).catch_unwind().await.map_err(|_| {
        tracing::error!(document = text, "the validation of a document panicked");
        vec![GraphError::new(
            code::INTERNAL,
            "this document cannot be validated; the log has the details under this request's id",
        )]
    })?;
    if response.errors.is_empty() {
        return Ok(());
    }
    Err(response
        .errors
        .into_iter()
        .map(|error| {
            let locations = error.locations.iter().map(|pos| Pos { line: pos.line, column: pos.column }).collect();
            GraphError { locations, ..GraphError::invalid(error.message) }
        })
        .collect())
}

/// Fields that are unknown only because the plugin that offers them is not enabled.
fn missing_plugins(schema: &ComposedSchema, document: &ExecutableDocument) -> Vec<GraphError> {
    let mut errors = Vec::new();
    for (_, operation) in document.operations.iter() {
        let root = match operation.node.ty {
            OperationType::Query => Root::Query,
            OperationType::Mutation => Root::Mutation,
            OperationType::Subscription => Root::Subscription,
        };
        missing_in(schema, root.name(), &operation.node.selection_set.node, &mut errors);
    }
    for fragment in document.fragments.values() {
        missing_in(schema, &fragment.node.type_condition.node.on.node, &fragment.node.selection_set.node, &mut errors);
    }
    errors
}

fn missing_in(schema: &ComposedSchema, type_name: &str, set: &SelectionSet, errors: &mut Vec<GraphError>) {
    let model = schema.model();
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => {
                let name = field.node.name.node.as_str();
                let known = match Root::named(type_name) {
                    Some(root) => model.root(root).get(name),
                    None => model.object(type_name).and_then(|object| object.fields.get(name)),
                };
                if let Some(known) = known {
                    missing_in(schema, base_name(&known.declared), &field.node.selection_set.node, errors);
                } else if let Some(plugin) = schema.absent().offers(type_name, name) {
                    let message = format!(
                        "`{type_name}.{name}` is offered by the plugin `{plugin}`, which is not enabled here; enable it, or leave the field out"
                    );
                    let error = GraphError { plugin: Some(plugin.clone()), ..GraphError::invalid(message) };
                    errors.push(error.at(field.pos));
                }
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment
                    .node
                    .type_condition
                    .as_ref()
                    .map_or(type_name, |condition| condition.node.on.node.as_str());
                missing_in(schema, condition, &fragment.node.selection_set.node, errors);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}
