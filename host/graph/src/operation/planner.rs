//! Turns a validated operation into a [`Plan`]: every field to who resolves it, every call with the part of the selection it is for.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql_parser::Positioned;
use async_graphql_parser::types::{
    ExecutableDocument, Field as Asked, OperationDefinition, SelectionSet, VariableDefinition,
};
use async_graphql_value::Value;
use conman_kernel::dispatch::CallKind;
use conman_kernel::id::PluginId;

use crate::error::GraphError;
use crate::limits::{Limits, within};
use crate::model::{CacheRule, Field, Model, Named, Object, Resolution, Root, base_name};
use crate::operation::caching::Caching;
use crate::operation::collect::Collector;
use crate::operation::cost::{CostNode, CostPlan};
use crate::operation::input::{MAX_BYTES, Variables, coerce_arguments, has_variables};
use crate::operation::introspection;
use crate::operation::plan::{
    Arguments, Batch, BatchId, Call, FieldPlan, Guard, PermissionId, Plan, ResponseKey, RootField, RootSource,
    Selection, Shape, ShapeKind, Source,
};
use crate::operation::position;
use crate::operation::wanted::Wanted;
use crate::scalar::Scalar;

/// The union that `_entities` answers with.
const ENTITY: &str = "_Entity";

/// Plans `operation`. Conditions are decided by `variables`; a plan is good for all requests whose conditions are the same.
pub(crate) fn plan(
    model: &Model,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    root: Root,
    variables: &Variables,
    limits: &Limits,
) -> Result<Plan, GraphError> {
    let mut planner = Planner {
        model,
        collector: Collector { document, variables },
        limits,
        batches: Vec::new(),
        permissions: Vec::new(),
        plugins: BTreeSet::new(),
        caching: Caching::Always,
        calls: 0,
        ids: 0,
        definitions: operation.variable_definitions.iter().map(|definition| &definition.node).collect(),
    };
    let mut cost = Vec::new();
    let mut introspection = Vec::new();
    let mut fields = Vec::new();
    let set = &operation.selection_set.node;
    for (key, asked) in planner.collector.collect(root.name(), None, &[set])? {
        let Some(first) = asked.first() else { continue };
        let field = match first.node.name.node.as_str() {
            "__typename" => host_field(key, RootSource::Typename(root.name()), leaf(Scalar::String)),
            "__schema" | "__type" => {
                let document = introspection::document(document, operation, &asked)
                    .ok_or_else(|| GraphError::invalid("nothing is selected"))?;
                introspection.push(document);
                host_field(key, RootSource::Introspection(introspection.len() - 1), leaf(Scalar::Json))
            }
            "_service" => planner.service(key, &asked)?,
            "_entities" => planner.entities(key, &asked, &mut cost)?,
            name => {
                let Some(field) = model.root(root).get(name) else {
                    return Err(GraphError::invalid(format!("`{}` has no field `{name}`", root.name())).at(first.pos));
                };
                planner.root_field(root, key, field, &asked, &mut cost)?
            }
        };
        fields.push(field);
    }
    within(
        "calls of plugins",
        u64::try_from(planner.calls).unwrap_or(u64::MAX),
        u64::try_from(limits.calls).unwrap_or(u64::MAX),
        None,
        "ask in several requests",
    )?;
    let cache = if root == Root::Query { planner.caching.control() } else { None };
    Ok(Plan {
        root,
        fields,
        batches: planner.batches,
        permissions: planner.permissions,
        plugins: planner.plugins.into_iter().collect(),
        cache,
        cost: CostPlan(cost),
        introspection,
    })
}

struct Planner<'a> {
    model: &'a Model,
    collector: Collector<'a>,
    limits: &'a Limits,
    batches: Vec<Batch>,
    permissions: Vec<Arc<str>>,
    plugins: BTreeSet<PluginId>,
    caching: Caching,
    calls: usize,
    ids: usize,
    definitions: Vec<&'a VariableDefinition>,
}

impl<'a> Planner<'a> {
    fn root_field(
        &mut self,
        root: Root,
        key: &str,
        field: &'a Field,
        asked: &[&'a Positioned<Asked>],
        cost: &mut Vec<CostNode>,
    ) -> Result<RootField, GraphError> {
        let mut wanted = Wanted::default();
        let kind = self.value(field, asked, key, &mut wanted, cost)?;
        let call = Call {
            plugin: field.owner.clone(),
            kind: match root {
                Root::Query | Root::Subscription => CallKind::Query,
                Root::Mutation if field.action => CallKind::Action,
                Root::Mutation => CallKind::Mutation,
            },
            type_name: Arc::from(root.name()),
            field: Arc::clone(&field.name),
            arguments: self.arguments(field, asked)?,
            selection: wanted.json(),
            path: Arc::from(key),
        };
        self.called(&field.owner, field.cache);
        Ok(RootField {
            key: ResponseKey::new(key),
            source: RootSource::Call(Box::new(call)),
            permission: field.permission.as_ref().map(|permission| self.permission(permission)),
            shape: Shape::of(&field.declared, &field.exposed, kind),
            plugin: Some(field.owner.clone()),
        })
    }

    fn called(&mut self, plugin: &PluginId, rule: Option<CacheRule>) {
        self.plugins.insert(plugin.clone());
        self.caching.add(rule);
        self.calls += 1;
    }

    fn permission(&mut self, permission: &Arc<str>) -> PermissionId {
        let known = self.permissions.iter().position(|known| known == permission);
        known.unwrap_or_else(|| {
            self.permissions.push(Arc::clone(permission));
            self.permissions.len() - 1
        })
    }

    fn arguments(&self, field: &Field, asked: &[&Positioned<Asked>]) -> Result<Arguments, GraphError> {
        let given = |name: &str| asked.first().and_then(|asked| asked.node.get_argument(name)).map(|value| &value.node);
        for (name, argument) in &field.arguments {
            let Some(value) = given(name) else { continue };
            if let Err(message) =
                position::check(self.model, &argument.ty, argument.default.is_some(), value, &self.definitions)
            {
                let error = GraphError::invalid(format!("argument `{name}` of `{}`: {message}", field.name));
                return Err(asked.first().map_or(error.clone(), |asked| error.at(asked.pos)));
            }
        }
        let varies = field.arguments.keys().any(|name| given(name).is_some_and(has_variables));
        if varies {
            return Ok(Arguments::PerRequest(
                field.arguments.iter().map(|(name, argument)| (argument.clone(), given(name).cloned())).collect(),
            ));
        }
        let pairs = field.arguments.iter().map(|(name, argument)| (argument, given(name)));
        let text = coerce_arguments(self.model, pairs, None, MAX_BYTES).map_err(|error| {
            let refusal = GraphError::invalid(format!("arguments of `{}`: {}", field.name, error.message))
                .pointing(error.pointer);
            asked.first().map_or(refusal.clone(), |asked| refusal.at(asked.pos))
        })?;
        Ok(Arguments::Fixed(text.into()))
    }

    /// What the value of `field` looks like, at the bottom of its lists.
    fn value(
        &mut self,
        field: &'a Field,
        asked: &[&'a Positioned<Asked>],
        path: &str,
        wanted: &mut Wanted,
        cost: &mut Vec<CostNode>,
    ) -> Result<ShapeKind, GraphError> {
        let sets: Vec<&SelectionSet> = asked.iter().map(|asked| &asked.node.selection_set.node).collect();
        let name = base_name(&field.declared);
        let object = match self.model.named(name) {
            Some(Named::Object(object)) => object,
            Some(Named::Scalar(scalar)) => {
                cost.extend(CostNode::leaf(field));
                return Ok(ShapeKind::Scalar(scalar));
            }
            Some(Named::Enum(values)) => {
                cost.extend(CostNode::leaf(field));
                return Ok(ShapeKind::Enum { name: Arc::clone(&values.name), values: Arc::clone(&values.values) });
            }
            Some(Named::Input(_)) | None => return Err(GraphError::invalid(format!("`{name}` is no output type"))),
        };
        let mut children = Vec::new();
        let kind = if object.owner == field.owner {
            let selection = self.selection(object, None, &sets, path, wanted, None, &mut children)?;
            ShapeKind::Object(Arc::new(selection))
        } else {
            self.reference(object, None, &sets, path, wanted, &mut children)?
        };
        let given = |name: &str| {
            asked
                .first()
                .and_then(|asked| asked.node.get_argument(name))
                .map(|value: &Positioned<Value>| value.node.clone())
        };
        cost.push(CostNode::composite(field, given, children, self.limits));
        Ok(kind)
    }

    /// Another plugin's entity: its key is in the answer; what else was asked for is loaded from its owner.
    fn reference(
        &mut self,
        object: &'a Object,
        also: Option<&str>,
        sets: &[&'a SelectionSet],
        path: &str,
        wanted: &mut Wanted,
        cost: &mut Vec<CostNode>,
    ) -> Result<ShapeKind, GraphError> {
        let mut loaded = Wanted::default();
        let selection = Arc::new(self.selection(object, also, sets, path, wanted, Some(&mut loaded), cost)?);
        let key = object.key.clone().unwrap_or_default();
        for name in &key {
            wanted.add(name);
        }
        let beyond = |field: &FieldPlan| matches!(field.source, Source::Loaded | Source::Batch(_));
        let guard = match &object.permission {
            Some(permission) if selection.fields.iter().any(beyond) => {
                self.ids += 1;
                Some(Guard { id: self.ids, permission: self.permission(permission) })
            }
            _ => None,
        };
        if !selection.fields.iter().any(|field| field.source == Source::Loaded) {
            return Ok(ShapeKind::Reference { selection, load: None, guard });
        }
        let call = Call {
            plugin: object.owner.clone(),
            kind: CallKind::Query,
            type_name: Arc::clone(&object.name),
            field: Arc::from("__entity"),
            arguments: Arguments::Fixed(Arc::from("{}")),
            selection: loaded.json(),
            path: Arc::from(path),
        };
        self.called(&object.owner, object.cache);
        let shape = Shape { nullable: true, required: false, kind: ShapeKind::Loaded(Arc::clone(&selection)) };
        let load = self.batch(Batch { call, parent: Arc::clone(&object.name), key: key.into(), shape });
        Ok(ShapeKind::Reference { selection, load: Some(load), guard })
    }

    fn batch(&mut self, batch: Batch) -> BatchId {
        self.batches.push(batch);
        self.batches.len() - 1
    }

    /// What was selected of `object`. With `loaded`, only its key is at hand and the rest is loaded; otherwise the whole is.
    #[expect(clippy::too_many_arguments, reason = "where the planner is has this many sides")]
    fn selection(
        &mut self,
        object: &'a Object,
        also: Option<&str>,
        sets: &[&'a SelectionSet],
        path: &str,
        wanted: &mut Wanted,
        mut loaded: Option<&mut Wanted>,
        cost: &mut Vec<CostNode>,
    ) -> Result<Selection, GraphError> {
        let mut fields = Vec::new();
        for (key, asked) in self.collector.collect(&object.name, also, sets)? {
            let Some(first) = asked.first() else { continue };
            let name = first.node.name.node.as_str();
            self.ids += 1;
            let id = self.ids;
            if name == "__typename" {
                let shape = leaf(Scalar::String);
                fields.push(FieldPlan {
                    id,
                    key: ResponseKey::new(key),
                    name: Arc::from(name),
                    source: Source::Typename,
                    permission: None,
                    shape,
                    plugin: None,
                });
                continue;
            }
            let Some(field) = object.fields.get(name) else {
                return Err(GraphError::invalid(format!("`{}` has no field `{name}`", object.name)).at(first.pos));
            };
            let path = format!("{path}.{key}");
            let in_key = object.key.as_ref().is_some_and(|fields| fields.contains(&field.name));
            let (source, kind) = match (field.resolution, &mut loaded) {
                (Resolution::Batched, _) => {
                    for part in object.key.iter().flatten() {
                        wanted.add(part);
                    }
                    let (batch, kind) = self.batched(object, field, &asked, &path, cost)?;
                    (Source::Batch(batch), kind)
                }
                (_, Some(loaded)) if !in_key => (Source::Loaded, self.plain(field, &asked, &path, loaded, cost)?),
                _ => (Source::Here, self.plain(field, &asked, &path, wanted, cost)?),
            };
            fields.push(FieldPlan {
                id,
                key: ResponseKey::new(key),
                name: Arc::clone(&field.name),
                source,
                permission: field.permission.as_ref().map(|permission| self.permission(permission)),
                shape: Shape::of(&field.declared, &field.exposed, kind),
                plugin: Some(field.owner.clone()),
            });
        }
        let waits = fields.iter().any(|field| matches!(field.source, Source::Batch(_)) || field.shape.waits());
        Ok(Selection { type_name: Arc::clone(&object.name), fields, waits })
    }

    fn plain(
        &mut self,
        field: &'a Field,
        asked: &[&'a Positioned<Asked>],
        path: &str,
        wanted: &mut Wanted,
        cost: &mut Vec<CostNode>,
    ) -> Result<ShapeKind, GraphError> {
        if matches!(self.model.named(base_name(&field.declared)), Some(Named::Object(_))) {
            wanted.below(&field.name, |wanted| self.value(field, asked, path, wanted, cost))
        } else {
            wanted.add(&field.name);
            self.value(field, asked, path, wanted, cost)
        }
    }

    /// A field resolved for all parents at once. The kind is that of the batch's items; the field itself only says where to look.
    fn batched(
        &mut self,
        object: &Object,
        field: &'a Field,
        asked: &[&'a Positioned<Asked>],
        path: &str,
        cost: &mut Vec<CostNode>,
    ) -> Result<(BatchId, ShapeKind), GraphError> {
        let mut wanted = Wanted::default();
        let kind = self.value(field, asked, path, &mut wanted, cost)?;
        let call = Call {
            plugin: field.owner.clone(),
            kind: CallKind::Query,
            type_name: Arc::clone(&object.name),
            field: Arc::clone(&field.name),
            arguments: self.arguments(field, asked)?,
            selection: wanted.json(),
            path: Arc::from(path),
        };
        self.called(&field.owner, field.cache);
        let key = object.key.clone().unwrap_or_default().into();
        let shape = Shape::of(&field.declared, &field.exposed, kind);
        let batch = self.batch(Batch { call, parent: Arc::clone(&object.name), key, shape });
        Ok((batch, ShapeKind::Scalar(Scalar::Json)))
    }

    /// `_service { sdl }`.
    fn service(&mut self, key: &str, asked: &[&'a Positioned<Asked>]) -> Result<RootField, GraphError> {
        let sets: Vec<&SelectionSet> = asked.iter().map(|asked| &asked.node.selection_set.node).collect();
        let mut fields = Vec::new();
        for (key, asked) in self.collector.collect("_Service", None, &sets)? {
            let typename = asked.first().is_some_and(|asked| asked.node.name.node == "__typename");
            let source = if typename { Source::Typename } else { Source::Here };
            self.ids += 1;
            fields.push(FieldPlan {
                id: self.ids,
                key: ResponseKey::new(key),
                name: Arc::from("sdl"),
                source,
                permission: None,
                shape: leaf(Scalar::String),
                plugin: None,
            });
        }
        let selection = Selection { type_name: Arc::from("_Service"), fields, waits: false };
        let shape = Shape { nullable: false, required: true, kind: ShapeKind::Object(Arc::new(selection)) };
        Ok(host_field(key, RootSource::Service, shape))
    }

    /// `_entities(representations: …)`: a list of references, each of the type it says it is.
    fn entities(
        &mut self,
        key: &str,
        asked: &[&'a Positioned<Asked>],
        cost: &mut Vec<CostNode>,
    ) -> Result<RootField, GraphError> {
        let sets: Vec<&SelectionSet> = asked.iter().map(|asked| &asked.node.selection_set.node).collect();
        let mut arms = Vec::new();
        let model = self.model;
        let mut children = Vec::new();
        for object in model.entities() {
            let mut wanted = Wanted::default();
            let kind = self.reference(object, Some(ENTITY), &sets, key, &mut wanted, &mut children)?;
            arms.push((Arc::clone(&object.name), Shape { nullable: true, required: false, kind }));
        }
        let item = Shape { nullable: true, required: false, kind: ShapeKind::Entity(arms) };
        let shape = Shape { nullable: true, required: true, kind: ShapeKind::List(Box::new(item)) };
        let representations = crate::model::InputValue {
            name: Arc::from("representations"),
            description: None,
            ty: async_graphql_parser::types::Type::new("[_Any!]!")
                .ok_or_else(|| GraphError::invalid("representations are a list"))?,
            default: None,
            deprecated: None,
            pos: async_graphql_parser::Pos::default(),
        };
        let given =
            asked.first().and_then(|asked| asked.node.get_argument("representations")).map(|value| value.node.clone());
        cost.push(CostNode::entities(given.as_ref(), self.limits.list_size, children));
        if let Some(Err(message)) =
            given.as_ref().map(|value| position::check(model, &representations.ty, false, value, &self.definitions))
        {
            return Err(GraphError::invalid(format!("argument `representations` of `_entities`: {message}")));
        }
        self.caching.add(None);
        Ok(host_field(key, RootSource::Entities(Arguments::PerRequest(vec![(representations, given)])), shape))
    }
}

fn host_field(key: &str, source: RootSource, shape: Shape) -> RootField {
    RootField { key: ResponseKey::new(key), source, permission: None, shape, plugin: None }
}

const fn leaf(scalar: Scalar) -> Shape {
    Shape { nullable: false, required: true, kind: ShapeKind::Scalar(scalar) }
}
