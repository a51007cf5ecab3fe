//! What the composed schema knows beyond GraphQL: who owns what, and how each field is resolved.

use std::sync::Arc;
use std::time::Duration;

use async_graphql_parser::Pos;
use async_graphql_parser::types::{BaseType, Type};
use async_graphql_value::{ConstValue, Name};
use conman_kernel::event::TopicPattern;
use conman_kernel::id::PluginId;
use indexmap::IndexMap;

use crate::scalar::Scalar;

/// The three root types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Root {
    Query,
    Mutation,
    Subscription,
}

impl Root {
    pub(crate) const ALL: [Self; 3] = [Self::Query, Self::Mutation, Self::Subscription];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::Mutation => "Mutation",
            Self::Subscription => "Subscription",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|root| root.name() == name)
    }
}

/// Everything the composed schema defines, in the order its authors wrote it.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) types: IndexMap<Arc<str>, Definition>,
    pub(crate) query: IndexMap<Arc<str>, Field>,
    pub(crate) mutation: IndexMap<Arc<str>, Field>,
    pub(crate) subscription: IndexMap<Arc<str>, Field>,
}

/// A named type.
#[derive(Debug)]
pub(crate) enum Definition {
    Object(Object),
    Input(Input),
    Enum(Enum),
}

/// An object type with the fields all plugins gave it.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) name: Arc<str>,
    pub(crate) owner: PluginId,
    pub(crate) description: Option<String>,
    /// The key's fields; what has one is an entity, which others may refer to and extend.
    pub(crate) key: Option<Vec<Arc<str>>>,
    /// What it takes to learn more than the key of one that is known by its key alone.
    pub(crate) permission: Option<Arc<str>>,
    /// Whether loading it by its key may be served again.
    pub(crate) cache: Option<CacheRule>,
    pub(crate) fields: IndexMap<Arc<str>, Field>,
    pub(crate) pos: Pos,
}

/// A field of an object or root type.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: Arc<str>,
    /// Who resolves it.
    pub(crate) owner: PluginId,
    pub(crate) description: Option<String>,
    pub(crate) arguments: IndexMap<Arc<str>, InputValue>,
    /// What the plugin promised: its answers are held to it.
    pub(crate) declared: Type,
    /// What clients see: nullable wherever a call to a plugin, or a permission, stands, so that a failure stays where it happened.
    pub(crate) exposed: Type,
    pub(crate) resolution: Resolution,
    pub(crate) permission: Option<Arc<str>>,
    pub(crate) action: bool,
    pub(crate) cache: Option<CacheRule>,
    pub(crate) cost: Cost,
    pub(crate) topics: Vec<TopicPattern>,
    pub(crate) deprecated: Option<Deprecated>,
    pub(crate) pos: Pos,
}

/// How a field's value is come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// One call.
    Root,
    /// Read out of the parent's JSON.
    Plain,
    /// One call over all parents.
    Batched,
}

/// `@cache`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CacheRule {
    pub(crate) max_age: Duration,
    pub(crate) scope: CacheScope,
}

/// For whom an answer may be served again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheScope {
    /// For everybody.
    Public,
    /// For the actor it was computed for.
    Actor,
}

/// `@cost`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) weight: Option<u64>,
    pub(crate) list_size: Option<u64>,
    pub(crate) size_argument: Option<Arc<str>>,
}

/// `@deprecated`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deprecated(pub(crate) Option<String>);

/// An input object type.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) name: Arc<str>,
    pub(crate) owner: PluginId,
    pub(crate) description: Option<String>,
    pub(crate) fields: IndexMap<Arc<str>, InputValue>,
    pub(crate) pos: Pos,
}

/// An argument, or a field of an input object.
#[derive(Debug, Clone)]
pub(crate) struct InputValue {
    pub(crate) name: Arc<str>,
    pub(crate) description: Option<String>,
    pub(crate) ty: Type,
    pub(crate) default: Option<ConstValue>,
    pub(crate) deprecated: Option<Deprecated>,
    pub(crate) pos: Pos,
}

impl InputValue {
    /// Whether a caller must give it.
    pub(crate) fn required(&self) -> bool {
        !self.ty.nullable && self.default.is_none()
    }
}

/// An enum type.
#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) name: Arc<str>,
    pub(crate) owner: PluginId,
    pub(crate) description: Option<String>,
    pub(crate) values: Arc<IndexMap<Arc<str>, EnumValue>>,
    pub(crate) pos: Pos,
}

/// One of an enum's values.
#[derive(Debug)]
pub(crate) struct EnumValue {
    pub(crate) description: Option<String>,
    pub(crate) deprecated: Option<Deprecated>,
}

/// What a type's name stands for.
#[derive(Clone, Copy)]
pub(crate) enum Named<'a> {
    Scalar(Scalar),
    Object(&'a Object),
    Input(&'a Input),
    Enum(&'a Enum),
}

// === impl Definition ===

impl Definition {
    pub(crate) const fn owner(&self) -> &PluginId {
        match self {
            Self::Object(object) => &object.owner,
            Self::Input(input) => &input.owner,
            Self::Enum(values) => &values.owner,
        }
    }

    pub(crate) const fn pos(&self) -> Pos {
        match self {
            Self::Object(object) => object.pos,
            Self::Input(input) => input.pos,
            Self::Enum(values) => values.pos,
        }
    }
}

// === impl Model ===

impl Model {
    pub(crate) const fn root(&self, root: Root) -> &IndexMap<Arc<str>, Field> {
        match root {
            Root::Query => &self.query,
            Root::Mutation => &self.mutation,
            Root::Subscription => &self.subscription,
        }
    }

    /// What `name` stands for, if anything.
    pub(crate) fn named(&self, name: &str) -> Option<Named<'_>> {
        if let Some(scalar) = Scalar::named(name) {
            return Some(Named::Scalar(scalar));
        }
        Some(match self.types.get(name)? {
            Definition::Object(object) => Named::Object(object),
            Definition::Input(input) => Named::Input(input),
            Definition::Enum(values) => Named::Enum(values),
        })
    }

    pub(crate) fn object(&self, name: &str) -> Option<&Object> {
        match self.types.get(name)? {
            Definition::Object(object) => Some(object),
            Definition::Input(_) | Definition::Enum(_) => None,
        }
    }

    pub(crate) fn objects(&self) -> impl Iterator<Item = &Object> {
        self.types.values().filter_map(|definition| match definition {
            Definition::Object(object) => Some(object),
            Definition::Input(_) | Definition::Enum(_) => None,
        })
    }

    pub(crate) fn entities(&self) -> impl Iterator<Item = &Object> {
        self.objects().filter(|object| object.key.is_some())
    }
}

// === types ===

/// The name at the bottom of `[[Name!]]!`.
pub(crate) fn base_name(ty: &Type) -> &Name {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => base_name(item),
    }
}

/// How many lists `ty` is.
pub(crate) fn list_depth(ty: &Type) -> usize {
    match &ty.base {
        BaseType::Named(_) => 0,
        BaseType::List(item) => 1 + list_depth(item),
    }
}

/// `ty` with `null` allowed in place of the whole.
pub(crate) fn nullable(ty: &Type) -> Type {
    Type { base: ty.base.clone(), nullable: true }
}

/// `ty` with `null` allowed in place of the whole and of every item.
pub(crate) fn nullable_throughout(ty: &Type) -> Type {
    let base = match &ty.base {
        BaseType::Named(name) => BaseType::Named(name.clone()),
        BaseType::List(item) => BaseType::List(Box::new(nullable_throughout(item))),
    };
    Type { base, nullable: true }
}
