//! The composed schema as the GraphQL library knows it: for validation and introspection. Its resolvers never run.

use async_graphql::Value;
use async_graphql::dynamic::{
    Enum, EnumItem, Field, FieldFuture, InputObject, InputValue, Object, Scalar as LibraryScalar, Schema, SchemaError,
    Subscription, SubscriptionField, SubscriptionFieldFuture, TypeRef, Union,
};
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::{Error, Response};
use async_graphql_parser::types::{BaseType, Type};
use futures::stream;
use std::sync::Arc;

use crate::model::{self, Definition, Deprecated, Model, Root};
use crate::scalar::Scalar;

/// Put into a request's data: stop after validation.
pub(crate) struct ValidateOnly;

/// Keeps validated operations from being executed by the library.
struct Gate;

impl ExtensionFactory for Gate {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Gate {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        if ctx.data_opt::<ValidateOnly>().is_some() {
            return Response::default();
        }
        next.run(ctx, operation_name).await
    }
}

/// Builds the library's schema. The model has been checked, so a refusal here is a fault of ours.
pub(super) fn build(model: &Model) -> Result<Schema, SchemaError> {
    let name_if_used = |root: Root| (!model.root(root).is_empty()).then(|| root.name());
    let mut builder = Schema::build(Root::Query.name(), name_if_used(Root::Mutation), name_if_used(Root::Subscription))
        .extension(Gate)
        // Measured before by this crate, with clearer words; this is the library's own guard against overflow.
        .limit_recursive_depth(crate::nesting::MAX_NESTING * 2);
    for scalar in Scalar::HOST {
        builder = builder.register(LibraryScalar::new(scalar.name()).description(scalar.description()));
    }
    for definition in model.types.values() {
        builder = match definition {
            Definition::Object(object) => {
                builder.register(library_object(&object.name, object.description.as_deref(), object.fields.values()))
            }
            Definition::Input(input) => builder.register(library_input(input)),
            Definition::Enum(values) => builder.register(library_enum(values)),
        };
    }
    let mut query = library_object(Root::Query.name(), None, model.query.values());
    builder = builder.register(
        Object::new("_Service")
            .field(field("sdl", &Type { base: BaseType::Named(async_graphql::Name::new("String")), nullable: false })),
    );
    query = query.field(Field::new("_service", TypeRef::named_nn("_Service"), |_| never()));
    if model.entities().next().is_some() {
        let entity = model.entities().fold(Union::new("_Entity"), |union, object| union.possible_type(&*object.name));
        builder = builder.register(entity).register(
            LibraryScalar::new("_Any").description("A reference to an entity: `__typename` and the key's fields."),
        );
        query = query.field(
            Field::new("_entities", TypeRef::named_list_nn("_Entity"), |_| never())
                .argument(InputValue::new("representations", TypeRef::named_nn_list_nn("_Any"))),
        );
    }
    builder = builder.register(query);
    if !model.mutation.is_empty() {
        builder = builder.register(library_object(Root::Mutation.name(), None, model.mutation.values()));
    }
    if !model.subscription.is_empty() {
        builder = builder.register(library_subscription(model));
    }
    builder.finish()
}

fn never<'a>() -> FieldFuture<'a> {
    FieldFuture::new(async {
        Err::<Option<Value>, Error>(Error::new("fields are resolved by the host's own executor"))
    })
}

fn field(name: &str, ty: &Type) -> Field {
    Field::new(name, type_ref(ty), |_| never())
}

fn library_object<'m>(name: &str, description: Option<&str>, fields: impl Iterator<Item = &'m model::Field>) -> Object {
    let mut object = Object::new(name);
    if let Some(description) = description {
        object = object.description(description);
    }
    for definition in fields {
        let mut built = field(&definition.name, &definition.exposed);
        if let Some(description) = &definition.description {
            built = built.description(description);
        }
        if let Some(Deprecated(reason)) = &definition.deprecated {
            built = built.deprecation(reason.as_deref());
        }
        for argument in definition.arguments.values() {
            built = built.argument(library_value(argument));
        }
        object = object.field(built);
    }
    object
}

fn library_subscription(model: &Model) -> Subscription {
    let mut subscription = Subscription::new(Root::Subscription.name());
    for definition in model.subscription.values() {
        let mut built = SubscriptionField::new(&*definition.name, type_ref(&definition.exposed), |_| {
            SubscriptionFieldFuture::new(async { Ok(stream::empty::<Result<Value, Error>>()) })
        });
        if let Some(description) = &definition.description {
            built = built.description(description);
        }
        if let Some(Deprecated(reason)) = &definition.deprecated {
            built = built.deprecation(reason.as_deref());
        }
        for argument in definition.arguments.values() {
            built = built.argument(library_value(argument));
        }
        subscription = subscription.field(built);
    }
    subscription
}

fn library_input(input: &model::Input) -> InputObject {
    let mut object = InputObject::new(&*input.name);
    if let Some(description) = &input.description {
        object = object.description(description);
    }
    input.fields.values().fold(object, |object, value| object.field(library_value(value)))
}

fn library_enum(values: &model::Enum) -> Enum {
    let mut built = Enum::new(&*values.name);
    if let Some(description) = &values.description {
        built = built.description(description);
    }
    for (name, value) in values.values.iter() {
        let mut item = EnumItem::new(&**name);
        if let Some(description) = &value.description {
            item = item.description(description);
        }
        if let Some(Deprecated(reason)) = &value.deprecated {
            item = item.deprecation(reason.as_deref());
        }
        built = built.item(item);
    }
    built
}

fn library_value(value: &model::InputValue) -> InputValue {
    let mut built = InputValue::new(&*value.name, type_ref(&value.ty));
    if let Some(description) = &value.description {
        built = built.description(description);
    }
    if let Some(default) = &value.default {
        built = built.default_value(default.clone());
    }
    if let Some(Deprecated(reason)) = &value.deprecated {
        built = built.deprecation(reason.as_deref());
    }
    built
}

fn type_ref(ty: &Type) -> TypeRef {
    let inner = match &ty.base {
        BaseType::Named(name) => TypeRef::named(name.as_str()),
        BaseType::List(item) => TypeRef::List(Box::new(type_ref(item))),
    };
    if ty.nullable { inner } else { TypeRef::NonNull(Box::new(inner)) }
}
