//! Puts the drafts of all plugins together: a name belongs to whoever defined it first, and nobody else may define it.

use std::sync::Arc;

use conman_kernel::id::PluginId;
use indexmap::IndexMap;
use indexmap::map::Entry;

use super::draft::{Draft, Extension};
use super::problem::Problems;
use crate::model::{Definition, Field, Model, Resolution, Root};
use crate::suggest::did_you_mean;

/// The drafts in the order of their plugins' ids become one model.
pub(super) fn merge(drafts: Vec<(PluginId, Draft)>, problems: &mut Problems) -> Model {
    let mut model = Model {
        types: IndexMap::new(),
        query: IndexMap::new(),
        mutation: IndexMap::new(),
        subscription: IndexMap::new(),
    };
    let mut extensions = Vec::new();
    for (plugin, draft) in drafts {
        for (root, field) in draft.roots {
            let fields = match root {
                Root::Query => &mut model.query,
                Root::Mutation => &mut model.mutation,
                Root::Subscription => &mut model.subscription,
            };
            insert_field(fields, root.name(), field, problems);
        }
        let objects = draft.objects.into_iter().map(|object| (Arc::clone(&object.name), Definition::Object(object)));
        let inputs = draft.inputs.into_iter().map(|input| (Arc::clone(&input.name), Definition::Input(input)));
        let enums = draft.enums.into_iter().map(|values| (Arc::clone(&values.name), Definition::Enum(values)));
        for (name, definition) in objects.chain(inputs).chain(enums) {
            insert_type(&mut model.types, name, definition, problems);
        }
        extensions.extend(draft.extensions.into_iter().map(|extension| (plugin.clone(), extension)));
    }
    for (plugin, extension) in extensions {
        extend(&mut model, &plugin, extension, problems);
    }
    model
}

fn insert_type(
    types: &mut IndexMap<Arc<str>, Definition>,
    name: Arc<str>,
    definition: Definition,
    problems: &mut Problems,
) {
    match types.entry(name) {
        Entry::Occupied(entry) => {
            let (first, name) = (entry.get(), entry.key());
            let (plugin, other, pos) = (definition.owner(), first.owner(), definition.pos());
            if plugin == other {
                problems.add(plugin, pos, format!("`{name}` is defined twice; the first is at {}", first.pos()));
            } else {
                let message = format!(
                    "`{name}` is defined by `{other}` (at {}) and by `{plugin}`; rename one, or extend it if it has a @key",
                    first.pos()
                );
                problems.collision(plugin, other, pos, message);
            }
        }
        Entry::Vacant(entry) => {
            entry.insert(definition);
        }
    }
}

fn insert_field(fields: &mut IndexMap<Arc<str>, Field>, type_name: &str, field: Field, problems: &mut Problems) {
    match fields.entry(Arc::clone(&field.name)) {
        Entry::Occupied(entry) => {
            let first = entry.get();
            let (plugin, other) = (&field.owner, &first.owner);
            if plugin == other {
                problems.add(
                    plugin,
                    field.pos,
                    format!("`{type_name}.{}` is defined twice; the first is at {}", field.name, first.pos),
                );
            } else {
                let message = format!(
                    "`{type_name}.{}` is defined by `{other}` (at {}) and by `{plugin}`; rename one",
                    field.name, first.pos
                );
                problems.collision(plugin, other, field.pos, message);
            }
        }
        Entry::Vacant(entry) => {
            entry.insert(field);
        }
    }
}

fn extend(model: &mut Model, plugin: &PluginId, extension: Extension, problems: &mut Problems) {
    let Extension { name, key, fields, pos } = extension;
    let object = match model.types.get_mut(&name) {
        Some(Definition::Object(object)) => object,
        Some(other) => {
            let message = format!("`extend type {name}`: `{name}` of `{}` is no object type", other.owner());
            problems.add(plugin, pos, message);
            return;
        }
        None => {
            let entities: Vec<&str> = model.entities().map(|entity| &*entity.name).collect();
            let suggestion = did_you_mean(&name, entities.iter().copied());
            let message = format!(
                "`extend type {name}`: no enabled plugin defines `{name}`{}",
                if suggestion.is_empty() {
                    "; enable the one that does, or define the type".to_owned()
                } else {
                    suggestion
                }
            );
            problems.add(plugin, pos, message);
            return;
        }
    };
    let foreign = object.owner != *plugin;
    let Some(own_key) = &object.key else {
        if foreign {
            let message = format!(
                "`extend type {name}`: `{name}` of `{}` has no @key, so its owner does not let others extend it",
                object.owner
            );
            problems.collision(plugin, &object.owner, pos, message);
        } else {
            problems.add(plugin, pos, format!("`{name}` is your own type; write all its fields in one place"));
        }
        return;
    };
    let wanted = own_key.join(" ");
    match key {
        Some(key) if key.len() == own_key.len() && key.iter().all(|field| own_key.contains(field)) => {}
        None if !foreign => {}
        Some(_) | None => {
            problems.add(
                plugin,
                pos,
                format!(
                    "`extend type {name}` needs the key of `{}`: write `extend type {name} @key(fields: \"{wanted}\")`",
                    object.owner
                ),
            );
        }
    }
    for (_, mut field) in fields {
        if foreign {
            field.resolution = Resolution::Batched;
        }
        insert_field(&mut object.fields, &name, field, problems);
    }
}
