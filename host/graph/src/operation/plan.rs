//! An operation as it will run: which calls, and how each answer becomes part of the response.

use std::sync::Arc;

use async_graphql_parser::types::{BaseType, ExecutableDocument, Type};
use async_graphql_value::Value;
use conman_kernel::dispatch::CallKind;
use conman_kernel::id::PluginId;
use indexmap::IndexMap;

use crate::model::{EnumValue, InputValue, Root};
use crate::operation::cost::CostPlan;
use crate::request::CacheControl;
use crate::scalar::Scalar;

/// An operation with its fragments expanded, its conditions decided and its fields resolved to plugins.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) root: Root,
    pub(crate) fields: Vec<RootField>,
    pub(crate) batches: Vec<Batch>,
    /// Permissions asked for anywhere in it, each once.
    pub(crate) permissions: Vec<Arc<str>>,
    /// Whose data the response depends on.
    pub(crate) plugins: Vec<PluginId>,
    /// Whether the whole response may be served again.
    pub(crate) cache: Option<CacheControl>,
    pub(crate) cost: CostPlan,
    /// `__schema` and `__type`, for the library to execute.
    pub(crate) introspection: Vec<ExecutableDocument>,
}

/// Which of [`Plan::batches`].
pub(crate) type BatchId = usize;
/// Which of [`Plan::permissions`].
pub(crate) type PermissionId = usize;

/// A name in the response.
#[derive(Debug, Clone)]
pub(crate) struct ResponseKey {
    pub(crate) name: Arc<str>,
    /// `"name":`, as it is written.
    pub(crate) prefix: Box<[u8]>,
}

impl ResponseKey {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: Arc::from(name), prefix: format!("\"{name}\":").into_bytes().into_boxed_slice() }
    }
}

/// A field of Query, Mutation or Subscription.
#[derive(Debug)]
pub(crate) struct RootField {
    pub(crate) key: ResponseKey,
    pub(crate) source: RootSource,
    pub(crate) permission: Option<PermissionId>,
    pub(crate) shape: Shape,
    /// Who answers; the host for what it answers itself.
    pub(crate) plugin: Option<PluginId>,
}

/// Where a root field's value comes from.
#[derive(Debug)]
pub(crate) enum RootSource {
    /// One call.
    Call(Box<Call>),
    /// `__typename`.
    Typename(&'static str),
    /// Which of [`Plan::introspection`].
    Introspection(usize),
    /// `_service`.
    Service,
    /// `_entities`: the representations are the answer.
    Entities(Arguments),
}

/// A call of a plugin, but for who asks.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) plugin: PluginId,
    pub(crate) kind: CallKind,
    pub(crate) type_name: Arc<str>,
    pub(crate) field: Arc<str>,
    pub(crate) arguments: Arguments,
    pub(crate) selection: Arc<str>,
    pub(crate) path: Arc<str>,
}

/// A field's arguments.
#[derive(Debug)]
pub(crate) enum Arguments {
    /// The same for every request.
    Fixed(Arc<str>),
    /// With variables in them.
    PerRequest(Vec<(InputValue, Option<Value>)>),
}

/// A call over many parents.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) call: Call,
    /// The parents' type, and its key.
    pub(crate) parent: Arc<str>,
    pub(crate) key: Arc<[Arc<str>]>,
    /// Of each item of the answer.
    pub(crate) shape: Shape,
}

/// What a value must look like, and what becomes of it.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Whether the response may have null here.
    pub(crate) nullable: bool,
    /// Whether the plugin promised a value.
    pub(crate) required: bool,
    pub(crate) kind: ShapeKind,
}

/// What a value is.
#[derive(Debug)]
pub(crate) enum ShapeKind {
    Scalar(Scalar),
    Enum {
        name: Arc<str>,
        values: Arc<IndexMap<Arc<str>, EnumValue>>,
    },
    List(Box<Shape>),
    Object(Arc<Selection>),
    /// Another plugin's entity: here is its key, the rest is loaded by the batch, if anything more was asked for.
    Reference {
        selection: Arc<Selection>,
        load: Option<BatchId>,
        guard: Option<Guard>,
    },
    /// What a reference's batch answers: the object with the fields that are [`Source::Loaded`].
    Loaded(Arc<Selection>),
    /// An item of `_entities`: which of the references its `__typename` says.
    Entity(Vec<(Arc<str>, Shape)>),
}

/// The permission of an entity type, where more than its key is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    /// Unique in the plan, among fields too.
    pub(crate) id: usize,
    pub(crate) permission: PermissionId,
}

/// What was selected of an object, in the order of the response.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) type_name: Arc<str>,
    pub(crate) fields: Vec<FieldPlan>,
    /// Whether anything in it waits for a batch.
    pub(crate) waits: bool,
}

/// A selected field of an object.
#[derive(Debug)]
pub(crate) struct FieldPlan {
    /// Unique in the plan.
    pub(crate) id: usize,
    pub(crate) key: ResponseKey,
    pub(crate) name: Arc<str>,
    pub(crate) source: Source,
    pub(crate) permission: Option<PermissionId>,
    pub(crate) shape: Shape,
    /// Who resolves it; nobody where the host answers itself.
    pub(crate) plugin: Option<PluginId>,
}

/// Where a field's value is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Typename,
    /// In the object.
    Here,
    /// In what was loaded for the reference.
    Loaded,
    /// In the batch's answer for this object.
    Batch(BatchId),
}

impl Shape {
    /// Lists as deep as `declared` and `exposed` say, around `kind`.
    pub(crate) fn of(declared: &Type, exposed: &Type, kind: ShapeKind) -> Self {
        let kind = match (&declared.base, &exposed.base) {
            (BaseType::List(declared), BaseType::List(exposed)) => {
                ShapeKind::List(Box::new(Self::of(declared, exposed, kind)))
            }
            _ => kind,
        };
        Self { nullable: exposed.nullable, required: !declared.nullable, kind }
    }

    /// Whether anything in it waits for a batch.
    pub(crate) fn waits(&self) -> bool {
        match &self.kind {
            ShapeKind::Scalar(_) | ShapeKind::Enum { .. } => false,
            ShapeKind::List(item) => item.waits(),
            ShapeKind::Object(selection) | ShapeKind::Loaded(selection) => selection.waits,
            ShapeKind::Reference { selection, load, .. } => load.is_some() || selection.waits,
            ShapeKind::Entity(arms) => arms.iter().any(|(_, shape)| shape.waits()),
        }
    }
}
