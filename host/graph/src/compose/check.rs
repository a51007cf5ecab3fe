//! What can be said only when all names are known: references, keys, inputs, defaults. Then: what clients see of each field.

use std::collections::HashSet;
use std::sync::Arc;

use async_graphql_parser::Pos;
use async_graphql_parser::types::{BaseType, Type};
use conman_kernel::id::PluginId;

use super::problem::Problems;
use crate::model::{
    Definition, Field, InputValue, Model, Named, Object, Resolution, Root, base_name, nullable, nullable_throughout,
};
use crate::operation::input::check_default;
use crate::scalar::Scalar;
use crate::suggest::did_you_mean;

/// Checks the merged model.
pub(super) fn check(model: &Model, problems: &mut Problems) {
    let mut checking = Checking { model, problems };
    for root in Root::ALL {
        for field in model.root(root).values() {
            checking.field(root.name(), field);
        }
    }
    for definition in model.types.values() {
        match definition {
            Definition::Object(object) => checking.object(object),
            Definition::Input(input) => {
                if input.fields.is_empty() {
                    checking.problems.add(
                        &input.owner,
                        input.pos,
                        format!("input `{}` has no fields; give it one or leave it out", input.name),
                    );
                }
                for value in input.fields.values() {
                    checking.input_value(&input.owner, &format!("{}.{}", input.name, value.name), value);
                }
                checking.input_ends(&input.name);
            }
            Definition::Enum(_) => {}
        }
    }
}

/// Fills in what clients see of each field, once the model has been found right.
pub(super) fn expose(model: &mut Model) {
    let entities: Vec<(Arc<str>, PluginId)> =
        model.entities().map(|object| (Arc::clone(&object.name), object.owner.clone())).collect();
    let roots = [&mut model.query, &mut model.mutation, &mut model.subscription];
    let objects = model.types.values_mut().filter_map(|definition| match definition {
        Definition::Object(object) => Some(&mut object.fields),
        Definition::Input(_) | Definition::Enum(_) => None,
    });
    for field in roots.into_iter().chain(objects).flat_map(indexmap::IndexMap::values_mut) {
        let name = base_name(&field.declared);
        let foreign_entity = entities.iter().any(|(entity, owner)| **entity == *name.as_str() && *owner != field.owner);
        field.exposed = if foreign_entity {
            nullable_throughout(&field.declared)
        } else if field.resolution != Resolution::Plain || field.permission.is_some() {
            nullable(&field.declared)
        } else {
            field.declared.clone()
        };
    }
}

struct Checking<'a> {
    model: &'a Model,
    problems: &'a mut Problems,
}

impl<'a> Checking<'a> {
    fn object(&mut self, object: &'a Object) {
        for key in object.key.iter().flatten() {
            self.key_field(object, key);
        }
        if object.key.as_ref().is_some_and(Vec::is_empty) {
            self.problems.add(&object.owner, object.pos, format!("the key of `{}` has no fields", object.name));
        }
        for field in object.fields.values() {
            let subject = format!("{}.{}", object.name, field.name);
            self.field(&object.name, field);
            if field.resolution == Resolution::Batched && object.key.is_none() {
                let message = format!(
                    "`{subject}` is resolved for many parents at once, so `{}` needs a key: add `@key(fields: \"id\")` to the type",
                    object.name
                );
                self.problems.add(&field.owner, field.pos, message);
            }
            if field.resolution == Resolution::Plain && field.cache.is_some() {
                let message = format!(
                    "`@cache` on `{subject}` has nothing to do: the value comes with its parent; put it on the field that is called"
                );
                self.problems.add(&field.owner, field.pos, message);
            }
        }
    }

    fn key_field(&mut self, object: &Object, key: &str) {
        let problem = match object.fields.get(key) {
            None => Some(format!("the key of `{0}` names `{key}`, which `{0}` does not have", object.name)),
            Some(field)
                if field.owner != object.owner
                    || field.resolution != Resolution::Plain
                    || field.permission.is_some() =>
            {
                Some(format!(
                    "the key field `{}.{key}` must be a plain field of its owner, without arguments, @batched and @permission",
                    object.name
                ))
            }
            Some(field) => {
                let scalar = match &field.declared.base {
                    BaseType::Named(name) => Scalar::named(name),
                    BaseType::List(_) => None,
                };
                let fit = matches!(scalar, Some(Scalar::Id | Scalar::String | Scalar::Int | Scalar::Long));
                (!fit || field.declared.nullable).then(|| {
                    format!(
                        "the key field `{}.{key}` is `{}`; a key is made of ID!, String!, Int! or Long!",
                        object.name, field.declared
                    )
                })
            }
        };
        if let Some(message) = problem {
            self.problems.add(&object.owner, object.pos, message);
        }
    }

    fn field(&mut self, type_name: &str, field: &'a Field) {
        let name = base_name(&field.declared);
        let subject = format!("{type_name}.{}", field.name);
        match self.model.named(name) {
            Some(Named::Object(object)) if object.owner != field.owner && object.key.is_none() => {
                let message = format!(
                    "`{subject}` refers to `{name}` of `{}`, which has no @key; only entities can be referred to",
                    object.owner
                );
                self.problems.collision(&field.owner, &object.owner, field.pos, message);
            }
            Some(Named::Scalar(_) | Named::Object(_) | Named::Enum(_)) => {}
            Some(Named::Input(_)) => {
                let message =
                    format!("`{subject}` answers `{name}`, which is an input type; define an object type for it");
                self.problems.add(&field.owner, field.pos, message);
            }
            None => self.unknown(&field.owner, field.pos, &subject, name),
        }
        for argument in field.arguments.values() {
            self.input_value(&field.owner, &format!("{subject}({})", argument.name), argument);
        }
    }

    fn input_value(&mut self, plugin: &PluginId, subject: &str, value: &InputValue) {
        let name = base_name(&value.ty);
        match self.model.named(name) {
            Some(Named::Scalar(_) | Named::Input(_) | Named::Enum(_)) => {
                if let Some(default) = &value.default
                    && let Err(message) = check_default(self.model, &value.ty, default)
                {
                    self.problems.add(
                        plugin,
                        value.pos,
                        format!("the default of `{subject}` does not fit `{}`: {message}", value.ty),
                    );
                }
            }
            Some(Named::Object(_)) => {
                let message = format!("`{subject}` takes `{name}`, which is an object type; define an `input` for it");
                self.problems.add(plugin, value.pos, message);
            }
            None => self.unknown(plugin, value.pos, subject, name),
        }
    }

    fn unknown(&mut self, plugin: &PluginId, pos: Pos, subject: &str, name: &str) {
        let scalars = Scalar::ALL.iter().map(|scalar| scalar.name());
        let suggestion = did_you_mean(name, self.model.types.keys().map(|name| &**name).chain(scalars));
        let hint =
            if suggestion.is_empty() { "; define it, or enable the plugin that does".to_owned() } else { suggestion };
        self.problems.add(plugin, pos, format!("`{subject}` refers to `{name}`, which nobody defines{hint}"));
    }

    /// An input that must contain itself could never be written down.
    fn input_ends(&mut self, start: &str) {
        let mut seen: HashSet<&str> = HashSet::new();
        let mut open = vec![start];
        while let Some(name) = open.pop() {
            let Some(Definition::Input(input)) = self.model.types.get(name) else { continue };
            for value in input.fields.values().filter(|value| value.required()) {
                let Type { base: BaseType::Named(next), .. } = &value.ty else { continue };
                if next.as_str() == start {
                    let message = format!(
                        "input `{start}` requires itself through `{}.{}`; make that field nullable",
                        input.name, value.name
                    );
                    self.problems.add(&input.owner, value.pos, message);
                    return;
                }
                if let Some((known, _)) = self.model.types.get_key_value(next.as_str())
                    && seen.insert(known)
                {
                    open.push(known);
                }
            }
        }
    }
}
